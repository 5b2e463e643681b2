"""Solvers in processes of their own: what native code does there is an error of one solve alone."""

from __future__ import annotations

import asyncio
import copy
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context, set_executable
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
from process_faults import Faulty

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable, LXWhatIfAnalyzer
from lumix_core.errors import LXOptionError, LXSolverError
from lumix_core.solver import LXFeature, LXLimit, LXProgress, LXStart, isolated_solver, load_solver
from lumix_core.solver.isolation import choice, process
from lumix_solvers.highs import HighsSolver

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to a limit")


def plan(size: int = 3) -> LXModel:
    """Up to ``key`` of each product, and no more than ``size`` together."""
    made = LXVariable[int, float]("made").bounds(lower=0, upper=lambda i: i).from_data(list(range(1, size + 1)))
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made)).le().rhs(size)
    profit = LXLinearExpression().add_term(made, lambda i: 1.0 + i)
    return LXModel("plan").add_variable(made).add_constraint(total).maximize(profit)


def children() -> list[psutil.Process]:
    """The processes of solvers that this one has started."""
    return [one for one in psutil.Process().children() if "isolation" in " ".join(one.cmdline())]


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(process, "GRACE", 1.0)
    yield
    assert not [one for one in children() if one.status() == psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def shared() -> LXOptimizer:
    """An optimizer whose process is used by one test after the other."""
    return LXOptimizer().use_solver(Faulty(), isolated=True)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("segfault", "crashed: its process ended with SIGSEGV"),
        ("abort", "crashed: its process ended with SIGABRT (corrupted size vs. prev_size)"),
        ("exit", "crashed: its process ended with exit status 7"),
        ("leave", "failed with SystemExit: 3"),
        ("fail", "NativeError: 1 2 made[2] total"),
        ("scribble", "broke the connection to your program (what came is no message"),
        ("keep", "could not hand back its answer: TypeError"),
        pytest.param("starve", "could not hand back its answer: OSError", marks=ON_LINUX),
    ],
)
def test_a_fault_of_native_code_is_an_error_of_one_solve(shared: LXOptimizer, fault: str, text: str) -> None:
    with pytest.raises(LXSolverError) as caught:
        shared.solve(plan(), options={"fault": fault})

    assert text in str(caught.value)
    assert shared.solve(plan()).objective_value == 12.0


def test_a_hang_is_ended_after_the_time_limit() -> None:
    optimizer = LXOptimizer().use_solver(Faulty("hang"), isolated=True, time_limit=0.1)

    with pytest.raises(LXSolverError, match=r"did not end within 1 s after its time limit of 0.1 s, so its"):
        optimizer.solve(plan())


@ON_LINUX
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("allocate", "exhausted its memory_limit of 300,000,000 bytes"),
        ("misload", "ImportError: failed to map .* It may have exhausted its memory_limit of 300,000,000 bytes"),
    ],
)
def test_exhausted_memory_is_an_error_of_one_solve(fault: str, text: str) -> None:
    optimizer = LXOptimizer().use_solver(Faulty(fault), isolated=True, memory_limit="300 MB")

    with pytest.raises(LXSolverError, match=text):
        optimizer.solve(plan())


@ON_LINUX
def test_a_memory_limit_that_is_enough_changes_nothing() -> None:
    optimizer = LXOptimizer().use_solver("highs", isolated=True, memory_limit="2 GiB")

    assert optimizer.solve(plan()).objective_value == 12.0


def test_what_native_code_writes_reaches_no_user(capfd: pytest.CaptureFixture[str]) -> None:
    solution = LXOptimizer().use_solver(Faulty("write"), isolated=True).solve(plan())

    assert solution.objective_value == 12.0
    assert capfd.readouterr() == ("", "")


def test_logs_go_where_the_user_wants_them(tmp_path: Path, capfd: Any, caplog: pytest.LogCaptureFixture) -> None:
    optimizer, path, logger = LXOptimizer().use_solver("highs", isolated=True), tmp_path / "log", logging.getLogger("x")
    caplog.set_level(logging.INFO, "x")

    for log in (True, path, logger):
        optimizer.solve(plan(), log=log)

    texts = capfd.readouterr().out, path.read_text(), caplog.text
    assert all("Model status        : Optimal" in text for text in texts)


def test_a_process_serves_one_solve_after_another_and_ends_with_its_optimizer() -> None:
    before = children()
    optimizer = LXOptimizer().use_solver("highs", isolated=True)
    for _ in range(3):
        optimizer.solve(plan())
    (started,) = [one for one in children() if one not in before]

    del optimizer

    assert not started.is_running()


def test_an_idle_process_that_somebody_killed_is_replaced() -> None:
    before = children()
    optimizer = LXOptimizer().use_solver("highs", isolated=True)
    optimizer.solve(plan())
    (started,) = [one for one in children() if one not in before]

    started.kill()
    assert _eventually(lambda: not started.is_running())

    assert optimizer.solve(plan()).objective_value == 12.0


