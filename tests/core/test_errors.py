"""What a wrong model gets: an error that says what happened, why, and what to do, in the user's own words."""

from __future__ import annotations

import functools
import inspect
import linecache
import operator
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import (
    LXDuplicateNameError,
    LXEmptySourceWarning,
    LXFunctionError,
    LXIncompleteError,
    LXIndexKeyError,
    LXLateBindingError,
    LXModelError,
    LXNotLinearError,
    LXNumberError,
    LXUnknownNameError,
)

ErrorText = Callable[..., str]
HERE = __file__


@dataclass(frozen=True)
class Category:
    markup: Any = 1.0


@dataclass(frozen=True)
class Product:
    id: Any
    price: Any = 1.0
    category: Category | None = None
    recipes: Any = ()

    @property
    def margin(self) -> Any:
        return self.price

    def is_active(self) -> bool:
        return False


@dataclass(frozen=True)
class Machine:
    id: int
    hours: Any = 10.0


class Named(NamedTuple):
    id: int
    price: Any


PRODUCTS = [Product(1, 3.0), Product(2, 5.0)]
MACHINES = [Machine(1, 10.0), Machine(2, 20.0), Machine(3, 30.0)]


def of_id(row: Any) -> Any:
    return row.id


def family(rows: Any = PRODUCTS, name: str = "production") -> LXVariable[Product, float]:
    return LXVariable[Product, float](name).from_data(rows).indexed_by(of_id)


def model_of(expression: LXLinearExpression, rows: Any = None) -> LXModel:
    limit = LXConstraint[Any]("limit").expression(expression).le().rhs(1)
    if rows is not None:
        limit.from_data(rows).indexed_by(of_id)
    variables = {id(term.variable): term.variable for term in expression.terms}
    return LXModel("plan").add_variables(*variables.values()).add_constraint(limit)


def compile_with(variable: LXVariable[Any, Any]) -> Any:
    return LXModel("plan").add_variable(variable).compile()


def place_of(function: Callable[..., Any]) -> str:
    return f"the function at {HERE}:{inspect.getsourcelines(function)[1]}"


# Numbers

FLAWS: dict[str, tuple[Any, str]] = {
    "None": (None, "is NULL (None)"),
    "NaN": (float("nan"), "is NaN"),
    "inf": (float("inf"), "is infinite"),
    "-inf": (float("-inf"), "is infinite"),
    "text": ("5", "is '5' (str), not a number"),
    "bytes": (b"5", "is b'5' (bytes), not a number"),
    "complex": (5j, "is 5j (complex), not a number"),
    "Decimal NaN": (Decimal("NaN"), "is NaN"),
    "Decimal sNaN": (Decimal("sNaN"), "is NaN"),
    "Decimal infinity": (Decimal("Infinity"), "is infinite"),
    "huge Decimal": (Decimal("1e400"), "is infinite"),
    "huge int": (10**400, "is a number too large for floating point"),
    "huge Fraction": (Fraction(10**400), "is a number too large for floating point"),
    "numpy NaN": (np.float64("nan"), "is NaN"),
    "numpy float32 inf": (np.float32("inf"), "is infinite"),
    "numpy complex": (np.complex64(1), "(complex64), not a number"),
    "numpy duration": (np.timedelta64(5, "h"), "(timedelta64), not a number"),
    "numpy nanoseconds": (np.timedelta64(5, "ns"), "(timedelta64), not a number"),
    "numpy text": (np.str_("5"), "(str_), not a number"),
    "array of one": (np.array([5.0]), "is array([5.]) (ndarray), not a number"),
    "array without dimension": (np.array(5.0), "is array(5.) (ndarray), not a number"),
    "series": (pd.Series([5.0]), "(Series), not a number"),
    "list": ([5.0], "is [5.0] (list), not a number"),
    "date": (date(2025, 1, 1), "is datetime.date(2025, 1, 1) (date), not a number"),
    "NA": (pd.NA, "is <NA> (NAType), not a number"),
}
NUMBER_PLACES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "coefficient": (lambda v: LXLinearExpression().add_term(family(), v), "The coefficient of 'production'"),
    "sum's coefficient": (
        lambda v: LXLinearExpression().add_multi_term(family(), v),
        "The coefficient of 'production'",
    ),
    "constant": (lambda v: LXLinearExpression().add_constant(v), "The constant of an expression"),
    "right-hand side": (lambda v: LXConstraint[None]("limit").rhs(v), "The right-hand side of 'limit'"),
    "cost": (lambda v: family().cost(v), "The cost of 'production'"),
    "lower bound": (lambda v: family().bounds(lower=v), "The lower bound of 'production'"),
    "upper bound": (lambda v: family().bounds(upper=v), "The upper bound of 'production'"),
}


GIVEN = [
    pytest.param(call, role, flawed, id=f"{place}-{name}")
    for place, (call, role) in NUMBER_PLACES.items()
    for name, flawed in FLAWS.items()
    if not (name == "None" and "bound" in place)  # a bound of None is unset
]


@pytest.mark.parametrize(("call", "role", "flawed"), GIVEN)
def test_what_is_no_finite_number_is_refused_where_it_is_given(
    call: Callable[[Any], Any], role: str, flawed: tuple[Any, str], error_text: ErrorText
) -> None:
    value, flaw = flawed

    text = error_text(LXNumberError, call, value)

    assert text.startswith(f"{role} is")
    assert flaw in text
    assert "Give a finite number;" in text


def limit_with(expression: LXLinearExpression, rhs: Any = 1.0) -> LXModel:
    model = model_of(expression, PRODUCTS)
    model.get_constraint("limit").rhs(rhs)
    return model


FUNCTION_PLACES: dict[str, tuple[Callable[[Any], LXModel], str, str]] = {
    "own coefficient": (
        lambda f: limit_with(LXLinearExpression().add_term(family(), f)),
        "The coefficient of 'production'",
        "for key 2 of 'limit' in constraint 'limit'.",
    ),
    "sum's coefficient": (
        lambda f: limit_with(LXLinearExpression().add_multi_term(family(), f)),
        "The coefficient of 'production'",
        "for key 2 of 'production' in constraint 'limit'.",
    ),
    "objective's coefficient": (
        lambda f: LXModel("plan").add_variable(x := family()).minimize(LXLinearExpression().add_term(x, f)),
        "The coefficient of 'production'",
        "for key 2 of 'production' in the objective.",
    ),
    "coefficient with the row": (
        lambda f: limit_with(LXLinearExpression().add_term(family(), lambda p, own: f(p))),
        "The coefficient of 'production'",
        "for key 1 of 'limit' and key 2 of 'production' in constraint 'limit'.",
    ),
    "right-hand side": (
        lambda f: limit_with(LXLinearExpression().add_term(family()), f),
        "The right-hand side of 'limit'",
        "for key 2 of 'limit'.",
    ),
    "cost": (
        lambda f: LXModel("plan").add_variable(family().cost(f)).minimize(),
        "The cost of 'production'",
        "for key 2 of 'production'.",
    ),
    "lower bound": (
        lambda f: LXModel("plan").add_variable(family().bounds(lower=f)),
        "The lower bound of 'production'",
        "for key 2 of 'production'.",
    ),
    "upper bound": (
        lambda f: LXModel("plan").add_variable(family().bounds(upper=f)),
        "The upper bound of 'production'",
        "for key 2 of 'production'.",
    ),
}


