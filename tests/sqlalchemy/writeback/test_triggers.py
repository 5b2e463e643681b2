"""Triggers that leave out rows to be inserted or keep rows to be deleted: nothing is written then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, Numeric, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix import LXWriteBack, LXWriteError


class Base(DeclarativeBase): ...


class Plan(Base):
    __tablename__ = "tr_plans"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    period: Mapped[int]
    share: Mapped[Decimal | None] = mapped_column(Numeric(6, 2), default=Decimal(1))


CLOSED = 1
"""The period of which the triggers change nothing."""
BODIES = {
    "sqlite": "CREATE TRIGGER tr_closed BEFORE {event} ON tr_plans WHEN {row}.period = 1 "
    "BEGIN SELECT RAISE(IGNORE); END",
    "postgresql": "CREATE TRIGGER tr_closed BEFORE {event} ON tr_plans FOR EACH ROW WHEN ({row}.period = 1) "
    "EXECUTE FUNCTION tr_nothing()",
}
NOTHING = "CREATE OR REPLACE FUNCTION tr_nothing() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql"


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """Plans of two periods."""
    Base.metadata.create_all(engine)
    try:
        with Session(engine) as session:
            session.execute(insert(Plan), [{"id": 1, "period": CLOSED}, {"id": 2, "period": 2}])
            session.commit()
            yield session
    finally:
        Base.metadata.drop_all(engine)


def close_period(session: Session, event: str) -> None:
    """Make a trigger that lets an event do nothing to rows of the closed period."""
    name = session.get_bind().dialect.name
    if name not in BODIES:
        pytest.skip("its triggers leave out and keep no rows")
    if name == "postgresql":
        session.execute(text(NOTHING))
    session.execute(text(BODIES[name].format(event=event, row="NEW" if event == "INSERT" else "OLD")))
    session.commit()


def stored(session: Session) -> list[tuple[int, int]]:
    return [tuple(row) for row in session.execute(select(Plan.id, Plan.period).order_by(Plan.id))]


@pytest.mark.parametrize("count", [2, 700])
def test_rows_that_a_trigger_leaves_out_are_missed(session: Session, count: int) -> None:
    close_period(session, "INSERT")
    rows = [{"id": i, "period": 1 + i % 2} for i in range(10, 10 + count)]

    with pytest.raises(
        LXWriteError, match=rf"{count} row\(s\) of Plan .* holds {count // 2} .* left out {count // 2}\b"
    ):
        LXWriteBack().replace(Plan, rows).write(session)

    assert stored(session) == [(1, CLOSED), (2, 2)]


@pytest.mark.parametrize("where", [{}, {"period": CLOSED}])
def test_rows_that_a_trigger_keeps_are_found(session: Session, where: dict[str, int]) -> None:
    close_period(session, "DELETE")

    with pytest.raises(LXWriteError, match=r"1 row\(s\) of Plan .* holds 2 in their place: it has kept 1\b"):
        LXWriteBack().replace(Plan, [{"id": 3, "period": CLOSED}], where=where).write(session)

    assert stored(session) == [(1, CLOSED), (2, 2)]


def test_rows_of_which_a_trigger_changes_none_are_written(session: Session) -> None:
    close_period(session, "DELETE")

    for _ in range(2):
        LXWriteBack().replace(Plan, [{"id": 3}, {"id": 4}], where={"period": 2}).write(session)

    assert stored(session) == [(1, CLOSED), (3, 2), (4, 2)]


def test_a_value_that_the_column_rounds_selects_nothing_the_next_time(session: Session) -> None:
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite stores what it is given, and snapshots of others do not tell")

    with pytest.raises(LXWriteError, match=r"holds 0 .* value of where= that the column stores as another one"):
        LXWriteBack().replace(Plan, [{"id": 3, "period": 2}], where={"share": 0.1 + 0.2}).write(session)


@pytest.mark.one_database
def test_rows_of_no_run_are_not_replaced(session: Session) -> None:
    with pytest.raises(LXWriteError, match=re.escape("'share' = None, so that it is of no run")):
        LXWriteBack().append(Plan, [{"id": 3, "period": 2, "share": None}], run="share").write(session)
