"""Ctrl-C while native code runs, and after it: it remains Python's.

Xpress gives SIGINT back to the system while it solves, which then ends the program; Gurobi may leave a handler of its
own behind. Only the main thread can set a handler by `signal.signal`; the functions that are used here are Python's
own, by which any thread can.
"""

from __future__ import annotations

import ctypes
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, current_thread, main_thread

Handler = int | None


class _Kept:
    """The handler that was there before the first of the runs at this moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._runs = 0
        self._handler: Handler = None

    @contextmanager
    def during_a_run(self) -> Iterator[None]:
        """Remember the handler before a run, and put it back at its end."""
        with self._lock:
            if not self._runs:
                hear_ctrl_c()
                self._handler = _handler()
            self._runs += 1
        try:
            yield
        finally:
            self.put_back()
            with self._lock:
                self._runs -= 1

    def put_back(self) -> None:
        """Set the handler again, from any thread."""
        set_handler = ctypes.pythonapi.PyOS_setsig
        set_handler.restype, set_handler.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
        set_handler(signal.SIGINT, self._handler)


def hear_ctrl_c() -> None:
    """Set Python's handler again, on the main thread: native code that ran before may have left its own behind."""
    if current_thread() is main_thread() and callable(handler := signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, handler)


def _handler() -> Handler:
    get_handler = ctypes.pythonapi.PyOS_getsig
    get_handler.restype, get_handler.argtypes = ctypes.c_void_p, [ctypes.c_int]
    handler: Handler = get_handler(signal.SIGINT)
    return handler


KEPT = _Kept()
"""One for the whole process, as handlers are."""
