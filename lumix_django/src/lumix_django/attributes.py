"""What the attributes of a model are: found on the class itself, where reading one would find them too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partialmethod
from inspect import getattr_static
from typing import Any
from weakref import WeakKeyDictionary

from django.db.models import ForeignKey, Manager, Model, OneToOneField
from django.db.models.fields.related_descriptors import (
    ForeignKeyDeferredAttribute,
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
    ManyToManyDescriptor,
    ReverseManyToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from django.db.models.manager import ManagerDescriptor
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

PLAIN = (DeferredAttribute, ForeignKeyDeferredAttribute)
FORWARD = (ForwardManyToOneDescriptor, ForwardOneToOneDescriptor)
KEYS = (ForeignKey, OneToOneField)
NEIGHBOURS = (
    "_get_next_or_previous_by_FIELD", "_get_next_or_previous_in_order", "method_get_order", "method_set_order",
)  # fmt: skip
MAKING = ("__init__", "__new__", "__setattr__", "__getattribute__")


@dataclass(frozen=True, eq=False)
class Names:
    """The names of a model's attributes, by what it takes to read one.

    Attributes:
        fields: those that are loaded with the row, or deferred.
        converted: those of them whose value is made when it is read, as a file's.
        forward: foreign keys, each with its field.
        generic: foreign keys to any model, each with its field.
        reverse_one: rows that refer to this one, at most one each, with the relation.
        to_many: sets of related rows, each with its name among what was prefetched.
        managers: what the class, and no row, has for its queries.
    """

    fields: frozenset[str]
    converted: frozenset[str]
    forward: dict[str, Any]
    generic: dict[str, Any]
    reverse_one: dict[str, Any]
    to_many: dict[str, str]
    managers: frozenset[str]

    @cached_property
    def to_one(self) -> dict[str, Any]:
        """All that lead to one row, each with its field or relation."""
        return {**self.forward, **self.generic, **self.reverse_one}

    @cached_property
    def relationships(self) -> frozenset[str]:
        """All that lead to other rows."""
        return frozenset(self.to_one) | frozenset(self.to_many)


_KNOWN: WeakKeyDictionary[type, tuple[int, Names]] = WeakKeyDictionary()


def names_of(model: Any) -> Names:
    """Return the names of a model's attributes; found once for each, until another model refers to it."""
    size = sum(len(vars(base)) for base in model.__mro__)
    known = _KNOWN.get(model)
    if known is None or known[0] != size:
        known = _KNOWN[model] = (size, _found_names(model))
    return known[1]


def _found_names(model: Any) -> Names:
    elements = {name: value for base in reversed(model.__mro__) for name, value in vars(base).items()}
    kinds = {name: type(value) for name, value in elements.items()}
    fields = frozenset(name for name, kind in kinds.items() if issubclass(kind, DeferredAttribute))
    private = {field.name: field for field in model._meta.private_fields}
    return Names(
        fields,
        frozenset(name for name in fields if kinds[name] not in PLAIN),
        {name: elements[name].field for name, kind in kinds.items() if issubclass(kind, ForwardManyToOneDescriptor)},
        {name: field for name, field in private.items() if hasattr(field, "ct_field") and field.many_to_one},
        {name: elements[name].related for name, kind in kinds.items() if issubclass(kind, ReverseOneToOneDescriptor)},
        {
            name: _prefetched_as(name, descriptor)
            for name, descriptor in elements.items()
            if isinstance(descriptor, ReverseManyToOneDescriptor)
        },
        frozenset(name for name, kind in kinds.items() if issubclass(kind, ManagerDescriptor)),
    )


def _prefetched_as(name: str, descriptor: Any) -> str:
    """Return the name under which Django keeps a prefetched set."""
    if isinstance(descriptor, ManyToManyDescriptor):
        related: str = descriptor.rel.field.related_query_name() if descriptor.reverse else descriptor.rel.field.name
        return related
    return name


def key_names(model: Any) -> tuple[str, ...]:
    """Return the attributes of the primary key, in its order."""
    fields = getattr(model._meta, "pk_fields", None) or [model._meta.pk]
    return tuple(field.attname for field in fields)


def column_names(model: Any) -> frozenset[str]:
    """Return the attributes that hold what was read of the row's own fields, just as it was read."""
    names = names_of(model)
    concrete = {field.attname for field in model._meta.concrete_fields}
    return frozenset(name for name in names.fields - names.converted if name in concrete)


def related_models(model: Any) -> dict[str, Any]:
    """Return the foreign keys that a join follows to the very row that the attribute leads to, each with its model."""
    return {
        name: field.remote_field.model
        for name, field in names_of(model).forward.items()
        if type(getattr_static(model, name)) in FORWARD and _is_joinable(field)
    }


def _is_joinable(field: Any) -> bool:
    """Whether the database sees to it that there is a row, and no manager keeps some from being found."""
    kept = field.db_constraint and (field.model._meta.managed or field.null)
    target = field.remote_field.model
    return type(field) in KEYS and kept and type(target._base_manager) is Manager


def loads_plainly(model: Any) -> bool:
    """Whether an instance holds just what was read: no code of the model or of a signal runs as it is made."""
    own = all(getattr_static(model, name) is getattr_static(Model, name) for name in MAKING)
    heard = pre_init.has_listeners(model) or post_init.has_listeners(model)
    return own and model.from_db.__func__ is Model.from_db.__func__ and not heard


def neighbours(model: Any) -> Iterator[str]:
    """Yield the methods that Django gives a model to query for the rows before, after or below one."""
    for base in model.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, partialmethod) and getattr(value.func, "__name__", "") in NEIGHBOURS:
                yield name
