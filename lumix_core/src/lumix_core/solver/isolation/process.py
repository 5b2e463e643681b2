"""The process of a solver, as seen by the one that started it: started, asked, watched, ended."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from inspect import getsource
from multiprocessing.spawn import get_executable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, NoReturn

from lumix_core.errors import LXError, LXSolverError
from lumix_core.solver.isolation import boot
from lumix_core.solver.isolation.channel import CAN_SHARE, Channel, SharedFile
from lumix_core.solver.isolation.memory import EXHAUSTED
from lumix_core.solver.solver import RawProgress, SolverOptions
from lumix_core.solver.status import LXLimit

OWN_GROUP: dict[str, Any] = (
    {"process_group": 0}
    if os.name == "posix"
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)
"""Keeps a terminal's Ctrl-C from the process, and lets it be ended with what it started."""
STARTUP = 60.0
"""Seconds that a process gets to start; it takes half a second."""
GRACE = 10.0
"""Seconds that a run gets to end after its time limit, after Ctrl-C, or once it was cancelled."""
POLL = 0.1
"""Seconds between two looks at what is to end a run."""
MOMENT = 1.0
"""Seconds for a process to end that is idle or has closed its connection, and for its last words to arrive."""
SIGNALS = {known.value: known.name for known in signal.Signals}
LAST_WORDS = 40
"""Lines of what native code wrote that are kept for messages."""


class ProcessEndedError(Exception):
    """The process is gone, or was ended; the text says why, as the end of a sentence on the solver."""


