"""Mapped classes, and what the adapter reads of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Integer, Numeric, String, Table
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    MappedAsDataclass,
    mapped_column,
    registry,
    relationship,
)

from lumix_sqlalchemy import SQLAlchemyAdapter


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    profit: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    recipes: Mapped[list[Recipe]] = relationship(back_populates="product", order_by="Recipe.machine_id")


class Machine(Base):
    __tablename__ = "machine"
    key: Mapped[int] = mapped_column("machine_id", primary_key=True)
    hours: Mapped[float]
    details: Mapped[Any] = mapped_column(JSON, nullable=True)


class Recipe(Base):
    __tablename__ = "recipe"
    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.machine_id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    hours: Mapped[float]
    product: Mapped[Product] = relationship(back_populates="recipes")
    __mapper_args__ = {"primary_key": ["product_id", "machine_id"]}  # noqa: RUF012


class Worker(Base):
    __tablename__ = "worker"
    number: Mapped[int] = mapped_column("id", primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "worker"}  # noqa: RUF012


class Welder(Worker):
    __tablename__ = "welder"
    number: Mapped[int] = mapped_column("id", ForeignKey("worker.id"), primary_key=True)
    grade: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "welder"}  # noqa: RUF012


class Abstract(Base):
    __abstract__ = True


class Depot(MappedAsDataclass, Base):
    __tablename__ = "depot"
    position: Mapped[int] = mapped_column("depot_id", primary_key=True)
    bays: DynamicMapped[Bay] = relationship(init=False)


class Bay(Base):
    __tablename__ = "bay"
    number: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int | None] = mapped_column(ForeignKey("depot.depot_id"))


class Unmade(DeclarativeBase):
    pass


class Missing(Unmade):
    __tablename__ = "missing"
    id: Mapped[int] = mapped_column(primary_key=True)


class Truck:
    pass


registry().map_imperatively(
    Truck,
    Table("truck", Base.metadata, Column("truck_no", Integer, primary_key=True), Column("load", Integer)),
    properties={"number": Base.metadata.tables["truck"].c.truck_no},
)


def rows(target: object, session: object) -> list[Any]:
    query = SQLAlchemyAdapter().query(target, session)
    assert query is not None
    return list(query.rows())


def ids(target: object, session: object) -> list[int]:
    return [row.id for row in rows(target, session)]


def identity(target: object, session: object) -> object:
    query = SQLAlchemyAdapter().query(target, session)
    assert query is not None
    return query.identity
