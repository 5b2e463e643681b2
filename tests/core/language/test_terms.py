"""Terms in the objective and in constraints without an index."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from lumix_core import LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXMissingKeyError, LXModelError
from tests.core.language_models import MACHINES, PRODUCTS, Machine, Product, assignment, model_of, of_id, production

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]


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

    assert text == ("The term of 'production' has both where= and keys=: both choose its elements. Give one of them.")


@pytest.mark.parametrize("keys", ["ab", b"ab", 1, 2.5])
def test_a_single_key_for_keys_is_refused(keys: Any, error_text: ErrorText) -> None:
    text = error_text(LXModelError, partial(LXLinearExpression().sum_over, production(), keys=keys))

    assert text == (f"keys={keys!r} of the term of 'production' is not a collection of keys. Write keys=[{keys!r}].")
