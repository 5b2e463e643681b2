"""Whose transaction is written in, and which database."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.automap import automap_base
from workshop.models import Good, Label, Schedule, Skill, Stock

from lumix import LXWriteBack, LXWriteError
from tests.django.writeback.plans import NEW, OLD, ROWS, plan


def others_see() -> dict[int, float]:
    """The plan as another connection sees it."""
    found: list[dict[int, float]] = []

    def look() -> None:
        found.append(plan())
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(60)
    return found[0]


def test_alone_it_is_committed(tables: str) -> None:
    LXWriteBack().replace(Schedule, ROWS).write("default")

    assert others_see() == NEW
    assert connection.get_autocommit()


def test_within_atomic_nothing_is_committed(tables: str) -> None:
    with transaction.atomic():
        Good.objects.create(id=4, name="pending")
        LXWriteBack().replace(Schedule, [{"product_id": 4, "quantity": 1.0}]).write()
        assert plan() == {4: 1.0}
        assert others_see() == OLD
        transaction.set_rollback(True)

    assert plan() == OLD
    assert not Good.objects.filter(id=4).exists()


def test_within_atomic_a_failure_leaves_what_was_done_before(tables: str) -> None:
    with transaction.atomic():
        Good.objects.create(id=4, name="kept")
        with pytest.raises(LXWriteError, match="there is no such row"):
            LXWriteBack().replace(Schedule, [{"product_id": 99, "quantity": 1.0}]).write()
        assert plan() == OLD

    assert others_see() == OLD
    assert Good.objects.filter(id=4).exists()


def test_a_connection_without_autocommit_is_not_committed(tables: str) -> None:
    transaction.set_autocommit(False)
    try:
        LXWriteBack().replace(Schedule, ROWS).write()
        assert plan() == NEW
        transaction.rollback()
        assert plan() == OLD
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


class ToReplica:
    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "replica" if model is Stock else None


def test_the_routers_choose_the_database(tables: str, settings_with: Any) -> None:
    tables_there = connections["replica"].introspection.table_names()
    there = [model for model in (Skill, Stock, Label) if model._meta.db_table not in tables_there]
    with connections["replica"].schema_editor() as editor:
        for model in there:
            editor.create_model(model)
    try:
        with settings_with(DATABASE_ROUTERS=[ToReplica()]):
            Stock.objects.using("replica").all().delete()
            back = LXWriteBack().replace(Stock, [{"plant_id": 1, "product_id": 1, "quantity": 1.0}])
            back.write()
            assert (Stock.objects.using("replica").count(), Stock.objects.using("default").count()) == (1, 0)

            with pytest.raises(LXWriteError, match=r"Stock in 'replica', Schedule in 'default'.*\.write\('replica'\)"):
                back.replace(Schedule, ROWS).write()
            back.write(using="default")
            assert Stock.objects.using("default").count() == 1
    finally:
        with connections["replica"].schema_editor() as editor:
            for model in reversed(there):
                editor.delete_model(model)


@pytest.mark.parametrize("handle", ["nowhere", connection, object()], ids=["an alias", "a connection", "an object"])
def test_what_is_no_alias_is_refused(tables: str, handle: Any) -> None:
    with pytest.raises(LXWriteError, match=r"write\(\) got .*expected the alias of a database.*'default'"):
        LXWriteBack().replace(Schedule, []).write(handle)

    assert plan() == OLD


def test_two_handles_are_refused(tables: str) -> None:
    with pytest.raises(LXWriteError, match="both"):
        LXWriteBack().replace(Schedule, []).write("default", using="default")


def test_a_coroutine_is_told_what_to_write(tables: str) -> None:
    async def write() -> None:
        LXWriteBack().replace(Schedule, []).write()

    with pytest.raises(LXWriteError, match=r"sync_to_async\(write_back\.write\)"):
        asyncio.run(write())

    assert plan() == OLD


@pytest.mark.parametrize("where", [{}, {"plant_id": 3}], ids=["all rows", "some rows"])
def test_a_plan_through_another_orm_waits_too(tables: str, where: dict[str, int]) -> None:
    if tables != "postgresql":
        pytest.skip("other databases lock what is deleted, and where it was")
    impatient = {"options": "-c lock_timeout=200"}
    engine = create_engine(url_of(connection.settings_dict), poolclass=NullPool, connect_args=impatient)
    mapped = automap_base()
    mapped.prepare(engine)
    mine, other = ([{"plant_id": 3, "product_id": i, "quantity": 1.0}] for i in (1, 2))

    with transaction.atomic():
        LXWriteBack().replace(Stock, mine, where=where).write()
        with pytest.raises(DBAPIError, match="lock timeout"):
            LXWriteBack().replace(mapped.classes.workshop_stock, other, where=where).write(engine)

    assert list(Stock.objects.values_list("product_id", flat=True)) == [1]


def url_of(database: dict[str, Any]) -> URL:
    """The URL by which SQLAlchemy reaches a database of Django's."""
    position = {"host": database["HOST"], "port": int(database["PORT"] or 5432), "database": database["NAME"]}
    return URL.create("postgresql+psycopg", database["USER"], database["PASSWORD"] or None, **position)


def test_two_plans_at_once_into_an_empty_table_of_mariadb(tables: str) -> None:
    if tables != "mysql":
        pytest.skip("tested above")
    errors: list[Exception] = []
    barrier = threading.Barrier(2)

    def write(numbers: tuple[int, int]) -> None:
        rows = [{"plant_id": 3, "product_id": i, "quantity": 1.0} for i in numbers]
        deleted = threading.Event()

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            found = execute(sql, *rest)
            if sql.startswith("DELETE") and not deleted.is_set():
                deleted.set()
                barrier.wait(20)
            return found

        try:
            with connection.execute_wrapper(note):
                LXWriteBack().replace(Stock, rows).write()
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)
        connections.close_all()

    threads = [threading.Thread(target=write, args=[numbers]) for numbers in ((1, 2), (3, 4))]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)

    assert sorted(Stock.objects.values_list("product_id", flat=True)) in ([1, 2], [3, 4])
    assert ["Deadlock" in str(one) for one in errors] == [True]
