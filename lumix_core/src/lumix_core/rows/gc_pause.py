"""Python's cycle collector, paused while many objects are made that all stay: it would look at them over and over."""

from __future__ import annotations

import gc


class Paused:
    """Pauses the collector within a ``with`` block, where it is on; reference counts go on freeing what they free."""

    def __init__(self) -> None:
        self._was_on = False

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was_on:
            gc.enable()
