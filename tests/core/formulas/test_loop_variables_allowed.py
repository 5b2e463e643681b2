"""Captures that are no late-binding trap: what a loop rebinds may be bound in time, or rebound on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from lumix_core import LXLinearExpression
from lumix_core.errors import LXFunctionError
from tests.core.error_models import MACHINES, PRODUCTS, family, model_of

ErrorText = Callable[..., str]


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
    model = model_of(build(family()))

    found = compiled(model)

    assert found.rows["limit"] == {"production[1]": 180.0, "production[2]": 300.0}


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
