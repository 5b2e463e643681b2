"""What each check of an answer costs, as a share of a solve: ``python checks.py``; README.md says what is timed."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lumix_core.problem import LXProblem
from lumix_core.solver import RawResult, SolverOptions, Verifier
from lumix_core.solver.certificates import duality_gap
from lumix_core.solver.claims import solve, with_gaps
from lumix_core.solver.preparation import Preparation, answer_without_solver
from lumix_solvers.highs import HighsSolver

OPTIONS = SolverOptions()
ROUNDS = 9
PRODUCTS = {"100 products": (100, 10), "1,000 products": (1_000, 10), "10,000 products": (10_000, 100)}
LECTURES = (20, 40)


def main(arguments: list[str]) -> int:
    if "--gap" in arguments:
        show_gaps()
        return 0
    print("| problem | nonzeros | solve ms | prepared | point | duals | all checks |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, problem in problems():
        show(name, problem)
    return 0


def problems() -> Iterator[tuple[str, LXProblem]]:
    for name, (products, machines) in PRODUCTS.items():
        yield f"linear, {name}", production(products, machines)
    for lectures in LECTURES:
        yield f"whole, timetable of {lectures} lectures", timetable(lectures)


def production(products: int, machines: int) -> LXProblem:
    """Return the best mix of products, each of which needs hours of ten machines."""
    rng = np.random.default_rng(7)
    columns = np.repeat(np.arange(products), 10)
    rows = rng.permuted(np.tile(np.arange(machines), (products, 1)), axis=1)[:, :10].ravel()
    order = np.lexsort((columns, rows))
    counts = np.bincount(rows, minlength=machines)
    return LXProblem(
        maximize=True,
        objective=rng.uniform(5.0, 50.0, products),
        offset=0.0,
        lower=np.zeros(products),
        upper=rng.uniform(10.0, 200.0, products),
        integer=np.zeros(products, dtype=np.bool_),
        row_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        columns=columns[order].astype(np.int32),
        coefficients=rng.uniform(0.1, 2.0, len(rows))[order],
        row_lower=np.full(machines, -np.inf),
        row_upper=counts * 20.0,
        name="production",
    )


def timetable(lectures: int) -> LXProblem:
    """Return the timetable of `benchmarks/building`, as LumiX compiles it."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "building"))
    from timetable.data import make
    from timetable.with_lumix import write

    return write(make("", str(lectures))).compile()


def show(name: str, problem: LXProblem) -> None:
    solver = HighsSolver()
    options = with_gaps(solver, problem, OPTIONS)
    raw = solver.solve(problem, options)
    verifier = Verifier("highs", problem, options)
    without_duals = replace(raw, duals=None, reduced_costs=None)
    checks: dict[str, Callable[[], object]] = {
        "prepared": lambda: (answer_without_solver(problem), Preparation().prepared(problem, options)),
        "point": lambda: verifier.checked(without_duals),
        "duals": lambda: gap(problem, raw),
    }
    timed = times({"solve": lambda: solver.solve(problem, options), **checks})
    whole = timed["solve"]
    shares = [timed[check] / whole for check in checks]
    columns = " | ".join(f"{share:.2%}" for share in [*shares, sum(shares)])
    print(f"| {name} | {problem.num_nonzeros:,} | {1000 * whole:.3g} | {columns} |", flush=True)


def gap(problem: LXProblem, raw: RawResult) -> object:
    return None if raw.x is None or raw.duals is None else duality_gap(problem, raw.x, raw.duals)


def times(contenders: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of the processor for each, all tried in turn in every round."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            started = time.process_time()
            run()
            seconds[name].append(time.process_time() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def show_gaps() -> None:
    """Show what it costs to prove the best, and not a ten-thousandth less, which is HiGHS's own gap."""
    print("| problem | gap 1e-4: ms | gap 0: ms | ratio | objectives |")
    print("| --- | ---: | ---: | ---: | --- |")
    for lectures in LECTURES:
        problem = timetable(lectures)
        found: dict[str, RawResult] = {}

        def run(name: str, gap: float, problem: LXProblem = problem, found: dict[str, RawResult] = found) -> None:
            found[name] = solve(HighsSolver(), problem, SolverOptions(mip_rel_gap=gap))

        timed = times({"own": lambda run=run: run("own", 1e-4), "none": lambda run=run: run("none", 0.0)})
        objectives = " and ".join(f"{found[name].objective:.10g}" for name in ("own", "none"))
        print(
            f"| timetable of {lectures} lectures | {1000 * timed['own']:.3g} | {1000 * timed['none']:.3g} "
            f"| {timed['none'] / timed['own']:.2f} | {objectives} |",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
