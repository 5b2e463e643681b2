"""A problem that stays in one of Xpress's: changed in place, and solved again from the last basis."""

from __future__ import annotations

import numpy as np

from lumix_core.problem import FloatArray, IntArray, LXProblem, ProblemDiff
from lumix_core.solver import Ranging, RawResult, SolverOptions
from lumix_solvers.rows import is_range, rows_of
from lumix_solvers.xpress_model import INFINITY, finite, sides
from lumix_solvers.xpress_native import all_coefficients
from lumix_solvers.xpress_run import XpressRun

TOLERANCES = ("feastol", "optimalitytol")
BASIC = 1
AT_LOWER = 0
AT_UPPER = 2
"""Xpress's numbers for what is basic, and for columns and rows that are not."""


class XpressLiveRun(XpressRun):
    """One problem in one of Xpress's, for many runs on one thread of its own.

    Problems that are solved by branching are handed over anew after each change.

    Args:
        problem: what to start with.
        options: for every run.

    Raises:
        LXOptionError: Xpress has no such control, or refuses its value.
        LXSolverError: there is no licence.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        self._first_basis: tuple[list[int], list[int]] | None = None
        super().__init__(problem, options)

    def update(self, changes: ProblemDiff) -> bool:
        """Change numbers in place; see `lumix_core.solver.LiveRun`."""
        if not self._ended or self._branches or changes.nonzeros is None:
            return False
        self._problem = changes.problem
        self._change_columns(changes)
        self._change_rows(changes)
        self._change_coefficients(changes)
        if changes.offset:
            self._native.chgObj([-1], [-self._set_constant()])
        return True

    def solve(self) -> RawResult:
        """Run, from the last basis where there is one, and read the answer."""
        answer = super().solve()
        if self._first_basis is None and self._ended and not self._branches:
            rows, columns = self._native.getBasis()
            self._first_basis = list(rows), list(columns)
        return answer

    def rewind(self) -> bool:
        """Forget all but the basis that the first run ended with; see `lumix_core.solver.RewindingRun`."""
        if not self._ended or self._first_basis is None:
            return False
        self._native.loadBasis(*self._first_basis)
        return True

    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimal basis; None where there is none, as for problems with integers."""
        if not self._ended or self._branches or self._native.attributes.solstatus.name != "OPTIMAL":
            return None
        rows, columns = (np.array(statuses, dtype=np.int64) for statuses in self._native.getBasis())
        rhs, costs = self._sensitivity(len(rows), len(columns))
        (rhs_lower, rhs_upper), (cost_lower, cost_upper) = rhs, costs
        rhs_lower[rows == BASIC] = rhs_upper[rows == BASIC] = np.nan
        self._keep_ranges_apart(rows, rhs_lower, rhs_upper)
        fixed = (columns != BASIC) & (self._problem.lower == self._problem.upper)  # whatever its cost, it stays there
        cost_lower[fixed], cost_upper[fixed] = -np.inf, np.inf
        return Ranging(
            rhs_lower=rhs_lower,
            rhs_upper=rhs_upper,
            cost_lower=cost_lower,
            cost_upper=cost_upper,
            basic=columns == BASIC,
        )

    def _sensitivity(self, rows: int, columns: int) -> tuple[list[FloatArray], list[FloatArray]]:
        """Return the ends of the ranges of right-hand sides and costs; Xpress adds its tolerances to them."""
        native = self._native
        before = {name: native.getControl(name) for name in TOLERANCES}
        native.setControl(dict.fromkeys(TOLERANCES, 1e-9))
        try:
            rhs, costs = native.rhsSA(list(range(rows))), native.objSA(list(range(columns)))
        finally:
            native.setControl(before)
        return [_ends(ends) for ends in rhs], [_ends(ends) for ends in costs]

    def _keep_ranges_apart(self, statuses: IntArray, lower: FloatArray, upper: FloatArray) -> None:
        """End the range of a bound of a row where it meets the other one; a slack at its lower bound is 0."""
        problem, ranged = self._problem, is_range(self._problem)
        at_upper, at_lower = ranged & (statuses == AT_LOWER), ranged & (statuses == AT_UPPER)
        upper[at_lower] = np.minimum(upper[at_lower], problem.row_upper[at_lower])
        lower[at_upper] = np.maximum(lower[at_upper], problem.row_lower[at_upper])

    def _change_columns(self, changes: ProblemDiff) -> None:
        problem, columns, costs = changes.problem, changes.columns, changes.costs.tolist()
        if len(columns):
            bounds = np.concatenate([finite(problem.lower[columns]), finite(problem.upper[columns])])
            kinds = ["L"] * len(columns) + ["U"] * len(columns)
            self._native.chgBounds(columns.tolist() * 2, kinds, bounds.tolist())
        if costs:
            self._native.chgObj(costs, problem.objective[changes.costs].tolist())

    def _change_rows(self, changes: ProblemDiff) -> None:
        rows = changes.rows.tolist()
        if not rows:
            return
        types, rhs, reach = sides(changes.problem, changes.rows)
        self._native.chgRowType(rows, types.tolist())
        self._native.chgRHS(rows, rhs.tolist())
        ranged = types == "R"
        if ranged.any():
            self._native.chgRHSRange(changes.rows[ranged].tolist(), reach[ranged].tolist())

    def _change_coefficients(self, changes: ProblemDiff) -> None:
        problem, positions = changes.problem, changes.nonzeros
        assert positions is not None
        if len(positions):
            cells = (rows_of(problem, positions), problem.columns[positions], problem.coefficients[positions])
            with all_coefficients(self._native):
                self._native.chgMCoef(*(part.tolist() for part in cells))


def _ends(values: list[float]) -> FloatArray:
    """Return ends of ranges, infinite where there is none."""
    ends = np.array(values, dtype=np.float64)
    return np.where(np.abs(ends) >= INFINITY, np.copysign(np.inf, ends), ends)
