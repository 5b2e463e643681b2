"""Models that are more than linear, as users solve them: from a start, relaxed, fixed, live, checked, explained."""

from dataclasses import dataclass

import pytest

from lumix_core import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXNonLinearExpression,
    LXOptimizer,
    LXQuadraticExpression,
    LXStart,
    LXVariable,
)
from lumix_core.errors import LXNoDualsError


@dataclass(frozen=True)
class Product:
    id: int
    profit: float
    batch: float


PRODUCTS = [Product(1, 5.0, 4.0), Product(2, 4.0, 3.0), Product(3, 3.0, 6.0)]


def over_products(kind, name):
    return kind(name).from_data(PRODUCTS).indexed_by(lambda p: p.id)


def plant(capacity=8.0, parts=lambda expression, made: expression):
    """Batches of three products, of which the capacity allows few; ``parts`` adds to the profit."""
    made = over_products(LXVariable[Product, float], "made").semicontinuous()
    made.bounds(lower=lambda p: p.batch, upper=20)
    limit = LXConstraint("capacity").expression(LXLinearExpression().add_term(made)).le().rhs(capacity)
    profit = LXNonLinearExpression().add_term(made, lambda p: p.profit)
    return LXModel("plant").add_variable(made).add_constraint(limit).maximize(parts(profit, made))


def both():
    return [LXOptimizer(), LXOptimizer().use_solver("pulp")]


def test_squares_with_small_factors_are_as_exact_as_others():
    x = LXVariable[None, float]("x").bounds(lower=-10, upper=10)
    model = LXModel("small").add_variable(x).minimize(LXQuadraticExpression().add_squared(x, 1e-9).add_term(x, -6e-9))

    assert LXOptimizer().use_solver("pulp").solve(model).objective_value == pytest.approx(-9e-9, rel=1e-5)


def test_many_squares_need_few_tangents():
    x = LXVariable[int, float]("x").from_data(range(60)).bounds(lower=0, upper=7)
    squares = LXQuadraticExpression().add_squared(x, lambda i: 1.0 + i % 3).add_term(x, lambda i: -2.0 - i % 5)
    model = LXModel("squares").add_variable(x).minimize(squares)

    found = LXOptimizer().use_solver("pulp").solve(model)

    assert found.is_optimal()
    assert found.objective_value == pytest.approx(LXOptimizer().solve(model).objective_value, rel=1e-5)


@pytest.mark.parametrize("optimizer", both(), ids=["highs", "cbc"])
def test_all_constructs_together(optimizer):
    used = over_products(LXVariable[Product, int], "used").binary()

    def parts(profit, made):
        profit.add_abs(LXLinearExpression().add_term(made) - 7, coeff=-2).add_max(made, coeff=-0.25)
        profit.add_product(used, made, coeff=0.5).add_indicator(used, False, made, "<=", 0)
        profit.add_piecewise(made, breakpoints=[(0, 0), (5, -1), (20, -10)]).add_sos2(made)
        return profit.add_term(used, -0.125)

    model = plant(parts=parts).add_variable(used)

    solution = optimizer.solve(model)

    # The whole capacity in the first product: 40, 1 above 7, the largest 8, half a unit each, 1 + 1.8 off, one setup.
    assert solution.objective_value == pytest.approx(40 - 2 - 2 + 4 - 2.8 - 0.125)
    assert solution.value(model.objective) == pytest.approx(solution.objective_value)
    assert model.check(solution).is_feasible


def test_a_plan_is_checked_against_everything():
    model = plant(parts=lambda profit, made: profit.add_sos1(made).add_piecewise(made, breakpoints=[(0, 0), (15, 1)]))

    check = model.check({"made": {1: 2.5, 2: 0.0, 3: 16.0}})

    assert sorted(map(str, check.violations)) == [
        "SOS1 of made[1] ...: 2.5 stands where only 0 may",
        "bound of made[1]: 2.5, and >= 4 is required: 1.5 too little",
        "capacity: 18.5, and <= 8 is required: 10.5 too much",
        "the curve of made[3]: 16 stands where only 15 may",
    ]


def test_relaxed_batches_may_be_smaller_and_have_shadow_prices():
    relaxed = LXOptimizer().solve(plant(capacity=2.0), relax=True)

    assert relaxed.objective_value == pytest.approx(10.0)
    assert relaxed.shadow_prices["capacity"] == pytest.approx(5.0)


def test_fixed_batches_have_shadow_prices():
    model = plant(capacity=7.0)
    best = LXOptimizer().solve(model)

    fixed = LXOptimizer().solve(model, fix=best)

    assert fixed.objective_value == pytest.approx(best.objective_value)
    assert fixed.shadow_prices["capacity"] == pytest.approx(5.0)
    with pytest.raises(LXNoDualsError):
        best.shadow_prices  # noqa: B018


