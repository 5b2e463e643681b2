"""Who solves scenarios: this process, or the workers of an executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from lumix.analysis.scenarios.runs import Outcome, Runner, uninterrupted
from lumix.analysis.scenarios.scenario import LXScenario
from lumix.analysis.workers.dispatching import Dispatcher
from lumix.analysis.workers.parcels import packed_for_workers, posted
from lumix.analysis.workers.pools import Pool, workers_of
from lumix.analysis.workers.shares import restored
from lumix_core import LXModelError
from lumix_core.problem import checked_count

Took = Callable[[int, Outcome], object]
Cancelled = Callable[[], bool]


class Crew(Protocol):
    """Solves scenarios."""

    def solve(
        self, runner: Runner, scenarios: Sequence[LXScenario], took: Took, cancelled: Cancelled = lambda: False
    ) -> None:
        """Solve scenarios; ``took`` is given the position of each and its outcome as soon as it is there."""


class Alone:
    """This process, one scenario after the other."""

    def solve(
        self, runner: Runner, scenarios: Sequence[LXScenario], took: Took, cancelled: Cancelled = lambda: False
    ) -> None:
        """Solve scenarios in their order; Ctrl-C, which else ends the run of a solver, ends them all."""
        for position, scenario in enumerate(scenarios):
            if cancelled():
                return
            took(position, uninterrupted(runner.outcome(scenario)))


@dataclass(frozen=True)
class Workers:
    """The workers of an executor.

    Args:
        executor: theirs.
        count: how many there are.
        threads: that each solve has; None for the optimizer's own number, or else one.
    """

    executor: Executor
    count: int
    threads: int | None

    def solve(
        self, runner: Runner, scenarios: Sequence[LXScenario], took: Took, cancelled: Cancelled = lambda: False
    ) -> None:
        """Solve scenarios in whatever order they are done; raises as `LXScenarioAnalyzer.run_all_scenarios`."""
        if not scenarios:
            return
        threads = 1 if self.threads is None and runner.optimizer.leaves_open("threads") else self.threads
        content = packed_for_workers(runner, scenarios, threads)

        def took_restored(position: int, outcome: Outcome) -> None:
            took(position, restored(outcome, runner.problem))

        with posted(content) as post:
            Dispatcher(Pool(self.executor), post, self.count, took_restored, cancelled).run(len(scenarios))


def crew_of(executor: Executor | None, workers: int | None = None, threads: int | None = None) -> Crew:
    """Return who solves scenarios.

    Raises:
        LXModelError: the executor is none, or one of the numbers makes no sense.
    """
    given = {"workers": workers, "threads_per_solve": threads}
    for name, number in given.items():
        if number is not None:
            given[name] = checked_count("run_all_scenarios", name, number, 1)
    if executor is None:
        _refuse_without_executor(given)
        return Alone()
    if isinstance(executor, type) or not hasattr(executor, "submit") or hasattr(executor, "get_executor"):
        instead = "client.get_executor()" if hasattr(executor, "get_executor") else "ProcessPoolExecutor()"
        raise LXModelError(
            f"run_all_scenarios() got {executor!r:.80} as its executor. Give it a concurrent.futures.Executor, "
            f"such as {instead}."
        )
    return Workers(executor, given["workers"] or workers_of(executor), given["threads_per_solve"])


def _refuse_without_executor(given: Mapping[str, int | None]) -> None:
    for name, value in given.items():
        if value is not None:
            raise LXModelError(
                f"run_all_scenarios() got {name}={value} and no executor: there are no workers that it could be for. "
                f"Give an executor, or tell the optimizer: use_solver(..., threads=...)."
            )
