"""What makes no linear expression and no constraint is refused."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXModelError, LXNotLinearError
from tests.core.error_models import family

ErrorText = Callable[..., str]


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

    assert "a variable is a family, and does not tell which of its elements to add" in text
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
