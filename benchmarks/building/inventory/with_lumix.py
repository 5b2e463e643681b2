"""The model as users of LumiX write it."""

from __future__ import annotations

import highspy
from contenders import Laps
from inventory.tables import Demand, Item, Period
from solver import hold
from sqlalchemy.orm import Session

from lumix import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable


def build(session: Session, lap: Laps) -> highspy.Highs:
    model = write(session)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(session: Session) -> LXModel:
    items = LXIndexDimension(Item).from_model(session)
    periods = LXIndexDimension(Period).from_model(session)
    need = (
        LXParameter[Demand]("need")
        .from_model(session)
        .indexed_by(lambda d: (d.item_id, d.period_id))
        .value(lambda d: d.amount)
    )
    stock = LXVariable[tuple[Item, Period], float]("stock").indexed_by_product(items, periods).bounds(lower=0)
    make = LXVariable[tuple[Item, Period], float]("make").indexed_by_product(items, periods)
    make.bounds(lower=0, upper=lambda i, t: i.capacity)
    left = (
        LXLinearExpression()
        .add_term(stock, at=lambda i, t: (i.id, t.id - 1), missing="skip")
        .add_term(make)
        .add_term(stock, -1.0)
    )
    balance = LXConstraint[Item]("balance").over(stock).expression(left).eq().rhs(lambda i, t: need[i.id, t.id])
    cost = LXLinearExpression().add_term(stock, lambda i, t: i.holding_cost).add_term(make, lambda i, t: i.unit_cost)
    return LXModel("inventory").add_variables(stock, make).add_constraint(balance).minimize(cost)
