"""The model as users of LumiX write it."""

from __future__ import annotations

from typing import Any

import highspy
from contenders import CannotRunError, Laps
from production.rows import open_session
from production.tables import Machine, Product, ProductionRecipe
from solver import hold
from sqlalchemy.orm import Session

from lumix import LXConstraint, LXLinearExpression, LXModel, LXModelError, LXParameter, LXVariable


def open_for_arrow(backend: str, size: str) -> Session:
    """Return a session; skips where the drivers are not installed."""
    session = open_session(backend, size)
    try:
        LXVariable[Product, float]("probe").from_model(Product, session, reader="arrow")
    except LXModelError as error:
        raise CannotRunError(str(error)) from error
    return session


def by_session(session: Session, lap: Laps) -> highspy.Highs:
    return build(session, lap)


def by_arrow(session: Session, lap: Laps) -> highspy.Highs:
    return build(session, lap, reader="arrow")


def build(session: Session, lap: Laps, **source: Any) -> highspy.Highs:
    model = write(session, **source)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def write(session: Session, **source: Any) -> LXModel:
    hours = (
        LXParameter[ProductionRecipe]("hours")
        .from_model(ProductionRecipe, session, **source)
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours_required)
        .default(0.0)
    )
    production = (
        LXVariable[Product, float]("production")
        .from_model(Product, session, **source)
        .bounds(lower=lambda p: p.min_demand, upper=lambda p: p.max_demand)
    )
    capacity = (
        LXConstraint[Machine]("capacity")
        .from_model(Machine, session, **source)
        .expression(LXLinearExpression().add_multi_term(production, lambda p, m: hours[p.id, m.id]))
        .le()
        .rhs(lambda m: m.available_hours)
    )
    profit = LXLinearExpression().add_term(production, lambda p: p.profit_per_unit)
    return LXModel("production").add_variable(production).add_constraint(capacity).maximize(profit)
