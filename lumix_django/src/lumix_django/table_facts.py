"""The facts that writing needs of a model: its attributes, keys and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import (
    AutoField,
    BooleanField,
    CharField,
    DecimalField,
    FileField,
    FloatField,
    ForeignKey,
    IntegerField,
    TextField,
    UUIDField,
)
from django.db.models.fields import NOT_PROVIDED

from lumix_core.errors import LXWriteError
from lumix_core.rows import Kind, Reference, WrittenField, WrittenTable
from lumix_django.attributes import key_names

# The first class that a field is an instance of gives the kind of its values.
KINDS: tuple[tuple[Any, Kind], ...] = (
    (BooleanField, "truth"),
    (IntegerField, "integer"),
    (FloatField, "number"),
    (DecimalField, "number"),
    (UUIDField, "uuid"),
    (CharField, "text"),
    (TextField, "text"),
    (FileField, "text"),
)
PREPARING = ("db_type", "get_db_prep_save", "get_db_prep_value", "get_internal_type", "get_prep_value", "to_python")
"""The methods of a field that decide what is stored of a value."""


def written_table(model: Any) -> WrittenTable:
    """Return the facts that writing needs of a model, or of the one behind a proxy.

    Raises:
        LXWriteError: its rows are stored in several tables, or in none.
    """
    options = model._meta.concrete_model._meta
    _check_table(model, options)
    fields = {field.attname: _field(field) for field in options.concrete_fields}
    return WrittenTable(
        cls=model,
        name=options.db_table,
        fields=fields,
        primary_key=key_names(options.model),
        unique=tuple(_unique(options)),
        references=tuple(_references(model, options)),
        advice=dict(_advice(options, fields)),
    )


def _check_table(model: Any, options: Any) -> None:
    if options.swapped:
        raise LXWriteError(f"{model.__name__} is swapped for {options.swapped} and has no table. Write that model.")
    above = next((field.model for field in options.concrete_fields if field.model is not options.model), None)
    if above is not None:
        raise LXWriteError(
            f"{model.__name__} inherits from the model {above.__name__}, so that its rows are stored in two tables. "
            f"Write a model of its own, with a foreign key in place of the inheritance."
        )


def stored_field(field: Any) -> Any:
    """Return the field whose values are stored: of a foreign key the one that it refers to."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def is_djangos_own(field: Any) -> bool:
    """Whether a field stores values by the methods of Django's own fields."""
    methods = (getattr(type(owner), name) for owner in (field, stored_field(field)) for name in PREPARING)
    return all(method.__module__.startswith("django.") for method in methods)


def kind_of(field: Any) -> Kind:
    """Return what the values of a field are."""
    if not is_djangos_own(field):
        return "other"
    return next((kind for cls, kind in KINDS if isinstance(stored_field(field), cls)), "other")


def has_default(field: Any) -> bool:
    """Whether Python fills the field in: by a default, or by the moment of writing."""
    return field.has_default() or is_moment(field)


def is_moment(field: Any) -> bool:
    """Whether Django sets the field to the moment of writing."""
    return getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)


def is_generated(field: Any) -> bool:
    """Whether the database computes the field (since Django 5.0)."""
    return bool(getattr(field, "generated", False))


def _field(field: Any) -> WrittenField:
    in_database = isinstance(field, AutoField) or getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
    return WrittenField(
        name=field.attname,
        kind=kind_of(field),
        nullable=bool(field.null),
        filled=has_default(field) or in_database or is_generated(field),
        writable=not is_generated(field),
        length=_length(stored_field(field)) if kind_of(field) == "text" else None,
        comparable=not hasattr(field, "get_placeholder"),
    )


def _length(field: Any) -> int | None:
    length: int | None = None if isinstance(field, TextField) else field.max_length
    return length


def _unique(options: Any) -> Iterator[tuple[str, ...]]:
    for field in options.concrete_fields:
        if field.unique and not field.primary_key:
            yield (field.attname,)
    constraints = [constraint.fields for constraint in options.total_unique_constraints]
    for names in (*options.unique_together, *constraints):
        yield tuple(options.get_field(name).attname for name in names)


def _references(model: Any, options: Any) -> Iterator[Reference]:
    """Yield the foreign keys; Django declares them such that they are checked when the transaction is committed."""
    for field in options.concrete_fields:
        if isinstance(field, ForeignKey) and field.db_constraint:
            target = field.remote_field.model
            own = target._meta.db_table == options.db_table
            yield Reference(
                names=(field.attname,),
                table=target._meta.db_table,
                columns=(field.target_field.column,),
                target=model if own else target,
                target_names=(field.target_field.attname,),
                deferred=True,
            )


def _advice(options: Any, fields: Any) -> Iterator[tuple[str, str]]:
    yield "pk", _give(key_names(options.model))
    for field in options.get_fields():
        name = field.get_accessor_name() if field.auto_created and not field.concrete else field.name
        if name is None or name in fields:
            continue
        if isinstance(field, ForeignKey):
            yield name, f"{_give([field.attname])} It holds the {field.target_field.attname!r} of that row."
        elif field.many_to_many and not field.auto_created:
            yield name, f"It is stored in another table: write {options.object_name}.{name}.through too."
        elif hasattr(field, "ct_field") and field.many_to_one:
            yield name, _give([options.get_field(field.ct_field).attname, field.fk_field])
        else:
            yield name, "It is stored in another table: write that model too."


def _give(names: Any) -> str:
    return f"Give the column behind it: {' and '.join(map(repr, names))}."
