"""An alias of `lumix_core.language.constraints`."""

from lumix_core.language import LXConstraint

__all__ = ["LXConstraint"]
