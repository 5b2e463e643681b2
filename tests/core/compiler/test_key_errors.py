"""Keys that are repeated, NULL or cannot be hashed are refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lumix_core import LXIndexDimension, LXLinearExpression, LXVariable
from lumix_core.errors import LXIndexKeyError, LXModelError
from tests.core.error_models import MACHINES, PRODUCTS, Machine, Product, compile_with, family, model_of, of_id

ErrorText = Callable[..., str]


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
