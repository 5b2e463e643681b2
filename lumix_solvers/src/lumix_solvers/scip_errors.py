"""What SCIP writes to standard error: heard instead, where it is about work of ours."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

PRINTER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
"""SCIP's type of functions that print errors: given data, a file and a text."""


class _Heard(threading.local):
    """What was heard on a thread; None where nobody listens."""

    texts: list[str] | None = None


HEARD = _Heard()


@contextmanager
def heard_errors(module: Any) -> Iterator[list[str]]:
    """Collect the errors that SCIP writes on this thread within the block; those of others are written as ever.

    Args:
        module: a native module that holds SCIP, or is linked to it.

    SCIP has one function for that in a process, which no Python module lets one set without writing again. Where the
    library does not let it be found, errors are written as ever.
    """
    _listen(module.__file__)
    before, HEARD.texts = HEARD.texts, []
    try:
        yield HEARD.texts
    finally:
        HEARD.texts = before


def reason(texts: list[str]) -> str:
    """Return the first of SCIP's errors without the place in its code; the others only repeat that it failed."""
    _, _, words = "".join(texts).partition("ERROR: ")
    first = words.splitlines()[0] if words else "it gives no reason"
    return first.strip().rstrip(".")


def _hear(data: int, file: int, text: bytes | None) -> None:
    words = (text or b"").decode("utf-8", errors="replace")
    if HEARD.texts is None:
        sys.stderr.write(words)
    else:
        HEARD.texts.append(words)


HEAR = PRINTER(_hear)
"""One for good: SCIP calls it as long as the process lives, and several threads may be the first to listen."""


@cache
def _listen(path: str) -> None:
    listen = getattr(ctypes.CDLL(path), "SCIPmessageSetErrorPrinting", None)
    if listen is not None:
        listen.restype, listen.argtypes = None, [PRINTER, ctypes.c_void_p]
        listen(HEAR, None)