def test_sessions_and_what_if_questions_are_isolated_too() -> None:
    optimizer, model = LXOptimizer().use_solver("highs", isolated=True), plan()
    with LXOptimizer().use_solver("highs").open(model) as own, optimizer.open(model) as session:
        for rhs in (3, 2, 2.5, 4):
            ours, others = (one.set_rhs("total", rhs).solve() for one in (own, session))
            assert (others.objective_value, others.variables["made"]) == (ours.objective_value, ours.variables["made"])
        assert others.start is LXStart.HOT
        assert repr(session.ranging()) == repr(own.ranging())
    with optimizer.open(model) as session:
        assert session.set_cost("made", 9.0, key=1).set_coefficient("total", "made", 2.0).solve().objective_value > 0

    assert LXWhatIfAnalyzer(model, optimizer).increase_constraint_rhs("total", by=1).new_objective == 15.0


def test_a_crash_in_a_session_leaves_the_session_usable() -> None:
    with LXOptimizer().use_solver(Faulty("exit"), isolated=True).open(plan()) as session:
        for _ in range(2):
            with pytest.raises(LXSolverError, match="exit status 7"):
                session.solve()


def test_a_session_whose_idle_process_somebody_killed_goes_on_in_another() -> None:
    before = children()
    with LXOptimizer().use_solver("highs", isolated=True).open(plan()) as session:
        session.solve()
        for one in children():
            if one not in before:
                one.kill()
                assert _eventually(lambda one=one: not one.is_running())

        with pytest.raises(LXSolverError, match="SIGKILL, as the system ends one where memory is short"):
            session.ranging()
        solution = session.set_rhs("total", 4).solve()

    assert (solution.objective_value, solution.start) == (15.0, LXStart.COLD)


def test_an_explanation_of_infeasibility_is_isolated_too() -> None:
    model = plan()
    model.get_constraint("total").rhs_value = -1.0

    report = LXOptimizer().use_solver("highs", isolated=True).explain_infeasibility(model)

    assert "total" in str(report)


def test_a_run_that_hangs_can_be_cancelled() -> None:
    reports: list[LXProgress] = []

    def note(progress: LXProgress) -> None:
        reports.append(progress)
        if progress.seconds > 0:
            progress.cancel()

    solution = LXOptimizer().use_solver(Faulty("hang"), isolated=True).solve(plan(), on_progress=note)

    assert solution.limit is LXLimit.CANCELLED
    assert len(reports) >= 2


@pytest.mark.skipif(os.name != "posix", reason="a signal like that of a terminal")
@pytest.mark.parametrize("fault", ["deaf", "hang"])
def test_ctrl_c_ends_a_run(fault: str) -> None:
    told: list[LXProgress] = []

    def press(progress: LXProgress) -> None:
        told.append(progress)
        if len(told) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    solution = LXOptimizer().use_solver(Faulty(fault), isolated=True).solve(plan(), on_progress=press)

    assert solution.limit is LXLimit.INTERRUPT


def test_an_event_loop_and_threads_have_processes_of_their_own() -> None:
    optimizer = LXOptimizer().use_solver("highs", isolated=True)

    async def both() -> list[float]:
        answers = await asyncio.gather(*(optimizer.solve_async(plan(size)) for size in (3, 4)))
        return [answer.objective_value for answer in answers]

    with ThreadPoolExecutor(2) as threads:
        in_threads = [one.objective_value for one in threads.map(lambda size: optimizer.solve(plan(size)), (3, 4))]

    assert asyncio.run(both()) == in_threads == [12.0, 20.0]


def _solved(optimizer: LXOptimizer, model: bytes) -> float:
    return optimizer.solve(pickle.loads(model)).objective_value


def test_a_daemonic_process_of_a_pool_starts_its_own() -> None:
    optimizer = LXOptimizer().use_solver("highs", isolated=True)
    optimizer.solve(plan())

    with get_context("forkserver").Pool(1) as pool:
        answer = pool.apply_async(_solved, (optimizer, pickle.dumps(plan()))).get(timeout=60)

    assert answer == 12.0


def test_a_copy_of_an_optimizer_is_isolated_too() -> None:
    optimizer = LXOptimizer().use_solver("highs", isolated=True)
    optimizer.solve(plan())
    before = len(children())

    assert copy.deepcopy(optimizer).solve(plan()).objective_value == 12.0
    assert len(children()) <= before + 1


SCRIPT = """
import sys
print("once", flush=True)
sys.path.insert(0, {shared!r})
from process_faults import Faulty
from lumix import LXOptimizer, LXModel, LXVariable, LXConstraint, LXLinearExpression

class Mine(Faulty):
    pass

made = LXVariable[int, float]("made").bounds(lower=0, upper=1).from_data([1])
limit = LXConstraint("limit").expression(LXLinearExpression().sum_over(made)).le().rhs(1)
model = LXModel("plan").add_variable(made).add_constraint(limit).maximize(LXLinearExpression().add_term(made))
print(LXOptimizer().use_solver(Mine(), isolated=True).solve(model).objective_value, flush=True)
LXOptimizer().use_solver(Mine("beget"), isolated=True).solve(model)
"""


