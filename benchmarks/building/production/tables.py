"""The mapped classes of the production model, as a user of SQLAlchemy writes them."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    profit_per_unit: Mapped[float]
    min_demand: Mapped[float]
    max_demand: Mapped[float]


class Machine(Base):
    __tablename__ = "machines"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    available_hours: Mapped[float]


class ProductionRecipe(Base):
    """The hours that one unit of a product takes on a machine; a table of a million rows is filled without checks."""

    __tablename__ = "production_recipes"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int]
    machine_id: Mapped[int]
    hours_required: Mapped[float]
