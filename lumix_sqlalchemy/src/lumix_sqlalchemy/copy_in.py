"""COPY, PostgreSQL's statement that inserts many rows at once, over the session's own connection of psycopg.

A text is sent for each value, so only values are sent whose text is exact for the column's type; the rest is left to
``INSERT``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Table,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator, TypeEngine

from lumix_core.rows import MAY_COPY, ROWS_AT_LEAST, Writer, blocks, text_writer

# The statement that returns whether a table takes COPY.
MAY_COPY_TABLE = text(MAY_COPY.format(name=":name"))
# For each type of a column what its values may be.
TYPES: tuple[tuple[type[TypeEngine[Any]], set[type]], ...] = (
    (Integer, {int}),
    (Float, {int, float}),
    (Numeric, {int, float, Decimal}),
    (String, {str}),
    (Boolean, {bool}),
    (Date, {date}),
    (DateTime, {datetime}),
    (Uuid, {UUID}),
)


def copy_columns(connection: Connection, table: Table, columns: Mapping[Column[Any], Sequence[Any]]) -> bool:
    """Send rows by COPY; return False, having sent nothing, where they are for INSERT.

    Args:
        connection: in a transaction.
        table: where they go.
        columns: the values, as the types of the columns send them.
    """
    dialect, size = connection.dialect, len(next(iter(columns.values())))
    if (dialect.name, dialect.driver, dialect.is_async) != ("postgresql", "psycopg", False) or size < ROWS_AT_LEAST:
        return False
    writers = [_writer(column.type, values, dialect) for column, values in columns.items()]
    known = [writer for writer in writers if writer is not None]
    name = dialect.identifier_preparer.format_table(table)
    if len(known) < len(writers) or connection.scalar(MAY_COPY_TABLE, {"name": name}) is not True:
        return False
    named = ", ".join(map(dialect.identifier_preparer.format_column, columns))
    _copy(connection, f"COPY {name} ({named}) FROM STDIN", blocks(list(columns.values()), known, size))
    return True


def _writer(declared: TypeEngine[Any], values: Sequence[Any], dialect: Dialect) -> Writer | None:
    """Return the function that makes the text of the values; None where a text would not be exact."""
    kind: Any = declared.dialect_impl(dialect)
    expression = kind.bind_expression(bindparam("value", type_=kind))
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if expression is not None or isinstance(kind, Enum):
        return None
    allowed = next((types for cls, types in TYPES if isinstance(kind, cls)), set())
    writer = text_writer(values, allowed)
    return None if writer is None or _loses_zone(kind, values) else writer


def _loses_zone(kind: Any, values: Sequence[Any]) -> bool:
    """Whether moments with a time zone go to a column without one; a text's zone would be ignored there."""
    return (
        isinstance(kind, DateTime) and not kind.timezone and any(value is not None and value.tzinfo for value in values)
    )


def _copy(connection: Connection, statement: str, texts: Iterator[str]) -> None:
    """Run COPY on the driver's connection; its errors become those that SQLAlchemy would raise."""
    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        try:
            with cursor.copy(statement) as copy:
                for block in texts:
                    copy.write(block)
        except driver_error(connection) as caught:
            error: Any = caught
            gone = connection.dialect.is_disconnect(error, driver, cursor)
            if gone:
                connection.invalidate(error)
            raise _as_sqlalchemy(connection, statement, error, gone) from error


def driver_error(connection: Connection) -> type[Exception]:
    """Return the root of the driver's errors."""
    root: Any = connection.dialect.loaded_dbapi.Error
    return root  # type: ignore[no-any-return]


def _as_sqlalchemy(connection: Connection, statement: str, error: Any, gone: bool) -> Any:
    return DBAPIError.instance(
        statement,
        None,
        error,
        driver_error(connection),
        connection_invalidated=gone,
        dialect=connection.dialect,
    )
