"""Sessions whose queries an event loop waits for: read within a greenlet of SQLAlchemy's, and refused elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.orm import Session

from lumix_core.errors import LXSourceError
from lumix_core.rows import AwaitedReading
from lumix_sqlalchemy.handles import asynchronous

P = ParamSpec("P")
T = TypeVar("T")
Query = TypeVar("Query")


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


def in_greenlet(
    method: Callable[Concatenate[Query, P], T],
) -> Callable[Concatenate[Query, P], T]:
    """Have a method of a query say where it can be called, if its session has to be awaited."""

    @functools.wraps(method)
    def checked(self: Query, /, *arguments: P.args, **keywords: P.kwargs) -> T:
        try:
            return method(self, *arguments, **keywords)
        except MissingGreenlet as error:
            raise _not_awaited(self) from error

    return checked


def _not_awaited(query: object) -> LXSourceError:
    return LXSourceError(
        f"The query {query!s:.200} runs in an asynchronous session, which has to be awaited. Solve with "
        f"`await optimizer.solve_async(model)`; or compile, copy or solve the model inside "
        f"`await async_session.run_sync(lambda _: model.compile())`."
    )
