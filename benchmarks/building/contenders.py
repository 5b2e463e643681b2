"""What every contender is given and gives back."""

from __future__ import annotations

import time

MARK = "result: "
"""What the line begins with that tells the figures; libraries print lines of their own."""


class CannotRunError(Exception):
    """A contender cannot run here; the message says why."""


class Laps:
    """Splits the time of a contender into named parts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.started = self._last = time.perf_counter()

    def __call__(self, name: str) -> None:
        """End a part."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """The time until the end of the last part."""
        return self._last - self.started
