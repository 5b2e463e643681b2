"""Results: values by key or by row, duals in the user's sense, and no number where there is none."""

from __future__ import annotations

import dataclasses
import gc
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import (
    LXConstraint,
    LXIndexDimension,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXNoSolutionError,
    LXOptimizer,
    LXSolution,
    LXStatus,
    LXVariable,
)
from lumix_core.errors import LXNoDualsError, LXOptionError, LXUnknownKeyError, LXUnknownNameError, LXUnsupportedError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions

ErrorText = Callable[..., str]
LIBRARIES = pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])


@dataclass(frozen=True)
class Product:
    id: Any
    amount: float = 0.0


@dataclass(frozen=True)
class Chair(Product):
    pass


@dataclass
class Plan:
    """A row that cannot be hashed."""

    id: int
    amount: float = 0.0
    code: int | None = None


@dataclass(frozen=True)
class Machine:
    id: Any
    amount: float = 0.0


@dataclass(frozen=True)
class Value:
    id: int


PRODUCTS = [Product(1, 3.5), Product(2, 5.0)]
MACHINES = [Machine("A", 1.0), Machine("B", 2.0)]
NUMBERED_MACHINES = [Machine(1, 7.0), Machine(2, 8.0)]


def of_id(row: Any) -> Any:
    return row.id


def solved(*variables: LXVariable[Any, Any]) -> LXSolution:
    """A solution in which every variable is at its lower bound."""
    total = LXLinearExpression()
    for variable in variables:
        total.add_term(variable)
    return LXOptimizer().solve(LXModel("plan").add_variables(*variables).minimize(total))


def production(rows: Any = PRODUCTS, kind: type = float) -> LXVariable[Any, Any]:
    """A family whose values are the amounts of its rows."""
    variable = LXVariable[Product, kind]("production").from_data(rows).indexed_by(of_id)
    return variable.bounds(lower=lambda row: row.amount)


def assignment(first: Any = PRODUCTS, second: Any = MACHINES) -> LXVariable[Any, Any]:
    """A family over two dimensions whose values are the sums of its rows' amounts."""
    dimensions = [LXIndexDimension(type(rows[0]), of_id).from_data(rows) for rows in (first, second)]
    variable = LXVariable[Any, float]("assignment").indexed_by_product(*dimensions)
    return variable.bounds(lower=lambda a, b: 10 * a.amount + b.amount)


# Values by key and by row


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


# Keys and rows that are not there


def test_an_unknown_key_is_a_key_error_in_three_beats(error_text: ErrorText) -> None:
    values = solved(production()).variables["production"]

    text = error_text(LXUnknownKeyError, values.__getitem__, 9)

    assert text == (
        "'production' has nothing for 9: it is none of its 2 keys (1, 2) and no row of it. "
        "Ask for a key of the family, or for one of its rows."
    )
    assert issubclass(LXUnknownKeyError, KeyError)


def test_an_unknown_key_of_a_large_family_shows_some_keys(error_text: ErrorText) -> None:
    values = solved(production([Product(i) for i in range(50)])).variables["production"]

    text = error_text(LXUnknownKeyError, values.__getitem__, 99)

    assert "it is none of its 50 keys (0, 1, 2, ...) and no row of it" in text


@pytest.mark.filterwarnings("ignore::lumix_core.errors.LXEmptySourceWarning")
def test_an_unknown_key_of_an_empty_family_says_so(error_text: ErrorText) -> None:
    values = solved(production([])).variables["production"]

    text = error_text(LXUnknownKeyError, values.__getitem__, 1)

    assert "it is none of its 0 keys (it is empty)" in text


ODD_KEYS = [9, "1", None, (1,), (1, 2), [1], {}, object(), float("nan"), Machine(1), Product(9), Product, (), slice(1)]


