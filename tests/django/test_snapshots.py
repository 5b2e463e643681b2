"""A model that is read at one moment, while others write."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import F
from workshop.models import Here, There

from lumix import LXLinearExpression, LXModel, LXVariable
from lumix_core.errors import LXSourceError

TOTAL = 100


@pytest.fixture
def stock(database: dict[str, Any]) -> Iterator[str]:
    """Two tables whose stocks add up to 100; returns the vendor of the database."""
    if connection.vendor == "sqlite":  # writers do not wait for readers
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
    Here.objects.create(id=1, stock=TOTAL)
    There.objects.create(id=1, stock=0)
    yield connection.vendor
    assert connection.get_autocommit()
    assert not connection.in_atomic_block
    for model in (Here, There):
        model.objects.all().delete()


def build(here: Any = Here, there: Any = There) -> LXModel:
    """A model with all that is in stock, of which one part is read as instances and the other as columns."""
    x = LXVariable[Here, float]("here").from_model(here)
    y = LXVariable[There, float]("there").from_model(there)
    x.bounds(0, lambda row: sum([row.stock for _ in range(1)]))
    y.bounds(0, lambda row: row.stock)
    return LXModel("stock").add_variables(x, y).maximize(LXLinearExpression().add_term(x).add_term(y))


def total(model: LXModel, **options: Any) -> float:
    return float(model.compile(**options).upper.sum())


def move(count: int = 10) -> None:
    """Move stock in one transaction of another connection."""

    def moved() -> None:
        with transaction.atomic():
            Here.objects.update(stock=F("stock") - count)
            There.objects.update(stock=F("stock") + count)
        connections.close_all()

    thread = threading.Thread(target=moved)
    thread.start()
    thread.join(60)


@contextmanager
def moving_between_reads() -> Iterator[list[str]]:
    """Move stock right after the first table was read."""
    read: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if "workshop_" in sql:
            read.append(sql)
            if len(read) == 1:
                move()
        return found

    with connection.execute_wrapper(note):
        yield read


def test_the_transaction_that_was_begun_is_ended(stock: str) -> None:
    model = build()

    assert total(model, snapshot=True) == TOTAL
    move()

    assert model.compile(snapshot=True).upper.tolist() == [TOTAL - 10, 10]
    assert connection.get_autocommit()


def test_it_is_ended_by_errors_too(stock: str) -> None:
    model = build()
    model.get_variable("there").bounds(0, lambda row: row.nothing)

    with pytest.raises(Exception, match="nothing"):
        model.compile(snapshot=True)

    assert not connection.in_atomic_block


def test_dicts_and_raw_sql_are_read_at_the_same_moment(stock: str) -> None:
    raw = There.objects.raw("SELECT id, stock FROM workshop_there")
    x = LXVariable[Any, float]("x").from_model(Here.objects.values("id", "stock")).indexed_by(lambda row: row["id"])
    y = LXVariable[There, float]("y").from_model(raw).bounds(0, lambda row: row.stock)
    model = LXModel("stock").add_variables(x.bounds(0, lambda row: row["stock"]), y)

    with moving_between_reads() as read:
        assert total(model, snapshot=True) == TOTAL

    assert len(read) == 2


def test_an_open_transaction_that_sees_several_moments_is_refused(stock: str) -> None:
    if stock == "sqlite":
        pytest.skip("SQLite has one level only")
    cure = "SET TRANSACTION ISOLATION LEVEL" if stock == "postgresql" else '"isolation_level": "repeatable read"'

    with transaction.atomic(), pytest.raises(LXSourceError, match=f"level is READ COMMITTED.*Compile outside.*{cure}"):
        build().compile(snapshot=True)


def test_an_open_transaction_that_sees_one_moment_goes_on(stock: str) -> None:
    if stock == "mysql":
        pytest.skip("MariaDB tells the level of the session only; see the next test")
    with transaction.atomic():
        if stock == "postgresql":
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert Here.objects.get().stock == TOTAL
        move()

        assert total(build(), snapshot=True) == TOTAL
        assert There.objects.get().stock == 0
        assert connection.in_atomic_block


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_session_that_sees_one_moment_goes_on(stock: str, level: str) -> None:
    if stock == "sqlite":
        pytest.skip("SQLite has one level only")
    statement = "SESSION CHARACTERISTICS AS TRANSACTION" if stock == "postgresql" else "SESSION TRANSACTION"
    try:
        connection.cursor().execute(f"SET {statement} ISOLATION LEVEL {level}")
        with transaction.atomic():
            assert Here.objects.get().stock == TOTAL
            assert total(build(), snapshot=True) == TOTAL
        assert total(build(), snapshot=True) == TOTAL
    finally:
        connection.close()


def test_a_connection_without_autocommit_is_in_a_transaction(stock: str) -> None:
    if stock != "sqlite":
        pytest.skip("the levels of others are tested above")
    transaction.set_autocommit(False)
    try:
        with moving_between_reads():
            assert total(build(), snapshot=True) == TOTAL
        assert There.objects.get().stock == 0
        transaction.rollback()
        assert There.objects.get().stock == 10
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_two_databases_have_no_moment_in_common(stock: str) -> None:
    with pytest.raises(LXSourceError, match="reads in two transactions"):
        build(there=There.objects.using("replica")).compile(snapshot=True)


def test_rows_that_were_read_before_are_refused(stock: str) -> None:
    queryset = Here.objects.all()
    assert len(queryset) == 1

    with pytest.raises(LXSourceError, match=r"1 rows of Here that a queryset holds already, .*queryset\.all\(\)"):
        build(here=queryset).compile(snapshot=True)

    assert total(build(here=queryset.all()), snapshot=True) == TOTAL


def test_a_coroutine_is_told_what_to_write(stock: str) -> None:
    async def compiled() -> None:
        build().compile(snapshot=True)

    with pytest.raises(LXSourceError, match="sync_to_async"):
        asyncio.run(compiled())