@ON_LINUX
def test_a_script_needs_no_guard_and_its_solver_ends_with_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(shared=str(Path(__file__).parents[1] / "shared")))
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert [next(program.stdout), next(program.stdout)] == ["once\n", "1.0\n"]
        assert _eventually(lambda: "sleep" in [one.name() for one in _descendants(program.pid)])
        started = _descendants(program.pid)
        program.kill()

    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive


def _descendants(process: int) -> list[psutil.Process]:
    return psutil.Process(process).children(recursive=True)


def _eventually(look: Any) -> Any:
    end = time.monotonic() + 60
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return seen


def test_a_process_starts_while_the_model_is_compiled() -> None:
    before, seen = children(), list[psutil.Process]()
    optimizer, model = LXOptimizer().use_solver("highs", isolated=True), plan()

    def look(size: int) -> float:
        seen.extend(seen or _eventually(lambda: [one for one in children() if one not in before]))
        return float(size)

    model.get_constraint("total").lhs = LXLinearExpression().add_term(model.get_variable("made"), look)
    optimizer.solve(model)

    assert [one for one in children() if one not in before] == seen[:1]


class Summons:
    """Is picked up by another process, which presses Ctrl-C in this one and waits."""

    def __init__(self, process: int) -> None:
        self.process = process

    def __reduce__(self) -> Any:
        return _press_and_wait, (self.process,)


def _press_and_wait(process: int) -> None:
    os.kill(process, signal.SIGINT)
    time.sleep(60)


@pytest.mark.skipif(os.name != "posix", reason="a signal like that of a terminal")
def test_ctrl_c_while_the_process_starts_is_that_of_the_program() -> None:
    solver = Faulty()
    solver.summons = Summons(os.getpid())  # type: ignore[attr-defined]

    with pytest.raises(KeyboardInterrupt):
        LXOptimizer().use_solver(solver, isolated=True).solve(plan())


@ON_LINUX
def test_a_process_that_cannot_start_leaves_nothing_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    set_executable("/nowhere/python")
    try:
        with pytest.raises(LXSolverError, match=r"does not start: .* It is '/nowhere/python'; where that is no Python"):
            LXOptimizer().use_solver("highs", isolated=True).solve(plan())
    finally:
        set_executable(sys.executable)

    assert len(os.listdir("/proc/self/fd")) <= before


class Shy(Faulty):
    """Cannot be where the module ``acme_native`` is."""

    clashes: Mapping[str, str] = {"acme_native": "its library crashes beside it"}

    def whereabouts(self, *_: Any) -> None:
        raise ValueError(f"in process {os.getpid()}")


@pytest.mark.parametrize(("isolated", "elsewhere"), [(None, True), (False, False), (True, True)])
def test_a_library_that_clashes_with_one_that_is_loaded_gets_a_process(
    monkeypatch: pytest.MonkeyPatch, isolated: bool | None, elsewhere: bool
) -> None:
    optimizer = LXOptimizer().use_solver(Shy("whereabouts"), isolated=isolated)
    monkeypatch.setitem(sys.modules, "acme_native", sys)

    with pytest.raises(LXSolverError) as caught:
        optimizer.solve(plan())

    assert (f"in process {os.getpid()}" not in str(caught.value)) == elsewhere


def test_what_cannot_be_isolated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = Faulty()
    faulty.handle = Event()  # type: ignore[attr-defined]  # like a native environment, it belongs to this process

    with pytest.raises(LXOptionError, match="Solver 'faulty' cannot run isolated: what it was given, such as a native"):
        LXOptimizer().use_solver(faulty, isolated=True).solve(plan())
    with pytest.raises(LXOptionError, match=r"Add isolated=True, or leave memory_limit out"):
        LXOptimizer().use_solver("highs", memory_limit=10**9).solve(plan())
    with pytest.raises(LXOptionError, match="memory_limit='much' makes no sense: give a number of bytes, or a text"):
        LXOptimizer().use_solver("highs", isolated=True, memory_limit="much")
    with pytest.raises(LXOptionError, match="isolated=1 makes no sense: give True or False"):
        LXOptimizer().use_solver("highs", isolated=1)
    monkeypatch.setattr(choice, "CAN_LIMIT", False)
    with pytest.raises(LXOptionError, match="cannot be honoured"):
        LXOptimizer().use_solver("highs", isolated=True, memory_limit="1 GB").solve(plan())


@pytest.mark.parametrize("name", ["highs", "pulp"])
def test_an_isolated_solver_can_do_what_the_solver_can(name: str) -> None:
    solver = load_solver(name, {})
    twin = isolated_solver(solver)

    assert twin.features == solver.features - {LXFeature.NATIVE}
    names = ("open", "check_options", "find_conflict", "largest_semicontinuous")
    assert [hasattr(twin, one) for one in names] == [hasattr(solver, one) for one in names]
    assert LXOptimizer().use_solver(name, isolated=True).solve(plan()).objective_value == 12.0
    assert repr(twin) == f"<{solver!r}, isolated>"


def test_highs_has_no_clash_but_that_of_an_old_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumix_solvers.highs.version", lambda _: "1.15.1")

    assert list(HighsSolver().clashes) == ["ortools"]
