"""When parameters are read, and lookups in models."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.errors import LXMissingKeyError, LXModelError, LXNumberError
from tests.core.recipes import (
    EXPECTED,
    MACHINES,
    PRODUCTS,
    Machine,
    Product,
    Recipe,
    amounts,
    hours_of,
    of_source,
    plan,
    recipes,
)

ErrorText = Callable[..., str]
HERE = __file__
Compile = Callable[[LXModel], Any]

# When it is read


@pytest.mark.parametrize("data", [recipes(), {(1, 1): 0.5}])
def test_the_rows_are_read_at_the_first_lookup_and_kept(data: Any) -> None:
    hours = of_source(data)

    first = hours[1, 1]
    data.clear()

    assert (first, hours[1, 1]) == (0.5, 0.5)


CHANGES: dict[str, tuple[Callable[[LXParameter[Any]], Any], Any]] = {
    "rows": (lambda hours: hours.from_data([Recipe(1, 1, 7.0)]), 7.0),
    "key": (lambda hours: hours.indexed_by(lambda r: (r.machine_id - 1, r.product_id)), 1.0),
    "filter": (lambda hours: hours.where(lambda r: r.product_id > 1).default(0.0), 0.0),
    "value": (lambda hours: hours.value(lambda r: 2 * r.hours), 1.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_said_after_a_lookup_counts_for_the_next(change: str) -> None:
    hours = hours_of(recipes())
    hours[1, 1]

    alter, expected = CHANGES[change]
    alter(hours)

    assert hours[1, 1] == expected


def test_rows_take_the_place_of_a_dict() -> None:
    hours = LXParameter[Any]("hours").from_data({1: 1.0})
    hours[1]

    hours.from_data([Recipe(1, 1, 2.0)]).indexed_by(lambda r: r.product_id).value(lambda r: r.hours)

    assert hours[1] == 2.0


def test_a_dict_takes_the_place_of_a_dict() -> None:
    hours = LXParameter[Any]("hours").from_data({1: 1.0})
    hours[1]

    assert hours.from_data({1: 2.0})[1] == 2.0


@pytest.mark.parametrize("data", [recipes(), {(1, 1): 0.5, (1, 2): 1.0, (3, 2): 3.5}])
def test_every_compile_sees_the_data_as_it_is(data: Any, compiled: Compile) -> None:
    hours = of_source(data).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id])

    before = compiled(model).rows
    data.pop((3, 2)) if isinstance(data, dict) else data.pop()

    assert before == EXPECTED
    assert compiled(model).rows == {"limit[1]": {"x[1]": 0.5}, "limit[2]": {"x[1]": 1.0}}


def test_a_function_that_runs_row_by_row_sees_the_data_as_it_is(compiled: Compile) -> None:
    rows = recipes()
    hours = hours_of(rows).default(0.0)
    model = plan(lambda p, m: hours[p.id, m.id] if p is not None else 0.0)

    hours[1, 1]
    rows[0].hours = 9.0

    assert compiled(model).rows["limit[1]"] == {"x[1]": 9.0}


@pytest.mark.parametrize(
    "value",
    [
        lambda r, rate: r.hours * rate[r.machine_id],
        lambda r, rate: r.hours * rate[r.machine_id] if r is not None else 0,
    ],
    ids=["columns", "row by row"],
)
def test_a_parameter_of_another_sees_the_data_as_it_is(value: Callable[[Any, Any], float]) -> None:
    rates = {1: 1.0, 2: 2.0}
    rate = LXParameter[Any]("rate").from_data(rates)
    rate[1]

    rates[1] = 10.0
    cost = hours_of(recipes()).value(functools.partial(value, rate=rate))

    assert cost[1, 1] == 5.0


def test_get_instances_of_a_family_sees_the_data_as_it_is() -> None:
    wanted = {1: 1.0}
    demand = LXParameter[Any]("demand").from_data(wanted).default(0.0)
    family = amounts().where(lambda p: demand[p.id] > 0 if p is not None else False)
    demand[1]

    wanted[2] = 1.0

    assert family.get_instances() == PRODUCTS[:2]


# In models


def test_a_lookup_is_a_coefficient(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)

    assert compiled(plan(lambda p, m: hours[p.id, m.id])).rows == EXPECTED


COEFFICIENTS: dict[str, Callable[[LXParameter[Any]], Callable[[Any, Any], Any]]] = {
    "call": lambda hours: lambda p, m: hours(p.id, m.id),
    "call by name": lambda hours: lambda p, m: hours(machine_id=m.id, product_id=p.id),
    "row by row": lambda hours: lambda p, m: hours[p.id, m.id] if p is not None else 0.0,
    "row by row and by name": lambda hours: lambda p, m: hours(product_id=p.id, machine_id=m.id) if p is not m else 0,
    "default argument": lambda hours: lambda p, m, hours=hours: hours[p.id, m.id],
    "only where there is one": lambda hours: lambda p, m: hours[p.id, m.id] if (p.id, m.id) in hours else 0,  # noqa: SIM401
}


@pytest.mark.parametrize("way", COEFFICIENTS)
def test_every_way_to_write_a_coefficient_gives_the_same(way: str, compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)

    assert compiled(plan(COEFFICIENTS[way](hours))).rows == EXPECTED


CONDITIONS: dict[str, Callable[[LXParameter[Any]], Callable[[Any, Any], Any]]] = {
    "comparison": lambda hours: lambda p, m: hours[p.id, m.id] > 0,
    "membership": lambda hours: lambda p, m: (p.id, m.id) in hours,
    "truth": lambda hours: lambda p, m: hours[p.id, m.id],
    "row by row": lambda hours: lambda p, m: (p.id, m.id) in hours if p is not None else False,
}


@pytest.mark.parametrize("way", CONDITIONS)
def test_a_lookup_is_a_condition(way: str, compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)

    rows = compiled(plan(2.0, where=CONDITIONS[way](hours))).rows

    assert rows == {"limit[1]": {"x[1]": 2.0}, "limit[2]": {"x[1]": 2.0, "x[3]": 2.0}}


def test_a_default_that_is_not_zero_counts_for_every_other_pair(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(4.0)

    rows = compiled(plan(lambda p, m: hours[p.id, m.id])).rows

    assert rows["limit[1]"] == {"x[1]": 0.5, "x[2]": 4.0, "x[3]": 4.0}


def test_a_lookup_is_a_bound(compiled: Compile) -> None:
    most = LXParameter[Any]("most").from_data({1: 10, 3: 30}).default(5)

    x = amounts().bounds(lower=lambda p: most[p.id] / 10, upper=lambda p: most[p.id])

    assert compiled(LXModel("m").add_variable(x)).bounds == {"x[1]": (1, 10), "x[2]": (0.5, 5), "x[3]": (3, 30)}


def test_a_lookup_is_a_right_hand_side(compiled: Compile) -> None:
    available = LXParameter[Any]("available").from_data({1: 80, 2: 100})
    model = plan(lambda p, m: 1.0)

    model.get_constraint("limit").rhs_func = lambda m: available[m.id]

    assert [upper for _, upper in compiled(model).sides.values()] == [80, 100]


def test_a_lookup_is_a_cost(compiled: Compile) -> None:
    price = LXParameter[Any]("price").from_data({1: 3.0, 2: 4.0}).default(0)

    model = LXModel("m").add_variable(amounts().cost(lambda p: price[p.id])).minimize()

    assert compiled(model).objective == {"x[1]": 3.0, "x[2]": 4.0}


def test_a_lookup_filters_rows(compiled: Compile) -> None:
    active = LXParameter[Any]("active").from_data({1: 1, 2: 0}).default(0)

    assert compiled(LXModel("m").add_variable(amounts().where(lambda p: active[p.id] == 1))).columns == ["x[1]"]


def test_a_lookup_filters_combinations(compiled: Compile) -> None:
    hours = hours_of(recipes())
    on = LXVariable[Any, int]("on").indexed_by_product(
        LXIndexDimension(Product, lambda p: p.id).from_data(PRODUCTS),
        LXIndexDimension(Machine, lambda m: m.id).from_data(MACHINES),
    )

    on.where_multi(lambda p, m: (p.id, m.id) in hours)

    assert compiled(LXModel("m").add_variable(on)).columns == ["on[(1, 1)]", "on[(1, 2)]", "on[(3, 2)]"]


def test_a_lookup_is_a_key(compiled: Compile) -> None:
    rank = LXParameter[Any]("rank").from_data({1: 30, 2: 20, 3: 10})

    x = LXVariable[Product, float]("x").from_data(PRODUCTS).indexed_by(lambda p: rank[p.id])

    assert compiled(LXModel("m").add_variable(x)).columns == ["x[30.0]", "x[20.0]", "x[10.0]"]


def test_a_missing_key_in_a_function_names_the_function_the_member_and_the_key(error_text: ErrorText) -> None:
    hours = hours_of(recipes())

    text = error_text(LXMissingKeyError, plan(lambda p, m: hours[p.id, m.id]).compile)

    assert text.startswith(f"The coefficient of 'x' (the function at {HERE}:")
    assert text.endswith(
        "failed for key 1 of 'limit' and key 2 of 'x' in constraint 'limit': LXParameter('hours') has no value for "
        "the key (2, 1): none of its 3 rows has it, and there is no default. "
        "Add the row, or give a default: .default(0.0)."
    )


CANNOT: dict[str, Callable[[LXParameter[Any]], Any]] = {
    "text": lambda hours: lambda p, m: hours[str(p.id), m.id],
    "constant text": lambda hours: lambda p, m: hours["1", m.id],
    "rows": lambda hours: lambda p, m: hours[p, m],
    "one part": lambda hours: lambda p, m: hours[p.id],
}


@pytest.mark.parametrize("way", CANNOT)
def test_what_can_be_no_key_is_refused_in_functions(way: str, error_text: ErrorText) -> None:
    hours = hours_of(recipes()).default(0.0)

    text = error_text(LXMissingKeyError, plan(CANNOT[way](hours)).compile)

    assert "which cannot be one of its keys: they are like (1, 1)" in text


def test_a_parameter_as_a_coefficient_takes_no_row_of_the_constraint(error_text: ErrorText) -> None:
    """It takes any number of arguments, so that of the rows alone is meant; the join is written as a function."""
    text = error_text(LXModelError, plan(hours_of(recipes()).default(0.0)).compile)

    assert "take it in the coefficient or where=: lambda x, row: ..." in text


JOINED: dict[str, tuple[LXParameter[Any], Callable[[LXParameter[Any]], Any]]] = {
    "column": (
        LXParameter[Any]("hours").from_data({("1", 1): 1.0, ("2", 2): 2.0}),
        lambda hours: lambda p, m: hours[p.id, m.id],
    ),
    "constant": (
        LXParameter[Any]("hours").from_data({(1, 1, 7): 1.0, (2, 2, 7): 2.0}),
        lambda hours: lambda p, m: hours[p.id, m.id, "day"],
    ),
}


@pytest.mark.parametrize("part", JOINED)
def test_a_join_that_can_find_nothing_is_refused(part: str, error_text: ErrorText) -> None:
    hours, coefficient = JOINED[part]

    text = error_text(LXMissingKeyError, plan(coefficient(hours.default(0.0))).compile)

    assert "which cannot be one of its keys: they are like (" in text


def test_one_row_that_asks_for_what_can_be_no_key_is_found(error_text: ErrorText) -> None:
    most = LXParameter[Any]("most").from_data({1: 10, 2: 20}).default(5)
    rows = [Recipe(one, 1) for one in (1, "2", 3, 4, 5)]
    x = LXVariable[Recipe, float]("x").indexed_by(lambda r: r.product_id).from_data(rows)

    model = LXModel("m").add_variable(x.bounds(upper=lambda r: most[r.product_id]))

    assert "for key '2' of 'x': LXParameter('most') was looked up with '2'," in error_text(
        LXMissingKeyError, model.compile
    )


def test_a_condition_on_what_can_be_no_key_is_refused(error_text: ErrorText) -> None:
    hours = hours_of([Recipe("a", 1), Recipe("b", 2)])

    text = error_text(LXMissingKeyError, plan(1.0, where=lambda p, m: (p.id, m.id) in hours).compile)

    assert "was looked up with (1, 1), which cannot be one of its keys: they are like ('a', 1)" in text


def test_a_wrong_value_is_refused_where_a_model_uses_it(error_text: ErrorText) -> None:
    hours = hours_of([*recipes(), Recipe(2, 1, None)]).default(0.0)

    text = error_text(LXNumberError, plan(lambda p, m: hours[p.id, m.id]).compile)

    assert "is NULL (None) for key (2, 1) of 'hours'" in text


def test_a_parameter_itself_is_a_function_of_rows_that_are_its_keys(compiled: Compile) -> None:
    demand = LXParameter[Any]("demand").from_data({0: 5.0, 1: 7.0})
    x = LXVariable[int, float]("x").from_data(range(2)).bounds(lower=demand)

    assert compiled(LXModel("m").add_variable(x)).bounds == {"x[0]": (5.0, np.inf), "x[1]": (7.0, np.inf)}


def test_a_join_asks_for_a_few_pairs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    number = LXParameter._number
    monkeypatch.setattr(LXParameter, "_number", lambda self, key: asked.append(key) or number(self, key))
    hours = hours_of([Recipe(i, i) for i in range(300)]).default(0.0)
    x = LXVariable[Product, float]("x").from_data([Product(i) for i in range(300)]).indexed_by(lambda p: p.id)
    limit = LXConstraint[Machine]("limit").from_data([Machine(i) for i in range(300)]).indexed_by(lambda m: m.id)

    used = LXLinearExpression().add_term(x, lambda p, m: hours[p.id, m.id])
    problem = LXModel("m").add_variable(x).add_constraint(limit.expression(used).le().rhs(1)).compile()

    assert len(problem.coefficients) == 300
    assert len(asked) < 20


def test_two_models_share_a_parameter(compiled: Compile) -> None:
    hours = hours_of(recipes()).default(0.0)
    one, other = plan(lambda p, m: hours[p.id, m.id]), plan(lambda p, m: 2 * hours[p.id, m.id])

    assert compiled(one).rows == EXPECTED
    assert compiled(other).rows["limit[1]"] == {"x[1]": 1.0}


def test_a_function_may_compile_another_model(compiled: Compile) -> None:
    rows = recipes()
    hours = hours_of(rows).default(0.0)
    inner = plan(lambda p, m: hours[p.id, m.id] if p is not None else 0.0)

    def coefficient(p: Product, m: Machine) -> float:
        return hours[p.id, m.id] * len(inner.compile().coefficients) if p is not None else 0.0

    assert compiled(plan(coefficient)).rows["limit[1]"] == {"x[1]": 1.5}


def test_threads_compile_with_one_parameter_at_a_time_of_their_own() -> None:
    hours = hours_of([Recipe(p, m, p + m / 10) for p in (1, 2, 3) for m in (1, 2)])
    together = threading.Barrier(4)

    def compile_one(factor: int) -> list[float]:
        model = plan(lambda p, m, factor=factor: factor * hours[p.id, m.id] if p is not None else 0.0)
        together.wait(60)
        return model.compile().coefficients.tolist()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(compile_one, [1, 2, 4, 8]))

    assert found == [[factor * (p + m / 10) for m in (1, 2) for p in (1, 2, 3)] for factor in (1, 2, 4, 8)]
