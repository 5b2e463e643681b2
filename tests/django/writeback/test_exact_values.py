"""Rows that are selected by a value: exactly those that have it, whatever the database takes for equal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import models
from workshop.models import Hour, Place, PlaceLine

from lumix import LXWriteBack, LXWriteError

VALUES = ("north", "North", "NORTH", "north ", " north", "nörth")


@pytest.fixture
def places(tables: str) -> str:
    Place.objects.bulk_create(Place(id=i, name=v, long=v, code=v) for i, v in enumerate(VALUES, start=1))
    return tables


@pytest.mark.parametrize("name", ["name", "long", "code"])
@pytest.mark.parametrize("wanted", ["north", "North", "north ", "nörth"])
def test_only_rows_with_the_very_text_are_replaced(places: str, name: str, wanted: str) -> None:
    for _ in range(2):
        written = LXWriteBack().replace(Place, [{"id": 99}], where={name: wanted}).write()
        assert written.deleted == {Place: 1}

    kept = dict(Place.objects.values_list(name, "id"))
    assert kept == {**{value: i for i, value in enumerate(VALUES, start=1)}, wanted: 99}


def test_null_is_a_value(places: str) -> None:
    Place.objects.create(id=50)

    LXWriteBack().replace(Place, [{"id": 51}], where={"name": None}).write()

    assert set(Place.objects.filter(id__gte=50).values_list("id", flat=True)) == {51}


def test_rows_of_the_same_table_that_stay_refer_to_them(places: str) -> None:
    first = PlaceLine.objects.create(id=1, label="north")
    PlaceLine.objects.create(id=2, label="NORTH", after=first)

    with pytest.raises(LXWriteError, match=r"would change 1 row\(s\) of the table 'workshop_placeline'"):
        LXWriteBack().replace(PlaceLine, [{"id": 3}], where={"label": "north"}).write()

    assert PlaceLine.objects.count() == 2


def test_those_that_refer_and_are_not_replaced_are_found(places: str) -> None:
    PlaceLine.objects.create(id=1, label="a", place_id=2)

    LXWriteBack().replace(Place, [{"id": 99}], where={"name": "north"}).write()
    with pytest.raises(LXWriteError, match=r"1 row\(s\) of the table 'workshop_placeline'"):
        LXWriteBack().replace(Place, [{"id": 98}], where={"name": "North"}).write()

    assert models.QuerySet(Place).filter(id=2).exists()


BERLIN = ZoneInfo("Europe/Berlin")
HOURS = [(datetime(2024, 10, 26, 22, tzinfo=UTC) + timedelta(hours=i)).astimezone(BERLIN) for i in range(25)]


def test_the_hour_that_comes_twice(tables: str) -> None:
    back = LXWriteBack().replace(Hour, [{"at": hour, "kwh": float(i)} for i, hour in enumerate(HOURS)])

    for _ in range(2):
        assert back.write()[Hour] == 25
    for hour in HOURS[2:5]:
        assert LXWriteBack().replace(Hour, [{"kwh": -1.0}], where={"at": hour}).write().deleted == {Hour: 1}

    assert Hour.objects.values("at").distinct().count() == 25
    assert Hour.objects.filter(kwh=-1.0).count() == 3


def test_rows_have_the_moment_that_they_are_selected_by(tables: str) -> None:
    assert HOURS[3].fold == 1
    rows = [{"at": HOURS[2], "kwh": 1.0}]

    with pytest.raises(LXWriteError, match=r"but only rows with 'at' = .*are replaced"):
        LXWriteBack().replace(Hour, rows, where={"at": HOURS[3]}).write()

    LXWriteBack().replace(Hour, rows, where={"at": HOURS[2].astimezone(UTC)}).write()
    assert Hour.objects.count() == 1
