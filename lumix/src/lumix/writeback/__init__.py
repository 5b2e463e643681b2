"""Plans written back: which rows are replaced, in which order, in one transaction, and what a refusal means."""

from lumix.writeback.builder import LXWriteBack
from lumix.writeback.transaction import LXWritten

__all__ = ["LXWriteBack", "LXWritten"]
