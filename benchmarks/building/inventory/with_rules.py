"""The model as users of LumiX write it with rules."""

from __future__ import annotations

import highspy
from contenders import Laps
from inventory.tables import Demand, Item, Period
from solver import hold
from sqlalchemy.orm import Session

from lumix import LXComparison, LXIndexDimension, LXModel, LXParameter, LXVariable


def build(session: Session, lap: Laps) -> highspy.Highs:
    model = write(session)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(session: Session) -> LXModel:
    items = LXIndexDimension(Item).from_model(session)
    periods = LXIndexDimension(Period).from_model(session)
    need = LXParameter[Demand]("need").from_model(session).value(lambda d: d.amount)
    need.indexed_by(lambda d: (d.item_id, d.period_id))
    stock = LXVariable[tuple[Item, Period], float]("stock").indexed_by_product(items, periods).bounds(lower=0)
    make = LXVariable[tuple[Item, Period], float]("make").indexed_by_product(items, periods)
    make.bounds(lower=0, upper=lambda i, t: i.capacity)
    model = LXModel("inventory").add_variables(stock, make)
    model.minimize(lambda: sum(i.holding_cost * stock[i, t] + i.unit_cost * make[i, t] for i, t in stock))

    @model.constraint(over=stock)
    def balance(i: Item, t: Period) -> LXComparison:
        return stock.get((i, t.id - 1), 0) + make[i, t] - stock[i, t] == need[i.id, t.id]

    return model
