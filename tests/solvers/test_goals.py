"""Models with goals: the best of all points by enumeration, stages in one solver, limits, and what is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from random_goals import fault, model_of, random_case

from lumix import (
    SKIP,
    LXConstraint,
    LXGoalMode,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXNonLinearExpression,
    LXOptimizer,
    LXQuadraticExpression,
    LXStart,
    LXStartPoint,
    LXStatus,
    LXVariable,
)
from lumix.goal_programming import solve_goal_programming
from lumix_core.errors import LXModelError, LXNoDualsError, LXNumberError, LXUnknownNameError, LXUnsupportedError
from lumix_core.solver.run import check_supported
from lumix_core.solver.solver import SolverOptions
from lumix_solvers.highs import HighsSolver

MODES = [str(mode) for mode in LXGoalMode]
COUNTS = {"highs": 40, "pulp": 25}
"""How many random models each solver is given in each mode."""


@dataclass(frozen=True)
class Order:
    id: int
    quantity: float
    rank: int
    weight: float = 1.0


ORDERS = [Order(1, 10, 1, 2.0), Order(2, 8, 2, 1.0), Order(3, 5, 2, 3.0)]


def expression(*terms: tuple[Any, float]) -> LXLinearExpression:
    made = LXLinearExpression()
    for variable, coefficient in terms:
        made.add_term(variable, coefficient)
    return made


def orders(mode: str = "sequential", hours: float = 15, whole: bool = False) -> LXModel:
    made = LXVariable[Order, float]("made").bounds(lower=0).from_data(ORDERS).indexed_by(lambda o: o.id)
    demand = LXConstraint[Order]("demand").over(made).expression(LXLinearExpression().add_term(made)).ge()
    demand.rhs(lambda o: o.quantity).as_goal(priority=lambda o: o.rank, weight=lambda o: o.weight)
    cap = LXConstraint("hours").expression(LXLinearExpression().sum_over(made)).le().rhs(hours)
    model = LXModel("orders").add_variable(made.integer() if whole else made).add_constraints(cap, demand)
    return model.maximize(LXLinearExpression().add_term(made, lambda o: o.weight)).set_goal_mode(mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("solver", COUNTS)
def test_no_point_is_better_than_the_answer(solver, mode):
    optimizer = LXOptimizer().use_solver(solver)

    faults = {}
    for seed in range(COUNTS[solver]):
        case = random_case(seed)
        faults[seed] = fault(case, mode, optimizer.solve(model_of(case, mode)))

    assert not any(faults.values()), faults


@pytest.mark.parametrize("mode", MODES)
def test_deviations_are_read_by_key_and_the_objective_holds_no_penalty(mode):
    solution = LXOptimizer().solve(orders(mode))

    deviations = solution.get_goal_deviations("demand")
    assert deviations == {"pos": {1: 0.0, 2: 0.0, 3: 0.0}, "neg": {1: 0.0, 2: 8.0, 3: 0.0}}
    assert deviations["neg"][ORDERS[1]] == 8.0
    assert solution.objective_value == 2 * 10 + 3 * 5
    assert solution.goal_penalty == {"weighted": 8e5, "sequential": 8.0}[mode]
    assert solution.get_total_deviation("demand") == 8.0
    assert not solution.is_goal_satisfied("demand")
    assert solution.is_goal_satisfied("demand", tolerance=8.0)


def test_the_harmless_side_is_read_and_does_not_count():
    x = LXVariable("x").bounds(12, 20)
    goal = LXConstraint("goal").expression(expression((x, 1))).ge().rhs(10).as_goal(1)

    solution = LXOptimizer().solve(LXModel("over").add_variable(x).add_constraint(goal).minimize(expression((x, 1))))

    assert solution.get_goal_deviations(goal) == {"pos": {(): 2.0}, "neg": {(): 0.0}}
    assert (solution.get_total_deviation(goal), solution.goal_penalty) == (0.0, 0.0)
    assert solution.is_goal_satisfied(goal)


class Counting(HighsSolver):
    """HiGHS, which counts the problems that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0

    def solve(self, problem, options):
        self.given += 1
        return super().solve(problem, options)

    def open(self, problem, options):
        self.given += 1
        return super().open(problem, options)


