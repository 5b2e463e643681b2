"""The value of an expression at the point of a solution."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXFunctionError, LXModelError, LXNoSolutionError
from tests.core.solver.solved_models import PRODUCTS, Product, impossible, of_id, production, solved

ErrorText = Callable[..., str]


def test_the_value_is_that_of_terms_and_constant_at_the_point() -> None:
    x, y = production(), LXVariable[None, float]("y").bounds(lower=2.5)
    solution = solved(x, y)
    weighed = LXLinearExpression().sum_over(x, lambda p: 10.0 * p.id).add_term(y, -2.0).add_constant(100)

    assert solution.value(weighed) == pytest.approx(10 * 3.5 + 20 * 5.0 - 2 * 2.5 + 100)
    assert solution.value(weighed / 2) == pytest.approx(solution.value(weighed) / 2)
    assert solution.value(LXLinearExpression().sum_over(x, where=lambda p: p.id == 2)) == 5.0
    assert solution.value(LXLinearExpression().add_constant(7)) == 7.0


def test_the_value_of_the_objective_is_that_of_the_solution() -> None:
    x = production()
    cost = LXLinearExpression().sum_over(x, lambda p: p.id + 0.5)

    solution = LXOptimizer().solve(LXModel("plan").add_variable(x).minimize(cost))

    assert solution.value(cost) == pytest.approx(solution.objective_value)


def test_values_are_found_by_key_in_a_solution_from_elsewhere() -> None:
    solution = pickle.loads(pickle.dumps(solved(production())))
    x = production(PRODUCTS[::-1])

    assert solution.value(LXLinearExpression().sum_over(x, lambda p: p.id)) == pytest.approx(3.5 + 2 * 5.0)


@pytest.mark.parametrize(
    ("expression", "error", "words"),
    [
        (
            lambda: LXLinearExpression().sum_over(production(PRODUCTS[:1])),
            LXModelError,
            "The solution has values, which the model has not, for 2 of 'production'",
        ),
        (
            lambda: LXLinearExpression().sum_over(production([*PRODUCTS, Product(3)])),
            LXModelError,
            "The solution has no value for 3 of 'production': its rows were others",
        ),
        (
            lambda: LXLinearExpression().add_term(LXVariable[None, float]("other")),
            LXModelError,
            "The solution has no variable named 'other'; it has 'production'",
        ),
        (
            lambda: LXLinearExpression().add_term(production(), lambda p, machine: p.id * machine.id),
            LXFunctionError,
            "takes 2 argument(s), but it is given 1",
        ),
        (
            lambda: LXLinearExpression().add_term(production(), at=of_id),
            LXModelError,
            "needs the rows of an indexed constraint",
        ),
        (production, LXModelError, "which is not an expression"),
        (lambda: 3.0, LXModelError, "solution.value() got 3.0"),
    ],
    ids=["fewer rows", "more rows", "other family", "rows of a constraint", "at=", "variable", "number"],
)
def test_what_has_no_value_is_refused(
    expression: Callable[[], Any], error: type[Exception], words: str, error_text: ErrorText
) -> None:
    solution = solved(production())

    assert words in error_text(error, lambda: solution.value(expression()))


def test_without_a_point_there_is_none(error_text: ErrorText) -> None:
    model = impossible()
    solution = LXOptimizer().solve(model)

    text = error_text(LXNoSolutionError, lambda: solution.value(LXLinearExpression().add_term(model.variables[0])))

    assert "holds no values" in text
