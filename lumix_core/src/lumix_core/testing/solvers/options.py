"""Every option is honoured or refused, and a solver prints nothing without an option for it."""

from __future__ import annotations

import ctypes
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lumix_core.errors import LXOptionError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, Solver
from lumix_core.solver.status import LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread, within
from lumix_core.testing.solvers.footprint import holding
from lumix_core.testing.solvers.problems import INF, hard_to_prove, knapsacks, planted, problem, random_integers
from lumix_core.testing.solvers.proofs import assert_reaches, best_integer_point, close

HARMLESS: dict[str, Any] = {
    "time_limit": 60.0,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "threads": 1,
    "seed": 1,
    "log": logging.Logger("lumix_core.testing"),
}
"""The common options, with values that change no answer."""

BACKSTOP = 15.0
"""Seconds after which a run that should have stopped at its gap is given up."""


class Options(Kit, limited=in_thread):
    """The common options and the native ones."""

    @pytest.mark.parametrize("name", HARMLESS)
    def test_option_is_honoured_or_refused(self, solver: Solver, name: str) -> None:
        """An option is accepted where it is a feature; else the refusal names it."""
        lp, optimum = _sample(solver)

        if LXFeature(name) in solver.features:
            result = within(BACKSTOP, lambda: solve(solver, lp, **{name: HARMLESS[name]}), f"A run with {name}= hangs.")
            assert_reaches(result, lp, optimum)
        else:
            with pytest.raises(LXOptionError, match=name):
                solve(solver, lp, **{name: HARMLESS[name]})

    @needs(LXFeature.INTEGER, LXFeature.MIP_REL_GAP)
    def test_relative_gap_ends_a_run(self, solver: Solver) -> None:
        """A run may stop as soon as the gap, relative to the whole objective, is as small as the option says."""
        mip = hard_to_prove(offset=1000.0)

        result = solve(solver, mip, mip_rel_gap=0.4, **backstop(solver))

        assert result.status is LXStatus.OPTIMAL
        assert result.objective is not None
        assert result.objective - 1000.0 <= 0.4 * result.objective
        assert result.best_bound is None or result.objective - result.best_bound <= 0.4 * result.objective + 1e-6

    @needs(LXFeature.INTEGER, LXFeature.MIP_ABS_GAP)
    def test_absolute_gap_ends_a_run(self, solver: Solver) -> None:
        """A run may stop as soon as the difference of incumbent and bound is as small as the option says."""
        mip = hard_to_prove(maximize=True)

        result = solve(solver, mip, mip_abs_gap=90.0, **backstop(solver))

        assert result.status is LXStatus.OPTIMAL
        assert result.objective is not None
        assert -90.0 <= result.objective <= 0.0
        assert result.best_bound is None or result.best_bound - result.objective <= 90.0 + 1e-6

    @needs(LXFeature.INTEGER, LXFeature.MIP_REL_GAP)
    def test_gap_of_zero_finds_the_optimum(self, solver: Solver) -> None:
        """With a gap of 0 the answer is the optimum itself, however large the constant beside it."""
        mip = knapsacks(offset=1e6)

        result = solve(solver, mip, mip_rel_gap=0.0)

        assert close(result.objective, best_integer_point(mip), 1e-9)

    @needs(LXFeature.THREADS)
    def test_number_of_threads_may_change(self, solver: Solver) -> None:
        """Each run has its own number of threads; the answer is the same."""
        lp, optimum = _sample(solver)

        results = [solve(solver, lp, threads=threads) for threads in (1, 2, 1)]

        for result in results:
            assert_reaches(result, lp, optimum)

    @needs(LXFeature.SEED)
    @pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
    def test_seed_repeats_a_run(self, solver: Solver, seed: int) -> None:
        """Two runs with one seed give the same point."""
        lp, optimum = _sample(solver)

        first, second = (solve(solver, lp, seed=seed) for _ in range(2))

        assert_reaches(first, lp, optimum)
        np.testing.assert_array_equal(first.x, second.x)

    @needs(LXFeature.INTEGER, LXFeature.MIP_REL_GAP)
    def test_options_hold_for_one_run(self, solver: Solver) -> None:
        """A wide gap of one run is not that of the next one, nor of one before it."""
        mip = knapsacks(offset=0.0)
        optimum = best_integer_point(mip)

        for gap in (0.0, 0.9, None):
            result = solve(solver, mip, mip_rel_gap=gap)

            assert gap == 0.9 or close(result.objective, optimum, 1e-3)

    def test_unknown_native_option_is_refused(self, solver: Solver) -> None:
        """A native option that the solver does not know is an error that names it."""
        lp, _ = _sample(solver)

        with pytest.raises(LXOptionError, match="no_such_option"):
            solve(solver, lp, options={"no_such_option": 1})


