"""Conditions that select rows by values exactly, whatever the collation of a column takes for equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import (
    BinaryField,
    CharField,
    DateField,
    DecimalField,
    DurationField,
    F,
    FileField,
    Func,
    JSONField,
    Q,
    TextField,
    TimeField,
    UUIDField,
)
from django.db.models.functions import Cast, Collate
from django.db.models.lookups import In

from lumix_core.rows import OneOf
from lumix_django.table_facts import is_djangos_own, stored_field

TEXTS = (CharField, TextField, FileField)
STORED_AS_TEXT = (DateField, DecimalField, DurationField, JSONField, TimeField, UUIDField)
"""Fields of other values, of which databases may be sent texts."""


def conditions(model: Any, where: Mapping[str, Any], connection: Any) -> Q:
    """Return the conditions on the rows of a model; None is NULL."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    whole = Q()
    for name, value in where.items():
        whole &= _condition(fields[name], value, connection)
    return whole


def _condition(field: Any, value: Any, connection: Any) -> Q:
    name = field.attname
    if value is None:
        return Q(**{f"{name}__isnull": True})
    values = list(value.values) if isinstance(value, OneOf) else [value]
    condition = Q(**{f"{name}__in": values}) if isinstance(value, OneOf) else Q(**{name: value})
    stored = [field.get_db_prep_value(value, connection) for value in values]
    return condition & _exactly(name, stored, connection.vendor) if _is_text(field, stored) else condition


def _is_text(field: Any, values: Sequence[Any]) -> bool:
    """Whether the column holds texts, which its collation may compare by other rules than equality."""
    if not all(isinstance(value, str) for value in values):
        return False
    stored = stored_field(field)
    return isinstance(stored, TEXTS) or not (is_djangos_own(field) or isinstance(stored, STORED_AS_TEXT))


def _exactly(name: str, values: Sequence[str], vendor: str) -> Q:
    """Return what holds for the very same texts only; nothing for databases that are not known."""
    if vendor == "mysql":  # bytes, by which trailing blanks are compared too
        template = "CAST(CONVERT(%(expressions)s USING utf8mb4) AS BINARY)"
        in_bytes = Func(F(name), template=template, output_field=BinaryField())
        return Q(In(in_bytes, [value.encode() for value in values]))
    if vendor == "sqlite":
        return Q(In(Collate(F(name), "BINARY"), values))
    if vendor == "postgresql":
        return Q(In(Collate(Cast(F(name), TextField()), "C"), values))
    return Q()
