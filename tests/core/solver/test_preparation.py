"""What solvers would treat each in its own way is settled, scaled or refused before: the same for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXNumberError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.claims import solve
from lumix_core.solver.live import Live
from lumix_core.solver.preparation import Preparation
from lumix_core.solver.solver import RawResult, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_core.testing.solvers.problems import INF, problem
from lumix_solvers.highs import HighsSolver
from lumix_solvers.pulp import PulpSolver

ErrorText = Callable[..., str]
OPTIONS = SolverOptions()
SOLVERS = {"highs": HighsSolver, "cbc": PulpSolver, "highs by pulp": lambda: PulpSolver("HiGHS")}
BOTH = pytest.mark.parametrize("integer", [False, True], ids=["linear", "whole"])


@pytest.fixture(params=SOLVERS.values(), ids=SOLVERS)
def solver(request: pytest.FixtureRequest) -> Any:
    return request.param()


class Counting(HighsSolver):
    """HiGHS, which counts its runs."""

    def __init__(self) -> None:
        self.problems: list[LXProblem] = []

    def solve(self, given: LXProblem, options: SolverOptions) -> RawResult:
        self.problems.append(given)
        return super().solve(given, options)


# Degenerate problems


@BOTH
def test_free_variables_without_constraints_have_no_end(solver, integer):
    result = solve(solver, problem([1.0, 1.0], [], lower=-INF, integer=integer), OPTIONS)

    assert result.status is LXStatus.UNBOUNDED


@BOTH
@pytest.mark.parametrize(("maximize", "expected"), [(False, [-1.0, 4.0, 0.0]), (True, [2.0, -3.0, 0.0])])
def test_variables_without_constraints_are_at_their_best_bounds(integer, maximize, expected):
    given = problem(
        [1.0, -1.0, 0.0], [], lower=[-1.0, -3.0, -INF], upper=[2.0, 4.0, INF], integer=integer, maximize=maximize
    )
    solver = Counting()

    result = solve(solver, given, OPTIONS)

    assert result.x.tolist() == expected
    assert result.reduced_costs.tolist() == [1.0, -1.0, 0.0]
    assert solver.problems == []


@BOTH
@pytest.mark.parametrize("cost", [1.0, -1.0])
def test_a_variable_in_no_constraint_that_improves_without_an_end(solver, integer, cost):
    given = problem([1.0, cost], [([1.0, 0.0], 2.0, INF)], lower=[0.0, -INF], upper=[9.0, INF], integer=integer)

    result = solve(solver, given, OPTIONS)

    assert result.status is LXStatus.UNBOUNDED


@BOTH
def test_a_variable_in_no_constraint_does_not_hide_that_there_is_no_point(solver, integer):
    rows = [([1.0, 1.0, 0.0], 5.0, INF), ([1.0, -1.0, 0.0], 0.0, 0.0), ([0.0, 1.0, 0.0], -INF, 1.0)]
    given = problem([1.0, 1.0, -1.0], rows, integer=integer)

    result = solve(solver, given, OPTIONS)

    assert result.status is LXStatus.INFEASIBLE


def test_a_whole_variable_in_no_constraint_is_whole(solver):
    given = problem([1.0, -1.0], [([1.0, 0.0], 2.0, INF)], upper=[9.0, 2.5], integer=True)

    result = solve(solver, given, OPTIONS)

    assert result.x.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [(-1.0, INF, LXStatus.OPTIMAL), (0.0, 0.0, LXStatus.OPTIMAL), (1.0, INF, LXStatus.INFEASIBLE)],
)
def test_a_constraint_without_variables_holds_or_not(solver, low, high, status):
    given = problem([1.0], [([0.0], low, high), ([1.0], 2.0, INF)])

    result = solve(solver, given, OPTIONS)

    assert result.status is status


def test_bounds_without_a_whole_number_between_them_are_infeasible(solver):
    given = problem([1.0], [([1.0], 0.0, INF)], lower=0.2, upper=0.8, integer=True)

    result = solve(solver, given, OPTIONS)

    assert result.status is LXStatus.INFEASIBLE
    assert result.raw_status == "no whole number is between the bounds of x0"


def test_ranges_of_a_variable_in_no_constraint_keep_the_sign_of_its_cost():
    given = problem([1.0, 2.0, -3.0], [([1.0, 0.0, 0.0], 2.0, INF)], upper=9.0)
    live = Live(HighsSolver(), OPTIONS)
    live.solve(given)

    ranging = live.ranging()
    live.close()

    assert ranging.cost_lower[1:].tolist() == [0.0, -INF]
    assert ranging.cost_upper[1:].tolist() == [INF, 0.0]
    assert ranging.basic.tolist() == [True, False, False]


# Scale


def mix(costs: float = 1.0, rows: float = 1.0, *, integer: bool = False) -> LXProblem:
    """Return a problem of some size, its objective and its constraints in other units."""
    rng = np.random.default_rng(12)
    used = [(rng.integers(1, 9, 12) * (rng.random(12) < 0.6) * rows).tolist() for _ in range(8)]
    limits = (rng.integers(50, 400, 8) * 1e3 * rows).tolist()
    gains = (rng.integers(1, 20, 12) * costs).tolist()
    bounded = [(row, -INF, limit) for row, limit in zip(used, limits, strict=True)]
    return problem(gains, bounded, upper=1e6, integer=integer, maximize=True)


@BOTH
@pytest.mark.parametrize("costs", [1e-12, 1e-9, 1e-7, 1e-4, 1e4, 1e9, 1e13])
def test_the_unit_of_the_objective_does_not_change_the_plan(solver, costs, integer):
    expected = solve(solver, mix(integer=integer), OPTIONS)

    result = solve(solver, mix(costs, integer=integer), OPTIONS)

    assert result.status is LXStatus.OPTIMAL
    assert result.objective / costs == pytest.approx(expected.objective, rel=1e-9)
    if result.best_bound is not None:
        assert result.best_bound / costs == pytest.approx(expected.objective, rel=1e-6)


@pytest.mark.parametrize("rows", [1e-11, 1e-8, 1e-6, 1e6, 1e10])
def test_the_unit_of_constraints_does_not_change_the_plan(solver, rows):
    expected = solve(solver, mix(), OPTIONS)

    result = solve(solver, mix(rows=rows), OPTIONS)

    assert result.status is LXStatus.OPTIMAL
    assert result.objective == pytest.approx(expected.objective, rel=1e-9)
    np.testing.assert_allclose(result.duals * rows, expected.duals, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("costs", [1e-9, 1e-7, 1e11])
def test_the_unit_of_the_objective_does_not_change_the_plan_of_a_hot_start(costs):
    live = Live(HighsSolver(), OPTIONS)
    live.solve(mix(costs))
    other = mix(costs)
    changed = replace(other, objective=other.objective[::-1].copy())

    result, _, _ = live.solve(changed)
    live.close()

    plain = replace(changed, objective=changed.objective / costs)
    assert result.objective / costs == pytest.approx(solve(HighsSolver(), plain, OPTIONS).objective, rel=1e-9)


@pytest.mark.parametrize(("costs", "rows"), [(1e-8, 1.0), (1.0, 1e-7), (1e-8, 1e-7)])
def test_ranges_are_in_the_units_of_the_model(costs, rows):
    results = []
    for given in (mix(), mix(costs, rows)):
        live = Live(HighsSolver(), OPTIONS)
        live.solve(given)
        results.append(live.ranging())
        live.close()

    plain, scaled = results

    np.testing.assert_allclose(scaled.cost_upper / costs, plain.cost_upper, rtol=1e-6)
    np.testing.assert_allclose(scaled.rhs_upper / rows, plain.rhs_upper, rtol=1e-6)
    np.testing.assert_allclose(scaled.rhs_lower / rows, plain.rhs_lower, rtol=1e-6, atol=1e-6)


def test_an_absolute_gap_is_in_the_unit_of_the_objective():
    given = mix(1e-7, integer=True)
    prepared = Preparation().prepared(given, OPTIONS)

    options = prepared.options(SolverOptions(mip_abs_gap=1e-3))

    assert options.mip_abs_gap == 1e-3 * prepared.cost_scale
    assert prepared.problem.objective.tolist() == (given.objective * prepared.cost_scale).tolist()


def test_an_objective_is_not_scaled_where_native_options_may_depend_on_it():
    prepared = Preparation().prepared(mix(1e-7), SolverOptions(options={"objective_bound": 1.0}))

    assert prepared.cost_scale == 1.0


def test_a_usual_problem_is_given_as_it_is():
    given = mix()

    prepared = Preparation().prepared(given, OPTIONS)

    assert prepared.problem is given


# Numbers that solvers would change


def model(*, lower: float = 0.0, upper: float = 9.0, rhs: float = 5.0, coefficient: float = 1.0) -> LXModel:
    x = LXVariable[str, float]("x").from_data(["a"]).bounds(lower, upper)
    y = LXVariable[None, float]("y").bounds(0, 9)
    total = LXLinearExpression().add_term(x, coefficient).add_term(y)
    row = LXConstraint("row").expression(total).le().rhs(rhs)
    return LXModel("far").add_variables(x, y).add_constraint(row).maximize(LXLinearExpression().add_term(y))


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"upper": 1e20}, "The upper bound of x['a'] is 1e+20, and"),
        ({"upper": 1e30}, "The upper bound of x['a'] is 1e+30, and"),
        ({"lower": -1e25}, "The lower bound of x['a'] is -1e+25, and"),
        ({"rhs": 1e300}, "The right-hand side of row is 1e+300, and"),
    ],
)
def test_a_finite_number_that_solvers_take_for_infinite_is_refused(solver, error_text: ErrorText, numbers, text):
    message = error_text(LXNumberError, LXOptimizer().use_solver(solver).solve, model(**numbers))

    assert text in message
    assert "leave the bound or the constraint out" in message


def test_a_number_below_that_is_taken(solver):
    result = LXOptimizer().use_solver(solver).solve(model(upper=1e12))

    assert result.objective_value == pytest.approx(5.0)


def test_a_coefficient_that_is_too_large_beside_the_others_is_refused(solver, error_text: ErrorText):
    message = error_text(LXNumberError, LXOptimizer().use_solver(solver).solve, model(coefficient=1e15))

    assert "The coefficient of x['a'] in row is 1e+15, too large beside the other coefficients" in message


def test_a_small_coefficient_of_a_variable_without_bounds_is_refused(solver, error_text: ErrorText):
    small = problem([1.0, 1.0], [([1e-13, 1.0], 1.0, INF)])

    message = error_text(LXNumberError, solve, solver, small, OPTIONS)

    assert "The coefficient of x0 in row0 is 1e-13, so small beside the other ones" in message


@pytest.mark.parametrize("noise", [1e-13, 5.6e-17, -1e-16])
def test_a_small_coefficient_that_can_do_nothing_is_left_out(solver, noise):
    impossible = problem([0.0, 1.0], [([noise, 1.0], 5.0, INF), ([1.0, 0.0], 0.0, INF)], upper=1.0)

    result = solve(solver, impossible, OPTIONS)

    assert result.status is LXStatus.INFEASIBLE
