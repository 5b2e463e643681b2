"""The late-binding trap: a function made in a loop sees the loop variable's last value, not the one it was made with.

Which variables are at risk is read from the bytecode of the code around the function: those that are assigned in a
loop in which the function is made, or written into the model. Only these are remembered, so that a variable changed
on purpose stays live.
"""

from __future__ import annotations

import datetime
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import CellType, CodeType, FrameType, FunctionType, MethodType
from typing import Any

from lumix_core.formulas.bytecode import globals_used, loops, path_to

_PLAIN = (int, float, str, bytes, bool, Decimal, Fraction, datetime.date, datetime.time, datetime.timedelta)


@dataclass(frozen=True, eq=False)
class Capture:
    """A loop variable as a function saw it when it was written into the model.

    Args:
        name: of the variable.
        value: what it was.
        holder: where it is: a cell of the function, or the globals of its module.
        overtaken: whether the loop in which the function was made had gone on or ended already.
    """

    name: str
    value: Any
    holder: CellType | dict[str, Any]
    overtaken: bool

    def current(self) -> Any:
        """Return what the function would see now; raises LookupError where the variable is gone."""
        if isinstance(self.holder, dict):
            return self.holder[self.name]
        try:
            return self.holder.cell_contents
        except ValueError:
            raise LookupError(self.name) from None

    def is_rebound(self) -> bool:
        """Whether the function may see another value than the one it was made with."""
        try:
            current = self.current()
        except LookupError:
            return False  # deleted: calling the function says so itself
        return self.overtaken or not (current is self.value or _equal_plain(current, self.value))


def _equal_plain(left: Any, right: Any) -> bool:
    return type(left) is type(right) and isinstance(left, _PLAIN) and bool(left == right)


def unwrapped(function: Any) -> Any:
    """Return the plain function behind partials, bound methods and decorators."""
    while not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, MethodType):
            function = function.__func__
        elif "__wrapped__" in getattr(function, "__dict__", {}):
            function = function.__wrapped__
        else:
            break
    return function


def watched(function: Any) -> tuple[Capture, ...]:
    """Return the loop variables that a function, or a function that it calls, captures; as they are now."""
    captures: list[Capture] = []
    seen: set[FunctionType] = set()
    waiting = [unwrapped(function)]
    while waiting:
        user = waiting.pop()
        if isinstance(user, FunctionType) and user not in seen:
            seen.add(user)
            held = dict(captured(user))
            risky = _risky(user) if held else {}
            captures += [Capture(name, *held[name], risky[name]) for name in sorted(held.keys() & risky.keys())]
            waiting += [unwrapped(value) for value, _ in held.values() if _is_of_same_file(value, user)]
    return tuple(captures)


def _is_of_same_file(value: Any, user: FunctionType) -> bool:
    plain = unwrapped(value)
    return isinstance(plain, FunctionType) and plain.__code__.co_filename == user.__code__.co_filename


def captured(callable_: Any) -> Iterator[tuple[str, tuple[Any, CellType | dict[str, Any]]]]:
    """Yield what the function behind a callable sees of the code around it: name, value and holder."""
    function = unwrapped(callable_)
    if isinstance(function, FunctionType):
        yield from _around(function)


def _around(function: FunctionType) -> Iterator[tuple[str, tuple[Any, CellType | dict[str, Any]]]]:
    for name in globals_used(function.__code__):
        if name in function.__globals__:
            yield name, (function.__globals__[name], function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        for value in contents(cell):
            yield name, (value, cell)


def contents(cell: CellType) -> tuple[Any, ...]:
    """Return what a cell holds: one value, or none."""
    try:
        return (cell.cell_contents,)
    except ValueError:  # not assigned yet
        return ()


def brought(function: FunctionType) -> list[Any]:
    """Return the values that a function brings to its calls: what it captures, and its defaults."""
    around = (value for _, (value, _) in _around(function))
    return [*around, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


def _risky(function: FunctionType) -> dict[str, bool]:
    """Return the variables that a loop rebinds, and whether that loop has left the function behind already."""
    around = _code_around(function)
    if around is None:  # unknown surroundings: any rebinding is suspicious
        return dict.fromkeys(function.__code__.co_freevars, False)
    running = _running()
    risky: dict[str, bool] = {}
    for outer, inner in pairwise(around):
        now = running.get(outer)
        for loop in loops(outer, inner):
            inside_now = now is not None and loop.start <= now <= loop.end
            if loop.makes or inside_now:
                overtaken = not inside_now
                risky |= {name: risky.get(name, False) or overtaken for name in loop.names}
    return risky


def _running() -> dict[CodeType, int]:
    """Return the codes on the stack, each with the instruction that it is at."""
    running: dict[CodeType, int] = {}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        running.setdefault(frame.f_code, frame.f_lasti)
        frame = frame.f_back
    return running


def _code_around(function: FunctionType) -> tuple[CodeType, ...] | None:
    """Return the codes around a function, from the outermost that is known down to its own."""
    code = function.__code__
    for outer in _running():
        if outer.co_filename == code.co_filename:
            path = path_to(outer, code)
            if path is not None:
                return path
    outermost = function.__globals__.get(function.__qualname__.partition(".")[0])
    if outermost is function:
        return (code,)
    plain = unwrapped(outermost)
    return path_to(plain.__code__, code) if isinstance(plain, FunctionType) else None