@pytest.mark.parametrize("key", ODD_KEYS, ids=[repr(type(key).__name__) for key in ODD_KEYS])
@pytest.mark.parametrize("index", ["key", "computed key", "own key", "product", "join", "keyed join"])
def test_what_is_no_key_and_no_row_is_never_a_number(index: str, key: Any) -> None:
    variable = LXVariable[Any, float]("x").bounds(lower=1)
    match index:
        case "key":
            variable.from_data(PRODUCTS).indexed_by(of_id)
        case "computed key":
            variable.from_data(PRODUCTS).indexed_by(lambda p: p.id + 100)
        case "own key":
            variable.from_data(PRODUCTS)
        case "product":
            variable.indexed_by_product(
                LXIndexDimension(Product, of_id).from_data(PRODUCTS), LXIndexDimension(Machine).from_data(MACHINES)
            )
        case "join":
            variable.from_data(PRODUCTS).indexed_by(of_id).indexed_by_join(Product, Machine, lambda p: MACHINES)
        case "keyed join":
            variable.from_data(PRODUCTS).indexed_by(of_id)
            variable.indexed_by_join(Product, Machine, lambda p: MACHINES, lambda p, m: (p.id, m.id))
    values = solved(variable).variables["x"]

    with pytest.raises(LXUnknownKeyError, match="'x' has nothing for"):
        values[key]


@pytest.mark.parametrize(
    "row",
    [Machine(1), {"id": 1}, pd.Series({"id": 1})],
    ids=["other class", "dict", "series"],
)
def test_a_row_of_another_kind_with_the_same_key_is_refused(row: Any) -> None:
    values = solved(production()).variables["production"]

    with pytest.raises(LXUnknownKeyError):
        values[row]


def test_a_row_of_a_base_class_is_no_row_of_the_family() -> None:
    values = solved(production([Chair(1)])).variables["production"]

    with pytest.raises(LXUnknownKeyError):
        values[Product(1)]


def test_a_row_of_another_frame_with_the_same_key_is_refused() -> None:
    values = solved(production(pd.DataFrame({"id": [1], "amount": [2.0]}))).variables["production"]
    (other,) = LXVariable[Any, float]("y").from_data(pd.DataFrame({"id": [1], "hours": [2.0]})).get_instances()

    with pytest.raises(LXUnknownKeyError):
        values[other]


def test_rows_in_the_wrong_order_are_refused() -> None:
    values = solved(assignment(PRODUCTS, NUMBERED_MACHINES)).variables["assignment"]

    with pytest.raises(LXUnknownKeyError):
        values[NUMBERED_MACHINES[0], PRODUCTS[1]]


@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "not keyed"])
def test_rows_of_a_join_in_the_wrong_order_are_refused(keyed: bool) -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS).indexed_by(of_id)
    key = (lambda p, m: (p.id, m.id)) if keyed else None
    variable.indexed_by_join(Product, Machine, lambda p: NUMBERED_MACHINES, key)
    values = solved(variable.bounds(lower=lambda p, m: m.amount)).variables["x"]

    with pytest.raises(LXUnknownKeyError):
        values[NUMBERED_MACHINES[0], PRODUCTS[1]]


def test_a_scalar_family_has_one_key() -> None:
    x = LXVariable[None, float]("x").bounds(lower=2.5)
    solution = solved(x)

    found = solution.get_mapped(x)

    assert dict(found) == {(): 2.5}
    with pytest.raises(LXUnknownKeyError):
        found[1]


@pytest.mark.parametrize("results", ["variables", "shadow_prices", "reduced_costs"])
def test_an_unknown_family_is_told_with_the_known_ones(results: str, error_text: ErrorText) -> None:
    x = production()
    limit = LXConstraint[Any]("production").expression(LXLinearExpression().add_term(x)).le().rhs(99)
    solution = LXOptimizer().solve(
        LXModel("plan").add_variable(x).add_constraint(limit).minimize(LXLinearExpression().add_term(x))
    )

    text = error_text(LXUnknownNameError, getattr(solution, results).__getitem__, "porduction")

    assert text == "The solution has nothing named 'porduction'. It has 'production'."
    assert issubclass(LXUnknownNameError, KeyError)


