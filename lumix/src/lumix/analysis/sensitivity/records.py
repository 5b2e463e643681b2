"""The sensitivity of one row and of one variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lumix_core.problem import html_table, number_text


class Allowable:
    """How far one number of the model may move by itself.

    Of a row it is the right-hand side, while the shadow price holds; of a variable its coefficient in the objective,
    while the solution stays optimal.
    """

    _reach: Callable[[], tuple[float, float]]

    @property
    def allowable_increase(self) -> float:
        """By how much it may go up; infinite for no end."""
        return self._both[1]

    @property
    def allowable_decrease(self) -> float:
        """By how much it may go down; infinite for no end."""
        return self._both[0]

    @cached_property
    def _both(self) -> tuple[float, float]:
        return self._reach()


@dataclass(frozen=True, eq=False)
class LXConstraintSensitivity(Allowable):
    """The sensitivity of one row.

    Args:
        name: of the row, as ``family[key]``.
        family: the name of the constraint.
        key: of the row; ``()`` in a constraint without an index.
        shadow_price: d(objective)/d(right-hand side), in the user's sense.
        slack: how far the row is from its right-hand side, at least 0.
        is_binding: whether there is no slack.
    """

    name: str
    family: str
    key: Any
    shadow_price: float
    slack: float
    is_binding: bool
    _reach: Callable[[], tuple[float, float]] = field(repr=False)

    def _repr_html_(self) -> str:
        """Return the numbers as a table, for notebooks; the ranges are found for it."""
        numbers = (self.shadow_price, self.slack, self.allowable_decrease, self.allowable_increase)
        head = ("constraint", "shadow price", "slack", "may fall by", "may rise by", "")
        return html_table(head, [(self.name, *map(number_text, numbers), "binding" if self.is_binding else "")])


@dataclass(frozen=True, eq=False)
class LXVariableSensitivity(Allowable):
    """The sensitivity of one variable.

    Args:
        name: of the variable, as ``family[key]``.
        family: the name of the family.
        key: of the variable; ``()`` in a family without an index.
        value: in the solution.
        reduced_cost: d(objective)/d(value), in the user's sense: what the bound that holds the variable costs.
        is_at_bound: whether the value is one of its bounds.
        objective_coefficient: its coefficient in the objective.
    """

    name: str
    family: str
    key: Any
    value: float
    reduced_cost: float
    is_at_bound: bool
    objective_coefficient: float
    _basic: Callable[[], bool] = field(repr=False)
    _reach: Callable[[], tuple[float, float]] = field(repr=False)

    @cached_property
    def is_basic(self) -> bool:
        """Whether it is in the basis; where the solver gives none, whether it is between its bounds."""
        return self._basic()

    @property
    def objective_range(self) -> tuple[float, float]:
        """The coefficients in the objective, from least to largest, for which the solution stays optimal."""
        coefficient, (down, up) = self.objective_coefficient, self._both
        return coefficient - down, coefficient + up

    def _repr_html_(self) -> str:
        """Return the numbers as a table, for notebooks; the ranges are found for it."""
        head = ("variable", "value", "reduced cost", "cost from", "cost to", "")
        numbers = (self.value, self.reduced_cost, *self.objective_range)
        return html_table(head, [(self.name, *map(number_text, numbers), "basic" if self.is_basic else "")])
