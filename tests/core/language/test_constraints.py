"""Senses and right-hand sides of constraints."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXSense, LXVariable
from lumix_core.errors import LXModelError, LXNumberError
from tests.core.language_models import MACHINES, PRODUCTS, Machine, Product, limit_over, model_of, of_id, production

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]


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
    limit.expression(LXLinearExpression().sum_over(variable).add_constant(1)).ge().rhs(lambda m: m.hours)

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
    limit = model.get_constraint("limit")
    limit.rhs_func = lambda p: p.price
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


@pytest.mark.parametrize("value", [None, float("nan"), Decimal("NaN"), "5"])
def test_assigning_no_number_to_the_right_hand_side_is_refused(value: Any, error_text: ErrorText) -> None:
    limit = LXConstraint[None]("limit").rhs(3)

    text = error_text(LXNumberError, setattr, limit, "rhs_value", value)

    assert text.startswith("The right-hand side of 'limit' is")
    assert limit.rhs_value == 3.0


def test_a_constraint_shows_what_was_said() -> None:
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_constant(2)).ge().rhs(3)

    assert (limit.name, limit.sense, limit.rhs_value, limit.rhs_func) == ("limit", LXSense.GE, 3.0, None)
    assert repr(limit.lhs) == "<LXLinearExpression 2>"


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
