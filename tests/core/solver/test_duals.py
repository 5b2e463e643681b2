"""Duals in the user's sense: d(objective)/d(right-hand side)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLimit, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXNoDualsError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions
from tests.core.solver.solved_models import Machine, Without, of_id, plan_model

ErrorText = Callable[..., str]


def objective_of(model: LXModel) -> float:
    return LXOptimizer().solve(model).objective_value


@pytest.mark.parametrize("name", ["sum", "mix", "cap"])
@pytest.mark.parametrize(
    ("factor", "sense"), [(1.0, "le"), (2.0, "le"), (-1.0, "ge"), (-4.0, "ge")], ids=["x1", "x2", "x-1", "x-4"]
)
@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
def test_a_shadow_price_is_what_the_objective_gains_from_the_right_hand_side(
    maximize: bool, factor: float, sense: str, name: str
) -> None:
    model = plan_model(maximize, factor, upper=2.0, sense=sense)

    price = LXOptimizer().solve(model).shadow_prices[name]

    side = model.get_constraint(name).rhs_value
    assert side is not None
    objectives = []
    for step in (-0.125, 0.125):
        model.get_constraint(name).rhs_value = side + step
        objectives.append(objective_of(model))
    assert price == pytest.approx((objectives[1] - objectives[0]) / 0.25, abs=1e-7)


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
def test_reduced_costs_are_what_the_rows_leave_of_the_objective(maximize: bool) -> None:
    model = plan_model(maximize, upper=2.0)

    solution = LXOptimizer().solve(model)

    problem = model.compile()
    prices = np.array([solution.shadow_prices[name] for name in ("sum", "mix", "cap")])
    left = problem.objective.copy()
    np.subtract.at(left, problem.columns, problem.coefficients * prices[problem.row_numbers()])
    found = [solution.reduced_costs[name] for name in "xyz"]
    assert found == pytest.approx(left.tolist(), abs=1e-9)


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
def test_a_reduced_cost_is_what_the_objective_gains_from_the_active_bound(maximize: bool) -> None:
    reduced = LXOptimizer().solve(plan_model(maximize, upper=2.0)).reduced_costs["z"]

    below, above = (objective_of(plan_model(maximize, upper=upper)) for upper in (1.75, 2.25))

    assert reduced == pytest.approx((above - below) / 0.5, abs=1e-9)
    assert reduced != 0.0


def test_shadow_prices_are_keyed_like_the_constraints() -> None:
    machines = [Machine("A", 1.0), Machine("B", 2.0)]
    x = LXVariable[Machine, float]("x").from_data(machines).indexed_by(of_id).bounds(lower=0)
    limit = LXConstraint[Machine]("limit").from_data(machines).indexed_by(of_id)
    limit.expression(LXLinearExpression().add_term(x)).le().rhs(lambda m: m.amount)
    total = LXLinearExpression().add_term(x, lambda m: 10 * m.amount)
    solution = LXOptimizer().solve(LXModel("plan").add_variable(x).add_constraint(limit).maximize(total))

    prices = solution.shadow_prices["limit"]

    assert dict(prices) == {"A": 10.0, "B": 20.0}
    assert prices[machines[1]] == 20.0
    assert solution.reduced_costs["x"][machines[0]] == 0.0


@pytest.mark.parametrize("what", ["shadow_prices", "reduced_costs"])
def test_a_model_with_integers_has_no_duals(what: str, error_text: ErrorText) -> None:
    x = LXVariable[None, int]("x").bounds(lower=0)
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_term(x)).ge().rhs(2)
    solution = LXOptimizer().solve(
        LXModel("plan").add_variable(x).add_constraint(limit).minimize(LXLinearExpression().add_term(x))
    )

    text = error_text(LXNoDualsError, getattr, solution, what)

    assert text == (
        f"The solution of model 'plan' has no {what.replace('_', ' ')}: it has integer variables, and duals exist "
        f"only without. Solve it with relax=True, without integrality, or with fix=solution, each integer variable "
        f"held at its value."
    )


def test_a_solver_without_duals_is_named(error_text: ErrorText) -> None:
    solution = LXOptimizer().use_solver(Without(LXFeature.DUALS)).solve(plan_model())

    text = error_text(LXNoDualsError, getattr, solution, "shadow_prices")

    assert text == (
        "The solution of model 'plan' has no shadow prices: solver 'partial' gives none. "
        "Use another solver, such as 'highs'."
    )


def test_a_run_that_was_ended_has_no_duals(error_text: ErrorText) -> None:
    solution = LXOptimizer().use_solver(Without(limit=LXLimit.TIME)).solve(plan_model())

    text = error_text(LXNoDualsError, getattr, solution, "reduced_costs")

    assert text == (
        "The solution of model 'plan' has no reduced costs: it is not optimal. Let the run end without a limit."
    )


def test_duals_of_a_model_with_integers_are_not_taken_from_a_solver_that_gives_some() -> None:
    """They are the duals of a relaxation, with no such meaning."""

    class Generous(Without):
        def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
            raw = super().solve(problem, options)
            return dataclasses.replace(raw, duals=np.zeros(problem.num_constraints), reduced_costs=np.zeros(1))

    x = LXVariable[None, int]("x").bounds(lower=0.5)
    solution = (
        LXOptimizer()
        .use_solver(Generous())
        .solve(LXModel("plan").add_variable(x).minimize(LXLinearExpression().add_term(x)))
    )

    with pytest.raises(LXNoDualsError, match="it has integer variables"):
        solution.shadow_prices  # noqa: B018
    with pytest.raises(LXNoDualsError, match="it has integer variables"):
        solution.reduced_costs  # noqa: B018
