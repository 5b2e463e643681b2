"""What-if questions, scenarios, live sessions and reading anew, of models with goals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXScenario,
    LXScenarioAnalyzer,
    LXSensitivityAnalyzer,
    LXStart,
    LXVariable,
    LXWhatIfAnalyzer,
)
from lumix_core.errors import LXNoDualsError


@dataclass
class Order:
    id: int
    quantity: float
    rank: int
    weight: float = 1.0


def rows() -> list[Order]:
    return [Order(1, 10, 1, 2.0), Order(2, 8, 2, 1.0), Order(3, 5, 2, 3.0)]


def model(given: list[Order], mode: str = "sequential") -> LXModel:
    made = LXVariable[Order, float]("made").bounds(lower=0).from_data(given).indexed_by(lambda o: o.id)
    demand = LXConstraint[Order]("demand").over(made).expression(LXLinearExpression().add_term(made)).ge()
    demand.rhs(lambda o: o.quantity).as_goal(priority=lambda o: o.rank, weight=lambda o: o.weight)
    cap = LXConstraint("hours").expression(LXLinearExpression().sum_over(made)).le().rhs(15)
    orders = LXModel("orders").add_variable(made).add_constraints(cap, demand).set_goal_mode(mode)
    return orders.maximize(LXLinearExpression().add_term(made, lambda o: o.weight))


def missed(solution) -> dict[int, float]:
    return dict(solution.get_goal_deviations("demand")["neg"])


@pytest.mark.parametrize("mode", ["weighted", "sequential"])
def test_what_if_questions_change_targets_ranks_and_limits(mode):
    analyzer = LXWhatIfAnalyzer(model(rows(), mode), LXOptimizer())

    target = analyzer.increase_constraint_rhs("demand", by=2, key=1)
    hours = analyzer.increase_constraint_rhs("hours", by=8)
    rank = analyzer.modify_data(Order, lambda o: o.id == 3, "rank", 3)

    assert [missed(result.solution) for result in (target, hours, rank)] == [
        {1: 0.0, 2: 8.0, 3: 2.0},
        {1: 0.0, 2: 0.0, 3: 0.0},
        {1: 0.0, 2: 3.0, 3: 5.0},
    ]
    assert (target.delta_objective, hours.delta_objective) == pytest.approx((-2.0, 8.0))


def test_scenarios_on_an_executor_are_those_without_one():
    analyzer = LXScenarioAnalyzer(model(rows()), LXOptimizer())
    analyzer.add_scenario(LXScenario("more").modify_constraint_rhs("hours", add=5))
    analyzer.add_scenario(LXScenario("double").modify_constraint_rhs("demand", multiply=2))

    with ThreadPoolExecutor(2) as executor:
        shared = {name: missed(one.solution) for name, one in analyzer.run_all_scenarios(executor).items()}
    alone = {name: missed(one.solution) for name, one in analyzer.run_all_scenarios().items()}

    assert shared == alone
    assert alone["more"] == {1: 0.0, 2: 3.0, 3: 0.0}


def test_weights_and_ranks_that_are_read_anew_are_told_and_solved():
    given = rows()

    with LXOptimizer().open(model(given)) as session:
        session.solve()
        given[1].weight, given[2].rank = 5.0, 1
        told = session.refresh()
        solution = session.solve()

    assert told.constraints["demand"]["weight"][2] == (1.0, 5.0)
    assert told.constraints["demand"]["priority"][3] == (2.0, 1.0)
    assert (missed(solution), solution.start) == ({1: 0.0, 2: 8.0, 3: 0.0}, LXStart.HOT)


def test_another_mode_that_is_read_anew_is_told():
    orders = model(rows())

    with LXOptimizer().open(orders) as session:
        orders.set_goal_mode("weighted")
        told = session.refresh()
        solution = session.solve()

    assert "goals are traded off in another way" in str(told)
    assert solution.goal_penalty == 8e5


def test_a_sensitivity_is_refused_with_the_reason():
    orders = model(rows())

    with pytest.raises(LXNoDualsError, match="it has goals"):
        LXSensitivityAnalyzer(orders, LXOptimizer().solve(orders))
