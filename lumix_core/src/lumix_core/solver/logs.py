"""The log of a run: whole lines, sent where the user wants them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lumix_core.errors import LXOptionError

Write = Callable[[str], object]


@contextmanager
def log_lines(log: bool | Path | logging.Logger) -> Iterator[Write]:
    """Give a function that takes lines of a solver's log, without their ends.

    Args:
        log: False for nowhere, True for standard output, a path for a file (it is appended to), or a
            logger that gets every line at level INFO.

    Raises:
        LXOptionError: the file cannot be opened.
    """
    if isinstance(log, Path):
        with _opened(log) as write:
            yield write
    elif isinstance(log, logging.Logger):
        yield lambda line: log.info("%s", line)
    else:
        yield _to_console if log else _nowhere


@contextmanager
def _opened(path: Path) -> Iterator[Write]:
    try:
        file = path.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise LXOptionError(
            f"The solver's log cannot be written to {str(path)!r}: {error.strerror}. "
            f"Give log= the path of a file in a directory that exists and can be written to."
        ) from error
    with file:
        yield lambda line: file.write(f"{line}\n")


def _to_console(line: str) -> None:
    print(line, flush=True)


def _nowhere(line: str) -> None:
    """Take a line and drop it."""
