"""Mapped classes with values of many types, read by Arrow and by the session."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Boolean, Enum, Float, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_sqlalchemy import SQLAlchemyAdapter, arrow
from tests.sqlalchemy import column_rows as rows

ADAPTER = SQLAlchemyAdapter()


class Base(DeclarativeBase): ...


class Line(Base):
    __tablename__ = "arrow_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]
    head_id: Mapped[int | None] = mapped_column(ForeignKey("arrow_lines.id"))
    head: Mapped[Line | None] = relationship(remote_side=id)


class Item(Base):
    __tablename__ = "arrow_items"
    id: Mapped[int] = mapped_column("key", primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    gain: Mapped[float] = mapped_column(Float)
    loss: Mapped[float | None]
    urgent: Mapped[bool] = mapped_column(Boolean)
    known: Mapped[bool | None] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(40))
    cost: Mapped[Decimal | None]
    due: Mapped[date | None]
    moment: Mapped[datetime | None]
    price: Mapped[Any | None] = mapped_column(rows.EuroType)
    colour: Mapped[rows.Colour | None] = mapped_column(Enum(rows.Colour, name="arrow_colour"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("arrow_lines.id"))
    line: Mapped[Line | None] = relationship()


NUMBERS = [("id",), ("amount",), ("gain",), ("loss",), ("urgent",), ("known",), ("line_id",)]
RELATED = [("line", "id"), ("line", "hours"), ("line", "head", "hours")]
TEXTS = [("name",), ("note",)]
OTHERS = [("cost",), ("due",), ("moment",), ("price",), ("colour",), ("line", "head", "id")]


def by_arrow(session: Session, target: Any, paths: Any) -> list[Any] | None:
    """Return what Arrow alone reads; None where it leaves the query to the session."""
    query: Any = ADAPTER.query(target, session)
    statement = query._ordered
    return arrow.read_arrow(session, statement, statement.column_descriptions[0]["entity"], paths)


def read(session: Session, target: Any, paths: Any, reader: str = "arrow") -> list[list[Any]] | None:
    query: Any = ADAPTER.query(target, session)
    found = query.with_reader(reader).columns(paths)
    return None if found is None else [np.asarray(one).tolist() for one in found]


def assert_as_in_session(session: Session, target: Any, paths: Any) -> None:
    wanted = read(session, target, paths, "session")
    found = read(session, target, paths)
    assert wanted is not None
    assert found is not None
    for path, column, values in zip(paths, found, wanted, strict=True):
        assert rows.exactly(column) == rows.exactly(values), path
