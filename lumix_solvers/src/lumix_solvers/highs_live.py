"""A problem that stays in an instance of HiGHS: changed in place, and solved again from the last basis."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from lumix_core.problem import LXProblem, ProblemDiff
from lumix_core.solver import Ranging, RawResult, SolverOptions
from lumix_solvers.highs_native import reset_scheduler
from lumix_solvers.highs_run import HighsRun, floats
from lumix_solvers.interrupts import Worker
from lumix_solvers.whole import integer_bounds

FEW = 200
"""How many coefficients are changed one by one; where there are more, HiGHS is given matrix and basis again."""


class HighsLiveRun(HighsRun):
    """One problem in an instance of HiGHS of its own, for many runs on one thread of its own.

    Args:
        problem: what to start with.
        options: for every run.

    Raises:
        LXOptionError: HiGHS has no such native option, or refuses the value of an option.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        self._opened = ExitStack()
        super().__init__(problem, options)
        self._opened.callback(super().close)
        self._time_limit = options.time_limit
        self._is_handed_over = False
        self._first_basis: Any = None
        self._worker = Worker(reset_scheduler)
        self._opened.callback(self._worker.close)
        try:
            self.set_options()
        except BaseException:
            self.close()
            raise
        self._quiet = options.log is False and not options.is_native

    def update(self, changes: ProblemDiff) -> bool:
        """Change numbers in place; see `lumix_core.solver.LiveRun`."""
        if not self._ended:  # left behind running: it may not be touched
            return False
        self._problem = changes.problem
        if not self._is_handed_over:
            return True
        if changes.nonzeros is None or len(changes.nonzeros) > FEW:
            return self._hand_over_again()
        return all(status != self._native.HighsStatus.kError for status in self._pass_changes(changes))

    def solve(self) -> RawResult:
        """Run, from the last basis where there is one, and read the answer."""
        if not self._is_handed_over:
            refused = self._hand_over()
            if refused is not None:
                return refused
            self._is_handed_over = True
            if self._quiet:
                self._highs.setOptionValue("output_flag", False)
        self._complaints.clear()
        if self._time_limit is not None and not self._problem.is_mip:  # the clock of linear problems runs on
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + self._time_limit)
        answer = self._run()
        if self._first_basis is None and self._ended:
            self._first_basis = self._highs.getBasis()
        return answer

    def rewind(self) -> bool:
        """Forget all but the basis that the first run ended with; see `lumix_core.solver.RewindingRun`."""
        if not self._ended or self._first_basis is None:
            return False
        self._highs.clearSolver()
        if self._first_basis.valid and not self._problem.is_mip:
            self._highs.setBasis(self._first_basis)
        return True

    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimal basis; None where HiGHS has no basis, as for problems with integers."""
        if not self._ended or self._problem.is_mip or not self._highs.getBasis().valid:
            return None
        results: list[Any] = []
        self._ended = self._worker.run(lambda: results.append(self._highs.getRanging()), self._stop)
        if not results or results[0][0] != self._native.HighsStatus.kOk or not results[0][1].valid:
            return None
        return self._read_ranging(results[0][1])

    def close(self) -> None:
        """Release HiGHS, its thread and the log."""
        self._opened.close()

    def _pass_changes(self, changes: ProblemDiff) -> list[Any]:
        """Pass changes to HiGHS; returns its status for each call."""
        problem, highs = changes.problem, self._highs
        rows, columns, costs = (
            positions.astype(np.int32) for positions in (changes.rows, changes.columns, changes.costs)
        )
        statuses = []
        if len(rows):
            statuses.append(highs.changeRowsBounds(len(rows), rows, problem.row_lower[rows], problem.row_upper[rows]))
        if len(columns):
            lower, upper = integer_bounds(problem)
            statuses.append(highs.changeColsBounds(len(columns), columns, lower[columns], upper[columns]))
        if len(costs):
            statuses.append(highs.changeColsCost(len(costs), costs, problem.objective[costs]))
        if changes.offset:
            statuses.append(highs.changeObjectiveOffset(problem.offset))
        return statuses + self._pass_coefficients(changes)

    def _pass_coefficients(self, changes: ProblemDiff) -> list[Any]:
        problem, positions = changes.problem, changes.nonzeros
        assert positions is not None
        if not len(positions):
            return []
        self._changed = "small coefficients are left out" if self._drops_coefficients() else ""
        rows = np.searchsorted(problem.row_starts, positions, side="right") - 1
        cells = zip(
            rows.tolist(), problem.columns[positions].tolist(), problem.coefficients[positions].tolist(), strict=True
        )
        self._take_small_coefficients()
        return [self._highs.changeCoeff(row, column, value) for row, column, value in cells]

    def _hand_over_again(self) -> bool:
        """Give HiGHS another matrix, and the basis that it has."""
        basis = self._highs.getBasis()
        if self._hand_over() is not None:
            return False
        if basis.valid and not self._problem.is_mip:
            self._highs.setBasis(basis)
        return True

    def _run_until_done(self) -> bool:
        return self._worker.run(self._highs.run, self._stop, self._watch.is_cancelled)

    def _read_ranging(self, native: Any) -> Ranging:
        basis, basic = self._highs.getBasis(), self._native.HighsBasisStatus.kBasic
        held = np.array([status != basic for status in basis.row_status], dtype=np.bool_)
        rows, columns = self._problem.num_constraints, self._problem.num_variables
        down, up = (floats(bounds.value_)[:rows] for bounds in (native.row_bound_dn, native.row_bound_up))
        return Ranging(
            rhs_lower=np.where(held, down, np.nan),
            rhs_upper=np.where(held, up, np.nan),
            cost_lower=floats(native.col_cost_dn.value_)[:columns],  # behind them HiGHS may have those of its slacks
            cost_upper=floats(native.col_cost_up.value_)[:columns],
            basic=np.array([status == basic for status in basis.col_status], dtype=np.bool_),
        )
