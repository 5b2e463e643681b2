"""One contender answers all questions about one model, in a process of its own; prints one line of JSON.

    python workers.py CONTENDER SIZE

Every question sets one machine's hours to a share of what they were, and asks for the optimum; the next question starts
from the model as it was. The model is read, built and solved once before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "building"))

QUESTIONS = 200
FEW = {"lumix-opt": {"1k": 20, "10k": 3}, "linopy": {"1k": 40, "10k": 20}}
"""How many questions are enough for those that take long."""
SIZES = {"1k": "10k", "10k": "100k"}
"""Products, and what building/ calls the same database by its nonzeros."""

Request = Callable[[int, float], float]


def questions(machines: int, count: int) -> list[tuple[int, float]]:
    random = np.random.default_rng(1)
    return [(int(random.integers(machines)), float(random.uniform(0.9, 1.1))) for _ in range(count)]


def session_for(size: str) -> Any:
    from production.fill import fill
    from production.places import database
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    fill("sqlite", SIZES[size])
    return Session(create_engine(database("sqlite", SIZES[size])))


def highspy_bare(size: str) -> Iterator[Any]:
    """Two changed sides, a run, the objective; nothing else is read, and nothing checked."""
    yield from _highspy(size, reads=False)


def highspy_reading(size: str) -> Iterator[Any]:
    """The same, and the point and the duals are read, as arrays."""
    yield from _highspy(size, reads=True)


def _highspy(size: str, *, reads: bool) -> Iterator[Any]:
    from holding import Arrays, hold
    from production.with_lumix import write

    problem = write(session_for(size)).compile()
    yield problem.num_constraints
    bounds = (problem.lower, problem.upper, problem.integer, problem.row_lower, problem.row_upper)
    highs = hold(Arrays(problem.maximize, problem.objective, *bounds, *problem.by_column()))
    highs.run()
    last = [0]

    def ask(machine: int, share: float) -> float:
        highs.changeRowBounds(last[0], problem.row_lower[last[0]], problem.row_upper[last[0]])
        highs.changeRowBounds(machine, problem.row_lower[machine], share * problem.row_upper[machine])
        last[0] = machine
        highs.run()
        if reads:
            found = highs.getSolution()
            _ = [np.array(one) for one in (found.col_value, found.row_dual, found.col_dual)]
        return float(highs.getInfo().objective_function_value)

    yield ask


def lumix_session(size: str) -> Iterator[Any]:
    """A live session; every answer is checked, and is a solution with its point and duals."""
    from production.with_lumix import write

    from lumix import LXOptimizer

    session = LXOptimizer().open(write(session_for(size)))
    session.solve()
    keys = list(session.problem.constraints[0].keys)
    yield len(keys)

    def ask(machine: int, share: float) -> float:
        with session.trying():
            session.set_rhs("capacity", lambda now: share * now, key=keys[machine])
            return session.solve().objective_value

    yield ask


def lumix_whatif(size: str) -> Iterator[Any]:
    """The what-if analyzer, which answers from the duals where they hold."""
    from production.with_lumix import write

    from lumix import LXOptimizer, LXWhatIfAnalyzer

    session = session_for(size)
    model = write(session)
    keys = list(model.compile().constraints[0].keys)
    yield len(keys)
    whatif = LXWhatIfAnalyzer(model, LXOptimizer())
    whatif.get_baseline_solution()

    def ask(machine: int, share: float) -> float:
        by = share - 1
        if by > 0:
            return whatif.increase_constraint_rhs("capacity", by_percent=by, key=keys[machine]).new_objective
        return whatif.decrease_constraint_rhs("capacity", by_percent=-by, key=keys[machine]).new_objective

    yield ask


def linopy(size: str) -> Iterator[Any]:
    """One instance of HiGHS, which linopy updates with what changed in the model; the answer is assigned to it."""
    import sqlite3

    from linopy.solvers import Solver
    from production.places import database
    from production.rows import columns_by_driver
    from production.with_linopy import write

    session_for(size).close()
    connection = sqlite3.connect(str(database("sqlite", SIZES[size]).database))
    model = write(columns_by_driver(connection), sparse=False)
    solver = Solver.from_name("highs", model, io_api="direct", track_updates=True, options={"output_flag": False})
    solver.solve(model, assign=True)
    capacity = model.constraints["capacity"]
    before = capacity.rhs.copy()
    yield before.size

    def ask(machine: int, share: float) -> float:
        hours = before.copy()
        hours.values[machine] *= share
        capacity.update(rhs=hours)
        solver.solve(model, assign=True)
        return float(model.objective.value)

    yield ask


def lumix_opt(size: str) -> Iterator[Any]:
    """The peer's what-if analyzer, on the constraint of each machine; its bounds are one number for all products."""
    import production.with_lumix_opt as peer

    from lumix import LXOptimizer
    from lumix.analysis import LXWhatIfAnalyzer

    model, _ = peer.with_keys(session_for(size), lambda part: None)
    model.variables[0].bounds(lower=0, upper=100)
    names = [one.name for one in model.constraints]
    yield len(names)
    whatif = LXWhatIfAnalyzer(model, LXOptimizer().use_solver("ortools"))
    whatif.get_baseline_solution()

    def ask(machine: int, share: float) -> float:
        by = share - 1
        if by > 0:
            return whatif.increase_constraint_rhs(names[machine], by_percent=by).new_objective
        return whatif.decrease_constraint_rhs(names[machine], by_percent=-by).new_objective

    yield ask


CONTENDERS: dict[str, Callable[[str], Iterator[Any]]] = {
    "highspy: change, run": highspy_bare,
    "highspy: change, run, read": highspy_reading,
    "LumiX, session": lumix_session,
    "LumiX, what-if": lumix_whatif,
    "linopy": linopy,
    "lumix-opt": lumix_opt,
}


def main(argv: list[str]) -> int:
    name, size = argv
    steps = CONTENDERS[name](size)
    machines = next(steps)
    asked = questions(machines, FEW.get(name, {}).get(size, QUESTIONS))
    ask: Request = next(steps)
    seconds, answers = [], []
    for machine, share in asked:
        began = time.perf_counter()
        answers.append(ask(machine, share))
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": seconds, "answers": answers}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
