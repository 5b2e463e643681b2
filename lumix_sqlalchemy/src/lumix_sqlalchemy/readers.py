"""Readers of the columns of a query: the session, or one with a connection of its own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from sqlalchemy import Select, inspect
from sqlalchemy.orm import Session

from lumix_core.errors import LXSourceError
from lumix_core.rows import Column, Path
from lumix_sqlalchemy.reading import dialect_of, read_columns

SESSION, ARROW = READERS = ("session", "arrow")


def checked(name: str, session: Session, row_type: type | None) -> str:
    """Return the name of a reader that can read from the database of a session.

    Raises:
        LXSourceError: there is no such reader, it has no driver for the database, or the driver is not installed.
    """
    if name not in READERS:
        raise LXSourceError(
            f"The reader {name!r} is unknown. Columns are read by {SESSION!r}, in the session itself, or by {ARROW!r}, "
            f"over a connection of its own. Name one of these."
        )
    dialect = dialect_of(session, mapper=inspect(row_type)) if name == ARROW and row_type is not None else None
    if dialect is not None:  # of a session that chooses among databases itself, the reader learns when it reads
        from lumix_sqlalchemy.arrow import check_database

        check_database(dialect)
    return name


def read(
    reader: str,
    session: Session,
    statement: Select[Any],
    entity: Any,
    paths: Sequence[Path],
    *,
    flush: bool,
    options: dict[str, Any],
    token: Hashable,
    refreshes: bool,
) -> Sequence[Column] | None:
    """Read columns with a reader; what it cannot read exactly is read in the session. See `read_columns`."""
    if reader == ARROW:
        from lumix_sqlalchemy.arrow import read_arrow

        columns = read_arrow(session, statement, entity, paths)
        if columns is not None:
            return columns
    return read_columns(
        session, statement, entity, paths, flush=flush, options=options, token=token, refreshes=refreshes
    )
