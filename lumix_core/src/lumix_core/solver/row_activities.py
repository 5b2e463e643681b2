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

    def belong(self, costs: FloatArray, duals: FloatArray, reduced_costs: FloatArray) -> bool:
        """Whether ``reduced_costs = costs - A' duals``, seen along one random direction (R. Freivalds, 1977)."""
        direction, activity = self._probe
        paid = costs - reduced_costs
        size = float(np.abs(duals * activity).sum()) + float(np.abs(paid * direction).sum())
        return abs(float(paid @ direction) - float(duals @ activity)) <= DRIFT * size

    @cached_property
    def _probe(self) -> tuple[FloatArray, FloatArray]:
        """A random direction, with entries from 1 to 2, and what the rows add up to along it."""
        direction = np.random.default_rng(1977).uniform(1.0, 2.0, self._problem.num_variables)
        return direction, self._problem.activity(direction)

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