@pytest.mark.parametrize("optimizer", both(), ids=["highs", "cbc"])
def test_a_start_point_is_completed(optimizer):
    model = plant(parts=lambda profit, made: profit.add_max(made, coeff=1.0))

    solution = optimizer.solve(model, start={"made": {1: 4.0, 2: 4.0, 3: 0.0}})

    assert solution.is_optimal()
    assert solution.objective_value == pytest.approx(48.0)


def test_a_live_session_goes_on_with_other_numbers():
    model = plant(parts=lambda profit, made: profit.add_max(made, coeff=-1.0))
    fresh = [
        LXOptimizer().solve(plant(c, lambda e, made: e.add_max(made, coeff=-1.0))).objective_value for c in (8, 12, 3)
    ]

    with LXOptimizer().open(model) as session:
        solutions = [session.set_rhs("capacity", capacity).solve() for capacity in (8, 12, 3)]

    assert [solution.objective_value for solution in solutions] == pytest.approx(fresh)
    assert [solution.start for solution in solutions] == [LXStart.COLD, LXStart.HOT, LXStart.HOT]


def test_a_live_session_goes_on_with_a_convex_objective():
    x = over_products(LXVariable[Product, float], "x").bounds(lower=0)
    total = LXConstraint("total").expression(LXLinearExpression().add_term(x)).ge().rhs(6)
    model = LXModel("m").add_variable(x).add_constraint(total).minimize(LXQuadraticExpression().add_squared(x))

    with LXOptimizer().open(model) as session:
        first, second = session.solve(), session.set_rhs("total", 12).solve()
        third = session.set_cost(x, -8.0, key=1).solve()

    assert first.objective_value == pytest.approx(12.0, rel=1e-5)
    assert second.objective_value == pytest.approx(48.0, rel=1e-5)
    assert second.shadow_prices["total"] == pytest.approx(8.0, rel=1e-4)
    assert third.objective_value == pytest.approx(
        third.value(LXQuadraticExpression().add_squared(x)) - 8 * third.variables["x"][1]
    )


def test_why_a_model_with_batches_is_infeasible():
    made = over_products(LXVariable[Product, float], "made").semicontinuous().bounds(lower=lambda p: p.batch, upper=20)
    total = LXLinearExpression().add_term(made)
    model = LXModel("plant").add_variable(made)
    model.add_constraint(LXConstraint("some").expression(total).ge().rhs(1))
    model.add_constraint(LXConstraint("few").expression(total).le().rhs(2))

    why = LXOptimizer().explain_infeasibility(model)

    assert LXOptimizer().solve(model).status == "infeasible"
    assert {"some", "few"} <= {one.family for one in why.constraints}


def test_the_error_of_a_curve_is_told():
    x = LXVariable[None, float]("x").bounds(0, 4)
    model = LXModel("m").add_variable(x).maximize(LXNonLinearExpression().add_piecewise(x, lambda v: v**0.5, 4))

    solution = LXOptimizer().solve(model)

    (term,) = solution.relaxation
    assert solution.is_optimal()
    assert solution.objective_value == pytest.approx(2.0)
    assert term.largest_error == pytest.approx(0.25, abs=0.01)
    assert str(term).startswith("curve(x) is taken for 2, at most 0.25 off")


def test_explain_shows_what_was_rewritten():
    model = plant(parts=lambda profit, made: profit.add_max(made, coeff=-1.0))

    before = str(model.explain())
    LXOptimizer().solve(model)
    after = str(model.explain())

    assert "the objective: max of made" in before
    assert "given to the solver" not in before
    assert "maxima (1): exact, a row for each argument" in after
    assert "semi-continuous variables of 'made' (3): native" in after


def box(optimizer):
    """Return the solution with the least border of an area of 6 at least; the best is twice the root of 6."""
    width, height = (LXVariable[None, float](name).bounds(1, 5) for name in ("width", "height"))
    area = LXConstraint("area").expression(LXNonLinearExpression().add_product(width, height)).ge().rhs(6)
    model = LXModel("box").add_variables(width, height).add_constraint(area)
    model.minimize(LXLinearExpression().add_term(width).add_term(height))
    return model, optimizer.solve(model)


@pytest.mark.parametrize("optimizer", both(), ids=["highs", "cbc"])
def test_a_relaxed_product_comes_with_a_point_that_satisfies_the_model(optimizer):
    model, solution = box(optimizer)

    assert (solution.status, solution.limit) == ("feasible", "relaxation")
    assert model.check(solution).is_feasible
    assert solution.best_bound <= 2 * 6**0.5 <= solution.objective_value <= solution.best_bound * 1.05


def test_more_parts_give_a_better_bound():
    bounds = [box(LXOptimizer().enable_linearization(pwl_segments=parts))[1].best_bound for parts in (1, 4, 16)]

    assert bounds[0] < bounds[1] < bounds[2] <= 2 * 6**0.5
