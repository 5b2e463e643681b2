"""What holds for runs of an open problem as for any other: options, limits, Ctrl-C, silence; and that it is closed.

Solvers that keep no problem open pass the same tests: the core solves every change from scratch for them.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from lumix_core.errors import LXOptionError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.live import Live
from lumix_core.solver.solver import LiveSolver, LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.kit import Kit, needs
from lumix_core.testing.limits import in_thread, on_main_thread
from lumix_core.testing.solvers import footprint
from lumix_core.testing.solvers import statuses as runs
from lumix_core.testing.solvers.options import backstop, logger_of, written
from lumix_core.testing.solvers.problems import INF, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import is_feasible

FORGOTTEN = "the options of open() hold for all runs of the problem; this one was forgotten or refused"


class LiveOptions(Kit, limited=in_thread):
    """Options of open problems, each honoured as `Solver.solve` honours it."""

    @needs(LXFeature.LOG)
    def test_live_runs_log_to_a_logger(self, solver: Solver, capfd: pytest.CaptureFixture[str]) -> None:
        """Each run writes to the logger that was given when the problem was opened, and nowhere else."""
        lp = planted(1).problem
        logger, kept = logger_of()
        written(capfd)

        with closing(Live(solver, SolverOptions(log=logger))) as live:
            live.solve(lp)
            first = len(kept.records)
            live.solve(replace(lp, objective=lp.objective + 0.5))

        assert first, FORGOTTEN
        assert len(kept.records) > first, FORGOTTEN
        assert {record.levelno for record in kept.records} == {logging.INFO}
        assert written(capfd) == ""

    @needs(LXFeature.LOG)
    def test_live_runs_append_to_a_log(self, solver: Solver, tmp_path: Path) -> None:
        """What was in the file stays there, and each run adds to it."""
        lp, path = planted(1).problem, tmp_path / "solver.log"
        path.write_text("written before\n", encoding="utf-8")

        with closing(Live(solver, SolverOptions(log=path))) as live:
            live.solve(lp)

        text = path.read_text(encoding="utf-8")
        assert text.startswith("written before\n"), "a file is appended to (SolverOptions.log)"
        assert len(text) > len("written before\n"), FORGOTTEN

    def test_live_runs_are_silent_by_default(self, solver: Solver, capfd: pytest.CaptureFixture[str]) -> None:
        """Nothing is written to standard output or error, whatever is changed."""
        lp = planted(1).problem
        written(capfd)

        with closing(Live(solver, SolverOptions())) as live:
            live.solve(lp)
            live.solve(replace(lp, objective=lp.objective + 0.5))
            live.solve(replace(lp, row_lower=lp.row_lower - 1.0))

        assert written(capfd) == ""

    def test_live_runs_refuse_an_unknown_native_option(self, solver: Solver) -> None:
        """It is named, as by a single run; none is ignored."""
        with (
            closing(Live(solver, SolverOptions(options={"no_such_option": 1}))) as live,
            pytest.raises(LXOptionError, match="no_such_option"),
        ):
            live.solve(planted(1).problem)

    @needs(LXFeature.INTEGER, LXFeature.MIP_ABS_GAP)
    def test_live_runs_end_at_their_gap(self, solver: Solver) -> None:
        """The gap of an open problem ends each of its runs."""
        mip = hard_to_prove(maximize=True)
        _check_that_options_arrive(solver)

        with closing(
            Live(solver, SolverOptions(mip_abs_gap=90.0, time_limit=backstop(solver).get("time_limit")))
        ) as live:
            for step in (mip, replace(mip, offset=1.0)):
                result, _, _ = live.solve(step)

                assert result.status is LXStatus.OPTIMAL, FORGOTTEN

    @needs(LXFeature.INTEGER, LXFeature.TIME_LIMIT)
    def test_time_limit_ends_live_runs(self, solver: Solver) -> None:
        """The time limit of an open problem ends each of its runs, with what was found."""
        mip = hard_to_prove()
        _check_that_options_arrive(solver)

        with closing(Live(solver, SolverOptions(time_limit=runs.TIME_LIMIT))) as live:
            for step in (mip, replace(mip, offset=1.0)):
                result = runs.in_time(partial(_solved, live, step))

                _assert_ended(result, LXLimit.TIME)
                assert result.x is None or is_feasible(step, result.x)
            nothing_taken = replace(mip, upper=np.where(mip.integer, 0.0, mip.upper))
            easy, _, _ = live.solve(nothing_taken)

        assert easy.status is LXStatus.OPTIMAL, "the time limit counts anew for each run of an open problem"

    def test_live_runs_leave_the_problem_as_it_was(self, solver: Solver) -> None:
        """The arrays are the same after runs and changes, and still read-only."""
        lp = planted(2).problem
        moved = replace(lp, objective=lp.objective + 0.5, row_lower=lp.row_lower - 1.0)
        before = [{name: array.tobytes() for name, array in one.arrays().items()} for one in (lp, moved)]

        with closing(Live(solver, SolverOptions())) as live:
            for step in (lp, moved, lp):
                live.solve(step)

        assert [{name: array.tobytes() for name, array in one.arrays().items()} for one in (lp, moved)] == before

    def test_closed_runs_hold_nothing(self, solver: Solver) -> None:
        """After ``close()`` nothing is left of an open problem: no memory, thread, file or process."""
        if not isinstance(solver, LiveSolver):
            return
        lp = planted(11, rows=120, columns=120, per_row=4).problem

        def opened() -> None:
            with closing(solver.open(lp, SolverOptions())) as run:
                run.solve()

        opened()
        before = footprint.holding()
        assert not footprint.grows(opened), (
            "LiveRun.close() must let the solver go: each closed run leaves memory behind"
        )
        assert footprint.holding().is_within(before), "LiveRun.close() must let the solver go: files or threads stay"


class LiveInterrupts(Kit, limited=on_main_thread):
    """Ctrl-C, which reaches the main thread only."""

    @needs(LXFeature.INTEGER)
    def test_ctrl_c_ends_a_live_run(self, solver: Solver) -> None:
        """``KeyboardInterrupt`` ends a run of an open problem too, and the next one is as good as the first."""
        mip = hard_to_prove()
        small = problem([1.0], [([1.0], 2.5, INF)], upper=9.0, integer=True)
        runs.check_that_runs_end(solver)
        _check_that_options_arrive(solver)

        with closing(Live(solver, SolverOptions(time_limit=runs.backstop_of_interrupts(solver)))) as live:
            result = runs.interrupted(lambda: live.solve(mip)[0])
            after, _, _ = live.solve(small)

        _assert_ended(result, LXLimit.INTERRUPT)
        assert after.status is LXStatus.OPTIMAL
        assert after.x is not None
        assert after.x.tolist() == [3.0]


def _check_that_options_arrive(solver: Solver) -> None:
    """Fail where `open` forgets all options: then no limit would end the run that comes next."""
    with closing(Live(solver, SolverOptions(options={"no_such_option": 1}))) as live:
        try:
            live.solve(planted(1).problem)
        except LXOptionError:
            return
    pytest.fail(f"open() ignores options={{'no_such_option': 1}}: {FORGOTTEN}")


def _solved(live: Live, problem: LXProblem) -> RawResult:
    result, _, _ = live.solve(problem)
    return result


def _assert_ended(result: RawResult, limit: LXLimit) -> None:
    assert result.limit is limit, FORGOTTEN
    assert result.status in (LXStatus.FEASIBLE, LXStatus.NO_SOLUTION)
    assert result.status.has_point == (result.x is not None)
