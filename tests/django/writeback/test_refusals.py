"""What is refused before the first statement, and what the database refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection
from workshop.models import (
    Batch,
    Cell,
    Doubled,
    Label,
    Link,
    Loose,
    Report,
    Schedule,
    Sheet,
    Skill,
    Stock,
    Task,
    Truck,
    Vehicle,
)

from lumix import LXWriteBack, LXWriteError
from tests.django.writeback.plans import NEW, OLD, ROWS, plan


@dataclass
class Made:
    product_id: int
    quantity: float


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
