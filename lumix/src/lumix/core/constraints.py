"""An alias of `lumix_core.constraints`."""

from lumix_core.constraints import LXConstraint

__all__ = ["LXConstraint"]
