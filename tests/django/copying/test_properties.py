"""Random models over random rows: every round trip gives the same arrays, bit for bit, and reaches no database."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import copies
import pytest
import random_models as shapes
import workers
from django.db import connections
from django.db.models import Model, Prefetch
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples
from warehouse.models import Counter, Group, Item

from lumix_core.rows.standins import row_class_of
from lumix_django import DjangoAdapter

HERE = Path(__file__).parent
MODELS = HERE.parent
ADAPTER = DjangoAdapter()

pytestmark = [
    pytest.mark.one_database,
    pytest.mark.filterwarnings("ignore::lumix_core.errors.LXEmptySourceWarning"),
]

numbers, pick = shapes.numbers, shapes.pick


class Tariff:
    def __init__(self, row: Any) -> None:
        self.row = row

    def bound(self, item: Any) -> float:
        return 50.0 + 7.0 * (item == self.row)

    __call__ = bound


def by_cell(row: Any) -> Callable[..., float]:
    return lambda item: 50.0 + 7.0 * (item is row) + (item == row)


def by_default(row: Any) -> Callable[..., float]:
    return lambda item, row=row, *, other=row: 50.0 + 7.0 * (item is row) + (item == other)


def by_partial(row: Any) -> Callable[..., float]:
    return functools.partial(lambda row, item, scale: 50.0 + scale * (item == row), row, scale=7.0)


def by_recursion(row: Any) -> Callable[..., float]:
    def length(item: Any, steps: int = 4) -> float:
        return 50.0 if item is None or item == row or steps == 0 else 1.0 + length(item.next, steps - 1)

    return lambda item: length(item, 1)


CAPTURES = (by_cell, by_default, shapes.by_containers, by_partial, by_recursion, lambda row: Tariff(row).bound, Tariff)
SOURCES: dict[str, Callable[[], tuple[Any]]] = {
    "model": lambda: (Item,),
    "queryset": lambda: (Item.objects.order_by("-price"),),
    "only": lambda: (Item.objects.only("id"),),
    "joined": lambda: (Item.objects.select_related("group", "counter"),),
    "prefetched": lambda: (Item.objects.prefetch_related("group__items"),),
    "prefetched otherwise": lambda: (Item.objects.prefetch_related(Prefetch("next", Item.objects.only("price"))),),
    "evaluated": lambda: (evaluated(Item.objects.all()),),
}


def evaluated(found: Any) -> Any:
    for one in found:
        one.price += 0.25
    return found


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    """Rows that are not saved yet: groups, and items that refer to groups and to each other."""
    groups = [Group(id=i, rate=draw(numbers)) for i in range(1, draw(st.integers(1, 3)) + 1)]
    items = []
    for i in range(1, draw(st.integers(1, 6)) + 1):
        group, other = draw(st.sampled_from([None, *groups])), draw(st.sampled_from([None, *items]))
        items.append(Item(id=i, price=draw(numbers), weight=draw(numbers), group=group, next=other))
    counters = [Counter(id=one.id, item=one, count=draw(pick)) for one in items if draw(st.booleans())]
    return [groups, items, counters]


WORLD = shapes.World(
    item=Item,
    group=Group,
    items=lambda: list(Item.objects.order_by("id")),
    sources=SOURCES,
    captures=CAPTURES,
    belongs=lambda item, group: item.group == group,
    more=(
        lambda item: float(item.counter.count) if hasattr(item, "counter") else 0.5,
        lambda item: sum(other.price for other in item.before.all()) + item.before.count(),
    ),
)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[bytes], Any]]:
    """Send a pickle to a process that has never seen a database; returns what it compiles and solves to."""
    with workers.started(HERE / "copies_worker.py", folders=[MODELS]) as worker:
        yield worker.ask


def is_bound(part: Any) -> bool:
    """Whether an object is a live row or bound to a database."""
    return ADAPTER.is_handle(part) or (issubclass(type(part), Model) and row_class_of(type(part)) is None)


@pytest.fixture(scope="module", params=copies.TRIPS)
def trip(request: pytest.FixtureRequest) -> str:
    """Each round trip."""
    return str(request.param)


@settings(max_examples=examples(100))
@given(tables=tables(), build=shapes.models(WORLD))
def test_round_trips_give_the_same_arrays_and_solution(database, fresh, trip, tables, build):
    connection = connections["default"]
    connection.set_autocommit(False)
    try:
        for rows in tables:
            type(rows[0])._base_manager.bulk_create(rows) if rows else None
        model = build()

        twin = copies.TRIPS[trip](model)

        expected = copies.answer(model)
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert copies.bound_objects(twin, is_bound) == []
    with connection.execute_wrapper(no_query):
        assert (fresh(twin) if trip == "fresh process" else copies.answer(twin)) == expected


def no_query(execute: Any, sql: str, *_: Any) -> Any:
    raise AssertionError(f"a copy has run {sql}")