@pytest.mark.parametrize("flawed", FLAWS.values(), ids=FLAWS.keys())
@pytest.mark.parametrize(("build", "role", "member"), FUNCTION_PLACES.values(), ids=FUNCTION_PLACES.keys())
def test_a_function_that_returns_no_finite_number_is_refused(
    build: Callable[[Any], LXModel], role: str, member: str, flawed: tuple[Any, str], error_text: ErrorText
) -> None:
    value, flaw = flawed
    model = build(lambda product: 1.0 if product.id == 1 else value)

    text = error_text(LXNumberError, model.compile)

    assert text.startswith(f"{role} (the function at {HERE}:")
    assert flaw in text
    assert member in text
    assert "Give a finite number;" in text


def test_the_error_of_a_number_is_told_in_three_beats(error_text: ErrorText) -> None:
    price = lambda product: 2 * product.price
    model = model_of(LXLinearExpression().add_term(family([Product(1), Product("B", float("nan"))]), price))

    text = error_text(LXNumberError, model.compile)

    assert text == (
        f"The coefficient of 'production' ({place_of(price)}) is NaN for key 'B' of 'production' in constraint "
        f"'limit'. It read Product.price = nan. Give a finite number; leave rows out on purpose with where=."
    )


def test_the_error_of_a_null_is_told_in_three_beats(error_text: ErrorText) -> None:
    price = lambda product: 2 * product.price
    variable = family([Product(1), Product("B", None)]).bounds(upper=price)

    text = error_text(LXNumberError, compile_with, variable)

    assert text == (
        f"The upper bound of 'production' ({place_of(price)}) failed for key 'B' of 'production': TypeError: "
        f"unsupported operand type(s) for *: 'int' and 'NoneType'. It reads Product.price, which is NULL (None). "
        f"Give a finite number; a bound that is left unset is infinite."
    )


READINGS: dict[str, tuple[Any, Callable[[Any], Any], str]] = {
    "attribute": (Product(1, None), lambda p: p.price, "Product.price"),
    "path to a missing row": (Product(1), lambda p: p.category.markup, "Product.category"),
    "path to a missing value": (
        Product(1, category=Category(None)),
        lambda p: p.category.markup,
        "Product.category.markup",
    ),
    "path in arithmetic": (
        Product(1, category=Category(None)),
        lambda p: 1 + p.category.markup,
        "Product.category.markup",
    ),
    "property": (Product(1, None), lambda p: p.margin, "Product.margin"),
    "named tuple": (Named(1, None), lambda n: n.price, "Named.price"),
    "getattr": (Product(1, None), lambda p: getattr(p, "price"), "Product.price"),  # noqa: B009
    "attrgetter": (Product(1, None), operator.attrgetter("price"), "Product.price"),
    "attribute that is NA": (Product(1, pd.NA), lambda p: p.price, "Product.price"),
    "attribute that is a row": (Product(1, Category()), lambda p: p.price, "Product.price"),
    "text": (Product(1, "5"), lambda p: p.price, "Product.price"),
}


@pytest.mark.parametrize(("row", "function", "attribute"), READINGS.values(), ids=READINGS.keys())
def test_the_attribute_at_fault_is_named(
    row: Any, function: Callable[[Any], Any], attribute: str, error_text: ErrorText
) -> None:
    variable = family([row]).bounds(lower=function)

    text = error_text(LXNumberError, compile_with, variable)

    assert attribute in text
    assert "for key 1 of 'production'" in text


def test_the_entry_at_fault_of_a_dictionary_is_named(error_text: ErrorText) -> None:
    variable = LXVariable[Any, float]("x").from_data([{"id": 1, "price": None}]).indexed_by(lambda row: row["id"])

    text = error_text(LXNumberError, compile_with, variable.bounds(lower=lambda row: row["price"]))

    assert "dict['price']" in text
    assert "is NULL (None) for key 1 of 'x'" in text


def test_only_the_attribute_at_fault_is_named(error_text: ErrorText) -> None:
    variable = family([Product(1, float("nan"))]).bounds(lower=lambda p: p.id * p.price)

    text = error_text(LXNumberError, compile_with, variable)

    assert "It read Product.price = nan. " in text


def test_the_constraints_row_is_named_when_it_is_at_fault(error_text: ErrorText) -> None:
    expression = LXLinearExpression().add_term(family(), lambda p, m: p.price * m.hours)
    model = model_of(expression, [Machine(7, float("inf"))])

    text = error_text(LXNumberError, model.compile)

    assert "is infinite for key 7 of 'limit' and key 1 of 'production' in constraint 'limit'" in text
    assert "Machine.hours = inf" in text


def test_the_key_of_a_combination_is_named(error_text: ErrorText) -> None:
    products = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    machines = LXIndexDimension(Machine, of_id).from_data([Machine(7, None)])
    variable = LXVariable[Any, float]("x").indexed_by_product(products, machines).bounds(upper=lambda p, m: m.hours)

    text = error_text(LXNumberError, compile_with, variable)

    assert "is NULL (None) for key (1, 7) of 'x'. It read Machine.hours = None." in text


# Functions


def test_a_function_that_fails_is_told_in_three_beats(error_text: ErrorText) -> None:
    hours = {1: 0.5}
    look_up = lambda product: hours[product.id]
    model = model_of(LXLinearExpression().add_term(family(), look_up), PRODUCTS)

    text = error_text(LXFunctionError, model.compile)

    assert text == (
        f"The coefficient of 'production' ({place_of(look_up)}) failed for key 2 of 'limit' in constraint 'limit': "
        f"KeyError: 2. It read Product.id = 2. Correct the function or the row."
    )


def test_a_misspelt_attribute_is_guessed(error_text: ErrorText) -> None:
    variable = family().bounds(upper=lambda p: p.prize)

    text = error_text(LXFunctionError, compile_with, variable)

    assert "AttributeError: 'Product' object has no attribute 'prize'. Did you mean 'price'" in text


def test_the_failure_of_a_function_is_kept_as_the_cause() -> None:
    model = model_of(LXLinearExpression().add_term(family(), lambda p: 1 / (p.id - 1)))

    with pytest.raises(LXFunctionError, match="ZeroDivisionError: division by zero") as caught:
        model.compile()

    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_search_without_a_result_ends_no_loop_silently(error_text: ErrorText) -> None:
    """StopIteration would end the iteration over the rows if it got through."""
    variable = family().bounds(lower=lambda p: next(row.price for row in PRODUCTS if row.id > p.id))

    text = error_text(LXFunctionError, compile_with, variable)

    assert "failed for key 2 of 'production': StopIteration" in text


@pytest.mark.parametrize(
    ("build", "role"),
    [
        (lambda f: family().where(f), "The filter of 'production'"),
        (lambda f: family().where_multi(f), "The filter of 'production'"),
        (lambda f: LXVariable[Any, float]("production").from_data(PRODUCTS).indexed_by(f), "The key of 'production'"),
        (lambda f: family().indexed_by_join(Product, Machine, lambda p: [f(p)]), "The join of 'production'"),
        (lambda f: family().cost(f), "The cost of 'production'"),
    ],
    ids=["filter", "filter of combinations", "key", "join", "cost"],
)
def test_whatever_a_function_is_for_its_failure_names_the_row(
    build: Callable[[Any], Any], role: str, error_text: ErrorText
) -> None:
    variable = build(lambda row: {1: 1.0}[row.id])
    model = LXModel("plan").add_variable(variable)

    text = error_text(LXFunctionError, (model.minimize() if variable.costs else model).compile)

    assert text.startswith(f"{role} (the function at {HERE}:")
    assert "KeyError: 2" in text
    assert "key 2" in text or "row 1 of 'production' (Product(id=2" in text


