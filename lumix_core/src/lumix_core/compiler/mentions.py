"""Which attributes code may read: the names that it mentions, whatever it does with them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any

from lumix_core.formulas.captures import brought, unwrapped


class Mentions:
    """The names in the code of functions, and of the functions of their files and rows that they may call.

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
        """Note the names of a function's code, and go on to the functions that it captures."""
        if isinstance(function, operator.attrgetter):
            self._names.update(name for path in function.__reduce__()[1] for name in path.split("."))
        plain = unwrapped(function)
        if not isinstance(plain, FunctionType) or plain in self._seen:
            return
        self._seen.add(plain)
        self._add_code(plain.__code__)
        for one in map(unwrapped, brought(plain)):
            if isinstance(one, FunctionType) and one.__code__.co_filename == plain.__code__.co_filename:
                self._add(one)

    def _add_code(self, code: CodeType) -> None:
        self._names.update(code.co_names)
        self._names.update(one for one in code.co_consts if isinstance(one, str))  # of getattr(row, "name")
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._add_code(constant)
