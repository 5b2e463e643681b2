"""The instances that a session holds: they keep what they have loaded, whatever the database says meanwhile.

A query for instances returns the held ones as they are, so columns are compared with them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isnan
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState, Mapper, RelationshipProperty, Session

from lumix_core.rows import Column, Path
from lumix_sqlalchemy.attributes import column_names
from lumix_sqlalchemy.ordering import key_names

Key: TypeAlias = tuple[Hashable, ...]
_PLAIN = frozenset({bool, int, float, str, bytes, Decimal, date, datetime, type(None)})
"""The types whose lists are compared at once."""


def held_states(session: Session, mapper: Mapper[Any], token: Hashable) -> list[InstanceState[Any]]:
    """Return the states of the instances of a class that a session holds, those to be saved included."""
    base, cls = mapper.base_mapper.class_, mapper.class_
    saved = [
        state
        for state in session.identity_map.all_states()
        if state.key is not None and state.key[0] is base and state.key[2] == token and issubclass(state.class_, cls)
    ]
    return saved + [inspect(row) for row in session.new if isinstance(row, cls)]


def kept(session: Session, cls: type, token: Hashable) -> dict[Key, Any] | None:
    """Return the instances of a mapped class that a session keeps, by primary key; None if there are subclasses."""
    mapper: Mapper[Any] = inspect(cls)
    if len(list(mapper.self_and_descendants)) > 1:
        return None
    states = [state for state in held_states(session, mapper, token) if state.key is not None]
    return {state.identity or (): row for state in states if (row := state.obj()) is not None}


@dataclass(frozen=True, eq=False)
class HeldRows:
    """The instances that a session holds of the classes of a query for columns.

    Args:
        states: for each class, by the relationships that lead there from the rows of the query, its instances.
        mappers: the class to which each prefix leads.
        paths: what is to be read besides, to compare: their keys, and what their relationships are joined by.
    """

    states: Mapping[Path, Sequence[InstanceState[Any]]]
    mappers: Mapping[Path, Mapper[Any]]
    paths: Sequence[Path]

    @classmethod
    def of(
        cls, session: Session, mapper: Mapper[Any], paths: Sequence[Path], token: Hashable, refreshes: bool
    ) -> HeldRows | None:
        """Return those of the classes that paths go through; None where something cannot be compared.

        Args:
            session: the session that holds them.
            mapper: of the rows of the query.
            paths: the attributes that it reads, each after the relationships that lead there.
            token: the identity token of its rows.
            refreshes: whether the query loads its own rows anew.
        """
        mappers = _mappers(mapper, paths)
        if not len(session.identity_map) and not session.new:
            return cls({}, mappers, [])
        states = {prefix: held for prefix, at in mappers.items() if (held := held_states(session, at, token))}
        if any(_have_their_own(held, mappers[prefix]) for prefix, held in states.items()):
            return None
        if refreshes:
            states.pop((), None)
        more: dict[Path, None] = {}
        for prefix, at in mappers.items():
            parent = prefix[:-1]
            if prefix in states or (prefix and parent in states):
                more |= {(*prefix, name): None for name in key_names(at)}
            if prefix and (prefix in states or parent in states):
                local = _local_names(mappers[parent].relationships[prefix[-1]])
                if local is None:
                    return None
                more |= {(*parent, name): None for name in sorted(local)}
        known = all(path[-1] in column_names(mappers[path[:-1]]) for path in more)
        return cls(states, mappers, list(more)) if known else None

    def agree(self, paths: Sequence[Path], columns: Sequence[Sequence[Any] | Column]) -> bool:
        """Whether columns say of the held instances what these say themselves."""
        values = {path: _Values(column) for path, column in zip(paths, columns, strict=True)}
        return all(self._agree_at(prefix, values) for prefix in self.mappers)

    def _agree_at(self, prefix: Path, values: dict[Path, _Values]) -> bool:
        below = [other for other in self.mappers if other and other[:-1] == prefix]
        if prefix in self.states and not self._are_as_loaded(prefix, below, values):
            return False
        return all(self._are_found(other, values) for other in below if other in self.states)

    def _are_as_loaded(self, prefix: Path, below: Sequence[Path], values: dict[Path, _Values]) -> bool:
        held = {state.key[1]: state.dict for state in self.states[prefix] if state.key is not None}
        rows = list(map(held.get, self._keys(prefix, values)))
        positions = None if None not in rows else [i for i, row in enumerate(rows) if row is not None]
        found = [row for row in rows if row is not None]
        for name in (path[-1] for path in values if path[:-1] == prefix):
            column = values[*prefix, name].listed
            read = list(column) if positions is None else [column[i] for i in positions]
            if not _are_same(_loaded(found, name, read), read):
                return False
        numbers = range(len(rows)) if positions is None else positions
        return all(
            _key_of(row[other[-1]]) == self._key(other, values, position)
            for other in below
            for position, row in zip(numbers, found, strict=True)
            if other[-1] in row
        )

    def _are_found(self, prefix: Path, values: dict[Path, _Values]) -> bool:
        """Whether a join finds the held rows that the session finds by a foreign key without a query."""
        relationship = self.mappers[prefix[:-1]].relationships[prefix[-1]]
        names = by_key(relationship)
        if names is None:
            return True
        held = {state.key[1] for state in self.states[prefix] if state.key is not None}
        foreign = list(zip(*(values[*prefix[:-1], name].listed for name in names), strict=True))
        joined = list(self._keys(prefix, values))
        return joined == foreign or all(
            key == target or target not in held for key, target in zip(joined, foreign, strict=True)
        )

    def _keys(self, prefix: Path, values: dict[Path, _Values]) -> Iterator[Key]:
        return zip(*(values[*prefix, name].listed for name in key_names(self.mappers[prefix])), strict=True)

    def _key(self, prefix: Path, values: dict[Path, _Values], position: int) -> Key | None:
        key = tuple(values[*prefix, name][position] for name in key_names(self.mappers[prefix]))
        return None if None in key else key


class _Values:
    """One column as Python's values, made when they are compared."""

    def __init__(self, column: Sequence[Any] | Column) -> None:
        self._column = column
        self._listed: Sequence[Any] | None = None

    @property
    def listed(self) -> Sequence[Any]:
        if self._listed is None:
            column: Any = self._column
            self._listed = column.tolist() if hasattr(column, "tolist") else column
        return self._listed

    def __getitem__(self, position: int) -> Any:
        return self.listed[position]


