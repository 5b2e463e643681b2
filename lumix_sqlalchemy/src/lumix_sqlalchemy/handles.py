"""The classes of SQLAlchemy that hold a connection, and the messages where one is given in place of a session."""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy.engine import Connection, Engine, FilterResult, Inspector, Result, Transaction
from sqlalchemy.orm import (
    InstanceState,
    Query,
    Session,
    SessionTransaction,
    WriteOnlyCollection,
    scoped_session,
    sessionmaker,
)
from sqlalchemy.pool import Pool

from lumix_core.errors import LXSourceError
from lumix_sqlalchemy.interceptors import async_overrider

SESSIONS = (Session, scoped_session)
HANDLES = (
    *SESSIONS,
    sessionmaker,
    SessionTransaction,
    Query,
    Engine,
    Connection,
    Transaction,
    Pool,
    Inspector,
    Result,
    FilterResult,
    InstanceState,
    WriteOnlyCollection,
)
ASYNC_HANDLES = (
    "AsyncSession",
    "async_scoped_session",
    "async_sessionmaker",
    "AsyncSessionTransaction",
    "AsyncEngine",
    "AsyncConnection",
    "AsyncTransaction",
    "AsyncResult",
    "AsyncScalarResult",
    "AsyncMappingResult",
)

AnySession = Session | scoped_session[Any]


def async_handles() -> tuple[type, ...]:
    """Return the asynchronous handles; there are none before the program itself imports their module.

    Importing it here would need greenlet, which a program without asyncio need not have.
    """
    module = sys.modules.get("sqlalchemy.ext.asyncio")
    return tuple(getattr(module, name) for name in ASYNC_HANDLES) if module else ()


def asynchronous(session: object) -> Any | None:
    """Return the ``AsyncSession`` that a session is the inner one of, or None."""
    module = sys.modules.get("sqlalchemy.ext.asyncio")
    if module is None or not isinstance(session, Session):
        return None
    return module.async_session(session)


def is_handle(obj: object) -> bool:
    """Whether the object is, or holds, a connection or a session."""
    return isinstance(obj, (*HANDLES, *async_handles()))


def resolved(session: AnySession) -> Session:
    """Return the session itself, where a ``scoped_session`` stands for the one of the current scope."""
    return session() if isinstance(session, scoped_session) else session


def checked(handle: object, row: str) -> AnySession:
    """Return the handle if it is a session; of an ``AsyncSession`` the session within.

    Args:
        handle: the argument of ``from_model`` that should be a session.
        row: the class or query as the user writes it, for messages.

    Raises:
        LXSourceError: it is not a session; the message shows how to get one.
    """
    if isinstance(handle, SESSIONS):
        return handle
    module = sys.modules.get("sqlalchemy.ext.asyncio")
    if module is not None and isinstance(handle, module.AsyncSession):
        return _inner(handle, row)
    what, cure = next(
        (refusal for types, *refusal in _refusals() if isinstance(handle, types)),
        (f"{handle!r:.80}", "Rows are read in a session. Write"),
    )
    raise LXSourceError(f"from_model() got {what} where a session belongs. {cure} .from_model({row}, session).")


def _inner(handle: Any, row: str) -> Session:
    """Return the session within an ``AsyncSession``, whose own methods nothing calls here."""
    if overriding := async_overrider(handle):
        raise LXSourceError(
            f"{overriding}, which may change queries, and from_model() reads rows in the session within, past that "
            f"method. Let the session within do it, by a listener for do_orm_execute of its sync_session_class or by "
            f"methods of that class, and write .from_model({row}, session)."
        )
    inner: Session = handle.sync_session
    return inner


def _refusals() -> tuple[tuple[tuple[type, ...], str, str], ...]:
    """Return what users give in place of a session: its types, its name, why it is not one and what to do."""
    return (
        ((type(None),), "nothing", "What to read does not yet say from which database. Write"),
        (
            (Engine,),
            "an Engine",
            "Rows are read in a session, which sees your pending changes and keeps one object a row. "
            "Open one, `session = Session(engine)`, and write",
        ),
        (
            (Connection,),
            "a Connection",
            "Rows are read in a session, which sees your pending changes and keeps one object a row. "
            "Open one, `session = Session(connection)` or `Session(engine)`, and write",
        ),
        (
            (sessionmaker,),
            "a sessionmaker",
            "It makes sessions, and could make a new one at every reading. "
            "Call it once, `session = make_session()`, and write",
        ),
        (
            async_handles(),
            "an asynchronous engine, or what makes asynchronous sessions,",
            "Rows are read in a session. Open one, `async_session = AsyncSession(engine)`, for which "
            "`await optimizer.solve_async(model)` waits, and write",
        ),
    )
