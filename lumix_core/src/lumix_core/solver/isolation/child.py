"""The process of a solver: it takes requests from the one that started it, and ends with it.

Nothing of the user's program is run here but the solver's own module. Standard output and error are no longer those of
the user, whatever native code writes.
"""

from __future__ import annotations

import _thread
import faulthandler
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread, main_thread
from typing import Any

import cloudpickle

from lumix_core.errors import LXError
from lumix_core.problem.diff import ProblemDiff
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.isolation.channel import Channel, SharedFile
from lumix_core.solver.isolation.memory import limit_memory
from lumix_core.solver.isolation.placeholders import problem_of
from lumix_core.solver.solver import RewindingRun, SolverOptions

POLL = 0.5
PR_SET_PDEATHSIG = 1
"""The option of Linux's ``prctl`` for the signal that a process gets when its parent is gone."""

_STATE = {"is_isolated": False}


def is_isolated() -> bool:
    """Whether this process was started for one solver alone. It has a group of its own, and is ended with all of it."""
    return _STATE["is_isolated"]


def main(parent: int, inbox: int, outbox: int) -> None:
    """Serve the process that started this one.

    Args:
        parent: the number of that process.
        inbox, outbox: descriptors of the shared memory; -1 without it.
    """
    _STATE["is_isolated"] = True
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    faulthandler.enable()
    _end_with(parent)
    shared = [None if number < 0 else SharedFile(number) for number in (inbox, outbox)]
    Child(Channel(reader, writer, *shared)).serve()
    os._exit(0)  # what a solver left running does not keep the process alive


def _end_with(parent: int) -> None:
    """Have the system end this process with its parent, also while native code holds Python's lock."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


class Child:
    """Answers requests one after the other on the main thread; another thread listens."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._requests: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self._cancelled = Event()
        self._can_interrupt = False
        self._solver: Any = None
        self._memory_limit: int | None = None
        self._run: Any = None
        self._parts: dict[str, Any] = {}
        self._handlers: dict[str, Callable[..., Any]] = {
            "use": self._use,
            "check_options": self._check_options,
            "solve": self._solve,
            "find_conflict": self._find_conflict,
            "open": self._open,
            "update": self._update,
            "run": partial(self._of_run, "solve"),
            "ranging": partial(self._of_run, "ranging"),
            "rewind": partial(self._of_run, "rewind"),
            "close": self._close,
        }

    def serve(self) -> None:
        """Answer requests until the other end asks for an end, or is gone."""
        signal.signal(signal.SIGINT, self._interrupted)
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as the thread that started this may have it
        Thread(target=self._listen, daemon=True, name="lumix-listen").start()
        self._channel.send(("ready",))
        while (request := self._next()) is not None:
            self._send(self._answer(*request))

    def _listen(self) -> None:
        try:
            while (message := self._channel.receive())[0] != "end":
                if message[0] == "cancel":
                    self._cancelled.set()
                elif message[0] == "interrupt":
                    _interrupt_main()
                else:
                    self._requests.put(message)
        except EOFError:
            os._exit(1)
        except BaseException as failure:  # noqa: BLE001 - a message that cannot be read: the other end is told
            self._requests.put(("fail", failure))
            return
        self._requests.put(None)

    def _next(self) -> tuple[Any, ...] | None:
        while True:
            with suppress(Empty):
                return self._requests.get(timeout=POLL)

    def _answer(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        try:
            if name == "fail":
                raise arguments[0]
            self._can_interrupt = True
            value = self._handlers[name](*arguments)
            self._can_interrupt = False
        except BaseException as failure:  # noqa: BLE001 - raised again by the other end
            self._can_interrupt = False
            return "raised", *_portable(failure)
        return "answer", value

    def _send(self, answer: tuple[Any, ...]) -> None:
        """Send an answer, or why it cannot be sent: no memory is left to share, or it cannot be pickled."""
        with suppress(BrokenPipeError):  # nobody waits for it
            try:
                self._channel.send(answer)
            except BrokenPipeError:
                raise
            except Exception as failure:  # noqa: BLE001 - told to the other end
                self._channel.send(("unsent", f"{type(failure).__name__}: {failure}"))

    def _interrupted(self, *_: object) -> None:
        if self._can_interrupt:
            self._can_interrupt = False
            raise KeyboardInterrupt

    def _use(self, solver: bytes, memory_limit: int | None) -> None:
        self._solver = cloudpickle.loads(solver)
        self._memory_limit = memory_limit

    def _check_options(self, options: SolverOptions) -> None:
        self._solver.check_options(options)

    def _solve(self, parts: dict[str, Any], *settings: Any) -> Any:
        return self._solver.solve(*self._received(parts, *settings))

    def _find_conflict(self, parts: dict[str, Any], *settings: Any) -> Any:
        return self._solver.find_conflict(*self._received(parts, *settings))

    def _open(self, parts: dict[str, Any], *settings: Any) -> bool:
        self._parts = parts
        self._run = self._solver.open(*self._received(parts, *settings))
        return isinstance(self._run, RewindingRun)

    def _update(self, parts: dict[str, Any], positions: dict[str, Any]) -> bool:
        self._parts = {**self._parts, **parts}
        return bool(self._run.update(ProblemDiff(problem_of(self._parts), **positions)))

    def _of_run(self, method: str) -> Any:
        return getattr(self._run, method)()

    def _close(self) -> None:
        run, self._run, self._parts = self._run, None, {}
        run.close()

    def _received(
        self, parts: dict[str, Any], options: SolverOptions, is_logged: bool, is_told: bool, can_be_cancelled: bool
    ) -> tuple[LXProblem, SolverOptions]:
        """Return a problem and options as the solver takes them: what they report is sent to the other end."""
        self._cancelled.clear()
        problem = problem_of(parts)
        if self._memory_limit is not None:
            limit_memory(self._memory_limit)
        return problem, replace(
            options,
            log=_Lines(self._channel).logger() if is_logged else False,
            progress=(lambda progress: self._channel.send(("progress", progress))) if is_told else None,
            cancelled=self._cancelled if can_be_cancelled else None,
        )


class _Lines(logging.Handler):
    """Sends the lines of a log to the other end."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def logger(self) -> logging.Logger:
        """Return a logger of its own."""
        logger = logging.Logger("lumix.isolated", logging.INFO)
        logger.addHandler(self)
        return logger

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line."""
        self._channel.send(("log", record.getMessage()))


def _interrupt_main() -> None:
    """Interrupt the main thread as Ctrl-C does."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)


def _portable(failure: BaseException) -> tuple[bytes | None, str, str, str]:
    """Return an exception as bytes, None where it cannot be pickled; its class, its text and its traceback."""
    failure.__context__ = failure.__cause__ = None
    lines = "" if isinstance(failure, LXError) else "".join(traceback.format_exception(failure))
    try:
        data: bytes | None = cloudpickle.dumps(failure.with_traceback(None))
        cloudpickle.loads(data)
    except Exception:  # noqa: BLE001 - classes of exceptions may be of any kind
        data = None
    return data, type(failure).__name__, str(failure), lines