class Silence(Kit, limited=in_thread):
    """What is written, and where."""

    @pytest.mark.parametrize("kind", ["optimal", "infeasible", "unbounded", "integer"])
    def test_silent_by_default(self, solver: Solver, capfd: pytest.CaptureFixture[str], kind: str) -> None:
        """Nothing is written to standard output or error, not even by native code."""
        mip = {
            "optimal": planted(1).problem,
            "infeasible": problem([1.0], [([1.0], 3.0, INF)], upper=2.0),
            "unbounded": problem([-1.0], [([1.0], 1.0, INF)]),
            "integer": _sample(solver)[0],
        }[kind]

        solve(solver, mip)

        assert written(capfd) == ""

    @needs(LXFeature.LOG)
    def test_log_on_standard_output(self, solver: Solver, capfd: pytest.CaptureFixture[str]) -> None:
        """With ``log=True`` the solver's log is on standard output."""
        lp, _ = _sample(solver)

        solve(solver, lp, log=True)

        assert written(capfd).strip()

    @needs(LXFeature.LOG)
    def test_log_in_a_file(self, solver: Solver, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """With a path the log is in that file, and nowhere else."""
        lp, _ = _sample(solver)

        solve(solver, lp, log=tmp_path / "solver.log")

        assert (tmp_path / "solver.log").read_text(encoding="utf-8").strip()
        assert written(capfd) == ""

    @needs(LXFeature.LOG)
    def test_log_is_appended_to_a_file(self, solver: Solver, tmp_path: Path) -> None:
        """What was in the file stays there, be it of the user or of an earlier run."""
        lp, path = _sample(solver)[0], tmp_path / "solver.log"
        path.write_text("written before\n", encoding="utf-8")
        texts = ["written before\n"]

        for _ in range(2):
            solve(solver, lp, log=path)
            texts.append(path.read_text(encoding="utf-8"))

            assert texts[-1].startswith(texts[-2]), "a file is appended to (SolverOptions.log); what was in it is gone"
            assert len(texts[-1]) > len(texts[-2])

    @needs(LXFeature.LOG)
    def test_log_file_is_closed(self, solver: Solver, tmp_path: Path) -> None:
        """After the runs no file is open that was not open before."""
        lp, path = _sample(solver)[0], tmp_path / "solver.log"
        solve(solver, lp, log=path)
        before = holding()

        for _ in range(3):
            solve(solver, lp, log=path)

        assert holding().is_within(before), "a run leaves open files or threads behind"

    @needs(LXFeature.LOG)
    def test_log_to_a_logger(self, solver: Solver, capfd: pytest.CaptureFixture[str]) -> None:
        """With a logger every line of the log is a message at level INFO, and is nowhere else."""
        lp, _ = _sample(solver)
        logger, kept = logger_of()

        solve(solver, lp, log=logger)

        assert any(record.getMessage().strip() for record in kept.records)
        assert {record.levelno for record in kept.records} == {logging.INFO}
        assert not any("\n" in record.getMessage() for record in kept.records)
        assert written(capfd) == ""

    def test_silent_after_a_run_with_a_log(self, solver: Solver, capfd: pytest.CaptureFixture[str]) -> None:
        """A log belongs to one run, not to later ones."""
        lp, _ = _sample(solver)
        if LXFeature.LOG in solver.features:
            solve(solver, lp, log=True)
        written(capfd)

        solve(solver, lp)

        assert written(capfd) == ""


def _sample(solver: Solver) -> tuple[LXProblem, float]:
    """Return a problem that the solver can handle, and its optimum."""
    if LXFeature.INTEGER in solver.features:
        mip = random_integers(5, maximize=True)
        return mip, best_integer_point(mip)
    given = planted(5, maximize=True)
    return given.problem, given.optimum


def backstop(solver: Solver) -> dict[str, float]:
    """Return a time limit, where the solver has one, for runs that ignore their gap."""
    return {"time_limit": BACKSTOP} if LXFeature.TIME_LIMIT in solver.features else {}


def written(capfd: pytest.CaptureFixture[str]) -> str:
    """Return what was written to both streams, also what the C library still holds back."""
    if sys.platform != "win32":
        ctypes.CDLL(None).fflush(None)
    captured = capfd.readouterr()
    return captured.out + captured.err


def logger_of() -> tuple[logging.Logger, Kept]:
    """Return a logger, and what keeps its records."""
    logger, kept = logging.Logger("lumix_core.testing"), Kept()
    logger.addHandler(kept)
    return logger, kept


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
