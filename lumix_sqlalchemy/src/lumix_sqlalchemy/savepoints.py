"""Savepoints of a connection, which leave the transaction around them unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_NUMBERS = count(1)


def begin_for_real(connection: Connection) -> None:
    """Begin the transaction in the database that SQLAlchemy has begun.

    Python's sqlite3 begins it only before the first change. A savepoint before that would be committed when it is
    released, and reading takes place outside of any transaction.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and not getattr(driver, "in_transaction", True):
        connection.exec_driver_sql("BEGIN")


@contextmanager
def savepoint(connection: Connection, on_lost: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Release a savepoint at the end of a block, or roll back to it.

    The error that ended the block is raised even if the savepoint no longer exists.

    Args:
        connection: in a transaction.
        on_lost: called where the savepoint is gone, as it is where connections are cut and where the database ended
            the transaction by itself to resolve a deadlock; to end what is left of the transaction.
    """
    # Not begin_nested(), which does not roll back what it could not release.
    dialect, name = connection.dialect, f"lumix_{next(_NUMBERS)}"
    dialect.do_savepoint(connection, name)
    try:
        yield
        dialect.do_release_savepoint(connection, name)
    except BaseException as error:
        try:
            if not connection.invalidated:
                dialect.do_rollback_to_savepoint(connection, name)
        except DBAPIError as second:
            error.add_note(f"The savepoint could not be rolled back to: {second.orig}")
            on_lost()
        if connection.invalidated:
            on_lost()
        raise
