"""Moments of the hour that comes twice, which Python takes for equal and databases do not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lumix.writeback.checks import checked_values
from lumix.writeback.input_rows import GivenRows
from lumix.writeback.instants import instant, with_instants
from lumix.writeback.ordering import parents_first
from lumix_core import LXWriteError
from lumix_core.rows import Reference, WrittenField, WrittenTable

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2024, 10, 27, 2, tzinfo=BERLIN)
SECOND = FIRST.replace(fold=1)


def table(*references: Reference) -> WrittenTable:
    fields = {name: WrittenField(name, "other", nullable=True) for name in ("at", "after", "plant")}
    return WrittenTable(type("Slot", (), {}), "slots", fields, ("at",), (("plant", "after"),), references, {})


def given(**columns: list[Any]) -> GivenRows:
    return GivenRows("write", columns, len(next(iter(columns.values()))))


def test_both_hours_are_written() -> None:
    assert FIRST == SECOND

    columns = checked_values(table(), given(at=[FIRST, SECOND]))

    assert [value.fold for value in columns["at"]] == [0, 1]


def test_one_hour_in_two_time_zones_is_one() -> None:
    assert FIRST.astimezone(UTC) != FIRST

    with pytest.raises(LXWriteError, match="rows 0 and 1 both have at="):
        checked_values(table(), given(at=[FIRST, FIRST.astimezone(UTC)]))


def test_keys_of_several_parts() -> None:
    checked_values(table(), given(plant=["a", "a"], after=[FIRST, SECOND]))

    with pytest.raises(LXWriteError, match="rows 1 and 2 both have plant='a', after="):
        checked_values(table(), given(plant=["a", "a", "a"], after=[FIRST, SECOND, SECOND.astimezone(UTC)]))


def test_an_hour_comes_after_the_one_that_it_refers_to() -> None:
    reference = Reference(("after",), "slots", ("at",), None, ("at",))
    columns = {"at": [SECOND, FIRST], "after": [FIRST, None]}

    ordered = parents_first(table(reference), columns, given(**columns))

    assert [value.fold for value in ordered["at"]] == [0, 1]


def test_moments_without_a_time_zone_are_left_as_they_are() -> None:
    naive = datetime(2024, 10, 27, 2)

    assert with_instants([naive, None, naive.date()]) == [naive, None, naive.date()]


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_the_first_and_the_last_moment(moment: datetime) -> None:
    for name in ("Etc/GMT-12", "Etc/GMT+12"):
        there = moment.replace(tzinfo=ZoneInfo(name))
        assert instant(there) == there
