"""HiGHS's search for an irreducible infeasible set, of problems without integers.

HiGHS makes hard, round after round, what an elastic problem misses, and then leaves out the rows and columns of that
which are not needed. On some problems it gives up with a warning, and leaves a set that it does not claim to be a
conflict.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core.problem import BoolArray, LXProblem, Requirements
from lumix_core.solver import LXLimit, RawConflict
from lumix_solvers.highs_native import reset_scheduler


class IisSearch:
    """One search in an instance of HiGHS that holds the problem.

    Args:
        native: the module highspy.
        highs: the instance.
    """

    def __init__(self, native: Any, highs: Any) -> None:
        self._native = native
        self._highs = highs
        self._status: Any = None
        self._iis: Any = None

    def configure(self, time_limit: float | None) -> None:
        """Ask for sets from an elastic problem, made irreducible, within so many seconds."""
        strategy = self._native.IisStrategy
        both = int(strategy.kIisStrategyFromLp.value) | int(strategy.kIisStrategyIrreducible.value)
        self._highs.setOptionValue("iis_strategy", both)
        if time_limit is not None:
            self._highs.setOptionValue("iis_time_limit", time_limit)

    def run(self) -> None:
        """Search; on the thread that HiGHS runs on."""
        self._status, self._iis = self._highs.getIis()
        reset_scheduler()

    def answer(self, problem: LXProblem) -> RawConflict:
        """Read the conflict: no set unless HiGHS itself claims it."""
        word = f"{self._status.name}, {self._highs.modelStatusToString(self._highs.getModelStatus())}"
        iis = self._iis
        if self._status != self._native.HighsStatus.kOk or not iis.valid_ or not (iis.row_index_ or iis.col_index_):
            return RawConflict(raw_status=word)
        row_lower, row_upper = self._row_bounds(iis.row_index_, iis.row_bound_, problem.num_constraints)
        lower, upper = self._row_bounds(iis.col_index_, iis.col_bound_, problem.num_variables)
        requirements = Requirements.of(problem, row_lower=row_lower, row_upper=row_upper, lower=lower, upper=upper)
        return RawConflict(raw_status=word, requirements=requirements)

    def _row_bounds(self, positions: Any, statuses: Any, size: int) -> tuple[BoolArray, BoolArray]:
        kind = self._native.IisBoundStatus
        lower, upper = np.zeros((2, size), dtype=np.bool_)
        for position, status in zip(positions, statuses, strict=True):
            lower[position] = status in _values(kind.kIisBoundStatusLower, kind.kIisBoundStatusBoxed)
            upper[position] = status in _values(kind.kIisBoundStatusUpper, kind.kIisBoundStatusBoxed)
        return lower, upper


def _values(*statuses: Any) -> tuple[int, ...]:
    return tuple(int(status.value) for status in statuses)


LEFT_BEHIND = RawConflict(raw_status="Interrupted, and left behind", limit=LXLimit.INTERRUPT)
"""The answer for a search that did not heed Ctrl-C and goes on alone."""
