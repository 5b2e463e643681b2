"""Instances of SQLAlchemy for copies: the attributes of a class, and their values as far as they are loaded."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ClauseElement, MetaData, inspect
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableBase
from sqlalchemy.orm import (
    InstanceState,
    Mapper,
    PassiveFlag,
    QueryableAttribute,
    RelationshipProperty,
    SynonymProperty,
)
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.types import TypeEngine

from lumix_core.rows import RowClass, slots_of
from lumix_sqlalchemy.attributes import NEVER_LOADED, WRITTEN_ONLY, column_names, is_loadable, related_classes
from lumix_sqlalchemy.derived import derived_attributes
from lumix_sqlalchemy.held_rows import by_key
from lumix_sqlalchemy.ordering import key_names
from lumix_sqlalchemy.projecting import changes_values, forbids_loading
from lumix_sqlalchemy.standin_setters import setters_of

DEFINITIONS = (ClauseElement, MetaData, Mapper, QueryableAttribute, TypeEngine)
ADVICE = (
    "Load it with the rows, as in select({cls}).options(selectinload({cls}.{name})) or undefer({cls}.{name}), "
    "or touch it once before the copy."
)


_ROW_CLASSES: WeakKeyDictionary[type, tuple[tuple[int, int], RowClass]] = WeakKeyDictionary()


def row_class(cls: type) -> RowClass:
    """Return the attributes of a mapped class, as plain data; computed once for each class."""
    mapper: Mapper[Any] = inspect(cls)
    # It holds until an attribute is added, or a subclass is mapped, which may have other ones.
    stamp = (len(mapper.attrs), sum(len(vars(below.class_)) for below in mapper.self_and_descendants))
    known = _ROW_CLASSES.get(cls)
    if known is None or known[0] != stamp:
        known = _ROW_CLASSES[cls] = (stamp, _read_row_class(cls, mapper))
    return known[1]


def _read_row_class(cls: type, mapper: Mapper[Any]) -> RowClass:
    synonyms = {synonym.key: (synonym.name,) for synonym in mapper.synonyms}
    proxies = {
        name: (descriptor.target_collection, descriptor.value_attr)
        for name, descriptor in mapper.all_orm_descriptors.items()
        if isinstance(descriptor, AssociationProxy)
    }
    names = tuple(attribute.key for attribute in mapper.attrs if not isinstance(attribute, SynonymProperty))
    aliases = {**synonyms, **proxies}
    hybrids = frozenset(name for name, found in mapper.all_orm_descriptors.items() if type(found) is hybrid_property)
    read = (column_names(mapper), related_classes(mapper))
    return RowClass(
        cls,
        names + slots_of(cls),
        key_names(mapper),
        aliases,
        ADVICE,
        *read,
        properties=hybrids,
        elements=setters_of(cls),
        derived=derived_attributes(mapper),
    )


@dataclass(frozen=True, eq=False)
class ByKey:
    """A many-to-one: the attributes that hold its target's primary key, and the target."""

    attributes: tuple[str, ...]
    target: Mapper[Any]


@dataclass(frozen=True, eq=False)
class Names:
    """The names of a mapped class's attributes, by how they are loaded."""

    columns: frozenset[str]
    relationships: frozenset[str]
    to_one: frozenset[str]
    by_key: dict[str, ByKey]
    composites: dict[str, tuple[str, ...]]
    slots: tuple[str, ...]
    has_proxies: bool

    @cached_property
    def loadable(self) -> frozenset[str]:
        """The attributes that a query loads."""
        return self.columns | self.relationships


_KNOWN: WeakKeyDictionary[type, Names] = WeakKeyDictionary()


def names_of(cls: type) -> Names:
    """Return the names of a mapped class; found once for each."""
    known = _KNOWN.get(cls)
    if known is None:
        known = _KNOWN[cls] = _read_names(cls)
    return known


def _read_names(cls: type) -> Names:
    mapper: Mapper[Any] = inspect(cls)
    relationships = [relationship for relationship in mapper.relationships if relationship.lazy not in NEVER_LOADED]
    to_one = [relationship for relationship in relationships if not relationship.uselist]
    return Names(
        frozenset(attribute.key for attribute in mapper.column_attrs if is_loadable(attribute)),
        frozenset(relationship.key for relationship in relationships),
        frozenset(relationship.key for relationship in to_one),
        {each.key: by_key for each in to_one if (by_key := _by_key(each)) is not None},
        {composite.key: tuple(column.key for column in composite.props) for composite in mapper.composites},
        slots_of(cls),
        any(isinstance(descriptor, AssociationProxy) for descriptor in mapper.all_orm_descriptors),
    )


