"""The threads on which LumiX solves, less those that were there before, such as runs that other tests left behind."""

from __future__ import annotations

import threading


class SolvingThreads:
    """Counts from the moment when it is made."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    @property
    def names(self) -> list[str]:
        """The names of the threads that have come since and are still there."""
        threads = set(threading.enumerate()) - self._before
        return sorted(thread.name for thread in threads if thread.name.startswith("lumix"))
