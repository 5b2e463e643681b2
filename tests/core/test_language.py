"""What each sentence of the modelling language means: the columns, rows and numbers that it is compiled to."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import inf
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXSense, LXVariable
from lumix_core.errors import LXEmptySourceWarning, LXMissingKeyError, LXModelError, LXNotLinearError, LXNumberError

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]
METHODS = pytest.mark.parametrize("method", ["add_multi_term", "sum_over"])


@dataclass(frozen=True)
class Product:
    id: int
    price: float = 1.0


@dataclass(frozen=True)
class Chair(Product):
    legs: int = 4


@dataclass(frozen=True)
class Table(Product):
    seats: int = 6


@dataclass(frozen=True)
class Machine:
    id: int
    hours: float = 10.0


@dataclass(frozen=True)
class Period:
    id: int


@dataclass(frozen=True)
class Recipe:
    machine: int
    hours: float


@dataclass
class Plan:
    """A row that cannot be hashed."""

    id: int
    recipes: tuple[Recipe, ...] = ()


class Order(NamedTuple):
    id: int
    product: int


PRODUCTS = [Product(1, 3.0), Product(2, 5.0)]
MACHINES = [Machine(1, 10.0), Machine(2, 20.0)]


def of_id(row: Any) -> Any:
    return row.id


def production(rows: Any = PRODUCTS) -> LXVariable[Product, float]:
    return LXVariable[Product, float]("production").from_data(rows).indexed_by(of_id)


def assignment() -> LXVariable[tuple[Product, Machine], float]:
    products = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    machines = LXIndexDimension(Machine, of_id).from_data(MACHINES)
    return LXVariable[tuple[Product, Machine], float]("assignment").indexed_by_product(products, machines)


def limit_over(rows: Any) -> LXConstraint[Any]:
    return LXConstraint[Any]("limit").from_data(rows).indexed_by(of_id).le().rhs(1)


def model_of(expression: LXLinearExpression, rows: Any = None) -> LXModel:
    """A model with the expression as its constraint "limit", indexed by the rows if there are any."""
    limit = LXConstraint[Any]("limit").le().rhs(1) if rows is None else limit_over(rows)
    variables = {id(term.variable): term.variable for term in expression.terms}
    return LXModel("m").add_variables(*variables.values()).add_constraint(limit.expression(expression))


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


# Terms in the objective and in constraints without an index


def test_a_term_without_an_index_sums_the_family(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p: p.price))

    found = compiled(model)

    assert found.rows == {"limit": {"production[1]": 3.0, "production[2]": 5.0}}


def test_the_objective_sums_the_family(compiled: Compile) -> None:
    variable = production()
    expression = LXLinearExpression().add_term(variable, lambda p: p.price).add_constant(7)

    found = compiled(LXModel("m").add_variable(variable).maximize(expression))

    assert found.objective == {"production[1]": 3.0, "production[2]": 5.0}
    assert (found.problem.maximize, found.problem.offset) == (True, 7.0)


def test_a_coefficient_is_1_unless_said(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(LXVariable[None, float]("x")))

    found = compiled(model)

    assert found.rows == {"limit": {"x": 1.0}}


def test_a_second_term_on_a_variable_adds(compiled: Compile) -> None:
    variable = production()
    expression = LXLinearExpression().add_term(variable, 2.0).add_term(variable, lambda p: p.price, keys=[2])

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[1]": 2.0, "production[2]": 7.0}}


def test_a_second_term_in_the_objective_adds(compiled: Compile) -> None:
    variable = production()
    expression = LXLinearExpression().add_term(variable, 2.0).add_term(variable, lambda p: p.price)

    found = compiled(LXModel("m").add_variable(variable).minimize(expression))

    assert found.objective == {"production[1]": 5.0, "production[2]": 7.0}


def test_terms_that_cancel_leave_no_coefficient(compiled: Compile) -> None:
    variable = production()
    expression = LXLinearExpression().add_term(variable, 2.0) - LXLinearExpression().add_term(variable, 2.0, keys=[1])

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[2]": 2.0}}


def test_a_coefficient_of_0_is_left_out(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p: p.price - 3))

    found = compiled(model)

    assert found.rows == {"limit": {"production[2]": 2.0}}


def test_a_condition_keeps_the_members_for_which_it_is_true(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(assignment(), 1.0, where=lambda p, m: p.id == m.id))

    found = compiled(model)

    assert found.rows == {"limit": {"assignment[(1, 1)]": 1.0, "assignment[(2, 2)]": 1.0}}


def test_a_condition_is_asked_before_the_coefficient(compiled: Compile) -> None:
    """So that a condition can keep the rows away for which the coefficient makes no sense."""
    products = [Product(1, 0.0), Product(2, 4.0)]
    expression = LXLinearExpression().add_term(production(products), lambda p: 1 / p.price, where=lambda p: p.price)

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[2]": 0.25}}


@pytest.mark.parametrize("keys", [[2], (2,), {2}, {2: "two"}, iter([2]), [2, 2]])
def test_keys_name_the_members(keys: Any, compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), 4.0, keys=keys))

    found = compiled(model)

    assert found.rows == {"limit": {"production[2]": 4.0}}


def test_keys_of_a_product_are_tuples(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().sum_over(assignment(), keys=[(2, 1), (1, 2)]))

    found = compiled(model)

    assert found.rows == {"limit": {"assignment[(1, 2)]": 1.0, "assignment[(2, 1)]": 1.0}}


def test_no_keys_are_no_members(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), keys=[]))

    found = compiled(model)

    assert found.rows == {"limit": {}}


@pytest.mark.parametrize("key", [3, "1", (1,), None, [1]])
def test_a_key_that_the_family_does_not_have_is_refused(key: Any, error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().add_term(production(), keys=[1, key]))

    text = error_text(LXMissingKeyError, model.compile)

    assert text == (
        f"Constraint 'limit': keys= names {key!r}, which 'production' does not have. Give keys of the family "
        f"(tuples, in the order of its dimensions, for several), or filter with where=."
    )


def test_a_product_has_no_key_in_the_wrong_order(error_text: ErrorText) -> None:
    products = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    machines = LXIndexDimension(Machine, lambda m: f"M{m.id}").from_data(MACHINES)
    variable = LXVariable[Any, float]("x").indexed_by_product(products, machines)
    model = model_of(LXLinearExpression().add_term(variable, keys=[("M1", 1)]))

    text = error_text(LXMissingKeyError, model.compile)

    assert text.startswith("Constraint 'limit': keys= names ('M1', 1), which 'x' does not have.")


def test_keys_and_where_together_are_refused(error_text: ErrorText) -> None:
    call = partial(LXLinearExpression().add_term, production(), where=lambda p: True, keys=[1])

    text = error_text(LXModelError, call)

    assert text == (
        "The term of 'production' has both where= and keys=: they are two ways to say the same. Give one of them."
    )


@pytest.mark.parametrize("keys", ["ab", b"ab", 1, 2.5])
def test_a_single_key_for_keys_is_refused(keys: Any, error_text: ErrorText) -> None:
    text = error_text(LXModelError, partial(LXLinearExpression().sum_over, production(), keys=keys))

    assert text == (f"keys={keys!r} of the term of 'production' is not a collection of keys. Write keys=[{keys!r}].")


# Terms in an indexed constraint: the row's own variable, or the sum


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [(2.0, [2.0, 2.0]), (lambda p: p.price, [3.0, 5.0]), (lambda p, factor=10: factor * p.price, [30.0, 50.0])],
    ids=["number", "function", "function that binds a value"],
)
def test_a_term_on_the_constraints_own_kind_of_row_is_the_rows_own_variable(
    coefficient: Any, expected: list[float], compiled: Compile
) -> None:
    model = model_of(LXLinearExpression().add_term(production(), coefficient), PRODUCTS)

    found = compiled(model)

    assert found.rows == {
        "limit[1]": {"production[1]": expected[0]},
        "limit[2]": {"production[2]": expected[1]},
    }


def test_the_own_variable_is_found_by_key_whatever_the_constraints_own_key(compiled: Compile) -> None:
    limit = LXConstraint[Product]("limit").from_data(PRODUCTS).indexed_by(lambda p: f"P{p.id}").le().rhs(1)
    variable = production()
    limit.expression(LXLinearExpression().add_term(variable))

    found = compiled(LXModel("m").add_variable(variable).add_constraint(limit))

    assert found.rows == {"limit['P1']": {"production[1]": 1.0}, "limit['P2']": {"production[2]": 1.0}}


def test_the_own_variable_is_found_in_a_product_of_one_dimension(compiled: Compile) -> None:
    dimension = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    variable = LXVariable[Product, float]("x").indexed_by_product(dimension)

    found = compiled(model_of(LXLinearExpression().add_term(variable), PRODUCTS))

    assert found.rows == {"limit[1]": {"x[1]": 1.0}, "limit[2]": {"x[2]": 1.0}}


def test_the_own_variable_is_found_in_a_constraint_over_some_of_the_rows(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production()), [PRODUCTS[1]])

    found = compiled(model)

    assert found.rows == {"limit[2]": {"production[2]": 1.0}}


@pytest.mark.parametrize(
    ("rows", "limited"),
    [
        (PRODUCTS, [Chair(1), Chair(2)]),
        ([Chair(1), Chair(2)], PRODUCTS),
        ([Product(1), Chair(2)], [Chair(2), Product(1)]),
        ([Chair(1), Table(2)], [Chair(1), Table(2)]),
        ([Chair(1), Table(2)], [Chair(1)]),
        ([Product(1), Chair(2), Table(3)], [Chair(2), Table(3)]),
    ],
    ids=["of subclasses", "of a base", "of both", "of two subclasses", "of one of two", "of two of three"],
)
def test_the_own_variable_is_found_in_a_constraint_over_rows(
    rows: list[Product], limited: list[Product], compiled: Compile
) -> None:
    model = model_of(LXLinearExpression().add_term(production(rows)), limited)

    found = compiled(model)

    assert found.rows == {f"limit[{row.id}]": {f"production[{row.id}]": 1.0} for row in limited}


def model_over(rows: Any, limited: Any, key: Callable[[Any], Any]) -> LXModel:
    """A variable and a constraint, over rows of no class of their own."""
    variable = LXVariable[Any, float]("x").from_data(rows).indexed_by(key)
    limit = LXConstraint[Any]("limit").from_data(limited).indexed_by(key).le().rhs(1)
    limit.expression(LXLinearExpression().add_term(variable))
    return LXModel("m").add_variable(variable).add_constraint(limit)


ANONYMOUS: dict[str, tuple[Any, Any, Callable[[Any], Any]]] = {
    "dicts": ([{"id": 1}, {"id": 2}], [{"id": 1}], lambda row: row["id"]),
    "tuples": ([(1, "a"), (2, "b")], [(1, "a")], lambda row: row[0]),
    "ints": ([1, 2], [1], lambda row: row),
    "strings": (["a", "b"], ["a"], lambda row: row),
    "dates": ([date(2025, 1, 1), date(2025, 1, 2)], [date(2025, 1, 1)], lambda row: row),
    "arrays": (np.array([1, 2]), np.array([1]), lambda row: row),
    "namespaces": ([SimpleNamespace(id=1), SimpleNamespace(id=2)], [SimpleNamespace(id=1, hours=8)], of_id),
    "ordered dicts": ([OrderedDict(id=1), OrderedDict(id=2)], [OrderedDict(id=1)], lambda row: row["id"]),
    "series": ([pd.Series({"id": 1}), pd.Series({"id": 2})], [pd.Series({"id": 1})], lambda row: int(row.id)),
    "timestamps": (pd.to_datetime(["2025-01-01", "2025-01-02"]), pd.to_datetime(["2025-01-01"]), lambda row: row),
    "pandas frames": (pd.DataFrame({"id": [1, 2]}), pd.DataFrame({"id": [1]}), of_id),
    "polars frames": (pl.DataFrame({"id": [1, 2]}), pl.DataFrame({"id": [1]}), of_id),
    "frame and a wider one": (pd.DataFrame({"id": [1, 2]}), pd.DataFrame({"id": [1], "limit": [5.0]}), of_id),
    "frame and a narrower one": (pd.DataFrame({"id": [1, 2], "price": [3.0, 5.0]}), pd.DataFrame({"id": [1]}), of_id),
}


@pytest.mark.parametrize(("rows", "limited", "key"), ANONYMOUS.values(), ids=ANONYMOUS.keys())
def test_a_term_on_rows_of_no_class_from_two_sources_is_ambiguous(
    rows: Any, limited: Any, key: Callable[[Any], Any], error_text: ErrorText
) -> None:
    model = model_over(rows, limited, key)

    text = error_text(LXModelError, model.compile)

    assert text == (
        "Constraint 'limit': add_term('x') could mean the row's own variable or the sum of all, since both are made "
        "over rows of no class of their own, from different sources. Write add_multi_term or sum_over for the sum; "
        "for the own variable make both over one source, or give the rows a class (a dataclass or named tuple)."
    )


def test_a_term_on_the_rows_of_two_calls_of_itertuples_is_ambiguous(error_text: ErrorText) -> None:
    """Every call makes a class of its own."""
    frame = pd.DataFrame({"id": [1, 2]})
    model = model_over(frame.itertuples(), frame.itertuples(), of_id)

    text = error_text(LXModelError, model.compile)

    assert text.startswith("Constraint 'limit': add_term('x') could mean the row's own variable or the sum of all")


@pytest.mark.parametrize(("rows", "key"), [(rows, key) for rows, _, key in ANONYMOUS.values()], ids=ANONYMOUS.keys())
def test_a_term_on_rows_of_no_class_from_one_source_is_the_rows_own_variable(
    rows: Any, key: Callable[[Any], Any], compiled: Compile
) -> None:
    model = model_over(rows, rows, key)

    found = compiled(model)

    keys = [key for block in found.problem.variables for key in block.keys]
    assert found.rows == {f"limit[{key!r}]": {f"x[{key!r}]": 1.0} for key in keys}


def test_the_rows_of_one_frame_can_be_filtered_for_their_own_variables(compiled: Compile) -> None:
    frame = pd.DataFrame({"id": [1, 2], "price": [3.0, 5.0]})
    model = model_over(frame, frame, of_id)
    model.get_constraint("limit").where(lambda row: row.price > 4)

    found = compiled(model)

    assert found.rows == {"limit[2]": {"x[2]": 1.0}}


def test_frames_with_other_columns_are_another_kind_of_row(compiled: Compile) -> None:
    products = pd.DataFrame({"id": [1, 2], "price": [3.0, 5.0]})
    machines = pd.DataFrame({"id": [1], "hours": [10.0]})

    found = compiled(model_over(products, machines, of_id))

    assert found.rows == {"limit[1]": {"x[1]": 1.0, "x[2]": 1.0}}


def test_a_term_on_another_kind_of_row_sums_the_family(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p: p.price), MACHINES)

    found = compiled(model)

    whole = {"production[1]": 3.0, "production[2]": 5.0}
    assert found.rows == {"limit[1]": whole, "limit[2]": whole}


def test_a_scalar_stands_in_every_row(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(LXVariable[None, float]("x"), -2.0), PRODUCTS)

    found = compiled(model)

    assert found.rows == {"limit[1]": {"x": -2.0}, "limit[2]": {"x": -2.0}}


def test_a_product_is_summed_even_over_the_constraints_own_rows(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(assignment(), lambda p, m: p.price), [PRODUCTS[0]])

    found = compiled(model)

    assert found.rows == {
        "limit[1]": {
            "assignment[(1, 1)]": 3.0,
            "assignment[(1, 2)]": 3.0,
            "assignment[(2, 1)]": 5.0,
            "assignment[(2, 2)]": 5.0,
        }
    }


@METHODS
def test_a_sum_is_over_the_family_even_for_its_own_rows(method: str, compiled: Compile) -> None:
    expression = getattr(LXLinearExpression(), method)(production())

    found = compiled(model_of(expression, PRODUCTS))

    whole = {"production[1]": 1.0, "production[2]": 1.0}
    assert found.rows == {"limit[1]": whole, "limit[2]": whole}


@METHODS
def test_a_sum_can_be_filtered(method: str, compiled: Compile) -> None:
    expression = getattr(LXLinearExpression(), method)(production(), where=lambda p: p.price > 4)

    found = compiled(model_of(expression, PRODUCTS))

    assert found.rows == {"limit[1]": {"production[2]": 1.0}, "limit[2]": {"production[2]": 1.0}}


@METHODS
def test_a_sum_can_be_over_named_keys(method: str, compiled: Compile) -> None:
    expression = getattr(LXLinearExpression(), method)(production(), keys=[1])

    found = compiled(model_of(expression, PRODUCTS))

    assert found.rows == {"limit[1]": {"production[1]": 1.0}, "limit[2]": {"production[1]": 1.0}}


def test_a_coefficient_that_takes_the_constraints_row_sums_the_family(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p, m: p.price * m.hours), MACHINES)

    found = compiled(model)

    assert found.rows == {
        "limit[1]": {"production[1]": 30.0, "production[2]": 50.0},
        "limit[2]": {"production[1]": 60.0, "production[2]": 100.0},
    }


def test_a_coefficient_that_takes_the_constraints_row_sums_over_its_own_kind_too(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p, own: 10 * p.price + own.price), PRODUCTS)

    found = compiled(model)

    assert found.rows == {
        "limit[1]": {"production[1]": 33.0, "production[2]": 53.0},
        "limit[2]": {"production[1]": 35.0, "production[2]": 55.0},
    }


def test_a_condition_that_takes_the_constraints_row_filters_the_sum(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(production(), lambda p: p.price, where=lambda p, own: p.id <= own.id)

    found = compiled(model_of(expression, PRODUCTS))

    assert found.rows == {"limit[1]": {"production[1]": 3.0}, "limit[2]": {"production[1]": 3.0, "production[2]": 5.0}}


def test_a_sum_over_a_product_is_joined_with_the_constraints_row(compiled: Compile) -> None:
    expression = LXLinearExpression().add_multi_term(
        assignment(), lambda p, m, own: p.price * own.hours, where=lambda p, m, own: m.id == own.id
    )

    found = compiled(model_of(expression, MACHINES))

    assert found.rows == {
        "limit[1]": {"assignment[(1, 1)]": 30.0, "assignment[(2, 1)]": 50.0},
        "limit[2]": {"assignment[(1, 2)]": 60.0, "assignment[(2, 2)]": 100.0},
    }


def test_a_sum_over_a_join_is_joined_with_the_constraints_row(compiled: Compile) -> None:
    plans = [Plan(1, (Recipe(1, 0.5), Recipe(2, 1.5))), Plan(2, (Recipe(2, 2.5),))]
    variable = LXVariable[tuple[Plan, Recipe], float]("x").from_data(plans).indexed_by(of_id)
    variable.indexed_by_join(Plan, Recipe, lambda plan: plan.recipes, lambda plan, recipe: (plan.id, recipe.machine))
    expression = LXLinearExpression().add_term(
        variable, lambda plan, recipe: recipe.hours, where=lambda plan, recipe, machine: recipe.machine == machine.id
    )

    found = compiled(model_of(expression, MACHINES))

    assert found.rows == {"limit[1]": {"x[(1, 1)]": 0.5}, "limit[2]": {"x[(1, 2)]": 1.5, "x[(2, 2)]": 2.5}}


def test_a_condition_with_the_row_and_a_coefficient_without_it_go_together(compiled: Compile) -> None:
    expression = LXLinearExpression().add_multi_term(
        assignment(), lambda p, m: p.price, where=lambda p, m, own: m.id == own.id
    )

    found = compiled(model_of(expression, MACHINES))

    assert found.rows == {
        "limit[1]": {"assignment[(1, 1)]": 3.0, "assignment[(2, 1)]": 5.0},
        "limit[2]": {"assignment[(1, 2)]": 3.0, "assignment[(2, 2)]": 5.0},
    }


def test_a_condition_without_the_row_and_a_coefficient_with_it_go_together(compiled: Compile) -> None:
    expression = LXLinearExpression().add_multi_term(
        assignment(), lambda p, m, own: own.hours, where=lambda p, m: p.id == m.id
    )

    found = compiled(model_of(expression, [MACHINES[1]]))

    assert found.rows == {"limit[2]": {"assignment[(1, 1)]": 20.0, "assignment[(2, 2)]": 20.0}}


def test_keys_and_a_coefficient_that_takes_the_row_go_together(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(production(), lambda p, m: p.price * m.hours, keys=[2])

    found = compiled(model_of(expression, MACHINES))

    assert found.rows == {"limit[1]": {"production[2]": 50.0}, "limit[2]": {"production[2]": 100.0}}


def test_a_row_without_a_variable_of_its_own_is_an_error(error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().add_term(production()), [*PRODUCTS, Product(9)])

    text = error_text(LXMissingKeyError, model.compile)

    assert text == (
        "Constraint 'limit', key 9 of 'limit': the row has no variable of its own in 'production' (no key 9). "
        "Leave such rows out with where=, or write add_multi_term to sum over the family."
    )


def test_a_row_whose_variable_was_filtered_out_is_an_error(error_text: ErrorText) -> None:
    variable = production().where(lambda p: p.price > 4)
    model = model_of(LXLinearExpression().add_term(variable), PRODUCTS)

    text = error_text(LXMissingKeyError, model.compile)

    assert "the row has no variable of its own in 'production' (no key 1)" in text


@pytest.mark.filterwarnings("ignore::lumix_core.errors.LXEmptySourceWarning")
def test_a_row_has_no_variable_of_its_own_in_a_family_without_rows(error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().add_term(production([])), PRODUCTS)

    text = error_text(LXMissingKeyError, model.compile)

    assert "the row has no variable of its own in 'production' (no key 1)" in text


def test_a_condition_leaves_rows_without_a_variable_out(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(production(), where=lambda p: p.id != 9)

    found = compiled(model_of(expression, [*PRODUCTS, Product(9)]))

    assert found.rows == {"limit[1]": {"production[1]": 1.0}, "limit[2]": {"production[2]": 1.0}, "limit[9]": {}}


def test_keys_leave_rows_without_a_variable_out(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(production(), keys=[1])

    found = compiled(model_of(expression, [*PRODUCTS, Product(9)]))

    assert found.rows == {"limit[1]": {"production[1]": 1.0}, "limit[2]": {}, "limit[9]": {}}


def test_an_unknown_key_is_refused_in_an_own_term_too(error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().add_term(production(), keys=[1, 9]), [*PRODUCTS, Product(9)])

    text = error_text(LXMissingKeyError, model.compile)

    assert text.startswith("Constraint 'limit': keys= names 9, which 'production' does not have.")


def test_an_own_term_and_a_sum_of_one_variable_add(compiled: Compile) -> None:
    variable = production()
    expression = LXLinearExpression().add_term(variable, 10.0).sum_over(variable)

    found = compiled(model_of(expression, PRODUCTS))

    assert found.rows == {
        "limit[1]": {"production[1]": 11.0, "production[2]": 1.0},
        "limit[2]": {"production[1]": 1.0, "production[2]": 11.0},
    }


# Arithmetic

ONE = {"x": 1.0}
NUMBERS = [2, 2.0, Decimal(2), Fraction(2), np.int64(2), np.float64(2), np.float32(2), np.uint8(2)]
REAL = pytest.mark.parametrize("number", NUMBERS, ids=[type(number).__name__ for number in NUMBERS])


def scaled_terms(expression: LXLinearExpression) -> dict[str, float]:
    return {term.variable.name: term.coefficient * term.scale for term in expression.terms}


def expression_of(**coefficients: float) -> LXLinearExpression:
    expression = LXLinearExpression()
    for name, coefficient in coefficients.items():
        expression.add_term(LXVariable[None, float](name), coefficient)
    return expression


@REAL
@pytest.mark.parametrize(
    ("operate", "terms", "constant"),
    [
        (lambda e, n: e + n, {"x": 3.0}, 9.0),
        (lambda e, n: n + e, {"x": 3.0}, 9.0),
        (lambda e, n: e - n, {"x": 3.0}, 5.0),
        (lambda e, n: n - e, {"x": -3.0}, -5.0),
        (lambda e, n: e * n, {"x": 6.0}, 14.0),
        (lambda e, n: n * e, {"x": 6.0}, 14.0),
        (lambda e, n: e / n, {"x": 1.5}, 3.5),
    ],
    ids=["e + n", "n + e", "e - n", "n - e", "e * n", "n * e", "e / n"],
)
def test_arithmetic_takes_any_real_number_on_both_sides(
    number: Any, operate: Callable[..., Any], terms: dict[str, float], constant: float
) -> None:
    expression = expression_of(x=3.0).add_constant(7)

    result = operate(expression, number)

    assert isinstance(result, LXLinearExpression)
    assert scaled_terms(result) == terms
    assert result.constant == constant


@pytest.mark.parametrize(
    ("operate", "terms", "constant"),
    [
        (operator.add, {"x": 3.0, "y": 2.0}, 11.0),
        (operator.sub, {"x": 3.0, "y": -2.0}, 3.0),
    ],
)
def test_expressions_are_added_and_subtracted(
    operate: Callable[..., Any], terms: dict[str, float], constant: float
) -> None:
    first, second = expression_of(x=3.0).add_constant(7), expression_of(y=2.0).add_constant(4)

    result = operate(first, second)

    assert scaled_terms(result) == terms
    assert result.constant == constant


def test_minus_negates_terms_and_constant() -> None:
    expression = expression_of(x=3.0).add_constant(7)

    result = -expression

    assert (scaled_terms(result), result.constant) == ({"x": -3.0}, -7.0)


def test_plus_is_a_copy() -> None:
    expression = expression_of(x=3.0)

    result = +expression
    result.add_constant(1)

    assert (scaled_terms(result), expression.constant) == ({"x": 3.0}, 0.0)


def test_sum_adds_expressions() -> None:
    expressions = [expression_of(x=1.0), expression_of(y=2.0).add_constant(5), expression_of(z=3.0)]

    result = sum(expressions)

    assert isinstance(result, LXLinearExpression)
    assert (scaled_terms(result), result.constant) == ({"x": 1.0, "y": 2.0, "z": 3.0}, 5.0)


@pytest.mark.parametrize("operate", [operator.add, operator.sub, operator.mul, operator.truediv])
def test_arithmetic_changes_no_operand(operate: Callable[..., Any]) -> None:
    expression = expression_of(x=3.0).add_constant(7)

    operate(expression, 2)

    assert (scaled_terms(expression), expression.constant) == ({"x": 3.0}, 7.0)


def test_an_assignment_with_an_operator_leaves_what_was_built_before() -> None:
    expression = base = expression_of(x=3.0)

    expression += expression_of(y=1.0)
    expression *= 2

    assert scaled_terms(base) == {"x": 3.0}
    assert scaled_terms(expression) == {"x": 6.0, "y": 2.0}


def test_a_factor_scales_functions_and_constants(compiled: Compile) -> None:
    expression = 2 * (LXLinearExpression().add_term(production(), lambda p: p.price).add_constant(1)) / 4

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[1]": 1.5, "production[2]": 2.5}}
    assert found.sides == {"limit": (-inf, 0.5)}


def test_a_factor_of_0_leaves_nothing(compiled: Compile) -> None:
    model = model_of(0 * LXLinearExpression().add_term(production()).add_constant(5))

    found = compiled(model)

    assert (found.rows, found.sides) == ({"limit": {}}, {"limit": (-inf, 1.0)})


def test_an_expression_added_to_itself_is_doubled(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(production(), lambda p: p.price)

    found = compiled(model_of(expression + expression - 0.5 * expression))

    assert found.rows == {"limit": {"production[1]": 4.5, "production[2]": 7.5}}


NO_NUMBERS = [float("nan"), float("inf"), Decimal("NaN"), np.float64("nan"), 10**400]


@pytest.mark.parametrize("number", NO_NUMBERS, ids=["NaN", "inf", "Decimal NaN", "numpy NaN", "huge"])
@pytest.mark.parametrize(
    "operate",
    [
        lambda e, n: e + n,
        lambda e, n: n + e,
        lambda e, n: e - n,
        lambda e, n: n - e,
        lambda e, n: e * n,
        lambda e, n: n * e,
        lambda e, n: e / n,
        lambda e, n: e.add_constant(n),
    ],
    ids=["e + n", "n + e", "e - n", "n - e", "e * n", "n * e", "e / n", "add_constant"],
)
def test_arithmetic_with_no_finite_number_is_refused(
    number: Any, operate: Callable[..., Any], error_text: ErrorText
) -> None:
    text = error_text(LXNumberError, operate, expression_of(x=1.0), number)

    assert "of an expression is" in text
    assert "Give a finite number" in text


def test_division_by_0_is_refused(error_text: ErrorText) -> None:
    text = error_text(LXNumberError, operator.truediv, expression_of(x=1.0), 0)

    assert text.startswith("The divisor of an expression is 0")


@pytest.mark.parametrize(
    "build",
    [
        lambda x: LXLinearExpression().add_term(x, 1e200) * 1e200,
        lambda x: LXLinearExpression().add_term(x) / 1e-320,
        lambda x: LXLinearExpression().add_term(x, 1e308).add_term(x, 1e308),
        lambda x: LXLinearExpression().add_term(x).add_constant(1e308).add_constant(1e308),
        lambda x: LXLinearExpression().add_term(x).add_constant(1e200) * 1e200,
    ],
    ids=["scaled coefficient", "divided coefficient", "sum of coefficients", "sum of constants", "scaled constant"],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("place", ["constraint", "objective"])
def test_numbers_that_outgrow_floating_point_are_refused(place: str, build: Callable[..., Any]) -> None:
    """An infinite coefficient is no coefficient, and an infinite side is no side."""
    x = LXVariable[None, float]("x")
    model = LXModel("m").add_variable(x)

    def outgrow() -> None:
        expression = build(x)
        if place == "constraint":
            model.add_constraint(LXConstraint[None]("limit").expression(expression).le().rhs(1))
        else:
            model.minimize(expression)
        model.compile()

    with pytest.raises(LXNumberError, match=r"infinite|too large"):
        outgrow()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_side_that_outgrows_floating_point_is_refused() -> None:
    """It would be open, and the constraint gone."""
    expression = expression_of(x=1.0).add_constant(-1e308)
    limit = LXConstraint[None]("limit").expression(expression).le().rhs(1e308)
    model = LXModel("m").add_variable(expression.terms[0].variable).add_constraint(limit)

    with pytest.raises(LXNumberError, match=r"'limit'.*(infinite|too large)"):
        model.compile()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_costs_that_outgrow_floating_point_are_refused() -> None:
    model = LXModel("m").add_variable(LXVariable[None, float]("x").cost(1e308).cost(1e308)).minimize()

    with pytest.raises(LXNumberError, match=r"'x'.*(infinite|too large)"):
        model.compile()


@pytest.mark.parametrize("other", [None, "2", 2j, np.complex128(2), [2], np.array([1.0, 2.0]), np.array(2.0)])
@pytest.mark.parametrize(
    "operate",
    [lambda e, o: e + o, lambda e, o: e - o, lambda e, o: e * o, lambda e, o: e / o, lambda e, o: o * e],
    ids=["e + o", "e - o", "e * o", "e / o", "o * e"],
)
def test_arithmetic_with_anything_else_is_not_linear(
    other: Any, operate: Callable[..., Any], error_text: ErrorText
) -> None:
    text = error_text(LXNotLinearError, operate, expression_of(x=1.0), other)

    assert "would not be linear, or not be a number" in text
    assert repr(other) in text


# Right-hand sides


@pytest.mark.parametrize(
    ("sense", "sides"), [("le", (-inf, 7.0)), ("ge", (7.0, inf)), ("eq", (7.0, 7.0))], ids=["<=", ">=", "=="]
)
def test_a_sense_opens_the_other_side(sense: str, sides: tuple[float, float], compiled: Compile) -> None:
    x = LXVariable[None, float]("x")
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_term(x)).rhs(7)
    getattr(limit, sense)()

    found = compiled(LXModel("m").add_variable(x).add_constraint(limit))

    assert found.sides == {"limit": sides}


def test_the_constant_of_an_expression_goes_to_the_right_hand_side(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production()).add_constant(4) - 1)

    found = compiled(model)

    assert found.sides == {"limit": (-inf, -2.0)}


def test_a_right_hand_side_is_a_function_of_the_constraints_row(compiled: Compile) -> None:
    limit = LXConstraint[Machine]("limit").from_data(MACHINES).indexed_by(of_id)
    variable = production()
    limit.expression(LXLinearExpression().add_term(variable).add_constant(1)).ge().rhs(lambda m: m.hours)

    found = compiled(LXModel("m").add_variable(variable).add_constraint(limit))

    assert found.sides == {"limit[1]": (9.0, inf), "limit[2]": (19.0, inf)}


def test_a_constraint_can_be_filtered(compiled: Compile) -> None:
    variable = production()
    limit = limit_over(PRODUCTS).where(lambda p: p.price > 4).expression(LXLinearExpression().add_term(variable))

    found = compiled(LXModel("m").add_variable(variable).add_constraint(limit))

    assert found.rows == {"limit[2]": {"production[2]": 1.0}}


@pytest.mark.parametrize("number", [8, Decimal(8), Fraction(8), np.float32(8)])
def test_assigning_the_right_hand_side_changes_the_model(number: Any, compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production()))
    compiled(model)
    model.get_constraint("limit").rhs_value = number

    found = compiled(model)

    assert found.sides == {"limit": (-inf, 8.0)}


def test_assigning_a_number_replaces_the_function(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production()), PRODUCTS)
    limit = model.get_constraint("limit").rhs(lambda p: p.price)
    limit.rhs_value = 4

    found = compiled(model)

    assert found.sides == {"limit[1]": (-inf, 4.0), "limit[2]": (-inf, 4.0)}
    assert limit.rhs_func is None


def test_assigning_a_function_replaces_the_number(compiled: Compile) -> None:
    def price(product: Product) -> float:
        return product.price

    model = model_of(LXLinearExpression().add_term(production()), PRODUCTS)
    limit = model.get_constraint("limit")
    limit.rhs_func = price

    found = compiled(model)

    assert found.sides == {"limit[1]": (-inf, 3.0), "limit[2]": (-inf, 5.0)}
    assert limit.rhs_value is None
    assert limit.rhs_func is price


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "5"])
def test_assigning_no_number_to_the_right_hand_side_is_refused(value: Any, error_text: ErrorText) -> None:
    limit = LXConstraint[None]("limit").rhs(3)

    text = error_text(LXNumberError, setattr, limit, "rhs_value", value)

    assert text.startswith("The right-hand side of 'limit' is")
    assert limit.rhs_value == 3.0


def test_a_constraint_shows_what_was_said() -> None:
    expression = LXLinearExpression()

    limit = LXConstraint[None]("limit").expression(expression).ge().rhs(3)

    assert (limit.name, limit.lhs, limit.sense, limit.rhs_value, limit.rhs_func) == (
        "limit",
        expression,
        LXSense.GE,
        3.0,
        None,
    )


@pytest.mark.parametrize(("sense", "sides"), [("<=", (-inf, 1.0)), (">=", (1.0, inf)), ("==", (1.0, 1.0))])
def test_a_sense_may_be_assigned(sense: Any, sides: tuple[float, float], compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(production()))
    model.get_constraint("limit").sense = sense

    found = compiled(model)

    assert found.sides == {"limit": sides}


@pytest.mark.parametrize("sense", ["=<", "=", "le", "<", ""])
def test_an_assigned_sense_that_is_none_is_refused(sense: Any) -> None:
    """It would quietly be an equality."""
    model = model_of(LXLinearExpression().add_term(production()))

    def assign() -> None:
        model.get_constraint("limit").sense = sense
        model.compile()

    with pytest.raises(LXModelError, match=r"'limit'.*<=.*>=.*=="):
        assign()


# Objectives


@pytest.mark.parametrize("maximizing", [True, False], ids=["maximize", "minimize"])
def test_costs_make_the_objective(maximizing: bool, compiled: Compile) -> None:
    x = production().cost(lambda p: p.price)
    y = LXVariable[None, float]("y").cost(-2)
    model = LXModel("m").add_variables(x, y)
    optimise = model.maximize if maximizing else model.minimize
    optimise()

    found = compiled(model)

    assert found.objective == {"production[1]": 3.0, "production[2]": 5.0, "y": -2.0}
    assert found.problem.maximize is maximizing


def test_a_second_cost_adds(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production().cost(lambda p: p.price).cost(10)).minimize()

    found = compiled(model)

    assert found.objective == {"production[1]": 13.0, "production[2]": 15.0}


@pytest.mark.parametrize("method", ["cost", "cost_multi"])
def test_a_cost_of_a_product_is_a_function_of_one_row_a_dimension(method: str, compiled: Compile) -> None:
    variable = assignment()
    getattr(variable, method)(lambda p, m: p.price * m.hours)

    found = compiled(LXModel("m").add_variable(variable).minimize())

    assert found.objective == {
        "assignment[(1, 1)]": 30.0,
        "assignment[(1, 2)]": 60.0,
        "assignment[(2, 1)]": 50.0,
        "assignment[(2, 2)]": 100.0,
    }


def test_a_model_without_an_objective_has_no_costs(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production())

    found = compiled(model)

    assert (found.objective, found.problem.offset) == ({}, 0.0)


def test_the_last_objective_counts(compiled: Compile) -> None:
    variable = production()
    model = LXModel("m").add_variable(variable).maximize(LXLinearExpression().add_term(variable))
    model.minimize(LXLinearExpression().add_term(variable, 2.0, keys=[1]))

    found = compiled(model)

    assert (found.problem.maximize, found.objective) == (False, {"production[1]": 2.0})


# Models


def test_every_builder_method_returns_its_own_object() -> None:
    x = LXVariable[Product, float]("x")
    limit = LXConstraint[Product]("limit")
    model = LXModel("m")
    expression = LXLinearExpression()
    dimension = LXIndexDimension(Product, of_id)
    free = LXVariable[Product, float]("free")

    returned = [
        (x, [x.continuous(), x.integer(), x.binary(), x.bounds(lower=0), x.from_data(PRODUCTS), x.indexed_by(of_id)]),
        (x, [x.where(bool), x.where_multi(bool), x.cost(1), x.cost_multi(1)]),
        (free, [free.indexed_by_product(dimension)]),
        (dimension, [dimension.from_data(PRODUCTS), dimension.where(bool)]),
        (expression, [expression.add_term(x), expression.add_multi_term(x), expression.sum_over(x)]),
        (expression, [expression.add_constant(1)]),
        (limit, [limit.expression(expression), limit.le(), limit.ge(), limit.eq(), limit.rhs(1)]),
        (limit, [limit.from_data(PRODUCTS), limit.indexed_by(of_id), limit.where(bool)]),
        (model, [model.add_variable(x), model.add_variables(free), model.add_constraint(limit)]),
        (model, [model.add_constraints(), model.minimize(), model.maximize()]),
    ]

    assert all(result is own for own, results in returned for result in results)


def test_several_families_are_added_one_by_one_or_as_a_list() -> None:
    a, b, c = (LXVariable[None, float](name) for name in "abc")
    d, e = (LXConstraint[None](name) for name in "de")

    model = LXModel("m").add_variables(a, [b, c]).add_constraints([d], e)

    assert (model.variables, model.constraints) == ([a, b, c], [d, e])


def test_families_are_found_by_name() -> None:
    x, limit = LXVariable[None, float]("x"), LXConstraint[None]("limit")

    model = LXModel("m").add_variable(x).add_constraint(limit)

    assert model.get_variable("x") is x
    assert model.get_constraint("limit") is limit


def test_a_variable_and_a_constraint_may_share_a_name(compiled: Compile) -> None:
    x = LXVariable[None, float]("hours")
    limit = LXConstraint[None]("hours").expression(LXLinearExpression().add_term(x)).le().rhs(1)

    found = compiled(LXModel("m").add_variable(x).add_constraint(limit))

    assert found.rows == {"hours": {"hours": 1.0}}


def test_a_summary_names_families_and_reads_no_rows() -> None:
    def fail(row: Any) -> Any:
        raise AssertionError(row)

    x = LXVariable[Product, int]("x").from_data(PRODUCTS).indexed_by(fail)
    y = assignment()
    limit = LXConstraint[Machine]("limit").from_data(MACHINES).le()

    text = LXModel("plan").add_variables(x, y).add_constraint(limit).maximize(LXLinearExpression()).summary()

    assert text.splitlines() == [
        "Model 'plan': maximize",
        "  variables: 2",
        "    x[Product]: integer",
        "    assignment[Product, Machine]: continuous",
        "  constraints: 1",
        "    limit[Machine]: ... <= ...",
    ]


def test_a_summary_names_the_source_of_rows_of_no_class() -> None:
    variable = LXVariable[Any, float]("x").from_data(PRODUCTS)

    text = LXModel("plan").add_variable(variable).summary()

    assert "    x[list given to from_data]: continuous" in text.splitlines()


# The arrays


def rich_model() -> LXModel:
    x, y, z = production().bounds(lower=0), assignment().integer(), LXVariable[None, float]("z")
    own = limit_over(PRODUCTS).expression(
        3 * LXLinearExpression().add_term(x, lambda p: p.price / 7).sum_over(y, where=lambda p, m, own: p.id == own.id)
        - LXLinearExpression().add_term(z, 0.1)
    )
    total = LXConstraint[None]("total").ge().rhs(0.3)
    total.expression(LXLinearExpression().add_term(z).add_term(y, lambda p, m: p.price - 3.0).add_term(x).add_term(x))
    model = LXModel("m").add_variables(x, y, z).add_constraints(own, total)
    return model.minimize(LXLinearExpression().add_term(x, lambda p: 0.1 * p.price).add_term(x, 0.2).add_constant(0.7))


def test_compiling_twice_gives_the_same_arrays_bit_for_bit() -> None:
    model = rich_model()

    first, second = model.compile().arrays(), model.compile().arrays()

    assert first.keys() == second.keys()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert all(first[name].dtype == second[name].dtype for name in first)


def test_the_same_model_built_twice_gives_the_same_arrays_bit_for_bit() -> None:
    first, second = rich_model().compile().arrays(), rich_model().compile().arrays()

    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


IN_ANOTHER_PROCESS = """
import hashlib
from types import SimpleNamespace as Row
from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable

