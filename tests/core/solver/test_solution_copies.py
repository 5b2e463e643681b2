"""A solution stands for itself: frozen, without rows and models, and read in other processes."""

from __future__ import annotations

import dataclasses
import gc
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXStatus, LXVariable
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import RawResult, SolverOptions
from tests.core.solver.solved_models import (
    PRODUCTS,
    Machine,
    Plan,
    Product,
    Without,
    assignment,
    impossible,
    of_id,
    plan_model,
    production,
    solved,
)


def test_a_solution_is_not_changed_by_later_changes_of_the_model() -> None:
    rows = [Plan(1, 3.5), Plan(2, 5.0)]
    x = production(rows)
    model = LXModel("plan").add_variable(x).minimize(LXLinearExpression().add_term(x))
    solution = LXOptimizer().solve(model)

    rows[0].amount = 99.0
    rows.append(Plan(3, 7.0))
    x.bounds(lower=50)
    LXOptimizer().solve(model)

    assert dict(solution.variables["production"]) == {1: 3.5, 2: 5.0}
    assert solution.objective_value == 8.5


def test_a_solution_is_frozen() -> None:
    solution = solved(production())

    with pytest.raises(dataclasses.FrozenInstanceError):
        solution.status = LXStatus.INFEASIBLE  # type: ignore[misc]
    with pytest.raises(TypeError):
        solution.variables["production"][1] = 7.0  # type: ignore[index]


def arrays_within(thing: object) -> list[np.ndarray[Any, Any]]:
    return [found for found in reachable(thing) if isinstance(found, np.ndarray)]


def reachable(thing: object) -> Iterator[Any]:
    """Everything that is reached from an object, other than classes, modules and what these hold."""
    seen: dict[int, Any] = {}
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen[id(one)] = one
        waiting += gc.get_referents(one)
    yield from seen.values()


@pytest.mark.parametrize("copied", [False, True], ids=["at once", "after pickling"])
def test_the_arrays_of_a_solution_are_read_only(copied: bool) -> None:
    solution = LXOptimizer().solve(plan_model())
    if copied:
        solution = pickle.loads(pickle.dumps(solution))

    found = [solution.variables.array, solution.shadow_prices.array, solution.reduced_costs.array]

    assert not any(array.flags.writeable for array in found)


def test_a_solver_that_uses_its_arrays_again_changes_no_solution() -> None:
    class Reusing(Without):
        def __init__(self) -> None:
            super().__init__()
            self.buffers: dict[str, Any] = {}

        def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
            raw = super().solve(problem, options)
            for name in ("x", "duals", "reduced_costs"):
                buffer = self.buffers.setdefault(name, np.empty(3))
                buffer[:] = getattr(raw, name)
            return dataclasses.replace(raw, **self.buffers)

    optimizer = LXOptimizer().use_solver(Reusing())
    first = optimizer.solve(plan_model())
    values, prices = dict(first.variables), dict(first.shadow_prices)

    optimizer.solve(plan_model(rhs=(2.0, 1.0, 0.5), upper=0.25))

    assert dict(first.variables) == values
    assert dict(first.shadow_prices) == prices


def test_a_solution_keeps_no_row_alive() -> None:
    def solve() -> tuple[LXSolution, list[weakref.ref[Any]]]:
        products, machines = [Product(1, 3.5), Product(2, 5.0)], [Machine("A", 1.0)]
        limit = LXConstraint[Product]("limit").from_data(products).indexed_by(lambda p: (p.id, p.amount))
        x, y = production(products), assignment(products, machines)
        limit.expression(LXLinearExpression().add_term(x)).le().rhs(lambda p: p.amount)
        model = LXModel("plan").add_variables(x, y).add_constraint(limit)
        solution = LXOptimizer().solve(model.minimize(LXLinearExpression().add_term(x).add_term(y)))
        return solution, [weakref.ref(row) for row in (*products, *machines, x, y, limit, model)]

    solution, references = solve()
    gc.collect()

    assert [reference() for reference in references] == [None] * len(references)
    assert solution.variables["production"][Product(1)] == 3.5


def test_a_solution_holds_nothing_but_plain_data() -> None:
    machines = [Machine("A", 1.0)]
    limit = LXConstraint[Product]("limit").from_data(PRODUCTS).indexed_by(of_id)
    x, y = production(), assignment(second=machines)
    limit.expression(LXLinearExpression().add_term(x)).le().rhs(9)
    solution = LXOptimizer().solve(LXModel("plan").add_variables(x, y).add_constraint(limit))

    found = [one for one in reachable(solution) if callable(one) or isinstance(one, Product | Machine | LXVariable)]

    assert {type(one).__name__ for one in found} <= {"RowKey"}


PICKLED = """
import pickle, sys
from pathlib import Path

solution = pickle.loads(Path(sys.argv[1]).read_bytes())
print(solution.status, solution.objective_value, dict(solution.variables["production"]))
assert "lumix_solvers" not in sys.modules and "highspy" not in sys.modules

class Row:
    __module__, __qualname__ = {name!r}, {qualname!r}
    def __init__(self, id): self.id = id
Row.__module__, Row.__qualname__ = {name!r}, {qualname!r}
print(solution.variables["production"][Row(2)])
"""


@pytest.mark.parametrize(
    "key",
    [lambda p: p.id, lambda p: (p.id,)[0], lambda p: sum([p.id])],
    ids=["attribute", "item", "call"],
)
def test_a_solution_is_read_in_another_process(key: Callable[[Any], Any], tmp_path: Path) -> None:
    solution = solved(LXVariable[Product, int]("production").from_data(PRODUCTS).indexed_by(key).bounds(lower=4))
    file = tmp_path / "solution.pickle"
    file.write_bytes(pickle.dumps(solution))
    code = PICKLED.format(name=Product.__module__, qualname=Product.__qualname__)

    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["optimal 8.0 {1: 4, 2: 4}", "4"]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_solution_is_the_same(protocol: int) -> None:
    solution = LXOptimizer().solve(plan_model())

    copy = pickle.loads(pickle.dumps(solution, protocol))

    assert dict(copy.variables) == dict(solution.variables)
    assert dict(copy.shadow_prices) == dict(solution.shadow_prices)
    assert dict(copy.reduced_costs) == dict(solution.reduced_costs)
    assert (copy.objective_value, copy.status, copy.solve_time, copy.summary()) == (
        solution.objective_value,
        solution.status,
        solution.solve_time,
        solution.summary(),
    )


def test_a_solution_without_a_point_is_picklable() -> None:
    solution = LXOptimizer().solve(impossible())

    copy = pickle.loads(pickle.dumps(solution))

    assert copy.status is LXStatus.INFEASIBLE
