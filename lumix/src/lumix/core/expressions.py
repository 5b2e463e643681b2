"""An alias of `lumix_core.language.expressions`."""

from lumix_core.language import LXLinearExpression

__all__ = ["LXLinearExpression"]