def test_a_join_over_a_missing_relationship_names_it(error_text: ErrorText) -> None:
    variable = family([Product(1, recipes=None)]).indexed_by_join(Product, Machine, lambda p: p.recipes)

    text = error_text(LXNumberError, compile_with, variable)

    assert "Product.recipes, which is NULL (None)" in text


ARITIES: dict[str, tuple[Callable[[], LXModel], str]] = {
    "coefficient without an index": (
        lambda: model_of(LXLinearExpression().add_term(family(), lambda p, m: 1.0)),
        "The coefficient of 'production' {} takes 2 argument(s), but it is given 1: one row",
    ),
    "coefficient in the objective": (
        lambda: LXModel("plan").add_variable(x := family()).minimize(LXLinearExpression().add_term(x, lambda p, m: 1)),
        "The coefficient of 'production' {} takes 2 argument(s), but it is given 1: one row",
    ),
    "coefficient with an index": (
        lambda: model_of(LXLinearExpression().add_term(family(), lambda a, b, c: 1.0), PRODUCTS),
        "The coefficient of 'production' {} takes 3 argument(s), but it is given 1 or 2 "
        "(the last one is the constraint's row): one row",
    ),
    "condition": (
        lambda: model_of(LXLinearExpression().sum_over(family(), where=lambda: True), PRODUCTS),
        "The condition on 'production' {} takes 0 argument(s), but it is given 1 or 2",
    ),
    "bound": (
        lambda: LXModel("plan").add_variable(family().bounds(lower=lambda p, m: 0)),
        "The lower bound of 'production' {} takes 2 argument(s), but it is given 1: one row",
    ),
    "bound of a product": (
        lambda: LXModel("plan").add_variable(
            LXVariable[Any, float]("x")
            .indexed_by_product(
                LXIndexDimension(Product, of_id).from_data(PRODUCTS), LXIndexDimension(Machine).from_data(MACHINES)
            )
            .bounds(lower=lambda p: 0)
        ),
        "The lower bound of 'x' {} takes 1 argument(s), but it is given 2: one row",
    ),
    "filter of a dimension": (
        lambda: LXModel("plan").add_variable(
            LXVariable[Any, float]("x").indexed_by_product(
                LXIndexDimension(Product, of_id).from_data(PRODUCTS).where(lambda p, m: True)
            )
        ),
        "The filter of 'Product' {} takes 2 argument(s), but it is given 1: one row",
    ),
    "filter": (
        lambda: LXModel("plan").add_variable(family().where(lambda: True)),
        "The filter of 'production' {} takes 0 argument(s), but it is given 1: one row",
    ),
    "key": (
        lambda: LXModel("plan").add_variable(LXVariable[Any, float]("x").from_data(PRODUCTS).indexed_by(lambda: 1)),
        "The key of 'x' {} takes 0 argument(s), but it is given 1: one row",
    ),
    "cost": (
        lambda: LXModel("plan").add_variable(family().cost(lambda p, m: 1)).minimize(),
        "The cost of 'production' {} takes 2 argument(s), but it is given 1: one row",
    ),
    "right-hand side": (
        lambda: limit_with(LXLinearExpression().add_term(family()), lambda p, m: 1),
        "The right-hand side of 'limit' {} takes 2 argument(s), but it is given 1: one row",
    ),
}


@pytest.mark.parametrize(("build", "text"), ARITIES.values(), ids=ARITIES.keys())
def test_a_function_of_the_wrong_number_of_rows_is_refused(
    build: Callable[[], LXModel], text: str, error_text: ErrorText
) -> None:
    model = build()

    found = error_text(LXFunctionError, model.compile)

    before, _, after = text.partition("{}")
    assert found.startswith(f"{before}(the function at {HERE}:")
    assert after in found
    assert "Write a function of " in found


def rowless_limit(expression: LXLinearExpression, rhs: Any = 1.0) -> LXModel:
    model = model_of(expression)
    model.get_constraint("limit").rhs(rhs)
    return model


ROWLESS: dict[str, tuple[Callable[[], LXModel], str]] = {
    "coefficient of a scalar": (
        lambda: rowless_limit(LXLinearExpression().add_term(LXVariable[None, float]("z"), lambda p: 1.0)),
        "The coefficient of 'z'",
    ),
    "bound of a scalar": (
        lambda: LXModel("plan").add_variable(LXVariable[None, float]("z").bounds(upper=of_id)),
        "The upper bound of 'z'",
    ),
    "right-hand side of one constraint": (
        lambda: rowless_limit(LXLinearExpression(), lambda p: 1),
        "The right-hand side of 'limit'",
    ),
}


@pytest.mark.parametrize(("build", "role"), ROWLESS.values(), ids=ROWLESS.keys())
def test_a_function_of_rows_where_there_are_none_is_refused(
    build: Callable[[], LXModel], role: str, error_text: ErrorText
) -> None:
    model = build()

    text = error_text(LXFunctionError, model.compile)

    assert text.startswith(f"{role} is a function (at {HERE}:")
    assert text.endswith(
        "but there are no rows to give to it. Say where the rows come from with .from_data(rows) "
        "or .from_model(Row, session), or give a number."
    )


@pytest.mark.parametrize(
    ("call", "role"),
    [
        (lambda: family().where(True), "The filter of 'production' is True"),
        (lambda: family().indexed_by("id"), "The key of 'production' is 'id'"),
        (lambda: LXLinearExpression().sum_over(family(), where=1), "The condition on 'production' is 1"),
        (lambda: setattr(LXConstraint[Any]("limit"), "rhs_func", 5), "The right-hand side of 'limit' is 5"),
    ],
    ids=["filter", "key", "condition", "right-hand side"],
)
def test_what_is_no_function_is_refused(call: Callable[[], Any], role: str, error_text: ErrorText) -> None:
    text = error_text(LXFunctionError, call)

    assert text == f"{role}, which is no function. Give a function of the row, such as lambda row: row.price."


@pytest.mark.parametrize(
    "build",
    [
        lambda f: LXModel("plan").add_variable(family().where(f)),
        lambda f: model_of(LXLinearExpression().add_term(family(), where=f)),
    ],
    ids=["filter", "condition"],
)
@pytest.mark.parametrize(
    "condition",
    [
        lambda p: p.is_active,
        lambda p: "".strip,
        lambda p: float("nan"),
        lambda p: np.float32("nan"),
        lambda p: Decimal("NaN"),
        lambda p: pd.NaT,
        lambda p: np.datetime64("NaT", "s"),
        lambda p: pd.NA,
    ],
    ids=["method", "builtin method", "NaN", "numpy NaN", "Decimal NaN", "NaT", "numpy NaT", "NA"],
)
def test_a_condition_that_is_true_of_everything_by_mistake_is_refused(
    condition: Any, build: Callable[[Any], LXModel]
) -> None:
    model = build(condition)

    with pytest.raises(LXModelError, match="'production'"):
        model.compile()


def test_a_condition_that_takes_arrays_for_truth_fails_with_the_row(error_text: ErrorText) -> None:
    variable = family().where(lambda p: np.array([True, False]))

    text = error_text(LXFunctionError, compile_with, variable)

    assert "The truth value of an array with more than one element is ambiguous" in text


# Keys


