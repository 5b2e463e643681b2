"""Rows of tables without a model, which the database would delete or change along."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from workshop.models import Cell, Place

from lumix import LXWriteBack, LXWriteError

NOTES = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, place INTEGER, a INTEGER, b INTEGER,
    CONSTRAINT of_place FOREIGN KEY (place) REFERENCES workshop_place (id) ON DELETE {rule},
    CONSTRAINT of_cell FOREIGN KEY (a, b) REFERENCES workshop_cell ({row}, {column}) ON DELETE {rule})"""


def run(sql: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(params=["CASCADE", "SET NULL"])
def notes(tables: str, request: pytest.FixtureRequest) -> Iterator[None]:
    Place.objects.bulk_create([Place(id=1, name="north"), Place(id=2, name="North"), Place(id=3, name="south")])
    Cell.objects.bulk_create([Cell(row=1, column=1, value=1.0), Cell(row=1, column=2, value=1.0)])
    row, column = (connection.ops.quote_name(name) for name in ("row", "column"))
    run(NOTES.format(rule=request.param, row=row, column=column))
    try:
        run("INSERT INTO notes VALUES (1, 2, 1, 2), (2, NULL, NULL, NULL)")
        yield
    finally:
        run("DROP TABLE notes")


def test_rows_of_unknown_tables_stay(notes: None) -> None:
    for where in ({}, {"name": "North"}, {"id": 2}):
        with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'notes'"):
            LXWriteBack().replace(Place, [{"name": "North", "id": 2}], where=where).write()
    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'notes'"):
        LXWriteBack().replace(Cell, [{"column": 9, "value": 1.0}], where={"row": 1}).write()

    assert run("SELECT id, place, a, b FROM notes ORDER BY id") == [(1, 2, 1, 2), (2, None, None, None)]
    assert Place.objects.count() == 3


def test_rows_to_which_none_refers_are_replaced(notes: None) -> None:
    for name, key in (("north", 1), ("south", 3)):
        assert LXWriteBack().replace(Place, [{"id": key}], where={"name": name}).write().deleted == {Place: 1}
    LXWriteBack().replace(Cell, [{"row": 1, "value": 2.0}], where={"column": 1}).write()

    assert run("SELECT id, place, a, b FROM notes ORDER BY id") == [(1, 2, 1, 2), (2, None, None, None)]
