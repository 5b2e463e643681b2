"""What a copy takes from SQLAlchemy's instances: which attributes a class has, loading them in bulk, reading them.

Loading re-reads the rows by primary key in their own sessions, with one more query for each relationship. It fills only
what is missing: nothing is flushed, and changes that are pending stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, MutableMapping, MutableSequence, MutableSet, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ClauseElement, MetaData, inspect, select, tuple_
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.mutable import MutableBase
from sqlalchemy.orm import (
    InstanceState,
    Mapper,
    PassiveFlag,
    QueryableAttribute,
    RelationshipProperty,
    Session,
    SynonymProperty,
    subqueryload,
    undefer,
)
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.types import TypeEngine

from lumix_core.errors import LXCopyError
from lumix_core.rows import RowClass, slots_of
from lumix_sqlalchemy.attributes import NEVER_LOADED, WRITTEN_ONLY, column_names, is_loadable, related_classes
from lumix_sqlalchemy.derived import derived_attributes
from lumix_sqlalchemy.ordering import key_names

ROWS_A_QUERY = 20_000
"""How many rows are asked for in one query, by a key of one column; databases limit a statement's parameters."""
DEFINITIONS = (ClauseElement, MetaData, Mapper, QueryableAttribute, TypeEngine)
ADVICE = (
    "Load it with the rows, as in select({cls}).options(selectinload({cls}.{name})) or undefer({cls}.{name}), "
    "or touch it once before the copy."
)


_ROW_CLASSES: WeakKeyDictionary[type, tuple[tuple[int, int], RowClass]] = WeakKeyDictionary()


def row_class(cls: type) -> RowClass:
    """Return the attributes of a mapped class, as plain data; found once for each."""
    mapper: Mapper[Any] = inspect(cls)
    # What was found holds until an attribute is added, or a class below is mapped, which may have other ones.
    stamp = (len(mapper.attrs), sum(len(vars(below.class_)) for below in mapper.self_and_descendants))
    known = _ROW_CLASSES.get(cls)
    if known is None or known[0] != stamp:
        known = _ROW_CLASSES[cls] = (stamp, _found_row_class(cls, mapper))
    return known[1]


def _found_row_class(cls: type, mapper: Mapper[Any]) -> RowClass:
    synonyms = {one.key: (one.name,) for one in mapper.synonyms}
    proxies = {
        name: (found.target_collection, found.value_attr)
        for name, found in mapper.all_orm_descriptors.items()
        if isinstance(found, AssociationProxy)
    }
    names = tuple(one.key for one in mapper.attrs if not isinstance(one, SynonymProperty))
    aliases = {**synonyms, **proxies}
    read = (column_names(mapper), related_classes(mapper))
    derived = derived_attributes(mapper)
    return RowClass(cls, names + slots_of(cls), key_names(mapper), aliases, ADVICE, *read, derived=derived)


@dataclass(frozen=True, eq=False)
class _ByKey:
    """A many-to-one: the attributes that hold its target's primary key, and the target."""

    attributes: tuple[str, ...]
    target: Mapper[Any]


@dataclass(frozen=True, eq=False)
class _Names:
    """The names of a mapped class's attributes, by what it takes to have them."""

    columns: frozenset[str]
    relationships: frozenset[str]
    to_one: frozenset[str]
    by_key: dict[str, _ByKey]
    composites: dict[str, tuple[str, ...]]
    slots: tuple[str, ...]
    has_proxies: bool

    @cached_property
    def loadable(self) -> frozenset[str]:
        return self.columns | self.relationships


_KNOWN: WeakKeyDictionary[type, _Names] = WeakKeyDictionary()


def _names(cls: type) -> _Names:
    """Return the names of a mapped class; found once for each."""
    known = _KNOWN.get(cls)
    if known is None:
        known = _KNOWN[cls] = _found_names(cls)
    return known


def _found_names(cls: type) -> _Names:
    mapper: Mapper[Any] = inspect(cls)
    to_one = [one for one in mapper.relationships if one.lazy not in NEVER_LOADED and not one.uselist]
    return _Names(
        frozenset(one.key for one in mapper.column_attrs if is_loadable(one)),
        frozenset(one.key for one in mapper.relationships if one.lazy not in NEVER_LOADED),
        frozenset(one.key for one in to_one),
        {one.key: way for one in to_one if (way := _by_key(one)) is not None},
        {one.key: tuple(column.key for column in one.props) for one in mapper.composites},
        slots_of(cls),
        any(isinstance(one, AssociationProxy) for one in mapper.all_orm_descriptors),
    )


