"""The toy adapter with all that an adapter may do besides, and a world for it with the tables of plans."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from lumix_core.errors import LXWriteError
from lumix_core.rows import Key, Kind, LXRowFeature, OneOf, Reference, RowClass, WrittenField, WrittenTable
from lumix_core.testing.rows.toy import Related, ToyAdapter, ToyQuery, ToyRow
from lumix_core.testing.rows.toy_world import Category, Part, Product, ToyWorld

KINDS: dict[type, Kind] = {int: "integer", float: "number", str: "text"}


class Run(ToyRow):
    id: str
    objective: float | None
    comment: str | None


class Line(ToyRow):
    id: int
    run_id: str
    product_id: int
    quantity: float


class Task(ToyRow):
    id: int
    project: int
    after_id: int | None


TABLES = """
CREATE TABLE Run (id TEXT PRIMARY KEY, objective REAL, comment TEXT);
CREATE TABLE Line (
    id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES Run, product_id INTEGER NOT NULL, quantity REAL NOT NULL
);
CREATE TABLE Task (id INTEGER PRIMARY KEY, project INTEGER NOT NULL, after_id INTEGER REFERENCES Task);
"""
REFERENCES: dict[type, tuple[str, type]] = {
    Product: ("category_id", Category),
    Part: ("product_id", Product),
    Line: ("run_id", Run),
    Task: ("after_id", Task),
}
SEEN = ("SELECT", "INSERT", "UPDATE", "DELETE", "COMMIT")


def related_of(cls: type) -> dict[str, Related]:
    return {name: one for name, one in vars(cls).items() if isinstance(one, Related)}


class FullQuery(ToyQuery):
    """A query that reads columns too, and at one moment with others."""

    def columns(self, paths: Sequence[tuple[str, ...]], flush: bool = True) -> list[list[Any]] | None:
        classes: dict[tuple[str, ...], Any] = {(): self.row_type}
        sql = f"FROM {self.row_type.__name__} AS row"
        for path in paths:
            for prefix in (path[:i] for i in range(1, len(path))):
                relation = related_of(classes[prefix[:-1]]).get(prefix[-1])
                if relation is None or relation.many:
                    return None
                if prefix not in classes:
                    classes[prefix] = relation.target
                    alias, origin = _alias(prefix), _alias(prefix[:-1])
                    sql += f" LEFT JOIN {relation.target.__name__} AS {alias} ON {alias}.id = {origin}.{relation.by}"
            if not path or path[-1] not in classes[path[:-1]].__annotations__:
                return None
        names = ", ".join(f"{_alias(path[:-1])}.{path[-1]}" for path in paths)
        found = self.identity[1].execute(f"SELECT {names} {sql} ORDER BY row.id").fetchall()
        return [list(values) for values in zip(*found, strict=True)] or [[] for _ in paths]

    def kept(self) -> Mapping[Any, Any]:
        return {}

    def snapshot(self, ends: ExitStack) -> sqlite3.Connection:
        connection = self.identity[1]
        if not connection.in_transaction:
            connection.execute("BEGIN")
            ends.callback(connection.execute, "COMMIT")
        return connection


def _alias(path: tuple[str, ...]) -> str:
    return "_".join(("row", *path))


class FullToyAdapter(ToyAdapter):
    """Reads columns and snapshots, and writes."""

    writer: type[Any]
    features = frozenset({LXRowFeature.COLUMNS, LXRowFeature.KEEPING, LXRowFeature.SNAPSHOTS, LXRowFeature.WRITING})

    def row_class(self, cls: type) -> RowClass:
        to_one = {name: one.target for name, one in related_of(cls).items() if not one.many}
        return replace(super().row_class(cls), columns=frozenset(cls.__annotations__), related=to_one)

    def query(self, target: object, handle: object | None) -> Any:
        query = super().query(target, handle)
        return None if query is None else FullQuery(*query)

    def written_table(self, cls: type) -> WrittenTable:
        behind = {
            name: "It is stored in another table." if one.many else f"Give the column behind it: {one.by!r}."
            for name, one in related_of(cls).items()
        }
        fields = {name: _field(name, hint) for name, hint in get_type_hints(cls).items()}
        references = [
            Reference((by,), target.__name__, ("id",), target, ("id",))
            for by, target in ([REFERENCES[cls]] if cls in REFERENCES else [])
        ]
        return WrittenTable(cls, cls.__name__, fields, ("id",), (), tuple(references), behind)

    def instance_values(self, row: Any) -> Mapping[str, Any]:
        if row._connection is not None:
            raise LXWriteError(f"is an instance of {type(row).__name__} that was read from the database.")
        found = {name: value for name, value in vars(row).items() if name in type(row).__annotations__}
        for name, relation in related_of(type(row)).items():
            if name in vars(row):
                found[relation.by] = vars(vars(row)[name]).get("id")
                if found[relation.by] is None:
                    raise LXWriteError(f"leads by {name!r} to a row that has no key yet. Write that row before.")
        return found

    @contextmanager
    def writing(self, handle: object | None, tables: Sequence[WrittenTable]) -> Iterator[Any]:
        if not isinstance(handle, sqlite3.Connection):
            raise LXWriteError(f"write() got {handle!r:.80} where a connection belongs. Give a connection.")
        writer = self.writer(handle)
        if handle.in_transaction:
            with writer.savepoint():
                yield writer
            return
        handle.execute("BEGIN IMMEDIATE")
        try:
            yield writer
            handle.execute("COMMIT")
        except BaseException:
            handle.execute("ROLLBACK")
            raise


def _field(name: str, hint: Any) -> WrittenField:
    kinds = [one for one in get_args(hint) or (hint,) if one is not type(None)]
    return WrittenField(name, KINDS[kinds[0]], type(None) in get_args(hint), filled=(name, hint) == ("id", int))


class ToyWriter:
    """Writes over a connection that has begun a transaction."""

    integrity_errors = (sqlite3.IntegrityError,)
    checks_references = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        self.connection.execute("SAVEPOINT toy")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO toy")
            self.connection.execute("RELEASE toy")
            raise
        self.connection.execute("RELEASE toy")

    def cascades(self, table: WrittenTable, where: Mapping[str, Any]) -> Mapping[str, int]:
        return {}

    def count(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        condition, values = _condition(where)
        (found,) = self.connection.execute(f"SELECT count(*) FROM {table.name} {condition}", values).fetchone()
        return int(found)

    def delete(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        condition, values = _condition(where)
        return self.connection.execute(f"DELETE FROM {table.name} {condition}", values).rowcount

    def update(self, table: WrittenTable, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        condition, wanted = _condition(where)
        new = ", ".join(f"{name} = ?" for name in values)
        return self.connection.execute(
            f"UPDATE {table.name} SET {new} {condition}", [*values.values(), *wanted]
        ).rowcount

    def insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        marks = ", ".join("?" * len(columns))
        rows = list(zip(*columns.values(), strict=True))
        self.connection.executemany(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", rows)

    def existing(self, target: Any, names: Sequence[str], keys: Sequence[Key]) -> set[Key]:
        where = " AND ".join(f"{name} = ?" for name in names)
        sql = f"SELECT 1 FROM {target.__name__} WHERE {where}"
        return {key for key in keys if self.connection.execute(sql, key).fetchone()}


def _condition(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    wanted = {name: one.values if isinstance(one, OneOf) else (one,) for name, one in where.items()}
    parts = [f"({' OR '.join([f'{name} IS ?'] * len(values))})" for name, values in wanted.items()]
    return f"WHERE {' AND '.join(parts)}" if parts else "", [one for values in wanted.values() for one in values]


FullToyAdapter.writer = ToyWriter


class WatchedConnection(sqlite3.Connection):
    """A connection that reports its statements before they are sent, and after."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.before: Callable[[str], object] = str
        self.after: Callable[[str], object] = str

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._watched(super().execute, sql, *values)

    def executemany(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._watched(super().executemany, sql, *values)

    def _watched(self, execute: Callable[..., sqlite3.Cursor], sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith(SEEN):
            self.before(sql)
        found = execute(sql, *values)
        if sql.startswith(SEEN) and sql != "COMMIT":
            self.after(sql)
        return found


class PlanningToyWorld(ToyWorld):
    """The world of the toy in a file, with the tables of plans."""

    Run, Line, Task = Run, Line, Task
    DatabaseError = sqlite3.Error

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(self._connected(WatchedConnection))
        self.handle.executescript(f"PRAGMA journal_mode = WAL; {TABLES}")

    def _connected(self, factory: type[sqlite3.Connection] = sqlite3.Connection) -> Any:
        connection = sqlite3.connect(self.path, isolation_level=None, factory=factory)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    @property
    def committing(self) -> Any:
        return self.handle

    def fill(self, count: int) -> None:
        self.handle.executescript(
            "DELETE FROM Line; DELETE FROM Run; UPDATE Task SET after_id = NULL; DELETE FROM Task"
        )
        super().fill(count)

    def close_transaction(self) -> None:
        if self.handle.in_transaction:
            self.handle.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.handle.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.handle.execute("ROLLBACK")
            raise
        self.handle.execute("COMMIT")

    def elsewhere(self, work: Callable[[Any], Any]) -> Any:
        with closing(self._connected()) as connection:
            return work(connection)

    @contextmanager
    def statements(self, before: Callable[[str], object], after: Callable[[str], object]) -> Iterator[None]:
        handle: Any = self.handle
        handle.before, handle.after = before, after
        try:
            yield
        finally:
            handle.before = handle.after = str
