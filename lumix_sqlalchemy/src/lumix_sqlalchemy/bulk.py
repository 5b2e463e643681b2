"""Inserts of columns: by COPY or the driver's own ``executemany`` where that gives exactly what SQLAlchemy's would.

SQLAlchemy's own execution makes a dict of each row and processes each value in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Dialect, Table, insert
from sqlalchemy.types import TypeEngine

from lumix_core.rows import batches_of_rows
from lumix_sqlalchemy.copy_in import copy_columns

Columns: TypeAlias = Mapping[Column[Any], Sequence[Any]]
BY_POSITION_TOO = ("psycopg", "psycopg2", "pymysql")
"""Drivers that take parameters by position although their dialects write them by name."""


def insert_columns(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows, at least one, given by columns of one length."""
    if _needs_own_execution(connection, table, columns):
        _insert_dicts(connection, table, columns)
        return
    whole = {**columns, **_defaults(table, columns, len(next(iter(columns.values()))))}
    kinds = {column: column.type.dialect_impl(connection.dialect) for column in whole}
    if any(kind._has_bind_expression for kind in kinds.values()):  # the database is sent expressions, not values
        _insert_dicts(connection, table, columns)
        return
    sent = {column: _bound(kinds[column], values, connection.dialect) for column, values in whole.items()}
    if not copy_columns(connection, table, sent):
        _insert_tuples(connection, table, sent)


def _needs_own_execution(connection: Connection, table: Table, columns: Columns) -> bool:
    """Whether only SQLAlchemy's own execution knows what to send: computed defaults, other schemas or drivers."""
    absent = [column.default for column in table.columns if column not in columns and column.default is not None]
    translated = connection.get_execution_options().get("schema_translate_map")
    return (
        not columns
        or any(not default.is_scalar for default in absent)
        or bool(translated)
        or _positional(connection.dialect) is None
    )


def _insert_dicts(connection: Connection, table: Table, columns: Columns) -> None:
    names = [column.key for column in columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    connection.execute(insert(table), rows)


def _defaults(table: Table, columns: Columns, size: int) -> Columns:
    """Return the columns of defaults that are one value each."""
    absent = [column for column in table.columns if column not in columns and column.default is not None]
    return {column: list(repeat(column.default.arg, size)) for column in absent}  # type: ignore[union-attr]


def _bound(kind: TypeEngine[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """Return values as a type of the dialect sends them."""
    process = kind.bind_processor(dialect)
    return values if process is None else list(map(process, values))


def _positional(dialect: Dialect) -> Dialect | None:
    """Return a dialect that writes parameters by position, as the driver of a dialect takes them; None for others."""
    if dialect.paramstyle in ("qmark", "format"):
        return dialect
    if dialect.paramstyle == "pyformat" and dialect.driver in BY_POSITION_TOO:
        return type(dialect)(paramstyle="format")  # type: ignore[call-arg]
    return None


def _insert_tuples(connection: Connection, table: Table, columns: Columns) -> None:
    dialect = _positional(connection.dialect)
    # inline: without RETURNING, since nobody asks for the keys that the database makes
    compiled: Any = insert(table).inline().compile(dialect=dialect, column_keys=[column.key for column in columns])
    by_name = {column.key: values for column, values in columns.items()}
    ordered = [by_name[name] for name in compiled.positiontup]
    for rows in batches_of_rows(ordered):
        connection.exec_driver_sql(compiled.string, rows)
