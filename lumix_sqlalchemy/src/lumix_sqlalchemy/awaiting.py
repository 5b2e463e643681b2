"""Sessions whose queries an event loop waits for: read within a greenlet of SQLAlchemy's, and refused elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from sqlalchemy.util.concurrency import in_greenlet

from lumix_core.errors import LXSourceError
from lumix_core.rows import AwaitedReading
from lumix_sqlalchemy.handles import asynchronous
from lumix_sqlalchemy.reading import dialect_of

T = TypeVar("T")


def awaited_reading(session: Session, owner: Any | None) -> AwaitedReading | None:
    """Return what a session is to be read in while an event loop runs; None for a session that any thread may read.

    Args:
        session: the session.
        owner: the ``AsyncSession`` that it was given as; None where the session itself was given.
    """
    waiting = asynchronous(session) if owner is None else owner
    if waiting is None:
        return None

    async def read(call: Callable[[], T], /) -> T:
        result: T = await waiting.run_sync(lambda _: call())
        return result

    return read


def refuse_without_await(session: Session, query: object, bind_arguments: Mapping[str, Any]) -> None:
    """Refuse to read in an asynchronous session where nothing awaits it.

    Args:
        session: the session.
        query: what is to be read, for the message.
        bind_arguments: what the session chooses the database by.

    Raises:
        LXSourceError: the session's database driver has to be awaited, and this is no greenlet of SQLAlchemy's.
    """
    dialect = dialect_of(session, **bind_arguments)
    if dialect is None or not dialect.is_async or in_greenlet():
        return
    raise LXSourceError(
        f"The query {query!s:.200} runs in an asynchronous session, which has to be awaited. Solve with "
        f"`await optimizer.solve_async(model)`; or compile, copy or solve the model inside "
        f"`await async_session.run_sync(lambda _: model.compile())`."
    )
