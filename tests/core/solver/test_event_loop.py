"""Solves that an event loop of asyncio waits for: it goes on, and a task that is cancelled takes its solve along."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hidden_plan import OFFSET, hidden_plan
from solver_faults import Fake
from solving_threads import SolvingThreads

from lumix_core import LXConstraint, LXLimit, LXLinearExpression, LXModel, LXOptimizer, LXProgress, LXStatus, LXVariable
from lumix_core.errors import LXModelError, LXOptionError
from lumix_core.solver import event_loop
from lumix_core.solver.solver import LXFeature
from lumix_core.testing.solvers.footprint import holding
from tests.core.solver.solved_models import Without

SOLVERS = pytest.mark.parametrize("solver", ["highs", "pulp"])


def batch(size: int) -> LXModel:
    """At least so many things, each of which costs 1."""
    things = LXVariable[int, int]("things").bounds(lower=0).from_data([1, 2])
    enough = LXConstraint[None]("enough").expression(LXLinearExpression().sum_over(things)).ge().rhs(size)
    model = LXModel(f"batch of {size}").add_variable(things).add_constraint(enough)
    return model.minimize(LXLinearExpression().sum_over(things))


async def begun(task: asyncio.Task[Any], threads: SolvingThreads) -> None:
    """Wait until a task's solve has a thread."""
    async with asyncio.timeout(20):
        while not threads.names and not task.done():
            await asyncio.sleep(0.01)


@pytest.fixture
def threads() -> SolvingThreads:
    return SolvingThreads()


class TestAnswers:
    @SOLVERS
    def test_the_answer_is_that_of_solve(self, solver: str, threads: SolvingThreads) -> None:
        model, optimum = hidden_plan()
        optimizer = LXOptimizer().use_solver(solver)

        solution = asyncio.run(optimizer.solve_async(model, start=optimum, time_limit=60))

        assert solution.objective_value == optimizer.solve(model, start=optimum).objective_value == OFFSET
        assert solution.start_point == "accepted"
        assert threads.names == []

    def test_many_at_once(self) -> None:
        async def program() -> list[float]:
            optimizer = LXOptimizer()
            solutions = await asyncio.gather(*(optimizer.solve_async(batch(size)) for size in range(1, 13)))
            return [solution.objective_value for solution in solutions]

        assert asyncio.run(program()) == list(range(1, 13))

    def test_one_model_many_times_at_once(self) -> None:
        model, optimum = hidden_plan()

        async def program() -> set[float]:
            solves = (LXOptimizer().solve_async(model, start=optimum) for _ in range(8))
            return {solution.objective_value for solution in await asyncio.gather(*solves)}

        assert asyncio.run(program()) == {OFFSET}

    def test_relaxed_and_fixed(self) -> None:
        optimizer = LXOptimizer()

        async def program() -> list[str]:
            best = await optimizer.solve_async(batch(3))
            fixed = await optimizer.solve_async(batch(3), fix=best)
            relaxed = await optimizer.solve_async(batch(3), relax=True)
            return [solution.integrality for solution in (best, fixed, relaxed)]

        assert asyncio.run(program()) == ["kept", "fixed", "relaxed"]

    def test_functions_run_in_the_context_of_the_task(self) -> None:
        tenant: contextvars.ContextVar[float] = contextvars.ContextVar("tenant")

        def bound(row: int) -> float:
            return float(f"{tenant.get()}")

        variable = LXVariable[int, float]("x").bounds(upper=bound).from_data([1])
        model = LXModel("m").add_variable(variable).maximize(LXLinearExpression().sum_over(variable))

        async def program() -> float:
            tenant.set(4.0)
            return (await LXOptimizer().solve_async(model)).objective_value

        assert asyncio.run(program()) == 4.0


