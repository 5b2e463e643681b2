"""Reading everything as it was at one moment: a transaction of the session that is at least REPEATABLE READ."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lumix_core.errors import LXSourceError
from lumix_sqlalchemy.expiry import expire_unchanged
from lumix_sqlalchemy.savepoints import begin_for_real

REPEATABLE, SERIALIZABLE = ENOUGH = ("REPEATABLE READ", "SERIALIZABLE")
WITH_LEVELS = ("postgresql", "mysql", "mariadb")


_EXPIRED: WeakKeyDictionary[ExitStack, set[Session]] = WeakKeyDictionary()
"""The sessions of which nothing is left that was loaded before, by snapshot: what was loaded since is of its moment."""


def enter_snapshot(session: Session, bind_arguments: dict[str, Any], ends: ExitStack) -> Connection:
    """Make the session's transaction read one moment; begin it where it has not begun.

    Rows that the session has loaded before, and not changed, are expired: they may be of another moment.

    Args:
        session: the session.
        bind_arguments: the arguments of the session's ``get_bind``.
        ends: of the snapshot; stays empty.

    Raises:
        LXSourceError: the transaction that has begun sees more than one moment, or the database cannot read one moment.
    """
    name = session.get_bind(**bind_arguments).dialect.name
    if name == "sqlite":
        connection = session.connection(bind_arguments=bind_arguments)
        _check_level(connection, (SERIALIZABLE,))
        begin_for_real(connection)
    elif name in WITH_LEVELS:
        connection = _begun(session, bind_arguments)
        _check_level(connection, ENOUGH)
    else:
        raise LXSourceError(
            f"snapshot=True: LumiX does not know how {name} reads one moment; it knows SQLite, PostgreSQL, MySQL and "
            f"MariaDB. Begin such a transaction in the session yourself, and leave out snapshot=True."
        )
    expired = _EXPIRED.setdefault(ends, set())
    if session not in expired:
        expired.add(session)
        expire_unchanged(session)
    return connection


def _begun(session: Session, bind_arguments: dict[str, Any]) -> Connection:
    bind = session.get_bind(**bind_arguments)
    if session.in_transaction() or (isinstance(bind, Connection) and bind.in_transaction()):
        return session.connection(bind_arguments=bind_arguments)
    chosen = bind.get_execution_options().get("isolation_level", bind.dialect._on_connect_isolation_level)
    level = SERIALIZABLE if chosen == SERIALIZABLE else REPEATABLE
    return session.connection(bind_arguments=bind_arguments, execution_options={"isolation_level": level})


def _check_level(connection: Connection, enough: tuple[str, ...]) -> None:
    level = "AUTOCOMMIT" if connection._is_autocommit_isolation() else connection.get_isolation_level()
    if level not in enough:
        raise LXSourceError(
            f"snapshot=True: the session is in a transaction already, and its isolation level is {level}, in which "
            f"each query may see another moment. End it before, with session.commit() or session.rollback(); or begin "
            f'it by session.connection(execution_options={{"isolation_level": "{enough[0]}"}}).'
        )
