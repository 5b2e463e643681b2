"""Mapped classes, plans and solutions, for the tests of write-back."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    Double,
    Engine,
    ForeignKey,
    Numeric,
    String,
    TypeDecorator,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix import LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXVariable
from lumix_sqlalchemy import RunColumns

# MariaDB's texts are of this kind by themselves.
CASELESS = String(20).with_variant(String(20, collation="NOCASE"), "sqlite")


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double}  # SQLAlchemy 2.0 gives MariaDB single precision


class Product(Base):
    __tablename__ = "wb_products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    schedules: Mapped[list[Schedule]] = relationship(back_populates="product")


class Schedule(Base):
    __tablename__ = "wb_schedules"
    __table_args__ = (UniqueConstraint("product"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column("product", ForeignKey("wb_products.id"))
    quantity: Mapped[float]
    note: Mapped[str | None] = mapped_column(String(10))
    product: Mapped[Product] = relationship(back_populates="schedules")


class Line(Base):
    __tablename__ = "wb_own_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("wb_products.id"))
    quantity: Mapped[float]
    product: Mapped[Product | None] = relationship()


class Numbered(Base):
    __tablename__ = "wb_numbered"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]


class Ward(Base):
    __tablename__ = "wb_wards"
    name: Mapped[str] = mapped_column(CASELESS, primary_key=True)


class Bed(Base):
    __tablename__ = "wb_beds"
    id: Mapped[int] = mapped_column(primary_key=True)
    ward: Mapped[str] = mapped_column(CASELESS, ForeignKey("wb_wards.name"))


class Node(Base):
    """Goes with its parent."""

    __tablename__ = "wb_nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    tree: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("wb_nodes.id", ondelete="CASCADE"))


class Batch(Base):
    __tablename__ = "wb_batches"
    schedule_id: Mapped[int] = mapped_column(ForeignKey("wb_schedules.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    pieces: Mapped[int]


class Stock(Base):
    __tablename__ = "wb_stock"
    plant_id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[float]


class PlanRun(RunColumns, Base):
    __tablename__ = "wb_runs"
    comment: Mapped[str | None] = mapped_column(String(40))


class PlanLine(Base):
    __tablename__ = "wb_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("wb_runs.id"))
    product_id: Mapped[int]
    quantity: Mapped[float]


class Task(Base):
    __tablename__ = "wb_tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    after_id: Mapped[int | None] = mapped_column(ForeignKey("wb_tasks.id"))


class Report(Base):
    """Goes with its schedule."""

    __tablename__ = "wb_reports"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("wb_schedules.id", ondelete="CASCADE"))


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Cents(TypeDecorator[Decimal]):
    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: object) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: object) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class Everything(Base):
    __tablename__ = "wb_everything"
    id: Mapped[int] = mapped_column(primary_key=True)
    big: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[float | None]
    truth: Mapped[bool | None]
    words: Mapped[str | None] = mapped_column(String(200))
    day: Mapped[date | None]
    moment: Mapped[datetime | None]
    instant: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    uid: Mapped[UUID | None]
    colour: Mapped[Colour | None]
    price: Mapped[Decimal | None] = mapped_column(Cents)
    constant: Mapped[int] = mapped_column(default=7)
    counted: Mapped[int] = mapped_column(server_default="8")


class Money(Base):
    __tablename__ = "wb_money"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 4))


def serial() -> str:
    return uuid4().hex


class Ticket(Base):
    __tablename__ = "wb_tickets"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=serial)
    number: Mapped[int]
    twice: Mapped[int] = mapped_column(Computed("number * 2", persisted=True))


@dataclass
class Made:
    product_id: int
    quantity: float


def solve(session: Session, upper: float = 5.5) -> LXSolution:
    """A solution that makes ``upper`` of each product."""
    made = LXVariable[Product, float]("made").bounds(0, upper).from_model(session)
    pairs = LXVariable[Any, int]("pairs").bounds(0, 2).indexed_by(lambda pair: pair).from_data([(1, 1), (1, 2), (2, 1)])
    both = LXLinearExpression().add_term(made).add_term(pairs)
    return LXOptimizer().solve(LXModel("plan").add_variables(made, pairs).maximize(both))


def plan(handle: Session | Engine) -> dict[int, float]:
    """The plan as others see it, outside of the session's transaction where an engine is given."""
    query = select(Schedule.product_id, Schedule.quantity).order_by(Schedule.product_id)
    if isinstance(handle, Session):
        return dict(map(tuple, handle.execute(query)))
    with handle.connect() as connection:
        return dict(map(tuple, connection.execute(query)))


OLD = {1: 10.0, 2: 20.0}
NEW = {1: 5.5, 2: 5.5, 3: 5.5}

ROWS = [{"product_id": i, "quantity": 5.5} for i in (1, 2, 3)]
