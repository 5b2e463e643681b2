"""Values that a column cannot hold, as only the database knows: refused as a whole, and never stored as others."""

from __future__ import annotations

import pytest
from django.db import connection
from workshop.models import Good, Schedule

from lumix import LXWriteBack, LXWriteError


@pytest.mark.parametrize("size", [3, 500])
@pytest.mark.parametrize("unfit", [{"stock": 2**40}, {"id": 2**40}], ids=["stock", "key"])
def test_numbers_that_are_too_large_are_refused(tables: str, unfit: dict[str, int], size: int) -> None:
    if tables == "sqlite":
        pytest.skip("SQLite stores any number in any column")
    rows = [{"id": i, "name": f"good {i}", "stock": 1} for i in range(10, 10 + size)]
    rows[-1] |= unfit

    with pytest.raises(LXWriteError, match=r"^LXWriteBack\.replace\(Good\): "):
        LXWriteBack().replace(Schedule, []).replace(Good, rows).write()

    assert Schedule.objects.count() == 2
    assert Good.objects.count() == 3


def test_a_database_that_stores_other_values_is_refused(tables: str) -> None:
    if tables != "mysql":
        pytest.skip("other databases are always strict")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
    try:
        with pytest.raises(LXWriteError, match=r"^The connection is not in strict mode .* SET SESSION sql_mode"):
            LXWriteBack().replace(Good, [{"id": 9, "name": "good", "stock": 2**40}], where={"name": "good"}).write()
    finally:
        connection.close()
