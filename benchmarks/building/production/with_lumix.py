"""The model as users of LumiX write it."""

from __future__ import annotations

from typing import Any

import highspy
from contenders import CannotRunError, Laps
from production.tables import Machine, Product, ProductionRecipe
from solver import hold
from sqlalchemy.orm import Session

from lumix import LXConstraint, LXLinearExpression, LXModel, LXVariable

try:
    from lumix import LXParameter
except ImportError:
    LXParameter = None


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
    check(source)
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


def check(source: dict[str, Any]) -> None:
    """Skip what the installed LumiX does not have."""
    if LXParameter is None:
        raise CannotRunError("this LumiX has no LXParameter")
    if source:
        try:
            LXVariable[Product, float]("probe").from_model(Product, Session(), **source)
        except (TypeError, ImportError) as error:
            raise CannotRunError(f"this LumiX does not read so: {error}") from error
