"""Copies of Django's rows: plain objects that read as the rows did, run no query and reach no database."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections
from django.db.models import Count, Model, Prefetch, Q, QuerySet
from django.utils.functional import SimpleLazyObject
from warehouse.models import (
    Badge,
    Costly,
    Counter,
    Engineer,
    Everything,
    Group,
    Guarded,
    Item,
    Machine,
    Note,
    Person,
    Site,
    Tag,
)

from lumix_core import LXLinearExpression, LXModel, LXVariable
from lumix_core.copying.copier import deep_copy, detach_orm_object
from lumix_core.errors import LXCopyError, LXDetachedError, LXFunctionError, LXNotLoadedError
from lumix_django import DjangoAdapter

pytestmark = pytest.mark.one_database

ADAPTER = DjangoAdapter()
WAYS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": deep_copy,
    "twice": lambda value: deep_copy(deep_copy(value)),
    "pickle": lambda value: pickle.loads(pickle.dumps(Holder(value))).value,
}


class Holder:
    """Has its value copied by the protocol, where pickle meets it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        from lumix_core.copying.pickling import packed, restore

        return _held, (restore, packed(self.value))


def _held(restore: Callable[[bytes], Any], block: bytes) -> Holder:
    held = Holder.__new__(Holder)
    held.value = restore(block)
    return held


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Each way of copying."""
    return request.param


@contextmanager
def undone() -> Iterator[None]:
    """Undo in the end what is done to the database."""
    connections["default"].set_autocommit(False)
    try:
        yield
    finally:
        connections["default"].rollback()
        connections["default"].set_autocommit(True)
        ContentType.objects.clear_cache()


@pytest.fixture
def filled(database: dict[str, Any]) -> Iterator[None]:
    """Two machines on a site, in a transaction that is undone."""
    with undone():
        sites = [Site.objects.create(code=code, number=number, rent=5.0) for code, number in (("a", 1), ("b", 2))]
        tags = [Tag.objects.create(id=key, name=name) for key, name in ((2, "one"), (1, "two"))]
        for key in (1, 2):
            made = Machine.objects.create(id=key, hours=10.0 * key, site=sites[0], spare=sites[1], loose=sites[0])
            made.tags.set(tags)
            made.notes.create(id=key, weight=1.5)
        Badge.objects.create(machine_id=1, code="A")
        Engineer.objects.create(id=7, name="Eve", rate=2.0)
        yield


def machines(*related: str) -> list[Any]:
    return list(Machine.objects.prefetch_related(*related).order_by("id"))


class TestReading:
    def test_a_copy_has_what_the_row_leads_to(self, filled, copied):
        row, _ = copied(machines())

        assert (row.hours, row.site_id, row.site.rent, row.spare.number, row.pk) == (10.0, "a", 5.0, 2, 1)
        assert sorted(tag.name for tag in row.tags.all()) == ["one", "two"]
        assert [note.weight for note in row.notes.all()] == [1.5]
        assert row.badge.code == "A"
        assert isinstance(row, Machine)
        assert isinstance(row.site, Site)
        assert not ADAPTER.owns(type(row))
        assert row == Machine.objects.get(id=1)

    def test_reading_it_runs_no_query(self, filled, copied, statements):
        rows = copied(machines())
        before = len(statements)

        for row in rows:
            reading = (
                row.hours,
                row.site.code,
                row.tags.all(),
                row.tags.count(),
                row.notes.exists(),
                repr(row),
                row.value,
            )
            assert reading
            assert row.doubled == 2 * row.hours
            assert row.rate(2.0) == 2 * row.hours
        assert len(statements) == before

    def test_rows_that_are_one_stay_one(self, filled, copied):
        first, second = copied(machines())

        assert first.site is second.site

    def test_loading_takes_as_many_queries_for_any_number_of_rows(self, filled, statements):
        deep_copy(machines()[:1])
        one = len(statements)
        deep_copy(machines())

        assert len(statements) - one == one

    def test_nothing_is_loaded_that_is_there(self, filled, statements):
        rows = list(Machine.objects.select_related("site", "spare", "loose", "badge").prefetch_related("tags", "notes"))
        before = len(statements)

        deep_copy(rows)

        assert len(statements) == before

    def test_the_rows_are_left_as_they_were(self, filled, copied):
        rows = machines()
        rows[0].hours = 77.0
        fields = {name: value for name, value in vars(rows[0]).items() if name != "_state"}

        twin = copied(rows)

        assert twin[0].hours == 77.0
        assert {name: value for name, value in vars(rows[0]).items() if name != "_state"} == fields
        twin[0].hours = 1.0
        assert rows[0].hours == 77.0

    def test_fields_that_were_left_out_are_loaded(self, filled, copied, statements):
        rows = list(Machine.objects.only("id"))
        copied(rows)
        before = len(statements)

        twin = copied(list(Machine.objects.only("id").order_by("id")))

        assert [row.hours for row in twin] == [10.0, 20.0]
        assert len(statements) - before <= 8

    def test_a_model_in_two_tables(self, filled, copied):
        (person,) = copied(list(Person.objects.all()))
        (engineer,) = copied(list(Engineer.objects.defer("name", "rate")))

        assert person.engineer.rate == 2.0
        assert (engineer.name, engineer.rate, engineer.pk, engineer.boss) == ("Eve", 2.0, 7, None)

    def test_generic_relationships(self, filled, copied):
        note, _ = copied(list(Note.objects.order_by("id")))

        assert note.about.hours == 10.0

    def test_files(self, filled, copied):
        (row,) = copied([Everything.objects.create(file="a.txt")])

        assert (row.file.name, bool(row.file), row.file.instance is row) == ("a.txt", True, True)

    def test_annotations_and_prefetched_lists(self, filled, copied):
        found = Machine.objects.annotate(count=Count("tags")).prefetch_related(
            Prefetch("tags", Tag.objects.filter(name="one"), to_attr="ones")
        )

        row, _ = copied(list(found.order_by("id")))

        assert (row.count, [tag.name for tag in row.ones], len(row.tags.all())) == (2, ["one"], 2)

    def test_no_row_that_refers_is_said_as_django_says_it(self, filled, copied):
        _, row = copied(machines())

        assert not hasattr(row, "badge")
        with pytest.raises(Machine.badge.RelatedObjectDoesNotExist, match="Machine has no badge"):
            _ = row.badge

    def test_unsaved_rows(self, filled, copied, statements):
        site = Site(code="x", number=9)
        before = len(statements)

        new, bare = copied([Machine(hours=1.0, site=site), Item(price=1.0, weight=2.0)])

        assert len(statements) == before
        assert (new.site.number, new.pk, new.is_new(), bare.group, bare.value) == (9, None, True, None, 1.0)
        assert not copied(machines())[0].is_new()
        with pytest.raises(LXNotLoadedError, match=r"Machine\.tags"):
            _ = new.tags

    def test_a_chain_of_any_length(self, database, copied):
        rows = [Item(id=1, price=1.0, weight=1.0)]
        for key in range(2, 3000):
            rows.append(Item(id=key, price=1.0, weight=1.0, next=rows[-1]))

        last = copied(rows[-1])

        length = 0
        while last is not None:
            last, length = last.next, length + 1
        assert length == 2999


class TestSets:
    def test_first_and_last_are_django_s(self, filled, copied):
        row = machines()[0]

        twin = copied([row])[0]

        assert (twin.tags.first().pk, twin.tags.last().pk) == (row.tags.first().pk, row.tags.last().pk) == (1, 2)
        assert twin.tags.all()[:1] == [twin.tags.all()[0]]
        assert twin.tags.contains(Tag.objects.get(id=1))
        assert [tag in twin.tags.all() for tag in Tag.objects.all()] == [True, True]
        assert (len(twin.tags.all()), bool(twin.tags.all()), list(twin.tags.iterator())) == (
            2,
            True,
            list(twin.tags.all()),
        )

    def test_empty_ones(self, filled, copied):
        Machine.objects.get(id=1).tags.clear()

        tags = copied(machines())[0].tags

        assert (tags.count(), tags.exists(), tags.first(), tags.last(), list(tags.all())) == (0, False, None, None, [])

    def test_a_collation_is_the_database_s(self, filled, copied):
        Site.objects.filter(code="b").update(head="a")
        Site.objects.create(code="Bb", number=3, head_id="a")
        (site,) = copied(list(Site.objects.filter(code="a")))

        with pytest.raises(LXDetachedError, match=r"Site\.site_set\.first\(\).*collation"):
            site.site_set.first()

    @pytest.mark.parametrize("name", ["filter", "order_by", "aggregate", "values_list", "add", "create", "set"])
    def test_what_asks_a_database_is_refused_by_name(self, filled, copied, name):
        row = copied(machines())[0]

        with pytest.raises(LXDetachedError, match=rf"Machine\.tags\.{name}\(\) asks the database.*row\.tags\.all\(\)"):
            getattr(row.tags, name)

    def test_a_list_can_be_set(self, filled, copied):
        row = copied(machines())[0]

        row.tags = row.tags.all()[:1]

        assert row.tags.count() == 1


METHODS = [
    "save",
    "delete",
    "refresh_from_db",
    "get_next_by_built",
    "get_previous_by_built",
    "validate_unique",
    "asave",
]


class TestRefusals:
    @pytest.mark.parametrize("name", METHODS)
    def test_methods_that_ask_the_database(self, filled, copied, name, statements):
        row = copied(machines())[0]
        before = len(statements)

        with pytest.raises(LXDetachedError, match=rf"Machine\.{name}\(\) asks the database"):
            getattr(row, name)()

        assert len(statements) == before

    def test_queries_through_the_row_s_class(self, filled, copied, statements):
        row = copied(machines())[0]
        before = len(statements)

        with pytest.raises(LXDetachedError, match=r"detached rows of Machine has no 'objects'"):
            row.again()
        with pytest.raises(AttributeError, match="belong to the class Machine"):
            _ = row.objects

        assert len(statements) == before

    def test_what_was_not_loaded(self, filled, statements):
        row = detach_orm_object(Machine.objects.only("id").get(id=1))
        before = len(statements)

        for name in ("hours", "site", "site_id", "tags", "notes", "badge"):
            with pytest.raises(
                LXNotLoadedError, match=rf"Machine\.{name} was not loaded.*prefetch_related\(\"{name}\"\)"
            ):
                getattr(row, name)

        assert len(statements) == before

    def test_relating_live_rows_to_a_copy(self, filled, copied):
        row = copied(machines())[0]

        with pytest.raises(LXDetachedError, match="bound to no database"):
            Badge(code="X").machine = row
        with pytest.raises(LXDetachedError, match="bound to no database"):
            Tag.objects.get(id=1).machine_set.add(row)

    def test_super_methods_of_django(self, filled, copied, statements):
        row = copied(machines())[0]
        before = len(statements)

        for method in (Model.save, Model.delete, Model.refresh_from_db, Model.full_clean):
            with pytest.raises((LXDetachedError, LXNotLoadedError)):
                method(row)

        assert len(statements) == before

    def test_a_row_that_was_deleted(self, filled):
        rows = list(Machine.objects.only("id"))
        Badge.objects.all().delete()
        connection.cursor().execute("DELETE FROM warehouse_machine_tags")
        connection.cursor().execute("DELETE FROM warehouse_machine WHERE id = 2")

        with pytest.raises(LXCopyError, match="Machine with the key 2 is no longer"):
            deep_copy(rows)

    @pytest.mark.parametrize("make", [Machine.objects.all, lambda: Machine.objects, lambda: connection])
    def test_handles_in_an_attribute(self, filled, make):
        row = machines()[0]
        row.own = make()

        with pytest.raises(LXCopyError, match=r"'own' of Machine.*bound to a database"):
            deep_copy(row)

    def test_an_object_that_reads_its_row_when_it_is_used(self, filled):
        user = SimpleLazyObject(lambda: Machine.objects.get(id=1))
        x = LXVariable[Machine, float]("x").from_model(Machine).bounds(upper=lambda m: user.hours)

        with pytest.raises(LXCopyError, match=r"'x'.*captures 'user': a SimpleLazyObject.*bound to a database"):
            copy.deepcopy(x)

    def test_a_function_of_a_copy_that_asks_the_database(self, filled):
        x = LXVariable[Machine, float]("x").from_model(Machine)
        x.bounds(upper=lambda m: float(m.tags.filter(name="one").count()))
        model = LXModel("plan").add_variable(x)

        assert model.compile().upper.tolist() == [1.0, 1.0]
        with pytest.raises(LXFunctionError, match=r"'x'.*Machine\.tags\.filter\(\) asks the database"):
            copy.deepcopy(model).compile()


class TestClasses:
    def test_the_class_of_copies_is_registered_nowhere(self, filled, copied):
        before = list(apps.get_models())

        row = copied(machines())[0]

        assert list(apps.get_models()) == before
        assert type(row)._meta is Machine._meta
        assert isinstance(Machine(), Machine)
        assert not isinstance(Machine(), type(row))

    def test_a_model_with_abstract_methods(self, database, copied):
        live = Guarded(price=1.0)
        assert issubclass(Guarded, Guarded)  # which the class of abstract classes remembers

        row = copied(live)

        assert (row.cost(), isinstance(row, Guarded), isinstance(row, Costly)) == (2.0, True, True)
        assert not isinstance(live, type(row))


class TestWriting:
    def test_a_foreign_key_and_its_row_go_together(self, filled, copied):
        row, other = copied(machines())

        row.site = other.spare
        assert row.site_id == "b"
        row.spare = None
        assert row.spare_id is None
        row.site_id = "b"
        assert row.site is other.spare
        row.site_id = "a"
        with pytest.raises(LXNotLoadedError, match=r"Machine\.site"):
            _ = row.site
        row.pk = 5
        assert row.id == 5

    def test_to_a_field_that_is_no_key(self, filled, copied):
        row = copied(machines())[0]

        row.spare = row.site

        assert row.spare_id == 1

    def test_definitions_are_shared(self, database):
        held = [Q(hours=1), Machine._meta, Machine._meta.get_field("hours")]

        assert [one is other for one, other in zip(deep_copy(held), held, strict=True)] == [True, True, True]


def test_what_a_function_captures_is_the_row_of_the_data(filled):
    rows = machines()
    x = LXVariable[Machine, float]("x").from_data(rows).bounds(upper=lambda m: 9.0 if m is rows[1] else 1.0)

    twin = copy.deepcopy(LXModel("plan").add_variable(x))

    assert twin.compile().upper.tolist() == [1.0, 9.0]


def test_a_captured_row_finds_its_value(filled):
    rows = machines()
    x = LXVariable[Machine, float]("x").from_model(Machine).bounds(upper=lambda m: 9.0 if m == rows[1] else 1.0)
    model = LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x))

    assert copy.deepcopy(model).compile().upper.tolist() == model.compile().upper.tolist() == [1.0, 9.0]


def test_a_queryset_that_was_evaluated_is_copied_with_its_rows(filled):
    found = Machine.objects.order_by("id")
    found[0].hours, len(found)
    found[0].hours = 55.0
    assert isinstance(found, QuerySet)

    twin = copy.deepcopy(LXVariable[Machine, float]("x").from_model(found))

    assert [one.hours for one in twin.get_instances()] == [55.0, 20.0]


def test_rows_that_refer_to_each_other(database):
    group = Group.objects.create(rate=1.0)
    item = Item.objects.create(price=1.0, weight=1.0, group=group)
    Counter.objects.create(item=item, count=3)
    try:
        (twin,) = deep_copy(list(Group.objects.filter(pk=group.pk)))

        assert twin.items.first().group is twin
        assert deep_copy(item).counter.count == 3
        assert deep_copy(item).counter.item.price == 1.0
    finally:
        group.delete()


def test_thousands_of_rows_that_lead_to_thousands(database, statements):
    with undone():
        Group.objects.bulk_create([Group(id=key, rate=float(key)) for key in range(1, 1501)])
        Item.objects.bulk_create([Item(id=key, price=1.0, weight=1.0, group_id=key) for key in range(1, 1501)])
        x = LXVariable[Item, float]("x").from_model(Item).bounds(upper=lambda item: float(f"{item.group.rate}"))
        before = len(statements)
        expected = LXModel("plan").add_variable(x).compile().upper.tolist()
        sent = len(statements) - before

        twin = copy.deepcopy(LXModel("plan").add_variable(x))

        assert sent == 2
        assert twin.compile().upper.tolist() == expected == [float(key) for key in range(1, 1501)]
