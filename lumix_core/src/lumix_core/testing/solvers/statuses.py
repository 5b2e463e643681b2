"""How a run may end, and that nothing is claimed or invented at any of its ends."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import alarm, in_thread, on_main_thread, within
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, problem
from lumix_core.testing.solvers.proofs import close, is_feasible

TIME_LIMIT = 1.0
PATIENCE = 6.0
"""Seconds that a solver may need to heed a limit or Ctrl-C."""

UNBOUNDED = (LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED)
INFEASIBLE = (LXStatus.INFEASIBLE, LXStatus.INFEASIBLE_OR_UNBOUNDED)

SENSES = pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])


class Statuses(Kit, limited=in_thread):
    """Infeasible, unbounded, and which of the two."""

    def test_infeasible(self, solver: Solver) -> None:
        """Rows that cannot hold together, in a box, are infeasible and nothing else."""
        lp = problem([1.0, 1.0], [([1.0, 1.0], 3.0, INF), ([1.0, 1.0], -INF, 2.0)], upper=5.0)

        result = solve(solver, lp)

        assert result.status is LXStatus.INFEASIBLE

    def test_row_with_crossed_sides_is_infeasible(self, solver: Solver) -> None:
        """A row whose lower bound is above its upper one cannot hold."""
        lp = problem([1.0], [([1.0], 3.0, 2.0)], upper=5.0)

        result = solve(solver, lp)

        assert result.status is LXStatus.INFEASIBLE

    def test_infeasible_with_an_unbounded_direction(self, solver: Solver) -> None:
        """Where no point exists, the problem is not unbounded, whatever the objective could do."""
        lp = problem([-1.0, 0.0], [([0.0, 1.0], 3.0, INF), ([0.0, 1.0], -INF, 1.0)])

        result = solve(solver, lp)

        assert result.status in INFEASIBLE

    @needs(LXFeature.INTEGER)
    def test_infeasible_for_integers_only(self, solver: Solver) -> None:
        """A fractional point does not make a problem over integers feasible."""
        mip = problem([1.0, 1.0], [([2.0, 2.0], 3.0, 3.0)], upper=5.0, integer=True)

        result = solve(solver, mip)

        assert result.status is LXStatus.INFEASIBLE

    @needs(LXFeature.INTEGER)
    def test_no_whole_number_between_bounds(self, solver: Solver) -> None:
        """Bounds that leave no whole number make the problem infeasible."""
        mip = problem([1.0, 1.0], lower=[0.2, 0.0], upper=[0.8, 3.0], integer=True)

        result = solve(solver, mip)

        assert result.status is LXStatus.INFEASIBLE

    @SENSES
    def test_unbounded(self, solver: Solver, maximize: bool) -> None:
        """An objective that improves without end has no optimum."""
        cost = 1.0 if maximize else -1.0
        lp = problem([cost, cost], [([1.0, -1.0], -2.0, 3.0)], maximize=maximize)

        result = solve(solver, lp)

        assert result.status in UNBOUNDED

    def test_unbounded_without_rows(self, solver: Solver) -> None:
        """A variable without rows may be what is unbounded."""
        lp = problem([1.0, -1.0], upper=[4.0, INF])

        result = solve(solver, lp)

        assert result.status in UNBOUNDED

    def test_unbounded_below_zero(self, solver: Solver) -> None:
        """A free variable has no bound at 0 that would stop it."""
        lp = problem([1.0], [([1.0], -INF, 5.0)], lower=-INF)

        result = solve(solver, lp)

        assert result.status in UNBOUNDED

    @needs(LXFeature.INTEGER)
    def test_unbounded_integers(self, solver: Solver) -> None:
        """Integers can be unbounded too."""
        mip = problem([-1.0, -1.0], [([1.0, -1.0], -2.0, 3.0)], integer=True)

        result = solve(solver, mip)

        assert result.status in UNBOUNDED

    @needs(LXFeature.INTEGER)
    def test_unbounded_relaxation_of_infeasible_integers(self, solver: Solver) -> None:
        """That the relaxation is unbounded does not prove that any integer point exists."""
        mip = problem([-1.0, 0.0], [([0.0, 2.0], 1.0, 1.0)], upper=[INF, 1.0], integer=True)

        result = solve(solver, mip)

        assert result.status in INFEASIBLE

    @pytest.mark.parametrize("kind", ["infeasible", "unbounded"])
    def test_nothing_is_invented_where_there_is_no_point(self, solver: Solver, kind: str) -> None:
        """Without a point there are no values, no objective and no duals, in the raw answer too."""
        lp = {
            "infeasible": problem([1.0], [([1.0], 3.0, INF)], upper=2.0),
            "unbounded": problem([-1.0], [([1.0], 1.0, INF)]),
        }[kind]

        result = solver.solve(lp, SolverOptions())

        assert result.x is None
        assert result.objective is None
        assert result.duals is None
        assert result.reduced_costs is None
        assert result.limit is None


class Limits(Kit, limited=in_thread):
    """Runs that end before they are finished."""

    @needs(LXFeature.INTEGER, LXFeature.TIME_LIMIT)
    @SENSES
    def test_time_limit_with_an_incumbent(self, solver: Solver, maximize: bool) -> None:
        """The incumbent comes back as feasible, not as optimal, and solves the problem."""
        mip = hard_to_prove(maximize=maximize)

        result = in_time(lambda: solve(solver, mip, time_limit=TIME_LIMIT))

        assert result.status is LXStatus.FEASIBLE
        assert result.limit is LXLimit.TIME
        assert result.x is not None
        assert is_feasible(mip, result.x)

    @needs(LXFeature.INTEGER, LXFeature.TIME_LIMIT)
    @SENSES
    def test_bound_at_a_time_limit(self, solver: Solver, maximize: bool) -> None:
        """A bound at a time limit is far from the incumbent: 0 is what can be proved here, 1 is not."""
        mip = hard_to_prove(maximize=maximize)

        result = in_time(lambda: solve(solver, mip, time_limit=TIME_LIMIT))

        if LXFeature.BEST_BOUND in solver.features:
            assert result.best_bound is not None
            assert result.objective is not None
            assert abs(result.best_bound) < 0.5 < abs(result.objective)
        else:
            assert result.best_bound is None

    @needs(LXFeature.INTEGER, LXFeature.TIME_LIMIT)
    def test_time_limit_without_an_incumbent(self, solver: Solver) -> None:
        """Without an incumbent nothing is known: neither a point nor that there is none."""
        mip = hard_to_find()

        result = in_time(lambda: solve(solver, mip, time_limit=TIME_LIMIT))

        assert result.status is LXStatus.NO_SOLUTION
        assert result.limit is LXLimit.TIME
        assert result.x is None
        assert result.objective is None


class Interrupts(Kit, limited=on_main_thread):
    """Ctrl-C, which reaches the main thread only."""

    @needs(LXFeature.INTEGER)
    def test_ctrl_c_ends_a_run(self, solver: Solver) -> None:
        """``KeyboardInterrupt`` ends the run within seconds, and the result says so."""
        mip = hard_to_prove()

        result = _interrupted(solver, mip)

        assert result.limit is LXLimit.INTERRUPT
        assert result.status in (LXStatus.FEASIBLE, LXStatus.NO_SOLUTION)
        assert result.status.has_point == (result.x is not None)

    @needs(LXFeature.INTEGER)
    def test_ctrl_c_leaves_the_solver_usable(self, solver: Solver) -> None:
        """After an interrupted run the next one is as good as the first."""
        mip = problem([1.0], [([1.0], 2.5, INF)], upper=9.0, integer=True)

        _interrupted(solver, hard_to_find())
        result = solve(solver, mip)

        assert result.status is LXStatus.OPTIMAL
        assert close(result.objective, 3.0)


def in_time(run: Callable[[], RawResult]) -> RawResult:
    """Return what a run with the limit `TIME_LIMIT` returns; it fails if it takes much longer."""
    return within(TIME_LIMIT + PATIENCE, run, f"A run with time_limit={TIME_LIMIT:g} goes on after that.")


def interrupted(run: Callable[[], RawResult]) -> RawResult:
    """Return what a run returns that is ended by a Ctrl-C after half a second."""
    started = time.monotonic()
    with alarm(2 * PATIENCE, "Ctrl-C did not end the run."), _ctrl_c_after(0.5):
        result = run()
    assert time.monotonic() - started < PATIENCE, "Ctrl-C did not end the run; something else did, later"
    return result


def backstop_of_interrupts(solver: Solver) -> float | None:
    """Return a time limit, where the solver has one, for runs that ignore Ctrl-C."""
    return 1.5 * PATIENCE if LXFeature.TIME_LIMIT in solver.features else None


def check_that_runs_end(solver: Solver) -> None:
    """Fail if a run ignores its time limit: were it to ignore Ctrl-C as well, nothing could end it."""
    if LXFeature.TIME_LIMIT in solver.features:
        advice = "A run ignores its time limit, so Ctrl-C is not tried: native code that ignores both never ends."
        within(0.3 + PATIENCE, lambda: solve(solver, hard_to_prove(), time_limit=0.3), advice)


def _interrupted(solver: Solver, mip: LXProblem) -> RawResult:
    check_that_runs_end(solver)
    return interrupted(lambda: solve(solver, mip, time_limit=backstop_of_interrupts(solver)))


@contextmanager
def _ctrl_c_after(seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, _ctrl_c)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        pytest.fail("KeyboardInterrupt got through: solve() must return what it has")
    finally:
        timer.cancel()
        timer.join(PATIENCE)


def _ctrl_c() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