def test_results_are_a_mapping_of_the_families() -> None:
    solution = solved(production(), LXVariable[None, int]("z").bounds(lower=4))

    results = solution.variables

    assert list(results) == ["production", "z"]
    assert len(results) == 2
    assert "z" in results
    assert repr(results) == "{'production': {1: 3.5, 2: 5.0}, 'z': 4}"


def test_a_long_mapping_is_shown_in_short() -> None:
    values = solved(production([Product(i, float(i)) for i in range(7)])).variables["production"]

    assert repr(values) == "{0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0, ... (2 more)}"


# Types


@pytest.mark.parametrize("domain", ["integer", "binary"])
def test_the_values_of_a_family_of_ints_are_ints(domain: str) -> None:
    variable = getattr(LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(of_id), domain)()
    variable.bounds(lower=lambda p: p.id - 1)

    values = solved(variable).variables["x"]

    assert dict(values) == {1: 0, 2: 1}
    assert [type(value) for value in values.values()] == [int, int]


def test_the_values_of_an_integer_family_of_floats_are_whole_floats() -> None:
    variable = production(kind=float).integer()

    values = solved(variable).variables["production"]

    assert dict(values) == {1: 4.0, 2: 5.0}
    assert all(type(value) is float for value in values.values())


def test_a_scalar_of_ints_is_an_int() -> None:
    solution = solved(LXVariable[None, int]("x").bounds(lower=2.5))

    assert solution.variables["x"] == 3
    assert type(solution.variables["x"]) is int


def test_numbers_are_pythons_own() -> None:
    solution = solved(production())

    numbers = [solution.objective_value, solution.best_bound, solution.solve_time, solution.variables["production"][1]]

    assert [type(number) for number in numbers] == [float] * 4


# Other views


def test_get_mapped_takes_a_variable_or_its_name() -> None:
    x = production()
    solution = solved(x)

    by_variable, by_name = solution.get_mapped(x), solution.get_mapped("production")

    assert dict(by_variable) == dict(by_name) == {1: 3.5, 2: 5.0}


@LIBRARIES
def test_a_family_becomes_a_frame(library: ModuleType) -> None:
    x = production()

    frame = solved(x).to_frame(x, library.__name__)

    assert isinstance(frame, library.DataFrame)
    assert frame.to_dict(**({"orient": "list"} if library is pd else {"as_series": False})) == {
        "product": [1, 2],
        "value": [3.5, 5.0],
    }


def test_a_product_becomes_a_frame_with_a_column_for_each_dimension() -> None:
    variable = assignment().where_multi(lambda p, m: p.id == 1)

    frame = solved(variable).to_frame("assignment")

    assert frame.to_dict("list") == {"product": [1, 1], "machine": ["A", "B"], "value": [36.0, 37.0]}


def test_two_dimensions_over_one_class_have_columns_of_their_own() -> None:
    frame = solved(assignment(PRODUCTS, PRODUCTS)).to_frame("assignment")

    assert list(frame.columns) == ["product_1", "product_2", "value"]


@pytest.mark.parametrize(
    "variable",
    [
        LXVariable[int, float]("value").from_data([7, 8]).bounds(lower=1),
        LXVariable[Value, float]("x").from_data([Value(7), Value(8)]).indexed_by(of_id).bounds(lower=1),
    ],
    ids=["family named value", "class named Value"],
)
def test_the_keys_of_a_frame_are_not_lost_to_the_values(variable: LXVariable[Any, float]) -> None:
    frame = solved(variable).to_frame(variable)

    columns = frame.to_dict("list")
    assert columns.pop("value") == [1.0, 1.0]
    assert list(columns.values()) == [[7, 8]]


def test_the_values_of_ints_are_ints_in_a_frame() -> None:
    frame = solved(LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(of_id).bounds(lower=2)).to_frame("x")

    assert frame["value"].dtype == "int64"