class TestTheLoopGoesOn:
    @SOLVERS
    def test_other_tasks_run_meanwhile(self, solver: str) -> None:
        async def program() -> int:
            task = asyncio.create_task(LXOptimizer().use_solver(solver).solve_async(hidden_plan()[0]))
            turns = 0
            while turns < 100 and not task.done():
                await asyncio.sleep(0.001)
                turns += 1
            task.cancel()
            await asyncio.wait([task], timeout=20)
            return turns

        assert asyncio.run(program()) == 100

    def test_progress_is_told_in_the_event_loop(self) -> None:
        async def program() -> tuple[set[int], LXLimit | None]:
            found = asyncio.Event()
            threads: set[int] = set()
            newest: list[LXProgress] = []

            def look(progress: LXProgress) -> None:
                threads.add(threading.get_ident())
                newest[:] = [progress]
                if progress.incumbent is not None:
                    found.set()

            task = asyncio.create_task(LXOptimizer().solve_async(hidden_plan()[0], on_progress=look, time_limit=60))
            async with asyncio.timeout(20):
                while not found.is_set():
                    await asyncio.sleep(0.01)
            newest[0].cancel()
            return threads, (await task).limit

        assert asyncio.run(program()) == ({threading.get_ident()}, LXLimit.CANCELLED)

    def test_an_error_of_on_progress_ends_the_run_and_is_raised(self) -> None:
        def fail(progress: LXProgress) -> None:
            raise ZeroDivisionError("of the user")

        with pytest.raises(ZeroDivisionError, match="of the user"):
            asyncio.run(LXOptimizer().solve_async(hidden_plan()[0], on_progress=fail, time_limit=60))
        with pytest.raises(ZeroDivisionError, match="of the user"):
            asyncio.run(LXOptimizer().solve_async(batch(3), on_progress=fail))


