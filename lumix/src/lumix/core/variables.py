"""An alias of `lumix_core.variables`."""

from lumix_core.variables import LXVariable

__all__ = ["LXVariable"]
