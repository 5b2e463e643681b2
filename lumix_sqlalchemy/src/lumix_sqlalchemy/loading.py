"""Loading what instances lack, in their own sessions: in bulk where nothing tells one query from another.

In bulk the rows are read again by primary key, with one more query for each relationship. Where a listener, a router or
a condition of their query decides what each query returns, the attributes are accessed one by one, as functions of the
application would. Only missing attributes are filled: nothing is flushed, and pending changes stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any, TypeAlias

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import InstanceState, Mapper, Query, Session, joinedload, subqueryload, undefer
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import ObjectDeletedError

from lumix_core.errors import LXCopyError
from lumix_sqlalchemy.attributes import compares_exactly
from lumix_sqlalchemy.detaching import Names, names_of
from lumix_sqlalchemy.interceptors import has_own_routing, interceptor, is_routed_alike, query_interceptor
from lumix_sqlalchemy.projecting import forbids_loading, narrows_related
from lumix_sqlalchemy.schemas import related_options

ROWS_A_QUERY = 20_000
"""How many rows are read in one query, by a key of one column; databases limit a statement's parameters."""
States: TypeAlias = Sequence[InstanceState[Any]]


def load(rows: Sequence[Any], names: Set[str] | None = None) -> None:
    """Load the columns and relationships that the rows lack, or only the relationships that are named.

    Raises:
        LXCopyError: a row, all of which is to be loaded, cannot be read any more.
    """
    needed = {cls: _needed(names_of(cls), names) for cls in set(map(type, rows))}
    lacking: dict[tuple[Session, Mapper[Any], Any, Any], list[InstanceState[Any]]] = defaultdict(list)
    for row in rows:
        if not needed[type(row)] <= row.__dict__.keys():
            state: InstanceState[Any] = inspect(row)
            if state.session is not None and state.has_identity:
                lacking[state.session, state.mapper, state.load_options, state.identity_token].append(state)
    for (session, mapper, options, _), states in lacking.items():
        wanted = needed[mapper.class_]
        with session.no_autoflush:
            if _is_bulk_loadable(session, mapper, options, wanted):
                _load_in_bulk(session, mapper, states, wanted)
            else:
                _load_each(states, wanted, options)
        still = [state for state in states if not state.dict.keys() >= wanted - _unloadable(mapper, options)]
        if still and names is None:
            raise _unreadable(still[0])


def _needed(known: Names, names: Set[str] | None) -> frozenset[str]:
    return known.loadable if names is None else known.relationships & names


def _is_bulk_loadable(session: Session, mapper: Mapper[Any], options: Any, wanted: frozenset[str]) -> bool:
    """Whether rows read again are what the access to their attributes would load."""
    if interceptor(session, {"mapper": mapper}) is not None or narrows_related(options):
        return False
    if query_interceptor(Query([mapper.class_])) is not None:  # loading by subqueries makes such queries
        return False
    return not has_own_routing(session) and is_routed_alike(session, mapper, [select(mapper)], _targets(mapper, wanted))


def _targets(mapper: Mapper[Any], names: Iterable[str]) -> list[Mapper[Any]]:
    return [mapper.relationships[name].mapper for name in names if name in mapper.relationships]


def _load_in_bulk(session: Session, mapper: Mapper[Any], states: States, wanted: Set[str]) -> None:
    size = ROWS_A_QUERY // len(mapper.primary_key)
    for start in range(0, len(states), size):
        batch = states[start : start + size]
        missing = {name for state in batch for name in wanted - state.dict.keys()}
        _load_batch(session, mapper, batch, sorted(missing))


def _load_batch(session: Session, mapper: Mapper[Any], states: States, missing: Sequence[str]) -> None:
    key = [mapper.get_property_by_column(column).class_attribute for column in mapper.primary_key]
    identities = [state.identity or () for state in states]
    within = tuple_(*key).in_(identities) if len(key) > 1 else key[0].in_([identity[0] for identity in identities])
    options = related_options(session, mapper, states[0].identity_token, _targets(mapper, missing))
    for loads in _loads(mapper, missing):
        statement = select(mapper.class_).where(within).options(*loads)
        session.scalars(statement, execution_options=options).unique().all()


def _loads(mapper: Mapper[Any], names: Sequence[str]) -> Iterator[list[Any]]:
    """Yield the options of each query that loads attributes.

    Subqueries load the rows of distinct keys: a collation takes some for one that differ in Python. A join does not.
    """
    joined = [name for name in names if _needs_join(mapper, name)]
    relationships = names_of(mapper.class_).relationships
    others = [name for name in names if name not in joined]
    if others or not joined:
        yield [(subqueryload if name in relationships else undefer)(getattr(mapper.class_, name)) for name in others]
    for name in joined:  # one a query, since rows of several would be multiplied
        yield [joinedload(getattr(mapper.class_, name), innerjoin=False)]


def _needs_join(mapper: Mapper[Any], name: str) -> bool:
    relationship = mapper.relationships.get(name)
    if relationship is None or relationship.local_columns <= set(mapper.primary_key):
        return False
    return not compares_exactly(relationship)


def _load_each(states: States, wanted: Set[str], options: Any) -> None:
    """Access the attributes of each row; a related row that is hidden from one row is hidden from all that name it."""
    hidden: set[tuple[Any, ...]] = set()
    for state in states:
        row, names = state.obj(), names_of(state.class_)
        for name in sorted(wanted - state.dict.keys() - _unloadable(state.mapper, options)):
            by_key = names.by_key.get(name)
            key = None if by_key is None else (name, *(state.dict.get(part) for part in by_key.attributes))
            if key in hidden:
                set_committed_value(row, name, None)
            elif _accessed(state, name) is None and key is not None and None not in key:
                hidden.add(key)


def _accessed(state: InstanceState[Any], name: str) -> Any:
    try:
        return getattr(state.obj(), name)
    except ObjectDeletedError as error:
        raise _unreadable(state) from error


def _unloadable(mapper: Mapper[Any], options: Any) -> Set[str]:
    """Return the relationships that the query of the rows forbids to load."""
    return set(mapper.relationships.keys()) if forbids_loading(options) else set()


def _unreadable(state: InstanceState[Any]) -> LXCopyError:
    return LXCopyError(
        f"The row {state.class_.__name__} with the key {state.identity!r} cannot be read again, so what was not "
        f"loaded of it cannot be copied: it was deleted, or the session hides it. Load it whole with the query of the "
        f"rows, or leave it out of them."
    )
