"""What a process of its own costs a solve: ``python isolation.py``; README.md says what is timed."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass

import numpy as np
import psutil

from lumix_core.problem import LXProblem
from lumix_core.solver import LXStatus, RawResult, Solver, SolverOptions, isolated_solver
from lumix_solvers.highs import HighsSolver

OPTIONS = {
    "linear": SolverOptions(threads=1),
    "whole": SolverOptions(threads=1, mip_rel_gap=0.5),
}
ROUNDS = 9
HANDED_OVER = 100
"""How often a problem is handed over to a solver that does nothing."""


@dataclass(frozen=True)
class Cost:
    """Of one solve: seconds that passed, and those of the processor, of all processes together."""

    wall: float
    processor: float


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--products", type=int, default=20_000, help="each has a coefficient in every second row")
    parser.add_argument("kinds", nargs="*", default=list(OPTIONS))
    given = parser.parse_args(arguments)
    print(f"{os.cpu_count()} processors, load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print("| problem | nonzeros | | wall s: least | median | processor s: least | median | over: least | median |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    show_handing_over(production(given.products, 100, is_whole=False))
    for kind in given.kinds:
        show(kind, production(given.products, 100, is_whole=kind == "whole"), given.rounds)
    print(f"load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    return 0


def production(products: int, machines: int, *, is_whole: bool) -> LXProblem:
    """Return the best mix of products, each of which needs hours of half of the machines."""
    rng = np.random.default_rng(7)
    used = np.argsort(rng.random((products, machines)), axis=1)[:, : machines // 2]
    needs = np.zeros((machines, products), dtype=np.bool_)
    needs[used, np.arange(products)[:, None]] = True
    rows, columns = np.nonzero(needs)
    counts = np.bincount(rows, minlength=machines)
    return LXProblem(
        maximize=True,
        objective=rng.uniform(5.0, 50.0, products),
        offset=0.0,
        lower=np.zeros(products),
        upper=np.floor(rng.uniform(10.0, 200.0, products)),
        integer=np.full(products, is_whole),
        row_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        columns=columns.astype(np.int32),
        coefficients=rng.uniform(0.1, 2.0, len(rows)),
        row_lower=np.full(machines, -np.inf),
        row_upper=counts * 20.0,
        name="production",
    )


class Idle(HighsSolver):
    """Answers at once, with as many numbers as a solver does."""

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        return RawResult(
            status=LXStatus.FEASIBLE,
            raw_status="nothing was done",
            x=problem.lower.copy(),
            objective=0.0,
            duals=problem.row_upper.copy(),
            reduced_costs=problem.objective.copy(),
        )


def show_handing_over(problem: LXProblem) -> None:
    solver = isolated_solver(Idle())
    cost(solver, problem, SolverOptions())
    costs = [cost(solver, problem, SolverOptions()) for _ in range(HANDED_OVER)]
    print(f"| none | {problem.num_nonzeros:,} | isolated | {line(costs)} | | |", flush=True)


def show(kind: str, problem: LXProblem, rounds: int) -> None:
    here, there = HighsSolver(), isolated_solver(HighsSolver())
    options = OPTIONS[kind]
    first = cost(there, problem, options)
    cost(here, problem, options)
    ours, others = [], []
    for number in range(rounds):  # now the one first, now the other
        pair = [(here, ours), (there, others)]
        for solver, costs in pair if number % 2 else reversed(pair):
            costs.append(cost(solver, problem, options))
    print(f"| {kind} | {problem.num_nonzeros:,} | in this process | {line(ours)} | | |")
    print(f"| | | isolated | {line(others)} | {over(ours, others)} |")
    print(f"| | | isolated, with the start | {first.wall:.2f} | | {first.processor:.2f} | | | |", flush=True)


def cost(solver: Solver, problem: LXProblem, options: SolverOptions) -> Cost:
    wall, processor = time.perf_counter(), processor_seconds()
    solver.solve(problem, options)
    return Cost(time.perf_counter() - wall, processor_seconds() - processor)


def processor_seconds() -> float:
    """Return the seconds of the processor that this process and its children have used."""
    children = psutil.Process().children(recursive=True)
    return time.process_time() + sum(sum(child.cpu_times()[:2]) for child in children)


def line(costs: list[Cost]) -> str:
    walls, processors = [one.wall for one in costs], [one.processor for one in costs]
    numbers = (min(walls), statistics.median(walls), min(processors), statistics.median(processors))
    return " | ".join(f"{number:.3f}" for number in numbers)


def over(ours: list[Cost], others: list[Cost]) -> str:
    """Return the share by which the others take more time of the processor: of the least, and of the pairs."""
    least = min(one.processor for one in others) / min(one.processor for one in ours) - 1.0
    median = statistics.median(b.processor / a.processor - 1.0 for a, b in zip(ours, others, strict=True))
    return f"{least:+.1%} | {median:+.1%}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
