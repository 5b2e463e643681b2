"""An alias of `lumix_core.language.model`."""

from lumix_core.language import LXModel

__all__ = ["LXModel"]
