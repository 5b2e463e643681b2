"""What the writers of every ORM have in common, whatever they send it through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from lumix_core.errors import LXWriteError
from lumix_core.rows.writing import Key, OneOf, WrittenTable

ADVISORY_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended({mark}, 0))"
ADVISORY_LOCKS = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST({mark} AS text[])) AS name"
SHARED_ADVISORY_LOCK = "SELECT pg_advisory_xact_lock_shared(hashtextextended({mark}, 0))"
NOT_TRANSACTIONAL = (
    "SELECT t.table_name, t.engine FROM information_schema.tables t JOIN information_schema.engines e "
    "ON e.engine = t.engine WHERE t.table_schema = {schema} AND t.table_name IN {names} AND e.transactions <> 'YES'"
)
"""The query of MySQL and MariaDB for tables whose storage engines know no transactions, such as MyISAM."""
SQL_MODE = "SELECT @@SESSION.sql_mode"
"""The query of MySQL and MariaDB for how strict they are."""
KEEPING = ("sqlite", "postgresql")
"""The databases whose triggers and rules may leave out rows to be inserted, and keep rows to be deleted."""
ROWS_A_BATCH = 5_000
"""The number of rows that are tuples at one time."""
ADVISORY_LOCKS_AT_MOST = 100
"""The number of values with a lock each; PostgreSQL has room for a few thousand locks in all."""
MISSING_KEYS = 20
"""The number of missing keys that are looked for one by one, at most."""


def advisory_lock_statements(
    table: WrittenTable, where: Mapping[str, Any], mark: str
) -> Iterator[tuple[str, str | list[str]]]:
    """Yield statements that make PostgreSQL wait until another write-back of the same rows is committed.

    In READ COMMITTED its new rows would not be seen, and stay among ours. Other databases wait by themselves.
    A write-back of all rows, or of those of many values, waits for every other; one of some rows waits for those of
    the same rows.

    Args:
        table: where rows are replaced.
        where: which rows.
        mark: how the one parameter of a statement is written.

    Returns:
        statements, each with the value of its parameter: the same for the same rows, whatever the ORM.
    """
    name, chosen = f"lumix {table.name}", _chosen(where)
    some = 0 < len(chosen) <= ADVISORY_LOCKS_AT_MOST
    yield (SHARED_ADVISORY_LOCK if some else ADVISORY_LOCK).format(mark=mark), name
    if some:
        yield ADVISORY_LOCKS.format(mark=mark), [f"{name} {value}" for value in chosen]


def _chosen(where: Mapping[str, Any]) -> list[str]:
    """Return a name for each combination of values, always in the same order, so that locks are taken in one order."""
    several = [value.values if isinstance(value, OneOf) else (value,) for value in where.values()]
    return sorted(repr(sorted(zip(where, value, strict=True))) for value in product(*several)) if where else []


def refuse_without_transactions(tables: Iterable[tuple[str, str]]) -> None:
    """Refuse what `NOT_TRANSACTIONAL` finds: pairs of a table and its storage engine.

    Raises:
        LXWriteError: there is one.
    """
    for name, engine in tables:
        raise LXWriteError(
            f"The table {name!r} is kept by the storage engine {engine}, which has no transactions: a failure would "
            f"leave half of the rows. Run ALTER TABLE {name} ENGINE=InnoDB."
        )


def refuse_without_strictness(mode: str) -> None:
    """Refuse what `SQL_MODE` finds where MySQL and MariaDB store another value in place of one that does not fit.

    Raises:
        LXWriteError: they do.
    """
    if "STRICT_TRANS_TABLES" not in mode and "STRICT_ALL_TABLES" not in mode:
        raise LXWriteError(
            f"The connection is not in strict mode (sql_mode is {mode!r}): the database would store the nearest value, "
            f"without an error, where a column cannot hold what is written. Run SET SESSION sql_mode = "
            f"CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES') when connections are made. Nothing was written."
        )


def batches_of_rows(columns: Sequence[Sequence[Any]]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of columns, at least one, as tuples, some at a time."""
    size = len(columns[0])
    for start in range(0, size, ROWS_A_BATCH):
        part = [values[start : start + ROWS_A_BATCH] for values in columns] if size > ROWS_A_BATCH else columns
        yield list(zip(*part, strict=True))


def existing_keys(keys: Sequence[Key], ask: Callable[[Sequence[Key]], set[Key]], size: int) -> set[Key]:
    """Return those of some keys that rows have.

    What a database takes for equal need not be equal in Python, such as texts that differ in case: keys that were not
    found are looked for one by one, until some of them are not there.

    Args:
        keys: distinct.
        ask: a query that returns those of some keys that rows have.
        size: the number of keys of one query.
    """
    existing: set[Key] = set()
    for start in range(0, len(keys), size):
        existing |= ask(keys[start : start + size])
    missing = 0
    for key in (key for key in keys if key not in existing):
        if missing == MISSING_KEYS:
            break
        if ask([key]):
            existing.add(key)
        else:
            missing += 1
    return existing
