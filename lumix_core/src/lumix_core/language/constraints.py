"""Constraints: one linear row, or a family with one per row of a source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, SupportsFloat

from lumix_core.errors import LXModelError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.indexed import Indexed, Row
from lumix_core.problem.numbers import real_number
from lumix_core.problem.problem import LXSense


class LXConstraint(Indexed[Row]):
    """A constraint ``expression <= | >= | == right-hand side``, for every row where it has a source.

    Args:
        name: unique in the model; the key of the family in ``solution.shadow_prices``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.lhs: LXLinearExpression | None = None
        self.sense: LXSense | None = None
        self._rhs_value: float | None = None
        self._rhs_function: UserFunction | None = None

    @property
    def is_scalar(self) -> bool:
        """Whether this is one constraint without an index."""
        return self.source is None and self.key is None and not self.filters

    @property
    def rhs_value(self) -> float | None:
        """The right-hand side where it is a number; assigning it changes the model."""
        return self._rhs_value

    @rhs_value.setter
    def rhs_value(self, value: SupportsFloat) -> None:
        self._rhs_value = real_number(value, f"the right-hand side of {self.name!r}")
        self._rhs_function = None

    @property
    def rhs_func(self) -> Callable[[Row], SupportsFloat] | None:
        """The right-hand side where it is a function of the constraint's row; assigning it changes the model."""
        return None if self._rhs_function is None else self._rhs_function.call

    @rhs_func.setter
    def rhs_func(self, function: Callable[[Row], SupportsFloat]) -> None:
        self._rhs_function = UserFunction.of(function, f"the right-hand side of {self.name!r}")
        self._rhs_value = None

    @property
    def right_hand_side(self) -> float | UserFunction | None:
        """The right-hand side, whichever it is; None where there is none yet."""
        return self._rhs_value if self._rhs_function is None else self._rhs_function

    def expression(self, expression: LXLinearExpression) -> Self:
        """Set the left-hand side."""
        if not isinstance(expression, LXLinearExpression):
            raise LXModelError(
                f"{self.owner}.expression() got {expression!r}, which is not an expression. "
                f"Write .expression(LXLinearExpression().add_term(variable, coefficient))."
            )
        self.lhs = expression
        return self

    def le(self) -> Self:
        """Hold the expression at most at the right-hand side."""
        self.sense = LXSense.LE
        return self

    def ge(self) -> Self:
        """Hold the expression at least at the right-hand side."""
        self.sense = LXSense.GE
        return self

    def eq(self) -> Self:
        """Hold the expression at the right-hand side."""
        self.sense = LXSense.EQ
        return self

    def rhs(self, value: SupportsFloat | Callable[[Row], SupportsFloat]) -> Self:
        """Set the right-hand side: a finite number, or a function of the constraint's row.

        Raises:
            LXNumberError: it is not a finite number.
        """
        if callable(value):
            self.rhs_func = value
        else:
            self.rhs_value = value
        return self

    def get_instances(self) -> list[Any]:
        """Read the rows now and return those that the constraint is made for."""
        from lumix_core.compiler.instances import constraint_instances

        return constraint_instances(self)
