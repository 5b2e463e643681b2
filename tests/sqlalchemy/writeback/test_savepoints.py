"""What a session holds after a write-back in a savepoint that is rolled back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lumix import LXModel, LXVariable, LXWriteBack
from tests.sqlalchemy.writeback.mapped import Product, Schedule


def replace(session: Session, quantity: float, *ids: int) -> None:
    rows = [{"id": i, "product_id": i, "quantity": quantity} for i in ids or (1, 2)]
    LXWriteBack().replace(Schedule, rows).write(session)


def upper(session: Session) -> list[float]:
    """The bounds of a model that reads instances."""
    made = LXVariable[Schedule, float]("made").bounds(0, lambda s: s.quantity if f"{s.id}" else 0.0)
    found: list[float] = LXModel("plan").add_variable(made.from_model(session)).compile().upper.tolist()
    return found


def stored(session: Session) -> list[float]:
    return list(session.execute(text("SELECT quantity FROM wb_schedules ORDER BY id")).scalars())


def test_a_row_that_was_loaded_before(session: Session) -> None:
    held = session.get_one(Schedule, 1)
    savepoint = session.begin_nested()
    replace(session, 5.0)
    assert held.quantity == 5.0

    savepoint.rollback()

    assert held.quantity == 10.0
    assert upper(session) == stored(session) == [10.0, 20.0]


def test_a_row_that_was_loaded_within(session: Session) -> None:
    savepoint = session.begin_nested()
    replace(session, 5.0)
    held = session.get_one(Schedule, 1)
    assert held.quantity == 5.0

    savepoint.rollback()

    assert held.quantity == 10.0


def test_a_row_that_was_only_there_within(session: Session) -> None:
    savepoint = session.begin_nested()
    replace(session, 5.0, 1, 2, 3)
    held = session.get_one(Schedule, 3)
    assert held.quantity == 5.0

    savepoint.rollback()

    assert session.get(Schedule, 3) is None
    assert upper(session) == [10.0, 20.0]


def test_a_relationship_that_was_loaded_within(session: Session) -> None:
    product = session.get_one(Product, 3)
    assert product.schedules == []
    savepoint = session.begin_nested()
    replace(session, 5.0, 3)
    assert [schedule.quantity for schedule in product.schedules] == [5.0]

    savepoint.rollback()

    assert product.schedules == []


def test_a_savepoint_around_that_which_was_released(session: Session) -> None:
    held = session.get_one(Schedule, 1)
    outer = session.begin_nested()
    with session.begin_nested():
        replace(session, 5.0)
    assert held.quantity == 5.0

    outer.rollback()

    assert held.quantity == 10.0
    assert upper(session) == stored(session)


def test_a_savepoint_within_keeps_what_was_written_before(session: Session) -> None:
    held = session.get_one(Schedule, 1)
    replace(session, 5.0)
    inner = session.begin_nested()
    replace(session, 6.0)
    assert held.quantity == 6.0

    inner.rollback()

    assert held.quantity == 5.0
    assert upper(session) == stored(session) == [5.0, 5.0]


def test_a_block_that_fails(session: Session) -> None:
    held = session.get_one(Schedule, 1)

    def attempt() -> None:
        with session.begin_nested():
            replace(session, 5.0)
            assert held.quantity == 5.0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        attempt()

    assert held.quantity == 10.0


ENDS: dict[str, Callable[[Session], Any]] = {
    "committed": lambda session: session.commit(),
    "rolled back": lambda session: session.rollback(),
    "closed": lambda session: session.close(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_next_transaction_expires_no_more_than_its_own(session: Session, end: Callable[[Session], Any]) -> None:
    replace(session, 10.0)
    end(session)
    held = session.get_one(Schedule, 1)
    assert held.quantity == 10.0
    savepoint = session.begin_nested()

    savepoint.rollback()

    assert "quantity" in held.__dict__


def test_a_savepoint_of_a_connection(tables: Engine, session: Session) -> None:
    """The session takes part in the test's own transaction, as suites of tests have it."""
    session.rollback()
    with tables.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as inner:
            held = inner.get_one(Schedule, 1)
            savepoint = inner.begin_nested()
            replace(inner, 5.0)
            assert held.quantity == 5.0
            savepoint.rollback()
            assert held.quantity == 10.0
        outer.rollback()
