"""Whose turn it is: threads use an object one after the other, and no other process than its own uses it at all."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from threading import Lock, RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from lumix_core.errors import LXModelError

POLL = 0.5
"""Seconds between two looks, so that Ctrl-C ends the wait on every system."""


class Turns:
    """A lock that one thread holds at a time, as often as it likes; in a ``with`` block.

    A process that is forked has no thread but the one that forked it: neither the solver's thread nor the one that may
    hold the lock. So it is refused there as long as something is open, and starts anew where nothing is.

    Args:
        title: what messages call the object.
        advice: what to do in a forked process.
        is_open: whether the object holds a solver; it may change.
    """

    def __init__(self, title: str, advice: str, *, is_open: bool = False) -> None:
        self.is_open = is_open
        self._title = title
        self._advice = advice
        self._renew()

    def __enter__(self) -> None:
        self.check_process()
        while not self._lock.acquire(timeout=POLL):
            pass

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is another process than the object's own."""
        return os.getpid() != self._process

    def check_process(self) -> None:
        """Refuse another process than the object's own.

        Raises:
            LXModelError: it is a forked one, and something was open when it was forked.
        """
        if not self.is_elsewhere:
            return
        if self.is_open:
            raise LXModelError(
                f"{self._title} was opened by process {self._process}, and this is process {os.getpid()}, which was "
                f"forked from it without the thread of its solver. {self._advice}"
            )
        with _RENEWING:
            if self.is_elsewhere:
                self._renew()

    def _renew(self) -> None:
        self._lock = RLock()
        self._process = os.getpid()


_RENEWING = Lock()


class TakesTurns(Protocol):
    """What has a lock of this kind."""

    _turns: Turns


P = ParamSpec("P")
T = TypeVar("T")
Shared = TypeVar("Shared", bound=TakesTurns)


def in_turn(method: Callable[Concatenate[Shared, P], T]) -> Callable[Concatenate[Shared, P], T]:
    """Let a method run while its object's lock is held."""

    @functools.wraps(method)
    def wrapped(self: Shared, /, *arguments: P.args, **keywords: P.kwargs) -> T:
        with self._turns:
            return method(self, *arguments, **keywords)

    return wrapped
