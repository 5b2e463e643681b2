"""An alias of `lumix_core.expressions`."""

from lumix_core.expressions import LXLinearExpression

__all__ = ["LXLinearExpression"]
