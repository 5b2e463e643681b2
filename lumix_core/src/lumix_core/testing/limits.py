"""Tests that end: what takes longer than its limit fails, and the message says where it was."""

from __future__ import annotations

import functools
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
Test = Callable[..., None]


class Endless(pytest.fail.Exception):  # type: ignore[misc, name-defined]  # pytest does not give its type
    """A test, or a part of one, that took longer than its limit."""


_ENDLESS: set[type] = set()
"""The classes of tests one of which was endless: the others, most of which would be too, get less time."""
LESS = 10


def in_thread(test: Test) -> Test:
    """Return a test that runs in a thread of its own, so that it can be left where it never ends."""

    @functools.wraps(test)
    def limited(self: Any, **fixtures: Any) -> None:
        with _limit_of(self) as seconds:
            within(seconds, lambda: test(self, **fixtures), _advice(test, seconds))

    return limited


def on_main_thread(test: Test) -> Test:
    """Return a test that is interrupted at its limit, where the system has alarms; no native code is."""

    @functools.wraps(test)
    def limited(self: Any, **fixtures: Any) -> None:
        with _limit_of(self) as seconds, alarm(seconds, _advice(test, seconds)):
            test(self, **fixtures)

    return limited


@contextmanager
def _limit_of(tests: Any) -> Iterator[float]:
    """Give the seconds that a test may take, and remember where it takes longer."""
    cls = type(tests)
    try:
        yield tests.limit / LESS if cls in _ENDLESS else tests.limit
    except Endless:
        _ENDLESS.add(cls)
        raise


def _advice(test: Test, seconds: float) -> str:
    return (
        f"{test.__name__} did not end within {seconds:g} s. Something waits or repeats for ever, such as a run that "
        f"ignores a limit or a statement that waits for a lock. If it only needs longer, set a larger 'limit' in the "
        f"class that inherits the kit."
    )


def within(seconds: float, work: Callable[[], T], advice: str) -> T:
    """Return what ``work`` returns, or raise what it raises.

    Args:
        seconds: the time that it may take; after that the test fails, and the thread of ``work`` is left behind.
        work: runs in a thread of its own.
        advice: for the message of the failure.
    """
    (result,) = all_within(seconds, [work], advice)
    return result


def all_within(seconds: float, works: Sequence[Callable[[], T]], advice: str) -> list[T]:
    """Return what several functions return that run at the same time; see `within`."""
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []

    def run(position: int) -> None:
        try:
            results[position] = works[position]()
        except BaseException as error:  # noqa: BLE001 - raised in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=[position], daemon=True) for position in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        if thread.is_alive():
            raise Endless(f"{advice} It was here:\n{_position_of(thread)}", pytrace=False)
    for error in errors:
        raise error
    return results


def _position_of(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame, limit=8)) if frame is not None else "(at its end)"


@contextmanager
def alarm(seconds: float, advice: str) -> Iterator[None]:
    """Fail within the block once the time is up, and again each second, since code may catch what it does not know."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise Endless(advice)

    before = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, remaining, interval)
        signal.signal(signal.SIGALRM, before)