@pytest.mark.parametrize(
    ("keys", "shown", "rows"),
    [
        ([7, 8, 7], "7", "0 and 2"),
        (["a", "a"], "'a'", "0 and 1"),
        ([1, True], "True", "0 and 1"),
        ([1, 1.0], "1.0", "0 and 1"),
        ([(1, 2), (1, 2)], "(1, 2)", "0 and 1"),
    ],
    ids=["int", "text", "1 and True", "1 and 1.0", "tuple"],
)
def test_a_repeated_key_is_refused(keys: list[Any], shown: str, rows: str, error_text: ErrorText) -> None:
    variable = family([Product(key) for key in keys])

    text = error_text(LXIndexKeyError, compile_with, variable)

    assert text == (
        f"LXVariable('production'): the key {shown} is repeated (rows {rows}): every row needs a key of its own. "
        f"Correct the data, or make the key of more attributes: lambda row: (row.a, row.b)."
    )


def test_a_row_that_is_given_twice_repeats_its_key(error_text: ErrorText) -> None:
    variable = LXVariable[Product, float]("x").from_data([PRODUCTS[0], PRODUCTS[0]])

    text = error_text(LXIndexKeyError, compile_with, variable)

    assert "is repeated (rows 0 and 1)" in text


@pytest.mark.parametrize("key", [[1], {"id": 1}, np.array([1])], ids=["list", "dict", "array"])
def test_a_key_that_cannot_be_hashed_is_refused(key: Any, error_text: ErrorText) -> None:
    variable = family([Product(key)])

    text = error_text(LXIndexKeyError, compile_with, variable)

    assert text == (
        f"LXVariable('production'): a key cannot be hashed (unhashable type: '{_full_name(type(key))}'). "
        f"Give a key with .indexed_by(lambda row: row.id)."
    )


def _full_name(cls: type) -> str:
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"


NO_KEYS = [
    None,
    float("nan"),
    np.float64("nan"),
    np.float32("nan"),
    Decimal("NaN"),
    pd.NA,
    pd.NaT,
    np.datetime64("NaT", "s"),
    (1, None),
    (1, float("nan")),
    (1, (2, pd.NA)),
]


@pytest.mark.parametrize("key", NO_KEYS, ids=[f"{type(key).__name__} {key}" for key in NO_KEYS])
def test_a_key_that_is_null_is_refused(key: Any, error_text: ErrorText) -> None:
    variable = family([Product(1), Product(key)])

    text = error_text(LXIndexKeyError, compile_with, variable)

    assert text == (
        f"LXVariable('production'): the key {key!r} is NULL or NaN, so nothing identifies its row. "
        f"Give a key that every row has, or leave such rows out with .where()."
    )


@pytest.mark.parametrize("row", [None, float("nan"), pd.NA, np.float64("nan")], ids=["None", "NaN", "NA", "numpy NaN"])
def test_a_row_that_is_null_is_no_key_of_its_own(row: Any, error_text: ErrorText) -> None:
    variable = LXVariable[Any, float]("x").from_data([1.0, row])

    text = error_text(LXIndexKeyError, compile_with, variable)

    assert text.startswith(f"LXVariable('x'): the key {row!r} is NULL or NaN, so nothing identifies its row.")


def test_a_row_without_a_key_can_be_left_out() -> None:
    variable = family([Product(None), Product(1), Product(1, None)]).where(lambda p: p.id and p.price)

    problem = compile_with(variable)

    assert list(problem.variables[0].keys) == [1]


def test_a_key_that_is_a_method_is_refused() -> None:
    """No result would ever be found by it."""
    variable = LXVariable[Product, float]("x").from_data(PRODUCTS).indexed_by(lambda p: p.is_active)

    with pytest.raises(LXModelError, match="'x'"):
        compile_with(variable)


def test_a_repeated_key_of_a_constraint_is_refused(error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().sum_over(family()), [Machine(1), Machine(1, 5.0)])

    text = error_text(LXIndexKeyError, model.compile)

    assert text.startswith("LXConstraint('limit'): the key 1 is repeated (rows 0 and 1)")


def test_a_repeated_key_of_a_dimension_is_refused(error_text: ErrorText) -> None:
    machines = LXIndexDimension(Machine, of_id).from_data([Machine(1), Machine(1, 5.0)])

    text = error_text(LXIndexKeyError, compile_with, LXVariable[Any, float]("x").indexed_by_product(machines))

    assert text.startswith("LXVariable('x'): the key 1 is repeated (rows 0 and 1)")


def test_a_repeated_key_of_a_pair_is_refused(error_text: ErrorText) -> None:
    variable = family([Product(1, recipes=MACHINES)])
    variable.indexed_by_join(Product, Machine, lambda p: p.recipes, lambda p, m: p.id)

    text = error_text(LXIndexKeyError, compile_with, variable)

    assert text.startswith("LXVariable('production'): the key 1 is repeated (rows 0 and 1)")


# The late-binding trap


def in_a_for_loop(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, lambda p: p.price * machine.hours)
    return expression


def in_a_while_loop(x: Any) -> Any:
    expression, i = LXLinearExpression(), 0
    while i < len(MACHINES):
        machine = MACHINES[i]
        expression.add_term(x, lambda p: p.price * machine.hours)
        i += 1
    return expression


def in_an_endless_loop(x: Any) -> Any:
    expression, machines = LXLinearExpression(), iter(MACHINES)
    while True:
        machine = next(machines, None)
        if machine is None:
            return expression
        expression.add_term(x, lambda p: p.price * machine.hours)


def in_a_comprehension(x: Any) -> Any:
    expression = LXLinearExpression()
    [expression.add_term(x, lambda p: p.price * machine.hours) for machine in MACHINES]
    return expression


def in_a_comprehension_of_functions(x: Any) -> Any:
    expression = LXLinearExpression()
    for function in [lambda p: p.price * machine.hours for machine in MACHINES]:
        expression.add_term(x, function)
    return expression


def in_a_dictionary_of_functions(x: Any) -> Any:
    functions = {}
    for machine in MACHINES:
        functions[machine.id] = lambda p: p.price * machine.hours
    return sum(LXLinearExpression().add_term(x, function) for function in functions.values())


def in_a_generator_expression(x: Any) -> Any:
    return sum(LXLinearExpression().add_term(x, lambda p: p.price * machine.hours) for machine in MACHINES)


def in_a_generator_function(x: Any) -> Any:
    def functions() -> Iterator[Callable[[Any], Any]]:
        for machine in MACHINES:
            yield lambda p: p.price * machine.hours

    expression = LXLinearExpression()
    for function in functions():
        expression.add_term(x, function)
    return expression


