"""Random models over random rows: every round trip gives the same arrays, bit for bit, and reaches no database."""

from __future__ import annotations

import copy
import functools
import gc
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connections
from django.db.models import Model, Prefetch
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.models import Counter, Group, Item

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable
from lumix_core.standins import row_class_of
from lumix_django.handles import is_handle

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
worker: Any = import_module("copies_worker")
sys.path.remove(str(HERE))

pytestmark = pytest.mark.filterwarnings("ignore::lumix_core.errors.LXEmptySourceWarning")

numbers = st.floats(-100, 100, allow_nan=False).map(lambda value: value / 3)
pick = st.integers(0, 10)


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


def by_containers(row: Any) -> Callable[..., float]:
    held = {"rows": [(row,)], "set": frozenset({row}), "key": {row: 3.0}}
    return lambda item: 50.0 + (item is held["rows"][0][0]) + 2.0 * (item in held["set"]) + held["key"].get(item, 0.0)


def by_partial(row: Any) -> Callable[..., float]:
    return functools.partial(lambda row, item, scale: 50.0 + scale * (item == row), row, scale=7.0)


def by_recursion(row: Any) -> Callable[..., float]:
    def length(item: Any, steps: int = 4) -> float:
        return 50.0 if item is None or item == row or steps == 0 else 1.0 + length(item.next, steps - 1)

    return lambda item: length(item, 1)


CAPTURES = (by_cell, by_default, by_containers, by_partial, by_recursion, lambda row: Tariff(row).bound, Tariff)
COEFFICIENTS: tuple[Callable[[Any], float], ...] = (
    lambda item: item.price,
    lambda item: item.value,
    lambda item: item.weight * 2,
    lambda item: item.group.rate / 7 if item.group else -1.0,
    lambda item: 0.0 if item.next is None else item.next.price,
    lambda item: float(item.counter.count) if hasattr(item, "counter") else 0.5,
    lambda item: sum(other.price for other in item.before.all()) + item.before.count(),
)
FILTERS: tuple[Callable[[Any], bool] | None, ...] = (
    None,
    lambda item: item.price > 0,
    lambda item: item.group is not None,
)
SOURCES: dict[str, Callable[[], Any]] = {
    "model": lambda: Item,
    "queryset": lambda: Item.objects.order_by("-price"),
    "only": lambda: Item.objects.only("id"),
    "joined": lambda: Item.objects.select_related("group", "counter"),
    "prefetched": lambda: Item.objects.prefetch_related("group__items"),
    "prefetched otherwise": lambda: Item.objects.prefetch_related(Prefetch("next", Item.objects.only("price"))),
    "evaluated": lambda: evaluated(Item.objects.all()),
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


@st.composite
def models(draw: st.DrawFn) -> Callable[[], LXModel]:
    """How a model is made: its families, where their rows come from, its filters and captures."""
    source, capture, position = draw(st.sampled_from([*SOURCES, "data"])), draw(st.sampled_from(CAPTURES)), draw(pick)
    coefficients = draw(st.lists(st.sampled_from(COEFFICIENTS), min_size=1, max_size=3))
    keep, crossed = draw(st.sampled_from(FILTERS)), draw(st.booleans())
    shared = {"scale": draw(numbers)}

    def build() -> LXModel:
        items = list(Item.objects.order_by("id"))
        best = items[position % len(items)]
        x = LXVariable[Any, float]("x").indexed_by(lambda item: item.id)
        x = x.from_data(items) if source == "data" else x.from_model(SOURCES[source]())
        x.bounds(lower=lambda item: -(shared["scale"] ** 2), upper=capture(best))
        if keep is not None:
            x.where(keep)
        objective = LXLinearExpression()
        for coefficient in coefficients:
            objective.add_term(x, coefficient)
        model = LXModel("random").add_variable(x).maximize(objective)
        if crossed:
            model.add_variable(_crossed(items))
        limit = LXConstraint("limit").expression(LXLinearExpression().add_term(x, lambda item: 1 + item.id / 3)).le()
        return model.add_constraint(limit.rhs(5))

    return build


def _crossed(items: list[Any]) -> LXVariable[Any, float]:
    y = LXVariable[Any, float]("y").indexed_by_product(
        LXIndexDimension(Item, lambda item: item.id).from_data(items),
        LXIndexDimension(Group, lambda group: group.id).from_model(),
    )
    return y.where_multi(lambda item, group: item.group == group).bounds(lower=0, upper=lambda i, g: 1 + abs(g.rate))


@pytest.fixture(scope="module")
def fresh() -> Iterator[Callable[[bytes], Any]]:
    """Send a pickle to a process that has never seen a database; returns what it compiles and solves to."""
    paths = os.pathsep.join(filter(None, [str(HERE), *sys.path]))
    command = [sys.executable, str(HERE / "copies_worker.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        assert process.stdin
        assert process.stdout
        sent, received = process.stdin, process.stdout

        def ask(block: bytes) -> Any:
            pickle.dump(block, sent)
            sent.flush()
            return pickle.load(received)

        yield ask
        sent.close()


def bound_objects(root: Any) -> list[Any]:
    """Walk what the collector sees of an object, and return what is a live row or bound to a database."""
    modules = {id(vars(module)) for module in list(sys.modules.values()) if isinstance(module, types.ModuleType)}
    found, seen, stack = [], set(modules), [root]
    while stack:
        part = stack.pop()
        if id(part) in seen or isinstance(part, type | types.ModuleType):
            continue
        seen.add(id(part))
        if is_handle(part) or (issubclass(type(part), Model) and row_class_of(type(part)) is None):
            found.append(part)
        stack.extend(gc.get_referents(part))
        if isinstance(part, np.ndarray) and part.dtype.hasobject:
            stack.extend(part.ravel().tolist())
    return found


TRIPS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "fresh process": pickle.dumps,
}


@pytest.fixture(scope="module", params=TRIPS)
def trip(request: pytest.FixtureRequest) -> str:
    """Each round trip."""
    return str(request.param)


@settings(max_examples=max(settings().max_examples // 5, 1))
@given(tables=tables(), build=models())
def test_round_trips_give_the_same_arrays_and_solution(database, fresh, trip, tables, build):
    connection = connections["default"]
    connection.set_autocommit(False)
    try:
        for rows in tables:
            type(rows[0])._base_manager.bulk_create(rows) if rows else None
        model = build()

        twin = TRIPS[trip](model)

        expected = worker.answer(model)
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert bound_objects(twin) == []
    with connection.execute_wrapper(no_query):
        assert (fresh(twin) if trip == "fresh process" else worker.answer(twin)) == expected


def no_query(execute: Any, sql: str, *_: Any) -> Any:
    raise AssertionError(f"a copy has run {sql}")
