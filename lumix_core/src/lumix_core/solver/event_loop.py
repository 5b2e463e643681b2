"""Solves that an event loop of asyncio waits for: on a thread of their own, and stopped with the task that waits."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from lumix_core.compiler.awaiting import awaited_reading
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.progress import LXProgress, OnProgress, Reports
from lumix_core.solver.request import SolveRequest
from lumix_core.solver.solution import LXSolution

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel

T = TypeVar("T")

LAST_WORDS = 10.0
"""Seconds that a thread gets to end once it was cancelled; solvers end sooner, a query may not."""
MOMENT = 1.0
"""Seconds that a thread gets to end once its work is done, which takes none."""

_LOG = logging.getLogger("lumix.solver")


class LoopReports(Reports):
    """Calls the user's function in the event loop that was running when it was made."""

    def __init__(self, call: OnProgress, cancelled: Event) -> None:
        super().__init__(call, cancelled)
        self._loop = asyncio.get_running_loop()

    def call(self, progress: LXProgress) -> None:
        """Have the event loop call the user's function, unless the solve is cancelled by then."""
        if self._loop.is_closed():  # nobody waits for an answer
            progress.cancel()
        else:
            self._loop.call_soon_threadsafe(self._call_in_loop, progress)

    def _call_in_loop(self, progress: LXProgress) -> None:
        if not self._cancelled.is_set():
            super().call(progress)


async def solved(request: SolveRequest, model: LXModel, compile_model: Callable[[], LXProblem]) -> LXSolution:
    """Compile and solve a model; the event loop goes on meanwhile.

    Args:
        request: what is requested.
        model: the model.
        compile_model: compiles it.

    Raises:
        LXError: as `LXOptimizer.solve`.
        asyncio.CancelledError: the task was cancelled; the thread has ended.
    """
    awaited = awaited_reading(model)
    if awaited is None:
        solution = await in_thread(lambda: request.solution(compile_model()), request.cancel)
    else:
        compiled = await awaited(compile_model)
        solution = await in_thread(lambda: request.solution(compiled), request.cancel)
    request.raise_failure()
    return solution


async def in_thread(work: Callable[[], T], cancel: Callable[[], object]) -> T:
    """Do some work on a thread of its own, in the context of the task.

    Args:
        work: the work.
        cancel: has it end soon; called when the task is cancelled.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Outcome[T]] = loop.create_future()
    thread = Thread(
        target=contextvars.copy_context().run, args=(_run, work, loop, done), daemon=True, name="lumix-solve-async"
    )
    thread.start()
    try:
        outcome = await asyncio.shield(done)
    except asyncio.CancelledError:
        cancel()
        await _end(done, thread)
        raise
    thread.join(MOMENT)
    return outcome.result()


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What some work returned or raised.

    Args:
        value: what it returned.
        error: what it raised, or None.
    """

    value: T | None
    error: BaseException | None = None

    def result(self) -> T:
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return cast(T, self.value)


def _run(work: Callable[[], T], loop: asyncio.AbstractEventLoop, done: asyncio.Future[Outcome[T]]) -> None:
    try:
        outcome = Outcome(work())
    except BaseException as error:  # noqa: BLE001 - raised in the task that waits
        outcome = Outcome(None, error)
    if not loop.is_closed():
        loop.call_soon_threadsafe(done.set_result, outcome)


async def _end(done: asyncio.Future[Outcome[T]], thread: Thread) -> None:
    """Wait until cancelled work has ended; what it raised is logged, since the task raises that it was cancelled."""
    await asyncio.wait([done], timeout=LAST_WORDS)
    if not done.done():
        _LOG.warning("a cancelled solve goes on: its thread did not end within %g s", LAST_WORDS)
        return
    thread.join(MOMENT)
    error = done.result().error
    if error is not None:
        _LOG.warning("a cancelled solve failed: %s", error)
