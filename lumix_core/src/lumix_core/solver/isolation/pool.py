"""Processes of one solver: an idle one is kept for the next run, and all end with what they belong to."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import cloudpickle

from lumix_core.errors import LXOptionError
from lumix_core.solver.isolation.process import SolverProcess, Watch
from lumix_core.solver.solver import Solver, SolverOptions
from lumix_core.solver.status import LXLimit

MOST_IDLE = 1
"""Processes that wait for another run; those of several runs at a time are ended after them."""

_INHERITED: list[Any] = []
"""What a forked process has of its parent's: not its own, so it is neither used nor ended."""


class Processes:
    """The processes of one solver. Each run has one to itself.

    Args:
        solver: the solver.
        memory_limit: bytes, of each run; None without a limit.

    Raises:
        LXOptionError: the solver cannot be handed to another process.
    """

    def __init__(self, solver: Solver, memory_limit: int | None) -> None:
        try:
            self._solver = cloudpickle.dumps(solver)
        except Exception as error:
            raise LXOptionError(
                f"Solver {solver.name!r} cannot run isolated: what it was given, such as a native handle or an open "
                f"connection, belongs to this process and cannot be handed to another one "
                f"({type(error).__name__}: {error}). Give it plain values, or solve with isolated=False."
            ) from error
        self._memory_limit = memory_limit
        self._renew()

    def take(self) -> SolverProcess:
        """Return a process that is ready for a run: an idle one, one that was started, or a new one.

        Raises:
            LXSolverError: it does not start.
            ProcessEndedError: it ended at once.
            KeyboardInterrupt: Ctrl-C came.
        """
        process = self._waiting() or SolverProcess(self._memory_limit)
        if not process.is_fit:
            self._set_up(process)
        return process

    def start(self) -> None:
        """Start a process, unless one is idle: the next run need not wait for it, if something else is done before."""
        self._disown_inherited()
        if self._idle.empty():
            self._idle.put(SolverProcess(self._memory_limit))

    def _waiting(self) -> SolverProcess | None:
        self._disown_inherited()
        with suppress(Empty):
            while True:
                idle = self._idle.get_nowait()
                if idle.is_alive:
                    return idle
                idle.end()
        return None

    def _set_up(self, process: SolverProcess) -> None:
        watch = Watch(SolverOptions(), lambda _: None)
        try:
            process.await_start()
            process.ask(("use", self._solver, self._memory_limit), watch)
        except BaseException:
            process.end()
            if watch.stopped is LXLimit.INTERRUPT:
                raise KeyboardInterrupt from None
            raise

    def give_back(self, process: SolverProcess) -> None:
        """Take back a process after its run; it ends, unless it is fit for another one."""
        if process.is_fit and self._idle.qsize() < MOST_IDLE:
            self._idle.put(process)
        else:
            process.end()

    def _disown_inherited(self) -> None:
        if os.getpid() != self._process:
            _INHERITED.append(self._idle)
            self._finalizer.detach()
            self._renew()

    def _renew(self) -> None:
        self._process = os.getpid()
        self._idle: SimpleQueue[SolverProcess] = SimpleQueue()
        self._finalizer = weakref.finalize(self, _end, self._idle, self._process)


def _end(idle: SimpleQueue[SolverProcess], owner: int) -> None:
    """End idle processes, in the process that started them."""
    if os.getpid() != owner:
        _INHERITED.append(idle)
        return
    with suppress(Empty):
        while True:
            idle.get_nowait().end()
