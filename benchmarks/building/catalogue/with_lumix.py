"""The model as users of LumiX write it."""

from __future__ import annotations

import highspy
from catalogue.data import Item
from contenders import Laps
from solver import hold

from lumix import LXConstraint, LXLinearExpression, LXModel, LXVariable


def build(items: list[Item], lap: Laps) -> highspy.Highs:
    model = write(items)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(items: list[Item]) -> LXModel:
    bought = (
        LXVariable[Item, float]("bought")
        .from_data(items)
        .indexed_by(lambda i: i.id)
        .bounds(lower=lambda i: i.low, upper=lambda i: i.high)
        .cost(lambda i: i.cost)
    )
    weight = LXLinearExpression().add_term(bought, lambda i: i.weight)
    volume = LXLinearExpression().add_term(bought, lambda i: i.volume)
    count = LXLinearExpression().sum_over(bought)
    fragile = LXLinearExpression().sum_over(bought, where=lambda i: i.is_fragile)
    return (
        LXModel("catalogue")
        .add_variable(bought)
        .add_constraint(LXConstraint("weight").expression(weight).le().rhs(200.0 * len(items)))
        .add_constraint(LXConstraint("volume").expression(volume).le().rhs(250.0 * len(items)))
        .add_constraint(LXConstraint("count").expression(count).ge().rhs(2.0 * len(items)))
        .add_constraint(LXConstraint("fragile").expression(fragile).le().rhs(len(items)))
        .minimize()
    )
