"""Runs in a process of its own: what they answer and report is what runs in this process do, and they can be ended."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

import cloudpickle
import numpy as np
import pytest

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.isolation import isolated_solver, process
from lumix_core.solver.live import Live
from lumix_core.solver.solver import LXFeature, RawProgress, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread, on_main_thread, within
from lumix_core.testing.solvers import statuses
from lumix_core.testing.solvers.footprint import holding
from lumix_core.testing.solvers.options import logger_of
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import is_feasible
from lumix_core.testing.solvers.statuses import backstop_of_interrupts, interrupted

SOON = 0.4
"""Seconds after which a run is cancelled that reports nothing."""
GRACE = 2.0
"""Seconds that a solver gets to heed Ctrl-C, before its process is killed."""
TWINS = pytest.StashKey[dict[bytes, Solver]]()
"""Where a class of tests keeps isolated solvers, by what they were pickled as."""


class _Isolated(Kit):
    @pytest.fixture
    def twin(self, solver: Solver, request: pytest.FixtureRequest) -> Solver:
        """Return the solver, with its runs in a process of their own that the tests of a class share."""
        tests = request.node.getparent(pytest.Class)
        twins = tests.stash.setdefault(TWINS, {})
        settings = cloudpickle.dumps(solver)
        if settings not in twins:
            twins[settings] = isolated_solver(solver)
            tests.addfinalizer(twins.clear)
        twin: Solver = twins[settings]
        return twin


class Isolated(_Isolated, limited=in_thread):
    """What must be as it is in this process."""

    def test_can_be_sent_to_another_process(self, solver: Solver) -> None:
        """What it is given can be pickled, and so can it be named where its runs are in another process."""
        isolated_solver(solver)
        sent = cloudpickle.loads(cloudpickle.dumps(solver))

        assert type(sent) is type(solver)
        assert sent.name == solver.name
        assert sent.features == solver.features

    @pytest.mark.parametrize("kind", ["linear", "integer", "infeasible"])
    def test_isolated_answer_is_that_of_a_run_here(self, solver: Solver, twin: Solver, kind: str) -> None:
        """Status, point, objective, duals and details are those of a run in this process."""
        lp = _problem_of(kind, solver)

        here, again, there = (one.solve(lp, SolverOptions()) for one in (solver, solver, twin))

        assert (there.status, there.raw_status, there.limit) == (here.status, here.raw_status, here.limit)
        for name in ("x", "duals", "reduced_costs", "objective", "best_bound"):
            np.testing.assert_array_equal(getattr(there, name), getattr(here, name), name)
        assert _settled(there, here, again) == _settled(here, here, again)

    @needs(LXFeature.LOG)
    def test_isolated_log_comes_over(self, solver: Solver, twin: Solver, capfd: pytest.CaptureFixture[str]) -> None:
        """The log of a run goes where the user wants it, and what else is written there is seen by nobody."""
        logger, kept = logger_of()

        solve(twin, _problem_of("integer", solver), log=logger)

        assert any(record.getMessage().strip() for record in kept.records)
        assert capfd.readouterr() == ("", "")

    def test_isolated_problem_stays_open(self, solver: Solver, twin: Solver) -> None:
        """A problem that is changed and solved again is, each time, what it is in this process; so are its ranges."""
        given = _problem_of("linear", solver)
        changed = replace(given, upper=np.minimum(given.upper, 1.0))

        with closing(Live(solver, SolverOptions())) as here, closing(Live(twin, SolverOptions())) as there:
            for lp in (given, changed, given):
                (own, *own_start), (other, *other_start) = here.solve(lp), there.solve(lp)

                assert (other.status, *other_start) == (own.status, *own_start)
                np.testing.assert_array_equal(other.x, own.x)
            assert repr(there.ranging()) == repr(here.ranging())

    @needs(LXFeature.INTEGER, LXFeature.CANCEL)
    def test_isolated_run_can_be_cancelled(self, solver: Solver, twin: Solver) -> None:
        """Another thread ends a run; what the solver reports until then comes over too, and so does its incumbent."""
        mip, cancelled, reports = hard_to_prove(), threading.Event(), list[RawProgress]()

        def note(report: RawProgress) -> None:
            reports.append(report)
            if report.incumbent is not None:
                cancelled.set()

        tells = LXFeature.PROGRESS in solver.features
        result = _cancelled(twin, mip, cancelled, **({"progress": note} if tells else {}))

        assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.CANCELLED)
        assert result.x is not None
        assert is_feasible(mip, result.x)
        assert not tells or reports[-1].incumbent is not None, "no report of an incumbent came over"

    def test_isolated_runs_leave_nothing_behind(self, solver: Solver, twin: Solver) -> None:
        """Neither files, threads nor processes become more with each run."""
        lp = _problem_of("integer", solver)
        twin.solve(lp, SolverOptions())
        before = holding()

        for _ in range(3):
            twin.solve(lp, SolverOptions())

        assert holding().is_within(before), "isolated runs leave open files, threads or processes behind"


class IsolatedInterrupts(_Isolated, limited=on_main_thread):
    """Ctrl-C, while the run is in another process."""

    @needs(LXFeature.INTEGER)
    def test_ctrl_c_ends_an_isolated_run(self, solver: Solver, twin: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
        """The run ends, also where the solver does not heed Ctrl-C, the result says so, and its process is gone."""
        monkeypatch.setattr(process, "GRACE", GRACE)
        solve(twin, _problem_of("integer", solver))
        before = holding()

        result = interrupted(lambda: solve(twin, hard_to_find(), time_limit=backstop_of_interrupts(solver)))

        assert (result.status, result.limit) == (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT)
        without = before._replace(children=max(before.children - 1, 0))
        assert holding().is_within(without), "the process of an interrupted run is still there"


def _problem_of(kind: str, solver: Solver) -> LXProblem:
    """Return a problem that the solver can handle, of this kind if it can be."""
    sides = {"infeasible": (10.0, INF)}.get(kind, (2.5, INF))
    if kind == "linear" and LXFeature.DUALS in solver.features:
        return planted(3).problem
    whole = LXFeature.INTEGER in solver.features
    return problem([1.0, 2.0], [([3.0, 5.0], 7.0, INF), ([1.0, 0.0], *sides)], upper=9.0, integer=whole)


def _settled(result: RawResult, first: RawResult, second: RawResult) -> dict[str, Any]:
    """Return the details in which two other runs agree; real numbers, which may be seconds, are left out."""
    agreed = {name for name, value in first.details.items() if second.details.get(name) == value}
    floats = {name for name, value in first.details.items() if isinstance(value, float)}
    return {name: value for name, value in result.details.items() if name in agreed - floats}


def _cancelled(solver: Solver, mip: LXProblem, cancelled: threading.Event, **options: Any) -> RawResult:
    """Return what a run returns that is cancelled; soon, where no ``progress`` does it."""
    timer = threading.Timer(SOON, cancelled.set)
    if "progress" not in options:
        timer.start()
    try:
        run = lambda: solve(solver, mip, cancelled=cancelled, **options)  # noqa: E731
        return within(SOON + statuses.PATIENCE, run, "A cancelled run goes on.")
    finally:
        timer.cancel()
