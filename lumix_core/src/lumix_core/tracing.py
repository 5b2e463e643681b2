"""What a function reads off its rows: found by calling it with rows that watch.

`attribute_paths` calls a key function with symbolic rows, to learn which attributes make the key.
`attributes_read` calls a function again on rows that gave a wrong value, to name the attribute at fault.
"""

from __future__ import annotations

import dis
import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any


class _Symbol:
    """A symbolic row or attribute: only reading an attribute is allowed; anything else ends the tracing."""

    __slots__ = ("_path",)

    def __init__(self, path: tuple[str, ...]) -> None:
        object.__setattr__(self, "_path", path)

    def __getattr__(self, name: str) -> _Symbol:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Symbol((*self._path, name))

    def __setattr__(self, name: str, value: object) -> None:
        raise _NotTraceable

    def _refuse(self, *_: object) -> Any:
        raise _NotTraceable

    __bool__ = __iter__ = __len__ = __call__ = __eq__ = __ne__ = __hash__ = __str__ = __repr__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __format__ = __contains__ = __getitem__ = __index__ = _refuse


class _NotTraceable(Exception):  # noqa: N818 - a signal, not an error
    """The function does more than read attributes."""


def attribute_paths(function: Callable[..., Any]) -> tuple[tuple[tuple[str, ...], ...], bool] | None:
    """Return the attributes that a key function returns, and whether as a tuple.

    Returns:
        ``((("id",),), False)`` for ``lambda p: p.id``; ``((("a",), ("b",)), True)`` for ``lambda p: (p.a, p.b)``;
        None for a function that does anything else.
    """
    if not _only_reads_attributes(function):
        return None
    try:
        result = function(_Symbol(()))
    except Exception:  # noqa: BLE001 - whatever a symbolic row breaks is simply not traceable
        return None
    compound = isinstance(result, tuple)
    parts = result if compound else (result,)
    paths: list[tuple[str, ...]] = [object.__getattribute__(part, "_path") for part in parts if type(part) is _Symbol]
    return (tuple(paths), compound) if paths and all(paths) and len(paths) == len(parts) else None


_READING = {
    *("RESUME", "CACHE", "NOP", "COPY_FREE_VARS", "LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_LOAD_FAST"),
    *("LOAD_FAST_BORROW_LOAD_FAST_BORROW", "LOAD_ATTR", "BUILD_TUPLE", "RETURN_VALUE"),
}
"""The instructions that a symbolic row answers truly; ``is`` and the like would not notice that it is none."""


def _only_reads_attributes(function: Callable[..., Any]) -> bool:
    if isinstance(function, operator.attrgetter):
        return True
    if not isinstance(function, FunctionType):
        return False
    return all(one.opname in _READING for one in dis.get_instructions(function))


_SCALARS = (str, bytes, int, float, complex, bool, type(None))


class _Watcher:
    """Stands in front of an object and writes down every attribute that is read, with its value."""

    def __init__(self, target: Any, path: str, seen: dict[str, Any]) -> None:
        self.__dict__.update(_target=target, _path=path, _seen=seen)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name.startswith("__") or callable(value):
            return value
        path = f"{self._path}.{name}"
        self._seen[path] = value
        plain = isinstance(value, _SCALARS) or not hasattr(value, "__dict__")
        return value if plain else _Watcher(value, path, self._seen)

    def __getitem__(self, item: Any) -> Any:
        value = self._target[item]
        self._seen[f"{self._path}[{item!r}]"] = value
        return value


def attributes_read(function: Callable[..., Any], rows: tuple[Any, ...]) -> dict[str, Any]:
    """Return what a function reads off its rows, as ``{"Product.price": None}``, in the order of reading."""
    seen: dict[str, Any] = {}
    watchers = tuple(row if isinstance(row, _SCALARS) else _Watcher(row, type(row).__name__, seen) for row in rows)
    try:
        function(*watchers)
    except Exception:  # noqa: BLE001 - the same failure is being reported already; only the reading counts here
        return seen
    return seen
