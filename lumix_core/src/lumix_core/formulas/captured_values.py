"""What a function captures, in a form that symbolic rows can be used with."""

from __future__ import annotations

import builtins
import math
import operator
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from types import BuiltinFunctionType, ModuleType
from typing import Any

from lumix_core.formulas.bytecode import CHANGING
from lumix_core.formulas.nodes import Constant
from lumix_core.formulas.recorder import Untraceable
from lumix_core.formulas.symbolic_rows import Captured, Symbol, applied, holds_symbol, looked_up


class CapturedDict(Captured):
    """A captured dict."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        symbol = looked_up(self._lx_held, key)
        return self._lx_enter(self._lx_held[key]) if symbol is None else symbol

    def __reversed__(self) -> Iterator[Any]:
        keys: Iterator[Any] = reversed(self._lx_held)
        return keys

    def _lx_read(self, name: str) -> Any:
        own = {"get": self._lx_get, "values": self._lx_values, "items": self._lx_items}.get(name)
        return super()._lx_read(name) if own is None else own

    def _lx_values(self) -> list[Any]:
        return [self._lx_enter(value) for value in self._lx_held.values()]

    def _lx_items(self) -> list[tuple[Any, Any]]:
        return [(key, self._lx_enter(value)) for key, value in self._lx_held.items()]

    def _lx_get(self, key: Any, missing: Any = None, /) -> Any:
        if isinstance(missing, Symbol):
            raise missing._lx_recorder.refuse("it names a value of the row as the default of .get()")
        symbol = looked_up(self._lx_held, key, Constant(missing))
        return self._lx_enter(self._lx_held.get(key, missing)) if symbol is None else symbol


class CapturedList(Captured):
    """A captured list or tuple, which has items by position."""

    __slots__ = ()

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, Symbol):
            return applied(position, self._lx_held.__getitem__, position)
        return self._lx_enter(self._lx_held[position])


class CapturedModule:
    """A module of functions of single values, such as ``math``."""

    def __init__(self, module: ModuleType, enter: Callable[[Any], Any]) -> None:
        self._module = module
        self._enter = enter

    def __getattr__(self, name: str) -> Any:
        return self._enter(getattr(self._module, name))


ENTERED_MODULES = (math, operator, builtins)


class _Pure:
    """A function of single values, which is called for each row as it is."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        symbol = next((argument for argument in arguments if isinstance(argument, Symbol)), None)
        if symbol is None:
            return self._function(*arguments, **keywords)
        if keywords:
            raise symbol._lx_recorder.refuse("it calls a function with named arguments")
        return applied(symbol, self._function, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


class _RejectsSymbols(_Pure):
    """A function that would not notice that it is given a symbol, or would keep it."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if holds_symbol((arguments, keywords)):
            why = f"it calls {self._function.__name__}()"
            raise next(
                (argument._lx_refuse(why) for argument in arguments if isinstance(argument, Symbol)), Untraceable(why)
            )
        return self._function(*arguments, **keywords)


class _Sum(_Pure):
    """Python's ``sum``, which adds floats more exactly than ``+`` does."""

    __slots__ = ()

    def __call__(self, items: Iterable[Any], /, start: Any = 0) -> Any:
        values = list(items)
        symbol = next((value for value in (start, *values) if isinstance(value, Symbol)), None)
        return sum(values, start) if symbol is None else applied(symbol, total, start, *values)


def total(start: Any, *values: Any) -> Any:
    """Return the sum of values as Python adds them up."""
    return sum(values, start)


class _All(_Pure):
    """Python's ``all``, whose branches are followed."""

    __slots__ = ()

    def __call__(self, items: Iterable[Any], /) -> bool:
        for item in items:  # noqa: SIM110 - all() itself would not be seen to ask for truth only
            if not item:
                return False
        return True


class _Any(_Pure):
    """Python's ``any``, whose branches are followed."""

    __slots__ = ()

    def __call__(self, items: Iterable[Any], /) -> bool:
        for item in items:  # noqa: SIM110 - any() itself would not be seen to ask for truth only
            if item:
                return True
        return False


def entered_builtin(function: Any) -> Any:
    """Return a builtin function or class in a form that answers truly for symbols, or refuses them."""
    wrap = _WRAPS.get(function) if isinstance(function, type | BuiltinFunctionType) else None
    if wrap is not None:
        return wrap(function)
    if overlooks_symbols(function):
        return _RejectsSymbols(function)
    return _Pure(function) if getattr(function, "__module__", None) == "math" else function


def overlooks_symbols(function: Any) -> bool:
    """Whether a builtin would not notice that it is given a symbol, or would keep it."""
    if isinstance(function, type):
        return function is type
    if not isinstance(function, BuiltinFunctionType):
        return False
    return function in _OVERLOOKING or (function.__name__ in CHANGING and isinstance(function.__self__, _CHANGEABLE))


_CHANGEABLE = (list, dict, set, bytearray, deque)
_COMPENSATED = sys.version_info >= (3, 12)
_OVERLOOKING = {isinstance, issubclass, id, hasattr, callable, dir, operator.is_, operator.is_not}
_OVERLOOKING |= {sum} if _COMPENSATED else set()
_WRAPS: dict[Any, Callable[[Any], _Pure]] = {
    **dict.fromkeys((float, int, bool, Decimal, Fraction), _Pure),
    all: _All,
    any: _Any,
    **({sum: _Sum} if _COMPENSATED else {}),
}
