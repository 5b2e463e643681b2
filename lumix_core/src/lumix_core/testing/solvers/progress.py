"""Runs that report what they have found so far, and runs that another thread ends."""

from __future__ import annotations

import math
import threading

import numpy as np

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawProgress, RawResult, Solver
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread, within
from lumix_core.testing.solvers import statuses
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import assert_reaches, close, is_feasible
from lumix_core.testing.solvers.statuses import SENSES

LONG_ENOUGH = 1.2
"""Seconds of a run that reports at least once a second."""
SOON = 0.4
"""Seconds after which a run is cancelled."""


class Progress(Kit, limited=in_thread):
    """What is reported while a run goes on."""

    @needs(LXFeature.INTEGER, LXFeature.TIME_LIMIT, LXFeature.PROGRESS)
    @SENSES
    def test_progress_is_reported(self, solver: Solver, maximize: bool) -> None:
        """Incumbent and bound are reported while the run goes on, and agree with the answer, constant included."""
        mip = hard_to_prove(maximize=maximize, offset=1000.0)
        reports: list[RawProgress] = []

        result = solve(solver, mip, time_limit=LONG_ENOUGH, progress=reports.append)

        sign = -1.0 if maximize else 1.0
        assert reports, "nothing was reported in a run of more than a second"
        assert result.objective is not None
        incumbents = [sign * report.incumbent for report in reports if report.incumbent is not None]
        bounds = [sign * report.bound for report in reports if report.bound is not None]
        assert incumbents, "no incumbent was reported, though the problem is one of which points are easy to find"
        assert all(map(math.isfinite, [*incumbents, *bounds])), "what is not known is None, never infinite"
        assert min(incumbents) >= sign * result.objective - 1e-4, "an incumbent is better than the answer"
        assert min(incumbents) > sign * 1000.0 + 0.5, "an incumbent is better than all points"
        assert max(bounds, default=-INF) <= sign * 1000.0 + 1e-3, "a bound is above the best that can be proved"

    @needs(LXFeature.INTEGER, LXFeature.TIME_LIMIT, LXFeature.PROGRESS)
    def test_progress_is_reported_on_the_thread_that_called(self, solver: Solver) -> None:
        """The function is called on the thread that called ``solve``: users need not lock what it touches."""
        threads: set[int] = set()

        solve(
            solver,
            hard_to_prove(),
            time_limit=LONG_ENOUGH,
            progress=lambda _: threads.add(threading.get_ident()),
        )

        assert threads == {threading.get_ident()}

    @needs(LXFeature.PROGRESS)
    def test_progress_changes_no_answer(self, solver: Solver) -> None:
        """A run that reports has the answer of one that does not."""
        case = planted(3)

        result = solve(solver, case.problem, progress=lambda _: None)

        assert_reaches(result, case.problem, case.optimum)


class Cancelling(Kit, limited=in_thread):
    """Runs that another thread ends."""

    @needs(LXFeature.INTEGER, LXFeature.CANCEL)
    @SENSES
    def test_another_thread_ends_a_run(self, solver: Solver, maximize: bool) -> None:
        """The run ends within seconds; the incumbent comes back as feasible, and the limit says why."""
        mip = hard_to_prove(maximize=maximize)

        result = _cancelled(solver, mip, SOON)

        assert result.limit is LXLimit.CANCELLED
        assert result.status is LXStatus.FEASIBLE
        assert result.x is not None
        assert is_feasible(mip, np.asarray(result.x))

    @needs(LXFeature.INTEGER, LXFeature.CANCEL)
    def test_cancelled_without_an_incumbent(self, solver: Solver) -> None:
        """Without an incumbent nothing is known, whether it is cancelled before it begins or later."""
        mip = hard_to_find()

        for seconds in (0.0, SOON):
            result = _cancelled(solver, mip, seconds)

            assert result.limit is LXLimit.CANCELLED
            assert result.status is LXStatus.NO_SOLUTION
            assert result.x is None

    @needs(LXFeature.INTEGER, LXFeature.CANCEL)
    def test_cancelling_leaves_the_solver_usable(self, solver: Solver) -> None:
        """After a cancelled run the next one is as good as the first."""
        mip = problem([1.0], [([1.0], 2.5, INF)], upper=9.0, integer=True)

        _cancelled(solver, hard_to_find(), SOON)
        result = solve(solver, mip, cancelled=threading.Event())

        assert result.status is LXStatus.OPTIMAL
        assert close(result.objective, 3.0)


def _cancelled(solver: Solver, mip: LXProblem, seconds: float) -> RawResult:
    """Return what a run returns that is cancelled after so many seconds."""
    cancelled = threading.Event()
    timer = threading.Timer(seconds, cancelled.set)
    if seconds:
        timer.start()
    else:
        cancelled.set()
    try:
        limit = seconds + statuses.PATIENCE
        return within(limit, lambda: solve(solver, mip, cancelled=cancelled), "A cancelled run goes on.")
    finally:
        timer.cancel()
