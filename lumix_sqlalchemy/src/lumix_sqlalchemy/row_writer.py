"""Deletes, updates, inserts and looks up rows over one connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Executable,
    FromClause,
    Table,
    and_,
    case,
    delete,
    func,
    inspect,
    select,
    text,
    tuple_,
)
from sqlalchemy import update as update_statement
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.elements import ColumnElement

from lumix_core.errors import LXWriteError
from lumix_core.rows import KEEPING, Key, ReferringKey, WrittenTable, advisory_lock_statements, existing_keys
from lumix_sqlalchemy.bulk import insert_columns
from lumix_sqlalchemy.conditions import column_of, conditions
from lumix_sqlalchemy.foreign_keys import checks_references, column_named, named_table, referring_to
from lumix_sqlalchemy.savepoints import savepoint

KEYS_A_QUERY = 400
"""The number of keys of one query; databases limit a statement's parameters."""


class StillReferred(Exception):  # noqa: N818 - it never reaches a user
    """Rows that stay refer to rows to be deleted, and the database does not check it."""


class ConnectionWriter:
    """Writes over a connection that has begun a transaction.

    ``changed`` holds the tables whose rows were deleted or changed.
    """

    integrity_errors = (IntegrityError, DataError, StillReferred)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.changed: set[Table] = set()

    @cached_property
    def checks_references(self) -> bool:
        """False where foreign keys are off."""
        return checks_references(self.connection)

    def savepoint(self) -> AbstractContextManager[object]:
        """Return a block that leaves nothing behind if it fails."""
        return savepoint(self.connection)

    def cascades(self, table: WrittenTable, where: Mapping[str, Any]) -> Mapping[str, int]:
        """Return how many rows of other tables refer to rows that would be deleted, and would go or change too."""
        counts: dict[str, int] = {}
        for key in referring_to(self.connection, table_of(table.cls)):
            if key.changes and (count := self._count_referring(key, table, where)):
                counts[key.table] = counts.get(key.table, 0) + count
        return counts

    def _count_referring(self, key: ReferringKey, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Return how many rows that stay refer by a foreign key to rows that would be deleted."""
        target = table_of(table.cls)
        own = key.table == target.name and key.schema in (None, target.schema)
        if own and not where:
            return 0
        child = (target if own else named_table(key)).alias("referring")
        pairs = [
            column_named(child, name) == column_named(target, other)
            for name, other in zip(key.columns, key.targets, strict=True)
        ]
        statement = select(func.count()).select_from(child.join(target, and_(*pairs)))
        statement = statement.where(*self._conditions(target, table, where))
        if own:  # those that are deleted themselves do not count
            chosen = and_(*self._conditions(child, table, where))
            statement = statement.where(func.coalesce(case((chosen, 1)), 0) == 0)
        return int(self._run(statement).scalar() or 0)

    def count(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Return how many rows there are."""
        target = table_of(table.cls)
        statement = select(func.count()).select_from(target).where(*self._conditions(target, table, where))
        return int(self._run(statement).scalar() or 0)

    def stored(self, table: WrittenTable, where: Mapping[str, Any]) -> int | None:
        """Return how many rows there are now; None on databases whose triggers keep and leave out none."""
        return self.count(table, where) if self.connection.dialect.name in KEEPING else None

    def delete(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Delete rows and return how many.

        Raises:
            StillReferred: rows that stay refer to them, and the database does not check it.
        """
        target = table_of(table.cls)
        self.changed.add(target)
        self._take_advisory_locks(table, where)
        self._check_referring(table, where)
        return int(self._run(delete(self._entity(table)).where(*self._conditions(target, table, where))).rowcount)

    def _check_referring(self, table: WrittenTable, where: Mapping[str, Any]) -> None:
        if self.checks_references:
            return
        for key in referring_to(self.connection, table_of(table.cls)):
            if count := self._count_referring(key, table, where):
                raise StillReferred(f"{count:,} row(s) of the table {key.table!r}")

    def update(self, table: WrittenTable, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Set attributes of rows and return how many rows there are."""
        target = table_of(table.cls)
        self.changed.add(target)
        statement = update_statement(self._entity(table)).where(*self._conditions(target, table, where))
        return int(self._run(statement.values(self._stored(table, values))).rowcount)

    def insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        """Insert rows by the fastest statement that gives exactly what SQLAlchemy's own would."""
        self.changed.add(table_of(table.cls))
        self._check_zeros(table, columns)
        self._insert(table, columns)

    def _insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        named = {column_of(table.cls, name): values for name, values in columns.items()}
        insert_columns(self.connection, table_of(table.cls), named)

    def _run(self, statement: Executable) -> Any:
        """Run a statement and return its result."""
        return self.connection.execute(statement)

    def _entity(self, table: WrittenTable) -> Any:
        """Return what is deleted from and changed."""
        return table_of(table.cls)

    def _stored(self, table: WrittenTable, values: Mapping[str, Any]) -> Mapping[Any, Any]:
        """Return values by what a statement names them by."""
        return {column_of(table.cls, name): value for name, value in values.items()}

    def _conditions(
        self, source: FromClause, table: WrittenTable, where: Mapping[str, Any]
    ) -> list[ColumnElement[bool]]:
        return conditions(source, table, where, self.connection.dialect)

    def _take_advisory_locks(self, table: WrittenTable, where: Mapping[str, Any]) -> None:
        if self.connection.dialect.name != "postgresql":
            return
        for statement, name in advisory_lock_statements(table, where, ":name"):
            self.connection.execute(text(statement), {"name": name})

    def _check_zeros(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        """Refuse a 0 that MySQL and MariaDB would replace by the next number."""
        if self.connection.dialect.name not in ("mysql", "mariadb"):
            return
        counted = table_of(table.cls).autoincrement_column
        for name, values in columns.items():
            if column_of(table.cls, name) is counted and 0 in values:
                raise LXWriteError(
                    f"{table.cls.__name__}.{name} is 0 in one of the rows, and {self.connection.dialect.name} puts the "
                    f"next number in place of a 0 in an AUTO_INCREMENT column. Declare the column with "
                    f"autoincrement=False, or give another key. Nothing was written."
                )

    def existing(self, target: Any, names: Sequence[str], keys: Sequence[Key]) -> set[Key]:
        """Return those of some keys that rows have."""
        columns = [target.c[name] if isinstance(target, Table) else column_of(target, name) for name in names]
        return existing_keys(keys, partial(self._asked, columns), KEYS_A_QUERY)

    def _asked(self, columns: Sequence[Column[Any]], keys: Sequence[Key]) -> set[Key]:
        alone = len(columns) == 1
        condition = columns[0].in_([key[0] for key in keys]) if alone else tuple_(*columns).in_(keys)
        return {tuple(row) for row in self._run(select(*columns).where(condition))}


def table_of(cls: type) -> Table:
    """Return the table of a class that has one of its own."""
    mapper: Mapper[Any] = inspect(cls)
    assert isinstance(mapper.local_table, Table)
    return mapper.local_table