def values(row: Any) -> dict[str, Any]:
    """Return the attributes of a row that are loaded; runs no query."""
    names = names_of(type(row))
    loaded: dict[str, Any] = {name: getattr(row, name) for name in names.slots if hasattr(row, name)} | row.__dict__
    del loaded["_sa_instance_state"]
    if names.has_proxies:
        loaded = {name: value for name, value in loaded.items() if not name.startswith("_AssociationProxy_")}
    if not names.loadable <= loaded.keys():
        loaded |= _without_query(row, names)
    for name, columns in names.composites.items():
        if name not in loaded and loaded.keys() >= set(columns):
            loaded[name] = getattr(row, name)
    return loaded


def _without_query(row: Any, names: Names) -> dict[str, Any]:
    """Return attributes that are not loaded and need no query: rows that the session knows by their keys."""
    state: InstanceState[Any] = inspect(row)
    if not state.has_identity:
        return {name: value for name, value in _unset(state) if name not in row.__dict__}
    if state.session is None or changes_values(state.load_options) or forbids_loading(state.load_options):
        return {}
    values: dict[str, Any] = {}
    for name in names.to_one - row.__dict__.keys():
        by_key = names.by_key.get(name)
        key = _target_key(state, by_key)
        if by_key is None or key is None:
            get_history(row, name, PassiveFlag.PASSIVE_NO_FETCH)
            # Taken out again: the row stays as it was, and no cycle of rows is left behind in the session.
            values |= {name: row.__dict__.pop(name)} if name in row.__dict__ else {}
        elif isinstance(target := state.session.identity_map.get(key), by_key.target.class_):
            values |= {} if inspect(target).expired else {name: target}
    return values


def _target_key(state: InstanceState[Any], by_key: ByKey | None) -> Any:
    """Return the key under which the session knows a related row; None where only SQLAlchemy knows it."""
    if by_key is None or not state.committed_state.keys().isdisjoint(by_key.attributes):
        return None
    values = [state.dict.get(name) for name in by_key.attributes]
    return None if None in values else by_key.target.identity_key_from_primary_key(tuple(values))


def _by_key(relationship: RelationshipProperty[Any]) -> ByKey | None:
    attributes = by_key(relationship)
    return None if attributes is None else ByKey(attributes, relationship.mapper)


def _unset(state: InstanceState[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values that attributes of a row that was never saved have before they are set."""
    yield from ((attribute.key, None) for attribute in state.mapper.column_attrs)
    for relationship in state.mapper.relationships:
        if relationship.lazy not in WRITTEN_ONLY:
            yield relationship.key, _empty(relationship) if relationship.uselist else None


def _empty(relationship: RelationshipProperty[Any]) -> Any:
    collection = (relationship.collection_class or list)()
    return collection if plain(collection) is NotImplemented else plain(collection)


def plain(value: Any) -> Any:
    """Return a collection or tracked value that is not bound to its row; a definition unchanged."""
    cls = type(value)
    if isinstance(value, MutableBase) or hasattr(cls, "_sa_instrumented"):
        return _unbound(value)
    if isinstance(value, DEFINITIONS):
        return value
    return _contents(value) if cls.__module__ == AssociationProxy.__module__ else NotImplemented


def _contents(value: Any) -> Any:
    """Return a list, dict or set of SQLAlchemy's, of whatever kind, as a plain one."""
    kinds = ((MutableMapping, dict), (MutableSet, set), (MutableSequence, list))
    return next((kind(value) for like, kind in kinds if isinstance(value, like)), NotImplemented)


def _unbound(value: Any) -> Any:
    cls: Any = type(value)
    if cls.__module__.startswith("sqlalchemy."):
        return _contents(value)
    twin = cls.__new__(cls)
    twin.__dict__.update({name: part for name, part in vars(value).items() if name not in ("_sa_adapter", "_parents")})
    for kind, fill in ((list, list.extend), (dict, dict.update), (set, set.update)):
        if isinstance(value, kind):
            fill(twin, value)
    return twin
