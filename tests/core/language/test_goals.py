"""Goals in texts, copies, files and checks of plans."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import dataclass

import pytest

from lumix import LXConstraint, LXFileError, LXGoalMode, LXLinearExpression, LXModel, LXModelError, LXVariable


@dataclass(frozen=True)
class Order:
    id: int
    quantity: float
    rank: int
    weight: float = 1.0


ORDERS = [Order(1, 10, 1, 2.0), Order(2, 8, 2, 0.0), Order(3, 5, 2, 3.0)]


def model(mode: str = "weighted") -> LXModel:
    made = LXVariable[Order, float]("made").bounds(lower=0, upper=20).from_data(ORDERS).indexed_by(lambda o: o.id)
    demand = LXConstraint[Order]("demand").over(made).expression(LXLinearExpression().add_term(made)).ge()
    demand.rhs(lambda o: o.quantity).as_goal(priority=lambda o: o.rank, weight=lambda o: o.weight)
    total = LXConstraint("total").expression(LXLinearExpression().sum_over(made)).between(5, 12).as_goal(3, weight=0.5)
    cap = LXConstraint("hours").expression(LXLinearExpression().sum_over(made)).le().rhs(15)
    return LXModel("orders").add_variable(made).add_constraints(cap, demand, total).set_goal_mode(mode)


def test_texts_name_goals():
    orders = model("sequential")

    assert "Model 'orders': any feasible point, sequential goals" in orders.summary()
    assert "total: ... between ... (goal, priority 3, weight 0.5)" in orders.summary()
    assert "demand[1]: (goal, priority 1, weight 2) made[1] >= 10" in orders.to_text()
    assert r"\text{(goal, priority } \mathrm{rank}_{o}\text{, weight } \mathrm{weight}_{o}\text{)}" in orders.to_latex()
    assert "goals\n    sequential: one priority after the other, and the objective last" in str(orders.explain())
    assert "<td>goal</td><td>priority 3, weight 0.5</td>" in orders.get_constraint("total")._repr_html_()


@pytest.mark.parametrize("mode", list(LXGoalMode))
def test_copies_pickles_and_json_have_the_same_goals(mode, tmp_path):
    orders = model(mode)
    orders.write(tmp_path / "orders.json")

    twins = [copy.deepcopy(orders), pickle.loads(pickle.dumps(orders)), LXModel.read(tmp_path / "orders.json")]

    problem = orders.compile()
    assert [twin.compile().has_numbers_of(problem) for twin in twins] == [True, True, True]
    assert [twin.goal_mode for twin in twins] == [mode, mode, mode]


def test_a_copy_with_another_weight_is_another_problem():
    orders = model()
    twin = copy.deepcopy(orders)

    twin.get_constraint("total").goal_weight = 7.0

    assert not twin.compile().has_numbers_of(orders.compile())
    assert not model("sequential").compile().has_numbers_of(orders.compile())
    assert orders.get_constraint("total").goal_weight == 0.5


@pytest.mark.parametrize("ending", ["mps", "lp"])
def test_other_files_hold_weighted_goals_as_one_problem_and_no_others(ending, tmp_path):
    path = tmp_path / f"orders.{ending}"

    model("weighted").write(path)
    read = LXModel.read(path).compile()

    names = [block.name for block in read.variables]
    assert names == ["made", "demand below target", "total below target", "total above target"]
    assert read.objective.tolist() == [0.0, 0.0, 0.0, 2e6, 3e5, 5e3, 5e3]
    assert list(read.variables[1].keys) == [1, 3]
    assert read.row_lower[2] == -math.inf
    with pytest.raises(LXFileError, match="goals that are solved one priority after the other"):
        model("sequential").write(path)


def test_a_plan_that_misses_goals_is_feasible():
    check = model().check({"made": {1: 4, 2: 0, 3: 0}})

    assert check.is_feasible
    assert [(goal.name, goal.amount) for goal in check.missed_goals] == [
        ("demand[2]", 8.0),
        ("demand[1]", 6.0),
        ("demand[3]", 5.0),
        ("total", 1.0),
    ]
    assert check.goal_penalty == 6 * 2e6 + 5 * 3e5 + 5e3
    assert "It misses goals, at a penalty of" in str(check)


def test_a_goal_says_one_thing_and_can_be_changed():
    goal = model().get_constraint("total").as_goal(3, weight=0.5)

    with pytest.raises(LXModelError, match=r"is a goal already, of priority 3 and weight 0.5"):
        goal.as_goal(2)
    goal.goal_priority, goal.goal_weight = 2, 4.0
    assert (goal.is_goal(), goal.goal_priority, goal.goal_weight) == (True, 2, 4.0)
    goal.goal_priority = None
    assert not goal.is_goal()


def test_an_unknown_mode_is_refused():
    with pytest.raises(LXModelError, match=r"got 'strict'. Give one of 'weighted', 'sequential'"):
        model().set_goal_mode("strict")
    with pytest.raises(LXModelError, match=r"got 'strict'. Give one of 'weighted', 'sequential'"):
        model().goal_mode = "strict"
