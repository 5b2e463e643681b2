"""The late-binding trap: a function made in a loop sees the loop variable's last value, not the one it was made with.

Which variables are at risk is read from the bytecode of the code around the function: those that are assigned in a
loop in which the function is made. Only these are remembered, so that a variable changed on purpose stays live.
"""

from __future__ import annotations

import datetime
import dis
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import CellType, CodeType, FrameType, FunctionType, MethodType
from typing import Any

_PLAIN = (int, float, str, bytes, bool, Decimal, Fraction, datetime.date, datetime.time, datetime.timedelta)


@dataclass(frozen=True, eq=False)
class Capture:
    """A loop variable as a function saw it when it was written into the model."""

    name: str
    value: Any
    holder: CellType | dict[str, Any]

    def current(self) -> Any:
        """Return what the function would see now; raises LookupError where the variable is gone."""
        if isinstance(self.holder, dict):
            return self.holder[self.name]
        try:
            return self.holder.cell_contents
        except ValueError:
            raise LookupError(self.name) from None


def rebound(captures: tuple[Capture, ...]) -> Capture | None:
    """Return the first capture whose variable holds another value now."""
    for capture in captures:
        try:
            current = capture.current()
        except LookupError:
            continue  # deleted: calling the function says so itself
        if current is not capture.value and not _equal_plain(current, capture.value):
            return capture
    return None


def _equal_plain(one: Any, other: Any) -> bool:
    return type(one) is type(other) and isinstance(one, _PLAIN) and bool(one == other)


def unwrapped(function: Any) -> Any:
    """Return the plain function behind partials and bound methods."""
    while isinstance(function, functools.partial | MethodType):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    return function


def watched(function: Any) -> tuple[Capture, ...]:
    """Return the loop variables that the function captures, as they are now."""
    function = unwrapped(function)
    if not isinstance(function, FunctionType):
        return ()
    code = function.__code__
    globals_used = _globals_used(code)
    if not code.co_freevars and not globals_used:
        return ()
    around = _code_around(function)
    # Where the surroundings are unknown, any rebinding of a captured variable is suspicious.
    risky = frozenset(code.co_freevars) if around is None else _loop_variables(around)
    return tuple(_captures(function, risky, globals_used))


def _captures(function: FunctionType, risky: frozenset[str], globals_used: frozenset[str]) -> Iterator[Capture]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if name in risky:
            try:
                yield Capture(name, cell.cell_contents, cell)
            except ValueError:
                continue  # not assigned yet, so this is no value of a loop
    for name in sorted(risky & globals_used):
        if name in function.__globals__:
            yield Capture(name, function.__globals__[name], function.__globals__)


@functools.lru_cache(maxsize=4096)
def _globals_used(code: CodeType) -> frozenset[str]:
    """Return the global names that the code, or code inside it, reads."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _globals_used(constant)
    return frozenset(names)


def _code_around(function: FunctionType) -> tuple[CodeType, ...] | None:
    """Return the codes around a function, from the outermost that is known down to its own."""
    code = function.__code__
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == code.co_filename:
            path = _path_to(frame.f_code, code)
            if path is not None:
                return path
        frame = frame.f_back
    outermost = function.__globals__.get(function.__qualname__.partition(".")[0])
    if outermost is function:
        return (code,)
    if isinstance(outermost, FunctionType):
        return _path_to(outermost.__code__, code)
    return None


@functools.lru_cache(maxsize=4096)
def _path_to(outer: CodeType, inner: CodeType) -> tuple[CodeType, ...] | None:
    """Return the chain of codes from ``outer`` down to ``inner``, each made within the one before."""
    for constant in outer.co_consts:
        if not isinstance(constant, CodeType):
            continue
        if constant is inner:
            return (outer, inner)
        below = _path_to(constant, inner)
        if below is not None:
            return (outer, *below)
    return None


@functools.lru_cache(maxsize=4096)
def _loop_variables(around: tuple[CodeType, ...]) -> frozenset[str]:
    """Return the names assigned in a loop within which the next code of the chain is made."""
    names: set[str] = set()
    for outer, inner in pairwise(around):
        instructions = list(dis.get_instructions(outer))
        made = [one.offset for one in instructions if one.argval is inner]
        for start, end in _loops(instructions):
            if any(start <= offset <= end for offset in made):
                names.update(_assigned(instructions, start, end))
    return frozenset(names)


def _loops(instructions: list[dis.Instruction]) -> Iterator[tuple[int, int]]:
    """Yield the first and last offset of each loop: a jump back closes one."""
    for one in instructions:
        if "JUMP_BACKWARD" in one.opname and "INTERRUPT" not in one.opname:
            yield one.argval, one.offset


def _assigned(instructions: list[dis.Instruction], start: int, end: int) -> Iterator[str]:
    for one in instructions:
        if start <= one.offset <= end and one.opname.startswith("STORE_"):
            names = one.argval if isinstance(one.argval, tuple) else (one.argval,)
            yield from (name for name in names if isinstance(name, str))