class Watch:
    """What a run may do, and what becomes of what it reports.

    Args:
        options: of the run.
        write: takes a line of its log.
    """

    def __init__(self, options: SolverOptions, write: Callable[[str], object]) -> None:
        self.stopped: LXLimit | None = None
        self.write = write
        self.newest = RawProgress()
        self._options = options
        self._limit = options.time_limit
        self._end = None if self._limit is None else time.monotonic() + self._limit + GRACE

    @property
    def is_over(self) -> bool:
        """Whether the time that the run had is over."""
        return self._end is not None and time.monotonic() > self._end

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is to end since another thread asked for that; reports what it has found so far."""
        if self._options.progress is not None:
            self._options.progress(self.newest)
        return self.stopped is None and self._options.is_cancelled

    def stop(self, limit: LXLimit) -> None:
        """Note what ends the run; it has a moment for that."""
        self.stopped = limit
        self._end = time.monotonic() + GRACE

    def hung(self) -> str:
        """Say that the run did not end."""
        after = "it was stopped" if self.stopped is not None else f"its time limit of {self._limit:g} s"
        return f"did not end within {GRACE:g} s after {after}, so its process was killed"


class SolverProcess:
    """One process, which starts by itself, and then answers one request at a time.

    Args:
        memory_limit: bytes; None without a limit.
    """

    def __init__(self, memory_limit: int | None = None) -> None:
        self.is_fit = False
        self._is_wanted = True
        self._broken = ""
        self._memory_limit = memory_limit
        self._messages: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._heard: deque[str] = deque(maxlen=LAST_WORDS)
        self._has_heard_all = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        # Linux ends the process with the thread that started it, so that thread lives as long as it.
        Thread(target=self._serve, daemon=True, name="lumix-isolated").start()

    def await_start(self) -> None:
        """Wait until requests are taken.

        Raises:
            LXSolverError: it does not start.
        """
        try:
            message = self._messages.get(timeout=STARTUP)
        except Empty:
            message = ("ended",)
        if message[0] != "ready":
            raise LXSolverError(
                f"The process of an isolated solver does not start: {' '.join([*message[1:], *self._heard][-3:])}. "
                f"It is {os.fsdecode(get_executable())!r}; where that is no Python, call "
                f"multiprocessing.set_executable(), or solve with isolated=False."
            )

    @property
    def is_alive(self) -> bool:
        """Whether nobody has ended the process meanwhile; it may be starting."""
        return self._is_wanted and (self._process is None or self._process.poll() is None)

    def ask(self, request: tuple[Any, ...], watch: Watch) -> Any:
        """Send a request and return the answer.

        Raises:
            ProcessEndedError: there is none.
            Exception: what the solver raised.
        """
        self.is_fit = False
        try:
            return self._answer(request, watch)
        except KeyboardInterrupt:
            watch.stop(LXLimit.INTERRUPT)
        self._tell("interrupt")
        try:
            return self._answer(None, watch)
        except KeyboardInterrupt:
            self.end(at_once=True)
            raise ProcessEndedError("was interrupted twice, so its process was killed") from None

    def _answer(self, request: tuple[Any, ...] | None, watch: Watch) -> Any:
        if request is not None:
            self._send(request)
        while True:
            kind, *content = self._next()
            if kind == "answer":
                self.is_fit = watch.stopped in (None, LXLimit.CANCELLED)
                return content[0]
            if kind == "raised":
                self._raise(*content)
            elif kind == "log":
                watch.write(content[0])
            elif kind == "progress":
                watch.newest = content[0]
            elif kind == "unsent":
                raise ProcessEndedError(f"could not hand back its answer: {content[0]}")
            elif kind == "ended":
                raise ProcessEndedError(self._cause())
            if watch.is_cancelled:
                watch.stop(LXLimit.CANCELLED)
                self._tell("cancel")
            if watch.is_over:
                self.end(at_once=True)
                raise ProcessEndedError(watch.hung())

    def end(self, *, at_once: bool = False) -> None:
        """End the process, and whatever it started; wait for its end.

        Args:
            at_once: whether it is killed.
        """
        self.is_fit = self._is_wanted = False
        process = self._process
        if process is None:
            return
        if not at_once and self._channel is not None:
            self._tell("end")
            self._ends()
        if process.returncode is None:
            _kill_group(process)
            process.wait(timeout=GRACE)

    def _ends(self) -> bool:
        """Whether the process ends by itself within a moment."""
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=MOMENT)
        return self._process.returncode is not None

    def _serve(self) -> None:
        """Start the process, and pass on what it sends, until it ends."""
        try:
            self._start()
        except OSError as failure:
            self._messages.put(("ended", str(failure)))
            return
        assert self._channel is not None
        if not self._is_wanted:
            self.end(at_once=True)
        try:
            while True:
                self._messages.put(self._channel.receive())
        except Exception as failure:  # noqa: BLE001 - what cannot be read is as good as no answer
            self._broken = "" if self._ends() else str(failure)
            self._messages.put(("ended", str(failure)))
        finally:
            self._channel.close()

    def _start(self) -> None:
        shared = [SharedFile.new(), SharedFile.new()] if CAN_SHARE else []
        try:
            self._process = process = self._started([file.descriptor for file in shared])
        except BaseException:
            for file in shared:
                file.close()
            raise
        assert process.stdin is not None
        assert process.stdout is not None
        outbox, inbox = shared or (None, None)
        self._channel = Channel(process.stdout, process.stdin, inbox, outbox)
        Thread(target=self._drain, args=(process,), daemon=True, name="lumix-drain").start()

    def _started(self, shared: list[int]) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if self._memory_limit is not None:
            environment["MALLOC_ARENA_MAX"] = "2"  # else each thread of a solver reserves 128 MB that it never uses
        path = json.dumps([os.path.abspath(folder) for folder in sys.path])
        return subprocess.Popen(
            [get_executable(), "-c", getsource(boot), path, str(os.getpid()), *map(str, shared or [-1, -1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=shared,
            env=environment,
            **OWN_GROUP,
        )

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        """Take what native code writes to standard output and error; the last lines are kept."""
        assert process.stderr is not None
        with process.stderr as written:
            while data := written.readline(1 << 16):
                self._heard.append(data.decode(errors="replace").rstrip())
        self._has_heard_all.set()

    def _send(self, request: tuple[Any, ...]) -> None:
        assert self._channel is not None
        try:
            self._channel.send(request)
        except BrokenPipeError:
            raise ProcessEndedError(self._cause()) from None
        except OSError as failure:
            raise ProcessEndedError(f"could not be handed its problem: {failure}") from None

    def _tell(self, word: str) -> None:
        assert self._channel is not None
        with suppress(OSError, ValueError):  # it is gone, which the next look shows
            self._channel.send((word,))

    def _next(self) -> tuple[Any, ...]:
        try:
            return self._messages.get(timeout=POLL)
        except Empty:
            return ("nothing",)

    def _raise(self, data: bytes | None, name: str, text: str, lines: str) -> NoReturn:
        if name == "KeyboardInterrupt":
            raise ProcessEndedError("was interrupted")
        if name == "MemoryError" and self._memory_limit is not None:
            raise ProcessEndedError(self._exhausted())
        error = pickle.loads(data) if data is not None else type(name, (Exception,), {})(text)
        self.is_fit = isinstance(error, LXError)
        if not isinstance(error, Exception) or not (self.is_fit or self._memory_limit is None):
            raise ProcessEndedError(self._doubting(f"failed with {name}: {text}")) from None
        if lines:
            error.add_note(f"In the process of the solver:\n{lines}")
        raise error

    def _cause(self) -> str:
        """Say how the process ended that is gone."""
        assert self._process is not None
        if self._broken or not self._ends():
            self.end(at_once=True)
            return f"broke the connection to your program ({self._broken}), so its process was killed"
        self._has_heard_all.wait(timeout=MOMENT)  # its last words may still be on their way
        return self._doubting(f"crashed: its process {_end_of(self._process.returncode)}{self._last_words()}")

    def _exhausted(self) -> str:
        return f"{EXHAUSTED} of {self._memory_limit:,} bytes"

    def _doubting(self, cause: str) -> str:
        """Say that a limit on memory may be behind a failure, which native code does not always tell."""
        return cause if self._memory_limit is None else f"{cause}. It may have {self._exhausted()}"

    def _last_words(self) -> str:
        """Return the last line of what native code wrote that is no part of a list of frames."""
        lines = [line for line in self._heard if line.strip() and not line.startswith((" ", "Thread", "Current"))]
        telling = [line for line in lines if not line.startswith(("Fatal Python error", "Extension modules"))]
        return f" ({telling[-1]:.200})" if telling else ""


def _end_of(status: int) -> str:
    """Say how a process ended, of which this is the exit status."""
    if status >= 0:
        return f"ended with exit status {status}"
    word = SIGNALS.get(-status, f"signal {-status}")
    return f"ended with {word}" + (", as the system ends one where memory is short" if word == "SIGKILL" else "")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with what it started; where it is gone already, its guard has done so."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
