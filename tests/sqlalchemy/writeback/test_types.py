"""Every type comes back from the tables as the session would have written it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import cycle, islice
from uuid import UUID

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scale import examples
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from lumix import LXWriteBack
from tests.sqlalchemy.writeback.mapped import Colour, Everything, Money, Ticket


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_every_type_comes_back_as_the_session_would_have_written_it(
    session: Session, tables: Engine, count: int, copied: list[str]
) -> None:
    texts = ["plain", "tab\there", "line\nbreak\r", "back\\slash \\N", "", "\\N", "quote'\"", "ünïcode ✓", None]
    rows = [
        {
            "id": i + 1,
            "big": (-1) ** i * (2**62 + i),
            "number": [0.1, -1e-300, 1e300, 5.0, None, 1 / 3][i % 6],
            "truth": [True, False, None][i % 3],
            "words": texts[i % len(texts)],
            "day": date(2024, 2, 29) + timedelta(days=i) if i % 4 else None,
            "uid": UUID(int=i) if i % 5 else None,
            "price": Decimal(i) / 100,
            "moment": datetime(2024, 1, 1, 12, 30, i % 60, 5) if i % 3 else None,
            "instant": datetime(2024, 1, 1, 12, 30, i % 60, 5, timezone(timedelta(hours=i % 5))),
        }
        for i in range(count)
    ]

    LXWriteBack().replace(Everything, rows).write(session)
    assert copied == (["COPY"] if tables.dialect.name == "postgresql" and count > 200 else [])
    ours = list(map(tuple, session.execute(select(*Everything.__table__.columns).order_by(Everything.id))))

    session.execute(Everything.__table__.delete())
    session.execute(insert(Everything), rows)
    assert ours == list(map(tuple, session.execute(select(*Everything.__table__.columns).order_by(Everything.id))))
    assert [row[3] for row in ours[:3]] == [True, False, None]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50) | st.none()
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.none()


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=20), numbers=st.lists(FLOATS, min_size=1, max_size=20))
def test_any_text_and_number_goes_by_copy(
    session: Session, tables: Engine, copied: list[str], texts: list[str | None], numbers: list[float | None]
) -> None:
    if tables.dialect.name != "postgresql":
        pytest.skip("COPY is PostgreSQL's")
    columns = {
        "id": range(1, 201),
        "words": list(islice(cycle(texts), 200)),
        "number": list(islice(cycle(numbers), 200)),
    }

    LXWriteBack().replace(Everything, columns).write(session)

    found = session.execute(select(Everything.words, Everything.number).order_by(Everything.id)).all()
    assert list(map(tuple, found)) == list(zip(columns["words"], columns["number"], strict=True))
    assert copied != []


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_types_that_are_left_to_the_driver(session: Session, count: int, copied: list[str]) -> None:
    zone = timezone(timedelta(hours=3))
    rows = [
        {"id": i + 1, "moment": datetime(2024, 1, 1, 12, 0, i % 60, 0, zone), "colour": [*Colour][i % 2]}
        for i in range(count)
    ]

    LXWriteBack().replace(Everything, rows).write(session)

    query = select(Everything.id, Everything.moment, Everything.colour).order_by(Everything.id)
    ours = session.execute(query).all()
    session.execute(Everything.__table__.delete())
    session.execute(insert(Everything), rows)
    assert ours == session.execute(query).all()
    assert copied == []


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_decimals_are_exact(session: Session, tables: Engine, count: int) -> None:
    if tables.dialect.name == "sqlite":
        pytest.skip("SQLite has no decimals")
    amounts = [Decimal("1234567890123456.7891") + i for i in range(count)]

    LXWriteBack().replace(Money, {"id": range(1, count + 1), "amount": amounts}).write(session)

    assert session.scalars(select(Money.amount).order_by(Money.id)).all() == amounts


@pytest.mark.parametrize("count", [3, 500], ids=["few", "many"])
def test_defaults_that_are_computed_for_each_row(session: Session, count: int) -> None:
    LXWriteBack().replace(Ticket, {"number": np.arange(count)}).write(session)

    found = session.execute(select(Ticket.id, Ticket.number, Ticket.twice)).all()
    assert len({row.id for row in found}) == count
    assert all(row.twice == 2 * row.number for row in found)
