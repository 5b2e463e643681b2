"""What a solver claims without a point is proved, found to be wrong, or an error with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lumix_core.errors import LXVerificationError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.claims import solve
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.solvers.problems import INF, problem
from lumix_solvers.highs import HighsSolver

OPTIONS = SolverOptions()
Lie = Callable[[LXProblem, SolverOptions, RawResult], RawResult]


class Liar:
    """HiGHS, with its answers changed on the way."""

    name = "liar"

    def __init__(self, lie: Lie, features: frozenset[LXFeature] = HighsSolver.features) -> None:
        self.lie = lie
        self.features = features
        self.problems: list[LXProblem] = []

    def is_available(self) -> bool:
        return True

    def solve(self, given: LXProblem, options: SolverOptions) -> RawResult:
        self.problems.append(given)
        return self.lie(given, options, HighsSolver().solve(given, options))


def claim(status: LXStatus) -> RawResult:
    return RawResult(status=status, raw_status="so")


def with_objective(status: LXStatus) -> Lie:
    """Lie about the problem itself, and not about what is asked to check it."""
    return lambda given, _, raw: claim(status) if given.name == "plan" else raw


def with_presolve(status: LXStatus) -> Lie:
    """Lie about the problem itself, unless presolve is off."""
    return lambda given, options, raw: claim(status) if options.presolve and given.name == "plan" else raw


def always(status: LXStatus) -> Lie:
    return lambda given, options, raw: claim(status)


def plan(*, integer: bool = False, sense: float = 1.0) -> LXProblem:
    """Return a feasible problem: the least a + 2 b with a + b >= 3, a <= 2, which is 4."""
    rows = [([1.0, 1.0], 3.0, INF)]
    made = problem([1.0, 2.0], rows, upper=[2.0, 9.0], integer=integer)
    return replace(made, name="plan", objective=sense * made.objective, maximize=sense < 0)


def impossible(*, integer: bool = False) -> LXProblem:
    """Return a problem without a point that no single row shows: a + b >= 3, a - b <= 0, b <= 1."""
    rows = [([1.0, 1.0], 3.0, INF), ([1.0, -1.0], -INF, 0.0), ([0.0, 1.0], -INF, 1.0)]
    return replace(problem([1.0, 2.0], rows, upper=9.0, integer=integer), name="plan")


def endless(*, integer: bool = False) -> LXProblem:
    """Return a problem without an end: the least -a, with a - b <= 1."""
    return replace(problem([-1.0, 0.0], [([1.0, -1.0], -INF, 1.0)], integer=integer), name="plan")


BOTH = pytest.mark.parametrize("integer", [False, True])
CLAIMS = [LXStatus.INFEASIBLE, LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED]


@BOTH
@pytest.mark.parametrize("status", [*CLAIMS, LXStatus.ERROR])
def test_a_wrong_claim_is_settled_without_presolve(status, integer):
    result = solve(Liar(with_presolve(status)), plan(integer=integer), OPTIONS)

    assert (result.status, result.objective) == (LXStatus.OPTIMAL, pytest.approx(4.0))
    assert result.details["checks"][-1] == "solved again without presolve: optimal"


@BOTH
@pytest.mark.parametrize("status", [*CLAIMS, LXStatus.ERROR])
def test_what_cannot_be_settled_is_an_error(status, integer):
    result = solve(Liar(with_objective(status)), plan(integer=integer), OPTIONS)

    assert result.status is LXStatus.ERROR
    assert result.x is None
    assert result.details["checks"]


@BOTH
@pytest.mark.parametrize("status", [*CLAIMS, LXStatus.ERROR])
@pytest.mark.parametrize("lie", [with_presolve, with_objective])
def test_an_infeasible_problem_is_infeasible_whatever_is_claimed(lie, status, integer):
    result = solve(Liar(lie(status)), impossible(integer=integer), OPTIONS)

    assert result.status is LXStatus.INFEASIBLE


@BOTH
@pytest.mark.parametrize("status", [*CLAIMS, LXStatus.ERROR])
@pytest.mark.parametrize("lie", [with_presolve, with_objective])
def test_a_problem_without_an_end_is_unbounded_whatever_is_claimed(lie, status, integer):
    result = solve(Liar(lie(status)), endless(integer=integer), OPTIONS)

    assert result.status is LXStatus.UNBOUNDED


@BOTH
@pytest.mark.parametrize("status", CLAIMS)
def test_a_solver_that_claims_one_thing_of_everything_is_not_believed(status, integer):
    result = solve(Liar(always(status)), plan(integer=integer), OPTIONS)

    assert result.status is not status or integer


@pytest.mark.parametrize("status", CLAIMS)
def test_a_solver_without_duals_is_checked_by_other_runs(status):
    solver = Liar(with_objective(status), features=frozenset())

    result = solve(solver, plan(), OPTIONS)

    assert result.status is LXStatus.ERROR


def test_a_solver_without_duals_proves_that_there_is_no_point_by_other_runs():
    solver = Liar(lambda given, _, raw: replace(raw, duals=None, reduced_costs=None), features=frozenset())

    result = solve(solver, impossible(), OPTIONS)

    assert result.status is LXStatus.INFEASIBLE


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_an_optimum_that_its_duals_do_not_prove_is_solved_again(sense):
    def lie(given: LXProblem, options: SolverOptions, raw: RawResult) -> RawResult:
        if not options.presolve:
            return raw
        x = np.array([0.0, 3.0])
        return replace(raw, x=x, objective=given.objective_at(x), best_bound=given.objective_at(x))

    result = solve(Liar(lie), plan(sense=sense), OPTIONS)

    assert result.objective == pytest.approx(sense * 4.0)
    assert "its duals prove the bound" in result.details["checks"][0]


def test_an_optimum_that_its_duals_never_prove_is_refused():
    lie = lambda given, options, raw: replace(raw, duals=raw.duals * 0.5)

    with pytest.raises(LXVerificationError, match="reported optimal with the objective 4, but its duals prove"):
        solve(Liar(lie), plan(), OPTIONS)


def test_a_limit_in_a_check_is_a_limit():
    stopped = RawResult(status=LXStatus.NO_SOLUTION, raw_status="Stopped", limit=LXLimit.TIME)
    lie = lambda given, options, raw: claim(LXStatus.INFEASIBLE) if given.name == "plan" else stopped

    result = solve(Liar(lie), impossible(), OPTIONS)

    assert (result.status, result.limit) == (LXStatus.NO_SOLUTION, LXLimit.TIME)


def slow(given: LXProblem, options: SolverOptions, raw: RawResult) -> RawResult:
    """Find out that the problem itself has no point, and come to no end with what is asked to check that."""
    is_check = given.name != "plan" and given.is_mip
    return RawResult(status=LXStatus.NO_SOLUTION, raw_status="", limit=LXLimit.TIME) if is_check else raw


def parity(big: float) -> LXProblem:
    """Return a problem without a whole point, which no bounds show: 2 a + 2 b - big c == 3."""
    rows = [([2.0, 2.0, -big], 3.0, 3.0), ([1.0, 1.0, 0.0], -INF, 8.5)]
    return replace(problem([1.0, 1.0, 0.0], rows, upper=[9.0, 9.0, 0.0], integer=[True, True, False]), name="plan")


def test_a_check_that_takes_long_ends_and_is_told():
    result = solve(Liar(slow), parity(1.0), OPTIONS)

    assert (result.status, result.limit) == (LXStatus.INFEASIBLE, None)
    assert "found no point in ten times the time" in result.details["checks"][-1]


def test_a_check_that_takes_long_leaves_doubt_where_numbers_are_wide():
    result = solve(Liar(slow), parity(1e6), OPTIONS)

    assert (result.status, result.limit) == (LXStatus.ERROR, None)


def test_an_optimum_costs_no_further_run():
    solver = Liar(lambda given, options, raw: raw)

    result = solve(solver, plan(), OPTIONS)

    assert (len(solver.problems), dict(result.details)) == (1, {})


def growing(bound: float, sense: float) -> LXProblem:
    """Return a problem whose best is `bound`: as many pairs of a and b as possible, or their negative, made least."""
    rows = [([1.0, -1.0], 0.0, 0.0)]
    asked = problem([sense, sense], rows, upper=[INF, bound], integer=[True, False], maximize=sense > 0)
    return replace(asked, name="plan")


def stopped_at_1(given: LXProblem, _: SolverOptions, raw: RawResult) -> RawResult:
    """Call a point optimal that only two variables together improve."""
    if given.name != "plan":
        return raw
    x = np.array([1.0, 1.0])
    return RawResult(status=LXStatus.OPTIMAL, raw_status="so", x=x, objective=given.objective_at(x))


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_an_optimum_of_integers_that_has_no_end_is_unbounded(sense):
    result = solve(Liar(stopped_at_1), growing(INF, sense), OPTIONS)

    assert result.status is LXStatus.UNBOUNDED


def test_a_ray_that_presolve_hides_is_found_without_it():
    def lie(given: LXProblem, options: SolverOptions, raw: RawResult) -> RawResult:
        if given.name != "plan" and not given.is_mip and options.presolve:
            x = np.zeros(2)
            return replace(raw, x=x, objective=0.0, best_bound=None)
        return stopped_at_1(given, options, raw)

    assert solve(Liar(lie), growing(INF, 1.0), OPTIONS).status is LXStatus.UNBOUNDED


def test_an_optimum_of_integers_costs_no_further_run_where_rows_bound_it():
    solver = Liar(lambda given, options, raw: raw)

    result = solve(solver, growing(4.0, 1.0), OPTIONS)

    assert (len(solver.problems), result.objective) == (1, 8.0)


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_an_optimum_of_integers_that_one_variable_improves_is_solved_again(sense):
    def lie(given: LXProblem, options: SolverOptions, raw: RawResult) -> RawResult:
        if not options.presolve:
            return raw
        x = np.array([0.0, 4.0])
        return replace(raw, x=x, objective=given.objective_at(x), best_bound=None)

    result = solve(Liar(lie), plan(integer=True, sense=sense), OPTIONS)

    assert result.objective == pytest.approx(sense * 4.0)
    assert "with x1 = 3 in place of 4 it is better by 2" in result.details["checks"][0]


def test_an_optimum_within_the_requested_gap_is_not_doubted():
    def lie(given: LXProblem, options: SolverOptions, raw: RawResult) -> RawResult:
        x = np.array([0.0, 4.0])
        return replace(raw, x=x, objective=given.objective_at(x), best_bound=None)

    result = solve(Liar(lie), plan(integer=True), SolverOptions(mip_abs_gap=5.0))

    assert (result.objective, dict(result.details)) == (8.0, {})


def test_a_point_that_was_found_once_is_not_forgotten():
    """A point of the problem without an objective refutes `infeasible`, whatever the same solver says later."""

    def lie(given: LXProblem, options: SolverOptions, raw: RawResult) -> RawResult:
        return raw if options.presolve and given.name != "plan" else claim(LXStatus.INFEASIBLE)

    result = solve(Liar(lie), plan(integer=True), OPTIONS)

    assert result.status is LXStatus.ERROR
