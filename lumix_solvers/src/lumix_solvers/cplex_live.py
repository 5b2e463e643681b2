"""A problem that stays in an environment of CPLEX's: changed in place, and solved again from the last basis."""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core.problem import FloatArray, IntArray, LXProblem, ProblemDiff
from lumix_core.solver import Ranging, RawResult, SolverOptions
from lumix_solvers.cplex_model import INFINITY, finite, sides
from lumix_solvers.cplex_run import CplexRun
from lumix_solvers.rows import is_range, linear_rows, rows_of
from lumix_solvers.whole import integer_bounds


class CplexLiveRun(CplexRun):
    """One problem in an environment of its own, for many runs on one thread of its own.

    Args:
        problem: what to start with.
        options: for every run.

    Raises:
        LXOptionError: CPLEX has no such parameter, or refuses its value.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        self._first_basis: tuple[list[int], list[int]] | None = None
        self._has_run = False
        super().__init__(problem, options)
        if problem.is_mip:
            self._native.parameters.advance.set(0)  # an old incumbent would decide which optimum is found

    def update(self, changes: ProblemDiff) -> bool:
        """Change numbers in place; see `lumix_core.solver.LiveRun`."""
        if not self._ended or not self._is_possible(changes):  # left behind running: it may not be touched
            return False
        problem = self._problem = changes.problem
        lower, upper = (finite(bounds) for bounds in integer_bounds(problem))
        self._pass(self._native.variables.set_lower_bounds, changes.columns, lower)
        self._pass(self._native.variables.set_upper_bounds, changes.columns, upper)
        self._pass(self._native.objective.set_linear, changes.costs, problem.objective)
        self._change_rows(changes)
        self._change_coefficients(changes)
        if changes.offset:
            self._native.objective.set_offset(self._set_constant())
        return True

    def solve(self) -> RawResult:
        """Run, from the last basis where there is one, and read the answer."""
        answer = super().solve()
        if not self._has_run and self._ended:
            self._first_basis, self._has_run = self._basis(), True
        return answer

    def rewind(self) -> bool:
        """Forget all but the basis that the first run ended with; see `lumix_core.solver.RewindingRun`."""
        if not self._ended or not self._has_run:
            return False
        if self._problem.is_mip:
            return True  # nothing is kept from one run to the next
        if self._first_basis is None:
            return False
        columns, rows = self._first_basis
        self._native.start.set_start(
            col_status=columns, row_status=rows, col_primal=[], row_primal=[], col_dual=[], row_dual=[]
        )
        return True

    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimal basis; None where there is none, as for problems with integers."""
        basis = self._basis() if self._ended and self._problem.is_linear else None
        if basis is None or self._native.solution.get_status() != self._native.solution.status.optimal:
            return None
        sensitivity, problem = self._native.solution.sensitivity, self._problem
        basic = self._native.solution.basis.status.basic
        rhs = self._rhs_ranges(np.array(basis[1], dtype=np.int64))
        costs = _ends(sensitivity.objective(), problem.num_variables)
        return Ranging(
            rhs_lower=rhs[:, 0],
            rhs_upper=rhs[:, 1],
            cost_lower=costs[:, 0],
            cost_upper=costs[:, 1],
            basic=np.array(basis[0], dtype=np.int64) == basic,
        )

    def _is_possible(self, changes: ProblemDiff) -> bool:
        """Whether CPLEX can take changes: those of linear rows."""
        if changes.nonzeros is None:
            return False
        changed = np.union1d(changes.rows, rows_of(changes.problem, changes.nonzeros))
        return bool(linear_rows(changes.problem)[changed].all())

    def _change_rows(self, changes: ProblemDiff) -> None:
        senses, rhs, reach = sides(changes.problem, changes.rows)
        rows = changes.rows.tolist()
        if rows:
            native = self._native.linear_constraints
            native.set_senses(list(zip(rows, senses.tolist(), strict=True)))
            native.set_rhs(list(zip(rows, rhs.tolist(), strict=True)))
            native.set_range_values(list(zip(rows, reach.tolist(), strict=True)))

    def _change_coefficients(self, changes: ProblemDiff) -> None:
        problem, positions = changes.problem, changes.nonzeros
        assert positions is not None
        cells = (rows_of(problem, positions), problem.columns[positions], problem.coefficients[positions])
        if len(positions):
            self._native.linear_constraints.set_coefficients(list(zip(*(part.tolist() for part in cells), strict=True)))

    def _rhs_ranges(self, statuses: IntArray) -> FloatArray:
        """Return the range of the bound that holds each row, shape ``(m, 2)``, given CPLEX's numbers of the basis."""
        problem, kinds = self._problem, self._native.solution.basis.status
        ends = _ends(self._native.solution.sensitivity.rhs(), problem.num_constraints)
        ranged = is_range(problem)  # beyond the other bound the two cross
        at_lower, at_upper = ranged & (statuses == kinds.at_lower_bound), ranged & (statuses == kinds.at_upper_bound)
        ends[at_lower, 1] = np.minimum(ends[at_lower, 1], problem.row_upper[at_lower])
        ends[at_upper, 0] = np.maximum(ends[at_upper, 0], problem.row_lower[at_upper])
        ends[statuses == kinds.basic] = np.nan
        return ends

    @staticmethod
    def _pass(setter: Any, positions: IntArray, values: FloatArray) -> None:
        if len(positions):
            setter(list(zip(positions.tolist(), values[positions].tolist(), strict=True)))

    def _basis(self) -> tuple[list[int], list[int]] | None:
        """Return the numbers of columns and rows in the last basis; None where there is none."""
        if self._problem.is_mip:
            return None
        try:
            columns, rows = self._native.solution.basis.get_basis()
        except self._module.exceptions.CplexSolverError as error:
            if error.args[-1] != self._module.exceptions.error_codes.CPXERR_NO_BASIS:
                raise
            return None
        return columns, rows


def _ends(pairs: list[tuple[float, float]], size: int) -> FloatArray:
    """Return pairs of CPLEX's, shape ``(size, 2)``, infinite where there is no end."""
    ends = np.array(pairs, dtype=np.float64).reshape(size, 2)
    return np.where(np.abs(ends) >= INFINITY, np.copysign(np.inf, ends), ends)
