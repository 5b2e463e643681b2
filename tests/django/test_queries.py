"""What from_model takes, in which order rows come, what is read once, and what is refused."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import NotSupportedError, connections
from django.db.models import Count, F, Prefetch, Sum, Value
from warehouse.models import Engineer, LongMachine, Machine, Named, Person, Price, Site, Tag

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXParameter, LXVariable
from lumix_core.errors import LXCopyError, LXEmptySourceWarning, LXIndexKeyError, LXSourceError
from lumix_django import DjangoAdapter

ADAPTER = DjangoAdapter()


@pytest.fixture(scope="module")
def filled(database: dict[str, Any]) -> None:
    """Machines on two sites, with tags; and persons, in two tables."""
    sites = []
    for code, number, rent in (("b", 1, 10.0), ("a", 2, 20.0), ("c", 3, None)):
        sites.append(Site.objects.create(code=code, number=number, rent=rent))
    tags = [Tag.objects.create(name=name) for name in ("one", "two")]
    for key, site in enumerate([0, 1, None, 1], start=1):
        made = Machine.objects.create(hours=10.0 * key, site=None if site is None else sites[site])
        made.tags.set(tags[: key % 3])
    for key in (3, 1, 2):
        Price.objects.create(id=key, price=float(key))
    Person.objects.create(name="Dan")
    for rate in (3.0, 4.0):
        Engineer.objects.create(name="Bob", rate=rate)


def query(target: Any, using: str | None = None) -> Any:
    found: Any = ADAPTER.query(target, using)
    return found


def keys(target: Any) -> list[Any]:
    return [one.pk for one in query(target).rows()]


def over(target: Any, **options: Any) -> LXVariable[Any, float]:
    return LXVariable[Any, float]("x").from_model(target, **options)


def upper(x: LXVariable[Any, float]) -> list[float]:
    bounds: list[float] = LXModel("plan").add_variable(x).compile().upper.tolist()
    return bounds


class TestWhatIsTaken:
    def test_a_model(self, filled):
        assert upper(over(Machine).bounds(upper=lambda m: m.hours)) == [10.0, 20.0, 30.0, 40.0]

    def test_the_model_that_a_family_names(self, filled):
        x = LXVariable[Machine, float]("x").from_model().bounds(upper=lambda m: m.hours)
        limit = LXConstraint[Machine]("limit").from_model().expression(LXLinearExpression().add_term(x)).le()
        model = LXModel("plan").add_variable(x).add_constraint(limit.rhs(lambda m: m.hours))

        assert model.compile().row_upper.tolist() == [10.0, 20.0, 30.0, 40.0]

    def test_every_part_of_a_model(self, filled, statements):
        rent = LXParameter[Site]("rent").from_model(Site).indexed_by(lambda s: s.code).value(lambda s: s.rent or 0.0)
        machines = LXIndexDimension(Machine).from_model()
        tags = LXIndexDimension(Tag, lambda t: t.name).from_model(Tag.objects.order_by("-name"))
        x = LXVariable[Any, float]("x").indexed_by_product(machines, tags)
        x.where_multi(lambda m, t: m.site_id is not None).bounds(upper=lambda m, t: m.hours + rent[m.site_id])
        problem = LXModel("plan").add_variable(x).compile()

        assert list(problem.variables[0].keys)[:3] == [(1, "two"), (1, "one"), (2, "two")]
        assert problem.upper.tolist() == [20.0, 20.0, 40.0, 40.0, 60.0, 60.0]
        assert len(statements) == 3

    def test_a_manager(self, filled):
        assert upper(over(Site.objects.get(code="a").machines).bounds(upper=lambda m: m.hours)) == [20.0, 40.0]

    def test_the_default_manager_of_a_class(self, filled):
        assert upper(over(LongMachine).bounds(upper=lambda m: m.value)) == [60.0, 80.0]

    def test_another_database(self, filled):
        with connections["replica"].schema_editor() as editor:
            editor.create_model(Price)
        try:
            Price.objects.using("replica").create(price=7.0)
            for x in (
                over(Price, using="replica"),
                over(Price, session="replica"),
                over(Price.objects, using="replica"),
            ):
                assert upper(x.bounds(upper=lambda p: p.price)) == [7.0]
            assert upper(over(Price.objects.using("replica")).bounds(upper=lambda p: p.net)) == [13.0]
        finally:
            with connections["replica"].schema_editor() as editor:
                editor.delete_model(Price)

    def test_annotations(self, filled):
        x = over(Machine.objects.annotate(count=Count("tags"), twice=F("hours") * 2))

        assert upper(x.bounds(upper=lambda m: m.count + m.twice)) == [21.0, 42.0, 60.0, 81.0]

    def test_dicts(self, filled):
        totals = Machine.objects.filter(site__isnull=False).values("site").annotate(total=Sum("hours"))
        x = over(totals).indexed_by(lambda row: row["site"]).bounds(upper=lambda row: row["total"])

        problem = LXModel("plan").add_variable(x).compile()

        assert list(problem.variables[0].keys) == ["a", "b"]
        assert problem.upper.tolist() == [60.0, 10.0]

    def test_tuples_and_single_values(self, filled):
        assert query(Machine.objects.values_list("hours", "id")).rows()[:2] == [(10.0, 1), (20.0, 2)]
        assert query(Machine.objects.values_list("hours", "id", named=True)).rows()[0].hours == 10.0
        assert query(Machine.objects.order_by("-id").values_list("hours", flat=True)).rows() == [40.0, 30.0, 20.0, 10.0]
        assert query(Machine.objects.values("site").distinct()).row_type is None
        assert len(query(Machine.objects.values("site").distinct()).rows()) == 3

    def test_raw_sql_is_run_each_time(self, filled, statements):
        raw = Machine.objects.raw("SELECT id, hours FROM warehouse_machine WHERE hours > 25 ORDER BY id")
        x = over(raw).bounds(upper=lambda m: m.hours)

        assert upper(x) == upper(x) == [30.0, 40.0]
        assert len(statements) == 2

    def test_a_row_that_comes_twice_is_an_error_that_names_its_key(self, filled):
        x = over(Machine.objects.filter(tags__name__in=["one", "two"]))

        with pytest.raises(LXIndexKeyError, match=r"'x'.*2"):
            upper(x)

    def test_no_rows_are_a_warning_that_tells_the_query(self, filled):
        with pytest.warns(LXEmptySourceWarning, match="warehouse_machine"):
            upper(over(Machine.objects.filter(hours__gt=1000)))
        with pytest.warns(LXEmptySourceWarning, match="no rows of Machine"):
            upper(over(Machine.objects.none()))


class TestQuerysetsThatWereEvaluated:
    def test_their_rows_are_the_rows_with_what_was_changed_in_them(self, filled, statements):
        machines = Machine.objects.all()
        for one in machines:
            one.hours += 1.0
        x = over(machines).bounds(upper=lambda m: m.hours)

        assert upper(x) == upper(x) == [11.0, 21.0, 31.0, 41.0]
        assert len(statements) == 1

    def test_a_new_one_is_read_anew(self, filled):
        machines = Machine.objects.all()
        machines[0].hours, len(machines)
        machines[0].hours = 99.0

        assert upper(over(machines.all()).bounds(upper=lambda m: m.hours))[0] == 10.0

    def test_evaluating_one_later_changes_nothing(self, filled, statements):
        machines = Machine.objects.all()
        x = over(machines).bounds(upper=lambda m: m.hours)
        for one in machines:
            one.hours += 1.0

        assert upper(x) == upper(x) == [10.0, 20.0, 30.0, 40.0]
        assert len(statements) == 3

    def test_the_user_s_queryset_is_left_unevaluated(self, filled):
        machines = Machine.objects.all()

        upper(over(machines).bounds(upper=lambda m: len(str(m)) + m.hours))

        assert machines._result_cache is None


class TestOrder:
    def test_by_key_without_one(self, filled):
        assert keys(Price) == [1, 2, 3]
        assert keys(Site) == ["a", "b", "c"]

    def test_its_own(self, filled):
        assert keys(Machine.objects.order_by("-hours")) == [4, 3, 2, 1]

    def test_what_its_own_does_not_tell_apart_is_in_order_of_the_key(self, filled):
        bobs = [one.pk for one in Engineer.objects.order_by("id")]

        assert keys(Engineer) == bobs
        assert keys(Engineer.objects.order_by("-name")) == bobs
        assert query(Engineer.objects.all()).queryset.query.order_by == ("name", "pk")
        assert query(Engineer.objects.order_by("-pk")).queryset.query.order_by == ("-pk",)
        assert query(Engineer.objects.order_by("-rate", "person_ptr")).queryset.query.order_by == (
            "-rate",
            "person_ptr",
        )

    def test_a_slice_is_of_the_rows_in_order(self, filled):
        assert keys(Price.objects.all()[1:]) == [2, 3]
        assert keys(Machine.objects.order_by("-hours")[:2]) == [4, 3]

    def test_of_a_union(self, filled):
        union = Price.objects.filter(id__gte=2).union(Price.objects.filter(id=1))

        assert keys(union) == [1, 2, 3]

    def test_of_groups(self, filled):
        assert keys(Machine.objects.annotate(count=Count("tags")).filter(count__gt=0)) == [1, 2, 4]

    def test_of_values_is_that_of_the_values(self, filled):
        rows = query(Machine.objects.values_list("site", "hours")).rows()

        assert [row for row in rows if row[0]] == [("a", 20.0), ("a", 40.0), ("b", 10.0)]

    def test_of_a_union_of_values(self, filled):
        parts = [Price.objects.filter(id=key).values("id", "price") for key in (3, 1)]

        assert [row["id"] for row in query(parts[0].union(parts[1])).rows()] == [1, 3]

    def test_of_the_first_of_each(self, filled):
        if not connections["default"].features.can_distinct_on_fields:
            with pytest.raises(NotSupportedError):
                keys(Machine.objects.distinct("site"))
            return
        assert keys(Machine.objects.distinct("site")) == [2, 1, 3]

    def test_chance_is_left_alone(self, filled):
        assert sorted(keys(Machine.objects.order_by("?"))) == [1, 2, 3, 4]


EQUAL: dict[str, Callable[[], Any]] = {
    "a model": lambda: Machine,
    "a filter": lambda: Machine.objects.filter(hours__gt=10, site__rent__lt=15),
    "an annotation": lambda: Machine.objects.annotate(twice=F("hours") * 2),
    "values": lambda: Machine.objects.values("hours"),
    "a slice": lambda: Machine.objects.order_by("hours")[:2],
    "joins": lambda: Machine.objects.select_related("site").prefetch_related("tags"),
    "none": Machine.objects.none,
}
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "models": (Machine, LongMachine._base_manager),
    "filters": (Machine.objects.filter(hours=1), Machine.objects.filter(hours=2)),
    "types of parameters": (Machine.objects.annotate(a=Value(1)), Machine.objects.annotate(a=Value(True))),
    "databases": (Machine.objects.all(), Machine.objects.using("replica")),
    "orders": (Machine.objects.all(), Machine.objects.order_by("hours")),
    "fields": (Machine.objects.all(), Machine.objects.only("hours")),
    "shapes": (Machine.objects.values("hours"), Machine.objects.values_list("hours")),
    "prefetches": (Machine.objects.all(), Machine.objects.prefetch_related("tags")),
    "annotations": (Machine.objects.annotate(a=Value(1)), Machine.objects.annotate(b=Value(1))),
    "prefetched querysets": (
        Machine.objects.prefetch_related(Prefetch("tags", Tag.objects.filter(name="one"))),
        Machine.objects.prefetch_related(Prefetch("tags", Tag.objects.filter(name="two"))),
    ),
}


class TestIdentity:
    @pytest.mark.parametrize("make", EQUAL.values(), ids=EQUAL)
    def test_equal_querysets_are_one(self, filled, make):
        one, other = query(make()).identity, query(make()).identity

        assert one == other
        assert hash(one) == hash(other)

    def test_equal_querysets_are_read_once(self, filled, statements):
        model = LXModel("plan")
        for name in ("x", "y"):
            model.add_variable(LXVariable[Any, float](name).from_model(Machine.objects.filter(hours__gt=10)))

        model.compile()

        assert len(statements) == 1

    @pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
    def test_different_ones_are_not(self, filled, one, other):
        assert query(one).identity != query(other).identity

    def test_one_queryset_that_cannot_be_compared_is_read_once(self, filled, statements):
        machines = Machine.objects.prefetch_related(Prefetch("tags", Tag.objects.filter(name="one")))
        first = over(machines).bounds(upper=lambda m: len(m.tags.all()))
        second = LXVariable[Any, float]("y").from_model(machines).bounds(upper=lambda m: m.hours)

        LXModel("plan").add_variables(first, second).compile()

        assert len(statements) == 2


class TestRelationships:
    """Row by row functions take a number of queries that does not grow with the rows, and leave no trace."""

    def test_what_functions_go_through_is_loaded_in_bulk(self, filled, statements):
        x = over(Machine).bounds(upper=lambda m: len([t.name for t in m.tags.all()]) + (m.site.rent if m.site else 0.0))

        assert upper(x) == [11.0, 22.0, 0.0, 21.0]
        assert len(statements) == 3

    def test_fields_that_were_left_out_are_loaded_in_bulk(self, filled, statements):
        x = over(Machine.objects.only("id")).bounds(upper=lambda m: float(f"{m.hours}"))

        assert upper(x) == [10.0, 20.0, 30.0, 40.0]
        assert len(statements) == 2

    def test_rows_of_the_user_are_read_anew_the_next_time(self, filled, statements):
        machines = list(Machine.objects.order_by("id"))
        x = LXVariable[Machine, float]("x").from_data(machines).bounds(upper=lambda m: float(len(m.tags.all())))
        before, sent = upper(x), len(statements)
        machines[2].tags.add(Tag.objects.get(name="one"))
        try:
            assert sent == 2
            assert not any("_prefetched_objects_cache" in vars(one) for one in machines)
            assert (before, upper(x)) == ([1.0, 2.0, 0.0, 1.0], [1.0, 2.0, 1.0, 1.0])
        finally:
            machines[2].tags.clear()

    def test_what_the_user_prefetched_is_kept(self, filled, statements):
        machines = list(Machine.objects.prefetch_related("tags").order_by("id"))
        x = LXVariable[Machine, float]("x").from_data(machines).bounds(upper=lambda m: float(len(m.tags.all())))

        assert upper(x) == upper(x) == [1.0, 2.0, 0.0, 1.0]
        assert len(statements) == 2

    def test_an_error_leaves_no_trace_either(self, filled):
        machines = list(Machine.objects.order_by("id"))
        x = LXVariable[Machine, float]("x").from_data(machines).bounds(upper=lambda m: 1 / (len(m.tags.all()) - 2))

        with pytest.raises(ValueError, match="division"):
            upper(x)

        assert not any("_prefetched_objects_cache" in vars(one) for one in machines)


class TestRefusals:
    def test_an_abstract_base(self):
        with pytest.raises(LXSourceError, match=r"'x'.*Named, which is abstract"):
            over(Named)

    def test_no_class_at_all(self):
        with pytest.raises(LXSourceError, match=r"'x'.*does not say which class"):
            LXVariable("x").from_model()

    def test_an_unknown_database(self):
        with pytest.raises(LXSourceError, match=r"'x'.*no database 'nowhere'.*'default', 'replica'"):
            over(Machine, using="nowhere")
        with pytest.raises(LXSourceError, match=r"'x'.*an object of class dict is none"):
            over(Machine.objects.all(), using={})

    def test_another_model_than_was_declared(self):
        with pytest.raises(LXSourceError, match=r"declared over Site, but from_model\(\) reads Machine"):
            LXVariable[Site, float]("x").from_model(Machine.objects.all())

    def test_readers(self):
        with pytest.raises(LXSourceError, match="django have one reader only"):
            over(Machine, reader="arrow")

    def test_an_annotation_that_hides_an_attribute_of_the_class(self):
        with pytest.raises(LXSourceError, match=r"annotates Machine rows with 'RATE'"):
            over(Machine.objects.annotate(RATE=Value(1.0)))

    def test_one_of_rows_that_were_read(self, filled):
        found = Machine.objects.annotate(RATE=Value(1.0))
        raw = Machine.objects.raw("SELECT id, hours, 1.0 AS rate FROM warehouse_machine")
        assert len(found) == 4

        with pytest.raises(LXSourceError, match=r"annotates Machine rows with 'RATE'"):
            over(found)
        with pytest.raises(LXSourceError, match=r"annotates Machine rows with 'rate'"):
            upper(over(raw).bounds(upper=lambda m: m.hours))

    def test_none_is_not_the_declared_class(self):
        with pytest.raises(LXSourceError, match="class NoneType"):
            LXVariable[Machine, float]("x").from_model(None)

    def test_an_annotation_for_a_cached_property_is_the_property(self, filled):
        x = over(Machine.objects.annotate(doubled=F("hours") * 3)).bounds(upper=lambda m: m.doubled)

        assert upper(x) == [30.0, 60.0, 90.0, 120.0]

    def test_before_django_is_set_up(self, monkeypatch):
        monkeypatch.setattr(apps, "models_ready", False)

        with pytest.raises(LXSourceError, match=r"'x'.*not set up.*django\.setup\(\)"):
            over(Machine)


class TestCoroutines:
    @pytest.mark.parametrize("upper", [lambda m: m.hours, lambda m: float(f"{m.hours}")], ids=["columns", "rows"])
    def test_compiling_in_one_is_an_error_that_tells_what_to_write(self, filled, upper):
        model = LXModel("plan").add_variable(over(Machine).bounds(upper=upper))

        async def compile_it() -> None:
            model.compile()

        with pytest.raises(LXSourceError, match=r"Machine cannot be read.*await sync_to_async\(model\.compile\)\(\)"):
            asyncio.run(compile_it())

    def test_copying_in_one_too(self, filled):
        machines = list(Machine.objects.all())

        async def copy_it() -> None:
            copy.deepcopy(LXVariable[Machine, float]("x").from_data(machines))

        with pytest.raises(LXSourceError, match=r"rows of Machine.*sync_to_async\(copy\.deepcopy\)\(model\)"):
            asyncio.run(copy_it())

    def test_what_it_tells_to_write_works(self, filled):
        model = LXModel("plan").add_variable(over(Price).bounds(upper=lambda p: p.price))

        async def compile_it() -> Any:
            return await sync_to_async(compiled)()

        def compiled() -> Any:
            try:
                return model.compile().upper.tolist()
            finally:
                connections.close_all()
                del connections["default"]  # the thread is used again, when the alias means another database

        assert asyncio.run(compile_it()) == [1.0, 2.0, 3.0]


QUERYSETS_AS_DATA: dict[str, Callable[[], Any]] = {
    "a queryset": lambda: Machine.objects.order_by("-id"),
    "without an order": Machine.objects.all,
    "of a manager that hides some": LongMachine.objects.all,
    "of related rows": lambda: Site.objects.get(code="b").machines.filter(id__gt=0),
    "prefetched": lambda: Machine.objects.prefetch_related("tags"),
    "raw": lambda: Machine.objects.raw("SELECT * FROM warehouse_machine ORDER BY id"),
}


class TestData:
    """A queryset that is given as data is what a list of its rows would be."""

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
    @pytest.mark.parametrize("is_compiled", [False, True])
    @pytest.mark.parametrize("make", QUERYSETS_AS_DATA.values(), ids=QUERYSETS_AS_DATA)
    def test_copies_hold_its_rows(self, filled, statements, make, is_compiled, copied):
        x = LXVariable[Machine, float]("x").from_data(make()).bounds(0, lambda machine: machine.hours)
        model = LXModel("plan").add_variable(x)
        before = model.compile().upper.tolist() if is_compiled else None

        twin = copied(model)
        sent = len(statements)
        bounds = twin.compile().upper.tolist()
        twin.variables[0].get_instances()[0].hours = 99.0

        assert len(statements) == sent
        assert bounds == model.compile().upper.tolist() == (before or bounds)
        assert twin.compile().upper.tolist() == [99.0, *bounds[1:]]

    def test_of_two_families_over_one_queryset_the_rows_stay_the_same(self, filled):
        machines = Machine.objects.order_by("id")
        x = LXVariable[Machine, float]("x").from_data(machines)
        y = LXVariable[Machine, float]("y").from_data(machines)

        twin = copy.deepcopy(LXModel("plan").add_variables(x, y))

        first, second = (variable.get_instances() for variable in twin.variables)
        assert all(row is other for row, other in zip(first, second, strict=True))

    def test_dicts_are_copied_too(self, filled):
        x = LXVariable[Any, float]("x").from_data(Machine.objects.order_by("id").values("id", "hours"))
        x.indexed_by(lambda row: row["id"]).bounds(0, lambda row: row["hours"])

        twin = copy.deepcopy(LXModel("plan").add_variable(x))

        assert twin.compile().upper.tolist() == [10.0, 20.0, 30.0, 40.0]

    def test_a_function_that_captures_a_queryset_is_refused_still(self, filled):
        machines = Machine.objects.all()
        x = LXVariable[Machine, float]("x").from_data(machines).bounds(0, lambda machine: machines.count())

        with pytest.raises(LXCopyError, match=r"captures 'machines'.*QuerySet"):
            copy.deepcopy(LXModel("plan").add_variable(x))

    def test_in_a_coroutine_it_is_refused(self, filled):
        async def copy_it() -> None:
            copy.deepcopy(LXVariable[Machine, float]("x").from_data(Machine.objects.all()))

        with pytest.raises(LXSourceError, match=r"Machine cannot be read here.*sync_to_async"):
            asyncio.run(copy_it())
