"""Related rows that are found by texts, which a database may take for equal where Python does not.

A collation may ignore case, accents or trailing blanks. Django's own prefetching compares keys in Python, and misses
rows or fails; here the database says which rows belong together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import (
    BinaryField,
    BooleanField,
    DateField,
    DecimalField,
    DurationField,
    FloatField,
    IntegerField,
    QuerySet,
    TimeField,
    UUIDField,
)
from django.db.models.fields.related_descriptors import ManyToManyDescriptor, ReverseManyToOneDescriptor

from lumix_django.attributes import key_names
from lumix_django.table_facts import is_djangos_own, stored_field

EXACT = (
    BinaryField, BooleanField, DateField, DecimalField, DurationField, FloatField, IntegerField, TimeField, UUIDField,
)  # fmt: skip
"""The fields whose values are equal to a database and in Python alike."""
KEYS_A_QUERY = 20_000
"""How many rows are read by one query; databases limit a statement's parameters."""


def is_text(field: Any) -> bool:
    """Whether a field may hold values that are equal to a database and not in Python."""
    return not (isinstance(stored_field(field), EXACT) and is_djangos_own(field))


def leads_by_text(field: Any) -> bool:
    """Whether a foreign key is compared by such values."""
    return any(is_text(remote) for _, remote in field.related_fields)


def is_set_by_text(descriptor: Any) -> bool:
    """Whether the rows of a set name their owner by a text, or, for many-to-many, a row between them does."""
    if isinstance(descriptor, ManyToManyDescriptor):
        return leads_by_text(_ends(descriptor)[0])
    return type(descriptor) is ReverseManyToOneDescriptor and leads_by_text(descriptor.field)


def _ends(descriptor: ManyToManyDescriptor) -> tuple[Any, Any]:
    """Return the foreign keys of the rows between: to the owner, and to what it leads to."""
    field = descriptor.rel.field
    names = field.m2m_field_name(), field.m2m_reverse_field_name()
    declaring, target = (descriptor.through._meta.get_field(name) for name in names)
    return (target, declaring) if descriptor.reverse else (declaring, target)


def sets_of(name: str, descriptor: Any, rows: Sequence[Any], query: Any, alias: str | None) -> Sequence[Sequence[Any]]:
    """Return the related rows of each row.

    Args:
        name: of the attribute.
        descriptor: the attribute of the class, found by texts.
        rows: of one model.
        query: the rows that the attribute may lead to, in its order.
        alias: the database; None leaves it to Django.
    """
    by_pairs = len(key_names(query.model)) == 1 == len(key_names(type(rows[0])))
    if isinstance(descriptor, ManyToManyDescriptor):
        # Of a row between, queries read its own text in place of the key that it leads to.
        by_pairs = by_pairs and not leads_by_text(_ends(descriptor)[1])
    if not by_pairs:
        return [list(_using(getattr(row, name).all(), alias)) for row in rows]
    owners = _owners(_query_name(descriptor), rows, alias)
    found: dict[Any, list[Any]] = defaultdict(list)
    for related in _in_parts(_using(query, alias), list(owners)):
        for owner in owners[related.pk]:
            found[owner].append(related)
    return [found[row.pk] for row in rows]


def _query_name(descriptor: Any) -> str:
    """Return what queries call a set of related rows."""
    is_own = isinstance(descriptor, ManyToManyDescriptor) and not descriptor.reverse
    field = descriptor.rel.field
    return str(field.name if is_own else field.related_query_name())


def _owners(name: str, rows: Sequence[Any], alias: str | None) -> dict[Any, list[Any]]:
    """Return the keys of the owners of related rows, by the keys of these."""
    owners: dict[Any, list[Any]] = defaultdict(list)
    query = QuerySet(type(rows[0]), using=alias).order_by().filter(pk__in=[row.pk for row in rows])
    for owner, key in query.values_list("pk", f"{name}__pk"):
        if key is not None:
            owners[key].append(owner)
    return owners


def _using(query: Any, alias: str | None) -> Any:
    return query if alias is None else query.using(alias)


def _in_parts(query: Any, keys: Sequence[Any]) -> Iterator[Any]:
    for start in range(0, len(keys), KEYS_A_QUERY):
        yield from query.filter(pk__in=keys[start : start + KEYS_A_QUERY])
