"""A function that fails, or takes other rows than it gets, is named with the row at fault."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXFunctionError, LXModelError, LXNumberError
from tests.core.error_models import MACHINES, PRODUCTS, Machine, Product, compile_with, family, limit_with, model_of

ErrorText = Callable[..., str]
HERE = __file__


def of_id(row: Any) -> Any:
    return row.id


def defined(function: Callable[..., Any]) -> str:
    return f"the function at {HERE}:{inspect.getsourcelines(function)[1]}"


def test_a_function_that_fails_is_told_in_three_beats(error_text: ErrorText) -> None:
    hours = {1: 0.5}
    look_up = lambda product: hours[product.id]
    model = model_of(LXLinearExpression().add_term(family(), look_up), PRODUCTS)

    text = error_text(LXFunctionError, model.compile)

    assert text == (
        f"The coefficient of 'production' ({defined(look_up)}) failed for key 2 of 'limit' in constraint 'limit': "
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


def rowless_limit(expression: LXLinearExpression, rhs: Any = None) -> LXModel:
    model = model_of(expression)
    if rhs is not None:
        model.get_constraint("limit").rhs_func = rhs
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
