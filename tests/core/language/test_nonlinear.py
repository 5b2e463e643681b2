"""What parts of expressions mean that are not linear: over rows, over families, and alone."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from lumix_core import (
    LXConstraint,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNonLinearExpression,
    LXQuadraticExpression,
    LXVariable,
)
from lumix_core.errors import LXNumberError
from lumix_core.problem.structures import OBJECTIVE


@dataclass(frozen=True)
class Product:
    id: int
    profit: float


@dataclass(frozen=True)
class Week:
    id: int


PRODUCTS = [Product(1, 3.0), Product(2, 2.0), Product(3, 5.0)]
WEEKS = [Week(1), Week(2)]


def over_products(kind, name):
    return kind(name).from_data(PRODUCTS).indexed_by(lambda p: p.id)


def variable(name, lower=0, upper=10):
    return over_products(LXVariable[Product, float], name).bounds(lower=lower, upper=upper)


def value_at(expression, *variables, **values):
    """The value of an objective where variables have values, given in the order of their keys."""
    problem = LXModel("m").add_variables(*variables).minimize(expression).compile()
    x = np.concatenate([np.atleast_1d(values[block.name]) for block in problem.variables]).astype(np.float64)
    return problem.objective_at(x)


X = np.array([1.0, -2.0, 4.0])
Y = np.array([2.0, 3.0, -1.0])


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (lambda x, y: LXNonLinearExpression().add_abs(x), 7.0),
        (lambda x, y: LXNonLinearExpression().add_abs(x, coeff=lambda p: p.profit), 3.0 + 4.0 + 20.0),
        (lambda x, y: LXNonLinearExpression().add_abs(LXLinearExpression().add_term(x) - 8), 5.0),
        (lambda x, y: LXNonLinearExpression().add_max(x), 4.0),
        (lambda x, y: LXNonLinearExpression().add_min(x, y, -5.0), -5.0),
        (
            lambda x, y: LXNonLinearExpression().add_max(
                LXLinearExpression().add_term(x), LXLinearExpression().add_term(y)
            ),
            4.0,
        ),
        (lambda x, y: LXNonLinearExpression().add_product(x, y), 2.0 - 6.0 - 4.0),
        (
            lambda x, y: LXNonLinearExpression().add_product(x, LXLinearExpression().add_term(y) + 1, coeff=2.0),
            2 * (3.0 - 8.0),
        ),
        (lambda x, y: LXQuadraticExpression().add_squared(x), 21.0),
        (lambda x, y: LXQuadraticExpression().add_squared(LXLinearExpression().add_term(x) - 1), 4.0),
        (
            lambda x, y: LXQuadraticExpression().add_quadratic(
                LXLinearExpression().add_term(x) + 2, LXLinearExpression().add_term(y) - 3
            ),
            5.0,
        ),
        (
            lambda x, y: LXNonLinearExpression().add_piecewise(x, breakpoints=[(-5, 10), (0, 0), (5, 5)]),
            1.0 + 4.0 + 4.0,
        ),
        (
            lambda x, y: -2 * LXNonLinearExpression().add_abs(x).add_constant(1) + LXLinearExpression().add_term(y),
            -16.0 + 4.0,
        ),
        (lambda x, y: LXLinearExpression().add_term(y) - LXNonLinearExpression().add_abs(x), 4.0 - 7.0),
        (
            lambda x, y: LXNonLinearExpression().add_linear(LXNonLinearExpression().add_abs(x)).add_abs(y, coeff=0.5),
            7.0 + 3.0,
        ),
    ],
)
def test_in_the_objective(expression, value):
    x, y = variable("x", -5, 5), variable("y", -5, 5)

    assert value_at(expression(x, y), x, y, x=X, y=Y) == pytest.approx(value)


def rows_at(constraint, *variables, **values):
    problem = LXModel("m").add_variables(*variables).add_constraint(constraint).compile()
    x = np.concatenate([np.atleast_1d(values[block.name]) for block in problem.variables]).astype(np.float64)
    return problem.activity(x).tolist()


def test_in_an_indexed_constraint_arguments_are_the_rows_own_elements():
    x, y, t = variable("x", -5, 5), variable("y", -5, 5), LXVariable[None, float]("t").bounds(0, 9)
    parts = LXNonLinearExpression().add_abs(x, coeff=lambda p: p.profit).add_max(x, y, 0).add_product(t, y)
    limit = over_products(LXConstraint[Product], "limit").expression(parts).le().rhs(9)

    found = rows_at(limit, x, y, t, x=X, y=Y, t=2.0)

    assert found == [3 * 1 + 2 + 4, 2 * 2 + 3 + 6, 5 * 4 + 4 - 2]


def test_a_maximum_takes_the_elements_that_agree_with_the_row():
    products, weeks = (LXIndexDimension(kind, lambda row: row.id) for kind in (Product, Week))
    products, weeks = products.from_data(PRODUCTS), weeks.from_data(WEEKS)
    made = LXVariable[tuple[Product, Week], float]("made").indexed_by_product(products, weeks).bounds(0, 10)
    peak = LXConstraint[Week]("peak").from_data(WEEKS).indexed_by(lambda w: w.id)
    peak.expression(LXNonLinearExpression().add_max(made)).le().rhs(4)

    assert rows_at(peak, made, made=[1, 2, 3, 9, 5, 6]) == [5.0, 9.0]


def test_curves_come_from_the_rows_of_a_table():
    steps = {1: [(0, 0), (10, 10)], 2: [(0, 0), (5, 20), (10, 30)], 3: [(0, 1), (10, 1)]}
    x = variable("x")
    price = LXNonLinearExpression().add_piecewise(x, breakpoints=lambda p: steps[p.id])

    assert value_at(price, x, x=[4, 6, 7]) == pytest.approx(4 + 22 + 1)


def test_a_function_is_cut_within_the_bounds_and_its_error_is_known():
    x = variable("x", 0, lambda p: p.profit)
    model = LXModel("m").add_variable(x).minimize(LXNonLinearExpression().add_piecewise(x, lambda v: v * v, 2))

    functions = model.compile().structures.functions

    assert functions.point_x.tolist() == [0, 1.5, 3, 0, 1, 2, 0, 2.5, 5]
    assert functions.errors == pytest.approx([0.75**2, 0.5**2, 1.25**2])


def test_an_indicator_is_a_row_for_each_element():
    x, used = variable("x"), over_products(LXVariable[Product, int], "used").binary()
    cost = LXNonLinearExpression().add_indicator(used, False, x, "<=", lambda p: p.profit - 3)

    problem = LXModel("m").add_variables(x, used).minimize(cost).compile()

    assert problem.constraints[0].name == "objective.indicator"
    assert problem.row_upper.tolist() == [0.0, -1.0, 2.0]
    assert problem.structures.indicators.columns.tolist() == [3, 4, 5]
    assert not problem.structures.indicators.values.any()


def test_an_indicator_in_an_indexed_constraint_has_its_rows():
    x, used = variable("x"), LXVariable[None, int]("used").binary()
    parts = LXNonLinearExpression().add_term(x).add_indicator(used, 1, x, ">=", 2)
    limit = over_products(LXConstraint[Product], "limit").expression(parts).le().rhs(9)

    problem = LXModel("m").add_variables(x, used).add_constraint(limit).compile()

    assert [(block.name, len(block.keys)) for block in problem.constraints] == [("limit", 3), ("limit.indicator", 3)]
    assert problem.structures.indicators.rows.tolist() == [3, 4, 5]
    assert problem.row_lower[3:].tolist() == [2.0, 2.0, 2.0]


def test_a_set_has_the_order_of_its_weights():
    x = variable("x")
    model = LXModel("m").add_variable(x).minimize(LXNonLinearExpression().add_sos2(x, weights=lambda p: p.profit))

    sets = model.compile().structures.sets

    assert (sets.kinds.tolist(), sets.columns.tolist(), sets.weights.tolist()) == ([2], [1, 0, 2], [2.0, 3.0, 5.0])


def test_an_indexed_constraint_has_a_set_for_each_row():
    products, weeks = (LXIndexDimension(kind, lambda row: row.id) for kind in (Product, Week))
    products, weeks = products.from_data(PRODUCTS), weeks.from_data(WEEKS)
    made = LXVariable[tuple[Product, Week], float]("made").indexed_by_product(products, weeks).bounds(0, 10)
    one = LXConstraint[Week]("one").from_data(WEEKS).indexed_by(lambda w: w.id)
    one.expression(LXNonLinearExpression().sum_over(made, matching=True).add_sos1(made)).le().rhs(4)

    sets = LXModel("m").add_variable(made).add_constraint(one).compile().structures.sets

    assert [columns.tolist() for _, columns, _ in sets] == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize("way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_compile_to_the_same_arrays(way):
    factor = 2.0
    x, used = variable("x", -5, 5), over_products(LXVariable[Product, int], "used").binary()
    parts = LXNonLinearExpression().add_abs(x, coeff=lambda p: factor * p.profit).add_max(x).add_product(x, used)
    parts.add_piecewise(x, lambda v: factor * v).add_sos1(x, weights=lambda p: factor * p.id)
    parts.add_indicator(used, True, x, "<=", lambda p: factor)
    model = LXModel("m").add_variables(x, used).minimize(parts)

    twin = way(model).compile()

    assert twin.has_numbers_of(model.compile())
    assert len(twin.structures.functions) == 7


def test_what_is_added_later_is_not_in_the_model():
    x = variable("x")
    cost = LXNonLinearExpression().add_abs(x)
    model = LXModel("m").add_variable(x).minimize(cost)

    cost.add_abs(x)

    assert model.compile().structures.functions.use_rows.tolist() == [OBJECTIVE] * 3


@pytest.mark.parametrize(
    ("add", "error", "message"),
    [
        (
            lambda e, x: e.add_abs("x"),
            LXModelError,
            "the absolute value got 'x'. Give it a variable, a linear expression",
        ),
        (
            lambda e, x: e.add_abs(LXNonLinearExpression().add_abs(x)),
            LXModelError,
            "which is not linear itself. Add a variable",
        ),
        (lambda e, x: e.add_max(), LXModelError, r"add_max\(\) got nothing"),
        (lambda e, x: e.add_piecewise(x), LXModelError, "neither a function nor breakpoints"),
        (lambda e, x: e.add_piecewise(x, breakpoints=[(0, 0)]), LXModelError, "a curve needs two at least"),
        (lambda e, x: e.add_piecewise(x, breakpoints=[(0, 0), (0, 1)]), LXNumberError, "have 0 after 0: x must rise"),
        (lambda e, x: e.add_piecewise(x, breakpoints=[1, 2]), LXModelError, r"give pairs \(x, y\)"),
        (lambda e, x: e.add_piecewise(x, abs, 0), LXNumberError, "num_segments=0"),
        (lambda e, x: e.add_indicator(x, 2, x, "<=", 1), LXModelError, "got the condition 2"),
        (lambda e, x: e.add_indicator(x, True, x, "!=", 1), LXModelError, "got the sense '!='; expected <=, >= or =="),
        (lambda e, x: e.add_sos1(["x"]), LXModelError, "which is not a variable"),
    ],
)
def test_what_means_nothing_is_refused_when_it_is_written(add, error, message):
    with pytest.raises(error, match=message):
        add(LXNonLinearExpression(), variable("x"))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            lambda x: LXNonLinearExpression().add_indicator(x, True, x, "<=", 1),
            r"its indicator is key 1 of 'x', which is not binary",
        ),
        (
            lambda x: LXNonLinearExpression().add_sos1(x, weights=lambda p: 1.0),
            r"key 1 of 'x' and key 2 of 'x' have one weight, 1, in a set",
        ),
        (lambda x: LXNonLinearExpression().add_sos1(x, weights=[1, 2]), "a set has 2 weights and 3 members"),
        (lambda x: LXNonLinearExpression().add_piecewise(x, lambda v: 1 / v), "failed for 0: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_over_the_rows_is_refused_by_its_name(parts, message):
    x = variable("x")

    with pytest.raises(Exception, match=message):
        LXModel("m").add_variable(x).minimize(parts(x)).compile()


def test_a_semicontinuous_variable_without_a_lower_bound_is_refused():
    x = over_products(LXVariable[Product, float], "x").semicontinuous().bounds(upper=9)

    with pytest.raises(LXModelError, match=r"'x' is .semicontinuous\(\) and has no lower bound.*bounds\(lower=\.\.\."):
        LXModel("m").add_variable(x).compile()


def test_a_semiinteger_variable_is_both():
    x = over_products(LXVariable[Product, int], "x").semiinteger().bounds(lower=2, upper=9)

    problem = LXModel("m").add_variable(x).compile()

    assert problem.integer.all()
    assert problem.structures.semi.all()
    assert "x: 3 variables, semi-integer, 2 <= x <= 9" in LXModel("m").add_variable(x).to_text()
