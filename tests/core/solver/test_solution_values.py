"""Values of a solution by key and by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.solver.registry import load_solver
from lumix_core.solver.solution import solution_of
from lumix_core.solver.solver import RawResult
from lumix_core.solver.status import LXStatus
from tests.core.solver.solved_models import (
    MACHINES,
    NUMBERED_MACHINES,
    PRODUCTS,
    Chair,
    Machine,
    Plan,
    Product,
    assignment,
    of_id,
    production,
    solved,
)

LIBRARIES = pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])


def test_values_are_found_by_key() -> None:
    solution = solved(production())

    values = solution.variables["production"]

    assert (values[1], values[2]) == (3.5, 5.0)


@pytest.mark.parametrize("rows", [PRODUCTS, [Plan(1, 3.5), Plan(2, 5.0)]], ids=["hashable", "unhashable"])
def test_values_are_found_by_row(rows: list[Any]) -> None:
    solution = solved(production(rows))

    values = solution.variables["production"]

    assert [values[row] for row in rows] == [3.5, 5.0]


def test_values_are_found_by_another_row_with_the_same_key() -> None:
    solution = solved(production())

    values = solution.variables["production"]

    assert values[Product(2, 77.0)] == 5.0
    assert values[Chair(2)] == 5.0


def test_values_are_found_by_row_where_the_rows_are_of_two_subclasses() -> None:
    @dataclass(frozen=True)
    class Table(Product):
        pass

    rows = [Chair(1, 3.5), Table(2, 5.0)]
    solution = solved(production(rows))

    values = solution.variables["production"]

    assert [values[row] for row in rows] == [3.5, 5.0]


def test_rows_that_are_their_own_keys_are_found() -> None:
    variable = LXVariable[Product, float]("x").from_data(PRODUCTS).bounds(lower=lambda p: p.amount)

    values = solved(variable).variables["x"]

    assert [values[row] for row in PRODUCTS] == [3.5, 5.0]


def test_a_mapping_has_the_keys_in_the_order_of_the_rows() -> None:
    solution = solved(production([Product(9, 1.0), Product(4, 2.0)]))

    values = solution.variables["production"]

    assert list(values.items()) == [(9, 1.0), (4, 2.0)]
    assert len(values) == 2
    assert dict(values) == {9: 1.0, 4: 2.0}
    assert values == {9: 1.0, 4: 2.0}


def test_a_mapping_knows_which_keys_and_rows_it_has() -> None:
    values = solved(production()).variables["production"]

    assert 1 in values
    assert PRODUCTS[0] in values
    assert 3 not in values
    assert Machine(1) not in values
    assert [1] not in values


def test_an_equal_key_of_another_type_finds_the_value() -> None:
    values = solved(production()).variables["production"]

    assert (values[1.0], values[np.int64(2)]) == (3.5, 5.0)


@pytest.mark.parametrize(
    "key",
    [(1, "B"), (PRODUCTS[0], MACHINES[1]), (1, MACHINES[1]), (PRODUCTS[0], "B")],
    ids=["keys", "rows", "key and row", "row and key"],
)
def test_combinations_are_found_by_keys_and_rows_in_any_mixture(key: Any) -> None:
    values = solved(assignment()).variables["assignment"]

    found = values[key]

    assert found == 37.0


def test_combinations_that_were_filtered_are_found() -> None:
    variable = assignment().where_multi(lambda p, m: (p.id, m.id) != (1, "A"))

    values = solved(variable).variables["assignment"]

    assert dict(values) == {(1, "B"): 37.0, (2, "A"): 51.0, (2, "B"): 52.0}
    assert [values[key] for key in values] == [37.0, 51.0, 52.0]
    assert (1, "A") not in values


def test_pairs_of_a_join_are_found_by_key_and_by_rows() -> None:
    variable = LXVariable[Any, float]("x").from_data([Plan(1), Plan(2)]).indexed_by(of_id)
    variable.indexed_by_join(Plan, Machine, lambda plan: NUMBERED_MACHINES, lambda plan, m: (plan.id, m.id))
    variable.bounds(lower=lambda plan, machine: plan.id * machine.amount)

    values = solved(variable).variables["x"]

    assert values[2, 1] == 14.0
    assert values[Plan(2), NUMBERED_MACHINES[0]] == 14.0


def test_pairs_of_a_join_without_a_key_of_its_own_are_found_by_key_and_by_rows() -> None:
    variable = LXVariable[Any, float]("x").from_data([Plan(1), Plan(2)]).indexed_by(of_id)
    variable.indexed_by_join(Plan, Machine, lambda plan: NUMBERED_MACHINES)
    variable.bounds(lower=lambda plan, machine: plan.id * machine.amount)

    values = solved(variable).variables["x"]

    assert values[2, NUMBERED_MACHINES[0]] == 14.0
    assert values[Plan(2), NUMBERED_MACHINES[0]] == 14.0


KEY_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda p: p.id,
    "attributes": lambda p: (p.id, p.amount),
    "computed": lambda p: f"P{p.id}",
    "depends on a null": lambda p: -p.id if p.code is None else p.code,
    "depends on the class": lambda p: p.id if isinstance(p, Plan) else p.code,
    "depends on an attribute being there": lambda p: p.serial if hasattr(p, "serial") else p.id,
    "depends on identity": lambda p: p.code if p.code is not None else p.amount,
    "getattr with a default": lambda p: getattr(p, "serial", p.id),
}


def tried(plan: Plan) -> Any:
    try:
        return plan.serial  # type: ignore[attr-defined]
    except AttributeError:
        return plan.id


def matched(plan: Plan) -> Any:
    match plan:
        case Plan(code=None):
            return -plan.id
    return plan.code


@pytest.mark.parametrize(
    "key",
    [*KEY_FUNCTIONS.values(), tried, matched],
    ids=[*KEY_FUNCTIONS, "tries an attribute", "matches a pattern"],
)
def test_a_row_finds_its_own_value_whatever_its_key_is_made_of(key: Callable[[Any], Any]) -> None:
    rows = [Plan(1, 10.0), Plan(2, 20.0, code=77), Plan(3, 30.0, code=1)]
    variable = LXVariable[Plan, float]("x").from_data(rows).indexed_by(key).bounds(lower=lambda p: p.amount)

    values = solved(variable).variables["x"]

    assert [values[row] for row in rows] == [10.0, 20.0, 30.0]


def test_a_row_finds_its_own_value_or_none_when_what_its_key_captures_is_rebound() -> None:
    offset = 0
    variable = production().indexed_by(lambda p: p.id + offset)
    values = solved(variable).variables["production"]

    offset = 1

    assert values.get(PRODUCTS[0]) in (3.5, None)
    assert values.get(PRODUCTS[1]) in (5.0, None)


def test_a_row_finds_its_value_by_a_key_that_captures_plain_data() -> None:
    season = "summer"
    variable = production().indexed_by(lambda p: (p.id, season))

    values = solved(variable).variables["production"]

    assert values[PRODUCTS[0]] == values[1, "summer"] == 3.5


@LIBRARIES
def test_the_rows_of_a_frame_find_their_values(library: Any) -> None:
    frame = library.DataFrame({"id": [1, 2], "amount": [3.5, 5.0]})
    variable = production(frame)

    values = solved(variable).variables["production"]

    assert [values[row] for row in variable.get_instances()] == [3.5, 5.0]


def test_dictionaries_find_their_values() -> None:
    rows = [{"id": 1, "amount": 3.5}, {"id": 2, "amount": 5.0}]
    variable = LXVariable[Any, float]("x").from_data(rows).indexed_by(lambda row: row["id"])
    variable.bounds(lower=lambda row: row["amount"])

    values = solved(variable).variables["x"]

    assert [values[row] for row in rows] == [3.5, 5.0]


def test_a_scalar_variable_is_a_number() -> None:
    solution = solved(LXVariable[None, float]("x").bounds(lower=2.5))

    assert solution.variables["x"] == 2.5
    assert type(solution.variables["x"]) is float


def test_families_are_found_by_themselves_too() -> None:
    x = production()
    limit = LXConstraint[Any]("limit").expression(LXLinearExpression().sum_over(x)).le().rhs(6)
    model = LXModel("m").add_variable(x.bounds(0, 4)).add_constraint(limit).maximize(LXLinearExpression().sum_over(x))

    solution = LXOptimizer().solve(model)

    assert dict(solution.variables[x]) == dict(solution.variables["production"])
    assert dict(solution.reduced_costs[x]) == dict(solution.reduced_costs["production"])
    assert solution.shadow_prices[limit] == solution.shadow_prices["limit"] == 1.0
    assert x in solution.variables
    assert limit not in solution.variables
    assert LXVariable[None, float]("other") not in solution.variables


@pytest.mark.parametrize("name", ["highs", "pulp"])
def test_zero_has_no_sign(name: str) -> None:
    """Solvers give a negative zero now and then; printed it is "-0.00"."""
    q, z = (LXVariable[None, float](name).bounds(0, 9) for name in "qz")
    row = LXConstraint[None]("row").expression(LXLinearExpression().add_term(q, 3).add_term(z)).eq().rhs(0)
    model = LXModel("zero").add_variables(q, z).add_constraint(row)
    model.maximize(LXLinearExpression().add_term(q, -1).add_term(z, -0.5))

    solution = LXOptimizer().use_solver(name).solve(model)

    numbers = [solution.variables["q"], solution.variables["z"], solution.objective_value]
    assert [str(number) for number in numbers] == ["0.0", "0.0", "0.0"]


def test_no_number_of_a_solution_is_a_negative_zero() -> None:
    x = LXVariable[int, float]("x").bounds(0, 1).from_data([1, 2])
    problem = LXModel("m").add_variable(x).maximize(LXLinearExpression().sum_over(x)).compile()
    zeros = np.array([-0.0, -0.0])
    raw = RawResult(
        status=LXStatus.OPTIMAL,
        raw_status="",
        objective=-0.0,
        x=zeros,
        duals=zeros[:0],
        reduced_costs=zeros,
        best_bound=-0.0,
    )

    solution = solution_of(problem, raw, load_solver("highs", {}), 0.0)

    numbers = [*solution.variables["x"].values(), *solution.reduced_costs["x"].values()]
    assert {str(number) for number in (*numbers, solution.objective_value, solution.best_bound)} == {"0.0"}
