"""Whose transaction is written in, and who commits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from lumix import LXWriteBack, LXWriteError
from tests.sqlalchemy.writeback.mapped import NEW, OLD, ROWS, Product, Schedule, plan


def test_a_session_is_not_committed(session: Session, tables: Engine) -> None:
    LXWriteBack().replace(Schedule, ROWS).write(session)

    assert plan(session) == NEW
    assert session.in_transaction()
    session.rollback()
    assert plan(session) == OLD


def test_what_a_session_did_before_stays_with_it(session: Session, tables: Engine) -> None:
    session.add(Product(id=4, name="pending"))
    session.get_one(Product, 1).name = "changed"

    LXWriteBack().replace(Schedule, [{"product_id": 4, "quantity": 1.0}]).write(session)

    assert plan(tables) == OLD
    session.rollback()
    assert session.get(Product, 4) is None
    assert session.get_one(Product, 1).name == "product 1"
    assert plan(session) == OLD


def test_a_failure_leaves_what_the_session_did_before(session: Session) -> None:
    pending = Product(id=4, name="pending")
    session.add(pending)
    session.get_one(Product, 1).name = "changed"

    with pytest.raises(LXWriteError):
        LXWriteBack().replace(Schedule, [{"product_id": 99, "quantity": 1.0}]).write(session)

    session.commit()
    assert plan(session) == OLD
    assert session.get(Product, 4) is pending
    assert session.get_one(Product, 1).name == "changed"


HANDLES: dict[str, Callable[[Engine], Any]] = {
    "an engine": lambda engine: engine,
    "a maker of sessions": sessionmaker,
}


@pytest.mark.parametrize("handle", HANDLES.values(), ids=HANDLES)
def test_an_engine_is_committed(session: Session, tables: Engine, handle: Callable[[Engine], Any]) -> None:
    LXWriteBack().replace(Schedule, ROWS).write(handle(tables))

    assert plan(tables) == NEW


@pytest.mark.parametrize("handle", HANDLES.values(), ids=HANDLES)
def test_an_engine_is_rolled_back(session: Session, tables: Engine, handle: Callable[[Engine], Any]) -> None:
    with pytest.raises(LXWriteError):
        LXWriteBack().replace(Schedule, [{"product_id": 99, "quantity": 1.0}]).write(handle(tables))

    assert plan(tables) == OLD


def test_a_connection_commits_what_it_began_itself(session: Session, tables: Engine) -> None:
    with tables.connect() as connection:
        LXWriteBack().replace(Schedule, ROWS).write(connection)

        assert not connection.in_transaction()
    assert plan(tables) == NEW


def test_the_transaction_of_a_connection_is_not_committed(session: Session, tables: Engine) -> None:
    with tables.connect() as connection, connection.begin() as transaction:
        LXWriteBack().replace(Schedule, ROWS).write(connection)
        transaction.rollback()

    assert plan(tables) == OLD


def test_a_scoped_session_is_the_session_of_its_scope(session: Session, tables: Engine) -> None:
    scoped = scoped_session(sessionmaker(tables))

    LXWriteBack().replace(Schedule, ROWS).write(scoped)

    assert plan(tables) == OLD
    scoped.commit()
    assert plan(tables) == NEW
    scoped.remove()


def test_a_session_that_has_read_nothing_yet(tables: Engine, session: Session) -> None:
    with Session(tables) as other:
        LXWriteBack().replace(Schedule, ROWS).write(other)
        assert plan(tables) == OLD
    assert plan(tables) == OLD


def test_rows_that_the_session_holds_do_not_lie(session: Session) -> None:
    kept, product = session.get_one(Schedule, 1), session.get_one(Product, 1)
    assert [one.quantity for one in product.schedules] == [10.0]

    LXWriteBack().replace(Schedule, [{"id": 1, "product_id": 1, "quantity": 3.0}]).write(session)

    assert kept.quantity == 3.0
    assert product.schedules == [kept]
    assert session.get(Schedule, 2) is None


def test_changes_that_are_not_flushed_are_refused(session: Session) -> None:
    session.autoflush = False
    session.add(Schedule(product_id=3, quantity=1.0))

    with pytest.raises(LXWriteError, match=r"changes of Schedule that are not flushed.*session\.flush\(\)"):
        LXWriteBack().replace(Schedule, ROWS).write(session)


def test_changes_of_other_classes_stay_unflushed_as_the_session_says(session: Session) -> None:
    session.autoflush = False
    session.add(Product(id=4, name="pending"))

    LXWriteBack().replace(Schedule, ROWS).write(session)

    assert len(session.new) == 1


def test_autocommit_is_refused(session: Session, tables: Engine) -> None:
    with pytest.raises(LXWriteError, match="AUTOCOMMIT"):
        LXWriteBack().replace(Schedule, []).write(tables.execution_options(isolation_level="AUTOCOMMIT"))

    assert plan(tables) == OLD


@pytest.mark.parametrize("handle", [None, "sqlite://", object()], ids=["nothing", "a URL", "an object"])
def test_what_is_no_handle_is_refused(session: Session, handle: Any) -> None:
    with pytest.raises(LXWriteError, match="expected a session or an engine"):
        LXWriteBack().replace(Schedule, []).write(handle)
