"""The model of step 4: what a plant makes of each product in each period, and on which machine, at the least cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from plant import (
    CustomerOrder,
    DatedOrder,
    Maintenance,
    Period,
    PlantMachine,
    PlantProduct,
    PlantRecipe,
    PriceStep,
    RawMaterial,
    Stage,
    create_cached_material_requirement_checker,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lumix import LXComparison, LXIndexDimension, LXModel, LXParameter, LXVariable

Row = TypeVar("Row")
ProductPeriod = tuple[PlantProduct, Period]
RecipePeriod = tuple[PlantRecipe, Period]


def build_model(session: Session) -> LXModel:
    """Write the model over the rows of a database, which are read when it is compiled."""

    def dimension(row: type[Row]) -> LXIndexDimension[Row]:
        return LXIndexDimension(row).from_model(session)

    products, periods, recipes = dimension(PlantProduct), dimension(Period), dimension(PlantRecipe)
    stages, machines = dimension(Stage), dimension(PlantMachine)
    materials, steps = dimension(RawMaterial), dimension(PriceStep)
    quantity = create_cached_material_requirement_checker(session)
    due, down = orders_due(session), maintenance_hours(session)

    make = LXVariable[ProductPeriod, float]("make").semicontinuous().indexed_by_product(products, periods)
    make.bounds(lower=lambda p, t: p.smallest_batch, upper=lambda p, t: p.largest_batch)
    stock = LXVariable[ProductPeriod, float]("stock").bounds(lower=0).indexed_by_product(products, periods)
    late = LXVariable[ProductPeriod, float]("late").bounds(lower=0).indexed_by_product(products, periods)
    lot = LXVariable[RecipePeriod, float]("lot").bounds(lower=0).indexed_by_product(recipes, periods)
    setup = LXVariable[RecipePeriod, int]("setup").binary().indexed_by_product(recipes, periods)
    buy = LXVariable[tuple[PriceStep, Period], float]("buy").indexed_by_product(steps, periods)
    buy.bounds(lower=0, upper=lambda s, t: s.quantity)

    model = LXModel("plant").add_variables(make, stock, late, lot, setup, buy)
    parts = costs(model)
    model.minimize(lambda: parts["setups"]() + parts["stock"]() + parts["lateness"]() + parts["surcharges"]())

    @model.constraint(over=stock)
    def balance(p: PlantProduct, t: Period) -> LXComparison:
        before = p.opening_stock if t.id == 1 else stock[p, t.id - 1] - late[p, t.id - 1]
        return before + make[p, t] - stock[p, t] + late[p, t] == due[p.id, t.id]

    @model.constraint(over=(stages, periods))
    def work(s: Stage, t: Period) -> LXComparison | bool:
        return sum(lot[r, t] for r in recipes if r.stage_id == s.id) == make[s.product_id, t]

    @model.constraint(over=lot)
    def switch(r: PlantRecipe, t: Period) -> LXComparison:
        return lot[r, t] <= r.largest_lot * setup[r, t]

    @model.constraint(over=(machines, periods))
    def hours(m: PlantMachine, t: Period) -> LXComparison | bool:
        used = sum(
            r.recipe.hours_required * lot[r, t] + r.setup_hours * setup[r, t]
            for r in recipes
            if r.recipe.machine_id == m.id
        )
        return used <= m.machine.available_hours - down[m.id, t.id]

    @model.constraint(over=(materials, periods))
    def material(r: RawMaterial, t: Period) -> LXComparison | bool:
        bought = sum(buy[s, t] for s in steps if s.material_id == r.id)
        return sum(quantity[p.id, r.id] * make[p, t] for p in products) <= r.available_quantity + bought

    return model


def costs(model: LXModel) -> dict[str, Callable[[], Any]]:
    """Return what the plan costs, in parts: sums over the variables of the model."""
    stock, late, setup, buy = (model.get_variable(name) for name in ("stock", "late", "setup", "buy"))
    return {
        "setups": lambda: sum(r.setup_cost * setup[r, t] for r, t in setup),
        "stock": lambda: sum(p.holding_cost * stock[p, t] for p, t in stock),
        "lateness": lambda: sum(p.late_cost * late[p, t] for p, t in late),
        "surcharges": lambda: sum(s.surcharge * buy[s, t] for s, t in buy),
    }


def orders_due(session: Session) -> LXParameter[Any]:
    """Return the units of a product that are due in a period; the database adds up the orders."""
    product, units = CustomerOrder.product_id, func.sum(CustomerOrder.quantity).label("units")
    totals = select(product, DatedOrder.period_id, units).join(DatedOrder.order).group_by(product, DatedOrder.period_id)
    due = LXParameter[Any]("due").from_model(totals, session).indexed_by(lambda d: (d.product_id, d.period_id))
    return due.value(lambda d: d.units).default(0)


def maintenance_hours(session: Session) -> LXParameter[Maintenance]:
    """Return the hours of a period in which a machine does not run."""
    return LXParameter[Maintenance]("down").from_model(session).value(lambda m: m.hours).default(0)
