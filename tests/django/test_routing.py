"""Which database rows are read from, where routers choose it: by model, by row, or at random."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.models import QuerySet
from tenants.models import PAIRS

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXSourceError

Group, Item = PAIRS["Plain"]
RATES = {"default": 1.0, "replica": 10.0}


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> Iterator[None]:
    """Groups and items in both databases; each number of the replica is ten times as large."""
    with connections["replica"].schema_editor() as editor:
        for model in (Group, Item):
            editor.create_model(model)
    for alias, rate in RATES.items():
        QuerySet(Group, using=alias).bulk_create([Group(id=i, tenant=i, rate=rate) for i in (1, 2)])
        QuerySet(Item, using=alias).bulk_create([Item(id=i, tenant=i, price=rate, group_id=i) for i in (1, 2)])
    yield
    for model in (Item, Group):
        QuerySet(model, using="default").delete()
    with connections["replica"].schema_editor() as editor:
        for model in (Item, Group):
            editor.delete_model(model)


class Router:
    """Lets rows of both databases belong together."""

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        return True


class AtRandom(Router):
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return random.choice(["default", "replica"])


class ByTurns(Router):
    def __init__(self) -> None:
        self.count = 0

    def db_for_read(self, model: Any, **hints: Any) -> str:
        self.count += 1
        return ("default", "replica")[self.count % 2]


class ByModel(Router):
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica" if model is Group else "default"


class ByRow(Router):
    """Related rows of the second tenant are in the replica; any other row is where Django would look."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        instance = hints.get("instance")
        return "replica" if getattr(instance, "tenant", 1) == 2 else "default"


class Careful(ByRow):
    """Does the same, whatever goes wrong."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        try:
            return super().db_for_read(model, **hints)
        except Exception:  # noqa: BLE001 - as some do
            return "default"


class Beside(Router):
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return hints["instance"]._state.db if "instance" in hints else None


def by_rows(item: Any) -> float:
    return float(f"{item.group.rate}")


def of_set(group: Any) -> float:
    return sum([item.price for item in group.items.all()], 0.0)


FUNCTIONS: dict[str, tuple[Any, Callable[[Any], float]]] = {
    "columns": (Item, lambda item: item.price),
    "joined": (Item, lambda item: item.group.rate),
    "row by row": (Item, by_rows),
    "sets": (Group, of_set),
}


def built(target: Any, upper: Any, **options: Any) -> LXModel:
    x = LXVariable[Any, float]("x").from_model(target, **options).bounds(0, upper)
    return LXModel("plan").add_variable(x)


@pytest.mark.parametrize("router", [AtRandom, ByTurns])
@pytest.mark.parametrize(("target", "upper"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_snapshot_keeps_to_the_replica_that_was_chosen_first(filled, settings_with, target, upper, router):
    other = LXVariable[Any, float]("y").from_model(Group).bounds(0, lambda group: group.rate)
    model = built(target, upper).add_variable(other)
    totals = set()

    with settings_with(DATABASE_ROUTERS=[router()]):
        for seed in range(20):
            random.seed(seed)
            totals.add(float(model.compile(snapshot=True).upper.sum()))

    assert totals <= {4.0, 40.0}
    assert len(totals) == 2 or router is ByTurns


@pytest.mark.parametrize(("target", "upper"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_routers_that_never_choose_the_same_database_have_no_snapshot(filled, settings_with, target, upper):
    first = LXVariable[Any, float]("first").from_model(Item).bounds(0, lambda item: item.price)
    model = LXModel("plan").add_variables(first, *built(target, upper).variables)
    if upper is FUNCTIONS["columns"][1]:
        model.add_variable(LXVariable[Any, float]("last").from_model(Group))

    with settings_with(DATABASE_ROUTERS=[ByModel()]), pytest.raises(LXSourceError, match=r"snapshot=True: the model"):
        model.compile(snapshot=True)


def test_a_function_that_asks_another_database_is_refused_within_a_snapshot(filled):
    def stock(item: Any) -> float:
        return float(sum(group.rate for group in Group.objects.using("replica").filter(pk=item.pk)))

    model = built(Item, stock)

    with pytest.raises(LXSourceError, match=r"read from the database 'default', and 'replica' would see another"):
        model.compile(snapshot=True)
    assert model.compile().upper.tolist() == [10.0, 10.0]


def test_after_a_snapshot_routers_choose_again(filled, settings_with):
    model = built(Item, FUNCTIONS["columns"][1])

    with settings_with(DATABASE_ROUTERS=[AtRandom()]):
        totals = set()
        for seed in range(20):
            random.seed(seed)
            model.compile(snapshot=True)
            totals.add(float(model.compile().upper.sum()))

    assert totals == {2.0, 20.0}


@pytest.mark.parametrize("router", [ByModel, ByRow, Careful, Beside])
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("using", [None, "default", "replica"])
def test_related_rows_are_read_from_where_the_attribute_reads_them(filled, settings_with, name, router, using):
    target, upper = FUNCTIONS[name]
    model = built(target, upper, using=using)

    with settings_with(DATABASE_ROUTERS=[router()]):
        rows = QuerySet(target, using=using).order_by("pk")
        right = [upper(row) for row in rows]
        numbers = [twin.compile().upper.tolist() for twin in (model, copy.deepcopy(model))]

    assert numbers == [right, right]


def test_rows_and_their_joined_rows_are_of_one_replica(filled, settings_with):
    model = built(Item, lambda item: item.price / item.group.rate)

    with settings_with(DATABASE_ROUTERS=[Beside(), AtRandom()]):
        for seed in range(20):
            random.seed(seed)
            assert model.compile().upper.tolist() == [1.0, 1.0]