def in_a_nested_function(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:

        def coefficient(product: Any) -> Any:
            return product.price * machine.hours

        expression.add_term(x, coefficient)
    return expression


def in_a_function_within_a_function(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, lambda p: sum(hours for hours in [machine.hours for _ in range(p.id)]))
    return expression


def in_a_function_that_calls_one_of_the_loop(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:

        def hours() -> Any:
            return machine.hours

        expression.add_term(x, lambda p: p.price * hours())
    return expression


def made_before_the_loop(x: Any) -> Any:
    def coefficient(product: Any) -> Any:
        return product.price * machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:  # noqa: B007 - the function uses it
        expression.add_term(x, coefficient)
    return expression


def calling_one_made_before_the_loop(x: Any) -> Any:
    def coefficient(product: Any) -> Any:
        return product.price * machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:  # noqa: B007 - the function uses it
        expression.add_term(x, lambda p: 2 * coefficient(p))
    return expression


def decorated(x: Any) -> Any:
    def checked(function: Any) -> Any:
        @functools.wraps(function)
        def call(row: Any) -> Any:
            return function(row)

        return call

    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, checked(lambda p: p.price * machine.hours))
    return expression


def cached(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, functools.cache(lambda p: p.price * machine.hours))
    return expression


def behind_a_partial(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, partial(lambda factor, p: factor * p.price * machine.hours, 2))
    return expression


def by_unpacking(x: Any) -> Any:
    expression = LXLinearExpression()
    for _, (machine, *_rest) in enumerate([machine] for machine in MACHINES):
        expression.add_term(x, lambda p: p.price * machine.hours)
    return expression


def by_an_assignment_in_the_body(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        hours = machine.hours
        expression.add_term(x, lambda p: p.price * hours)
    return expression


def by_an_assignment_after_the_function(x: Any) -> Any:
    expression, hours = LXLinearExpression(), 1.0
    for machine in MACHINES:
        expression.add_term(x, lambda p: p.price * hours)
        hours = machine.hours
    return expression


def by_a_running_total(x: Any) -> Any:
    expression, total = LXLinearExpression(), 0.0
    for machine in MACHINES:
        total += machine.hours
        expression.add_term(x, lambda p: p.price * total)
    return expression


def by_a_walrus(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        if (hours := machine.hours) > 0:
            expression.add_term(x, lambda p: p.price * hours)
    return expression


def by_the_outer_of_two_loops(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        for factor in (1, 2):
            expression.add_term(x, lambda p, factor=factor: factor * p.price * machine.hours)
    return expression


def by_the_inner_of_two_loops(x: Any) -> Any:
    expression = LXLinearExpression()
    for factor in (1, 2):
        for machine in MACHINES:
            expression.add_term(x, lambda p, factor=factor: factor * p.price * machine.hours)
    return expression


def by_a_name_that_a_later_loop_takes(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES[:1]:
        expression.add_term(x, lambda p: p.price * machine.hours)
    for machine in MACHINES:
        assert machine.hours
    return expression


def in_a_condition(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, 1.0, where=lambda p: p.id == machine.id)
    return expression


class Planner:
    def build(self, x: Any) -> Any:
        self.expression = LXLinearExpression()
        for machine in MACHINES:
            self.expression.add_term(x, lambda p: p.price * machine.hours)
        return self.expression


def in_a_method(x: Any) -> Any:
    return Planner().build(x)


TRAPS = [
    in_a_for_loop,
    in_a_while_loop,
    in_an_endless_loop,
    in_a_comprehension,
    in_a_comprehension_of_functions,
    in_a_dictionary_of_functions,
    in_a_generator_expression,
    in_a_generator_function,
    in_a_nested_function,
    in_a_function_within_a_function,
    in_a_function_that_calls_one_of_the_loop,
    in_a_condition,
    in_a_method,
    made_before_the_loop,
    calling_one_made_before_the_loop,
    decorated,
    cached,
    behind_a_partial,
    by_unpacking,
    by_an_assignment_in_the_body,
    by_an_assignment_after_the_function,
    by_a_running_total,
    by_a_walrus,
    by_the_outer_of_two_loops,
    by_the_inner_of_two_loops,
    by_a_name_that_a_later_loop_takes,
]


@pytest.mark.parametrize("build", TRAPS, ids=[build.__name__ for build in TRAPS])
def test_a_function_that_captures_a_loop_variable_is_refused(
    build: Callable[[Any], LXLinearExpression], error_text: ErrorText
) -> None:
    text = error_text(LXLateBindingError, lambda: model_of(build(family())).compile())

    assert " captures the loop variable " in text
    assert "been rebound since" in text
    assert f"{HERE}:" in text


def test_the_error_of_late_binding_is_told_in_three_beats(error_text: ErrorText) -> None:
    expression, functions, x = LXLinearExpression(), [], family()
    for machine in MACHINES:
        functions.append(lambda p: p.price * machine.hours)
        expression.add_term(x, functions[-1])

    text = error_text(LXLateBindingError, model_of(expression).compile)

    assert text == (
        f"The coefficient of 'production' ({place_of(functions[0])}) captures the loop variable 'machine', which has "
        f"been rebound since: every function of that loop would see its last value, Machine(id=3, hours=30.0), not "
        f"Machine(id=1, hours=10.0). Bind it when the function is made: lambda ..., machine=machine: ..."
    )


def rebound_key(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name in ("a", "b"):
        made.append(LXVariable[Any, float](name).from_data(rows).indexed_by(lambda p: (name, p.id)))
    return made


def rebound_filter(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name in ("a", "b"):
        made.append(family(rows, name).where(lambda p: p.id != name))
    return made


def rebound_bound(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).bounds(upper=lambda p: machine.hours))
    return made


def rebound_cost(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).cost(lambda p: machine.hours))
    return made


def rebound_dimension(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name in ("a", "b"):
        dimension = LXIndexDimension(Product, lambda p: (name, p.id)).from_data(rows)
        made.append(LXVariable[Any, float](name).indexed_by_product(dimension))
    return made


def rebound_combinations(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).where_multi(lambda p: p.id != machine.id))
    return made


def rebound_join(rows: list[Any]) -> list[LXVariable[Any, Any]]:
    made = []
    for name, machine in zip("abc", MACHINES, strict=True):
        made.append(family(rows, name).indexed_by_join(Product, Machine, lambda p: [machine]))
    return made


@pytest.mark.parametrize(
    ("build", "role"),
    [
        (rebound_key, "The key of 'a'"),
        (rebound_filter, "The filter of 'a'"),
        (rebound_bound, "The upper bound of 'a'"),
        (rebound_cost, "The cost of 'a'"),
        (rebound_dimension, "The key of 'Product'"),
        (rebound_combinations, "The filter of 'a'"),
        (rebound_join, "The join of 'a'"),
    ],
    ids=["key", "filter", "bound", "cost", "dimension", "combinations", "join"],
)
def test_a_loop_variable_is_found_in_every_function_of_a_family(
    build: Callable[[Any], Any], role: str, error_text: ErrorText
) -> None:
    model = LXModel("plan").add_variables(build(PRODUCTS))
    if model.variables[0].costs:
        model.minimize()

    text = error_text(LXLateBindingError, model.compile)

    assert text.startswith(f"{role} (the function at {HERE}:")


def test_a_loop_variable_is_found_in_a_right_hand_side(error_text: ErrorText) -> None:
    model = LXModel("plan").add_variable(x := family())
    for machine in MACHINES:
        limit = LXConstraint[Product](f"limit{machine.id}").from_data(PRODUCTS).indexed_by(of_id)
        model.add_constraint(
            limit.expression(LXLinearExpression().add_term(x)).le().rhs(lambda p: p.price * machine.hours)
        )

    text = error_text(LXLateBindingError, model.compile)

    assert text.startswith("The right-hand side of 'limit1' (the function at ")


def test_a_loop_variable_is_found_where_it_moves_on_after_a_compile(error_text: ErrorText) -> None:
    models = []
    for machine in MACHINES:
        models.append(model_of(LXLinearExpression().add_term(family(), lambda p: p.price * machine.hours)))
        models[-1].compile()

    text = error_text(LXLateBindingError, models[0].compile)

    assert "captures the loop variable 'machine'" in text


def bound_as_default(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, lambda p, machine=machine: p.price * machine.hours)
    return expression


def bound_as_keyword_default(x: Any) -> Any:
    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, lambda p, *, machine=machine: p.price * machine.hours)
    return expression


def bound_by_partial(x: Any) -> Any:
    def coefficient(machine: Any, product: Any) -> Any:
        return product.price * machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, partial(coefficient, machine))
    return expression


def bound_by_a_call(x: Any) -> Any:
    def coefficient_of(machine: Any) -> Any:
        return lambda p: p.price * machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, coefficient_of(machine))
    return expression


def bound_by_map(x: Any) -> Any:
    terms = map(lambda machine: LXLinearExpression().add_term(x, lambda p: p.price * machine.hours), MACHINES)
    return sum(terms)


def bound_by_a_callable_object(x: Any) -> Any:
    @dataclass
    class Coefficient:
        machine: Any

        def __call__(self, product: Any) -> Any:
            return product.price * self.machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, Coefficient(machine))
    return expression


def bound_by_a_method(x: Any) -> Any:
    @dataclass
    class Station:
        machine: Any

        def coefficient(self, product: Any) -> Any:
            return product.price * self.machine.hours

    expression = LXLinearExpression()
    for machine in MACHINES:
        expression.add_term(x, Station(machine).coefficient)
    return expression


@pytest.mark.parametrize(
    "build",
    [
        bound_as_default,
        bound_as_keyword_default,
        bound_by_partial,
        bound_by_a_call,
        bound_by_map,
        bound_by_a_callable_object,
        bound_by_a_method,
    ],
    ids=lambda build: build.__name__,
)
def test_a_loop_variable_that_is_bound_when_the_function_is_made_is_fine(
    build: Callable[[Any], LXLinearExpression], compiled: Any
) -> None:
    model = model_of(build(family()), MACHINES)

    found = compiled(model)

    assert found.rows["limit[1]"] == {"production[1]": 180.0, "production[2]": 300.0}


def test_a_bound_loop_variable_is_no_row_of_the_constraint(compiled: Any) -> None:
    """The default makes the function able to take the row, but it does not ask for it."""
    model = model_of(bound_as_default(family()), PRODUCTS)

    found = compiled(model)

    assert found.rows == {"limit[1]": {"production[1]": 180.0}, "limit[2]": {"production[2]": 300.0}}


def test_a_variable_may_be_rebound_on_purpose_outside_of_loops(compiled: Any) -> None:
    rate = 2.0
    model = model_of(LXLinearExpression().add_term(family(), lambda p: p.price * rate))
    compiled(model)
    rate = 10.0

    found = compiled(model)

    assert found.rows == {"limit": {"production[1]": 30.0, "production[2]": 50.0}}


def test_a_variable_may_be_swept_on_purpose_in_a_loop_that_solves(compiled: Any) -> None:
    rate = 0.0
    model = model_of(LXLinearExpression().add_term(family(), lambda p: p.price * rate, keys=[1]))
    found = []

    for rate in (1.0, 2.0):  # noqa: B007 - the function uses it
        found.append(compiled(model).rows["limit"]["production[1]"])

    assert found == [3.0, 6.0]


def test_a_loop_variable_that_was_rebound_to_an_equal_value_is_fine(compiled: Any) -> None:
    expression, x = LXLinearExpression(), family()
    for factor in (Decimal("2.5"), Decimal("2.50")):
        expression.add_term(x, lambda p: factor)

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[1]": 5.0, "production[2]": 5.0}}


def test_the_last_turn_of_a_loop_may_be_captured(compiled: Any) -> None:
    expression = LXLinearExpression()
    for machine in MACHINES:
        if machine is MACHINES[-1]:
            expression.add_term(family(), lambda p: p.price * machine.hours)

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[1]": 90.0, "production[2]": 150.0}}


def test_a_loop_variable_may_be_captured_for_a_model_compiled_in_its_turn(compiled: Any) -> None:
    found = []

    for machine in MACHINES:
        model = model_of(LXLinearExpression().add_term(family(), lambda p: machine.hours, keys=[1]))
        found.append(compiled(model).rows["limit"]["production[1]"])

    assert found == [10.0, 20.0, 30.0]


def test_a_loop_within_the_function_itself_is_fine(compiled: Any) -> None:
    def total(product: Any) -> float:
        found = 0.0
        for machine in MACHINES:
            found += machine.hours
        return product.price * found + sum(machine.hours for machine in MACHINES)

    found = compiled(model_of(LXLinearExpression().add_term(family(), total, keys=[1])))

    assert found.rows == {"limit": {"production[1]": 240.0}}


def test_a_captured_variable_that_the_loop_does_not_assign_is_fine(compiled: Any) -> None:
    hours = {1: 10.0, 2: 20.0, 3: 30.0}
    expression, x = LXLinearExpression(), family()
    for machine in MACHINES:
        expression.add_term(x, lambda p, key=machine.id: hours[key], keys=[1])

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[1]": 60.0}}


def test_a_loop_variable_that_was_deleted_fails_by_name(error_text: ErrorText) -> None:
    expression, x = LXLinearExpression(), family()
    for machine in MACHINES:
        expression.add_term(x, lambda p: machine.hours)  # noqa: F821 - it is gone when the function is called
    del machine

    text = error_text(LXFunctionError, model_of(expression).compile)

    assert "NameError" in text
    assert "'machine'" in text


SCRIPT = """
from types import SimpleNamespace as Row
from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable

products = [Row(id=1, price=3.0), Row(id=2, price=5.0)]
machines = [Row(id=1, hours=10.0), Row(id=2, hours=20.0)]
x = LXVariable[Row, float]("production").from_data(products).indexed_by(lambda p: p.id)
expression = LXLinearExpression()
{body}
limit = LXConstraint("limit").expression(expression).le().rhs(1)
model = LXModel("plan").add_variable(x).add_constraint(limit)
"""
BODIES = {
    "for": """
        for m in machines:
            expression.add_term(x, lambda p: p.price * m.hours)
    """,
    "while": """
        i = 0
        while i < 2:
            m = machines[i]
            expression.add_term(x, lambda p: p.price * m.hours)
            i += 1
    """,
    "comprehension": """
        [expression.add_term(x, lambda p: p.price * m.hours) for m in machines]
    """,
    "functions first": """
        for function in [lambda p: p.price * m.hours for m in machines]:
            expression.add_term(x, function)
    """,
    "unpacking": """
        for i, m in enumerate(machines):
            expression.add_term(x, lambda p: p.price * m.hours)
    """,
    "assignment in the body": """
        for i in range(2):
            m = machines[i]
            expression.add_term(x, lambda p: p.price * m.hours)
    """,
    "named function in the loop": """
        for m in machines:
            def coefficient(p):
                return p.price * m.hours
            expression.add_term(x, coefficient)
    """,
    "named function before the loop": """
        def coefficient(p):
            return p.price * m.hours
        for m in machines:
            expression.add_term(x, coefficient)
    """,
    "function called by a function": """
        def hours():
            return m.hours
        for m in machines:
            expression.add_term(x, lambda p: p.price * hours())
    """,
    "function within a function": """
        for m in machines:
            expression.add_term(x, lambda p: (lambda: p.price * m.hours)())
    """,
    "loop in a function, variable of the module": """
        def build():
            global m
            for m in machines:
                expression.add_term(x, lambda p: p.price * m.hours)
        build()
    """,
}


def script(body: str) -> str:
    return SCRIPT.format(body=dedent(body))


def run_script(body: str) -> LXModel:
    """Run a script as the module that it is: its variables are globals."""
    namespace: dict[str, Any] = {"__name__": "plan"}
    exec(compile(script(body), "plan.py", "exec"), namespace)
    model: LXModel = namespace["model"]
    return model


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_function_that_captures_the_variable_of_a_modules_loop_is_refused(body: str, error_text: ErrorText) -> None:
    text = error_text(LXLateBindingError, lambda: run_script(body).compile())

    assert text.startswith("The coefficient of 'production' (the function at plan.py:")
    assert " captures the loop variable 'm', which " in text
    assert " been rebound since" in text


@pytest.mark.parametrize(
    "body",
    [
        "for m in machines: expression.add_term(x, lambda p, m=m: p.price * m.hours)",
        "rate = 1\nexpression.add_term(x, lambda p: p.price * rate)\nrate = 30.0",
        "for m in machines[:1]: expression.add_term(x, lambda p: p.price * m.hours * 3)",
        "m = machines[0]\nexpression.add_term(x, lambda p: p.price * (10.0 + m.hours))\nm = machines[1]",
    ],
    ids=["bound", "rebound on purpose", "one turn", "rebound row"],
)
def test_a_variable_of_a_module_may_be_captured_otherwise(body: str, compiled: Any) -> None:
    model = run_script(body)

    found = compiled(model)

    assert found.rows == {"limit": {"production[1]": 90.0, "production[2]": 150.0}}


def test_a_variable_of_a_module_may_be_swept_on_purpose(compiled: Any) -> None:
    model = run_script("m = machines[0]\nexpression.add_term(x, lambda p: p.price * m.hours)")
    names = model.constraints[0].lhs.terms[0].coefficient.call.__globals__
    code = "found = []\nfor m in machines: found.append(compiled(model).rows['limit']['production[1]'])"

    exec(compile(code, "sweep.py", "exec"), names | {"compiled": compiled}, names)

    assert names["found"] == [30.0, 60.0]


def test_the_loop_of_a_script_is_found_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "plan.py"
    file.write_text(script(BODIES["for"]) + "model.compile()\n")

    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("lumix_core.errors.LXLateBindingError: The coefficient of 'production' (the function at ")
    assert "plan.py:11) captures the loop variable 'm'" in last


# Empty sources


def warned_line(caught: Any) -> str:
    """The line of this file that the one warning points at."""
    (warning,) = caught
    assert warning.filename == HERE
    return linecache.getline(HERE, warning.lineno).strip()


def test_an_empty_source_is_warned_about_in_three_beats_at_the_users_line() -> None:
    model = LXModel("plan").add_variable(family([]))

    with pytest.warns(LXEmptySourceWarning) as caught:
        model.compile()

    assert str(caught[0].message) == (
        "LXVariable('production') has no rows: its source is empty (list given to from_data). "
        "The model is built without it; check the query or the data if that is not meant."
    )
    assert warned_line(caught) == "model.compile()"


def test_an_empty_source_is_warned_about_at_the_users_line_of_a_solve() -> None:
    model = LXModel("plan").add_variables(family([]), LXVariable[None, float]("y").bounds(lower=0))
    optimizer = LXOptimizer()

    with pytest.warns(LXEmptySourceWarning) as caught:
        optimizer.solve(model)

    assert warned_line(caught) == "optimizer.solve(model)"


def test_an_empty_source_is_warned_about_at_the_users_line_of_get_instances() -> None:
    constraint = LXConstraint[Product]("limit").from_data([])

    with pytest.warns(LXEmptySourceWarning, match=r"LXConstraint\('limit'\) has no rows") as caught:
        constraint.get_instances()

    assert warned_line(caught) == "constraint.get_instances()"


def test_an_empty_dimension_names_the_variable() -> None:
    empty = LXIndexDimension(Machine, of_id).from_data(())
    variable = LXVariable[Any, float]("x").indexed_by_product(empty)

    with pytest.warns(LXEmptySourceWarning, match=r"LXVariable\('x'\) has no rows.*\(tuple given to from_data\)"):
        compile_with(variable)


def test_rows_that_are_filtered_out_are_no_empty_source() -> None:
    variable = family().where(lambda p: False)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        problem = compile_with(variable)

    assert problem.num_variables == 0


# Incomplete and contradictory models


@pytest.mark.parametrize(
    ("constraint", "call"),
    [
        (LXConstraint[Any]("limit").le().rhs(1), ".expression(expr)"),
        (LXConstraint[Any]("limit").expression(LXLinearExpression()).rhs(1), ".le(), .ge() or .eq()"),
        (LXConstraint[Any]("limit").expression(LXLinearExpression()).eq(), ".rhs(value)"),
    ],
    ids=["expression", "sense", "right-hand side"],
)
def test_a_constraint_that_lacks_a_part_is_refused(
    constraint: LXConstraint[Any], call: str, error_text: ErrorText
) -> None:
    model = LXModel("plan").add_constraint(constraint)

    text = error_text(LXIncompleteError, model.compile)

    assert text == (
        f"Constraint 'limit' is incomplete: {call} was never called, and nothing is assumed in its place. "
        f"Add {call} to the constraint."
    )


def test_a_right_hand_side_of_0_is_said() -> None:
    constraint = LXConstraint[Any]("limit").expression(LXLinearExpression()).le().rhs(0)

    problem = LXModel("plan").add_constraint(constraint).compile()

    assert problem.row_upper.tolist() == [0.0]


def test_a_variable_that_was_never_added_is_named(error_text: ErrorText) -> None:
    model = LXModel("plan").add_variables(family(name="a"), family(name="b"))
    expression = LXLinearExpression().add_term(family())
    model.add_constraint(LXConstraint[Any]("limit").expression(expression).le().rhs(1))

    text = error_text(LXModelError, model.compile)

    assert text == (
        "Constraint 'limit' uses the variable 'production', which was never added to the model (it has 'a', 'b'). "
        "Add it with model.add_variable(...)."
    )


@pytest.mark.parametrize("name", ["", None, 5, PRODUCTS], ids=["empty", "None", "number", "rows"])
@pytest.mark.parametrize("make", [LXModel, LXVariable, LXConstraint, LXVariable[Product, int]])
def test_a_part_of_a_model_without_a_name_is_refused(
    make: Callable[[Any], Any], name: Any, error_text: ErrorText
) -> None:
    text = error_text(LXModelError, make, name)

    assert f"({name!r}) has no name: it must be a text that is not empty. Write LX" in text


def test_another_variable_of_the_same_name_is_not_taken_for_it(error_text: ErrorText) -> None:
    model = LXModel("plan").add_variable(family()).minimize(LXLinearExpression().add_term(family()))

    text = error_text(LXModelError, model.compile)

    assert text == (
        "The objective uses the variable 'production', which was never added to the model "
        "(another variable of that name was). Add it with model.add_variable(...)."
    )


@pytest.mark.parametrize(
    ("add", "make", "word"),
    [
        ("add_variable", LXVariable[None, float], "variable"),
        ("add_variables", LXVariable[None, float], "variable"),
        ("add_constraint", LXConstraint[None], "constraint"),
        ("add_constraints", LXConstraint[None], "constraint"),
    ],
)
def test_a_name_used_twice_is_refused_when_it_is_added(
    add: str, make: Callable[[str], Any], word: str, error_text: ErrorText
) -> None:
    model = LXModel("plan")
    getattr(model, add)(make("hours"))

    text = error_text(LXDuplicateNameError, getattr(model, add), make("hours"))

    assert text == (
        f"Model 'plan' already has a {word} named 'hours': results are found by name. Give this one another name."
    )
    assert len(model.variables) + len(model.constraints) == 1


def test_a_variable_added_twice_is_refused(error_text: ErrorText) -> None:
    x = family()
    model = LXModel("plan").add_variable(x)

    text = error_text(LXDuplicateNameError, model.add_variable, x)

    assert "already has a variable named 'production'" in text


@pytest.mark.parametrize(
    ("method", "word"), [("get_variable", "variable"), ("get_constraint", "constraint")], ids=["variable", "constraint"]
)
def test_an_unknown_name_is_told_with_the_known_ones(method: str, word: str, error_text: ErrorText) -> None:
    model = LXModel("plan").add_variable(family(name="known")).add_constraint(LXConstraint[Any]("known"))

    text = error_text(LXUnknownNameError, getattr(model, method), "unknown")

    assert text == f"Model 'plan' has no {word} 'unknown'. It has 'known'."


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        LXModel("plan").get_variable("unknown")


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda m: m.add_variable(LXConstraint[Any]("limit")), "<LXConstraint('limit')> as a variable"),
        (lambda m: m.add_constraint(family()), "<LXVariable('production')> as a constraint"),
        (lambda m: m.add_constraint(LXLinearExpression() == 5), "False as a constraint"),
        (lambda m: m.add_variables([family(), None]), "None as a variable"),
        (lambda m: m.add_variable(LXVariable), "as a variable"),
    ],
    ids=["constraint", "variable", "equation", "None", "class"],
)
def test_what_does_not_belong_in_a_model_is_refused(
    call: Callable[[LXModel], Any], word: str, error_text: ErrorText
) -> None:
    text = error_text(LXModelError, call, LXModel("plan"))

    assert text.startswith("Model 'plan' was given ")
    assert word in text
    assert "Add an object of class LX" in text