def test_a_scalar_becomes_a_frame_of_one_row() -> None:
    frame = solved(LXVariable[None, float]("x").bounds(lower=2.5)).to_frame("x")

    assert frame.to_dict("list") == {"value": [2.5]}


def test_a_frame_of_a_library_that_is_not_installed_says_what_to_install(
    error_text: ErrorText, monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = solved(production())
    monkeypatch.setitem(sys.modules, "polars", None)

    text = error_text(LXUnsupportedError, solution.to_frame, "production", "polars")

    assert text == "to_frame() needs polars, which is not installed. Run: pip install polars"


def test_a_frame_of_a_library_without_frames_is_refused(error_text: ErrorText) -> None:
    text = error_text(LXOptionError, solved(production()).to_frame, "production", "numpy")

    assert text == "to_frame() got library='numpy'. Give one of 'pandas', 'polars'."


# Duals: d(objective)/d(right-hand side)


def plan_model(
    maximize: bool = True,
    factor: float = 1.0,
    rhs: tuple[float, float, float] = (4.0, 6.0, 1.0),
    upper: float = inf,
    sense: str = "le",
) -> LXModel:
    """max 3x + 2y + 2z (or min of its negative), x + y <= r1, x + 3y <= r2, x <= r3, z <= upper, times a factor."""
    x, y = (LXVariable[None, float](name).bounds(lower=0) for name in "xy")
    z = LXVariable[None, float]("z").bounds(lower=0)
    if upper < inf:
        z.bounds(upper=upper)
    expressions = [
        LXLinearExpression().add_term(x).add_term(y).add_constant(5),
        LXLinearExpression().add_term(x).add_term(y, 3.0),
        LXLinearExpression().add_term(x).add_term(z, 0.25),
    ]
    model = LXModel("plan").add_variables(x, y, z)
    for name, expression, side in zip(("sum", "mix", "cap"), expressions, rhs, strict=True):
        constant = 5 if name == "sum" else 0
        constraint = LXConstraint[None](name).expression(factor * expression).rhs(factor * (side + constant))
        getattr(constraint, sense)()
        model.add_constraint(constraint)
    profit = LXLinearExpression().add_term(x, 3.0).add_term(y, 2.0).add_term(z, 2.0).add_constant(100)
    return model.maximize(profit) if maximize else model.minimize(-profit)


def objective_of(model: LXModel) -> float:
    return LXOptimizer().solve(model).objective_value


@pytest.mark.parametrize("name", ["sum", "mix", "cap"])
@pytest.mark.parametrize(
    ("factor", "sense"), [(1.0, "le"), (2.0, "le"), (-1.0, "ge"), (-4.0, "ge")], ids=["x1", "x2", "x-1", "x-4"]
)
@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
def test_a_shadow_price_is_what_the_objective_gains_from_the_right_hand_side(
    maximize: bool, factor: float, sense: str, name: str
) -> None:
    model = plan_model(maximize, factor, upper=2.0, sense=sense)

    price = LXOptimizer().solve(model).shadow_prices[name]

    side = model.get_constraint(name).rhs_value
    assert side is not None
    objectives = []
    for step in (-0.125, 0.125):
        model.get_constraint(name).rhs_value = side + step
        objectives.append(objective_of(model))
    assert price == pytest.approx((objectives[1] - objectives[0]) / 0.25, abs=1e-7)


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
def test_reduced_costs_are_what_the_rows_leave_of_the_objective(maximize: bool) -> None:
    model = plan_model(maximize, upper=2.0)

    solution = LXOptimizer().solve(model)

    problem = model.compile()
    prices = np.array([solution.shadow_prices[name] for name in ("sum", "mix", "cap")])
    left = problem.objective.copy()
    np.subtract.at(left, problem.columns, problem.coefficients * prices[problem.row_numbers()])
    found = [solution.reduced_costs[name] for name in "xyz"]
    assert found == pytest.approx(left.tolist(), abs=1e-9)


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
def test_a_reduced_cost_is_what_the_objective_gains_from_the_active_bound(maximize: bool) -> None:
    reduced = LXOptimizer().solve(plan_model(maximize, upper=2.0)).reduced_costs["z"]

    below, above = (objective_of(plan_model(maximize, upper=upper)) for upper in (1.75, 2.25))

    assert reduced == pytest.approx((above - below) / 0.5, abs=1e-9)
    assert reduced != 0.0


def test_shadow_prices_are_keyed_like_the_constraints() -> None:
    machines = [Machine("A", 1.0), Machine("B", 2.0)]
    x = LXVariable[Machine, float]("x").from_data(machines).indexed_by(of_id).bounds(lower=0)
    limit = LXConstraint[Machine]("limit").from_data(machines).indexed_by(of_id)
    limit.expression(LXLinearExpression().add_term(x)).le().rhs(lambda m: m.amount)
    total = LXLinearExpression().add_term(x, lambda m: 10 * m.amount)
    solution = LXOptimizer().solve(LXModel("plan").add_variable(x).add_constraint(limit).maximize(total))

    prices = solution.shadow_prices["limit"]

    assert dict(prices) == {"A": 10.0, "B": 20.0}
    assert prices[machines[1]] == 20.0
    assert solution.reduced_costs["x"][machines[0]] == 0.0


@pytest.mark.parametrize("what", ["shadow_prices", "reduced_costs"])
def test_a_model_with_integers_has_no_duals(what: str, error_text: ErrorText) -> None:
    x = LXVariable[None, int]("x").bounds(lower=0)
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_term(x)).ge().rhs(2)
    solution = LXOptimizer().solve(
        LXModel("plan").add_variable(x).add_constraint(limit).minimize(LXLinearExpression().add_term(x))
    )

    text = error_text(LXNoDualsError, getattr, solution, what)

    assert text == (
        f"The solution of model 'plan' has no {what.replace('_', ' ')}: it has integer variables, and duals exist "
        f"only without. Fix them at their values, or make them continuous, and solve again."
    )


