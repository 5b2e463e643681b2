"""What the schema of steps 2 and 3 grows by in step 4: time, stock, lots and groups of machines.

What a plant needs to know of a product, a machine, a recipe or an order stands in a table of its own, with the key of
the earlier row. No earlier table is changed.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

sys.path += [str(Path(__file__).resolve().parents[1] / step) for step in ("step2", "step3")]

from database import (
    Base,
    Machine,
    MaterialRequirement,
    Product,
    ProductionRecipe,
    RawMaterial,
    clear_all_data,
    create_cached_material_requirement_checker,
    get_session,
    init_database,
    run_on,
    url_parser,
)
from orders import ORDER_INPUTS, Customer, CustomerOrder

from lumix_sqlalchemy import RunColumns

__all__ = [  # with what step 4 takes from the steps before
    "PLANT_INPUTS",
    "PLANT_URL",
    "Base",
    "Customer",
    "CustomerOrder",
    "DatedOrder",
    "Machine",
    "MachineGroup",
    "Maintenance",
    "MaterialRequirement",
    "Period",
    "PlanRun",
    "PlannedLot",
    "PlannedStock",
    "PlantMachine",
    "PlantProduct",
    "PlantRecipe",
    "PriceStep",
    "Product",
    "ProductionRecipe",
    "RawMaterial",
    "Stage",
    "clear_all_data",
    "create_cached_material_requirement_checker",
    "get_session",
    "init_database",
    "run_on",
    "url_parser",
]

PLANT_URL = "sqlite:///plant.db"


class Period(Base):
    """A week; the ids are 1, 2, 3, ... in the order of time."""

    __tablename__ = "periods"

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(unique=True)


class MachineGroup(Base):
    """Machines that can do the same work."""

    __tablename__ = "machine_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class PlantMachine(Base):
    """A machine, and its group."""

    __tablename__ = "plant_machines"

    id: Mapped[int] = mapped_column(ForeignKey("machines.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("machine_groups.id", ondelete="CASCADE"), index=True)

    machine: Mapped[Machine] = relationship()
    group: Mapped[MachineGroup] = relationship()


class PlantProduct(Base):
    """A product that is made in batches, kept in stock, and delivered late at a price.

    Quantities are units. ``holding_cost`` is of a unit kept for a period, ``late_cost`` of one late by a period.
    """

    __tablename__ = "plant_products"

    id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    opening_stock: Mapped[float]
    smallest_batch: Mapped[float]
    largest_batch: Mapped[float]
    holding_cost: Mapped[float]
    late_cost: Mapped[float]

    product: Mapped[Product] = relationship()


class Stage(Base):
    """Work on a product that a group of machines does. Each unit of it goes through all stages of the product."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("product_id", "group_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("plant_products.id", ondelete="CASCADE"))
    group_id: Mapped[int] = mapped_column(ForeignKey("machine_groups.id", ondelete="CASCADE"), index=True)


class PlantRecipe(Base):
    """A recipe that does the work of a stage, one of several; ``largest_lot`` is in units, for a period."""

    __tablename__ = "plant_recipes"

    id: Mapped[int] = mapped_column(ForeignKey("production_recipes.id", ondelete="CASCADE"), primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id", ondelete="CASCADE"), index=True)
    setup_hours: Mapped[float]
    setup_cost: Mapped[float]
    largest_lot: Mapped[float]

    recipe: Mapped[ProductionRecipe] = relationship()


class DatedOrder(Base):
    """An order that is due in a period."""

    __tablename__ = "dated_orders"

    id: Mapped[int] = mapped_column(ForeignKey("customer_orders.id", ondelete="CASCADE"), primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("periods.id", ondelete="CASCADE"), index=True)

    order: Mapped[CustomerOrder] = relationship()


class Maintenance(Base):
    """Hours of a period in which a machine does not run."""

    __tablename__ = "maintenance"

    machine_id: Mapped[int] = mapped_column(ForeignKey("plant_machines.id", ondelete="CASCADE"), primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("periods.id", ondelete="CASCADE"), primary_key=True)
    hours: Mapped[float]


class PriceStep(Base):
    """So much more of a material can be bought in a period, at this surcharge on its usual cost."""

    __tablename__ = "price_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("raw_materials.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[float]
    surcharge: Mapped[float]

    material: Mapped[RawMaterial] = relationship()


class PlannedStock(Base):
    """A result: what is made of a product in a period, and what is in stock or late at its end."""

    __tablename__ = "planned_stock"

    product_id: Mapped[int] = mapped_column(ForeignKey("plant_products.id", ondelete="CASCADE"), primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("periods.id", ondelete="CASCADE"), primary_key=True)
    made: Mapped[float]
    stock: Mapped[float]
    late: Mapped[float]


class PlannedLot(Base):
    """A result: how many units a recipe makes on its machine in a period."""

    __tablename__ = "planned_lots"

    recipe_id: Mapped[int] = mapped_column(ForeignKey("plant_recipes.id", ondelete="CASCADE"), primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("periods.id", ondelete="CASCADE"), primary_key=True)
    quantity: Mapped[float]


class PlanRun(RunColumns, Base):
    """A result: when the plan was made, by which solver, and how that ended."""

    __tablename__ = "plan_runs"


PLANT_INPUTS = (*ORDER_INPUTS, Period, MachineGroup, PlantMachine, PlantProduct, Stage, PlantRecipe, DatedOrder)
"""What a plan cannot do without; there may be no maintenance, and no price steps."""
