"""The model as users of LumiX write it with rules."""

from __future__ import annotations

import highspy
from catalogue.data import Item
from contenders import Laps
from solver import hold

from lumix import LXComparison, LXModel, LXVariable


def build(items: list[Item], lap: Laps) -> highspy.Highs:
    model = write(items)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(items: list[Item]) -> LXModel:
    bought = LXVariable[Item, float]("bought").from_data(items).indexed_by(lambda i: i.id)
    bought.bounds(lower=lambda i: i.low, upper=lambda i: i.high)
    model = LXModel("catalogue").add_variable(bought)
    model.minimize(lambda: sum(i.cost * bought[i] for i in bought))
    count = len(items)

    @model.constraint()
    def weight() -> LXComparison | bool:
        return sum(i.weight * bought[i] for i in bought) <= 200.0 * count

    @model.constraint()
    def volume() -> LXComparison | bool:
        return sum(i.volume * bought[i] for i in bought) <= 250.0 * count

    @model.constraint(name="count")
    def pieces() -> LXComparison | bool:
        return sum(bought[i] for i in bought) >= 2.0 * count

    @model.constraint()
    def fragile() -> LXComparison | bool:
        return sum(bought[i] for i in bought if i.is_fragile) <= count

    return model
