"""Binary results from PostgreSQL: psycopg reads numbers off them without parsing text.

Only where the values are the same either way: columns of the types below, and psycopg's own readers of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import REAL, Boolean, CursorResult, Dialect, Enum, Float, Integer, String, event
from sqlalchemy.orm import Session

from lumix_sqlalchemy.attributes import is_own_type
from lumix_sqlalchemy.projecting import Projection

OIDS = frozenset({16, 20, 21, 23, 25, 701, 1042, 1043})
"""bool, int8, int2, int4, text, float8, bpchar, varchar. A float4 is another number as text: its shortest one."""
OPTION = "lumix_binary"
"""The execution option of a query whose result is requested in binary."""


@contextmanager
def requested(session: Session, dialect: Dialect | None, projection: Projection) -> Iterator[dict[str, Any]]:
    """Yield the execution options with which a projection is executed, so that its result comes in binary if it can.

    Args:
        session: the session that executes it.
        dialect: of its database; None where only the session knows it.
        projection: the query of columns.
    """
    if dialect is None or dialect.driver != "psycopg" or not all(map(_may_be, projection.columns)):
        yield {}
        return
    connection = session.connection(bind_arguments=projection.bind_arguments)
    event.listen(connection, "before_cursor_execute", _request, named=True)
    try:
        yield {OPTION: True}
    finally:
        event.remove(connection, "before_cursor_execute", _request)


def is_as_text(result: CursorResult[Any]) -> bool:
    """Whether a result has the values that it would have as text."""
    cursor: Any = result.cursor
    return not getattr(cursor, "format", 0) or {description[1] for description in cursor.description} <= OIDS


def _may_be(expression: Any) -> bool:
    """Whether a column is likely to be of one of the types; `is_as_text` checks the result."""
    kind = expression.type
    short = isinstance(kind, REAL | Enum) or (isinstance(kind, Float) and kind.precision is not None)
    return is_own_type(kind) and not short and isinstance(kind, Integer | Float | Boolean | String)


def _request(cursor: Any, context: Any, **_: Any) -> None:
    """Request a binary result just before the cursor executes the query."""
    from psycopg import Cursor
    from psycopg.pq import Format

    if context is None or OPTION not in context.execution_options or type(cursor) is not Cursor:
        return
    if all(_is_psycopgs(cursor.adapters.get_loader(oid, format)) for oid in OIDS for format in Format):
        cursor.format = Format.BINARY


def _is_psycopgs(loader: type | None) -> bool:
    return loader is not None and loader.__module__.partition(".")[0] in ("psycopg", "psycopg_binary", "psycopg_c")