class Without:
    """HiGHS, less some of its features and what they bring."""

    name = "partial"

    def __init__(self, *lacking: LXFeature, limit: LXLimit | None = None) -> None:
        self.features = frozenset(LXFeature) - set(lacking)
        self.limit = limit

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        from lumix_solvers.highs import HighsSolver

        raw = HighsSolver().solve(problem, options)
        if LXFeature.DUALS not in self.features or self.limit:
            raw = dataclasses.replace(raw, duals=None, reduced_costs=None)
        if self.limit:
            raw = dataclasses.replace(raw, status=LXStatus.FEASIBLE, limit=self.limit)
        return raw


def test_a_solver_without_duals_is_named(error_text: ErrorText) -> None:
    solution = LXOptimizer().use_solver(Without(LXFeature.DUALS)).solve(plan_model())

    text = error_text(LXNoDualsError, getattr, solution, "shadow_prices")

    assert text == (
        "The solution of model 'plan' has no shadow prices: solver 'partial' gives none. "
        "Use another solver, such as 'highs'."
    )


def test_a_run_that_was_ended_has_no_duals(error_text: ErrorText) -> None:
    solution = LXOptimizer().use_solver(Without(limit=LXLimit.TIME)).solve(plan_model())

    text = error_text(LXNoDualsError, getattr, solution, "reduced_costs")

    assert text == (
        "The solution of model 'plan' has no reduced costs: it is not optimal. Let the run end without a limit."
    )


