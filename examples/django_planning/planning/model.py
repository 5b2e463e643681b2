"""The model: which quantities make the most profit. Its rows are those of the database."""

from __future__ import annotations

from lumix import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable
from planning.models import Machine, MaterialRequirement, Product, ProductionRecipe, RawMaterial


def build_model() -> LXModel:
    """Return the model. Nothing is read yet: each table is, in one query, when the model is solved."""
    hours, quantity = hours_by_machine(), quantity_by_material()
    production = LXVariable[Product, float]("production").bounds(lower=0).from_model(Product)

    profit = LXLinearExpression().add_term(production, lambda p: p.profit_per_unit)
    made = LXLinearExpression().add_term(production)
    used_hours = LXLinearExpression().add_term(production, lambda p, m: hours[p.id, m.id])
    used_quantity = LXLinearExpression().add_term(production, lambda p, r: quantity[p.id, r.id])

    min_demand = LXConstraint[Product]("min_demand").from_model(Product)
    max_demand = LXConstraint[Product]("max_demand").from_model(Product)
    machine_hours = LXConstraint[Machine]("machine_hours").from_model(Machine)
    material_quantity = LXConstraint[RawMaterial]("material_quantity").from_model(RawMaterial)
    return (
        LXModel("production plan")
        .add_variable(production)
        .maximize(profit)
        .add_constraint(min_demand.expression(made).ge().rhs(lambda p: p.min_demand))
        .add_constraint(max_demand.expression(made).le().rhs(lambda p: p.max_demand))
        .add_constraint(machine_hours.expression(used_hours).le().rhs(lambda m: m.available_hours))
        .add_constraint(material_quantity.expression(used_quantity).le().rhs(lambda r: r.available_quantity))
    )


def hours_by_machine() -> LXParameter[ProductionRecipe]:
    """Return the hours of a product on a machine, to be looked up as ``hours[product.id, machine.id]``."""
    return (
        LXParameter[ProductionRecipe]("hours")
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours_required)
        .default(0.0)  # no recipe: the product does not use the machine
        .from_model(ProductionRecipe)
    )


def quantity_by_material() -> LXParameter[MaterialRequirement]:
    """Return the quantity of a material in a product, to be looked up as ``quantity[product.id, material.id]``."""
    return (
        LXParameter[MaterialRequirement]("quantity")
        .indexed_by(lambda r: (r.product_id, r.material_id))
        .value(lambda r: r.quantity_required)
        .default(0.0)  # no requirement: the product takes none of it
        .from_model(MaterialRequirement)
    )
