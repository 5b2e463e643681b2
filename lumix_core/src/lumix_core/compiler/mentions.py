"""Which attributes code may read: the names that it mentions, whatever it does with them."""

from __future__ import annotations

import inspect
import operator
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from lumix_core.formulas.captures import brought, unwrapped

FUNCTIONS = 500
"""How many functions are looked at, the nearest first; those of a large library lead to ever more."""


class Mentions:
    """The names in the code of functions, and of the functions that they may call.

    These are captured ones, those of captured modules and objects, and those of the rows. Python's own are left out.

    Args:
        functions: of rows.
    """

    def __init__(self, functions: Iterable[Callable[..., Any]]) -> None:
        self._names: set[str] = set()
        self._seen: set[FunctionType] = set()
        for function in functions:
            self._add(function)

    def of(self, cls: type) -> set[str]:
        """Return the names, with those that the methods and properties of a class mention where they are named."""
        before = -1
        while before != len(self._names):
            before = len(self._names)
            for name in list(self._names):
                found = next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)
                self._add(getattr(found, "fget", None) or getattr(found, "__func__", found))
        return self._names

    def _add(self, function: Any) -> None:
        """Note the names of a function's code, and go on to the functions that it may call."""
        if isinstance(function, operator.attrgetter):
            self._names.update(name for path in function.__reduce__()[1] for name in path.split("."))
        waiting = deque([function])
        while waiting and len(self._seen) < FUNCTIONS:
            plain = _code_of(waiting.popleft())
            if isinstance(plain, FunctionType) and plain not in self._seen and not _is_pythons(plain):
                self._seen.add(plain)
                self._add_code(plain.__code__)
                waiting.extend(_called(plain))

    def _add_code(self, code: CodeType) -> None:
        for one in _codes(code):
            self._names.update(one.co_names)
            self._names.update(name for name in one.co_consts if isinstance(name, str))  # of getattr(row, "name")


def _code_of(called: Any) -> Any:
    """Return the plain function behind what is called, an object with ``__call__`` included."""
    plain = unwrapped(called)
    if isinstance(plain, FunctionType):
        return plain
    return unwrapped(inspect.getattr_static(type(plain), "__call__", None))


def _is_pythons(function: FunctionType) -> bool:
    return str(function.__module__).partition(".")[0] in sys.stdlib_module_names


def _called(function: FunctionType) -> Iterator[Any]:
    """Yield what a function may call: what it captures, and the functions of that which its code names."""
    names = [name for code in _codes(function.__code__) for name in code.co_names]
    for value in brought(function):
        yield value
        if not isinstance(unwrapped(value), FunctionType):
            found = (inspect.getattr_static(value, name, None) for name in names)
            yield from (getattr(one, "fget", None) or getattr(one, "__func__", one) for one in found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
