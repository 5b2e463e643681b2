"""Processes that tests talk to: whole messages over a socket of their own, and no answer is waited for without a limit.

Libraries may write to standard output and error as they like: neither is the channel. What is written there is shown
with the test that fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

CHANNEL = "LUMIX_TEST_CHANNEL"
"""The environment variable that holds the number of the worker's end of the socket."""

LIMIT = 60.0
"""Seconds to wait for an answer, and for a worker to end."""


class Worker:
    """A process that runs a script."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Connection[Any, Any]) -> None:
        self._process = process
        self._channel = channel

    def ask(self, message: Any) -> Any:
        """Send a message, and return what comes back."""
        self._channel.send(message)
        return self.receive()

    def receive(self) -> Any:
        """Return the next message. A worker that sends none ends here, and prints the stacks of its threads."""
        if not self._channel.poll(LIMIT):
            self._process.send_signal(signal.SIGABRT)
            self._process.wait(LIMIT)
            raise TimeoutError(f"{self._process.args} sent nothing for {LIMIT} seconds")
        return self._channel.recv()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait(LIMIT)


@contextmanager
def started(script: Path, *arguments: str, folders: Iterable[Path] = ()) -> Iterator[Worker]:
    """Run a script in a process of its own, which ends with the block.

    Args:
        script: reads and writes messages through `channel`.
        arguments: of its command line.
        folders: where it finds modules, besides those that this process finds and this folder.
    """
    paths = os.pathsep.join(filter(None, map(str, [*folders, Path(__file__).parent, *sys.path])))
    here, there = Pipe()
    with (
        here,
        subprocess.Popen(
            [sys.executable, "-X", "faulthandler", str(script), *arguments],
            env={**os.environ, "PYTHONPATH": paths, CHANNEL: str(there.fileno())},
            stdin=subprocess.DEVNULL,
            pass_fds=[there.fileno()],
        ) as process,
    ):
        there.close()
        try:
            yield Worker(process, here)
            here.close()
            process.wait(LIMIT)
        finally:
            process.kill()


def channel() -> Connection[Any, Any]:
    """Return the channel to the test, in the worker."""
    return Connection(int(os.environ[CHANNEL]))
