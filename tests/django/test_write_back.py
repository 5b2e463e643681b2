"""Writing back: what lands in the tables of models, in whose transaction, and what is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection, connections, transaction
from django.db.models.functions import Now
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.automap import automap_base
from workshop.models import (
    Batch,
    Cell,
    Colour,
    CurrentSchedule,
    Doubled,
    Good,
    Label,
    Legacy,
    Link,
    Loose,
    Loud,
    OwnRun,
    PlanRun,
    Report,
    Schedule,
    Sheet,
    Skill,
    Stamped,
    Stock,
    Task,
    Truck,
    Vehicle,
)

from lumix import LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXVariable, LXWriteBack, LXWriteError
from lumix_django import copy_in

OLD = {1: 10.0, 2: 20.0}
NEW = {1: 5.5, 2: 5.5, 3: 5.5}
ROWS = [{"product_id": i, "quantity": 5.5} for i in (1, 2, 3)]


@dataclass
class Made:
    product_id: int
    quantity: float


@pytest.fixture
def tables(database: dict[str, Any]) -> Iterator[str]:
    """Three products and a plan for two of them; returns the vendor of the database."""
    Good.objects.bulk_create([Good(id=i, name=f"good {i}") for i in (1, 2, 3)])
    Schedule.objects.bulk_create([Schedule(id=i, product_id=i, quantity=10.0 * i) for i in (1, 2)])
    yield connection.vendor
    assert not connection.in_atomic_block
    models = apps.get_app_config("workshop").get_models(include_auto_created=True)
    with connection.constraint_checks_disabled(), transaction.atomic():
        for model in (one for one in models if one._meta.managed):
            model._base_manager.all()._raw_delete("default")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent by COPY, a word for each."""
    sent: list[str] = []
    own = copy_in._copy

    def copy(connection: Any, statement: str, texts: Any) -> None:
        sent.append(statement[:4])
        own(connection, statement, texts)

    monkeypatch.setattr(copy_in, "_copy", copy)
    return sent


def solve(upper: float = 5.5) -> LXSolution:
    """A solution that makes ``upper`` of each product."""
    made = LXVariable[Good, float]("made").bounds(0, upper).from_model(Good)
    return LXOptimizer().solve(LXModel("plan").add_variable(made).maximize(LXLinearExpression().add_term(made)))


def plan(alias: str = "default") -> dict[int, float]:
    return dict(Schedule.objects.using(alias).order_by("product_id").values_list("product_id", "quantity"))


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


# What is written


def test_the_values_of_a_family_replace_the_plan_and_its_run_is_recorded(tables: str) -> None:
    solution = solve()
    back = LXWriteBack().replace(Schedule, solution.variables["made"], key="product_id", value="quantity")

    written = back.record(PlanRun, solution, comment="first").write()

    assert plan() == NEW
    assert str(written) == "Schedule: 3 written, 2 replaced; PlanRun: 1 written"
    run = PlanRun.objects.get()
    assert (run.id, run.model, run.status, run.limit, run.comment) == (
        solution.run_id,
        "plan",
        "optimal",
        None,
        "first",
    )
    assert (run.objective, run.solve_time, run.finished_at) == (16.5, solution.solve_time, solution.finished_at)


def test_a_history_of_other_fields(tables: str) -> None:
    solution = solve()
    back = LXWriteBack().record(OwnRun, solution, run="run")

    back.write()
    first = OwnRun.objects.get()
    back.write()

    again = OwnRun.objects.get()
    assert (first.run.hex, first.status, first.objective) == (solution.run_id, "optimal", 16.5)
    assert first.finished_at == again.finished_at == solution.finished_at
    assert first.written_at < again.written_at


def test_a_proxy_writes_the_table_that_it_stands_for(tables: str) -> None:
    LXWriteBack().replace(CurrentSchedule, ROWS).write()

    assert plan() == NEW
    with pytest.raises(LXWriteError, match="are both stored in 'workshop_schedule'"):
        LXWriteBack().replace(CurrentSchedule, ROWS).replace(Schedule, ROWS).write()


