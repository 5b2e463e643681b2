"""No answer of a solver is believed: what contradicts the model or itself never reaches the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLimit, LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXStatus, LXVariable
from lumix_core.errors import LXEmptySourceWarning, LXSolverError, LXVerificationError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions

ErrorText = Callable[..., str]
Lie = Callable[[RawResult], Any]
ADVICE = (
    " No result is returned, since it would be wrong. Solve with another solver or without presolve; "
    "where big coefficients multiply integer variables, make them smaller."
)


class Lying:
    """HiGHS, with its answers changed on the way."""

    name = "liar"
    features = frozenset(LXFeature)

    def __init__(self, lie: Lie = lambda raw: raw) -> None:
        self.lie = lie
        self.runs = 0

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> Any:
        from lumix_solvers.highs import HighsSolver

        self.runs += 1
        return self.lie(HighsSolver().solve(problem, options))


@dataclass(frozen=True)
class Product:
    id: str
    price: float


PRODUCTS = [Product("A", 2.0), Product("B", 3.0)]


def plan(maximize: bool = True, kind: type = float, scale: float = 1.0) -> LXModel:
    """2a + 3b at best, with a + b <= 4.5, a >= 1 and 0 <= a, b <= 3, all times a scale: b = 3, a = 1.5, worth 12."""
    x = LXVariable[Product, kind]("x").from_data(PRODUCTS).indexed_by(lambda p: p.id)
    x.bounds(lower=0, upper=3 * scale)
    total = LXConstraint[None]("total").expression(LXLinearExpression().add_term(x)).le().rhs(4.5 * scale)
    least = LXConstraint[Product]("least").from_data(PRODUCTS[:1]).indexed_by(lambda p: p.id)
    least.expression(LXLinearExpression().sum_over(x, keys=["A"])).ge().rhs(1.0 * scale)
    worth = LXLinearExpression().add_term(x, lambda p: p.price)
    model = LXModel("plan").add_variable(x).add_constraints(total, least)
    return model.maximize(worth) if maximize else model.minimize(-worth)


def solved(lie: Lie, model: LXModel | None = None, **options: Any) -> LXSolution:
    return LXOptimizer().use_solver(Lying(lie)).solve(plan() if model is None else model, **options)


def at(*values: float) -> Lie:
    """Answer with another point, and with the objective that belongs to it."""

    def lie(raw: RawResult) -> RawResult:
        x = np.array(values)
        return replace(raw, x=x, objective=float(x @ [2.0, 3.0]), best_bound=None)

    return lie


# Answers that contradict the model

WRONG_POINTS: dict[str, tuple[Lie, str]] = {
    "above its bound": (at(1.5, 3.1), "returned x['B'] = 3.1, but its bound is 3 (model 'plan')."),
    "below its bound": (at(1.5, -1.0), "returned x['B'] = -1, but its bound is 0 (model 'plan')."),
    "above a row": (
        at(2.5, 2.5),
        "returned a solution in which the point gives total = 5, but its row bound is 4.5 (model 'plan').",
    ),
    "below a row": (
        at(0.5, 3.0),
        "returned a solution in which the point gives least['A'] = 0.5, but its row bound is 1 (model 'plan').",
    ),
    "slightly above its bound": (at(1.4, 3.00001), "returned x['B'] = 3.00001, but its bound is 3"),
    "slightly above a row": (at(1.50002, 3.0), "gives total = 4.50002, but its row bound is 4.5"),
    "NaN": (at(nan, 3.0), "returned the point with NaN or infinite values, but no such number solves a model"),
    "infinite": (at(-inf, 3.0), "returned the point with NaN or infinite values, but no such number solves a model"),
    "too short": (
        lambda raw: replace(raw, x=np.array([1.0])),
        "returned the point with shape (1,), but the model needs (2,)",
    ),
    "too long": (
        lambda raw: replace(raw, x=np.ones(3)),
        "returned the point with shape (3,), but the model needs (2,)",
    ),
    "a matrix": (
        lambda raw: replace(raw, x=np.ones((2, 1))),
        "returned the point with shape (2, 1), but the model needs (2,)",
    ),
}


@pytest.mark.parametrize(("lie", "said"), WRONG_POINTS.values(), ids=WRONG_POINTS.keys())
def test_a_point_that_does_not_satisfy_the_model_is_refused(lie: Lie, said: str, error_text: ErrorText) -> None:
    text = error_text(LXVerificationError, solved, lie)

    assert text.startswith("Solver 'liar' ")
    assert said in text
    assert text.endswith(ADVICE)


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
@pytest.mark.parametrize("wrong", [13.0, 11.0, -12.0, 0.0, nan, inf, None])
def test_an_objective_that_is_not_the_points_own_is_refused(
    wrong: float | None, maximize: bool, error_text: ErrorText
) -> None:
    sign = 1 if maximize else -1
    said = None if wrong is None else sign * wrong
    call = partial(solved, lambda raw: replace(raw, objective=said, best_bound=None), plan(maximize))

    text = error_text(LXVerificationError, call)

    assert text == (
        f"Solver 'liar' reported the objective {said!r}, but its own point gives {sign * 12} (model 'plan').{ADVICE}"
    )


@pytest.mark.parametrize("value", [1.4, 1.999, 1.0001])
def test_a_point_that_is_not_whole_is_refused(value: float, error_text: ErrorText) -> None:
    text = error_text(LXVerificationError, solved, at(value, 2.0), plan(kind=int))

    assert text == (f"Solver 'liar' returned x['A'] = {value}, but it must be a whole number (model 'plan').{ADVICE}")


def test_a_point_that_fails_when_it_is_rounded_is_refused(error_text: ErrorText) -> None:
    """The trickle flow: 1e-6 of a switch that costs nothing, times a million."""
    switch = LXVariable[None, int]("switch").binary()
    flow = LXVariable[None, float]("flow").bounds(lower=0, upper=1e6)
    link = LXConstraint[None]("link").le().rhs(0)
    link.expression(LXLinearExpression().add_term(flow).add_term(switch, -1e6))
    model = LXModel("plan").add_variables(switch, flow).add_constraint(link)
    model.maximize(LXLinearExpression().add_term(flow, 5.0))
    lie = lambda raw: replace(raw, x=np.array([1e-6, 1.0]), objective=5.0, best_bound=None)

    text = error_text(LXVerificationError, solved, lie, model)

    assert text.startswith(
        "Solver 'liar' returned a solution in which the point, rounded to whole numbers, gives link = 1, "
        "but its row bound is 0 (model 'plan')."
    )


# Answers that contradict themselves

POINT = {"x": np.array([1.5, 3.0]), "objective": 12.0}
CONTRADICTIONS: dict[str, tuple[Lie, str]] = {
    "infeasible with a point": (
        lambda raw: replace(raw, status=LXStatus.INFEASIBLE),
        "reported infeasible and returned a point, but the two contradict each other",
    ),
    "unbounded with a point": (
        lambda raw: replace(raw, status=LXStatus.UNBOUNDED),
        "reported unbounded and returned a point, but the two contradict each other",
    ),
    "no solution with a point": (
        lambda raw: replace(raw, status=LXStatus.NO_SOLUTION, limit=LXLimit.TIME),
        "reported no_solution and returned a point, but the two contradict each other",
    ),
    "error with a point": (
        lambda raw: replace(raw, status=LXStatus.ERROR),
        "reported error and returned a point, but the two contradict each other",
    ),
    "optimal without a point": (
        lambda raw: RawResult(status=LXStatus.OPTIMAL, raw_status="ok"),
        "reported optimal and returned no point, but the two contradict each other",
    ),
    "feasible without a point": (
        lambda raw: RawResult(status=LXStatus.FEASIBLE, raw_status="ok", limit=LXLimit.NODE),
        "reported feasible and returned no point, but the two contradict each other",
    ),
    "optimal with a limit": (
        lambda raw: replace(raw, limit=LXLimit.TIME),
        "reported optimal and named the limit 'time', but a limit ends a run without proof, and nothing else does",
    ),
    "feasible without a limit": (
        lambda raw: replace(raw, status=LXStatus.FEASIBLE),
        "reported feasible and named no limit, but a limit ends a run without proof, and nothing else does",
    ),
    "no solution without a limit": (
        lambda raw: RawResult(status=LXStatus.NO_SOLUTION, raw_status="?"),
        "reported no_solution and named no limit, but a limit ends a run without proof, and nothing else does",
    ),
    "infeasible with a limit": (
        lambda raw: RawResult(status=LXStatus.INFEASIBLE, raw_status="?", limit=LXLimit.TIME),
        "reported infeasible and named the limit 'time', but a limit ends a run without proof, and nothing else does",
    ),
}


@pytest.mark.parametrize(("lie", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_status_that_contradicts_the_answer_is_refused(lie: Lie, said: str, error_text: ErrorText) -> None:
    text = error_text(LXVerificationError, solved, lie)

    assert text == f"Solver 'liar' {said} (model 'plan').{ADVICE}"


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
@pytest.mark.parametrize("bound", [11.0, 11.999, -12.0, -inf])
def test_a_bound_that_the_point_beats_is_refused(bound: float, maximize: bool, error_text: ErrorText) -> None:
    sign = 1 if maximize else -1
    call = partial(solved, lambda raw: replace(raw, best_bound=sign * bound), plan(maximize))

    text = error_text(LXVerificationError, call)

    assert f"proved the bound {sign * bound:.12g}, but its own point is better: {sign * 12}" in text


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
@pytest.mark.parametrize("bound", [12.0 + 1e-15, 12.0 - 1e-9])
def test_a_bound_that_rounding_has_moved_is_the_objective(bound: float, maximize: bool) -> None:
    sign = 1 if maximize else -1

    found = solved(lambda raw: replace(raw, best_bound=sign * bound), plan(maximize))

    assert (found.best_bound, found.gap) == (found.objective_value, 0.0)


@pytest.mark.parametrize("maximize", [True, False], ids=["max", "min"])
@pytest.mark.parametrize("bound", [12.1, 100.0, inf])
def test_optimal_with_a_gap_that_nobody_asked_for_is_refused(
    bound: float, maximize: bool, error_text: ErrorText
) -> None:
    sign = 1 if maximize else -1
    call = partial(solved, lambda raw: replace(raw, best_bound=sign * bound), plan(maximize))

    text = error_text(LXVerificationError, call)

    assert (
        f"reported optimal with the objective {sign * 12}, but its proved bound is {sign * bound:.12g}, further away "
        f"than the requested gap"
    ) in text


@pytest.mark.parametrize("status", [LXStatus.OPTIMAL, LXStatus.FEASIBLE])
def test_a_bound_that_is_no_number_is_refused(status: LXStatus, error_text: ErrorText) -> None:
    limit = LXLimit.TIME if status is LXStatus.FEASIBLE else None

    text = error_text(LXVerificationError, solved, lambda raw: replace(raw, status=status, limit=limit, best_bound=nan))

    assert "bound nan" in text


@pytest.mark.parametrize("options", [{"mip_rel_gap": 0.02}, {"mip_abs_gap": 0.2}], ids=["relative", "absolute"])
def test_optimal_within_the_gap_asked_for_is_honest(options: dict[str, float]) -> None:
    solution = solved(lambda raw: replace(raw, best_bound=12.2), **options)

    assert solution.is_optimal()
    assert solution.gap == pytest.approx(0.2 / 12)


def test_feasible_with_a_large_gap_is_honest() -> None:
    solution = solved(lambda raw: replace(raw, status=LXStatus.FEASIBLE, limit=LXLimit.TIME, best_bound=100.0))

    assert (solution.status, solution.limit, solution.best_bound) == ("feasible", "time", 100.0)


@pytest.mark.parametrize(
    ("duals", "said"),
    [
        ({"duals": np.zeros(3)}, "returned duals with shape (3,), but the model needs (2,)"),
        ({"duals": np.array([nan, 0.0])}, "returned duals with NaN or infinite values"),
        ({"reduced_costs": np.zeros(1)}, "returned reduced costs with shape (1,), but the model needs (2,)"),
        ({"reduced_costs": np.array([inf, 0.0])}, "returned reduced costs with NaN or infinite values"),
    ],
    ids=["shape of duals", "NaN among duals", "shape of reduced costs", "infinity among reduced costs"],
)
def test_duals_that_are_no_numbers_are_refused(duals: dict[str, Any], said: str, error_text: ErrorText) -> None:
    text = error_text(LXVerificationError, solved, lambda raw: replace(raw, **duals))

    assert said in text


@pytest.mark.parametrize(("maximize", "cost"), [(False, 0.25), (True, -0.25)])
def test_duals_that_prove_no_bound_are_refused_with_the_column(
    maximize: bool, cost: float, error_text: ErrorText
) -> None:
    x = LXVariable[None, float]("x")
    row = LXConstraint[None]("least").expression(LXLinearExpression().add_term(x)).ge().rhs(1)
    model = LXModel("free").add_variable(x).add_constraint(row)
    objective = LXLinearExpression().add_term(x, -1.0 if maximize else 1.0)
    model = model.maximize(objective) if maximize else model.minimize(objective)

    text = error_text(LXVerificationError, solved, lambda raw: replace(raw, duals=0.75 * raw.duals), model)

    assert f"its duals prove no bound: the reduced cost of x is {cost}, and x has no lower bound" in text


@pytest.mark.parametrize("answer", [None, {}, "optimal", 12.0], ids=["None", "dict", "text", "number"])
def test_an_answer_that_is_none_is_the_solvers_failure(answer: Any) -> None:
    with pytest.raises(LXSolverError, match="'liar'"):
        solved(lambda raw: answer)


def test_a_status_that_there_is_not_is_the_solvers_failure() -> None:
    with pytest.raises(LXSolverError, match="'liar'"):
        solved(lambda raw: replace(raw, status="no such status"))


# Honest answers


def test_an_honest_answer_passes() -> None:
    solution = solved(lambda raw: raw)

    assert dict(solution.variables["x"]) == pytest.approx({"A": 1.5, "B": 3.0})
    assert solution.objective_value == pytest.approx(12.0)


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e9])
@pytest.mark.parametrize(
    "noise", [(1e-8, 0.0), (0.0, 1e-8), (-1e-8, 1e-8), (1e-7, 0.0)], ids=["A", "B", "both", "more"]
)
def test_the_noise_of_floating_point_passes(noise: tuple[float, float], scale: float) -> None:
    point = scale * (np.array([1.5, 3.0]) + noise)

    solution = solved(at(*point), plan(scale=scale))

    assert dict(solution.variables["x"]) == {"A": point[0], "B": point[1]}


def test_the_objective_is_computed_anew_from_the_point() -> None:
    solution = solved(lambda raw: replace(raw, objective=raw.objective + 1e-7, best_bound=None))

    assert solution.objective_value == 12.0


def test_whole_numbers_are_rounded() -> None:
    solution = solved(at(0.9999995, 2.9999998), plan(kind=int))

    assert dict(solution.variables["x"]) == {"A": 1, "B": 3}
    assert solution.objective_value == 11.0


def test_a_bound_of_the_objective_is_held_against_the_rounded_point() -> None:
    solution = solved(lambda raw: replace(at(0.9999999, 3.0)(raw), best_bound=11.0), plan(kind=int))

    assert (solution.objective_value, solution.best_bound, solution.gap) == (11.0, 11.0, 0.0)


@pytest.mark.parametrize("container", [list, tuple, np.float32])
def test_a_point_may_come_as_any_sequence(container: Callable[[Any], Any]) -> None:
    solution = solved(lambda raw: replace(raw, x=container([1.5, 3.0])))

    assert dict(solution.variables["x"]) == {"A": 1.5, "B": 3.0}


@pytest.mark.parametrize("container", [list, tuple])
def test_duals_may_come_as_any_sequence(container: Callable[[Any], Any]) -> None:
    lie = lambda raw: replace(raw, duals=container(raw.duals), reduced_costs=container(raw.reduced_costs))

    solution = solved(lie)

    assert solution.shadow_prices["total"] == pytest.approx(2.0)
    assert solution.reduced_costs["x"]["B"] == pytest.approx(1.0)


def test_what_a_solver_says_of_an_error_is_kept() -> None:
    solution = solved(lambda raw: RawResult(status=LXStatus.ERROR, raw_status="numerical trouble"))

    assert (solution.status, solution.raw_status, solution.is_feasible()) == ("error", "numerical trouble", False)


# What is answered without a solver


def answered(model: LXModel) -> tuple[LXSolution, int]:
    solver = Lying()
    return LXOptimizer().use_solver(solver).solve(model), solver.runs


def test_bounds_that_cross_are_infeasible() -> None:
    x = LXVariable[Product, float]("x").from_data(PRODUCTS).indexed_by(lambda p: p.id)
    x.bounds(lower=lambda p: p.price, upper=2.5)

    solution, runs = answered(LXModel("plan").add_variable(x))

    assert (solution.status, solution.raw_status, runs) == ("infeasible", "the bounds of x['B'] cross", 0)


def test_a_binary_variable_that_must_be_2_is_infeasible() -> None:
    model = LXModel("plan").add_variable(LXVariable[None, int]("x").binary().bounds(lower=2))

    solution, _ = answered(model)

    assert solution.status is LXStatus.INFEASIBLE


def test_a_model_without_variables_is_worth_its_constant() -> None:
    model = LXModel("plan").minimize(LXLinearExpression().add_constant(7))

    solution, runs = answered(model)

    assert (solution.status, solution.objective_value, solution.gap, runs) == ("optimal", 7.0, 0.0, 0)
    assert dict(solution.variables) == {}


@pytest.mark.parametrize(
    ("sense", "rhs", "status"),
    [
        ("le", 0, "optimal"),
        ("le", 1, "optimal"),
        ("le", -1, "infeasible"),
        ("ge", 0, "optimal"),
        ("ge", -1, "optimal"),
        ("ge", 1, "infeasible"),
        ("eq", 0, "optimal"),
        ("eq", 1, "infeasible"),
    ],
)
def test_constraints_without_variables_are_held_against_nothing(sense: str, rhs: float, status: str) -> None:
    limit = LXConstraint[None]("limit").expression(LXLinearExpression()).rhs(rhs)
    getattr(limit, sense)()

    solution, _ = answered(LXModel("plan").add_constraint(limit))

    assert solution.status == status
    if status == "infeasible":
        assert solution.raw_status == "limit has no variables and does not hold"


@pytest.mark.parametrize("rhs", [0, 1])
def test_a_model_whose_families_have_no_rows_is_answered(rhs: float) -> None:
    x = LXVariable[Product, int]("x").from_data([])
    limit = LXConstraint[None]("limit").expression(LXLinearExpression().add_term(x)).ge().rhs(rhs)
    model = LXModel("plan").add_variable(x).add_constraint(limit).maximize(LXLinearExpression().add_term(x))

    with pytest.warns(LXEmptySourceWarning):
        solution, _ = answered(model)

    assert solution.status == ("optimal" if rhs == 0 else "infeasible")


def test_a_row_without_variables_in_a_model_that_has_some_is_held_too() -> None:
    x = LXVariable[None, float]("x").bounds(lower=0, upper=1)
    limit = LXConstraint[None]("limit").expression(0 * LXLinearExpression().add_term(x)).ge().rhs(1)

    solution, _ = answered(LXModel("plan").add_variable(x).add_constraint(limit))

    assert solution.status is LXStatus.INFEASIBLE
