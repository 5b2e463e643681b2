"""How far a sweep is: passed to a callback, and shown as a bar."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from types import TracebackType
from typing import Any, Self

from lumix.analysis.scenarios.results import LXScenarioResult
from lumix_core.errors import LXModelError, LXUnsupportedError


class LXSweepProgress:
    """How far a sweep is, as a callback gets it after each scenario.

    Args:
        result: what was found last.
        done: how many scenarios are solved.
        total: how many there are.
        seconds: since the sweep began.
    """

    def __init__(self, result: LXScenarioResult, done: int, total: int, seconds: float, stop: Event) -> None:
        self.result = result
        self.done = done
        self.total = total
        self.seconds = seconds
        self._stop = stop

    def cancel(self) -> None:
        """End the sweep: what is not solved yet is left, and its result is an error. Any thread may call this."""
        self._stop.set()

    def __repr__(self) -> str:
        return f"<LXSweepProgress {self.done} of {self.total}, {self.result!r}>"


Callback = Callable[[LXSweepProgress], object]


def checked_callback(given: Callback | None) -> None:
    """Refuse what cannot be called, before anything is solved.

    Raises:
        LXModelError: it cannot.
    """
    if given is not None and not callable(given):
        raise LXModelError(
            f"run_all_scenarios() got {given!r:.80} as its callback. "
            f"Give it a function of the progress, such as lambda progress: print(progress)."
        )


class Watch:
    """Counts the scenarios of a sweep as they are solved, and reports it.

    Args:
        title: what the bar is called.
        total: how many scenarios there are.
        callback: is called after each.
        bar: whether a bar is shown.
    """

    def __init__(self, title: str, total: int, callback: Callback | None, bar: bool) -> None:
        self._total = total
        self._done = 0
        self._callback = callback
        self._bar = _Bar(title, total) if bar else None
        self._stop = Event()
        self._began = time.perf_counter()

    def cancelled(self) -> bool:
        """Whether the sweep is to end."""
        return self._stop.is_set()

    def tell(self, result: LXScenarioResult) -> None:
        """Count a result."""
        self._done += 1
        if self._bar is not None:
            self._bar.advance(result)
        if self._callback is not None:
            seconds = time.perf_counter() - self._began
            self._callback(LXSweepProgress(result, self._done, self._total, seconds, self._stop))

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class _Bar:
    """A bar on standard error, by rich."""

    def __init__(self, title: str, total: int) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "rich":
                raise
            raise LXUnsupportedError(
                'progress=True needs rich, which is not installed. Run: pip install "lumix-modeling[progress]". '
                "Without it, callback= is called after every scenario."
            ) from error
        columns: tuple[Any, ...] = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
        )
        self._progress: Any = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(title, total=total, counts="")
        self._others: dict[str, int] = {}

    def start(self) -> None:
        self._progress.start()

    def advance(self, result: LXScenarioResult) -> None:
        """Count a result; what is not optimal is counted by its status."""
        if not result.is_optimal():
            self._others[str(result.status)] = self._others.get(str(result.status), 0) + 1
        counts = ", ".join(f"{count} {status}" for status, count in self._others.items())
        self._progress.update(self._task, advance=1, counts=counts)

    def stop(self) -> None:
        self._progress.stop()