def test_a_key_of_two_parts(tables: str) -> None:
    values = {(1, 1): 1.0, (1, 2): 2.0}
    back = LXWriteBack().replace(Cell, values, key=("row", "column"), value="value")

    back.write()
    back.write()

    assert {one.pk: one.value for one in Cell.objects.all()} == values
    with pytest.raises(LXWriteError, match=r"row 1 .*has row=1, column=2, which only one row"):
        LXWriteBack().replace(
            Cell, {(2, 2): 9.0, (1, 2): 9.0}, key=("row", "column"), value="value", where={"value": 9.0}
        ).write()


def test_a_table_that_django_does_not_make(tables: str) -> None:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {quote('legacy plans')} (nr integer PRIMARY KEY, amount double precision)")
        try:
            LXWriteBack().replace(Legacy, {1: 2.5}, key="number", value="amount").write()

            assert list(Legacy.objects.values_list("number", "amount")) == [(1, 2.5)]
        finally:
            cursor.execute(f"DROP TABLE {quote('legacy plans')}")


def test_rows_of_a_many_to_many_relationship_are_those_of_its_own_table(tables: str) -> None:
    through = Stock.skills.through
    stock, skill = Stock.objects.create(plant_id=1, product_id=1, quantity=1.0), Skill.objects.create(name="weld")

    with pytest.raises(LXWriteError, match=r"Stock\.skills is no column.*Stock\.skills\.through"):
        LXWriteBack().replace(Stock, [{"plant_id": 1, "product_id": 1, "quantity": 1.0, "skills": []}]).write()
    LXWriteBack().replace(through, [{"stock_id": stock.id, "skill_id": skill.id}]).write()

    assert list(stock.skills.all()) == [skill]
    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'workshop_stock_skills'"):
        LXWriteBack().replace(Stock, []).write()


def test_no_signal_is_sent(tables: str) -> None:
    heard: list[str] = []

    def hear(sender: Any, **_: Any) -> None:
        heard.append(sender.__name__)

    signals = (pre_save, post_save, pre_delete, post_delete)
    for signal in signals:
        signal.connect(hear)
    try:
        LXWriteBack().replace(Schedule, ROWS).write()
    finally:
        for signal in signals:
            signal.disconnect(hear)

    assert heard == []


# Fields


def sheets(count: int) -> list[dict[str, Any]]:
    texts = ["plain", "tab\there", "line\nbreak\r", "back\\slash \\N", "", "\\N", "quote'\"", "100% ✓", None]
    zone = timezone(timedelta(hours=3))
    return [
        {
            "key": f"{i:032}",
            "big": (-1) ** i * (2**62 + i),
            "number": [0.1, -1e-300, 1e300, 5, None, 1 / 3][i % 6],
            "money": [Decimal("12345678.9012"), Decimal(i), None, 5][i % 4],
            "truth": [True, False, None][i % 3],
            "words": texts[i % len(texts)],
            "colour": [*Colour, None][i % 3],
            "day": date(2024, 2, 29) + timedelta(days=i) if i % 4 else None,
            "moment": datetime(2024, 1, 1, 12, 30, i % 60, 5, UTC if i % 2 else zone) if i % 3 else None,
            "uid": UUID(int=i) if i % 5 else None,
            "file": ["plans/a.csv", ""][i % 2],
            "price": [1.25, None][i % 2],
        }
        for i in range(count)
    ]


# Those of which LXWriteBack is as good as Django's own, all but the moments of writing.
SHEET = [
    one.attname for one in Sheet._meta.concrete_fields if one.attname not in ("made", "changed")
]  # fmt: skip