def test_duals_of_a_model_with_integers_are_not_taken_from_a_solver_that_gives_some() -> None:
    """They are the duals of a relaxation, with no such meaning."""

    class Generous(Without):
        def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
            raw = super().solve(problem, options)
            return dataclasses.replace(raw, duals=np.zeros(problem.num_constraints), reduced_costs=np.zeros(1))

    x = LXVariable[None, int]("x").bounds(lower=0.5)
    solution = (
        LXOptimizer()
        .use_solver(Generous())
        .solve(LXModel("plan").add_variable(x).minimize(LXLinearExpression().add_term(x)))
    )

    with pytest.raises(LXNoDualsError, match="it has integer variables"):
        solution.shadow_prices  # noqa: B018
    with pytest.raises(LXNoDualsError, match="it has integer variables"):
        solution.reduced_costs  # noqa: B018


# Statuses, and no values where there is no point


def impossible() -> LXModel:
    x = LXVariable[None, float]("x").bounds(lower=0, upper=1)
    y = LXVariable[None, float]("y").bounds(lower=0, upper=1)
    total = LXLinearExpression().add_term(x).add_term(y)
    limit = LXConstraint[None]("limit").expression(total).ge().rhs(3)
    return LXModel("plan").add_variables(x, y).add_constraint(limit).minimize(total)


def endless() -> LXModel:
    x = LXVariable[None, float]("x").bounds(lower=0)
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x))


def market_split(size: int = 30) -> LXModel:
    """A small model that no solver finishes at once, and whose first point is easy."""
    rows = [Product(i, float((i * 7919) % 97 + 1)) for i in range(size)]
    x = LXVariable[Product, int]("x").from_data(rows).indexed_by(of_id).binary()
    model = LXModel("plan").add_variable(x)
    off = LXVariable[None, float]("off").bounds(lower=0)
    model.add_variable(off)
    for k in range(5):
        weight = LXLinearExpression().add_term(x, lambda p, k=k: (p.amount * (k + 3) * (p.id + k + 1)) % 100)
        for sign, name in ((1.0, "above"), (-1.0, "below")):
            row = LXConstraint[None](f"{name}{k}").expression(sign * weight - LXLinearExpression().add_term(off))
            model.add_constraint(row.le().rhs(sign * 25.5 * size))
    return model.minimize(LXLinearExpression().add_term(off))


def test_an_optimal_run_says_so() -> None:
    solution = LXOptimizer().solve(plan_model())

    assert solution.status == LXStatus.OPTIMAL == "optimal"
    assert (solution.is_optimal(), solution.is_feasible(), solution.limit) == (True, True, None)
    assert solution.solver == "highs"
    assert solution.solve_time >= 0
    assert solution.raw_status == "Optimal"


@pytest.mark.parametrize(
    ("model", "statuses"),
    [(impossible(), {"infeasible"}), (endless(), {"unbounded", "infeasible_or_unbounded"})],
    ids=["infeasible", "unbounded"],
)
def test_a_model_without_a_best_point_says_so(model: LXModel, statuses: set[str]) -> None:
    solution = LXOptimizer().solve(model)

    assert solution.status in statuses
    assert (solution.is_optimal(), solution.is_feasible(), solution.limit) == (False, False, None)
    assert (solution.best_bound, solution.gap) == (None, None)


@pytest.mark.parametrize("what", ["variables", "objective_value", "shadow_prices", "reduced_costs"])
def test_nothing_is_read_where_there_is_no_point(what: str, error_text: ErrorText) -> None:
    solution = LXOptimizer().solve(impossible())

    text = error_text(LXNoSolutionError, getattr, solution, what)

    assert text == (
        "The solution of model 'plan' holds no values: its status is infeasible (Infeasible). "
        "Look at solution.status or solution.is_feasible() before reading values; "
        "optimizer.explain_infeasibility(model) tells why there are none."
    )


@pytest.mark.parametrize("call", [lambda s: s.get_mapped("x"), lambda s: s.to_frame("x")], ids=["map", "frame"])
def test_no_view_is_made_where_there_is_no_point(call: Callable[[LXSolution], Any]) -> None:
    solution = LXOptimizer().solve(impossible())

    with pytest.raises(LXNoSolutionError):
        call(solution)


