"""What follows from the duals of an optimum: the objective for other right-hand sides, as far as the basis holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lumix_core import LXProblem, LXSolution
from lumix_core.problem import FloatArray, IntArray
from lumix_core.solver import LXLiveSession, Ranging

WITHIN = 1.0 - 1e-9
"""The largest share of a range that is still within it."""


@dataclass(frozen=True, eq=False)
class DualPrices:
    """An optimum of a linear problem, its duals, and the ranges within which they hold.

    Args:
        problem: the problem.
        objective: its optimum.
        x: the point.
        duals: of the rows.
        ranging: the ranges.
    """

    problem: LXProblem
    objective: float
    x: FloatArray
    duals: FloatArray
    ranging: Ranging

    @classmethod
    def of(cls, session: LXLiveSession, solution: LXSolution) -> DualPrices | None:
        """Return what follows from the solution that a session found last; None where no duals and ranges are known."""
        problem = session.problem
        if problem.is_mip or not solution.is_optimal() or not solution.has_duals():
            return None
        ranging = session.ranging()
        if ranging is None:
            return None
        x, duals = solution.variables.array, solution.shadow_prices.array
        return cls(problem, solution.objective_value, x, duals, ranging)

    def objective_after(self, rows: IntArray, deltas: FloatArray) -> float | None:
        """Return the optimum after the sides of some rows have moved; None where the basis may be another one then.

        Each move uses up a share of its range; as long as the shares add up to no more than the
        whole, the basis stays optimal (the hundred percent rule), since the right-hand sides for which it does are a
        convex set.
        """
        if self._shares(rows, deltas).sum() > WITHIN:
            return None
        return self.objective + float(self.duals[rows] @ deltas)

    def _shares(self, rows: IntArray, deltas: FloatArray) -> FloatArray:
        down, up = self.allowed(rows)
        room = np.where(deltas > 0, up, down)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.abs(deltas) / room
        return np.where(deltas == 0.0, 0.0, np.where(room > 0.0, shares, np.inf))

    @cached_property
    def _activity(self) -> FloatArray:
        return self.problem.activity(self.x)

    def allowed(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return by how much the side of each row may go down, and up; never negative."""
        lower, upper = self.problem.row_lower[rows], self.problem.row_upper[rows]
        down, up = room_beside(lower, upper, self._activity[rows])
        side = np.where(np.isfinite(upper), upper, lower)
        first, last = self.ranging.rhs_lower[rows], self.ranging.rhs_upper[rows]
        held = ~np.isnan(first)
        return (
            np.maximum(np.where(held, side - first, down), 0.0),
            np.maximum(np.where(held, last - side, up), 0.0),
        )


def room_beside(lower: FloatArray, upper: FloatArray, activity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much the side of rows that are not held at it may go down, and up, until they are."""
    equal = lower == upper
    down = np.where(np.isfinite(upper), upper - activity, np.inf)
    up = np.where(np.isfinite(lower), activity - lower, np.inf)
    return np.where(equal, 0.0, down), np.where(equal, 0.0, up)
