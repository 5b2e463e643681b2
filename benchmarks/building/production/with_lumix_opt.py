"""lumix-opt: as its tutorial writes it, and with the keys of each constraint given.

Its bounds are two numbers for a whole family; those of the rows are put into HiGHS's arrays by hand.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from contenders import Laps
from production.tables import Machine, Product, ProductionRecipe
from sqlalchemy import select
from sqlalchemy.orm import Session

from lumix import LXConstraint, LXLinearExpression, LXModel, LXVariable

if TYPE_CHECKING:
    import highspy  # where OR-Tools is used, it cannot be imported

Written = tuple[LXModel[Product], tuple[Any, Any]]
"""A model, and the bounds of its variables."""


def tutorial(session: Session, lap: Laps) -> highspy.Highs:
    """A coefficient for every pair of a product and a machine, looked up in a dict."""
    hours = read_hours(session)
    lap("read")
    products = session.scalars(select(Product)).all()
    production = LXVariable[Product, float]("production").from_data(products).indexed_by(lambda p: p.id)
    capacity = (
        LXConstraint[Machine]("capacity")
        .from_model(Machine, session)
        .indexed_by(lambda m: m.id)
        .expression(LXLinearExpression().add_term(production, lambda p, m: hours.get((p.id, m.id), 0.0)))
        .le()
        .rhs(lambda m: m.available_hours)
    )
    return held(*finished(LXModel("production").add_constraint(capacity), production, products))


def keys(session: Session, lap: Laps) -> highspy.Highs:
    """A constraint for each machine, which is given the keys of its products."""
    return held(*with_keys(session, lap))


def with_keys(session: Session, lap: Laps) -> Written:
    hours = read_hours(session)
    made = defaultdict(list)
    for product, machine in hours:
        made[machine].append(product)
    lap("read")
    products = session.scalars(select(Product)).all()
    production = LXVariable[Product, float]("production").from_data(products).indexed_by(lambda p: p.id)
    model = LXModel("production")
    for machine in session.scalars(select(Machine)):
        used = LXLinearExpression().add_multi_term(
            production, lambda p, m=machine.id: hours[p.id, m], keys=made[machine.id]
        )
        capacity = LXConstraint(f"capacity_{machine.id}").expression(used).le().rhs(machine.available_hours)
        model.add_constraint(capacity)
    return finished(model, production, products)


def read_hours(session: Session) -> dict[tuple[int, int], float]:
    query = select(ProductionRecipe.product_id, ProductionRecipe.machine_id, ProductionRecipe.hours_required)
    return {(product, machine): hours for product, machine, hours in session.execute(query)}


def finished(model: LXModel[Product], production: LXVariable[Product, float], products: list[Product]) -> Written:
    model.add_variable(production)
    model.maximize(LXLinearExpression().add_term(production, lambda p: p.profit_per_unit))
    lower = np.array([p.min_demand for p in products])
    upper = np.array([p.max_demand for p in products])
    return model, (lower, upper)


def held(model: LXModel[Product], bounds: tuple[Any, Any]) -> highspy.Highs:
    from canonical import hold_canonical

    return hold_canonical(model, bounds)