@pytest.mark.parametrize("count", [9, 500], ids=["few", "many"])
def test_every_type_is_stored_as_django_would_have(tables: str, count: int, copied: list[str]) -> None:
    rows = sheets(count)
    began = datetime.now(UTC)

    LXWriteBack().replace(Sheet, [{name: one for name, one in row.items() if name != "price"} for row in rows]).write()
    assert copied == (["COPY"] if tables == "postgresql" and count > 200 else [])
    LXWriteBack().replace(Sheet, rows).write()
    ours = list(Sheet.objects.order_by("key").values_list(*SHEET))
    moments = set(Sheet.objects.values_list("made", "changed"))

    Sheet.objects.all().delete()
    Sheet.objects.bulk_create([Sheet(**row) for row in rows])
    assert ours == list(Sheet.objects.order_by("key").values_list(*SHEET))
    assert all(began - timedelta(seconds=1) < made <= changed for made, changed in moments)


def test_types_that_only_insert_takes(tables: str) -> None:
    row = {
        "key": "a",
        "clock": time(12, 30, 0, 5),
        "span": timedelta(days=2, microseconds=5),
        "document": {"a": [1, None, "x%s"]},
        "raw": b"\x00\xff%s",
    }
    rows = [row, {**row, "key": "b", "raw": None, "document": None}]

    LXWriteBack().replace(Sheet, rows).write()

    ours = list(Sheet.objects.order_by("key").values_list(*row))
    assert [(*one[:4], None if one[4] is None else bytes(one[4])) for one in ours] == [
        tuple(one.values()) for one in rows
    ]


@pytest.mark.parametrize("count", [2, 500], ids=["few", "many"])
def test_what_rows_leave_out_is_filled_in(tables: str, count: int) -> None:
    LXWriteBack().replace(Sheet, {"big": range(count)}).write()

    found = Sheet.objects.all()
    assert len({one.key for one in found}) == count
    assert {(one.constant, one.counted, one.words) for one in found} == {(7, 8, None)}


def test_instances_leave_to_the_database_what_is_the_database_s(tables: str) -> None:
    LXWriteBack().replace(Stamped, [Stamped(number=1), Stamped(number=2)]).write()

    assert [one.number for one in Stamped.objects.exclude(at=None).order_by("id")] == [1, 2]


def test_fields_that_only_django_s_own_statements_store(tables: str) -> None:
    rows = [{"name": "a%s", "at": datetime(2024, 1, 1, tzinfo=UTC), "raw": b"\x00"}] * 1_100

    LXWriteBack().replace(Loud, rows).write()

    assert Loud.objects.filter(name="A%S", raw=b"\x00").count() == 1_100


def test_expressions_are_computed_by_the_database(tables: str) -> None:
    LXWriteBack().replace(Stamped, [{"at": Now(), "number": i} for i in (1, 2)]).write()

    assert Stamped.objects.exclude(at=None).count() == 2


def test_a_moment_that_is_given_is_written(tables: str) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC)

    LXWriteBack().replace(Sheet, [{"key": "a", "made": moment, "changed": moment}]).write()

    assert Sheet.objects.values_list("made", "changed").get() == (moment, moment)


def test_files_are_given_by_name(tables: str) -> None:
    LXWriteBack().replace(Sheet, [Sheet(file="plans/a.csv")]).write()

    assert Sheet.objects.get().file.name == "plans/a.csv"
    with pytest.raises(LXWriteError, match=r"row 0 has a file in 'file' that is not stored yet"):
        LXWriteBack().replace(Sheet, [Sheet(file=ContentFile(b"x", "b.csv"))]).write()


# Whose transaction


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
    there = (Skill, Stock, Label)
    with connections["replica"].schema_editor() as editor:
        for model in there:
            editor.create_model(model)
    try:
        with settings_with(DATABASE_ROUTERS=[ToReplica()]):
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
    with pytest.raises(LXWriteError, match=r"write\(\) got .*where the alias of a database belongs.*'default'"):
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
    place = {"host": database["HOST"], "port": int(database["PORT"] or 5432), "database": database["NAME"]}
    return URL.create("postgresql+psycopg", database["USER"], database["PASSWORD"] or None, **place)


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


# Refused before the first statement

