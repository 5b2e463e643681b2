"""Work that Ctrl-C can end: it runs on a thread of its own, while the caller's thread listens."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

GRACE = 3.0
"""Seconds that work gets to end after Ctrl-C."""
POLL = 0.1
"""Seconds between two looks; Windows gives no signal to a thread that waits without an end."""


def run_until_done(work: Callable[[], object], stop: Callable[[], object]) -> bool:
    """Run ``work`` on a thread of its own; return whether it ended.

    ``KeyboardInterrupt`` calls ``stop`` and leaves the work a moment to end. Work that does not, or that is
    interrupted once more, is left behind on its thread: what it works on must not be touched any more.
    What the work raises is raised here.
    """
    failures: list[BaseException] = []
    done = Event()

    def run() -> None:
        try:
            work()
        except BaseException as failure:  # noqa: BLE001 - raised again below, on the caller's thread
            failures.append(failure)
        finally:
            done.set()

    thread = Thread(target=run, daemon=True, name="lumix-solve")
    ended = _watch(thread, done, stop)
    if ended:
        thread.join()
    if failures:
        raise failures[0]
    return ended


def _watch(thread: Thread, done: Event, stop: Callable[[], object]) -> bool:
    try:
        thread.start()
        while not done.wait(POLL):
            pass
    except KeyboardInterrupt:
        stop()
    except BaseException:  # such as an alarm of the user's own
        stop()
        done.wait(GRACE)
        raise
    try:
        return done.wait(GRACE)
    except KeyboardInterrupt:
        return done.is_set()
