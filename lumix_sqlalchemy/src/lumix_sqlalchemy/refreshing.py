"""Reading rows anew that a session holds, with the changes that are pending in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lumix_sqlalchemy.expiry import expire_unchanged
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
    expire_unchanged(session)
    levels = [level for connection in _begun(session) if (level := _level(connection)) in ENOUGH]
    return _reason(levels[0]) if levels else None


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
