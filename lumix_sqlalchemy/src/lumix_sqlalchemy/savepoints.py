"""Savepoints of a connection, which leave the transaction around them as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def begin_for_real(connection: Connection) -> None:
    """Begin the transaction that SQLAlchemy takes for begun.

    Python's sqlite3 begins it only before the first change. A savepoint before that would be committed when it is
    released, and reading takes place outside of any transaction.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and not getattr(driver, "in_transaction", True):
        connection.exec_driver_sql("BEGIN")


@contextmanager
def savepoint(connection: Connection, on_lost: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Release a savepoint at the end of a block, or roll back to it.

    The error that ended the block is raised also where there is no such savepoint any more.

    Args:
        connection: in a transaction.
        on_lost: called where the database has ended the transaction by itself, as it does where connections are cut
            and deadlocks resolved.
    """
    point = connection.begin_nested()
    try:
        yield
    except BaseException as error:
        try:
            point.rollback()
        except DBAPIError as second:
            error.add_note(f"The whole transaction was lost: {second.orig}")
            on_lost()
        else:
            if connection.invalidated:
                on_lost()
        raise
    point.commit()