@pytest.mark.parametrize("whole", [False, True])
def test_all_stages_are_solved_in_one_solver_that_stays_open(whole):
    solver = Counting()

    solution = LXOptimizer().use_solver(solver).solve(orders(whole=whole))

    assert [(stage.priority, stage.value) for stage in solution.goal_stages] == [(1, 0.0), (2, 8.0), (0, 35.0)]
    assert solver.given == 1


def test_a_session_goes_on_from_stage_to_stage_and_from_solve_to_solve():
    solver = Counting()

    with LXOptimizer().use_solver(solver).open(orders()) as session:
        first = session.solve()
        changed = session.set_rhs("demand", 4, key=1).set_rhs("hours", 12).solve()
        same = session.reset().solve()

    cold = orders(hours=12)
    cold.get_constraint("demand").rhs_func = lambda o: 4 if o.id == 1 else o.quantity
    assert changed.variables["made"] == LXOptimizer().solve(cold).variables["made"] == {1: 4.0, 2: 3.0, 3: 5.0}
    assert (same.start, same.variables["made"]) == (LXStart.HOT, first.variables["made"])
    assert solver.given == 1


class Slow(HighsSolver):
    """HiGHS, which takes all of the time that it may."""

    def solve(self, problem, options):
        answer = super().solve(problem, options)
        time.sleep(options.time_limit)
        return answer


def test_a_time_limit_tells_which_stages_are_proved():
    solution = LXOptimizer().use_solver(Slow()).solve(orders(), time_limit=0.2)

    assert (solution.status, solution.limit) == (LXStatus.FEASIBLE, LXLimit.TIME)
    proved = [(stage.priority, stage.value, stage.status) for stage in solution.goal_stages]
    assert proved == [(1, 0.0, LXStatus.OPTIMAL), (2, None, LXStatus.NO_SOLUTION)]
    assert "priority 2: no_solution (ended by the time limit)" in solution.summary()


def test_a_solve_that_is_cancelled_at_once_has_no_point():
    solution = LXOptimizer().solve(orders(whole=True), on_progress=lambda progress: progress.cancel())

    assert (solution.status, solution.limit) == (LXStatus.NO_SOLUTION, LXLimit.CANCELLED)


def test_a_start_point_needs_no_deviations():
    model, optimizer = orders(whole=True), LXOptimizer()

    solution = optimizer.solve(model, start={"made": {1: 1, 2: 1, 3: 1}})

    assert solution.start_point is LXStartPoint.ACCEPTED
    assert solution.variables["made"] == optimizer.solve(model).variables["made"]


def test_hard_constraints_that_cannot_hold_are_explained_without_goals():
    model, optimizer = orders(hours=-1), LXOptimizer()

    assert optimizer.solve(model).status is LXStatus.INFEASIBLE
    assert "demand" not in str(optimizer.explain_infeasibility(model))


@pytest.mark.parametrize("mode", MODES)
def test_goals_may_hold_absolute_values_and_the_objective_products(mode):
    x, y = LXVariable("x").bounds(0, 10), LXVariable("y").bounds(0, 10)
    apart = LXNonLinearExpression().add_abs(expression((x, 1), (y, -1)))
    model = LXModel("beyond").add_variables(x, y).set_goal_mode(mode)
    model.add_constraint(LXConstraint("apart").expression(apart).ge().rhs(4).as_goal(1))
    model.add_constraint(LXConstraint("sum").expression(expression((x, 1), (y, 1))).eq().rhs(2).as_goal(2))

    absolute = LXOptimizer().solve(model)
    model.remove_constraint("apart").minimize(LXQuadraticExpression().add_squared(x, 1.0).add_squared(y, 2.0))
    quadratic = LXOptimizer().solve(model)

    assert [absolute.get_total_deviation(name) for name in ("apart", "sum")] == pytest.approx([0.0, 2.0])
    assert quadratic.objective_value == pytest.approx(8 / 3)


