"""What writing rows of Django's models back costs, beside the driver's own bulk insert and Django's ways, in one run.

Run it with ``python benchmarks/writeback/writeback_django.py [database ...] [--rows N]``; README.md says what each line
is.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import django
import pymysql
from django.conf import settings
from django.db import connection, connections, models, transaction
from django.db.utils import OperationalError
from writeback import COLUMNS, REPEATS, REPEATS_OF_SLOW, ROWS, SERVERS, columns, family, plain

from lumix import LXWriteBack

ENGINES = {"postgresql": "django.db.backends.postgresql", "mariadb": "django.db.backends.mysql"}
ENTRANCES = {"postgresql": "postgres", "mariadb": "mysql"}
pymysql.install_as_MySQLdb()
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()


class Plan(models.Model):
    """A plan of five columns and a key that the database makes."""

    product_id = models.IntegerField()
    machine_id = models.IntegerField()
    period = models.IntegerField()
    quantity = models.FloatField()
    label = models.CharField(max_length=40)

    class Meta:
        app_label = "writeback"
        db_table = "plans"


class Quantity(models.Model):
    """The values of one family."""

    product_id = models.IntegerField(primary_key=True)
    quantity = models.FloatField()

    class Meta:
        app_label = "writeback"
        db_table = "quantities"


def run(title: str, model: Any, rows: int, contenders: dict[str, Callable[[], Any]]) -> None:
    """Time the contenders by turns, each in a transaction that is rolled back, and print medians."""
    print(f"\n### {title}, {rows:,} rows\n\n|  | ms | best | ratio |\n| --- | ---: | ---: | ---: |")
    times: dict[str, list[float]] = {}
    for repeat in range(REPEATS + 1):
        for name, write in contenders.items():
            if repeat >= REPEATS_OF_SLOW and name.startswith("Django"):
                continue
            seconds = seconds_of(write, model, rows)
            if repeat:  # the first of each is to warm up
                times.setdefault(name, []).append(seconds)
    floor = statistics.median(next(iter(times.values())))
    for name, found in times.items():
        median = statistics.median(found)
        print(f"| {name} | {median * 1000:,.0f} | {min(found) * 1000:,.0f} | {median / floor:.2f} |")
    sys.stdout.flush()


def seconds_of(write: Callable[[], Any], model: Any, rows: int) -> float:
    with transaction.atomic():
        gc.collect()
        began = time.perf_counter()
        write()
        seconds = time.perf_counter() - began
        assert model.objects.count() == rows
        transaction.set_rollback(True)
    return seconds


def plans(name: str, rows: int) -> None:
    given = columns(rows)
    tuples = list(zip(*(plain(given[column]) for column in COLUMNS), strict=True))
    dicts = [dict(zip(COLUMNS, row, strict=True)) for row in tuples]
    contenders = {
        **floors("plans", COLUMNS, lambda: tuples),
        "LumiX, columns of numpy": lambda: LXWriteBack().replace(Plan, given).write(),
        "LumiX, mappings": lambda: LXWriteBack().replace(Plan, dicts).write(),
        "Django, bulk_create": lambda: _after_delete(Plan).bulk_create([Plan(**one) for one in dicts]),
        "Django, bulk_create(batch_size=5000)": lambda: _after_delete(Plan).bulk_create(
            [Plan(**one) for one in dicts], batch_size=5_000
        ),
    }
    run(f"{name} with Django: a plan of five columns", Plan, rows, contenders)


def quantities(name: str, rows: int) -> None:
    values = family(rows)
    contenders = {
        **floors("quantities", ("product_id", "quantity"), lambda: list(values.items())),
        "LumiX": lambda: LXWriteBack().replace(Quantity, values, key="product_id", value="quantity").write(),
    }
    run(f"{name} with Django: the values of a family", Quantity, rows, contenders)


def floors(table: str, names: tuple[str, ...], rows: Callable[[], list[Any]]) -> dict[str, Callable[[], Any]]:
    """Return the driver's own ways; they delete what was there too."""
    mark = "?" if connection.vendor == "sqlite" else "%s"
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"

    def executemany() -> None:
        cursor = connection.connection.cursor()
        cursor.execute(f"DELETE FROM {table}")
        cursor.executemany(sql, rows())
        cursor.close()

    def copy() -> None:
        with connection.connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copying:
                for row in rows():
                    copying.write_row(row)

    if connection.vendor == "postgresql":
        return {"floor: the driver's COPY, row by row": copy, "the driver's executemany": executemany}
    return {"floor: the driver's executemany": executemany}


def _after_delete(model: Any) -> Any:
    model.objects.all().delete()
    return model.objects


@contextmanager
def database(name: str) -> Iterator[None]:
    """Let the default alias mean a database of its own."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield from _used({"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder) / "plans.db")})
        return
    made = f"lumix_bench_{uuid4().hex[:8]}"
    _command(name, f"CREATE DATABASE {made}")
    try:
        yield from _used(_position(name, made))
    finally:
        _command(name, f"DROP DATABASE {made}")


def _position(name: str, made: str) -> dict[str, Any]:
    url = urlsplit(SERVERS[name])
    return {
        "ENGINE": ENGINES[name],
        "NAME": made,
        "HOST": url.hostname,
        "PORT": str(url.port or ""),
        "USER": url.username,
        "PASSWORD": url.password or "",
    }


def _command(name: str, sql: str) -> None:
    _use(_position(name, ENTRANCES[name]))
    connection.cursor().execute(sql)
    connection.close()


def _used(position: dict[str, Any]) -> Iterator[None]:
    _use(position)
    with connection.schema_editor() as editor:
        for model in (Plan, Quantity):
            editor.create_model(model)
    yield
    connection.close()


def _use(position: dict[str, Any]) -> None:
    connection.close()
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": position})["default"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time write-backs of Django's models beside the driver's own.")
    parser.add_argument("databases", nargs="*", default=["sqlite", *SERVERS], help="default: %(default)s")
    parser.add_argument("--rows", type=int, default=ROWS)
    chosen = parser.parse_args()
    for name in chosen.databases:
        try:
            with database(name):
                quantities(name, chosen.rows)
                plans(name, chosen.rows)
        except OperationalError as error:
            print(f"\n{name} cannot be reached: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
