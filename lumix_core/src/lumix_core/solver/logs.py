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
        LXOptionError: the file cannot be opened, or the function cannot write a line.
    """
    if isinstance(log, Path):
        with _opened(log) as write:
            yield write
    elif isinstance(log, logging.Logger):
        yield _refusing(lambda line: log.info("%s", line), f"logger {log.name!r}")
    else:
        yield _refusing(_to_console, "standard output") if log else _nowhere


@contextmanager
def _opened(path: Path) -> Iterator[Write]:
    where = repr(str(path))
    try:
        file = path.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise _unwritable(where, error) from error
    try:
        yield _refusing(lambda line: file.write(f"{line}\n"), where)
    finally:
        try:
            file.close()
        except OSError as error:  # it may still have a line that could not be written
            raise _unwritable(where, error) from error


def _refusing(write: Write, where: str) -> Write:
    """Return a function that writes a line, or raises LXOptionError: what fails is not the solver."""

    def write_or_refuse(line: str) -> None:
        try:
            write(line)
        except Exception as error:
            raise _unwritable(where, error) from error

    return write_or_refuse


def _unwritable(where: str, error: Exception) -> LXOptionError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return LXOptionError(
        f"The solver's log cannot be written to {where}: {reason}. Give log= the path of a file in a directory that "
        f"exists and can be written to, or a logger whose handlers do not fail."
    )


def _to_console(line: str) -> None:
    print(line, flush=True)


def _nowhere(line: str) -> None:
    """Take a line and drop it."""
