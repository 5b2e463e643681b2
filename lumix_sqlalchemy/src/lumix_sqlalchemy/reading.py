"""Reading a projection in the user's session: the driver's tuples, turned into columns a chunk at a time.

The values pass the same processors as those of an instance, column by column, where their type has one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import CursorResult, Dialect, Select, inspect
from sqlalchemy.orm import Session

from lumix_core.rows import Column, GrowingColumn, Path, Paused, column, transposed
from lumix_sqlalchemy import binary
from lumix_sqlalchemy.held_rows import HeldRows
from lumix_sqlalchemy.interceptors import has_own_routing, is_routed_alike
from lumix_sqlalchemy.projecting import Projection, can_project, projection_of

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
    token: Hashable = None,
    refreshes: bool = False,
) -> Sequence[Column] | None:
    """Read some columns of the instances that a select would return; None where only the instances tell the truth.

    Args:
        session: where to run it; pending changes are flushed first exactly where the select's own query would do so.
        statement: a select of one mapped class or alias, in order.
        entity: the class or alias.
        paths: the attributes, each after the relationships that lead there.
        flush: whether pending changes may be written to the database first.
        options: execution options of the session for this query.
        token: the identity token of its instances.
        refreshes: whether the select loads instances anew that the session holds.
    """
    unflushed = not (flush and session.autoflush) and has_pending(session)
    if unflushed or changes_loaded(session) or not can_project(statement, entity, paths):
        return None
    held = HeldRows.of(session, inspect(entity).mapper, paths, token, refreshes)
    projection = None if held is None else projection_of(statement, entity, [*paths, *held.paths])
    if held is None or projection is None or not _is_routed_alike(session, statement, projection):
        return None
    with Paused(), nullcontext() if flush else session.no_autoflush:
        columns = run(session, projection, options)
    # A query with autoflush=False of its own has flushed nothing.
    if columns is None or has_pending(session) or not held.agree([*paths, *held.paths], columns):
        return None
    return columns[: len(paths)]


def _is_routed_alike(session: Session, statement: Select[Any], projection: Projection) -> bool:
    if not (projection.joined or has_own_routing(session)):
        return True
    return is_routed_alike(session, projection.mapper, (statement, projection.statement), projection.joined)


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
    """Run a projection in its session; None where its result is not one of the database's driver."""
    dialect = dialect_of(session, **projection.bind_arguments)
    streaming = {"stream_results": True} if dialect is not None and dialect.name in ALL_TUPLES else {}
    with binary.requested(session, None if as_text else dialect, projection) as requested:
        result = session.execute(projection.statement, execution_options={**options, **streaming, **requested})
    try:
        cursor = getattr(result, "raw", None)
        if not isinstance(cursor, CursorResult):
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
    columns = [GrowingColumn() for _ in projection.positions]
    readers = _readers(result, projection)
    for rows in _chunks(result):
        values = transposed(rows)
        for growing, reader in zip(columns, readers, strict=True):
            growing.add(column(reader(values)))
    return (growing.column() for growing in columns)


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
