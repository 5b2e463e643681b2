"""What is no finite number is refused where it is given, and where a function returns it."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXNumberError
from tests.core.error_models import (
    PRODUCTS,
    Category,
    Machine,
    Product,
    compile_with,
    family,
    limit_with,
    model_of,
    of_id,
)

ErrorText = Callable[..., str]
HERE = __file__


class Named(NamedTuple):
    id: int
    price: Any


def where_defined(function: Callable[..., Any]) -> str:
    return f"the function at {HERE}:{inspect.getsourcelines(function)[1]}"


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


def is_no_bound(position: str, flawed: tuple[Any, str]) -> bool:
    """Whether a value is the infinite one that says "no bound" there; a right-hand side may lie on either side."""
    if flawed[1] != "is infinite":
        return False
    negative = flawed[0] < 0
    return {"lower bound": negative, "upper bound": not negative, "right-hand side": True}.get(position, False)


GIVEN = [
    pytest.param(call, role, flawed, id=f"{position}-{name}")
    for position, (call, role) in NUMBER_PLACES.items()
    for name, flawed in FLAWS.items()
    if not (name == "None" and "bound" in position)  # a bound of None is unset
    and not is_no_bound(position, flawed)
]


@pytest.mark.parametrize(("call", "role", "flawed"), GIVEN)
def test_what_is_no_finite_number_is_refused_where_it_is_given(
    call: Callable[[Any], Any], role: str, flawed: tuple[Any, str], error_text: ErrorText
) -> None:
    value, flaw = flawed

    text = error_text(LXNumberError, call, value)

    assert text.startswith(f"{role} is")
    assert flaw in text
    assert "Give a finite number" in text


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


RETURNED = [
    pytest.param(*case, flawed, id=f"{position}-{name}")
    for position, case in FUNCTION_PLACES.items()
    for name, flawed in FLAWS.items()
    if not (is_no_bound(position, flawed) and not (position == "right-hand side" and flawed[0] < 0))  # of <=
]


@pytest.mark.parametrize(("build", "role", "element", "flawed"), RETURNED)
def test_a_function_that_returns_no_finite_number_is_refused(
    build: Callable[[Any], LXModel], role: str, element: str, flawed: tuple[Any, str], error_text: ErrorText
) -> None:
    value, flaw = flawed
    model = build(lambda product: 1.0 if product.id == 1 else value)

    text = error_text(LXNumberError, model.compile)

    assert text.startswith(f"{role} (the function at {HERE}:")
    assert flaw in text
    assert element in text
    assert "Give a finite number" in text


def test_the_error_of_a_number_is_told_in_three_beats(error_text: ErrorText) -> None:
    price = lambda product: 2 * product.price
    model = model_of(LXLinearExpression().add_term(family([Product(1), Product("B", float("nan"))]), price))

    text = error_text(LXNumberError, model.compile)

    assert text == (
        f"The coefficient of 'production' ({where_defined(price)}) is NaN for key 'B' of 'production' in constraint "
        f"'limit'. It read Product.price = nan. Give a finite number; leave rows out on purpose with where=."
    )


def test_the_error_of_a_null_is_told_in_three_beats(error_text: ErrorText) -> None:
    price = lambda product: 2 * product.price
    variable = family([Product(1), Product("B", None)]).bounds(upper=price)

    text = error_text(LXNumberError, compile_with, variable)

    assert text == (
        f"The upper bound of 'production' ({where_defined(price)}) failed for key 'B' of 'production': TypeError: "
        f"unsupported operand type(s) for *: 'int' and 'NoneType'. It reads Product.price, which is NULL (None). "
        f"Give a finite number, or math.inf for no bound."
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


@pytest.mark.parametrize(
    "function",
    [
        lambda row: np.where(row.id > 3, 2.0, 1.0),
        lambda row: np.where(row.id > 3, 2, 1),
        lambda row: np.array(row.id),
        lambda row: np.select([row.id > 6, row.id > 3], [3.0, 2.0], 1.0),
        lambda row: np.where(row.id > 3, np.array(0.5), True),
    ],
)
def test_an_array_without_dimensions_is_its_number(function: Any) -> None:
    rows = [SimpleNamespace(id=i) for i in range(9)]
    variable = LXVariable[Any, float]("x").from_data(rows).indexed_by(lambda row: row.id).bounds(lower=function)

    found = LXModel("m").add_variable(variable).compile().lower.tolist()

    assert found == [float(function(row)) for row in rows]


def test_a_gap_in_an_array_without_dimensions_is_named() -> None:
    rows = [SimpleNamespace(id=i) for i in range(9)]
    variable = LXVariable[Any, float]("x").from_data(rows).indexed_by(lambda row: row.id)
    variable.bounds(lower=lambda row: np.where(row.id == 4, np.nan, 1.0))

    with pytest.raises(LXNumberError, match="is NaN for key 4 of 'x'"):
        LXModel("m").add_variable(variable).compile()
