"""What a run has found so far, told to the user's function while it goes on."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from lumix_core.errors import LXOptionError
from lumix_core.solver.solver import RawProgress

PAUSE = 0.1
"""Seconds, at least, between two calls of the user's function."""
BEAT = 1.0
"""Seconds after which it is called though nothing has changed."""


@dataclass(frozen=True)
class LXProgress:
    """What a solve has found so far, in the user's sense; given to ``on_progress``.

    Args:
        incumbent: the objective of the best point, or None without one.
        bound: a proved bound on the objective, or None without one.
        seconds: since the solver began.
    """

    incumbent: float | None
    bound: float | None
    seconds: float
    _cancelled: Event = field(repr=False, compare=False)

    @property
    def gap(self) -> float | None:
        """``|incumbent - bound| / |incumbent|``; None where one of them is not known."""
        return relative_gap(self.incumbent, self.bound)

    def cancel(self) -> None:
        """End the solve within seconds; any thread may call it, at any time.

        The solution has the best point so far, if there is one, and the limit ``cancelled``.
        """
        self._cancelled.set()


OnProgress = Callable[[LXProgress], object]
"""A function of the user's that is told of the progress."""


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """Return ``|objective - bound| / |objective|``; None where one of them is not known."""
    if objective is None or bound is None:
        return None
    distance = abs(objective - bound)
    if distance == 0.0:
        return 0.0
    return distance / abs(objective) if objective else float("inf")


def checked_call(call: Any) -> OnProgress | None:
    """Return a function given as ``on_progress``.

    Raises:
        LXOptionError: it is none, or would have to be awaited.
    """
    checked: OnProgress | None = checked_function(
        "on_progress",
        call,
        "a function of one argument, such as on_progress=lambda progress: print(progress.incumbent, progress.gap)",
        "; with solve_async() it is called in the event loop, where it may call asyncio.create_task(...)",
    )
    return checked


def checked_function(option: str, call: Any, wanted: str, more: str = "") -> Any:
    """Return a function of the user's, or None.

    Args:
        option: what it was given as.
        call: the function.
        wanted: what to give, in words.
        more: what else to know of a function that would have to be awaited.

    Raises:
        LXOptionError: it is none, or would have to be awaited.
    """
    if call is None:
        return None
    if not callable(call):
        raise LXOptionError(f"{option}={call!r:.80} cannot be called. Give {wanted}.")
    if inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None)):  # noqa: B004
        raise LXOptionError(
            f"{option}={call!r:.80} is a coroutine function, which nobody would await. Give a plain function{more}."
        )
    return call


class Reports:
    """Passes on to the user's function what a solver reports, and keeps the error that it raises.

    Args:
        call: the user's function.
        cancelled: set where the solve is to end.
    """

    def __init__(self, call: OnProgress, cancelled: Event) -> None:
        self._call = call
        self._cancelled = cancelled
        self._began = time.monotonic()
        self._newest = RawProgress()
        self._told: tuple[float, RawProgress] | None = None
        self._failure: Exception | None = None

    def begin(self) -> None:
        """Call the user's function for the first time: it may cancel from then on."""
        self._began = time.monotonic()
        self._tell(self._began)

    def report(self, progress: RawProgress) -> None:
        """Take what a solver reports; what it does not know stays what it was."""
        known = {
            name: float(value)
            for name in ("incumbent", "bound")
            if (value := getattr(progress, name)) is not None and abs(value) < float("inf")
        }
        self._newest = replace(self._newest, **known)
        now = time.monotonic()
        if self._is_due(now):
            self._tell(now)

    def call(self, progress: LXProgress) -> None:
        """Call the user's function; what it raises ends the run, and waits for `raise_failure`."""
        try:
            self._call(progress)
        except Exception as error:  # noqa: BLE001 - raised where the user called
            self._failure = self._failure or error
            self._cancelled.set()

    def raise_failure(self) -> None:
        """Raise what the user's function raised, if it did."""
        if self._failure is not None:
            raise self._failure

    def _is_due(self, now: float) -> bool:
        if self._cancelled.is_set() or self._told is None:
            return not self._cancelled.is_set()
        then, told = self._told
        return now - then >= (PAUSE if told != self._newest else BEAT)

    def _tell(self, now: float) -> None:
        newest = self._newest
        self._told = (now, newest)
        self.call(LXProgress(newest.incumbent, newest.bound, now - self._began, self._cancelled))
