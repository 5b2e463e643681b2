"""A live session over Django's rows, to which others write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from workshop.models import Here

from lumix import LXLinearExpression, LXLiveSession, LXModel, LXOptimizer, LXStaleReadWarning, LXStart, LXVariable


@pytest.fixture
def stock(database: dict[str, Any]) -> Iterator[str]:
    """Three rows; returns the vendor of the database."""
    if connection.vendor == "sqlite":  # writers do not wait for readers
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
    Here.objects.bulk_create(Here(id=i, stock=10 * i) for i in (1, 2, 3))
    yield connection.vendor
    Here.objects.all().delete()


@contextmanager
def opened(rows: Any = Here) -> Iterator[LXLiveSession]:
    x = LXVariable[Here, float]("x").from_model(rows).bounds(0, lambda row: row.stock)
    model = LXModel("stock").add_variable(x).maximize(LXLinearExpression().add_term(x))
    with LXOptimizer().open(model) as live:
        live.solve()
        yield live


def write(key: int, stock: int) -> None:
    """Write over another connection."""

    def written() -> None:
        Here.objects.filter(id=key).update(stock=stock)
        connections.close_all()

    thread = threading.Thread(target=written)
    thread.start()
    thread.join(60)


def test_what_others_wrote_is_told_and_solved_hot(stock: str) -> None:
    with opened() as live:
        write(2, 25)

        refresh = live.refresh()
        solution = live.solve()

        assert refresh.variables["x"]["upper"] == {2: (20.0, 25.0)}
        assert (solution.start, solution.objective_value) == (LXStart.HOT, 65.0)


def test_rows_that_went(stock: str) -> None:
    with opened() as live:
        Here.objects.filter(id=1).delete()

        refresh = live.refresh()

        assert (refresh.variables["x"].removed, live.solve().start) == ([1], LXStart.REBUILT)


def test_a_transaction_that_hides_what_is_new_is_told(stock: str) -> None:
    with transaction.atomic(), opened() as live:
        if stock != "sqlite":  # READ COMMITTED, by Django's own settings
            write(2, 25)
            assert live.refresh().variables["x"]["upper"] == {2: (20.0, 25.0)}
            return
        with pytest.warns(LXStaleReadWarning, match="A transaction is open in the database 'default'"):
            refresh = live.refresh()

        assert not refresh
        assert len(refresh.older) == 1


def test_a_repeatable_read_of_postgresql_is_told(stock: str) -> None:
    if stock != "postgresql":
        pytest.skip("the others are in the test above")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with opened() as live:
            write(2, 25)

            with pytest.warns(LXStaleReadWarning, match="isolation level is REPEATABLE READ"):
                assert not live.refresh()


def test_rows_that_a_queryset_holds_already_are_told(stock: str) -> None:
    rows = Here.objects.raw("SELECT * FROM workshop_here ORDER BY id")
    assert len(rows) == 3
    with opened(rows) as live:
        write(2, 25)

        with pytest.warns(LXStaleReadWarning, match="are not read anew"):
            assert not live.refresh()


def test_a_queryset_is_run_again(stock: str) -> None:
    with opened(Here.objects.filter(stock__gt=10)) as live:
        write(1, 15)

        refresh = live.refresh()

        assert refresh.variables["x"].added == [1]
