"""Sets and far ends of relationships, where routers choose the database by the row that leads there."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist
from django.db import connections
from django.db.models import QuerySet
from warehouse.models import Badge, Machine, Note, Site, Tag

from lumix_core import LXModel, LXVariable

MODELS = (ContentType, Site, Tag, Machine, Note, Badge)


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> Iterator[None]:
    """Machines in both databases; in the replica each has more around it."""
    with connections["replica"].schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    for alias, count in (("default", 1), ("replica", 2)):
        QuerySet(Site, using=alias).bulk_create([Site(code=f"s{i}", number=i) for i in (1, 2)])
        tags = [Tag.objects.using(alias).create(id=i, name=f"t{i}") for i in (1, 2)]
        for key in (1, 2, 3):
            made = Machine(id=key, hours=1.0, site_id="s1")
            made.save(using=alias)
            made.tags.set(tags[:count])
            for number in range(count * key):
                Note(about=made, weight=1.0 + number).save(using=alias)
        Badge(machine_id=1, code=f"{count}").save(using=alias)
    yield
    for model in reversed(MODELS[1:]):
        for alias in ("default", "replica"):
            QuerySet(model, using=alias).delete()
    ContentType.objects.clear_cache()
    with connections["replica"].schema_editor() as editor:
        for model in reversed(MODELS):
            editor.delete_model(model)


class ByRow:
    """What machines with an even key lead to is in the replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica" if getattr(hints.get("instance"), "pk", 1) == 2 else "default"

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        return True


class AtRandom(ByRow):
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return random.choice(["default", "replica"])


def code_of(machine: Any) -> float:
    try:
        return float(machine.badge.code)
    except ObjectDoesNotExist:
        return 0.0


FUNCTIONS: dict[str, Callable[[Any], float]] = {
    "many to many": lambda machine: float(len([tag.name for tag in machine.tags.all()])),
    "generic": lambda machine: sum([note.weight for note in machine.notes.all()], 0.0),
    "one to one": code_of,
}


def built(upper: Any) -> LXModel:
    return LXModel("plan").add_variable(LXVariable[Machine, float]("x").from_model(Machine).bounds(0, upper))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_row_leads_to_where_its_attribute_leads(filled, settings_with, name):
    model = built(FUNCTIONS[name])

    with settings_with(DATABASE_ROUTERS=[ByRow()]):
        right = [FUNCTIONS[name](machine) for machine in Machine.objects.order_by("pk")]
        numbers = [twin.compile().upper.tolist() for twin in (model, copy.deepcopy(model))]

    assert numbers == [right, right]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_in_a_snapshot_all_are_of_one_replica(filled, settings_with, name):
    model, right = built(FUNCTIONS[name]), []
    for alias in ("default", "replica"):
        with settings_with(DATABASE_ROUTERS=[type("Only", (ByRow,), {"db_for_read": lambda *_, a=alias, **__: a})()]):
            right.append([FUNCTIONS[name](machine) for machine in Machine.objects.order_by("pk")])

    with settings_with(DATABASE_ROUTERS=[AtRandom()]):
        numbers = []
        for seed in range(12):
            random.seed(seed)
            numbers.append(model.compile(snapshot=True).upper.tolist())

    assert all(bounds in right for bounds in numbers)
    assert all(bounds in numbers for bounds in right)
