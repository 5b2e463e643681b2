"""What lands in the tables of models when it is written back, field by field."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models.functions import Now
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from workshop.models import (
    Cell,
    Colour,
    CurrentSchedule,
    Good,
    Legacy,
    Loud,
    OwnRun,
    PlanRun,
    Schedule,
    Sheet,
    Skill,
    Stamped,
    Stock,
)

from lumix import LXLinearExpression, LXModel, LXOptimizer, LXSolution, LXVariable, LXWriteBack, LXWriteError
from tests.django.writeback.plans import NEW, ROWS, plan


def solve(upper: float = 5.5) -> LXSolution:
    """A solution that makes ``upper`` of each product."""
    made = LXVariable[Good, float]("made").bounds(0, upper).from_model(Good)
    return LXOptimizer().solve(LXModel("plan").add_variable(made).maximize(LXLinearExpression().add_term(made)))


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
