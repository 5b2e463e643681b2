"""The log of a solver that writes to a file alone: read while the file grows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lumix_solvers.logs import Lines, Write


class LogTail:
    """A file that a solver writes its log to.

    Args:
        path: of the file, which need not exist yet.
        write: is given each line once.
    """

    def __init__(self, path: Path, write: Write) -> None:
        self.path = path
        self._write = write
        self._lines = Lines()
        self._position = 0

    def read(self) -> None:
        """Hand over the lines that have been added since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._position)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in self._lines.add(whole.decode("utf-8", errors="replace")):
            self._write(line)


@contextmanager
def log_tail(write: Write, *, is_wanted: bool) -> Iterator[LogTail | None]:
    """Give a log file in a folder of its own, which is removed in the end; None where no log is wanted."""
    if not is_wanted:
        yield None
        return
    with TemporaryDirectory(prefix="lumix-") as folder:
        tail = LogTail(Path(folder, "solver.log"), write)
        yield tail
        tail.read()
