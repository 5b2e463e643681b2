"""The module highspy, imported on use, and instances of HiGHS that write nothing."""

from __future__ import annotations

from functools import cache
from typing import Any


def new_highs() -> Any:
    """Return an instance of HiGHS that does not write to standard output: not one line, its banner included.

    Options can be set only on an instance that exists, and HiGHS 1.16 writes its banner while highspy's constructor
    enables the callbacks. So the option is set just before. Redirecting standard output for that
    moment would take along what other threads write. The log still goes to those who subscribe to it.
    """
    return _silent_class()()


def reset_scheduler() -> None:
    """End HiGHS's threads that belong to the calling thread; left to that thread's end, Windows can hang."""
    import highspy

    reset = getattr(highspy.Highs, "resetThreadScheduler", None)  # its name before 1.16 is deprecated there
    (reset or highspy.Highs.resetGlobalScheduler)(False)


@cache
def _silent_class() -> type[Any]:
    import highspy  # native, so imported on use only

    class SilentHighs(highspy.Highs):  # type: ignore[misc]  # highspy is not typed
        def enableCallbacks(self) -> Any:  # noqa: N802 - highspy's name
            self.setOptionValue("log_to_console", False)
            return super().enableCallbacks()

    return SilentHighs
