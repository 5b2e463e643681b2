"""The model of step 2 written as rules: the same arrays as `production_db.build_model` gives, number by number."""

from __future__ import annotations

from database import (
    Machine,
    Product,
    RawMaterial,
    create_cached_machine_hours_checker,
    create_cached_material_requirement_checker,
)
from sqlalchemy.orm import Session

from lumix import LXComparison, LXModel, LXVariable


def build_model(session: Session) -> LXModel:
    """Write the model over the rows of a database, which are read when it is compiled."""
    hours = create_cached_machine_hours_checker(session)
    quantity = create_cached_material_requirement_checker(session)
    made = LXVariable[Product, float]("production").continuous().bounds(lower=0).from_model(session)
    model = LXModel("production plan").add_variable(made)
    model.maximize(lambda: sum(p.profit_per_unit * made[p] for p in made))

    @model.constraint(over=(Product, session))
    def min_demand(p: Product) -> LXComparison:
        return made[p] >= p.min_demand

    @model.constraint(over=(Product, session))
    def max_demand(p: Product) -> LXComparison:
        return made[p] <= p.max_demand

    @model.constraint(over=(Machine, session))
    def machine_hours(m: Machine) -> LXComparison | bool:
        return sum(hours[p.id, m.id] * made[p] for p in made) <= m.available_hours

    @model.constraint(over=(RawMaterial, session))
    def material_quantity(r: RawMaterial) -> LXComparison | bool:
        return sum(quantity[p.id, r.id] * made[p] for p in made) <= r.available_quantity

    return model
