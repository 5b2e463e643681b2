"""What a value leads to: whether rows or sessions of an ORM can be reached from it."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from typing import Any

import numpy as np

from lumix_core.copying.protocol import ATOMIC
from lumix_core.formulas.bytecode import globals_used
from lumix_core.rows.frames import may_hold_objects
from lumix_core.rows.registry import adapter_for, is_handle
from lumix_core.rows.sources import DataSource
from lumix_core.rows.standins import row_class_of, slots_of

ANY_DEPTH = 1_000_000


def is_row(value: Any) -> bool:
    """Whether an ORM maps the class of the value."""
    return adapter_for(type(value)) is not None


def is_bound(value: Any) -> bool:
    """Whether the value is a row of an ORM, attached or detached, or a session or the like."""
    return row_class_of(type(value)) is not None or is_row(value) or is_handle(value)


def bound_parts(value: Any) -> Iterator[Any]:
    """Yield the rows and sessions of an ORM that a value leads to."""
    return filter(is_bound, reached(value))


def reached(value: Any, around: dict[str, Any] | None = None, depth: int = ANY_DEPTH) -> Iterator[Any]:
    """Yield everything that a value leads to, itself included; does not look into rows, sessions and classes.

    Args:
        value: where to start.
        around: functions that have these globals are followed into the globals that they use.
        depth: how many steps to go.
    """
    seen: set[int] = set()
    bound: dict[type, bool] = {}
    layer = [value]
    while layer and depth:
        depth -= 1
        following: list[Any] = []
        for part in layer:
            cls: type = type(part)
            if cls in ATOMIC or isinstance(part, type) or id(part) in seen:
                continue
            seen.add(id(part))
            if cls not in bound:
                bound[cls] = is_bound(part)
            yield part
            if not bound[cls]:
                following.extend(_parts(part, around))
        layer = following


def data_of(value: Any) -> frozenset[int]:
    """Return the ``id`` of every object in the data that the parts of a model were given."""
    ids: set[int] = set()
    ours, seen = [value], {id(value)}
    while ours:
        part = ours.pop()
        if isinstance(part, DataSource):
            ids.update(map(id, reached(part.data)))
        elif isinstance(part, list | tuple | dict) or type(part).__module__.startswith("lumix_core."):
            parts = [item for item in _parts(part, None) if id(item) not in seen]
            seen.update(map(id, parts))
            ours.extend(parts)
    return frozenset(ids)


def _parts(value: Any, around: dict[str, Any] | None) -> Iterable[Any]:
    if isinstance(value, types.FunctionType):
        return _parts_of_function(value, around)
    if isinstance(value, types.MethodType):
        return (value.__self__, value.__func__)
    if isinstance(value, functools.partial):
        return (value.func, *value.args, *value.keywords.values())
    return [*_items(value), *attributes_of(value)]


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype.hasobject else ()
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    if isinstance(value, list | tuple | set | frozenset | KeysView | ValuesView | ItemsView):
        return value
    if may_hold_objects(value):
        return [item for name in value.columns for item in _objects_of(value[name])]
    return _objects_of(value)


def _objects_of(column: Any) -> Iterable[Any]:
    """Return the objects in a column of a frame, or an index, of pandas or polars; nothing of other values."""
    cls = type(column)
    if not (hasattr(cls, "to_list") and hasattr(cls, "dtype")):
        return ()
    objects: Iterable[Any] = column.to_list() if str(column.dtype).lower() == "object" else ()
    return objects


def attributes_of(value: Any) -> list[Any]:
    """Return the values of an object's attributes; runs no code of its class."""
    cls: type = type(value)
    values = list(_own_attribute(value, "__dict__", {}).values())
    return [*values, *(_own_attribute(value, name) for name in slots_of(cls))]


def _own_attribute(value: Any, name: str, default: Any = None) -> Any:
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return default


def _parts_of_function(function: types.FunctionType, around: dict[str, Any] | None) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield from function.__dict__.values()
    if around is not None and _module_globals(function.__globals__) is _module_globals(around):
        yield from (global_of(function, name) for name in globals_used(function.__code__))


def _module_globals(around: dict[str, Any]) -> dict[str, Any]:
    """Return the globals of the module, of which those of a copied function are an overlay."""
    base: dict[str, Any] = getattr(around, "base", around)
    return base


def global_of(function: types.FunctionType, name: str) -> Any:
    """Return what a global name means to a function, None where it means nothing or a builtin."""
    around = function.__globals__
    return around[name] if name in around else None  # noqa: SIM401 - an overlay answers to [], not to get()


def is_importable(function: types.FunctionType) -> bool:
    """Whether another process finds the function by its name, in a module that is no script."""
    module = sys.modules.get(function.__module__)
    return function.__module__ != "__main__" and getattr(module, function.__qualname__, None) is function
