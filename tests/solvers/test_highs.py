"""HiGHS: the conformance kit, and what is its own."""

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import lumix_solvers.highs_run
from lumix_core.errors import LXOptionError
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import is_feasible
from lumix_solvers import interrupts
from lumix_solvers.highs import HighsSolver
from lumix_solvers.highs_run import STATUSES


class TestHighs(SolverConformance):
    @pytest.fixture
    def solver(self):
        return HighsSolver()


@pytest.fixture
def solver():
    return HighsSolver()


@pytest.fixture
def small():
    return problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], maximize=True, offset=10.0)


def test_table_names_statuses_that_highs_has():
    import highspy

    assert set(STATUSES) <= set(highspy.HighsModelStatus.__members__)


def test_asking_whether_it_is_available_imports_nothing_native():
    code = (
        "import sys; from lumix_solvers.highs import HighsSolver as S; "
        "print(S().is_available(), 'highspy' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout

    assert said.split() == ["True", "False"]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("threads", True, "it takes a whole number"),
        ("threads", 2.5, "it takes a whole number"),
        ("presolve", False, "it takes a text"),
        ("mip_detect_symmetry", 1, "it takes True or False"),
        ("time_limit", "soon", "it takes a number"),
    ],
)
def test_native_option_of_another_type_is_refused(solver, small, name, value, reason):
    with pytest.raises(LXOptionError) as refusal:
        solve(solver, small, options={name: value})

    assert str(refusal.value).startswith(
        f"Solver 'highs' refuses {value!r} for its option {name!r} (given in options={{...}}): {reason}."
    )


@pytest.mark.parametrize(("name", "value"), [("threads", -3), ("presolve", "sometimes"), ("time_limit", -1.0)])
def test_native_value_that_highs_refuses_is_refused_with_its_reason(solver, small, name, value):
    with pytest.raises(LXOptionError) as refusal:
        solve(solver, small, options={name: value})

    ours, reason = str(refusal.value).split(" (given in options={...}): ")
    assert ours == f"Solver 'highs' refuses {value!r} for its option {name!r}"
    assert str(value).removesuffix(".0") in reason, "HiGHS's own words, whatever they are, name the value"


def test_unknown_native_option_is_refused_with_those_there_are(solver, small):
    with pytest.raises(LXOptionError) as refusal:
        solve(solver, small, options={"preslove": "off"})

    assert str(refusal.value).startswith("Solver 'highs' has no option 'preslove' (given in options={...}).")
    assert "It knows 'allow_unbounded_or_infeasible', " in str(refusal.value)
    assert "Correct the name or leave it out." in str(refusal.value)


def test_refusing_an_option_prints_nothing(solver, small, capfd):
    for options in ({"preslove": "off"}, {"presolve": "sometimes"}):
        with pytest.raises(LXOptionError):
            solve(solver, small, options=options)

    assert capfd.readouterr() == ("", "")


def test_common_option_that_highs_refuses_is_named_as_the_user_gave_it(solver, small):
    with pytest.raises(LXOptionError, match=r"Solver 'highs' refuses seed=-1: .* Give a value that it allows\."):
        solver.solve(small, SolverOptions(seed=-1))


def test_native_options_are_heard(solver, small):
    result = solve(solver, small, options={"simplex_iteration_limit": np.int64(0), "presolve": "off"})

    assert result.limit is LXLimit.ITERATION


def test_native_option_wins_over_the_common_one(solver):
    result = solve(solver, hard_to_find(), time_limit=600.0, options={"time_limit": 0.2})

    assert result.limit is LXLimit.TIME


def test_native_log_file_is_written(solver, small, tmp_path, capfd):
    solve(solver, small, options={"log_file": str(tmp_path / "native.log")})

    assert (tmp_path / "native.log").read_text() != ""
    assert capfd.readouterr() == ("", "")


def test_node_limit_is_told_from_the_limits_on_solutions(solver):
    nodes = solve(solver, hard_to_prove(), options={"mip_max_nodes": 1})
    solutions = solve(solver, hard_to_prove(), options={"mip_max_improving_sols": 1})

    assert (nodes.limit, solutions.limit) == (LXLimit.NODE, LXLimit.SOLUTION)