rows = [Row(name=name, size=len(name) / 7) for name in ("chair", "table", "desk", "lamp")]
dimension = LXIndexDimension(Row, lambda r: r.name).from_data(rows)
x = LXVariable[Row, float]("x").indexed_by_product(dimension, dimension).where_multi(lambda a, b: a.name < b.name)
limit = LXConstraint[Row]("limit").from_data(rows).indexed_by(lambda r: r.name).le().rhs(lambda r: r.size)
limit.expression(LXLinearExpression().sum_over(x, where=lambda a, b, own: own.name in {a.name, b.name}))
arrays = LXModel("m").add_variable(x).add_constraint(limit).compile().arrays()
print({name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()})
"""


def test_a_model_is_compiled_to_the_same_arrays_in_every_process() -> None:
    printed = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
        printed.append(
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout
        )

    assert printed[0] == printed[1]
    assert "coefficients" in printed[0]


def test_the_matrix_is_in_order_without_zeros_and_repetitions() -> None:
    problem = rich_model().compile()

    assert problem.row_starts[0] == 0
    assert problem.row_starts[-1] == problem.num_nonzeros == len(problem.columns)
    assert (np.diff(problem.row_starts) >= 0).all()
    for start, end in zip(problem.row_starts[:-1], problem.row_starts[1:], strict=True):
        assert (np.diff(problem.columns[start:end]) > 0).all()
    assert (problem.coefficients != 0).all()


def test_the_arrays_have_the_promised_types() -> None:
    problem = rich_model().compile()

    types = {name: str(array.dtype) for name, array in problem.arrays().items()}

    assert types == {
        "objective": "float64",
        "lower": "float64",
        "upper": "float64",
        "integer": "bool",
        "row_starts": "int32",
        "columns": "int32",
        "coefficients": "float64",
        "row_lower": "float64",
        "row_upper": "float64",
    }


def test_the_arrays_are_read_only() -> None:
    arrays = rich_model().compile().arrays().values()

    assert not any(array.flags.writeable for array in arrays)


def test_a_model_of_nothing_is_compiled(compiled: Compile) -> None:
    found = compiled(LXModel("m"))

    assert (found.columns, found.rows, found.problem.num_nonzeros) == ([], {}, 0)
    assert found.problem.row_starts.tolist() == [0]


def test_families_without_rows_are_compiled(compiled: Compile) -> None:
    x = production([])
    y = LXVariable[None, float]("y")
    model = model_of(LXLinearExpression().add_term(y).sum_over(x))
    model.add_constraint(LXConstraint[Machine]("none").from_data([]).expression(+model.constraints[0].lhs).le().rhs(2))

    with pytest.warns(LXEmptySourceWarning):
        found = compiled(model)

    assert (found.columns, found.rows) == (["y"], {"limit": {"y": 1.0}})


def test_a_family_whose_rows_are_all_filtered_out_is_empty(compiled: Compile) -> None:
    model = LXModel("m").add_variable(production().where(lambda p: False))

    found = compiled(model)

    assert found.columns == []


def test_many_combinations_are_looked_at_in_blocks(compiled: Compile) -> None:
    """More than fit in one block: the order and the pairs must not depend on where a block ends."""
    rows = [Product(i) for i in range(600)]
    first, second = (LXIndexDimension(Product, of_id).from_data(rows) for _ in range(2))
    variable = LXVariable[Any, float]("x").indexed_by_product(first, second)
    variable.where_multi(lambda a, b: (a.id * 600 + b.id) % 65536 in (65535, 0))

    problem = LXModel("m").add_variable(variable).compile()

    places = [place for place in range(600 * 600) if place % 65536 in (65535, 0)]
    assert list(problem.variables[0].keys) == [divmod(place, 600) for place in places]


def test_named_tuples_with_the_same_fields_are_another_kind_of_row() -> None:
    first, second = (namedtuple(name, ["id", "size"]) for name in ("First", "Second"))
    variable = LXVariable[Any, float]("x").indexed_by(lambda r: r.id).from_data([first(1, 1.0), first(2, 1.0)])
    total = LXLinearExpression().add_term(variable, 1.0)
    limit = LXConstraint[Any]("limit").expression(total).le().rhs(1).indexed_by(lambda r: r.id)

    problem = LXModel("m").add_variable(variable).add_constraint(limit.from_data([second(1, 1.0)])).compile()

    assert problem.num_nonzeros == 2
