"""An alias of `lumix_core.language.variables`."""

from lumix_core.language import LXVariable

__all__ = ["LXVariable"]
