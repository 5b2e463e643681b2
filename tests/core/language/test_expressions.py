"""The arithmetic of expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXNotLinearError, LXNumberError
from tests.core.language_models import model_of, production

Compile = Callable[[LXModel], Any]
ErrorText = Callable[..., str]

ONE = {"x": 1.0}
NUMBERS = [2, 2.0, Decimal(2), Fraction(2), np.int64(2), np.float64(2), np.float32(2), np.uint8(2)]
REAL = pytest.mark.parametrize("number", NUMBERS, ids=[type(number).__name__ for number in NUMBERS])


def scaled_terms(expression: LXLinearExpression) -> dict[str, float]:
    return {term.variable.name: term.coefficient * term.scale for term in expression.terms}


def expression_of(**coefficients: float) -> LXLinearExpression:
    expression = LXLinearExpression()
    for name, coefficient in coefficients.items():
        expression.add_term(LXVariable[None, float](name), coefficient)
    return expression


@REAL
@pytest.mark.parametrize(
    ("operate", "terms", "constant"),
    [
        (lambda e, n: e + n, {"x": 3.0}, 9.0),
        (lambda e, n: n + e, {"x": 3.0}, 9.0),
        (lambda e, n: e - n, {"x": 3.0}, 5.0),
        (lambda e, n: n - e, {"x": -3.0}, -5.0),
        (lambda e, n: e * n, {"x": 6.0}, 14.0),
        (lambda e, n: n * e, {"x": 6.0}, 14.0),
        (lambda e, n: e / n, {"x": 1.5}, 3.5),
    ],
    ids=["e + n", "n + e", "e - n", "n - e", "e * n", "n * e", "e / n"],
)
def test_arithmetic_takes_any_real_number_on_both_sides(
    number: Any, operate: Callable[..., Any], terms: dict[str, float], constant: float
) -> None:
    expression = expression_of(x=3.0).add_constant(7)

    result = operate(expression, number)

    assert isinstance(result, LXLinearExpression)
    assert scaled_terms(result) == terms
    assert result.constant == constant


@pytest.mark.parametrize(
    ("operate", "terms", "constant"),
    [
        (operator.add, {"x": 3.0, "y": 2.0}, 11.0),
        (operator.sub, {"x": 3.0, "y": -2.0}, 3.0),
    ],
)
def test_expressions_are_added_and_subtracted(
    operate: Callable[..., Any], terms: dict[str, float], constant: float
) -> None:
    first, second = expression_of(x=3.0).add_constant(7), expression_of(y=2.0).add_constant(4)

    result = operate(first, second)

    assert scaled_terms(result) == terms
    assert result.constant == constant


def test_minus_negates_terms_and_constant() -> None:
    expression = expression_of(x=3.0).add_constant(7)

    result = -expression

    assert (scaled_terms(result), result.constant) == ({"x": -3.0}, -7.0)


def test_plus_is_a_copy() -> None:
    expression = expression_of(x=3.0)

    result = +expression
    result.add_constant(1)

    assert (scaled_terms(result), expression.constant) == ({"x": 3.0}, 0.0)


def test_sum_adds_expressions() -> None:
    expressions = [expression_of(x=1.0), expression_of(y=2.0).add_constant(5), expression_of(z=3.0)]

    result = sum(expressions)

    assert isinstance(result, LXLinearExpression)
    assert (scaled_terms(result), result.constant) == ({"x": 1.0, "y": 2.0, "z": 3.0}, 5.0)


@pytest.mark.parametrize("operate", [operator.add, operator.sub, operator.mul, operator.truediv])
def test_arithmetic_changes_no_operand(operate: Callable[..., Any]) -> None:
    expression = expression_of(x=3.0).add_constant(7)

    operate(expression, 2)

    assert (scaled_terms(expression), expression.constant) == ({"x": 3.0}, 7.0)


def test_an_assignment_with_an_operator_leaves_what_was_built_before() -> None:
    expression = base = expression_of(x=3.0)

    expression += expression_of(y=1.0)
    expression *= 2

    assert scaled_terms(base) == {"x": 3.0}
    assert scaled_terms(expression) == {"x": 6.0, "y": 2.0}


def test_a_factor_scales_functions_and_constants(compiled: Compile) -> None:
    expression = 2 * (LXLinearExpression().add_term(production(), lambda p: p.price).add_constant(1)) / 4

    found = compiled(model_of(expression))

    assert found.rows == {"limit": {"production[1]": 1.5, "production[2]": 2.5}}
    assert found.sides == {"limit": (-inf, 0.5)}


def test_a_factor_of_0_leaves_nothing(compiled: Compile) -> None:
    model = model_of(0 * LXLinearExpression().add_term(production()).add_constant(5))

    found = compiled(model)

    assert (found.rows, found.sides) == ({"limit": {}}, {"limit": (-inf, 1.0)})


def test_an_expression_added_to_itself_is_doubled(compiled: Compile) -> None:
    expression = LXLinearExpression().add_term(production(), lambda p: p.price)

    found = compiled(model_of(expression + expression - 0.5 * expression))

    assert found.rows == {"limit": {"production[1]": 4.5, "production[2]": 7.5}}


NO_NUMBERS = [float("nan"), float("inf"), Decimal("NaN"), np.float64("nan"), 10**400]


@pytest.mark.parametrize("number", NO_NUMBERS, ids=["NaN", "inf", "Decimal NaN", "numpy NaN", "huge"])
@pytest.mark.parametrize(
    "operate",
    [
        lambda e, n: e + n,
        lambda e, n: n + e,
        lambda e, n: e - n,
        lambda e, n: n - e,
        lambda e, n: e * n,
        lambda e, n: n * e,
        lambda e, n: e / n,
        lambda e, n: e.add_constant(n),
    ],
    ids=["e + n", "n + e", "e - n", "n - e", "e * n", "n * e", "e / n", "add_constant"],
)
def test_arithmetic_with_no_finite_number_is_refused(
    number: Any, operate: Callable[..., Any], error_text: ErrorText
) -> None:
    text = error_text(LXNumberError, operate, expression_of(x=1.0), number)

    assert "of an expression is" in text
    assert "Give a finite number" in text


def test_division_by_0_is_refused(error_text: ErrorText) -> None:
    text = error_text(LXNumberError, operator.truediv, expression_of(x=1.0), 0)

    assert text.startswith("The divisor of an expression is 0")


@pytest.mark.parametrize(
    "build",
    [
        lambda x: LXLinearExpression().add_term(x, 1e200) * 1e200,
        lambda x: LXLinearExpression().add_term(x) / 1e-320,
        lambda x: LXLinearExpression().add_term(x, 1e308).add_term(x, 1e308),
        lambda x: LXLinearExpression().add_term(x).add_constant(1e308).add_constant(1e308),
        lambda x: LXLinearExpression().add_term(x).add_constant(1e200) * 1e200,
    ],
    ids=["scaled coefficient", "divided coefficient", "sum of coefficients", "sum of constants", "scaled constant"],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("position", ["constraint", "objective"])
def test_numbers_that_outgrow_floating_point_are_refused(position: str, build: Callable[..., Any]) -> None:
    """An infinite coefficient is no coefficient, and an infinite side is no side."""
    x = LXVariable[None, float]("x")
    model = LXModel("m").add_variable(x)

    def outgrow() -> None:
        expression = build(x)
        if position == "constraint":
            model.add_constraint(LXConstraint[None]("limit").expression(expression).le().rhs(1))
        else:
            model.minimize(expression)
        model.compile()

    with pytest.raises(LXNumberError, match=r"infinite|too large"):
        outgrow()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_side_that_outgrows_floating_point_is_refused() -> None:
    """It would be open, and the constraint gone."""
    expression = expression_of(x=1.0).add_constant(-1e308)
    limit = LXConstraint[None]("limit").expression(expression).le().rhs(1e308)
    model = LXModel("m").add_variable(expression.terms[0].variable).add_constraint(limit)

    with pytest.raises(LXNumberError, match=r"'limit'.*(infinite|too large)"):
        model.compile()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_costs_that_outgrow_floating_point_are_refused() -> None:
    model = LXModel("m").add_variable(LXVariable[None, float]("x").cost(1e308).cost(1e308)).minimize()

    with pytest.raises(LXNumberError, match=r"'x'.*(infinite|too large)"):
        model.compile()


@pytest.mark.parametrize("other", [None, "2", 2j, np.complex128(2), [2], np.array([1.0, 2.0]), np.array(2.0)])
@pytest.mark.parametrize(
    "operate",
    [lambda e, o: e + o, lambda e, o: e - o, lambda e, o: e * o, lambda e, o: e / o, lambda e, o: o * e],
    ids=["e + o", "e - o", "e * o", "e / o", "o * e"],
)
def test_arithmetic_with_anything_else_is_not_linear(
    other: Any, operate: Callable[..., Any], error_text: ErrorText
) -> None:
    text = error_text(LXNotLinearError, operate, expression_of(x=1.0), other)

    assert "would not be linear, or not be a number" in text
    assert repr(other) in text


TEXTS: dict[str, tuple[LXLinearExpression, str]] = {
    "number": (LXLinearExpression().add_term(production(), 5), "5 * production[...]"),
    "one": (LXLinearExpression().sum_over(production()), "1 * production[...]"),
    "multiple": (LXLinearExpression().add_term(production(), 2) * 3, "6 * production[...]"),
    "negative": (expression_of(x=1, y=-2).add_constant(-3), "1 * x - 2 * y - 3"),
    "function": (LXLinearExpression().add_term(production(), lambda p: p.price), "f * production[...]"),
    "multiple of a function": (
        LXLinearExpression().add_term(production(), lambda p: 1) / 2,
        "0.5 * f * production[...]",
    ),
    "constant": (LXLinearExpression().add_constant(4), "4"),
    "nothing": (LXLinearExpression(), "0"),
}


@pytest.mark.parametrize(("expression", "text"), TEXTS.values(), ids=TEXTS.keys())
def test_an_expression_shows_what_it_holds(expression: LXLinearExpression, text: str) -> None:
    assert repr(expression) == f"<LXLinearExpression {text}>"


def test_a_long_expression_is_shown_in_part() -> None:
    expression = expression_of(**{f"x{i}": i for i in range(1, 100)})

    assert repr(expression).endswith("+ 8 * x8 + ... (91 more terms)>")


def test_what_is_added_later_is_not_in_what_an_expression_was_given_to(compiled: Compile) -> None:
    x, y = (LXVariable[None, float](name) for name in "xy")
    total = LXLinearExpression().add_term(x)
    first = LXConstraint[None]("first").expression(total).le().rhs(1)
    model = LXModel("m").add_variables(x, y).minimize(total)
    second = LXConstraint[None]("second").expression(total.add_term(y, -1).add_constant(4)).le().rhs(1)

    found = compiled(model.add_constraints(first, second))

    assert found.rows == {"first": {"x": 1.0}, "second": {"x": 1.0, "y": -1.0}}
    assert found.sides == {"first": (-inf, 1.0), "second": (-inf, -3.0)}
    assert found.objective == {"x": 1.0}


NOISE = [(0.1, 0.2, -0.3), (1e16, 1e16, -2e16), (0.7, 0.1, -0.8), (1e-9, 2e-9, -3e-9), (3, -1.1, -1.9)]


@pytest.mark.parametrize("numbers", NOISE)
def test_rounding_noise_of_terms_is_no_coefficient(numbers: tuple[float, ...]) -> None:
    x, y = (LXVariable[int, float](name).from_data([1, 2]) for name in "xy")
    total = sum((number * LXLinearExpression().sum_over(x) for number in numbers), LXLinearExpression().sum_over(y))
    limit = LXConstraint[None]("limit").expression(total).le().rhs(1)

    problem = LXModel("m").add_variables(x, y).add_constraint(limit).minimize(total).compile()

    assert problem.columns.tolist() == [2, 3]
    assert problem.objective.tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("numbers", NOISE)
def test_rounding_noise_of_constants_is_no_right_hand_side(numbers: tuple[float, ...]) -> None:
    x = LXVariable[None, float]("x")
    total = LXLinearExpression().add_term(x)
    for number in numbers[:-1]:
        total = total + number
    limit = LXConstraint[None]("limit").expression(total).ge().rhs(-numbers[-1])

    problem = LXModel("m").add_variable(x).add_constraint(limit).compile()

    assert problem.row_lower.tolist() == [0.0]
    assert (total + numbers[-1]).constant == 0.0


@pytest.mark.parametrize("numbers", NOISE)
def test_rounding_noise_of_costs_is_no_cost(numbers: tuple[float, ...]) -> None:
    x = LXVariable[int, float]("x").from_data([1])
    for number in numbers:
        x.cost(lambda i, number=number: number)

    assert LXModel("m").add_variable(x).minimize().compile().objective.tolist() == [0.0]


def test_small_sums_that_are_no_noise_stay() -> None:
    x = LXVariable[None, float]("x")
    total = LXLinearExpression().add_term(x, 1.0).add_term(x, -(1.0 - 1e-13)).add_constant(1e-20)
    limit = LXConstraint[None]("limit").expression(total).le().rhs(0)

    problem = LXModel("m").add_variable(x).add_constraint(limit).compile()

    assert problem.coefficients.tolist() == [1.0 - (1.0 - 1e-13)]
    assert problem.row_upper.tolist() == [-1e-20]


@pytest.mark.parametrize("name", ["highs", "pulp"])
def test_every_solver_sees_the_model_without_noise(name: str) -> None:
    x, y = (LXVariable[None, float](name).bounds(0, 1) for name in "xy")
    total = LXLinearExpression().add_term(x, 0.1).add_term(x, 0.2).add_term(x, -0.3).add_term(y)
    row = LXConstraint[None]("row").expression(total).ge().rhs(5)
    model = LXModel("m").add_variables(x, y).add_constraint(row).minimize(LXLinearExpression().add_term(y))

    assert LXOptimizer().use_solver(name).solve(model).status == "infeasible"