WRONG: dict[str, tuple[Any, Any, str]] = {
    "NULL": (Schedule, [{"product_id": None, "quantity": 1.0}], "'product_id' is NULL"),
    "a part of a key": (Schedule, [{"product_id": 1.5, "quantity": 1.0}], r"'product_id' is 1\.5"),
    "text too long": (Schedule, [{"product_id": 1, "quantity": 1.0, "note": "x" * 11}], "has 11 characters"),
    "a relationship": (Schedule, [{"product": 1, "quantity": 1.0}], r"Schedule\.product is no column.*'product_id'"),
    "a set": (Schedule, [{"batches": [], "quantity": 1.0}], r"Schedule\.batches is no column.*write that model too"),
    "the key by its other name": (Schedule, [{"pk": 1}], r"Schedule\.pk is no column.*'id'"),
    "a generic key": (Label, [{"about": None}], r"Label\.about .*'content_type_id' and 'object_id'"),
    "a text that is left out": (Skill, [{"id": 1}], r"no 'name', which Skill needs"),
    "a repeated one-to-one": (Schedule, [Made(1, 1.0), Made(1, 2.0)], "rows 0 and 1 both have product_id=1"),
    "a repeated constraint": (
        Stock,
        [{"plant_id": 1, "product_id": 1, "quantity": 1.0}] * 2,
        "rows 0 and 1 both have plant_id=1, product_id=1",
    ),
    "unique together": (Batch, [{"schedule_id": 1, "number": 1}] * 2, "both have schedule_id=1, number=1"),
    "a generated column": (Doubled, [{"number": 1, "twice": 2}], r"Doubled\.twice is computed by the database"),
    "two tables": (Truck, [], "Truck inherits from the model Vehicle, .*two tables"),
    "a file": (Sheet, [{"file": ContentFile(b"x", "a")}], r"'file' is <ContentFile.*not text"),
}


@pytest.mark.parametrize(("model", "rows", "message"), WRONG.values(), ids=WRONG)
def test_rows_that_fields_do_not_take_are_refused_before_anything_is_sent(
    tables: str, statements: list[str], model: Any, rows: Any, message: str
) -> None:
    with pytest.raises(LXWriteError, match=message):
        LXWriteBack().replace(model, rows).write()

    assert statements == []


def test_instances_that_were_saved_are_refused(tables: str) -> None:
    with pytest.raises(LXWriteError, match="row 0 is an instance of Schedule that was saved or read"):
        LXWriteBack().replace(Schedule, list(Schedule.objects.all())).write()


def test_instances_take_the_key_that_their_row_got_later(tables: str) -> None:
    Schedule.objects.all().delete()  # the database counts from 1 on
    vehicle = Schedule(product_id=3, quantity=1.0)
    batch = Batch(schedule=vehicle, number=1)
    vehicle.save()

    LXWriteBack().replace(Batch, [batch]).write()

    assert Batch.objects.get().schedule_id == vehicle.id


# Refused by the database, or for its sake


def test_a_foreign_key_without_a_constraint_may_lead_nowhere(tables: str) -> None:
    LXWriteBack().replace(Loose, [{"schedule_id": 77}]).write()
    LXWriteBack().replace(Schedule, ROWS).write()

    assert Loose.objects.get().schedule_id == 77


@pytest.mark.parametrize("keys", [(1, 2, 3), (7, 8, 9)], ids=["the same keys", "other keys"])
@pytest.mark.parametrize("where", [None, {"note": None}], ids=["all", "some"])
def test_rows_that_others_refer_to_are_not_replaced(tables: str, where: Any, keys: tuple[int, ...]) -> None:
    rows = [{"id": key, **row} for key, row in zip(keys, ROWS, strict=True)]
    back = LXWriteBack().replace(Schedule, rows, where=where)
    Batch.objects.create(schedule_id=1, number=1)

    with pytest.raises(LXWriteError, match=r"cannot be deleted, since other rows refer.*1 row.*'workshop_batch'"):
        back.write()

    assert (plan(), Batch.objects.count()) == (OLD, 1)


