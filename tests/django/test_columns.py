"""Columns hold what the instances hold, or the adapter says that only instances are true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.db.models import Count, F, Prefetch, QuerySet
from django.db.models.signals import post_init
from warehouse import models
from warehouse.models import (
    Arrow,
    Badge,
    Begun,
    Engineer,
    Euro,
    Everything,
    LongMachine,
    Machine,
    Made,
    Person,
    Site,
    Tag,
    Target,
)

from lumix_core.rows.tables import Path
from lumix_django import DjangoAdapter

ADAPTER = DjangoAdapter()
EVERYTHING: list[dict[str, Any]] = [
    {
        "big": 2**62,
        "single": 1.5,
        "exact": Decimal("12345.6789"),
        "text": "häßlich",
        "colour": models.Colour.BLUE,
        "flag": True,
        "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
        "clock": time(12, 30),
        "span": timedelta(days=3, hours=2),
        "document": {"a": [1, 2.5, None]},
        "raw": b"\x00\xff",
        "uuid": UUID(int=7),
        "price": Euro(5),
        "file": "a.txt",
    },
    {},
    {
        "big": -1,
        "single": -0.0,
        "exact": Decimal("-1.0000"),
        "text": "",
        "flag": False,
        "day": date(1, 1, 1),
        "clock": time(0),
        "span": timedelta(seconds=1),
        "document": [],
        "raw": b"",
        "uuid": UUID(int=0),
        "price": Euro(0),
    },
]


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> Iterator[None]:
    """A few rows of each model."""
    for values in EVERYTHING:
        Everything.objects.create(**values)
    sites = [Site.objects.create(code="b", number=1, rent=10.0, price=Euro(3))]
    sites.append(Site.objects.create(code="a", number=2, rent=20.0, head=sites[0]))
    sites.append(Site.objects.create(code="c", number=3, rent=None, price=Euro(0), head=sites[1]))
    tags = [Tag.objects.create(name=name) for name in ("one", "two")]
    for key, (site, spare) in enumerate([(0, 1), (1, None), (None, 2), (2, 0)], start=1):
        made = Machine.objects.create(
            id=key,
            hours=10.0 * key,
            manual=f"manual {key}",
            site=None if site is None else sites[site],
            spare=None if spare is None else sites[spare],
            loose=sites[0],
        )
        made.tags.set(tags[: key % 3])
        made.notes.create(weight=float(key))
    Badge.objects.create(machine_id=1, code="A")
    Badge.objects.create(machine_id=3, code="B")
    Person.objects.create(name="Dan")
    bob = Engineer.objects.create(name="Bob", rate=3.0)
    Engineer.objects.create(name="Bob", rate=4.0, boss=bob)
    Engineer.objects.create(name="Ann", rate=5.0, boss=bob)
    targets = [Target.objects.create(seen=seen, weight=1.5) for seen in (True, False)]
    for target in (*targets, None):
        Arrow.objects.create(target=target)
    Made.objects.create(price=1.0)
    Begun.objects.create(price=-99.0)
    yield
    with connections["default"].cursor():
        for model in (Begun, Made, Arrow, Target, Engineer, Person, Badge, models.Note, Machine, Site, Tag, Everything):
            model._base_manager.all().delete()


def query(target: Any, using: str | None = None) -> Any:
    found: Any = ADAPTER.query(target, using)
    return found


def all_paths(model: Any, steps: int = 2) -> list[Path]:
    """Every path that the adapter promises to read."""
    known = ADAPTER.row_class(model)
    paths: list[Path] = [(name,) for name in sorted(known.columns)]
    for name, target in known.related.items() if steps else ():
        paths += [(name, *rest) for rest in all_paths(target, steps - 1)]
    return paths


def by_instance(rows: Sequence[Any], path: Path) -> list[Any]:
    found = list(rows)
    for name in path:
        found = [None if one is None else getattr(one, name) for one in found]
    return found


def exactly(values: Sequence[Any]) -> list[tuple[type, Any]]:
    """Values with their types, so that 1, 1.0 and True differ; and -0.0 from 0.0."""
    return [(type(one), repr(one) if isinstance(one, float) else one) for one in values]


def assert_read_as_instances(found: Any, paths: Sequence[Path]) -> None:
    columns = found.columns(paths)
    assert columns is not None
    rows = found.rows()
    for path, values in zip(paths, columns, strict=True):
        assert exactly(values) == exactly(by_instance(rows, path)), path


MODELS = (Everything, Site, Machine, Badge, Person, Engineer, LongMachine, Tag, Arrow)


@pytest.mark.parametrize("model", MODELS)
def test_fields_of_every_type_are_read_as_in_instances(filled, model):
    assert_read_as_instances(query(model), all_paths(model))


@pytest.mark.parametrize("model", MODELS)
def test_each_field_is_read_alone(filled, model):
    for path in all_paths(model, 1):
        assert_read_as_instances(query(model), [path])


def test_files_relationships_and_sets_are_no_columns():
    assert ADAPTER.row_class(Machine).columns == {"id", "hours", "manual", "built", "site_id", "spare_id", "loose_id"}
    assert "file" not in ADAPTER.row_class(Everything).columns
    assert ADAPTER.row_class(Engineer).columns == {"id", "name", "person_ptr_id", "rate", "boss_id"}


def test_related_are_the_rows_that_a_join_finds():
    assert dict(ADAPTER.row_class(Machine).related) == {"site": Site, "spare": Site}
    assert dict(ADAPTER.row_class(Engineer).related) == {"boss": Engineer, "person_ptr": Person}
    assert ADAPTER.row_class(Arrow).related == {}


def test_a_missing_related_row_leaves_none_whatever_its_field_makes_of_null(filled):
    assert query(Machine).columns([("site", "price")]) == [[Euro(3), Euro(0), None, Euro(0)]]


QUERYSETS: dict[str, Callable[[], Any]] = {
    "all": Machine.objects.all,
    "filtered": lambda: Machine.objects.filter(hours__gt=10),
    "filtered along a relationship": lambda: Machine.objects.filter(site__rent__lt=15),
    "excluded": lambda: Machine.objects.exclude(site__head__rent=10),
    "repeated": lambda: Machine.objects.filter(notes__weight__gt=0).filter(tags__name__in=["one", "two"]),
    "ordered": lambda: Machine.objects.order_by("-hours"),
    "ordered along a relationship": lambda: Machine.objects.order_by("site__rent", "-id"),
    "ordered by an expression": lambda: Machine.objects.order_by((F("hours") * -1).asc()),
    "reversed": lambda: Machine.objects.order_by("hours").reverse(),
    "sliced": lambda: Machine.objects.all()[1:3],
    "sliced in order": lambda: Machine.objects.order_by("-hours")[:2],
    "some fields": lambda: Machine.objects.only("hours"),
    "deferred": lambda: Machine.objects.defer("manual", "site"),
    "joined": lambda: Machine.objects.select_related("site__head"),
    "prefetched": lambda: Machine.objects.prefetch_related("tags"),
    "prefetched by texts": lambda: Machine.objects.prefetch_related("tags", "site"),
    "none": Machine.objects.none,
    "of a database": lambda: Machine.objects.using("default"),
    "of a manager": lambda: Machine.objects,
    "of a related manager": lambda: Site.objects.get(code="b").machines,
    "of a many-to-many manager": lambda: Tag.objects.get(name="one").machine_set,
    "of a generic relation": lambda: Machine.objects.get(id=2).notes.filter(weight__gt=0),
    "of a proxy": LongMachine.objects.all,
    "a subquery": lambda: Machine.objects.filter(site__in=Site.objects.filter(rent__gt=5)),
    "complex": lambda: Machine.objects.complex_filter({"hours__lt": 35}) & Machine.objects.filter(id__gt=1),
}


@pytest.mark.parametrize("make", QUERYSETS.values(), ids=QUERYSETS)
def test_a_queryset_is_read_as_its_instances(filled, make):
    found = query(make())

    assert_read_as_instances(found, [(name,) for name in sorted(ADAPTER.row_class(found.row_type).columns)])


@pytest.mark.parametrize("name", ["all", "filtered along a relationship", "sliced", "joined", "prefetched", "repeated"])
def test_a_queryset_is_read_along_its_relationships(filled, name):
    assert_read_as_instances(query(QUERYSETS[name]()), all_paths(Machine))


class Doubling(QuerySet):
    def _fetch_all(self) -> None:
        super()._fetch_all()
        for one in self._result_cache:
            one.hours = 2 * one.hours


REFUSED: dict[str, Callable[[], Any]] = {
    "distinct": Machine.objects.distinct,
    "annotated": lambda: Machine.objects.annotate(twice=F("hours") * 2),
    "grouped": lambda: Machine.objects.annotate(count=Count("tags")),
    "extra": lambda: Machine.objects.extra(select={"one": "1"}),
    "a union": lambda: Machine.objects.filter(id=1).union(Machine.objects.filter(id=2)),
    "an aliased filter": lambda: Machine.objects.alias(twice=F("hours") * 2).filter(twice__gt=30),
    "changed as it is read": Made.objects.all,
    "changed as it is made": Begun.objects.all,
    "a queryset of its own ways": lambda: Doubling(Machine),
    "locked": Machine.objects.select_for_update,
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_a_queryset_whose_columns_are_not_its_instances_is_refused(filled, make):
    assert query(make()).columns([("id",)]) is None


def test_what_is_read_in_one_query(filled, statements):
    assert query(Machine).columns(all_paths(Machine)) is not None

    assert len(statements) == 1


def test_only_what_is_asked_for_is_selected(filled, statements):
    query(Machine).columns([("hours",)])

    assert "manual" not in statements[0]


def test_a_model_that_signals_change_is_for_instances(filled):
    def double(instance: Any, **_: Any) -> None:
        instance.rate = 2 * instance.rate

    post_init.connect(double, sender=Engineer)
    try:
        assert query(Engineer).columns([("rate",)]) is None
        assert query(Engineer).columns([("name",)]) is None
    finally:
        post_init.disconnect(double, sender=Engineer)
    assert query(Engineer).columns([("rate",)]) is not None


def test_a_relationship_that_is_prefetched_otherwise_is_for_instances(filled):
    rich = Machine.objects.prefetch_related(Prefetch("site", queryset=Site.objects.filter(rent__gt=15)))

    assert query(rich).columns([("site", "rent")]) is None
    assert query(rich).columns([("hours",)]) == [(10.0, 20.0, 30.0, 40.0)]


def test_a_related_row_that_the_user_holds_is_for_instances(filled):
    site = Site.objects.get(code="b")
    site.rent = 99.0
    found = query(site.machines.all())

    assert found.columns([("site", "rent")]) is None
    assert [one.site.rent for one in found.rows()] == [99.0]


class Elsewhere:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "replica" if model is Site else None


def test_a_related_row_that_routers_read_elsewhere_is_for_instances(filled, settings_with):
    with settings_with(DATABASE_ROUTERS=[Elsewhere()]):
        assert query(Machine).columns([("site", "rent")]) is None
        assert query(Machine).columns([("hours",)]) is not None


UNKNOWN: list[Path] = [
    (),
    ("nothing",),
    ("site",),
    ("tags",),
    ("tags", "id"),
    ("hours", "id"),
    ("pk",),
    ("badge", "code"),
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_path_that_no_fields_lead_along_is_refused(filled, path):
    assert query(Machine).columns([("id",), path]) is None
