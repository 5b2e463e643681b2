"""Whether a rule calls only what is known to answer truly for symbols, so that no call has to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from lumix_core.copying.protocol import ATOMIC
from lumix_core.formulas.bytecode import methods_called
from lumix_core.formulas.captures import captured
from lumix_core.language.indexed import Indexed
from lumix_core.language.linear_forms import SKIP, LXLinearForm, between
from lumix_core.problem.numbers import is_real_type

_FUNCTIONS = {sum, abs, min, max, any, all, list, tuple, len, zip, enumerate, range, round, float, int, bool, between}
_COLLECTIONS = (dict, list, tuple, set, frozenset)
_METHODS = {"get", "keys", "values", "items"}
"""Methods of variables and of captured collections."""


def calls_known_functions(function: Callable[..., Any]) -> bool:
    """Return whether a function, and whatever it calls, calls only functions that are known."""
    return type(function) is FunctionType and _is_known(function, set())


def _is_known(function: FunctionType, seen: set[CodeType]) -> bool:
    if function.__code__ in seen:
        return True
    seen.add(function.__code__)
    if not methods_called(function.__code__) <= _METHODS:
        return False
    values = [value for _, (value, _) in captured(function)]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return all(_is_quiet(value, seen) for value in (*values, *defaults))


def _is_quiet(value: Any, seen: set[CodeType]) -> bool:
    """Whether a value runs no code that nobody knows when it is called, combined or gone through."""
    kind = type(value)
    if kind is FunctionType:
        return value in _FUNCTIONS or ("__wrapped__" not in value.__dict__ and _is_known(value, seen))
    if isinstance(value, Indexed | LXLinearForm) or value is SKIP or is_real_type(kind):
        return True
    if kind in _COLLECTIONS:
        return all(map(_is_data, islice(value, _MANY))) and all(map(_is_data, islice(_values(value), _MANY)))
    return _is_data(value) or (kind in (type, BuiltinFunctionType) and value in _FUNCTIONS)


_MANY = 1_000


def _is_data(value: Any) -> bool:
    """Whether a value is plain data, or a tuple of it."""
    if type(value) is tuple:
        return all(map(_is_data, value))
    return type(value) in ATOMIC and not isinstance(value, BuiltinFunctionType | ModuleType)


def _values(collection: Any) -> Iterable[Any]:
    return collection.values() if type(collection) is dict else ()
