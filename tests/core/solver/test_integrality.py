"""Models solved without integrality: relaxed, or with their whole variables held at the values of a solution."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from lumix_core import (
    LXConstraint,
    LXIndexDimension,
    LXIntegrality,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXSolution,
    LXStatus,
    LXVariable,
)
from lumix_core.errors import LXModelError, LXNoDualsError, LXNoSolutionError, LXOptionError, LXUnsupportedError
from lumix_core.solver.solver import LXFeature
from tests.core.solver.solved_models import Without, impossible, plan_model

ErrorText = Callable[..., str]
SOLVERS = pytest.mark.parametrize("solver", ["highs", "pulp"])


@dataclass(frozen=True)
class Plant:
    id: int
    setup: float
    capacity: float


PLANTS = [Plant(1, 50.0, 30.0), Plant(2, 20.0, 20.0), Plant(3, 90.0, 70.0)]


def setups(plants: Sequence[Plant] = PLANTS, demand: float = 45.0) -> LXModel:
    """Least cost of a demand: a plant makes something only if it is opened, and each unit costs 1."""
    opened = LXVariable[Plant, int]("open").from_data(plants).indexed_by(lambda p: p.id).binary()
    made = LXVariable[Plant, float]("made").from_data(plants).indexed_by(lambda p: p.id).bounds(lower=0)
    within = LXConstraint[Plant]("within").over(made).le().rhs(0)
    within.expression(LXLinearExpression().add_term(made).add_term(opened, lambda p: -p.capacity))
    needed = LXConstraint[None]("needed").expression(LXLinearExpression().sum_over(made)).ge().rhs(demand)
    model = LXModel("setups").add_variables(opened, made).add_constraints(within, needed)
    return model.minimize(LXLinearExpression().sum_over(opened, lambda p: p.setup).sum_over(made))


def whole(value: float = 2.0, lower: float = 0, upper: float = 9, rows: Any = (1, 2), name: str = "x") -> LXSolution:
    x = LXVariable[int, float](name).from_data(list(rows)).bounds(value, value)
    return LXOptimizer().solve(LXModel("other").add_variable(x).minimize(LXLinearExpression().sum_over(x)))


def counted(lower: float = 0, upper: float = 9, rows: Any = (1, 2)) -> LXModel:
    x = LXVariable[int, int]("x").from_data(list(rows)).bounds(lower, upper)
    return LXModel("counted").add_variable(x).minimize(LXLinearExpression().sum_over(x))


# Relaxed


@SOLVERS
def test_a_relaxed_model_has_fractions_and_duals(solver: str) -> None:
    optimizer = LXOptimizer().use_solver(solver)

    relaxed, kept = optimizer.solve(setups(), relax=True), optimizer.solve(setups())

    assert dict(relaxed.variables["open"]) == pytest.approx({1: 0.0, 2: 1.0, 3: 25 / 70})
    assert relaxed.objective_value == pytest.approx(45 + 20 + 90 * 25 / 70)
    assert relaxed.shadow_prices["needed"] == pytest.approx(1 + 90 / 70)
    assert relaxed.objective_value <= kept.objective_value == pytest.approx(45 + 70)


def test_bounds_are_kept_those_of_binaries_too() -> None:
    x = LXVariable[None, int]("x").binary()
    y = LXVariable[None, int]("y").integer().bounds(upper=2.5)
    model = LXModel("bounds").add_variables(x, y).maximize(LXLinearExpression().add_term(x).add_term(y))

    solution = LXOptimizer().solve(model, relax=True)

    assert (solution.variables["x"], solution.variables["y"]) == (1.0, 2.5)
    assert type(solution.variables["x"]) is float


@pytest.mark.parametrize("model", [setups, plan_model], ids=["whole variables", "none"])
def test_a_solution_tells_whether_its_model_was_relaxed(model: Callable[[], LXModel]) -> None:
    solution = LXOptimizer().solve(model(), relax=True)

    if model is plan_model:  # nothing was relaxed
        assert solution.integrality is LXIntegrality.KEPT
        assert "relaxed" not in solution.summary() + repr(solution)
        return
    assert solution.integrality is LXIntegrality.RELAXED
    assert solution.status is LXStatus.OPTIMAL
    assert solution.summary().startswith("Model 'setups' (relaxed: without integrality): optimal, solver highs")
    assert repr(solution).startswith("<LXSolution optimal (relaxed: without integrality), objective ")
    assert solution.model_name == "setups"
    assert pickle.loads(pickle.dumps(solution)).integrality is LXIntegrality.RELAXED


def test_a_model_is_as_it_was_after_it_was_relaxed() -> None:
    model = setups()

    LXOptimizer().solve(model, relax=True)

    assert LXOptimizer().solve(model).objective_value == pytest.approx(115)
    assert LXOptimizer().solve(model).integrality is LXIntegrality.KEPT


def test_a_solver_without_integers_solves_what_is_relaxed() -> None:
    optimizer = LXOptimizer().use_solver(Without(LXFeature.INTEGER))

    assert optimizer.solve(setups(), relax=True).is_optimal()
    with pytest.raises(LXUnsupportedError, match="has integer variables"):
        optimizer.solve(setups())


def test_a_relaxed_model_that_is_infeasible_says_that_it_was_relaxed(error_text: ErrorText) -> None:
    model = impossible()
    for variable in model.variables:
        variable.integer()

    solution = LXOptimizer().solve(model, relax=True)

    text = error_text(LXNoSolutionError, getattr, solution, "variables")
    assert "The solution of model 'plan' (relaxed: without integrality) holds no values" in text
    assert "explain_infeasibility" in text


# Fixed


@SOLVERS
def test_a_fixed_model_has_the_point_and_the_duals_of_its_whole_values(solver: str) -> None:
    optimizer = LXOptimizer().use_solver(solver)
    model = setups()
    kept = optimizer.solve(model)

    fixed = optimizer.solve(model, fix=kept)

    assert fixed.integrality is LXIntegrality.FIXED
    assert fixed.objective_value == pytest.approx(kept.objective_value)
    assert dict(fixed.variables["open"]) == dict(kept.variables["open"]) == {1: 1, 2: 1, 3: 0}
    assert all(type(value) is int for value in fixed.variables["open"].values())
    assert fixed.shadow_prices["needed"] == pytest.approx(1.0)
    assert fixed.summary().startswith("Model 'setups' (whole variables fixed): optimal")


def test_the_values_are_found_by_key() -> None:
    """The rows may come in another order; more rows of families without whole variables do not matter."""
    solution = LXOptimizer().solve(setups())

    fixed = LXOptimizer().solve(setups(PLANTS[::-1]), fix=pickle.loads(pickle.dumps(solution)))

    assert dict(fixed.variables["open"]) == {3: 0, 2: 1, 1: 1}
    assert fixed.objective_value == pytest.approx(solution.objective_value)


def test_values_of_several_dimensions_are_held() -> None:
    dimensions = [LXIndexDimension(int, lambda n: n).from_data([1, 2]) for _ in range(2)]
    x = LXVariable[Any, int]("x").indexed_by_product(*dimensions).bounds(0, 3)
    model = LXModel("pairs").add_variable(x).maximize(LXLinearExpression().sum_over(x, lambda a, b: a - b + 0.5))
    solution = LXOptimizer().solve(model)

    fixed = LXOptimizer().solve(model.minimize(LXLinearExpression().sum_over(x)), fix=solution)

    assert dict(fixed.variables["x"]) == dict(solution.variables["x"]) == {(1, 1): 3, (1, 2): 0, (2, 1): 3, (2, 2): 3}


def test_a_price_is_what_one_more_unit_costs_with_the_same_whole_values() -> None:
    optimizer, model = LXOptimizer(), setups()
    kept = optimizer.solve(model)
    fixed = optimizer.solve(model, fix=kept)

    model.get_constraint("needed").rhs_value = 46.0
    again = optimizer.solve(model, fix=kept)

    assert again.objective_value - fixed.objective_value == pytest.approx(fixed.shadow_prices["needed"])


def test_whole_values_that_leave_no_point_say_so(error_text: ErrorText) -> None:
    kept = LXOptimizer().solve(setups())

    solution = LXOptimizer().solve(setups(demand=51.0), fix=kept)

    assert solution.status is LXStatus.INFEASIBLE
    text = error_text(LXNoSolutionError, getattr, solution, "objective_value")
    assert "(whole variables fixed) holds no values: its status is infeasible" in text
    assert text.endswith("; there is none with these whole values. Solve without fix=, and fix that solution.")


def test_values_within_the_tolerance_are_held_exactly() -> None:
    fixed = LXOptimizer().solve(counted(), fix=whole(2.0 - 1e-7))

    assert dict(fixed.variables["x"]) == {1: 2, 2: 2}
    assert fixed.objective_value == 4.0


@pytest.mark.parametrize(
    ("solution", "model", "words"),
    [
        (lambda: whole(2.5), counted, "has x[1] = 2.5, which is not a whole number (0 to 9) in model 'counted'"),
        (lambda: whole(12.0), counted, "has x[1] = 12, which is beyond its bounds (0 to 9) in model 'counted'"),
        (lambda: whole(-1.0), counted, "has x[1] = -1, which is beyond its bounds (0 to 9)"),
        (lambda: whole(rows=(1,)), counted, "has no value for 2 of 'x': its rows were others"),
        (lambda: whole(rows=(1, 2, 3)), counted, "has values, which the model has not, for 3 of 'x'"),
        (lambda: whole(name="y"), counted, "fix= has no variable named 'x'; it has 'y'"),
    ],
    ids=["fraction", "above", "below", "missing key", "further key", "missing family"],
)
def test_a_solution_that_does_not_fit_is_refused(
    solution: Callable[[], LXSolution], model: Callable[[], LXModel], words: str, error_text: ErrorText
) -> None:
    text = error_text(LXModelError, lambda: LXOptimizer().solve(model(), fix=solution()))

    assert words in text


def test_a_solution_without_a_point_fixes_nothing(error_text: ErrorText) -> None:
    solution = LXOptimizer().solve(impossible())

    assert "holds no values" in error_text(LXNoSolutionError, lambda: LXOptimizer().solve(counted(), fix=solution))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"relax": 1}, "relax=1"),
        ({"relax": "yes"}, "relax='yes'"),
        ({"fix": {"x": 3}}, "fix={'x': 3}, which is not a solution"),
        ({"fix": True}, "fix=True, which is not a solution"),
        ({"relax": True, "fix": whole()}, "both relax=True and fix="),
    ],
)
def test_what_is_neither_is_refused(arguments: dict[str, Any], words: str, error_text: ErrorText) -> None:
    assert words in error_text(LXOptionError, lambda: LXOptimizer().solve(counted(), **arguments))


def test_prices_of_a_model_with_integers_name_both(error_text: ErrorText) -> None:
    text = error_text(LXNoDualsError, getattr, LXOptimizer().solve(setups()), "shadow_prices")

    assert "relax=True" in text
    assert "fix=solution" in text
