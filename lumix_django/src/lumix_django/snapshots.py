"""Reading everything as it was at one moment: a transaction that is at least REPEATABLE READ."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction

from lumix_core.errors import LXSourceError
from lumix_django.routing import SNAPSHOT
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
    if SNAPSHOT.get() not in (None, alias):  # which the core refuses
        return "django", alias
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
    if SNAPSHOT.get() is None:
        _keep_to(alias, ends)
    return "django", alias


def older_moment(alias: str, done: set[Hashable]) -> str | None:
    """Return why a transaction that is open may see the database as it was before; None where it does not.

    Args:
        alias: of the database.
        done: the databases that were looked at already; this one is added.
    """
    if ("django", alias) in done:
        return None
    done.add(("django", alias))
    connection = connections[alias]
    if connection.vendor not in CURES or not is_open(connection) or level(connection) not in ENOUGH:
        return None
    return (
        f"A transaction is open in the database {alias!r} (by transaction.atomic(), ATOMIC_REQUESTS or a test) whose "
        f"isolation level is {level(connection)}, which sees the database as it was when the transaction first read "
        f"it. Refresh outside of it."
    )


def _keep_to(alias: str, ends: ExitStack) -> None:
    """See that nothing is read from any other database until the snapshot ends."""
    ends.callback(SNAPSHOT.reset, SNAPSHOT.set(alias))
    for other in connections:
        if other != alias:
            with suppress(ImproperlyConfigured):  # nothing can be read from it at all
                ends.enter_context(connections[other].execute_wrapper(_refusal(alias, other)))


def _refusal(alias: str, other: str) -> Callable[..., Any]:
    def refuse(_: Callable[..., Any], sql: str, *__: Any) -> Any:
        raise LXSourceError(
            f"snapshot=True: the model is read from the database {alias!r}, and {other!r} would see another moment. "
            f"It was to be sent {sql!r:.200}. Read all from one database: let the routers choose it for the related "
            f"rows too, name it in from_model(..., using={alias!r}), or leave out snapshot=True."
        )

    return refuse


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
