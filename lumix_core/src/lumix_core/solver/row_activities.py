"""The activities of the rows of a problem at a series of points, each of which differs little from the last."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from lumix_core.problem.arrays import FloatArray, IndexArray, IntArray
from lumix_core.problem.problem import LXProblem

DRIFT = 1e-9
"""How much of the smallest row's size rounding may have added up to before all are added up anew."""
ROUNDING = 4 * float(np.finfo(np.float64).eps)


class RowActivities:
    """The activity of the rows of one matrix, kept from point to point: only what moved is added and taken away.

    The error of that is bounded as it grows; where the bound passes `DRIFT`, all rows are added up from scratch.

    Args:
        problem: any problem with the matrix; its row bounds, bounds and costs do not matter.
    """

    def __init__(self, problem: LXProblem) -> None:
        self._problem = problem
        self._x: FloatArray | None = None
        self._activity: FloatArray = np.empty(0)
        self._error = 0.0

    def fits(self, problem: LXProblem) -> bool:
        """Whether a problem has this very matrix."""
        mine = self._problem
        return (
            problem.coefficients is mine.coefficients
            and problem.columns is mine.columns
            and problem.row_starts is mine.row_starts
        )

    def activity(self, x: FloatArray) -> FloatArray:
        """Return ``A x``, shape ``(m,)``, within `DRIFT` of each row's size."""
        if self._x is None or not self._moved_to(x, self._x):
            self._activity = self._problem.activity(x)
            self._error = 0.0
        self._x = x
        return self._activity

    def _moved_to(self, x: FloatArray, before: FloatArray) -> bool:
        """Add what moved; returns False where adding up from scratch is quicker, or more exact."""
        moved = np.flatnonzero(x != before)
        starts, counts, rows, coefficients = self._by_column
        many = counts[moved]
        total = int(many.sum())
        if 2 * total > len(coefficients):
            return False
        positions = _spans(starts[moved], many, total)
        steps = coefficients[positions] * np.repeat(x[moved] - before[moved], many)
        size = self._problem.num_constraints
        self._activity = self._activity + np.bincount(rows[positions], weights=steps, minlength=size)
        sizes = np.abs(self._activity)
        self._error += ROUNDING * float(np.abs(steps).sum() + sizes.max(initial=0.0))
        return self._error <= DRIFT * (1.0 + float(sizes.min(initial=np.inf)))

    @cached_property
    def _by_column(self) -> tuple[IndexArray, IndexArray, IndexArray, FloatArray]:
        starts, rows, coefficients = self._problem.by_column()
        return starts[:-1], np.diff(starts), rows, coefficients


def _spans(starts: IndexArray, counts: IndexArray, total: int) -> IntArray:
    """Return the positions of several spans, one after the other."""
    return np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(total)
