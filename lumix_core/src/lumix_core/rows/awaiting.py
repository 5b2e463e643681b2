"""Queries that an event loop has to wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class AwaitedReading(Protocol):
    """Calls a function within which queries may be read, while the event loop goes on."""

    def __call__(self, read: Callable[[], T], /) -> Awaitable[T]:
        """Call a function; awaited in the event loop, it gives what the function returns, or raises what it raises."""
        ...


@runtime_checkable
class AwaitedQuery(Protocol):
    """A query that may not be read on any thread: its session belongs to an event loop, or to a thread of its own."""

    def awaited(self) -> AwaitedReading | None:
        """Return what the query is to be read in while an event loop runs; None where any thread may read it."""
        ...
