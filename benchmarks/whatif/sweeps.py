"""What a sweep costs: 200 scenarios here, on one and two processes, on Dask. ``python sweeps.py``; see README.md."""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "building"))

import numpy as np
from production.with_lumix import write
from workers import SIZES, session_for

from lumix import LXOptimizer, LXScenario, LXScenarioAnalyzer, LXSweep


def scenarios(keys: list[object], count: int) -> Iterator[LXScenario]:
    """Each has a tenth of the machines for 80 to 120 % of their hours."""
    random = np.random.default_rng(1)
    for number in range(count):
        scenario = LXScenario(f"{number}")
        for position in random.choice(len(keys), max(1, len(keys) // 10), replace=False).tolist():
            scenario.modify_constraint_rhs("capacity", multiply=float(random.uniform(0.8, 1.2)), key=keys[position])
        yield scenario


def imported() -> None:
    """Have a worker import what it will need."""
    import highspy  # noqa: F401

    import lumix  # noqa: F401

    time.sleep(0.2)  # so that each worker gets one


@contextmanager
def here() -> Iterator[None]:
    yield None


def processes(count: int) -> Callable[[], Iterator[Executor]]:
    @contextmanager
    def started() -> Iterator[Executor]:
        with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as executor:
            wait([executor.submit(imported) for _ in range(count)])
            yield executor

    return started


def dask(count: int) -> Callable[[], Iterator[Executor]]:
    @contextmanager
    def started() -> Iterator[Executor]:
        import distributed

        with (
            distributed.LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0"
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.run(imported)
            yield client.get_executor()

    return started


WAYS = {
    "here": here,
    "1 process": processes(1),
    "2 processes": processes(2),
    "Dask, 1 worker": dask(1),
    "Dask, 2 workers": dask(2),
}


def objectives(sweep: LXSweep) -> list[float]:
    return [one.objective for one in sweep.values()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    given = parser.parse_args()
    for size in given.sizes:
        table(size, given.scenarios, given.repeats)
    return 0


def table(size: str, count: int, repeats: int) -> None:
    """Print a line for each way; every executor is started, and has imported LumiX, before the clock is."""
    model = write(session_for(size))
    keys = list(model.compile().constraints[0].keys)
    analyzer = LXScenarioAnalyzer(model, LXOptimizer()).add_scenarios(*scenarios(keys, count))
    expected = objectives(analyzer.run_all_scenarios())
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(repeats):
        for name, way in WAYS.items():
            with way() as executor:
                began = time.perf_counter()
                found = objectives(analyzer.run_all_scenarios(executor))
                times[name].append(time.perf_counter() - began)
            assert found == expected, name
    print(f"\n{size} products, {count} scenarios\n\n|  | median s | best s | times as fast as 1 process |")
    print("| --- | ---: | ---: | ---: |")
    yardstick = statistics.median(times["1 process"])
    for name, some in times.items():
        median = statistics.median(some)
        print(f"| {name} | {median:.2f} | {min(some):.2f} | {yardstick / median:.2f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
