"""Inserts of columns: by COPY or the driver's own ``executemany`` where that stores exactly what Django's would.

Django's own execution makes an instance of each row, and one statement of many of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import repeat
from types import SimpleNamespace
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db.models import AutoField, QuerySet

from lumix_core.errors import LXWriteError
from lumix_core.rows import Kind, batches_of_rows
from lumix_django.copy_in import copy_columns
from lumix_django.table_facts import has_default, is_generated, is_moment, kind_of, stored_field

Columns: TypeAlias = Mapping[Any, Sequence[Any]]
"""The values of each field."""
INSTANCES_A_BATCH = 500
# The values that Django's fields store as they are, by kind; NULL is among them.
AS_IS: Mapping[Kind, frozenset[type]] = {
    "integer": frozenset({int, type(None)}),
    "number": frozenset({float, type(None)}),
    "text": frozenset({str, type(None)}),
    "truth": frozenset({bool, type(None)}),
}


def insert_columns(connection: Any, model: Any, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows, at least one, given by columns of one length.

    Raises:
        LXWriteError: no attribute is given, or a field cannot store a value.
    """
    if not columns:
        raise LXWriteError(f"The rows of {model.__name__} have no value at all. Give at least one attribute.")
    fields = {field.attname: field for field in model._meta.concrete_fields}
    given = {fields[name]: values for name, values in columns.items()}
    if _needs_own_execution(fields.values(), given):
        _insert_instances(connection, model, given)
        return
    whole = {**given, **_defaults(fields.values(), given)}
    sent = {field: prepared(field, values, connection) for field, values in whole.items()}
    if not copy_columns(connection, model, sent):
        _insert_tuples(connection, model, sent)


def _needs_own_execution(fields: Any, columns: Columns) -> bool:
    """Whether only Django's own statements know what to send: fields of others, and expressions as values."""
    filled = [field for field in fields if field in columns or has_default(field)]
    odd = any(_is_odd(field) for field in filled)
    return odd or any(
        kind_of(field) == "other" and any(map(_is_expression, values)) for field, values in columns.items()
    )


def _is_odd(field: Any) -> bool:
    return hasattr(field, "get_placeholder") or not type(field).pre_save.__module__.startswith("django.")


def _is_expression(value: Any) -> bool:
    return hasattr(value, "resolve_expression")


def _defaults(fields: Any, columns: Columns) -> dict[Any, Sequence[Any]]:
    """Return the columns that are left out of the rows, and that Python fills in."""
    size = len(next(iter(columns.values())))
    absent = [field for field in fields if field not in columns and has_default(field) and not is_generated(field)]
    return {field: _filled(field, size) for field in absent}


def _filled(field: Any, size: int) -> list[Any]:
    if is_moment(field):
        return list(repeat(field.pre_save(SimpleNamespace(), True), size))
    if callable(field.default):
        return [field.get_default() for _ in range(size)]
    return list(repeat(field.get_default(), size))


def prepared(field: Any, values: Sequence[Any], connection: Any) -> Sequence[Any]:
    """Return values as the field stores them.

    Raises:
        LXWriteError: it cannot store one of them.
    """
    if _fits(field, values):
        return values
    prepare = partial(field.get_db_prep_save, connection=connection)
    value: Any = None
    try:
        stored = []
        for value in values:
            stored.append(prepare(value))
        return stored
    except (ValidationError, ValueError, TypeError, ArithmeticError) as error:
        shown = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        raise LXWriteError(
            f"{field.model.__name__}.{field.attname} cannot store {value!r:.60} ({type(error).__name__}: {shown}). "
            f"Give a value that the {type(stored_field(field)).__name__} takes. Nothing was written."
        ) from error


def _fits(field: Any, values: Sequence[Any]) -> bool:
    """Whether all values are stored as they are, decided without a loop over them."""
    stored = stored_field(field)
    if stored.get_internal_type() == "DecimalField" or not set(map(type, values)) <= AS_IS.get(kind_of(field), set()):
        return False
    return not (isinstance(stored, AutoField) and 0 in values)


def _insert_tuples(connection: Any, model: Any, columns: Columns) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in columns).replace("%", "%%")
    table = quote(model._meta.db_table).replace("%", "%%")
    sql = f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for rows in batches_of_rows(list(columns.values())):
            cursor.executemany(sql, rows)


def _insert_instances(connection: Any, model: Any, columns: Columns) -> None:
    """Insert by Django's own statements, without its signals."""
    names = [field.attname for field in columns]
    rows = [model(**dict(zip(names, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    fields = [field for field in model._meta.concrete_fields if field in columns or has_default(field)]
    for field in fields:
        if not (is_moment(field) and field in columns):
            for row in rows:
                setattr(row, field.attname, field.pre_save(row, True))
    limit = connection.ops.bulk_batch_size(fields, rows)
    size = max(1, min(INSTANCES_A_BATCH, limit))
    for start in range(0, len(rows), size):
        QuerySet(model)._insert(rows[start : start + size], fields=fields, raw=True, using=connection.alias)
