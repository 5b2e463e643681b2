"""A solver that is a program: run, its output read, stopped by Ctrl-C or a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

from lumix_core.solver import LXLimit, is_isolated
from lumix_solvers.interrupts import GRACE, never, run_until_done
from lumix_solvers.logs import Write

OWN_GROUP: dict[str, Any] = (
    {"process_group": 0}
    if os.name == "posix"
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)
"""Keeps a terminal's Ctrl-C, which goes to every process of its group, from the program: it gets the signal from us.

The process of an isolated solver has a group of its own already, and the program is to end with it."""


class Program:
    """One run of a program.

    Attributes:
        log: the lines that it printed.
        stopped_by: what ended it from outside, if anything did: `LXLimit.INTERRUPT`, `TIME` or `CANCELLED`.
        killed: whether it ignored the signal and was killed.
    """

    def __init__(self, command: list[str], folder: Path, write: Write) -> None:
        self.log: list[str] = []
        self.stopped_by: LXLimit | None = None
        self.killed = False
        self._command = command
        self._folder = folder
        self._write = write
        self._timers: list[Timer] = []

    def run(self, time_limit: float | None, is_cancelled: Callable[[], bool] = never) -> None:
        """Run it to its end, and stop it some seconds after ``time_limit`` where it does not heed that itself.

        It is stopped too where ``is_cancelled`` says so, which is called now and then.
        """
        with subprocess.Popen(
            self._command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **({} if is_isolated() else OWN_GROUP),
        ) as process:
            if time_limit is not None:
                self._later(time_limit + GRACE, self._stop, process, LXLimit.TIME)
            try:
                ended = run_until_done(
                    lambda: self._read(process),
                    lambda: self._stop(process, LXLimit.CANCELLED if is_cancelled() else LXLimit.INTERRUPT),
                    is_cancelled,
                )
                self.killed = self.killed or not ended
            finally:
                process.kill()
                for timer in self._timers:
                    timer.cancel()
                    timer.join(GRACE)

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.log.append(line.rstrip())
            self._write(line.rstrip())
        process.wait(GRACE)  # it has closed its output, so it is ending

    def _stop(self, process: subprocess.Popen[str], reason: LXLimit) -> None:
        """Ask it to end as Ctrl-C does, which lets it write down what it has; kill it where it ignores that."""
        self.stopped_by = reason
        if os.name == "posix":
            process.send_signal(signal.SIGINT)
            self._later(GRACE / 2, self._kill, process)
        else:
            self._kill(process)

    def _kill(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            self.killed = True
            process.kill()

    def _later(self, seconds: float, action: Any, *arguments: Any) -> None:
        timer = Timer(seconds, action, arguments)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