def test_an_objective_without_costs_is_refused(error_text: ErrorText) -> None:
    model = LXModel("plan").add_variable(family()).minimize()

    text = error_text(LXIncompleteError, model.compile)

    assert text == (
        "Model 'plan' is to be optimised, but has no objective: no expression was given and no variable has a cost. "
        "Give an expression, or costs with variable.cost(...)."
    )


def test_costs_without_a_direction_are_refused(error_text: ErrorText) -> None:
    model = LXModel("plan").add_variables(family().cost(1), family(name="other"))

    text = error_text(LXIncompleteError, model.compile)

    assert text == (
        "Model 'plan' has costs on 'production', but no direction: they would be ignored. "
        "Call model.minimize() or model.maximize()."
    )


def test_costs_beside_an_expression_are_refused(error_text: ErrorText) -> None:
    x = family().cost(1)
    model = LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x))

    text = error_text(LXModelError, model.compile)

    assert text == (
        "Model 'plan' has an objective expression, and costs on 'production' that are not in it. "
        "Put the costs into the expression, or call minimize() or maximize() without an argument."
    )


@pytest.mark.parametrize(
    "index",
    [
        lambda x: x.from_data(PRODUCTS),
        lambda x: x.indexed_by(of_id),
        lambda x: x.indexed_by_join(Product, Machine, lambda p: p.recipes),
    ],
    ids=["rows", "key", "join"],
)
def test_a_product_that_is_indexed_in_another_way_too_is_refused(index: Callable[[Any], Any]) -> None:
    dimension = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    variable = index(LXVariable[Any, float]("x").indexed_by_product(dimension))

    with pytest.raises(LXModelError, match=r"LXVariable\('x'\) has both indexed_by_product\(\) and "):
        compile_with(variable)