class Interrupted:
    """A solver whose runs end before a point is found."""

    name = "hasty"
    features = frozenset(LXFeature)

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="Time is up", limit=LXLimit.TIME, best_bound=12.5)


def test_a_run_that_ended_without_a_point_names_the_limit(error_text: ErrorText) -> None:
    solution = LXOptimizer().use_solver(Interrupted()).solve(plan_model())

    text = error_text(LXNoSolutionError, getattr, solution, "objective_value")

    assert "its status is no_solution (Time is up), ended by the time limit." in text
    assert (solution.status, solution.limit, solution.best_bound, solution.gap) == ("no_solution", "time", 12.5, None)


def test_a_run_that_ended_with_a_point_keeps_limit_bound_and_gap() -> None:
    solution = LXOptimizer().solve(market_split(), options={"mip_max_improving_sols": 1})

    assert solution.status is LXStatus.FEASIBLE
    assert solution.limit is not None
    assert (solution.is_feasible(), solution.is_optimal()) == (True, False)
    assert solution.best_bound is not None
    assert solution.gap == pytest.approx(
        abs(solution.objective_value - solution.best_bound) / abs(solution.objective_value)
    )


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [(10.0, 8.0, 0.2), (-10.0, -8.0, 0.2), (10.0, 10.0, 0.0), (0.0, 0.0, 0.0), (0.0, 1.0, inf), (5.0, None, None)],
)
def test_the_gap_is_relative_to_the_objective(objective: float, bound: float | None, gap: float | None) -> None:
    solution = dataclasses.replace(LXOptimizer().solve(plan_model()), _objective=objective, best_bound=bound)

    assert solution.gap == gap


def test_a_model_without_an_objective_has_a_feasible_point() -> None:
    x = LXVariable[None, float]("x").bounds(lower=2, upper=3)

    solution = LXOptimizer().solve(LXModel("plan").add_variable(x))

    assert solution.is_optimal()
    assert solution.objective_value == 0.0
    assert 2 <= solution.variables["x"] <= 3


def test_the_objective_holds_its_constant() -> None:
    solution = LXOptimizer().solve(plan_model())

    x, y, z = (solution.variables[name] for name in "xyz")
    assert solution.objective_value == pytest.approx(100 + 3 * x + 2 * y + 2 * z)


# Words


def test_a_summary_tells_status_objective_and_families() -> None:
    variable = production([Product(1, 3.5), Product(2, 0.0)])

    text = solved(variable, LXVariable[None, float]("z").bounds(lower=2)).summary()

    first, *rest = text.splitlines()
    assert first.startswith("Model 'plan': optimal, solver highs, 0.")
    assert first.endswith(" s")
    assert rest == ["  objective 5.5", "  production: 2 values, 1 of them not 0", "  z = 2"]


def test_a_summary_of_no_point_tells_the_status_alone() -> None:
    text = LXOptimizer().solve(impossible()).summary()

    assert len(text.splitlines()) == 1
    assert text.startswith("Model 'plan': infeasible, solver highs")


def test_a_summary_tells_limit_bound_and_gap() -> None:
    solution = dataclasses.replace(
        LXOptimizer().solve(endless().maximize(LXLinearExpression().add_constant(10))),
        status=LXStatus.FEASIBLE,
        limit=LXLimit.TIME,
        best_bound=12.0,
    )

    lines = solution.summary().splitlines()

    assert lines[0].startswith("Model 'plan': feasible (time limit), solver highs")
    assert lines[1:3] == ["  objective 10", "  best bound 12 (gap 20.0000%)"]


@pytest.mark.parametrize(
    ("model", "text"),
    [(impossible(), "<LXSolution infeasible>"), (plan_model(), "<LXSolution optimal, objective 112>")],
    ids=["infeasible", "optimal"],
)
def test_a_solution_shows_its_status(model: LXModel, text: str) -> None:
    solution = LXOptimizer().solve(model)

    assert repr(solution) == text


# A solution stands for itself


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