@pytest.mark.parametrize("model", [Report, Link])
def test_rows_that_django_would_delete_or_change_too_are_named(tables: str, model: Any) -> None:
    model.objects.create(schedule_id=1)
    name = model._meta.db_table

    with pytest.raises(LXWriteError, match=rf"would change 1 row\(s\) of the table '{name}'"):
        LXWriteBack().replace(Schedule, ROWS).write()
    assert (plan(), model.objects.get().schedule_id) == (OLD, 1)

    LXWriteBack().replace(Schedule, ROWS).replace(model, []).write()
    assert (plan(), model.objects.count()) == (NEW, 0)


def test_rows_that_are_not_replaced_may_be_referred_to(tables: str) -> None:
    Schedule.objects.filter(id=2).update(note="mine")
    Report.objects.create(schedule_id=1)

    LXWriteBack().replace(Schedule, [{"product_id": 3, "quantity": 1.0}], where={"note": "mine"}).write()

    assert plan() == {1: 10.0, 3: 1.0}


def test_rows_that_lead_there_by_a_generic_key_are_seen(tables: str) -> None:
    ContentType.objects.clear_cache()  # which may know one that another test has rolled back
    stock = Stock.objects.create(plant_id=1, product_id=1, quantity=1.0)
    Label.objects.create(content_type=ContentType.objects.get_for_model(Stock), object_id=stock.id)

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'workshop_label'"):
        LXWriteBack().replace(Stock, []).write()

    assert Stock.objects.count() == 1


def test_rows_that_are_the_base_of_others_stay(tables: str) -> None:
    Truck.objects.create(name="truck", load=1.0)

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'workshop_truck'"):
        LXWriteBack().replace(Vehicle, []).write()

    assert Truck.objects.get().name == "truck"
    Truck.objects.all().delete()


def test_a_value_that_a_field_cannot_store_is_named(tables: str) -> None:
    with pytest.raises(LXWriteError, match=r"Sheet\.day cannot store 'tomorrow'.*DateField"):
        LXWriteBack().replace(Sheet, [{"day": "tomorrow"}]).write()

    assert Sheet.objects.count() == 0


def test_a_zero_in_an_auto_field(tables: str) -> None:
    back = LXWriteBack().replace(Skill, [{"id": 0, "name": "none"}])
    if tables == "mysql":
        with pytest.raises(LXWriteError, match=r"Skill\.id cannot store 0"):
            back.write()
        return

    back.write()

    assert Skill.objects.get().id == 0


def test_a_check_that_does_not_hold(tables: str) -> None:
    with pytest.raises(LXWriteError, match="the database refused the rows"):
        LXWriteBack().replace(Stock, [{"plant_id": 1, "product_id": 1, "quantity": -1.0}]).write()

    assert Stock.objects.count() == 0


def test_rows_without_any_value_are_refused(tables: str) -> None:
    with pytest.raises(LXWriteError, match="The rows of Sheet have no value at all"):
        LXWriteBack().replace(Sheet, [{"key": None}]).write()


def test_copy_is_used_only_where_the_table_takes_it(tables: str, copied: list[str]) -> None:
    if tables != "postgresql":
        pytest.skip("COPY is PostgreSQL's")
    with connection.cursor() as cursor:
        cursor.execute("CREATE RULE no_copy AS ON INSERT TO workshop_task DO ALSO NOTHING")
        LXWriteBack().replace(Task, range(1, 500), key="id").write()
        cursor.execute("DROP RULE no_copy ON workshop_task")

    assert (Task.objects.count(), copied) == (499, [])


def test_a_model_in_a_table_of_myisam_is_refused(tables: str) -> None:
    if tables != "mysql":
        pytest.skip("other databases have none")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE workshop_cell ENGINE=MyISAM")
        try:
            with pytest.raises(LXWriteError, match="'workshop_cell' is kept by the storage engine MyISAM"):
                LXWriteBack().replace(Cell, []).write()
        finally:
            cursor.execute("ALTER TABLE workshop_cell ENGINE=InnoDB")
