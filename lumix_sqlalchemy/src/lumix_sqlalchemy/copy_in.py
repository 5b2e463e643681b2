"""COPY, PostgreSQL's way to take many rows at once, over the session's own connection of psycopg.

A text is sent for each value, so only values are sent whose text says exactly what the value is to the column's type;
the rest is left to ``INSERT``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
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

Writer: TypeAlias = Callable[[Any], str]
ROWS_AT_LEAST = 200
"""From how many rows on COPY is used: it takes a query of its own to see that it may be."""
ROWS_A_BLOCK = 5_000
# COPY knows no views, rules or policies for rows.
MAY_COPY = text(
    "SELECT relkind IN ('r', 'p') AND NOT relhasrules AND NOT row_security_active(oid) "
    "FROM pg_class WHERE oid = to_regclass(:name)"
)
NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"})


def _needs_escapes(values: Sequence[str]) -> bool:
    together = "".join(values)
    return any(chr(one) in together for one in ESCAPES)


def _escaped(value: str) -> str:
    return value.translate(ESCAPES)


# For each type of a column what its values may be, and their text.
TEXTS: tuple[tuple[type[TypeEngine[Any]], dict[type, Writer]], ...] = (
    (Integer, {int: int.__repr__}),
    (Float, {int: int.__repr__, float: float.__repr__}),
    (Numeric, {int: int.__repr__, float: float.__repr__, Decimal: str}),
    (String, {str: _escaped}),
    (Boolean, {bool: lambda value: "t" if value else "f"}),
    (Date, {date: date.isoformat}),
    (DateTime, {datetime: datetime.isoformat}),
    (Uuid, {UUID: str}),
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
    name = dialect.identifier_preparer.format_table(table)
    if None in writers or connection.scalar(MAY_COPY, {"name": name}) is not True:
        return False
    named = ", ".join(map(dialect.identifier_preparer.format_column, columns))
    _copy(connection, f"COPY {name} ({named}) FROM STDIN", _blocks(list(columns.values()), writers, size))
    return True


def _writer(declared: TypeEngine[Any], values: Sequence[Any], dialect: Dialect) -> Writer | None:
    """Return what makes the text of the values; None where a text would not say exactly what they are."""
    kind: Any = declared.dialect_impl(dialect)
    expression = kind.bind_expression(bindparam("value", type_=kind))
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if expression is not None or isinstance(kind, Enum):
        return None
    known = next((texts for cls, texts in TEXTS if isinstance(kind, cls)), {})
    types = set(map(type, values)) - {type(None)}
    if not types <= known.keys() or _loses_zone(kind, values):
        return None
    if types == {str} and None not in values and not _needs_escapes(values):
        return str
    if len(types) == 1 and None not in values:
        return known[types.pop()]
    return lambda value: NULL if value is None else known[type(value)](value)


def _loses_zone(kind: Any, values: Sequence[Any]) -> bool:
    """Whether moments with a time zone go to a column without one; a text's zone would be ignored there."""
    return isinstance(kind, DateTime) and not kind.timezone and any(one is not None and one.tzinfo for one in values)


def _blocks(columns: list[Sequence[Any]], writers: Sequence[Any], size: int) -> Iterator[str]:
    for start in range(0, size, ROWS_A_BLOCK):
        texts = [
            map(write, values[start : start + ROWS_A_BLOCK]) for write, values in zip(writers, columns, strict=True)
        ]
        yield "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"


def _copy(connection: Connection, statement: str, blocks: Iterator[str]) -> None:
    """Run COPY on the driver's connection; its errors become those that SQLAlchemy would raise."""
    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        try:
            with cursor.copy(statement) as copy:
                for block in blocks:
                    copy.write(block)
        except driver_error(connection) as caught:
            error: Any = caught
            gone = connection.dialect.is_disconnect(error, driver, cursor)
            if gone:
                connection.invalidate(error)
            raise _as_sqlalchemy(connection, statement, error, gone) from error


def driver_error(connection: Connection) -> type[Exception]:
    """Return the root of the driver's errors."""
    found: Any = connection.dialect.loaded_dbapi.Error
    return found  # type: ignore[no-any-return]


def _as_sqlalchemy(connection: Connection, statement: str, error: Any, gone: bool) -> Any:
    return DBAPIError.instance(
        statement,
        None,
        error,
        driver_error(connection),
        connection_invalidated=gone,
        dialect=connection.dialect,
    )
