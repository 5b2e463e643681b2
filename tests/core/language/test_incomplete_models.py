"""Incomplete and contradictory models are refused, with what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXDuplicateNameError, LXIncompleteError, LXModelError, LXUnknownNameError
from tests.core.error_models import PRODUCTS, Machine, Product, compile_with, family, of_id

ErrorText = Callable[..., str]


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
