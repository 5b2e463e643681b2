"""Compiled problems by the names of their rows and columns, and the words of errors, for the tests of the core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import LXModel, LXProblem

Row = dict[str, float]


class Compiled:
    """What a model is compiled to, by name: ``compiled(model).rows["hours[1]"]["production[3]"]``."""

    def __init__(self, model: LXModel) -> None:
        self.problem: LXProblem = model.compile()

    @property
    def columns(self) -> list[str]:
        return [self.problem.column_name(j) for j in range(self.problem.num_variables)]

    @property
    def rows(self) -> dict[str, Row]:
        """The nonzeros of every row."""
        problem, columns = self.problem, self.columns
        rows: dict[str, Row] = {}
        for i in range(problem.num_constraints):
            span = slice(problem.row_starts[i], problem.row_starts[i + 1])
            cells = zip(problem.columns[span].tolist(), problem.coefficients[span].tolist(), strict=True)
            rows[problem.row_name(i)] = {columns[j]: value for j, value in cells}
        return rows

    @property
    def sides(self) -> dict[str, tuple[float, float]]:
        """The lower and upper side of every row."""
        sides = zip(self.problem.row_lower.tolist(), self.problem.row_upper.tolist(), strict=True)
        return {self.problem.row_name(i): side for i, side in enumerate(sides)}

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The lower and upper bound of every column."""
        bounds = zip(self.problem.lower.tolist(), self.problem.upper.tolist(), strict=True)
        return dict(zip(self.columns, bounds, strict=True))

    @property
    def objective(self) -> Row:
        """The columns that stand in the objective."""
        costs = zip(self.columns, self.problem.objective.tolist(), strict=True)
        return {name: cost for name, cost in costs if cost}

    @property
    def integers(self) -> list[str]:
        """The columns that must be whole."""
        return [name for name, whole in zip(self.columns, self.problem.integer, strict=True) if whole]


@pytest.fixture
def compiled() -> Callable[[LXModel], Compiled]:
    """Compile a model and show it by name."""
    return Compiled


@pytest.fixture
def error_text() -> Callable[..., str]:
    """Return the words of the error that a call raises: ``error_text(LXModelError, call, argument)``."""

    def text(error: type[Exception], call: Callable[..., Any], *arguments: Any) -> str:
        with pytest.raises(error) as caught:
            call(*arguments)
        # An error of a subclass would be caught too: the test means this one.
        assert caught.type is error
        return str(caught.value)

    return text
