"""The reader that has a connection of its own: the session's values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sqlalchemy import String, bindparam, func, literal, select, text, tuple_
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, with_loader_criteria

from tests.sqlalchemy import column_rows as rows
from tests.sqlalchemy.arrow.items import (
    ADAPTER,
    NUMBERS,
    OTHERS,
    RELATED,
    TEXTS,
    Item,
    Line,
    assert_as_in_session,
    by_arrow,
    read,
)


def test_numbers_are_read_by_arrow_and_are_those_of_the_session(session: Session) -> None:
    assert by_arrow(session, Item, NUMBERS + RELATED) is not None
    assert_as_in_session(session, Item, NUMBERS + RELATED)


def test_numbers_are_typed(session: Session) -> None:
    found = by_arrow(session, Item, NUMBERS)

    assert found is not None
    kinds = [np.int64, np.int64, np.float64, np.object_, np.bool_, np.object_, np.object_]
    assert [one.dtype for one in found] == kinds


@pytest.mark.parametrize("path", [*TEXTS, *OTHERS], ids=".".join)
def test_every_other_value_is_that_of_the_session(session: Session, path: tuple[str, ...]) -> None:
    assert_as_in_session(session, Item, [("id",), path])


def test_every_type_is_read_as_in_the_session(session: Session) -> None:
    rows.Base.metadata.create_all(session.get_bind())
    try:
        with Session(session.get_bind()) as other:
            rows.fill(other)
        for name in ADAPTER.row_class(rows.Everything).columns:
            assert_as_in_session(session, rows.Everything, [(name,)])
        for cls in (rows.Machine, rows.Engineer, rows.Truck, rows.Pair):
            known = ADAPTER.row_class(cls)
            related = [(way, name) for way, to in known.related.items() for name in ADAPTER.row_class(to).columns]
            for path in [*((name,) for name in known.columns), *related]:
                assert_as_in_session(session, cls, [path])
    finally:
        session.close()
        rows.Base.metadata.drop_all(session.get_bind())


def test_no_rows_are_columns_of_no_values(session: Session) -> None:
    assert read(session, select(Item).where(Item.id < 0), NUMBERS) == [[] for _ in NUMBERS]


def test_columns_of_null_alone_are_read(session: Session) -> None:
    assert read(session, select(Item).where(Item.loss.is_(None)).limit(2), [("loss",), ("known",)]) == [[None] * 2] * 2


SELECTS: dict[str, Callable[[], Any]] = {
    "order and limit": lambda: select(Item).order_by(Item.gain.desc()).limit(7).offset(3),
    "numbers": lambda: select(Item).where(Item.gain > 1.5, Item.amount * 0.1 > 0.3, Item.id.in_([3, 4, 16, 17])),
    "a division": lambda: select(Item).where(Item.amount * literal(0.1) * 3 != 0.3, Item.id % 2 == 1),
    "texts": lambda: select(Item).where(Item.name != "a%b'c", Item.name.like("%1%")),
    "days": lambda: select(Item).where(Item.due >= date(2023, 1, 1), Item.moment < datetime(2025, 1, 1)),
    "a decimal": lambda: select(Item).where(Item.cost == Decimal("1.5")),
    "a truth": lambda: select(Item).where(Item.urgent.is_(True), Item.known == False),  # noqa: E712
    "an enumeration": lambda: select(Item).where(Item.colour == rows.Colour.RED),
    "a type of one's own": lambda: select(Item).where(Item.price == rows.Euro(5)),
    "several of a type of one's own": lambda: select(Item).where(Item.price.in_([rows.Euro(5), rows.Euro(7)])),
    "a moment": lambda: select(Item).where(Item.moment == datetime(2024, 1, 1)),
    "pairs": lambda: select(Item).where(tuple_(Item.id, Item.price).in_([(5, rows.Euro(5)), (7, rows.Euro(8))])),
    "criteria": lambda: select(Item).options(with_loader_criteria(Item, lambda cls: cls.gain > 100.0)),
    "a percent sign": lambda: select(Item).where(text("amount % 2 = 1"), literal("100%") == "100%"),
    "a backslash": lambda: select(Item).where(Item.name != "a\\b"),
    "a backslash in the statement": lambda: select(Item).where(
        func.length(bindparam("t", "a\\b", type_=String(), literal_execute=True)) == 3
    ),
    "no rows": lambda: select(Item).where(Item.id.in_([])),
    "a related row": lambda: select(Item).where(Item.line.has(Line.hours > 1.0)),
}


@pytest.mark.parametrize("make", SELECTS.values(), ids=SELECTS)
def test_a_select_is_read_as_in_the_session(session: Session, make: Callable[[], Any]) -> None:
    assert_as_in_session(session, make(), NUMBERS)


ORDINARY = (
    "order and limit",
    "numbers",
    "texts",
    "days",
    "a moment",
    "a type of one's own",
    "several of a type of one's own",
    "criteria",
    "a related row",
)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_select_is_not_left_to_the_session(session: Session, name: str) -> None:
    assert by_arrow(session, SELECTS[name](), [("id",), ("gain",)]) is not None


def test_a_query_is_read_too(session: Session) -> None:
    assert read(session, session.query(Item).filter(Item.id < 3), [("id",), ("gain",)]) == [[1, 2], [0.1, 0.2]]


def test_a_parameter_without_a_value_is_sqlalchemy_s_error(session: Session) -> None:
    with pytest.raises(StatementError, match="nothing"):
        read(session, select(Item).where(Item.gain > bindparam("nothing")), [("id",)])