def test_objective_limit(solver):
    result = solve(solver, hard_to_prove(), options={"objective_target": 1000.0})

    assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.OBJECTIVE)


def test_best_bound_of_a_maximisation_contains_the_constant(solver):
    result = solve(solver, hard_to_prove(maximize=True, offset=50.0), time_limit=0.3)

    assert result.objective < result.best_bound <= 50.0


def test_small_coefficients_are_kept(solver):
    asked = problem([1.0], [([1e-10], 1.0, INF)])

    result = solve(solver, asked)

    np.testing.assert_allclose(result.x, [1e10])


def test_claim_about_a_problem_that_highs_has_changed_is_an_error(solver):
    asked = problem([1.0], [([1e-13], 1.0, INF)])

    result = solve(solver, asked)

    assert result.status is LXStatus.ERROR
    assert ", but of a changed model: " in result.raw_status
    assert "1e-13" in result.raw_status


def test_noise_that_highs_drops_does_no_harm(solver):
    asked = problem([1.0, 1.0], [([1.0, 1e-17], 1.0, INF)], upper=5.0)

    result = solve(solver, asked)

    assert result.status is LXStatus.OPTIMAL


def test_problem_that_highs_does_not_take_is_an_error_in_its_words(solver):
    asked = problem([1.0], [([1e16], 1.0, INF)])

    result = solve(solver, asked)

    assert result.status is LXStatus.ERROR
    assert result.raw_status.startswith("Model refused: ")
    assert "1e+16" in result.raw_status


def left_by(call):
    gc.collect()
    call()
    return gc.collect()


def test_runs_leave_no_memory_behind(solver, small):
    solve(solver, small)
    gc.disable()
    try:
        left = [left_by(lambda: solve(solver, small)) for _ in range(5)]
    finally:
        gc.enable()

    assert min(left) == 0, "threads of other tests may leave something now and then, a run would do so each time"


def test_runs_leave_no_threads_behind(solver, small):
    before = threading.active_count()

    for threads in (1, 2, 3):
        solve(solver, small, threads=threads)

    assert threading.active_count() <= before


def test_failing_logger_ends_the_run_and_is_named(solver):
    logger = logging.Logger("failing")
    logger.addFilter(lambda record: 1 / 0)

    started = time.monotonic()
    with pytest.raises(LXOptionError, match=r"logger .failing.: ZeroDivisionError"):
        solver.solve(hard_to_find(), SolverOptions(log=logger, time_limit=30.0))

    assert time.monotonic() - started < 5.0


def test_run_that_does_not_heed_ctrl_c_is_left_behind_with_its_incumbent(solver, monkeypatch):
    monkeypatch.setattr(interrupts, "GRACE", 0.2)
    monkeypatch.setattr(lumix_solvers.highs_run, "interrupt", lambda highs: None)
    asked = hard_to_prove()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()

    result = solve(solver, asked, time_limit=1.5)

    assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.INTERRUPT)
    assert is_feasible(asked, result.x)


def test_alarm_of_the_users_own_ends_the_run(solver):
    class AlarmError(Exception):
        pass

    def ring(number, frame):
        raise AlarmError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        started = time.monotonic()
        with pytest.raises(AlarmError):
            solver.solve(hard_to_find(), SolverOptions(time_limit=30.0))
    finally:
        signal.signal(signal.SIGALRM, before)

    assert time.monotonic() - started < 3.0


def test_ctrl_c_prints_nothing(tmp_path):
    code = (
        "import os, signal, threading\n"
        "from lumix_core.testing.kit import solve\n"
        "from lumix_core.testing.solvers.problems import hard_to_find\n"
        "from lumix_solvers.highs import HighsSolver\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "assert solve(HighsSolver(), hard_to_find(), time_limit=30.0).limit == 'interrupt'\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_threads_at_once_may_have_different_numbers_of_threads(solver):
    given = [planted(seed, rows=60, columns=50) for seed in range(6)]
    results = {}

    def run(k):
        results[k] = solve(solver, given[k].problem, threads=1 + k % 3)

    runs = [threading.Thread(target=run, args=(k,)) for k in range(6)]
    for one in runs:
        one.start()
    for one in runs:
        one.join(60)

    assert [results[k].status for k in range(6)] == [LXStatus.OPTIMAL] * 6
