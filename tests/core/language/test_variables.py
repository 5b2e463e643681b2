"""Families of variables: their columns, keys, bounds and domains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXModelError, LXNumberError
from tests.core.language_models import (
    MACHINES,
    PRODUCTS,
    Machine,
    Plan,
    Product,
    Recipe,
    assignment,
    model_of,
    of_id,
    production,
)

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Period:
    id: int


class Order(NamedTuple):
    id: int
    product: int


# Families of variables


def test_a_variable_without_rows_and_key_is_one_column(compiled: Compile) -> None:
    model = LXModel("m").add_variable(LXVariable[None, float]("x"))

    found = compiled(model)

    assert found.bounds == {"x": (-inf, inf)}


def test_a_variable_has_a_column_for_each_row_in_their_order(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production([Product(7), Product(3)]))

    found = compiled(model)

    assert found.columns == ["production[7]", "production[3]"]


def test_several_filters_must_all_be_true(compiled: Compile) -> None:
    variable = production([Product(i) for i in range(6)]).where(lambda p: p.id > 1).where(lambda p: p.id < 4)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["production[2]", "production[3]"]


def test_a_key_may_be_made_of_several_attributes(compiled: Compile) -> None:
    orders = [Order(1, 7), Order(1, 8)]
    variable = LXVariable[Order, float]("x").from_data(orders).indexed_by(lambda o: (o.id, o.product))

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["x[(1, 7)]", "x[(1, 8)]"]


def test_a_product_has_a_column_for_each_combination_the_last_dimension_first(compiled: Compile) -> None:
    model = LXModel("m").add_variable(assignment())

    found = compiled(model)

    assert found.columns == ["assignment[(1, 1)]", "assignment[(1, 2)]", "assignment[(2, 1)]", "assignment[(2, 2)]"]


def test_a_product_has_any_number_of_dimensions(compiled: Compile) -> None:
    dimensions = [
        LXIndexDimension(Product, of_id).from_data(PRODUCTS),
        LXIndexDimension(Machine, of_id).from_data([Machine(1)]),
        LXIndexDimension(Period, of_id).from_data([Period(5), Period(6)]),
    ]
    variable = LXVariable[Any, float]("x").indexed_by_product(*dimensions)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["x[(1, 1, 5)]", "x[(1, 1, 6)]", "x[(2, 1, 5)]", "x[(2, 1, 6)]"]


def test_a_product_of_one_dimension_is_keyed_by_it(compiled: Compile) -> None:
    dimension = LXIndexDimension(Product, of_id).from_data(PRODUCTS)

    found = compiled(LXModel("m").add_variable(LXVariable[Product, float]("x").indexed_by_product(dimension)))

    assert found.columns == ["x[1]", "x[2]"]


def test_a_dimension_can_be_filtered(compiled: Compile) -> None:
    products = LXIndexDimension(Product, of_id).from_data(PRODUCTS).where(lambda p: p.price > 4)
    machines = LXIndexDimension(Machine, of_id).from_data(MACHINES)

    found = compiled(LXModel("m").add_variable(LXVariable[Any, float]("x").indexed_by_product(products, machines)))

    assert found.columns == ["x[(2, 1)]", "x[(2, 2)]"]


@pytest.mark.parametrize("method", ["where_multi", "where"])
def test_combinations_can_be_filtered(method: str, compiled: Compile) -> None:
    variable = assignment()
    getattr(variable, method)(lambda product, machine: product.id != machine.id)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["assignment[(1, 2)]", "assignment[(2, 1)]"]


def test_a_product_may_have_the_same_rows_twice(compiled: Compile) -> None:
    dimension = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    variable = LXVariable[Any, float]("x").indexed_by_product(dimension, dimension)
    variable.where_multi(lambda first, second: first.id < second.id)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["x[(1, 2)]"]


def test_a_join_has_a_column_for_each_related_pair(compiled: Compile) -> None:
    plans = [Plan(1, (Recipe(1, 0.5), Recipe(2, 1.5))), Plan(2, (Recipe(2, 2.5),)), Plan(3)]
    variable = LXVariable[tuple[Plan, Recipe], float]("x").from_data(plans).indexed_by(of_id)
    variable.indexed_by_join(Plan, Recipe, lambda plan: plan.recipes, lambda plan, recipe: (plan.id, recipe.machine))
    variable.bounds(upper=lambda plan, recipe: recipe.hours)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"x[(1, 1)]": (-inf, 0.5), "x[(1, 2)]": (-inf, 1.5), "x[(2, 2)]": (-inf, 2.5)}


def test_a_join_with_a_key_of_pairs_needs_no_key_of_rows(compiled: Compile) -> None:
    plans = [Plan(1, (Recipe(1, 0.5),)), Plan(2, (Recipe(2, 2.5),))]
    variable = LXVariable[tuple[Plan, Recipe], float]("x").from_data(plans)
    variable.indexed_by_join(Plan, Recipe, lambda plan: plan.recipes, lambda plan, recipe: (plan.id, recipe.machine))

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["x[(1, 1)]", "x[(2, 2)]"]


def test_without_a_key_of_pairs_a_join_is_keyed_by_both_rows_keys(compiled: Compile) -> None:
    recipe = Recipe(1, 0.5)
    variable = LXVariable[tuple[Plan, Recipe], float]("x").from_data([Plan(1, (recipe,))]).indexed_by(of_id)
    variable.indexed_by_join(Plan, Recipe, lambda plan: plan.recipes)

    problem = LXModel("m").add_variable(variable).compile()

    assert list(problem.variables[0].keys) == [(1, recipe)]


def test_a_join_can_be_filtered_by_its_rows_and_by_pairs(compiled: Compile) -> None:
    plans = [Plan(i, (Recipe(1, 0.5), Recipe(2, 1.5))) for i in (1, 2, 3)]
    variable = LXVariable[tuple[Plan, Recipe], float]("x").from_data(plans).indexed_by(of_id)
    variable.indexed_by_join(Plan, Recipe, lambda plan: plan.recipes, lambda plan, recipe: (plan.id, recipe.machine))
    variable.where(lambda plan: plan.id > 1).where_multi(lambda plan, recipe: plan.id != recipe.machine)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.columns == ["x[(2, 1)]", "x[(3, 1)]", "x[(3, 2)]"]


# Bounds and domains


def test_bounds_are_numbers_or_functions_of_the_row(compiled: Compile) -> None:
    variable = production().bounds(lower=0.5, upper=lambda p: 10 * p.price)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"production[1]": (0.5, 30.0), "production[2]": (0.5, 50.0)}


def test_bounds_of_a_product_are_functions_of_one_row_a_dimension(compiled: Compile) -> None:
    variable = assignment().bounds(lower=lambda p, m: -p.price, upper=lambda p, m: m.hours)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {
        "assignment[(1, 1)]": (-3.0, 10.0),
        "assignment[(1, 2)]": (-3.0, 20.0),
        "assignment[(2, 1)]": (-5.0, 10.0),
        "assignment[(2, 2)]": (-5.0, 20.0),
    }


def test_bounds_can_be_set_one_after_the_other(compiled: Compile) -> None:
    variable = LXVariable[None, float]("x").bounds(upper=9).bounds(lower=1)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"x": (1.0, 9.0)}


def test_the_last_bound_counts(compiled: Compile) -> None:
    variable = LXVariable[None, float]("x").bounds(upper=9).bounds(upper=2)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"x": (-inf, 2.0)}


@pytest.mark.parametrize("number", [2, 2.0, Decimal(2), Fraction(2), np.int8(2), np.float32(2), np.uint64(2)])
def test_any_real_number_is_a_bound(number: Any, compiled: Compile) -> None:
    model = LXModel("m").add_variables(LXVariable[None, float]("x").bounds(lower=number, upper=number))

    found = compiled(model)

    assert found.bounds == {"x": (2.0, 2.0)}


@pytest.mark.parametrize("number", [2, 2.0, Decimal(2), Fraction(2), np.int8(2), np.float32(2), np.uint64(2), True])
def test_a_function_may_return_any_real_number(number: Any, compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p: number))

    found = compiled(model)

    assert found.rows == {"limit": {"production[1]": float(number), "production[2]": float(number)}}


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [({}, (0.0, 1.0)), ({"lower": -5, "upper": 5}, (0.0, 1.0)), ({"lower": 1}, (1.0, 1.0)), ({"upper": 0}, (0.0, 0.0))],
    ids=["unset", "wide", "fixed at 1", "fixed at 0"],
)
def test_a_binary_variable_is_between_0_and_1(bounds: Any, expected: Any, compiled: Compile) -> None:
    variable = LXVariable[None, int]("x").binary().bounds(**bounds)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"x": expected}
    assert found.integers == ["x"]


def test_a_family_of_ints_is_integer_unsaid(compiled: Compile) -> None:
    model = LXModel("m").add_variables(LXVariable[None, int]("x"), LXVariable[None, float]("y"))

    found = compiled(model)

    assert found.integers == ["x"]


def test_a_class_derived_from_a_family_of_ints_is_integer(compiled: Compile) -> None:
    class Trucks(LXVariable[Product, int]):
        pass

    found = compiled(LXModel("m").add_variable(Trucks("x").from_data(PRODUCTS).indexed_by(of_id)))

    assert found.integers == ["x[1]", "x[2]"]


def test_a_family_of_floats_may_be_integer(compiled: Compile) -> None:
    variable = LXVariable[None, float]("x").integer()

    found = compiled(LXModel("m").add_variable(variable))

    assert found.integers == ["x"]


def test_a_family_of_ints_cannot_be_continuous(error_text: ErrorText) -> None:
    model = LXModel("m").add_variable(LXVariable[Product, int]("x").continuous())

    text = error_text(LXModelError, model.compile)

    assert text == (
        "LXVariable[..., int]('x') was made .continuous(): its values would not be int. "
        "Write LXVariable[..., float], or .integer() or .binary()."
    )


@pytest.mark.parametrize("kind", [bool, str, "int", Decimal], ids=["bool", "str", "the name of int", "Decimal"])
def test_a_value_type_other_than_int_or_float_is_refused(kind: Any) -> None:
    """It would quietly be continuous."""
    model = LXModel("m").add_variable(LXVariable[Product, kind]("x").from_data(PRODUCTS).indexed_by(of_id))

    with pytest.raises(LXModelError, match=r"LXVariable.*'x'.*int.*float"):
        model.compile()


UNIT: dict[str, tuple[Callable[[LXVariable[Any, float]], Any], tuple[float, float]]] = {
    "binary": (lambda x: x.binary(), (0, 1)),
    "continuous": (lambda x: x.binary().continuous(), (0, 1)),
    "integer": (lambda x: x.binary().integer(), (0, 1)),
    "wider bounds before": (lambda x: x.bounds(-3, 10).binary().continuous(), (0, 1)),
    "narrower bounds before": (lambda x: x.bounds(0.25, 0.5).binary().continuous(), (0.25, 0.5)),
    "functions before": (lambda x: x.bounds(lambda p: -1, lambda p: p.price).binary().continuous(), (0, 1)),
    "bounds while it is binary": (lambda x: x.binary().bounds(0, 10).continuous(), (0, 1)),
    "bounds afterwards": (lambda x: x.binary().continuous().bounds(-1, 10), (-1, 10)),
    "one bound afterwards": (lambda x: x.binary().continuous().bounds(upper=10), (0, 10)),
    "binary again": (lambda x: x.binary().continuous().bounds(0, 10).binary().integer(), (0, 1)),
    "never binary": (lambda x: x.integer().continuous().bounds(0, 10), (0, 10)),
}


@pytest.mark.parametrize(("build", "bounds"), UNIT.values(), ids=UNIT.keys())
def test_another_domain_keeps_the_bounds(build: Any, bounds: tuple[float, float], compiled: Compile) -> None:
    variable = production()
    build(variable)

    found = compiled(LXModel("m").add_variable(variable))

    assert set(found.bounds.values()) == {bounds}


NO_BOUND: dict[str, tuple[Any, Any, list[tuple[float, float]]]] = {
    "number": (-inf, inf, [(-inf, inf), (-inf, inf)]),
    "function": (0, lambda p: inf if p.id == 1 else p.price, [(0, inf), (0, 5)]),
    "function row by row": (0, lambda p: {1: inf}.get(p.id) or p.price, [(0, inf), (0, 5)]),
    "lower": (lambda p: -inf if p.id == 1 else -p.price, 0, [(-inf, 0), (-5, 0)]),
    "numpy": (np.float32(-inf), lambda p: np.inf, [(-inf, inf), (-inf, inf)]),
    "Decimal": (Decimal("-Infinity"), lambda p: Decimal("Infinity"), [(-inf, inf), (-inf, inf)]),
}


@pytest.mark.parametrize(("lower", "upper", "bounds"), NO_BOUND.values(), ids=NO_BOUND.keys())
def test_an_infinite_bound_of_a_row_is_none(lower: Any, upper: Any, bounds: Any, compiled: Compile) -> None:
    found = compiled(LXModel("m").add_variable(production().bounds(lower, upper)))

    assert list(found.bounds.values()) == bounds


def test_a_frame_may_hold_infinite_bounds(compiled: Compile) -> None:
    frame = pd.DataFrame({"id": [1, 2], "most": [3.0, inf]})
    variable = LXVariable[Any, float]("x").from_data(frame).indexed_by(of_id).bounds(0, lambda r: r.most)

    found = compiled(LXModel("m").add_variable(variable))

    assert found.bounds == {"x[1]": (0.0, 3.0), "x[2]": (0.0, inf)}


@pytest.mark.parametrize(("bound", "name"), [("upper", "math.inf"), ("lower", "-math.inf")])
@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_bound_of_null_is_refused_with_what_to_write(
    bound: str, name: str, value: Any, error_text: ErrorText
) -> None:
    variable = production().bounds(**{bound: lambda p: value if p.id == 2 else 1})

    text = error_text(LXNumberError, LXModel("m").add_variable(variable).compile)

    assert f"for key 2 of 'production'. It read Product.id = 2. Give a finite number, or {name} for no bound." in text
