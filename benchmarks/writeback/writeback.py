"""What writing rows back costs, beside the driver's own bulk insert and SQLAlchemy's ways, in one run.

Run it with ``python benchmarks/writeback/writeback.py [database ...] [--rows N]``; README.md says what each line is.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from sqlalchemy import Engine, String, create_engine, delete, func, insert, make_url, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from lumix import LXLinearExpression, LXModel, LXOptimizer, LXVariable, LXWriteBack

ROWS = 100_000
REPEATS = 7
REPEATS_OF_SLOW = 3
SERVERS = {
    "postgresql": os.environ.get("LUMIX_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("LUMIX_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
}
COLUMNS = ("product_id", "machine_id", "period", "quantity", "label")


class Base(DeclarativeBase):
    pass


class Plan(Base):
    """A plan of five columns and a key that the database makes."""

    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int]
    machine_id: Mapped[int]
    period: Mapped[int]
    quantity: Mapped[float]
    label: Mapped[str] = mapped_column(String(40))


class Quantity(Base):
    """The values of one family."""

    __tablename__ = "quantities"
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[float]


def columns(rows: int) -> dict[str, Any]:
    numbers = np.arange(rows)
    return {
        "product_id": numbers % 1_000,
        "machine_id": numbers % 50,
        "period": numbers // 1_000,
        "quantity": np.random.default_rng(1).random(rows) * 100,
        "label": [f"plan {i}" for i in range(rows)],
    }


def family(rows: int) -> Any:
    """Return the values of a solution with a variable for each row."""
    x = LXVariable[int, float]("x").bounds(0, lambda i: i + 0.5).indexed_by(lambda i: i).from_data(range(rows))
    model = LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x))
    return LXOptimizer().solve(model).variables["x"]


class Table:
    """Rows of medians, each also as a multiple of the first."""

    def __init__(self, title: str, engine: Engine, cls: type[Base], rows: int) -> None:
        print(f"\n### {title}, {rows:,} rows\n\n|  | ms | best | ratio |\n| --- | ---: | ---: | ---: |")
        self.engine, self.cls, self.rows = engine, cls, rows
        self.times: dict[str, list[float]] = {}

    def run(self, contenders: dict[str, Callable[[Session], Any]]) -> None:
        """Time the contenders by turns, each in a session that is rolled back at last, and print them."""
        for repeat in range(REPEATS + 1):
            for name, write in contenders.items():
                if repeat >= REPEATS_OF_SLOW and name.startswith("SQLAlchemy"):
                    continue
                seconds = self.time(write)
                if repeat:  # the first of each is to warm up
                    self.times.setdefault(name, []).append(seconds)
        floor = statistics.median(next(iter(self.times.values())))
        for name, times in self.times.items():
            median = statistics.median(times)
            print(f"| {name} | {median * 1000:,.0f} | {min(times) * 1000:,.0f} | {median / floor:.2f} |")
        sys.stdout.flush()

    def time(self, write: Callable[[Session], Any]) -> float:
        with Session(self.engine) as session:
            connection = session.connection()
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            gc.collect()
            began = time.perf_counter()
            write(session)
            seconds = time.perf_counter() - began
            found = session.scalar(select(func.count()).select_from(self.cls))
            assert found == self.rows, f"{found} rows"
            session.rollback()
            return seconds


def plans(engine: Engine, rows: int) -> None:
    given = columns(rows)
    tuples = list(zip(*(plain(given[name]) for name in COLUMNS), strict=True))
    dicts = [dict(zip(COLUMNS, row, strict=True)) for row in tuples]
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    sql = f"INSERT INTO plans ({', '.join(COLUMNS)}) VALUES ({', '.join([mark] * len(COLUMNS))})"

    def replace(rows: Any) -> Callable[[Session], Any]:
        return lambda session: LXWriteBack().replace(Plan, rows).write(session)

    Table(f"{engine.dialect.name}: a plan of five columns", engine, Plan, rows).run(
        {
            **_floors(engine, "plans", COLUMNS, sql, lambda: tuples),
            "LumiX, columns of numpy": replace(given),
            "LumiX, mappings": replace(dicts),
            "SQLAlchemy, execute(insert(Plan), mappings)": lambda s: _after_delete(s, Plan).execute(
                insert(Plan), [dict(one) for one in dicts]
            ),
            "SQLAlchemy, bulk_insert_mappings": lambda s: _after_delete(s, Plan).bulk_insert_mappings(
                Plan.__mapper__, [dict(one) for one in dicts]
            ),
            "SQLAlchemy, add_all and flush": lambda s: _add_all(_after_delete(s, Plan), dicts),
        }
    )


def quantities(engine: Engine, rows: int) -> None:
    values = family(rows)
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    sql = f"INSERT INTO quantities (product_id, quantity) VALUES ({mark}, {mark})"

    def tuples() -> list[Any]:
        return list(values.items())

    Table(f"{engine.dialect.name}: the values of a family", engine, Quantity, rows).run(
        {
            **_floors(engine, "quantities", ("product_id", "quantity"), sql, tuples),
            "LumiX": lambda session: (
                LXWriteBack().replace(Quantity, values, key="product_id", value="quantity").write(session)
            ),
        }
    )


def _floors(
    engine: Engine, table: str, names: tuple[str, ...], sql: str, rows: Callable[[], list[Any]]
) -> dict[str, Callable[[Session], Any]]:
    """Return the driver's own ways; they delete what was there too."""

    def executemany(session: Session) -> None:
        with _cursor(session) as cursor:
            cursor.execute(f"DELETE FROM {table}")
            cursor.executemany(sql, rows())

    def copy(session: Session) -> None:
        with _cursor(session) as cursor:
            cursor.execute(f"DELETE FROM {table}")
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copying:
                for row in rows():
                    copying.write_row(row)

    if engine.dialect.name == "postgresql":
        return {"floor: the driver's COPY, row by row": copy, "the driver's executemany": executemany}
    return {"floor: the driver's executemany": executemany}


@contextmanager
def _cursor(session: Session) -> Iterator[Any]:
    cursor = session.connection().connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def _after_delete(session: Session, cls: type[Base]) -> Session:
    session.execute(delete(cls))
    return session


def _add_all(session: Session, dicts: list[dict[str, Any]]) -> None:
    session.add_all([Plan(**one) for one in dicts])
    session.flush()


def plain(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else values


@contextmanager
def database(name: str) -> Iterator[Engine]:
    """Return an engine on a database of its own."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield from _engine(f"sqlite:///{Path(folder) / 'plans.db'}")
        return
    entrance = create_engine(SERVERS[name], isolation_level="AUTOCOMMIT")
    made = f"lumix_bench_{uuid4().hex[:8]}"
    with entrance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {made}"))
        try:
            yield from _engine(make_url(SERVERS[name]).set(database=made))
        finally:
            connection.execute(text(f"DROP DATABASE {made}"))
            entrance.dispose()


def _engine(url: Any) -> Iterator[Engine]:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description="Time write-backs beside the driver's own bulk insert.")
    parser.add_argument("databases", nargs="*", default=["sqlite", *SERVERS], help="default: %(default)s")
    parser.add_argument("--rows", type=int, default=ROWS)
    chosen = parser.parse_args()
    for name in chosen.databases:
        try:
            with database(name) as engine:
                quantities(engine, chosen.rows)
                plans(engine, chosen.rows)
        except OperationalError as error:
            print(f"\n{name} cannot be reached: {str(error.orig).splitlines()[0]}")


if __name__ == "__main__":
    main()
