"""The foreign keys of the database that refer to a table, whether or not the ORM knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

REFERRING_KEYS: Mapping[str, str] = {
    "postgresql": """
        SELECT CASE WHEN pg_table_is_visible(t.oid) THEN NULL ELSE n.nspname END, t.relname, c.conname, own.attname,
            target.attname, c.confdeltype IN ('c', 'n', 'd')
        FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.conrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (own, target, i)
        JOIN pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = k.own
        JOIN pg_attribute target ON target.attrelid = c.confrelid AND target.attnum = k.target
        WHERE c.contype = 'f' AND c.conparentid = 0 AND c.confrelid = to_regclass({name})
        ORDER BY n.nspname, t.relname, c.conname, k.i""",
    "mysql": """
        SELECT nullif(k.table_schema, database()), k.table_name, k.constraint_name, k.column_name,
            k.referenced_column_name, r.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT')
        FROM information_schema.referential_constraints r
        JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema
            AND k.table_name = r.table_name AND k.constraint_name = r.constraint_name
        WHERE r.constraint_schema = coalesce({schema}, database()) AND r.referenced_table_name = {name}
        ORDER BY k.table_name, k.constraint_name, k.ordinal_position""",
    "sqlite": """
        SELECT NULL, t.name, k.id, k."from", k."to", k.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')
        FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) k
        WHERE t.type = 'table' AND lower(k."table") = lower({name})
        ORDER BY t.name, k.id, k.seq""",
}
"""The query for the foreign keys that refer to a table, by dialect. On PostgreSQL the name is quoted as in SQL."""


@dataclass(frozen=True)
class ReferringKey:
    """A foreign key that refers to a table.

    Args:
        schema: where its own table is; None for the default.
        table: its own table.
        columns: its columns.
        targets: the columns that they refer to.
        changes: whether the database changes or deletes its rows when rows that they refer to are deleted.
    """

    schema: str | None
    table: str
    columns: tuple[str, ...]
    targets: tuple[str, ...]
    changes: bool


def referring_keys(rows: Iterable[Sequence[Any]], primary_key: Sequence[str]) -> list[ReferringKey]:
    """Return the foreign keys that a query of `REFERRING_KEYS` has found.

    Args:
        rows: the result.
        primary_key: the columns that a foreign key refers to if it names none.
    """
    keys = []
    for (schema, table, _), group in groupby(rows, key=lambda row: tuple(row[:3])):
        parts = list(group)
        named = tuple(part[4] for part in parts)
        targets = tuple(primary_key) if None in named else named
        keys.append(ReferringKey(schema, table, tuple(part[3] for part in parts), targets, bool(parts[0][5])))
    return keys
