"""COPY, PostgreSQL's statement that inserts many rows at once, over Django's own connection of psycopg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from lumix_core.rows import MAY_COPY, ROWS_AT_LEAST, blocks, text_writer
from lumix_django.table_facts import is_djangos_own, stored_field

# For each type of a column, as Django names it, what its values may be.
TYPES: dict[str, frozenset[type]] = {
    **dict.fromkeys(
        (
            "AutoField", "BigAutoField", "BigIntegerField", "IntegerField", "PositiveBigIntegerField",
            "PositiveIntegerField", "PositiveSmallIntegerField", "SmallAutoField", "SmallIntegerField",
        ),
        frozenset({int}),
    ),
    **dict.fromkeys(("CharField", "FileField", "SlugField", "TextField"), frozenset({str})),
    "BooleanField": frozenset({bool}),
    "DateField": frozenset({date}),
    "DateTimeField": frozenset({datetime}),
    "DecimalField": frozenset({int, Decimal}),
    "FloatField": frozenset({int, float}),
    "UUIDField": frozenset({UUID}),
}  # fmt: skip


def copy_columns(connection: Any, model: Any, columns: Mapping[Any, Sequence[Any]]) -> bool:
    """Send rows by COPY; return False, having sent nothing, where they are for INSERT.

    Args:
        connection: in a transaction.
        model: the model whose table they go to.
        columns: the values of each field, as it stores them.
    """
    size = len(next(iter(columns.values())))
    if connection.vendor != "postgresql" or connection.Database.__name__ != "psycopg" or size < ROWS_AT_LEAST:
        return False
    writers = [text_writer(values, _types(field)) for field, values in columns.items()]
    quote = connection.ops.quote_name
    name = quote(model._meta.db_table)
    known = [writer for writer in writers if writer is not None]
    if len(known) < len(writers) or not _may_copy(connection, name):
        return False
    names = ", ".join(quote(field.column) for field in columns)
    _copy(connection, f"COPY {name} ({names}) FROM STDIN", blocks(list(columns.values()), known, size))
    return True


def _types(field: Any) -> frozenset[type]:
    return TYPES.get(stored_field(field).get_internal_type(), frozenset()) if is_djangos_own(field) else frozenset()


def _may_copy(connection: Any, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MAY_COPY.format(name="%s"), [name])
        row = cursor.fetchone()
    return row is not None and row[0] is True


def _copy(connection: Any, statement: str, texts: Iterator[str]) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for text in texts:
            copy.write(text)
