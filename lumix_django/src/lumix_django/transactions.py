"""The transaction of a connection: whether one is open, and that it is one in which reads can be repeated."""

from __future__ import annotations

from typing import Any

SERIALIZABLE = "SERIALIZABLE"
ENOUGH = ("REPEATABLE READ", SERIALIZABLE)


def is_open(connection: Any) -> bool:
    """Whether what is sent belongs to a transaction that somebody else ends."""
    return connection.in_atomic_block or not connection.get_autocommit()


def begin_for_real(connection: Any) -> None:
    """Begin the transaction of a connection without autocommit.

    Python's sqlite3 begins it only before the first change. A savepoint before that would be committed when it is
    released, and reading takes place outside of any transaction.
    """
    if connection.vendor == "sqlite" and not connection.connection.in_transaction:
        run(connection, "BEGIN")


def level(connection: Any) -> str:
    """Return the isolation level; MySQL and MariaDB report only that of the session, and not of its transaction."""
    if connection.vendor == "sqlite":
        return SERIALIZABLE
    if connection.vendor == "postgresql":
        isolation = run(connection, "SHOW transaction_isolation")
    else:
        name = "tx_isolation" if connection.mysql_is_mariadb else "transaction_isolation"
        isolation = run(connection, f"SELECT @@{name}")
    return str(isolation).upper().replace("-", " ")


def repeat_reads(connection: Any) -> None:
    """See that in a transaction all reads see one moment: on PostgreSQL the one just begun, else the next one."""
    if level(connection) not in ENOUGH:
        run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def run(connection: Any, sql: str) -> Any:
    """Run a statement and return the first value of what it answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone() if cursor.description else None
    return None if row is None else row[0]
