"""Statuses in numbers and words, and no values where there is no point."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from lumix_core import (
    LXConstraint,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXNoSolutionError,
    LXOptimizer,
    LXSolution,
    LXStatus,
    LXVariable,
)
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions
from tests.core.solver.solved_models import Product, impossible, of_id, plan_model, production, solved

ErrorText = Callable[..., str]


# Statuses, and no values where there is no point


def endless() -> LXModel:
    x = LXVariable[None, float]("x").bounds(lower=0)
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x))


def market_split(size: int = 30) -> LXModel:
    """A small model that no solver finishes at once, and whose first point is easy."""
    rows = [Product(i, float((i * 7919) % 97 + 1)) for i in range(size)]
    x = LXVariable[Product, int]("x").from_data(rows).indexed_by(of_id).binary()
    model = LXModel("plan").add_variable(x)
    off = LXVariable[None, float]("off").bounds(lower=0)
    model.add_variable(off)
    for k in range(5):
        weight = LXLinearExpression().add_term(x, lambda p, k=k: (p.amount * (k + 3) * (p.id + k + 1)) % 100)
        for sign, name in ((1.0, "above"), (-1.0, "below")):
            row = LXConstraint[None](f"{name}{k}").expression(sign * weight - LXLinearExpression().add_term(off))
            model.add_constraint(row.le().rhs(sign * 25.5 * size))
    return model.minimize(LXLinearExpression().add_term(off))


def test_an_optimal_run_says_so() -> None:
    solution = LXOptimizer().solve(plan_model())

    assert solution.status == LXStatus.OPTIMAL == "optimal"
    assert (solution.is_optimal(), solution.is_feasible(), solution.limit) == (True, True, None)
    assert solution.solver == "highs"
    assert solution.solve_time >= 0
    assert solution.raw_status == "Optimal"


@pytest.mark.parametrize(
    ("model", "statuses"),
    [(impossible(), {"infeasible"}), (endless(), {"unbounded", "infeasible_or_unbounded"})],
    ids=["infeasible", "unbounded"],
)
def test_a_model_without_a_best_point_says_so(model: LXModel, statuses: set[str]) -> None:
    solution = LXOptimizer().solve(model)

    assert solution.status in statuses
    assert (solution.is_optimal(), solution.is_feasible(), solution.limit) == (False, False, None)
    assert (solution.best_bound, solution.gap) == (None, None)


@pytest.mark.parametrize("what", ["variables", "objective_value", "shadow_prices", "reduced_costs"])
def test_nothing_is_read_where_there_is_no_point(what: str, error_text: ErrorText) -> None:
    solution = LXOptimizer().solve(impossible())

    text = error_text(LXNoSolutionError, getattr, solution, what)

    assert text == (
        "The solution of model 'plan' holds no values: its status is infeasible (Infeasible). "
        "Look at solution.status or solution.is_feasible() before reading values; "
        "optimizer.explain_infeasibility(model) tells why there are none."
    )


@pytest.mark.parametrize("call", [lambda s: s.get_mapped("x"), lambda s: s.to_frame("x")], ids=["map", "frame"])
def test_no_view_is_made_where_there_is_no_point(call: Callable[[LXSolution], Any]) -> None:
    solution = LXOptimizer().solve(impossible())

    with pytest.raises(LXNoSolutionError):
        call(solution)


class Interrupted:
    """A solver whose runs end before a point is found."""

    name = "hasty"
    features = frozenset(LXFeature)

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="Time is up", limit=LXLimit.TIME, best_bound=12.5)


def test_a_run_that_ended_without_a_point_names_the_limit(error_text: ErrorText) -> None:
    solution = LXOptimizer().use_solver(Interrupted()).solve(plan_model())

    text = error_text(LXNoSolutionError, getattr, solution, "objective_value")

    assert "its status is no_solution (Time is up), ended by the time limit." in text
    assert (solution.status, solution.limit, solution.best_bound, solution.gap) == ("no_solution", "time", 12.5, None)


def test_a_run_that_ended_with_a_point_keeps_limit_bound_and_gap() -> None:
    solution = LXOptimizer().solve(market_split(), options={"mip_max_improving_sols": 1})

    assert solution.status is LXStatus.FEASIBLE
    assert solution.limit is not None
    assert (solution.is_feasible(), solution.is_optimal()) == (True, False)
    assert solution.best_bound is not None
    assert solution.gap == pytest.approx(
        abs(solution.objective_value - solution.best_bound) / abs(solution.objective_value)
    )


@pytest.mark.parametrize(
    ("objective", "bound", "gap"),
    [(10.0, 8.0, 0.2), (-10.0, -8.0, 0.2), (10.0, 10.0, 0.0), (0.0, 0.0, 0.0), (0.0, 1.0, inf), (5.0, None, None)],
)
def test_the_gap_is_relative_to_the_objective(objective: float, bound: float | None, gap: float | None) -> None:
    solution = dataclasses.replace(LXOptimizer().solve(plan_model()), _objective=objective, best_bound=bound)

    assert solution.gap == gap


def test_a_model_without_an_objective_has_a_feasible_point() -> None:
    x = LXVariable[None, float]("x").bounds(lower=2, upper=3)

    solution = LXOptimizer().solve(LXModel("plan").add_variable(x))

    assert solution.is_optimal()
    assert solution.objective_value == 0.0
    assert 2 <= solution.variables["x"] <= 3


def test_the_objective_holds_its_constant() -> None:
    solution = LXOptimizer().solve(plan_model())

    x, y, z = (solution.variables[name] for name in "xyz")
    assert solution.objective_value == pytest.approx(100 + 3 * x + 2 * y + 2 * z)


# Words


def test_a_summary_tells_status_objective_and_families() -> None:
    variable = production([Product(1, 3.5), Product(2, 0.0)])

    text = solved(variable, LXVariable[None, float]("z").bounds(lower=2)).summary()

    first, *rest = text.splitlines()
    assert first.startswith("Model 'plan': optimal, solver highs, 0.")
    assert first.endswith(" s")
    assert rest == ["  objective 5.5", "  production: 2 values, 1 of them not 0", "  z = 2"]


def test_a_summary_of_no_point_tells_the_status_alone() -> None:
    text = LXOptimizer().solve(impossible()).summary()

    assert len(text.splitlines()) == 1
    assert text.startswith("Model 'plan': infeasible, solver highs")


def test_a_summary_tells_limit_bound_and_gap() -> None:
    solution = dataclasses.replace(
        LXOptimizer().solve(endless().maximize(LXLinearExpression().add_constant(10))),
        status=LXStatus.FEASIBLE,
        limit=LXLimit.TIME,
        best_bound=12.0,
    )

    lines = solution.summary().splitlines()

    assert lines[0].startswith("Model 'plan': feasible (time limit), solver highs")
    assert lines[1:3] == ["  objective 10", "  best bound 12 (gap 20.0000%)"]


@pytest.mark.parametrize(
    ("model", "text"),
    [(impossible(), "<LXSolution infeasible>"), (plan_model(), "<LXSolution optimal, objective 112>")],
    ids=["infeasible", "optimal"],
)
def test_a_solution_shows_its_status(model: LXModel, text: str) -> None:
    solution = LXOptimizer().solve(model)

    assert repr(solution) == text
