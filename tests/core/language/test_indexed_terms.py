"""Terms in an indexed constraint: the row's own variable, or the sum."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXMissingKeyError, LXModelError
from tests.core.language_models import (
    MACHINES,
    PRODUCTS,
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
METHODS = pytest.mark.parametrize("method", ["add_multi_term", "sum_over"])


@dataclass(frozen=True)
class Chair(Product):
    legs: int = 4


@dataclass(frozen=True)
class Table(Product):
    seats: int = 6


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


COUNTED: dict[str, tuple[Any, Any, Callable[[Any], Any]]] = {
    "ints": ([1, 2], [1], lambda row: row),
    "ints and numbers of numpy": ([1, 2], np.unique(np.array([1, 1])), lambda row: row),
    "ints and floats": ([1, 2], [1.0], lambda row: row),
    "ints and Decimals": ([1, 2], [Decimal(1)], lambda row: row),
    "small and large numbers of numpy": (np.array([1, 2], np.int8), np.array([1], np.int64), lambda row: row),
    "strings": (["a", "b"], ["a"], lambda row: row),
    "strings and texts of numpy": (["a", "b"], np.array(["a"]), lambda row: row),
    "dates": ([date(2025, 1, 1), date(2025, 1, 2)], [date(2025, 1, 1)], lambda row: row),
    "timestamps": (pd.to_datetime(["2025-01-01", "2025-01-02"]), pd.to_datetime(["2025-01-01"]), lambda row: row),
    "timestamps and datetimes": (pd.to_datetime(["2025-01-01", "2025-01-02"]), [datetime(2025, 1, 1)], lambda row: row),
}


@pytest.mark.parametrize(("rows", "limited", "key"), COUNTED.values(), ids=COUNTED.keys())
def test_numbers_texts_and_dates_are_one_kind_each_whatever_their_type(
    rows: Any, limited: Any, key: Callable[[Any], Any]
) -> None:
    problem = model_over(rows, limited, key).compile()

    assert problem.columns.tolist() == [0]
    assert problem.coefficients.tolist() == [1.0]


ANONYMOUS: dict[str, tuple[Any, Any, Callable[[Any], Any]]] = {
    "dicts": ([{"id": 1}, {"id": 2}], [{"id": 1}], lambda row: row["id"]),
    "tuples": ([(1, "a"), (2, "b")], [(1, "a")], lambda row: row[0]),
    "namespaces": ([SimpleNamespace(id=1), SimpleNamespace(id=2)], [SimpleNamespace(id=1, hours=8)], of_id),
    "ordered dicts": ([OrderedDict(id=1), OrderedDict(id=2)], [OrderedDict(id=1)], lambda row: row["id"]),
    "series": ([pd.Series({"id": 1}), pd.Series({"id": 2})], [pd.Series({"id": 1})], lambda row: int(row.id)),
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
        "for the own variable write at=lambda row: key, make both over one source, or give the rows a class (a "
        "dataclass or named tuple)."
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

    with pytest.raises(LXModelError, match=r"add_term\(x\) would sum all 2 elements of 'x' again in every row"):
        model_over(products, machines, of_id).compile()


def test_a_term_on_another_kind_of_row_is_refused(error_text: ErrorText) -> None:
    model = model_of(LXLinearExpression().add_term(production(), lambda p: p.price), MACHINES)

    text = error_text(LXModelError, model.compile)

    assert text == (
        "Constraint 'limit': add_term(production) would sum all 2 elements of 'production' again in every row, since "
        "no function of the term takes the constraint's row, and 'production' is made over Product, the constraint "
        "over Machine. For that sum write .sum_over(production, ...). For one element a row write "
        ".add_term(production, ..., at=lambda row: key), or make the constraint .over(production). For a sum weighed "
        "by the row take it in the coefficient or where=: lambda x, row: ..."
    )


def test_a_scalar_stands_in_every_row(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().add_term(LXVariable[None, float]("x"), -2.0), PRODUCTS)

    found = compiled(model)

    assert found.rows == {"limit[1]": {"x": -2.0}, "limit[2]": {"x": -2.0}}


def test_a_product_can_be_summed_over_the_constraints_own_rows(compiled: Compile) -> None:
    model = model_of(LXLinearExpression().sum_over(assignment(), lambda p, m: p.price), [PRODUCTS[0]])

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
        "Leave such rows out with where= or missing='skip', or write sum_over to sum over the family."
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
