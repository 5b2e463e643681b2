"""Text files line by line, compressed or not, with an error that names the line."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn, cast

from lumix_core.errors import LXFileError

LONGEST = 1_000_000
"""The most bytes of one line."""
LONGEST_NAME = 4_096
"""The most characters of one name."""


class Lines:
    """The lines of a file that is being read, and the number of the last one.

    Iterating gives each line without its end.

    Raises:
        LXFileError: a line is no text, or too long, or the file is damaged.
    """

    def __init__(self, path: Path, file: IO[bytes], longest: int) -> None:
        self.path = path
        self.number = 0
        self._file = file
        self._longest = longest

    def __iter__(self) -> Iterator[str]:
        while line := self._next():
            self.number += 1
            if len(line) > self._longest:
                self.fail(f"the line has more than {self._longest:,} bytes")
            yield self._text(line)

    def fail(self, problem: str, line: int | None = None) -> NoReturn:
        """Raise an error that names the file and the line, by default the last one."""
        raise LXFileError(f"{self.path}, line {self.number if line is None else line}: {problem}.")

    def number_of(self, text: str) -> float:
        """Return a finite number."""
        value = self.value_of(text)
        if not math.isfinite(value):
            self.fail(f"{text[:80]!r} is not a finite number")
        return value

    def value_of(self, text: str) -> float:
        """Return a number, which may be infinite."""
        try:
            value = float(text) if "_" not in text else float("nan")
        except ValueError:
            value = float("nan")
        if math.isnan(value):
            self.fail(f"{text[:80]!r} is not a number")
        return value

    def check_name(self, name: str) -> str:
        """Return a name that is not too long."""
        if len(name) > LONGEST_NAME:
            self.fail(f"the name {name[:40]!r}... has more than {LONGEST_NAME:,} characters")
        return name

    def _next(self) -> bytes:
        try:
            return self._file.readline(self._longest + 2)
        except (OSError, EOFError, zlib.error) as error:
            self.number += 1
            self.fail(f"the file is damaged ({error})")

    def _text(self, line: bytes) -> str:
        if b"\0" in line:
            self.fail("the line has a zero byte, so this is not a text file")
        try:
            return line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            self.fail("the line is not UTF-8 text")


@contextmanager
def open_lines(path: Path, longest: int = LONGEST) -> Iterator[Lines]:
    """Open a file for reading; one that ends in ``.gz`` is decompressed.

    Raises:
        OSError: the file cannot be opened.
    """
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        yield Lines(path, cast("IO[bytes]", file), longest)


@contextmanager
def open_writer(path: Path) -> Iterator[IO[str]]:
    """Open a file for writing ASCII text; one that ends in ``.gz`` is compressed."""
    if path.suffix == ".gz":
        with gzip.open(path, "wt", encoding="ascii", newline="\n") as zipped:
            yield zipped
    else:
        with path.open("w", encoding="ascii", newline="\n") as plain:
            yield plain
