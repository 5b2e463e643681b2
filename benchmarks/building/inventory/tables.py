"""The mapped classes of the inventory model, as a user of SQLAlchemy writes them."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    capacity: Mapped[float]
    unit_cost: Mapped[float]
    holding_cost: Mapped[float]


class Period(Base):
    __tablename__ = "periods"

    id: Mapped[int] = mapped_column(primary_key=True)


class Demand(Base):
    """What is sold of an item in a period; there is a row for every pair of them."""

    __tablename__ = "demands"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int]
    period_id: Mapped[int]
    amount: Mapped[float]
