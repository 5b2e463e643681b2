"""The foreign keys of the database that refer to a table, and that no model declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumix_core.rows import REFERRING_KEYS, ReferringKey, referring_keys


def undeclared_keys(connection: Any, options: Any) -> list[ReferringKey]:
    """Return the foreign keys with which the database changes or deletes rows along, and that no model declares.

    Args:
        connection: in a transaction.
        options: those of the model that they refer to.
    """
    if connection.vendor not in REFERRING_KEYS:
        return []
    name = connection.ops.quote_name(options.db_table) if connection.vendor == "postgresql" else options.db_table
    query = REFERRING_KEYS[connection.vendor].format(name="%s", schema="NULL")
    with connection.cursor() as cursor:
        cursor.execute(query, [name])
        keys = referring_keys(cursor.fetchall(), [field.column for field in options.pk_fields])
    declared = {
        (relation.related_model._meta.db_table, (relation.field.column,))
        for relation in options.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }
    return [key for key in keys if key.changes and (key.table, key.columns) not in declared]


def count_referring(connection: Any, key: ReferringKey, rows: Any) -> int:
    """Return how many rows that stay refer by a foreign key to rows of a model.

    Args:
        connection: in a transaction.
        key: the foreign key.
        rows: a queryset of the rows that would be deleted.
    """
    options = rows.model._meta
    names = {field.column: field.attname for field in options.concrete_fields}
    table = ".".join(_quoted(connection, [name for name in (key.schema, key.table) if name is not None]))
    conditions, values = _in_rows(connection, key.columns, rows, [names[column] for column in key.targets])
    if key.schema is None and key.table == options.db_table:  # those that are deleted themselves do not count
        fields = options.pk_fields
        own, more = _in_rows(connection, [one.column for one in fields], rows, [one.attname for one in fields])
        conditions, values = f"{conditions} AND NOT {own}", [*values, *more]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {conditions}", values)
        return int(cursor.fetchone()[0])


def _in_rows(connection: Any, columns: Sequence[str], rows: Any, names: Sequence[str]) -> tuple[str, list[Any]]:
    """Return the condition that some columns have the values of attributes of any of the rows, and its parameters."""
    sql, values = rows.values_list(*names).query.get_compiler(connection=connection).as_sql()
    return f"({', '.join(_quoted(connection, columns))}) IN ({sql})", list(values)


def _quoted(connection: Any, names: Sequence[str]) -> list[str]:
    return [connection.ops.quote_name(name).replace("%", "%%") for name in names]
