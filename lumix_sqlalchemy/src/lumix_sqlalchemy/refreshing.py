"""Reading rows anew that a session holds, with the changes that are pending in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.orm import InstanceState, Session

from lumix_sqlalchemy.snapshots import ENOUGH


def refresh(session: Session, done: set[Hashable]) -> str | None:
    """Expire what a session has loaded and not changed; return why it may see older rows all the same.

    Args:
        session: the session; nothing is flushed, and changes that are pending stay.
        done: the sessions for which this was done already; this one is added.
    """
    if session in done:
        return None
    done.add(session)
    for row in list(session.identity_map.values()):
        _expire(session, row)
    levels = [level for connection in _begun(session) if (level := _level(connection)) in ENOUGH]
    return _reason(levels[0]) if levels else None


def _expire(session: Session, row: Any) -> None:
    state = inspect(row)
    if not state.modified:
        session.expire(row)
    elif names := _unchanged(state):
        session.expire(row, names)


def _unchanged(state: InstanceState[Any]) -> list[str]:
    """Return what was loaded of a changed row, but for what its UPDATE is sent with: its key and its version."""
    mapper = state.mapper
    columns = [*mapper.primary_key, *([] if mapper.version_id_col is None else [mapper.version_id_col])]
    kept = {mapper.get_property_by_column(column).key for column in columns} | state.committed_state.keys()
    return [name for name in state.dict.keys() & mapper.attrs.keys() if name not in kept]


def _begun(session: Session) -> Iterator[Connection]:
    """Yield the connections on which a transaction of the session, or around it, has begun."""
    transaction = session.get_transaction()
    if transaction is not None:
        yield from {entry[0] for entry in transaction._connections.values()}
    elif isinstance(session.bind, Connection) and session.bind.in_transaction():
        yield session.bind


def _level(connection: Connection) -> str | None:
    """Return the isolation level of a transaction; None for one that has not begun in the database."""
    if connection._is_autocommit_isolation():
        return None
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        return "SERIALIZABLE" if getattr(driver, "in_transaction", False) else None
    return connection.get_isolation_level()


def _reason(level: str) -> str:
    return (
        f"The session is in a transaction whose isolation level is {level}, which sees the database as it was when the "
        f"transaction first read it. End it before, with session.commit() or session.rollback()."
    )