def test_a_rule_may_be_a_goal():
    model = orders()
    made = model.get_variable("made")
    model.remove_constraint("demand")
    model.add_constraint(
        LXConstraint[Order]("demand").over(made).rule(lambda o: SKIP if o.id == 1 else made[o] >= o.quantity).as_goal(1)
    )

    assert LXOptimizer().solve(model).get_goal_deviations("demand")["neg"] == {2: 0.0, 3: 0.0}


def test_priority_0_is_the_objective():
    x, y = LXVariable("x").bounds(0, 10), LXVariable("y").bounds(0, 10)
    model = LXModel("profit").add_variables(x, y)
    model.add_constraint(LXConstraint("hours").expression(expression((x, 1), (y, 1))).le().rhs(12))
    model.add_constraint(LXConstraint("least").expression(expression((x, 1))).ge().rhs(7).as_goal(1))
    model.add_constraint(LXConstraint("profit").expression(expression((x, 1), (y, 3))).ge().rhs(0).as_goal(0))

    alone = LXOptimizer().solve(model).objective_value
    beside = LXOptimizer().solve(model.minimize(expression((y, 1)))).objective_value

    assert (alone, beside) == (7 + 3 * 5, 5 - (7 + 3 * 5))


def test_a_mode_may_be_named_with_the_solve():
    model = orders("weighted")

    solution = solve_goal_programming(model, LXOptimizer(), "sequential")

    assert len(solution.goal_stages) == 3
    assert model.goal_mode == "weighted"


def test_what_has_no_meaning_with_goals_is_refused():
    solution = LXOptimizer().solve(orders())

    with pytest.raises(LXNoDualsError, match=r"it has goals. What a right-hand side is worth then shows in the goals"):
        solution.shadow_prices  # noqa: B018
    with pytest.raises(LXUnknownNameError, match=r"The solution has no goal 'hours'. Its goals are: 'demand'."):
        solution.get_goal_deviations("hours")
    with pytest.raises(LXUnsupportedError, match="has goals, which no solver handles as they are"):
        check_supported(HighsSolver(), orders().compile(), SolverOptions())


def solved_with(model, demand, priority, weight):
    demand.as_goal(priority, weight)
    return LXOptimizer().solve(model)


@pytest.mark.parametrize(
    ("priority", "weight", "error", "message"),
    [
        (-1, 1.0, LXModelError, r"as_goal\(\) got priority=-1. Give a whole number"),
        (1.5, 1.0, LXModelError, "got priority=1.5"),
        (True, 1.0, LXModelError, "got priority=True"),
        (1, 0.0, LXNumberError, "got weight=0.0. A weight is the price of missing the goal by a unit"),
        (1, None, LXNumberError, r"The weight of goal 'demand' is NULL \(None\)"),
        (lambda o: o.rank - 1, 1.0, LXModelError, "The priority of goal 'demand' is 0 for key 1 of 'demand'"),
        (
            lambda o: None,
            1.0,
            LXNumberError,
            r"The priority of goal 'demand' .* is NULL \(None\) for key 1 of 'demand'",
        ),
        (1, lambda o: o.rank - 2, LXNumberError, "The weight of goal 'demand' is -1 for key 1 of 'demand'"),
        (lambda o: 1 + 9 * (o.rank - 1), 1.0, LXNumberError, r'Write model.set_goal_mode\("sequential"\)'),
        (1, lambda o: 1e6 if o.id == 1 else 1e-6, LXNumberError, "A solver loses the smaller one to rounding"),
    ],
)
def test_a_goal_that_would_be_wrong_is_refused(priority, weight, error, message):
    model = orders("weighted")
    made = model.remove_constraint("demand").get_variable("made")
    demand = LXConstraint[Order]("demand").over(made).expression(LXLinearExpression().add_term(made)).ge()
    model.add_constraint(demand.rhs(lambda o: o.quantity))

    with pytest.raises(error, match=message):
        solved_with(model, demand, priority, weight)
