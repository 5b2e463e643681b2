"""Expiring what a session has loaded: all of it but its pending changes, or that of tables whose rows were replaced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Table, event, inspect
from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction

_CHANGED: WeakKeyDictionary[Session, set[Table]] = WeakKeyDictionary()
"""The tables that were written in the current transaction of each session."""


def expire_unchanged(session: Session) -> None:
    """Expire all that a session has loaded and not changed; of rows with pending changes, what else they hold."""
    deleted = session.deleted
    for row in list(session.identity_map.values()):
        state = inspect(row)
        if not state.modified and row not in deleted:
            session.expire(row)
        elif names := _unchanged(state):
            session.expire(row, names)


def _unchanged(state: InstanceState[Any]) -> list[str]:
    """Return what was loaded of a row and not changed, but for its key and its version, by which it is written."""
    mapper = state.mapper
    columns = [*mapper.primary_key, *([] if mapper.version_id_col is None else [mapper.version_id_col])]
    kept = {mapper.get_property_by_column(column).key for column in columns} | state.committed_state.keys()
    return [name for name in state.dict.keys() & mapper.attrs.keys() if name not in kept]


def expire(session: Session, changed: Iterable[Table]) -> None:
    """Expire the rows of some tables, now and whenever a savepoint of the current transaction is rolled back.

    SQLAlchemy then expires only rows that the session itself has changed.
    """
    _expire(session, set(changed))
    if not event.contains(session, "after_soft_rollback", _rolled_back):
        event.listen(session, "after_soft_rollback", _rolled_back)
        event.listen(session, "after_transaction_end", _ended)
    _CHANGED.setdefault(session, set()).update(changed)


def _rolled_back(session: Session, _: SessionTransaction) -> None:
    _expire(session, _CHANGED.get(session, set()))


def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        _CHANGED.pop(session, None)


def _expire(session: Session, changed: set[Table]) -> None:
    for row in list(session.identity_map.values()) if changed else ():
        mapper: Mapper[Any] = inspect(row).mapper
        if mapper.local_table in changed:
            session.expire(row)
            continue
        names = [
            relationship.key
            for relationship in mapper.relationships
            if relationship.key in row.__dict__
            and (relationship.mapper.local_table in changed or relationship.secondary in changed)
        ]
        if names:
            session.expire(row, names)