def _have_their_own(states: Sequence[InstanceState[Any]], mapper: Mapper[Any]) -> bool:
    """Whether an instance has a value of its own in place of one of its class, such as a constant or a method."""
    mapped = {"_sa_instance_state", *mapper.attrs.keys()}
    others = {name for state in states if not state.dict.keys() <= mapped for name in state.dict.keys() - mapped}
    return any(hasattr(mapper.class_, name) for name in others)


def by_key(relationship: RelationshipProperty[Any]) -> tuple[str, ...] | None:
    """Return the attributes that hold the primary key of a many-to-one's target, where nothing else leads to it."""
    local = {remote: here for here, remote in relationship.local_remote_pairs or ()}
    key = relationship.mapper.primary_key
    if not getattr(relationship.strategy, "use_get", False) or local.keys() != set(key):
        return None
    return tuple(relationship.parent.get_property_by_column(local[column]).key for column in key)


def _mappers(mapper: Mapper[Any], paths: Sequence[Path]) -> dict[Path, Mapper[Any]]:
    """Return the classes that paths go through, each by the relationships that lead there."""
    mappers: dict[Path, Mapper[Any]] = {(): mapper}
    for path in paths:
        for length in range(1, len(path)):
            if path[:length] not in mappers:
                mappers[path[:length]] = mappers[path[: length - 1]].relationships[path[length - 1]].mapper
    return mappers


def _local_names(relationship: RelationshipProperty[Any]) -> set[str] | None:
    """Return the attributes of the row that a relationship is joined by; None where a column of it is not mapped."""
    parent = relationship.parent
    columns = relationship.local_columns
    if not all(parent.columns.contains_column(column) for column in columns):
        return None
    return {parent.get_property_by_column(column).key for column in columns}


def _key_of(row: Any) -> Key | None:
    """Return the key of a related row that was loaded, or None where there is none."""
    if row is None:
        return None
    state: InstanceState[Any] = inspect(row)
    return state.identity


def _loaded(rows: Sequence[dict[str, Any]], name: str, read: list[Any]) -> list[Any]:
    """Return what held rows have loaded of an attribute; what was read for those that have not."""
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name, value) for row, value in zip(rows, read, strict=True)]


def _are_same(loaded: list[Any], read: list[Any]) -> bool:
    types = {*map(type, loaded), *map(type, read)}
    if types <= _PLAIN and not (bool in types and types & {int, float}) and loaded == read:
        return True
    return all(map(_is_same, loaded, read))


def _is_same(loaded: Any, read: Any) -> bool:
    """Whether two values are the same to a function; 1 and 1.0 are, 1 and True are not."""
    if loaded is read:
        return True
    if type(loaded) is not type(read) and {type(loaded), type(read)} != {int, float}:
        return False
    if isinstance(loaded, float) and isnan(loaded):
        return isnan(read)
    return (loaded == read) is True  # arrays have no one answer
