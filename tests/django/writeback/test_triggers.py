"""Triggers that leave out rows to be inserted or keep rows to be deleted: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from workshop.models import Place

from lumix import LXWriteBack, LXWriteError

BODIES = {
    "sqlite": "CREATE TRIGGER closed BEFORE {event} ON workshop_place WHEN {row}.name = 'north' "
    "BEGIN SELECT RAISE(IGNORE); END",
    "postgresql": "CREATE TRIGGER closed BEFORE {event} ON workshop_place FOR EACH ROW WHEN ({row}.name = 'north') "
    "EXECUTE FUNCTION nothing()",
}
NOTHING = "CREATE OR REPLACE FUNCTION nothing() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql"
KEPT, LEFT_OUT = r"holds 2 in their place: it has kept 1\b", r"holds 1 in their place: it has left out 1\b"


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture(params=["INSERT", "DELETE"])
def event(tables: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An event that does nothing to the place in the north."""
    if connection.vendor not in BODIES:
        pytest.skip("its triggers leave out and keep no rows")
    Place.objects.bulk_create([Place(id=1, name="north"), Place(id=2, name="south")])
    if connection.vendor == "postgresql":
        run(NOTHING)
    run(BODIES[connection.vendor].format(event=request.param, row="NEW" if request.param == "INSERT" else "OLD"))
    yield request.param
    run("DROP TRIGGER closed" + (" ON workshop_place" if connection.vendor == "postgresql" else ""))


def test_rows_that_a_trigger_keeps_or_leaves_out_are_missed(event: str) -> None:
    rows = [{"id": 3, "name": "north"}, {"id": 4, "name": "west"}] if event == "INSERT" else [{"id": 3, "name": "west"}]

    with pytest.raises(LXWriteError, match=LEFT_OUT if event == "INSERT" else KEPT):
        LXWriteBack().replace(Place, rows).write()

    assert list(Place.objects.order_by("id").values_list("id", "name")) == [(1, "north"), (2, "south")]


def test_rows_of_which_a_trigger_changes_none_are_written(event: str) -> None:
    LXWriteBack().replace(Place, [{"id": 3}], where={"name": "south"}).write()

    assert list(Place.objects.order_by("id").values_list("id", "name")) == [(1, "north"), (3, "south")]
