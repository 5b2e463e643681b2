"""The model as users of LumiX write it with rules."""

from __future__ import annotations

import highspy
from contenders import Laps
from production.tables import Machine, Product, ProductionRecipe
from solver import hold
from sqlalchemy.orm import Session

from lumix import LXComparison, LXModel, LXParameter, LXVariable


def build(session: Session, lap: Laps) -> highspy.Highs:
    model = write(session)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(session: Session) -> LXModel:
    hours = (
        LXParameter[ProductionRecipe]("hours")
        .from_model(ProductionRecipe, session)
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours_required)
        .default(0.0)
    )
    production = LXVariable[Product, float]("production").from_model(Product, session)
    production.bounds(lower=lambda p: p.min_demand, upper=lambda p: p.max_demand)
    model = LXModel("production").add_variable(production)
    model.maximize(lambda: sum(p.profit_per_unit * production[p] for p in production))

    @model.constraint(over=(Machine, session))
    def capacity(m: Machine) -> LXComparison | bool:
        return sum(hours[p.id, m.id] * production[p] for p in production) <= m.available_hours

    return model