@pytest.mark.parametrize("dimensions", [(), (Product,), ([],)], ids=["none", "class", "list"])
def test_a_product_of_no_dimensions_is_refused(dimensions: Any, error_text: ErrorText) -> None:
    text = error_text(LXModelError, LXVariable[Any, float]("x").indexed_by_product, *dimensions)

    assert text.startswith("LXVariable('x').indexed_by_product() got (")
    assert text.endswith(
        "it takes one or more dimensions. Write .indexed_by_product(LXIndexDimension(Row, key).from_data(rows), ...)."
    )


# Expressions


@pytest.mark.parametrize("other", [5, LXLinearExpression()], ids=["number", "expression"])
@pytest.mark.parametrize("compare", [operator.le, operator.lt, operator.ge, operator.gt])
def test_a_comparison_makes_no_constraint(compare: Callable[..., Any], other: Any, error_text: ErrorText) -> None:
    text = error_text(LXNotLinearError, compare, LXLinearExpression(), other)

    assert text == (
        "An LXLinearExpression has no truth value, so a comparison of it makes no constraint. "
        "Write LXConstraint(name).expression(expr).le().rhs(value)."
    )


@pytest.mark.parametrize("number", [5, 5.0, np.float64(5), Decimal(5)])
def test_a_comparison_from_the_left_makes_no_constraint(number: Any, error_text: ErrorText) -> None:
    text = error_text(LXNotLinearError, operator.le, number, LXLinearExpression())

    assert "a comparison of it makes no constraint" in text


