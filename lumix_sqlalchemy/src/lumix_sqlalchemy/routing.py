"""The database that a session itself would send changes of a class to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import Connection, Delete, Engine, Insert, Update, inspect
from sqlalchemy.orm import Mapper, Session

from lumix_core.errors import LXWriteError
from lumix_core.rows import WrittenTable
from lumix_sqlalchemy.interceptors import has_own_routing

Bind: TypeAlias = Engine | Connection


def bind_of(session: Session, tables: Sequence[WrittenTable]) -> Bind:
    """Return the one database that a session sends all changes of some classes to.

    Raises:
        LXWriteError: it sends them to several databases, or decides by each row.
    """
    binds = {table.cls: _bind_of(session, table.cls) for table in tables}
    first, *others = binds.values()
    if any(other is not first for other in others):
        names = ", ".join(f"{cls.__name__} in {bind.engine.url!r}" for cls, bind in binds.items())
        raise LXWriteError(
            f"The session keeps these classes in different databases, which have no transaction in common: {names}. "
            f"Write those of each database by themselves."
        )
    return first


def _bind_of(session: Session, cls: type) -> Bind:
    if session.connection_callable is not None:
        raise LXWriteError(
            f"The session chooses a database for each row of {cls.__name__} (shards), so that no single transaction "
            f"holds all of them. Write the rows of each shard by its engine or by a session of its own: "
            f"write(engine)."
        )
    if not has_own_routing(session):
        return session.get_bind(mapper=inspect(cls))
    return _only_bind(session, cls)


def _only_bind(session: Session, cls: type) -> Bind:
    """Return the database of a flush, of updates and of deletes.

    INSERT statements need not agree: the session itself inserts rows by a flush.
    """
    mapper: Mapper[Any] = inspect(cls)
    binds = [session.get_bind(mapper=mapper, clause=kind(cls)) for kind in (Delete, Update)]
    with _flushing(session):
        flushed = session.get_bind(mapper=mapper)
    inserted = session.get_bind(mapper=mapper, clause=Insert(cls))
    if binds[0] is not binds[1] or binds[0] not in (flushed, inserted):
        names = [f"{bind.engine.url!r}" for bind in (*binds, flushed)]
        raise LXWriteError(
            f"The session sends changes of {cls.__name__} to different databases: deletes to {names[0]}, updates to "
            f"{names[1]} and flushed rows to {names[2]}. Write by the engine that takes all changes, write(engine), or "
            f"let get_bind() return it for each of them."
        )
    return binds[0]


@contextmanager
def _flushing(session: Session) -> Iterator[None]:
    """Let a session answer as it does within a flush."""
    before, session._flushing = session._flushing, True
    try:
        yield
    finally:
        session._flushing = before


@contextmanager
def bound_to(session: Session, bind: Bind) -> Iterator[None]:
    """Let a session that routes by code of its own send all statements of a block to one database."""
    if not has_own_routing(session):
        yield
        return
    own: Any = vars(session).get("get_bind")
    vars(session)["get_bind"] = lambda *_, **__: bind
    try:
        yield
    finally:
        del vars(session)["get_bind"]
        if own is not None:
            vars(session)["get_bind"] = own
