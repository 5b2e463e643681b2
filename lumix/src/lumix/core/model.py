"""An alias of `lumix_core.model`."""

from lumix_core.model import LXModel

__all__ = ["LXModel"]