def test_a_chained_comparison_makes_no_constraint(error_text: ErrorText) -> None:
    text = error_text(LXNotLinearError, lambda: 0 <= LXLinearExpression() <= 1)

    assert "a comparison of it makes no constraint" in text


def test_an_expression_is_neither_true_nor_false(error_text: ErrorText) -> None:
    text = error_text(LXNotLinearError, bool, LXLinearExpression())

    assert text.startswith("An LXLinearExpression has no truth value, so the truth of it makes no constraint.")


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (lambda e: e * e, "*"),
        (lambda e: e / e, "/"),
        (lambda e: e * family(), "*"),
    ],
    ids=["e * e", "e / e", "e * variable"],
)
def test_what_is_not_linear_is_refused(call: Callable[[Any], Any], operation: str, error_text: ErrorText) -> None:
    text = error_text(LXNotLinearError, call, LXLinearExpression())

    assert text.startswith(f"expression {operation} <")
    assert text.endswith("a variable joins one with LXLinearExpression().add_term(variable).")


@pytest.mark.parametrize("call", [lambda e: e + family(), lambda e: e - family(), lambda e: family() + e])
def test_a_family_added_as_it_is_is_refused(call: Callable[[Any], Any], error_text: ErrorText) -> None:
    text = error_text(LXNotLinearError, call, LXLinearExpression())

    assert "a variable is a family, and does not say which of its members to add" in text
    assert text.endswith("Write expression.add_term(variable, coefficient) or .sum_over(variable).")


def test_what_is_not_linear_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        LXLinearExpression() * LXLinearExpression()


@pytest.mark.parametrize("method", ["add_term", "add_multi_term", "sum_over"])
@pytest.mark.parametrize("wrong", [5, "x", LXConstraint[Any]("limit"), LXVariable], ids=str)
def test_a_term_of_no_variable_is_refused(method: str, wrong: Any, error_text: ErrorText) -> None:
    text = error_text(LXModelError, getattr(LXLinearExpression(), method), wrong)

    assert text == (
        f"A term was added for {wrong!r}, which is not a variable. "
        f"Write expression.add_term(variable, coefficient), with the LXVariable itself."
    )


@pytest.mark.parametrize(
    ("call", "start"),
    [
        (lambda: LXConstraint[Any]("limit").expression(family()), "LXConstraint('limit').expression() got <LXVariable"),
        (lambda: LXConstraint[Any]("limit").expression(5), "LXConstraint('limit').expression() got 5"),
        (lambda: LXConstraint[Any]("limit").expression(sum([])), "LXConstraint('limit').expression() got 0"),
        (lambda: LXModel("plan").minimize(family()), "The objective of model 'plan' is <LXVariable('production')>"),
        (lambda: LXModel("plan").maximize(5), "The objective of model 'plan' is 5"),
    ],
    ids=["variable", "number", "empty sum", "objective variable", "objective number"],
)
def test_what_is_no_expression_is_refused(call: Callable[[], Any], start: str, error_text: ErrorText) -> None:
    text = error_text(LXModelError, call)

    assert text.startswith(start)
    assert "which is not an expression. Write " in text


def test_every_error_is_one_of_ours_and_of_pythons_own_kind() -> None:
    found = {error.__name__: error.__mro__ for error in (LXModelError, LXNumberError, LXLateBindingError)}

    assert all(ValueError in mro for mro in found.values())
