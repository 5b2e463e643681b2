"""Deletes, updates, inserts and looks up rows over one connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import DO_NOTHING, PROTECT, RESTRICT, Q, QuerySet

from lumix_core.errors import LXWriteError
from lumix_core.rows import KEEPING, Key, WrittenTable, advisory_lock_statements, existing_keys
from lumix_django.bulk import insert_columns, prepared
from lumix_django.conditions import conditions
from lumix_django.foreign_keys import count_referring, undeclared_keys
from lumix_django.managers import deletes_by_itself, shown

KEYS_A_QUERY = 10_000
"""The number of keys of one query; databases limit a statement's parameters."""
PAIRS_A_QUERY = 400
"""The same where a key has several columns."""
REFUSING = (PROTECT, RESTRICT, DO_NOTHING)
"""The rules of ``on_delete`` with which Django deletes and changes no other rows."""


class DatabaseWriter:
    """Writes over a connection that has begun a transaction.

    Django deletes and changes along with a row what refers to it, and sends signals; here nothing is sent but the
    statements, and rows that others refer to are left alone.
    """

    integrity_errors = (IntegrityError, DataError)
    checks_references = True

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def savepoint(self) -> AbstractContextManager[object]:
        """Return a block that leaves nothing behind if it fails."""
        block: AbstractContextManager[object] = transaction.atomic(using=self.connection.alias)
        return block

    def cascades(self, table: WrittenTable, where: Mapping[str, Any]) -> Mapping[str, int]:
        """Return how many rows of other tables refer to rows that would be deleted, and would go or change too."""
        counts: dict[str, int] = {}
        relations = self._referring(table, where, False), self._generic(table, where), self._undeclared(table, where)
        for name, count in chain.from_iterable(relations):
            if count:
                counts[name] = counts.get(name, 0) + count
        return counts

    def count(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Return how many rows there are."""
        return int(self._rows(table.cls, where).count())

    def stored(self, table: WrittenTable, where: Mapping[str, Any]) -> int | None:
        """Return how many rows there are now; None on databases whose triggers keep and leave out none."""
        return self.count(table, where) if self.connection.vendor in KEEPING else None

    def delete(self, table: WrittenTable, where: Mapping[str, Any]) -> int:
        """Delete rows and return how many.

        Raises:
            IntegrityError: rows that stay refer to them; the database itself may raise it only at the commit.
        """
        self._take_advisory_locks(table, where)
        for name, count in self._referring(table, where, True):
            if count:
                raise IntegrityError(f"{count:,} row(s) of the table {name!r}")
        count = int(self._rows(table.cls, where)._raw_delete(self.connection.alias) or 0)
        if count and deletes_by_itself(table.cls):
            raise LXWriteError(
                f"{table.cls.__name__}: {count:,} row(s) would be deleted, and the querysets of the default manager "
                f"delete by a method of their own, such as by marking rows, which is not called here. Delete the rows "
                f"by the manager first. Nothing was written."
            )
        return count

    def shown(self, table: WrittenTable, where: Mapping[str, Any]) -> int | None:
        """Return how many rows the default manager shows; None where it shows all."""
        return shown(table.cls, self.connection.alias, conditions(table.cls, where, self.connection))

    def update(self, table: WrittenTable, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Set attributes of rows and return how many rows there are."""
        fields = {field.attname: field for field in table.cls._meta.concrete_fields}  # type: ignore[attr-defined]
        for name, value in values.items():
            prepared(fields[name], [value], self.connection)
        moments = [
            field for field in fields.values() if getattr(field, "auto_now", False) and field.attname not in values
        ]
        now = {field.attname: field.pre_save(SimpleNamespace(), False) for field in moments}
        return int(self._rows(table.cls, where).update(**values, **now))

    def insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        """Insert rows by the fastest statement that stores exactly what Django's own would."""
        insert_columns(self.connection, table.cls, columns)

    def existing(self, target: Any, names: Sequence[str], keys: Sequence[Key]) -> set[Key]:
        """Return those of some keys that rows have."""
        size = KEYS_A_QUERY if len(names) == 1 else PAIRS_A_QUERY
        return existing_keys(keys, partial(self._asked, target, names), size)

    def _asked(self, model: Any, names: Sequence[str], keys: Sequence[Key]) -> set[Key]:
        condition = Q()
        if len(names) == 1:
            condition = Q(**{f"{names[0]}__in": [key[0] for key in keys]})
        else:
            for key in keys:
                condition |= Q(**dict(zip(names, key, strict=True)))
        return {tuple(row) for row in self._rows(model, {}).filter(condition).values_list(*names)}

    def _rows(self, model: Any, where: Mapping[str, Any]) -> Any:
        rows = QuerySet(model, using=self.connection.alias).order_by()
        return rows.filter(conditions(model, where, self.connection)) if where else rows

    def _referring(self, table: WrittenTable, where: Mapping[str, Any], refusing: bool) -> Iterator[tuple[str, int]]:
        """Yield how many rows that stay refer to rows that would be deleted, by table and for each foreign key.

        Args:
            table: that of the rows that would be deleted.
            where: which rows.
            refusing: whether to count by foreign keys with which Django would delete and change nothing, or by others.
        """
        options = table.cls._meta.concrete_model._meta  # type: ignore[attr-defined]
        for relation in options.get_fields(include_hidden=True):
            if not (relation.auto_created and not relation.concrete and (relation.one_to_one or relation.one_to_many)):
                continue
            rule, field = relation.on_delete, relation.field
            ignored = rule is DO_NOTHING and not getattr(field, "db_constraint", False)
            if not ignored and (rule in REFUSING) is refusing:
                yield relation.related_model._meta.db_table, self._count(table, where, relation)

    def _count(self, table: WrittenTable, where: Mapping[str, Any], relation: Any) -> int:
        own = relation.related_model._meta.db_table == table.name
        if own and not where:
            return 0
        name = relation.field.name
        if not where:
            return int(self._rows(relation.related_model, {}).filter(**{f"{name}__isnull": False}).count())
        deleted = self._rows(table.cls, where)
        referring = self._rows(relation.related_model, {}).filter(**{f"{name}__in": deleted})
        return int((referring.exclude(pk__in=deleted.values("pk")) if own else referring).count())

    def _generic(self, table: WrittenTable, where: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """Yield how many rows refer by a generic foreign key to rows that would be deleted."""
        options = table.cls._meta.concrete_model._meta  # type: ignore[attr-defined]
        relations = [field for field in options.private_fields if hasattr(field, "bulk_related_objects")]
        if not relations:
            return
        rows = [SimpleNamespace(pk=key) for key in self._rows(table.cls, where).values_list("pk", flat=True)]
        for relation in relations:
            for start in range(0, len(rows), KEYS_A_QUERY):
                referring = relation.bulk_related_objects(rows[start : start + KEYS_A_QUERY], self.connection.alias)
                yield relation.related_model._meta.db_table, referring.count()

    def _undeclared(self, table: WrittenTable, where: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """Yield how many rows the database would delete or change along, by foreign keys that no model declares."""
        options = table.cls._meta.concrete_model._meta  # type: ignore[attr-defined]
        for key in undeclared_keys(self.connection, options):
            if where or key.table != options.db_table:
                yield key.table, count_referring(self.connection, key, self._rows(table.cls, where))

    def _take_advisory_locks(self, table: WrittenTable, where: Mapping[str, Any]) -> None:
        if self.connection.vendor != "postgresql":
            return
        with self.connection.cursor() as cursor:
            for statement, name in advisory_lock_statements(table, where, "%s"):
                cursor.execute(statement, [name])
