"""The Django adapter against the conformance kit, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from warehouse.models import Category, Part, Product
from workshop.models import PlanLine, PlanRun, Shift, Task

from lumix_core.testing import RowAdapterConformance
from lumix_django import DjangoAdapter

pytestmark = pytest.mark.one_database


class World:
    """Tables in a database, found by its alias."""

    Product, Run, Line, Task, Shift = Product, PlanRun, PlanLine, Task, Shift
    DatabaseError = DatabaseError
    handle = committing = "default"
    parts_of = staticmethod(lambda product: product.parts.all())

    def __init__(self) -> None:
        self.name = connection.settings_dict["NAME"]

    @property
    def handles(self) -> list[Any]:
        queries = [Product.objects, Product.objects.all(), Product.objects.raw("SELECT 1"), Product(id=1).parts]
        return [connections["default"], connection, connections, connection.cursor(), *queries, Category._base_manager]

    def fill(self, count: int) -> None:
        for model in (Part, Product, Category, PlanLine, PlanRun, Task):
            model.objects.all().delete()
        category = Category.objects.create(id=1, markup=1.5)
        keys = range(1, count + 1)
        Product.objects.bulk_create(
            [Product(id=i, name=f"product {i}", price=float(i), category=category) for i in keys]
        )
        weights = [(2 * i - 1, float(i), i) for i in keys] + [(2 * i, 2.0 * i, i) for i in keys]
        Part.objects.bulk_create([Part(id=key, weight=weight, product_id=i) for key, weight, i in weights])

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        sent: list[str] = []

        def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            sent.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            yield sent

    def pending(self) -> object:
        return ()

    def save(self, row: Any) -> None:
        row.save()

    def delete(self, key: int) -> None:
        Part.objects.filter(product_id=key).delete()
        Product.objects.filter(id=key).delete()

    def orphan(self, key: int) -> None:
        Product.objects.filter(id=key).update(category=None)

    @property
    def selections(self) -> Sequence[tuple[str, Any, Any, Sequence[int]]]:
        above = Product.objects.filter(price__gt=6.0)
        chosen = {
            "condition": (above, [7, 8, 9, 10]),
            "another value": (Product.objects.filter(price__gt=8.0), [9, 10]),
            "its order": (above.order_by("-id"), [10, 9, 8, 7]),
            "its limit": (above.order_by("id")[:2], [7, 8]),
            "a window": (Product.objects.order_by("-price")[2:5], [8, 7, 6]),
            "a condition elsewhere": (Product.objects.filter(parts__weight=4.0).order_by("id"), [2, 4]),
            "without some": (Product.objects.exclude(name__in=["product 1", "product 10"]), list(range(2, 10))),
            "of a union": (Product.objects.filter(id__lt=2) | Product.objects.filter(id__gt=9), [1, 10]),
        }
        return [(name, target, self.handle, keys) for name, (target, keys) in chosen.items()]

    def fill_shifts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        Shift.objects.all().delete()
        Shift.objects.bulk_create([Shift(**row) for row in rows])

    def move(self, key: int, category: int | None) -> None:
        if category is not None:
            Category.objects.get_or_create(id=category, defaults={"markup": category + 0.5})
        Product.objects.filter(id=key).update(category_id=category)

    def close_transaction(self) -> None:
        """Autocommit: there is none."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._set_level("mysql", "SESSION TRANSACTION", "REPEATABLE READ")
        try:
            with transaction.atomic():
                self._set_level("postgresql", "TRANSACTION", "REPEATABLE READ")
                yield
        finally:
            self._set_level("mysql", "SESSION TRANSACTION", "READ COMMITTED")

    def _set_level(self, vendor: str, of: str, level: str) -> None:
        if connection.vendor == vendor:
            with connection.cursor() as cursor:
                cursor.execute(f"SET {of} ISOLATION LEVEL {level}")

    def elsewhere(self, work: Callable[[Any], Any]) -> Any:
        found: Future[Any] = Future()

        def run() -> None:
            try:
                found.set_result(work("default"))
            except Exception as error:  # noqa: BLE001 - raised in the thread of the test
                found.set_exception(error)
            connections.close_all()

        threading.Thread(target=run, daemon=True).start()
        return found.result(60)

    @contextmanager
    def statements(self, before: Callable[[str], object], after: Callable[[str], object]) -> Iterator[None]:
        def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            if sql == "BEGIN":  # Django sends it to SQLite only, and does not take it back
                return execute(sql, *rest)
            before(sql)
            found = execute(sql, *rest)
            after(sql)
            return found

        opened: Any = connections["default"]
        commit = opened._commit

        def committing() -> None:
            before("COMMIT")
            commit()

        opened._commit = committing
        try:
            with connection.execute_wrapper(note):
                yield
        finally:
            del opened._commit

    def close(self) -> None:
        connection.close()
        connection.settings_dict["NAME"] = "/nowhere/gone"

    def open(self) -> None:
        connection.close()
        connection.settings_dict["NAME"] = self.name


@pytest.fixture
def tables(database: dict[str, Any]) -> Iterator[World]:
    if connection.vendor == "sqlite":  # writers do not wait for readers
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
    world = World()
    yield world
    world.open()


class TestDjangoAdapter(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> DjangoAdapter:
        return DjangoAdapter()

    @pytest.fixture
    def world(self, tables: World) -> World:
        return tables
