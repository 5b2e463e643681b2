"""The bounds of rows, the bounds of columns and the integrality that a part of a problem is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem


@dataclass(frozen=True, eq=False)
class Requirements:
    """Which requirements of a problem are meant: a choice among the bounds of its rows and the bounds of its columns.

    Args:
        rows: the number of rows of the problem, ``m``.
        columns: the number of its columns, ``n``.
        mask: whether each is meant: the lower bounds of the rows, their upper bounds, the lower bounds of the
            columns, their upper bounds, and whether each column must be whole; bool, shape ``(2 m + 3 n,)``.
    """

    rows: int
    columns: int
    mask: BoolArray

    @classmethod
    def none(cls, problem: LXProblem) -> Self:
        """Return the choice of nothing."""
        m, n = problem.num_constraints, problem.num_variables
        return cls(m, n, np.zeros(2 * m + 3 * n, dtype=np.bool_))

    @classmethod
    def of(
        cls,
        problem: LXProblem,
        *,
        row_lower: BoolArray | None = None,
        row_upper: BoolArray | None = None,
        lower: BoolArray | None = None,
        upper: BoolArray | None = None,
        integer: BoolArray | None = None,
    ) -> Self:
        """Return a choice from its parts, masks of shape ``(m,)`` and ``(n,)``; parts left out are empty."""
        requirements = cls.none(problem)
        for part, given in (
            (requirements.row_lower, row_lower),
            (requirements.row_upper, row_upper),
            (requirements.lower, lower),
            (requirements.upper, upper),
            (requirements.integer, integer),
        ):
            if given is not None:
                part[:] = given
        return requirements

    @classmethod
    def every(cls, problem: LXProblem) -> Self:
        """Return all that a problem requires: its finite row and column bounds, and its integrality."""
        return cls.of(
            problem,
            row_lower=np.isfinite(problem.row_lower),
            row_upper=np.isfinite(problem.row_upper),
            lower=np.isfinite(problem.lower),
            upper=np.isfinite(problem.upper),
            integer=problem.integer,
        )

    @property
    def row_lower(self) -> BoolArray:
        """The lower bounds of rows, shape ``(m,)``."""
        return self.mask[: self.rows]

    @property
    def row_upper(self) -> BoolArray:
        """The upper bounds of rows, shape ``(m,)``."""
        return self.mask[self.rows : 2 * self.rows]

    @property
    def lower(self) -> BoolArray:
        """The lower bounds of columns, shape ``(n,)``."""
        return self.mask[2 * self.rows :][: self.columns]

    @property
    def upper(self) -> BoolArray:
        """The upper bounds of columns, shape ``(n,)``."""
        return self.mask[2 * self.rows + self.columns :][: self.columns]

    @property
    def integer(self) -> BoolArray:
        """The columns that must be whole, shape ``(n,)``."""
        return self.mask[2 * self.rows + 2 * self.columns :]

    @property
    def of_rows(self) -> Self:
        """The choice without bounds and integrality."""
        return self.only(np.arange(2 * self.rows))

    @property
    def of_bounds(self) -> Self:
        """The choice without rows and integrality."""
        return self.only(np.arange(2 * self.rows, 2 * (self.rows + self.columns)))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.mask))

    def __or__(self, other: Requirements) -> Self:
        return replace(self, mask=self.mask | other.mask)

    def __and__(self, other: Requirements) -> Self:
        return replace(self, mask=self.mask & other.mask)

    def __sub__(self, other: Requirements) -> Self:
        return replace(self, mask=self.mask & ~other.mask)

    def places(self) -> IntArray:
        """Return the positions in ``mask`` that are meant."""
        return np.flatnonzero(self.mask)

    def only(self, places: IntArray) -> Self:
        """Return the choice with nothing but what is at ``places`` of ``mask``."""
        mask = np.zeros_like(self.mask)
        mask[places] = self.mask[places]
        return replace(self, mask=mask)

    def without(self, places: IntArray) -> Self:
        """Return the choice without what is at ``places`` of ``mask``."""
        mask = self.mask.copy()
        mask[places] = False
        return replace(self, mask=mask)


def part_of(problem: LXProblem, requirements: Requirements, objective: FloatArray | None = None) -> LXProblem:
    """Return the problem of finding a point for ``requirements`` alone: without the rest, its rows and its columns.

    Args:
        problem: the whole.
        requirements: what is required.
        objective: what is minimised instead of nothing, shape ``(n,)``.
    """
    rows = requirements.row_lower | requirements.row_upper
    kept = np.repeat(rows, np.diff(problem.row_starts))
    columns = requirements.lower | requirements.upper
    columns[problem.columns[kept]] = True
    if objective is not None:
        columns |= objective != 0
    starts = np.concatenate([[0], np.cumsum(np.diff(problem.row_starts)[rows])])
    numbers = np.cumsum(columns) - 1
    return LXProblem(
        maximize=False,
        objective=np.zeros(int(columns.sum())) if objective is None else objective[columns],
        offset=0.0,
        lower=np.where(requirements.lower, problem.lower, -np.inf)[columns],
        upper=np.where(requirements.upper, problem.upper, np.inf)[columns],
        integer=requirements.integer[columns],
        row_starts=starts.astype(np.int32),
        columns=numbers[problem.columns[kept]].astype(np.int32),
        coefficients=problem.coefficients[kept],
        row_lower=np.where(requirements.row_lower, problem.row_lower, -np.inf)[rows],
        row_upper=np.where(requirements.row_upper, problem.row_upper, np.inf)[rows],
        name=f"{problem.name}, a part of it",
    )
