"""Solves that an event loop of asyncio waits for: on a thread of their own, and stopped with the task that waits."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from contextlib import suppress
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


async def in_thread(call: Callable[[], T], cancel: Callable[[], object]) -> T:
    """Call a function on a thread of its own, in the context of the task.

    Args:
        call: the function.
        cancel: has it end soon; called when the task is cancelled.
    """
    loop, work = asyncio.get_running_loop(), Work(call)
    done: asyncio.Future[None] = loop.create_future()
    context = contextvars.copy_context()
    thread = Thread(target=context.run, args=(work.do, loop, done), daemon=True, name="lumix-solve-async")
    thread.start()
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        cancel()
        await _end(work, done, thread)
        raise
    thread.join(MOMENT)
    return work.returned()


class Work(Generic[T]):
    """A call on another thread, and what it returned or raised."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._value: T | None = None
        self.error: BaseException | None = None

    def do(self, loop: asyncio.AbstractEventLoop, done: asyncio.Future[None]) -> None:
        """Make the call, and tell the event loop."""
        try:
            self._value = self._call()
        except BaseException as error:  # noqa: BLE001 - raised in the task that waits
            self.error = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set_result, None)

    def returned(self) -> T:
        """Return what the call returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return cast(T, self._value)


async def _end(work: Work[T], done: asyncio.Future[None], thread: Thread) -> None:
    """Wait until cancelled work has ended; what it raised is logged, since the task raises that it was cancelled.

    The task may be cancelled again meanwhile: the work is ending, and is waited for all the same.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LAST_WORDS
    while not done.done() and loop.time() < deadline:
        with suppress(asyncio.CancelledError):
            await asyncio.wait([done], timeout=deadline - loop.time())
    if not done.done():
        _LOG.warning("a cancelled solve goes on: its thread did not end within %g s", LAST_WORDS)
        return
    thread.join(MOMENT)
    if work.error is not None:
        _LOG.warning("a cancelled solve failed: %s", work.error)
