"""Reading everything as it was at one moment: a transaction that is at least REPEATABLE READ."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections, transaction

from lumix_core.errors import LXSourceError
from lumix_django.transactions import ENOUGH, begin_for_real, is_open, level, repeat_reads

# How a user gets such a transaction of their own.
CURES = {
    "postgresql": (
        "let the first statement of the block be "
        '`connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")`'
    ),
    "mysql": 'set "OPTIONS": {{"isolation_level": "repeatable read"}} in settings.DATABASES[{alias!r}]',
    "sqlite": "",
}
# The databases in which a transaction was begun; MySQL and MariaDB do not report that it is a stricter one.
_BEGUN: WeakKeyDictionary[ExitStack, set[str]] = WeakKeyDictionary()


def enter_snapshot(alias: str, ends: ExitStack) -> tuple[str, str]:
    """See that all reading from a database sees one moment, beginning a transaction where none is open.

    Args:
        alias: of the database.
        ends: gets what ends the transaction that was begun.

    Returns:
        what stands for the transaction; a thread has one in each database.

    Raises:
        LXSourceError: the transaction that is open sees more than one moment, or nothing is known of the database.
    """
    connection = connections[alias]
    if connection.vendor not in CURES:
        raise LXSourceError(
            f"snapshot=True: LumiX does not know how {connection.display_name} reads one moment; it knows SQLite, "
            f"PostgreSQL, MySQL and MariaDB. Begin such a transaction with transaction.atomic() as it asks for it, and "
            f"leave out snapshot=True."
        )
    begun = _BEGUN.setdefault(ends, set())
    if not is_open(connection):
        _begin(connection, ends)
        begun.add(alias)
    elif alias not in begun:
        begin_for_real(connection)
        _check_level(connection)
    return "django", alias


def _begin(connection: Any, ends: ExitStack) -> None:
    if connection.vendor == "mysql":
        repeat_reads(connection)
    ends.enter_context(transaction.atomic(using=connection.alias))
    if connection.vendor == "postgresql":
        repeat_reads(connection)


def _check_level(connection: Any) -> None:
    isolation = level(connection)
    if isolation not in ENOUGH:
        raise LXSourceError(
            f"snapshot=True: a transaction is open in the database {connection.alias!r} already (by "
            f"transaction.atomic(), ATOMIC_REQUESTS or a test), and its isolation level is {isolation}, in which each "
            f"query may see another moment. Compile outside of it, where LumiX begins a transaction of its own; or "
            f"{CURES[connection.vendor].format(alias=connection.alias)}."
        )
