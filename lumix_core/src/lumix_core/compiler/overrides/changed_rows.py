"""Copies of rows with another value in one attribute, without what was computed of the old one."""

from __future__ import annotations

import copy
import dataclasses
import functools
from typing import Any

from lumix_core.errors import LXSourceError
from lumix_core.rows.frames import FrameRow
from lumix_core.rows.registry import adapter_for
from lumix_core.rows.standins import new_standin, row_class_of, standin_class


def with_attribute(row: Any, attribute: str, value: Any) -> Any:
    """Return a copy of a row with another value in one attribute; of an ORM's row a plain one, bound to no session.

    What properties of its class keep in the row, as `functools.cached_property` does, is computed anew when it is read.

    Raises:
        LXSourceError: the attribute cannot be set, as that of a property; or what a dataclass computes when a row is
            made cannot be computed anew.
    """
    if isinstance(row, FrameRow):
        position = row._lx_columns.index(attribute)
        return tuple.__new__(type(row), [value if i == position else known for i, known in enumerate(row)])
    if isinstance(row, tuple) and hasattr(row, "_replace"):
        return row._replace(**{attribute: value})
    twin = _copied(row)
    cls: type = type(twin)
    for name in kept_by_properties(cls) & getattr(twin, "__dict__", {}).keys():
        del twin.__dict__[name]
    try:
        _setter(twin)(twin, attribute, value)
    except Exception as error:
        raise LXSourceError(
            f"{type(row).__name__}.{attribute} cannot be set to {value!r:.60}: {error}. "
            f"Give another value, or change the attribute that it is computed from."
        ) from error
    for name, computed in _computed_fields(row, attribute, value).items():
        object.__setattr__(twin, name, computed)
    return twin


def _copied(row: Any) -> Any:
    adapter = None if row_class_of(type(row)) is not None else adapter_for(type(row))
    if adapter is None:
        return copy.copy(row)
    twin = new_standin(standin_class(adapter.row_class(type(row))))
    twin.__dict__.update(adapter.values(row))
    return twin


def _setter(row: Any) -> Any:
    """Return what sets an attribute: the class's own way, unless it is a frozen one or an ORM's."""
    own: Any = type(row).__setattr__
    if own is object.__setattr__ or row_class_of(type(row)) is not None:
        return object.__setattr__
    held = next(iter(getattr(row, "__dict__", {}).items()), None)
    try:
        if held is not None:
            own(row, *held)
    except Exception:  # noqa: BLE001 - each library has its own error for rows that are frozen
        return object.__setattr__
    return own if held is not None else object.__setattr__


@functools.lru_cache(maxsize=1024)
def kept_by_properties(cls: type) -> frozenset[str]:
    """Return the names of properties that may keep what they computed in the row, under their own name."""
    return frozenset(name for base in cls.__mro__ for name, found in vars(base).items() if _keeps(found))


def _keeps(found: Any) -> bool:
    if isinstance(found, functools.cached_property):
        return True
    if isinstance(found, property):
        return found.fset is None  # with a setter it is data
    cls = type(found)
    return hasattr(cls, "__get__") and not hasattr(cls, "__set__") and callable(getattr(found, "func", None))


def _computed_fields(row: Any, attribute: str, value: Any) -> dict[str, Any]:
    """Return the fields that a dataclass computes when a row is made, for a row with another value.

    Raises:
        LXSourceError: a row cannot be made again, or made again it has other values in these fields.
    """
    cls: type = type(row)
    fields = _fields_computed_at_start(cls)
    if not fields or attribute in fields:
        return {}
    title = f"{type(row).__name__}.{fields[0]} is computed when a row is made"
    advice = f"Write it as a property that is computed from {attribute}, or change the data and solve again."
    try:
        again, changed = dataclasses.replace(row), dataclasses.replace(row, **{attribute: value})
    except Exception as error:
        raise LXSourceError(
            f"{title}, perhaps from {attribute}, and {row!r:.80} cannot be made again: {type(error).__name__}: "
            f"{error}. {advice}"
        ) from error
    for name in fields:
        if getattr(again, name, None) != getattr(row, name, None):
            raise LXSourceError(
                f"{title}, perhaps from {attribute}, and another value was set in {row!r:.80} later. {advice}"
            )
    return {name: getattr(changed, name) for name in fields if hasattr(changed, name)}


@functools.lru_cache(maxsize=1024)
def _fields_computed_at_start(cls: type) -> tuple[str, ...]:
    if not dataclasses.is_dataclass(cls) or not hasattr(cls, "__post_init__") or row_class_of(cls) is not None:
        return ()
    return tuple(field.name for field in dataclasses.fields(cls) if not field.init)