class TestCancelledTasks:
    @SOLVERS
    def test_solver_and_thread_end_with_the_task(self, solver: str, threads: SolvingThreads) -> None:
        before = holding()

        async def program() -> list[str]:
            task = asyncio.create_task(LXOptimizer().use_solver(solver).solve_async(hidden_plan()[0]))
            await begun(task, threads)
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return threads.names

        assert asyncio.run(program()) == []
        assert holding().children <= before.children
        assert holding().threads <= before.threads

    def test_a_task_that_is_cancelled_twice_waits_for_its_thread_all_the_same(self) -> None:
        ended: list[str] = []
        go_on = threading.Event()

        def work() -> None:
            go_on.wait(20)
            ended.append("work")

        async def program() -> list[str]:
            task = asyncio.create_task(event_loop.in_thread(work, lambda: None))
            for _ in range(3):
                await asyncio.sleep(0.02)
                task.cancel()
            asyncio.get_running_loop().call_later(0.1, go_on.set)
            with pytest.raises(asyncio.CancelledError):
                await task
            return ended

        assert asyncio.run(program()) == ["work"]

    def test_a_timeout_ends_it_too(self, threads: SolvingThreads) -> None:
        async def program() -> list[str]:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await LXOptimizer().solve_async(hidden_plan()[0])
            return threads.names

        assert asyncio.run(program()) == []

    def test_one_of_many(self, threads: SolvingThreads) -> None:
        async def program() -> tuple[list[bool], float, list[str]]:
            optimizer = LXOptimizer()
            tasks = [asyncio.create_task(optimizer.solve_async(hidden_plan()[0])) for _ in range(3)]
            quick = asyncio.create_task(optimizer.solve_async(batch(7)))
            await begun(tasks[0], threads)
            for task in tasks:
                task.cancel()
            answer = (await quick).objective_value
            await asyncio.wait(tasks, timeout=20)
            return [task.cancelled() for task in tasks], answer, threads.names

        assert asyncio.run(program()) == ([True] * 3, 7.0, [])

    def test_while_the_model_is_compiled_nothing_is_solved(self) -> None:
        compiling, go_on = threading.Event(), threading.Event()
        runs: list[str] = []

        def bound(row: int) -> float:
            compiling.set()
            go_on.wait(20)
            return float(f"{row}")

        variable = LXVariable[int, float]("x").bounds(upper=bound).from_data([1])
        model = LXModel("m").add_variable(variable).maximize(LXLinearExpression().sum_over(variable))
        solver = Fake(before=lambda problem, options: (runs.append(problem.name), (problem, options))[1])

        async def program() -> None:
            task = asyncio.create_task(LXOptimizer().use_solver(solver).solve_async(model))
            async with asyncio.timeout(20):
                while not compiling.is_set():
                    await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.sleep(0)
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(program())

        assert runs == []

    def test_a_thread_that_does_not_end_is_left_behind_with_a_warning(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(event_loop, "LAST_WORDS", 0.1)
        go_on = threading.Event()

        async def program() -> None:
            task = asyncio.create_task(event_loop.in_thread(lambda: go_on.wait(20), lambda: None))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go_on.set()

        with caplog.at_level(logging.WARNING, logger="lumix"):
            asyncio.run(program())

        assert "a cancelled solve goes on: its thread did not end within 0.1 s" in caplog.text

    def test_what_a_cancelled_solve_raises_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        go_on = threading.Event()

        def fail() -> None:
            go_on.wait(20)
            raise ZeroDivisionError("too late")

        async def program() -> None:
            task = asyncio.create_task(event_loop.in_thread(fail, go_on.set))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        with caplog.at_level(logging.WARNING, logger="lumix"):
            asyncio.run(program())

        assert "a cancelled solve failed: too late" in caplog.text

    def test_a_loop_that_is_closed_takes_its_solves_along(self, threads: SolvingThreads) -> None:
        model = hidden_plan()[0]

        async def program() -> None:
            asyncio.create_task(LXOptimizer().solve_async(model))  # noqa: RUF006 - asyncio.run cancels it
            await asyncio.sleep(0.2)

        asyncio.run(program())

        assert threads.names == []


class TestRefused:
    def test_an_error_of_the_model_is_raised(self) -> None:
        model = LXModel("m").add_constraint(LXConstraint[None]("incomplete"))

        with pytest.raises(LXModelError, match="incomplete"):
            asyncio.run(LXOptimizer().solve_async(model))

    def test_a_solver_whose_runs_no_thread_can_end(self) -> None:
        optimizer = LXOptimizer().use_solver(Without(LXFeature.CANCEL))

        with pytest.raises(LXOptionError, match=r"No other thread can end its runs, as on_progress= and solve_async\("):
            asyncio.run(optimizer.solve_async(batch(1)))

    def test_an_unknown_option(self) -> None:
        with pytest.raises(LXOptionError, match="timelimit"):
            asyncio.run(LXOptimizer().solve_async(batch(1), timelimit=3))


PROGRAM = """
import asyncio, threading
from hidden_plan import hidden_plan
from lumix_core import LXOptimizer

async def tick():
    while True:
        await asyncio.sleep(0.05)
        print("tick", flush=True)

async def main():
    ticking = asyncio.create_task(tick())
    try:
        await LXOptimizer().use_solver({solver!r}).solve_async(hidden_plan()[0])
    except asyncio.CancelledError:
        print("cancelled", [thread.name for thread in threading.enumerate() if "lumix" in thread.name], flush=True)
        raise

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@SOLVERS
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single process")
def test_ctrl_c_ends_a_program_and_its_solve(solver: str) -> None:
    shared = Path(__file__).parents[2] / "shared"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(solver=solver)], cwd=shared, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(4):
        assert process.stdout.readline() == "tick\n"

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)

    assert output.splitlines()[-2:] == ["cancelled []", "interrupted"]
    assert process.returncode == 0


def test_a_solution_is_optimal_without_any_progress() -> None:
    solution = asyncio.run(LXOptimizer().solve_async(batch(5)))

    assert (solution.status, solution.limit) == (LXStatus.OPTIMAL, None)
