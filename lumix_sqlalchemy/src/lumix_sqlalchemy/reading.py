"""Reading a projection in the user's session: the driver's tuples, turned into columns a chunk at a time.

The values pass the same processors as those of an instance, column by column, where their type has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import CursorResult, Dialect, Select, inspect
from sqlalchemy.orm import Mapper, Session

from lumix_core.rows import Column, Path, Paused, column, stacked, transposed
from lumix_sqlalchemy import binary
from lumix_sqlalchemy.projecting import Projection, project, still_says_the_same

Processor: TypeAlias = Callable[[Any], Any]
Values: TypeAlias = Sequence[Any] | Column
"""One column of a chunk, as the driver gave it."""

ROWS_A_CHUNK = 5_000
"""How many rows are tuples at one time, before they become columns; more are slower, their memory being used once."""
ALL_TUPLES = ("mysql", "mariadb")
"""The dialects whose drivers make a tuple of every row before the first is fetched."""


def read_columns(
    session: Session,
    statement: Select[Any],
    entity: Any,
    paths: Sequence[Path],
    *,
    flush: bool,
    options: dict[str, Any],
) -> Sequence[Column] | None:
    """Read some columns of the instances that a select would return; None where only the instances tell the truth.

    Args:
        session: where to run it; pending changes are flushed first exactly where the select's own query would do so.
        statement: a select of one mapped class or alias, in order.
        entity: the class or alias.
        paths: the attributes, each after the relationships that lead there.
        flush: whether pending changes may be written to the database first.
        options: execution options of the session for this query.
    """
    unflushed = not (flush and session.autoflush) and has_pending(session)
    projection = None if unflushed or changes_loaded(session) else project(statement, entity, paths)
    if projection is None:
        return None
    with Paused(), nullcontext() if flush else session.no_autoflush:
        found = run(session, projection, options)
    # A query with autoflush=False of its own has flushed nothing.
    return None if has_pending(session) else found


def kept(session: Session, cls: type) -> dict[tuple[Any, ...], Any] | None:
    """Return the instances of a mapped class that a session keeps, by primary key; None if there are subclasses."""
    mapper: Mapper[Any] = inspect(cls)
    if len(list(mapper.self_and_descendants)) > 1:
        return None
    instances = [row for row in session.identity_map.values() if isinstance(row, cls)]
    return {inspect(row).identity: row for row in instances}


def has_pending(session: Session) -> bool:
    """Whether the session holds changes that it has not written to the database."""
    return bool(session.new or session.deleted or session.dirty)


def changes_loaded(session: Session) -> bool:
    """Whether something listens for instances to be loaded in the session, and may change them."""
    dispatch: Any = session.dispatch
    return bool(dispatch.loaded_as_persistent)


def run(
    session: Session, projection: Projection, options: dict[str, Any], *, as_text: bool = False
) -> Sequence[Column] | None:
    """Run a projection in its session; None where listeners or shards gave it another result than its own."""
    dialect = dialect_of(session, **projection.bind_arguments)
    streaming = {"stream_results": True} if dialect is not None and dialect.name in ALL_TUPLES else {}
    with binary.requested(session, None if as_text else dialect, projection) as requested:
        result = session.execute(projection.statement, execution_options={**options, **streaming, **requested})
    try:
        cursor = getattr(result, "raw", None)
        if not isinstance(cursor, CursorResult) or not still_says_the_same(
            projection, cursor.context.invoked_statement
        ):
            return None
        if binary.is_as_text(cursor):
            return list(_columns(cursor, projection))
    finally:
        result.close()
    return run(session, projection, options, as_text=True)


def dialect_of(session: Session, **bind_arguments: Any) -> Dialect | None:
    """Return the dialect of the database; None for a session that chooses among databases itself."""
    if type(session).get_bind is not Session.get_bind:
        return None
    return session.get_bind(**bind_arguments).dialect


def _columns(result: CursorResult[Any], projection: Projection) -> Iterator[Column]:
    chunks: list[list[Column]] = [[] for _ in projection.positions]
    readers = _readers(result, projection)
    for rows in _chunks(result):
        values = transposed(rows)
        for parts, reader in zip(chunks, readers, strict=True):
            parts.append(column(reader(values)))
    while chunks:
        yield stacked(chunks.pop(0))


def _chunks(result: CursorResult[Any]) -> Iterator[Sequence[Any]]:
    """Yield the tuples as the driver makes them; SQLAlchemy's fetching without SQLAlchemy's rows."""
    cursor: Any = result.cursor
    while rows := result.cursor_strategy.fetchmany(result, cursor, ROWS_A_CHUNK):
        yield rows


def _readers(result: CursorResult[Any], projection: Projection) -> list[Callable[[Sequence[Values]], Values]]:
    """Return for each path how its values are read off the columns of a chunk."""
    described: Any = result.cursor.description
    processors = [
        processor(expression, result.dialect, description[1])
        for expression, description in zip(projection.columns, described, strict=True)
    ]
    return [
        _reader(position, processors[position], marker)
        for position, marker in zip(projection.positions, projection.markers, strict=True)
    ]


def processor(expression: Any, dialect: Dialect, coltype: object) -> Processor | None:
    """Return what SQLAlchemy does to each value of a column; None where it leaves them as the driver made them."""
    processor: Processor | None = expression.type.dialect_impl(dialect).result_processor(dialect, coltype)
    return processor


def _reader(position: int, process: Processor | None, marker: int | None) -> Callable[[Sequence[Values]], Values]:
    if marker is not None:
        return lambda values: _of_related(_listed(values[position]), _listed(values[marker]), process)
    if process is not None:
        return lambda values: list(map(process, _listed(values[position])))
    return lambda values: values[position]


def _listed(values: Values) -> Sequence[Any]:
    """Return the Python objects of a column."""
    listed: Sequence[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    return listed


def _of_related(values: Sequence[Any], keys: Sequence[Any], process: Processor | None) -> list[Any]:
    """Return the values where there is a related row, and None where there is none."""
    pairs = zip(values, keys, strict=True)
    if process is None:
        return [None if key is None else value for value, key in pairs]
    return [None if key is None else process(value) for value, key in pairs]