def load(rows: Sequence[Any], names: Set[str] | None = None) -> None:
    """Load the columns and relationships that the rows lack, or only the relationships that are named.

    Raises:
        LXCopyError: a row, all of which is to be loaded, was deleted meanwhile.
    """
    needed = {cls: _wanted(_names(cls), names) for cls in set(map(type, rows))}
    lacking: dict[tuple[Session, Mapper[Any]], list[InstanceState[Any]]] = defaultdict(list)
    for row in rows:
        if not needed[type(row)] <= row.__dict__.keys():
            state: InstanceState[Any] = inspect(row)
            if state.session is not None and state.has_identity:
                lacking[state.session, state.mapper].append(state)
    for (session, mapper), states in lacking.items():
        size = ROWS_A_QUERY // len(mapper.primary_key)
        for start in range(0, len(states), size):
            some = states[start : start + size]
            missing = {name for state in some for name in needed[mapper.class_] - state.dict.keys()}
            _load_some(session, mapper, some, sorted(missing))
            still = [state for state in some if not state.dict.keys() >= missing]
            if still and names is None:
                raise _deleted(still[0])


def _wanted(known: _Names, names: Set[str] | None) -> frozenset[str]:
    return known.loadable if names is None else known.relationships & names


def _load_some(session: Session, mapper: Mapper[Any], states: list[InstanceState[Any]], missing: Sequence[str]) -> None:
    names = _names(mapper.class_)
    options = [
        (subqueryload if name in names.relationships else undefer)(getattr(mapper.class_, name)) for name in missing
    ]
    key = [mapper.get_property_by_column(column).class_attribute for column in mapper.primary_key]
    identities = [state.identity or () for state in states]
    within = tuple_(*key).in_(identities) if len(key) > 1 else key[0].in_([one[0] for one in identities])
    statement = select(mapper.class_).where(within).options(*options)
    with session.no_autoflush:
        session.scalars(statement).unique().all()


def _deleted(state: InstanceState[Any]) -> LXCopyError:
    return LXCopyError(
        f"The row {state.class_.__name__} with the key {state.identity!r} is no longer in the database, so what was "
        f"not loaded of it cannot be copied. Leave it out of the model's rows, or read them again."
    )


def values(row: Any) -> dict[str, Any]:
    """Return the attributes of a row that are loaded; runs no query."""
    names = _names(type(row))
    found: dict[str, Any] = {name: getattr(row, name) for name in names.slots if hasattr(row, name)} | row.__dict__
    del found["_sa_instance_state"]
    if names.has_proxies:
        found = {name: value for name, value in found.items() if not name.startswith("_AssociationProxy_")}
    if not names.loadable <= found.keys():
        found |= _without_query(row, names)
    for name, columns in names.composites.items():
        if name not in found and found.keys() >= set(columns):
            found[name] = getattr(row, name)
    return found


def _without_query(row: Any, names: _Names) -> dict[str, Any]:
    """Return what reads without a query though nothing has read it: rows that the session knows by their keys."""
    state: InstanceState[Any] = inspect(row)
    if not state.has_identity:
        return {name: value for name, value in _unset(state) if name not in row.__dict__}
    if state.session is None:
        return {}
    found: dict[str, Any] = {}
    for name in names.to_one - row.__dict__.keys():
        way = names.by_key.get(name)
        key = _target_key(state, way)
        if way is None or key is None:
            get_history(row, name, PassiveFlag.PASSIVE_NO_FETCH)
            # Taken out again: the row stays as it was, and no cycle of rows is left behind in the session.
            found |= {name: row.__dict__.pop(name)} if name in row.__dict__ else {}
        elif isinstance(target := state.session.identity_map.get(key), way.target.class_):
            found |= {} if inspect(target).expired else {name: target}
    return found


def _target_key(state: InstanceState[Any], by_key: _ByKey | None) -> Any:
    """Return the key under which the session knows a related row; None where only SQLAlchemy can tell."""
    if by_key is None or not state.committed_state.keys().isdisjoint(by_key.attributes):
        return None
    values = [state.dict.get(name) for name in by_key.attributes]
    return None if None in values else by_key.target.identity_key_from_primary_key(tuple(values))


def _by_key(relationship: RelationshipProperty[Any]) -> _ByKey | None:
    """Return how a many-to-one leads to the primary key of its target, where it does nothing else."""
    local = {remote: here for here, remote in relationship.local_remote_pairs or ()}
    key = relationship.mapper.primary_key
    if not getattr(relationship.strategy, "use_get", False) or local.keys() != set(key):
        return None
    attributes = tuple(relationship.parent.get_property_by_column(local[column]).key for column in key)
    return _ByKey(attributes, relationship.mapper)


def _unset(state: InstanceState[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the attributes of a row that was never saved read as, before anything sets them."""
    yield from ((one.key, None) for one in state.mapper.column_attrs)
    for one in state.mapper.relationships:
        if one.lazy not in WRITTEN_ONLY:
            yield one.key, _empty(one) if one.uselist else None


def _empty(relationship: RelationshipProperty[Any]) -> Any:
    made = (relationship.collection_class or list)()
    return made if plain(made) is NotImplemented else plain(made)


def plain(value: Any) -> Any:
    """Return a collection or tracked value without what binds it to its row; a definition as it is."""
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
