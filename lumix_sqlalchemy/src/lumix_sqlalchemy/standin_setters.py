"""Detached rows whose class has a ``__setattr__`` or ``__delattr__`` made for SQLAlchemy's instances.

Such methods call `sqlalchemy.orm.attributes.set_attribute`, as SQLModel's do. A detached row has no instance state; for
the time of the call it has one that leads to its ``__dict__``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm.exc import UnmappedError

from lumix_core.rows import row_class_of

STATE = "_sa_instance_state"


def setters_of(cls: type) -> dict[str, Callable[..., None]]:
    """Return what takes the place of the methods of a mapped class that set and delete attributes."""
    own: dict[str, Callable[..., None]] = {"__setattr__": set_detached, "__delattr__": delete_detached}
    return {name: method for name, method in own.items() if getattr(cls, name) is not getattr(object, name)}


def set_detached(row: Any, name: str, value: Any) -> None:
    """Set an attribute of a detached row by the method of its class."""
    try:
        with _instance_state(row):
            _mapped(row).__setattr__(row, name, value)
    except UnmappedError:  # the method looks for the state of a mapped class, as SQLModel's does
        object.__setattr__(row, name, value)


def delete_detached(row: Any, name: str) -> None:
    """Delete an attribute of a detached row by the method of its class."""
    try:
        with _instance_state(row):
            _mapped(row).__delattr__(row, name)
    except UnmappedError:
        object.__delattr__(row, name)


def _mapped(row: Any) -> Any:
    row_class = row_class_of(type(row))
    assert row_class is not None
    return row_class.mapped


@contextmanager
def _instance_state(row: Any) -> Iterator[None]:
    if STATE in row.__dict__:
        yield
        return
    row.__dict__[STATE] = _State(row)
    try:
        yield
    finally:
        row.__dict__.pop(STATE, None)


class _State:
    """The part of an instance's state that setting, deleting and getting an attribute go through."""

    def __init__(self, row: Any) -> None:
        self.manager = _Manager()
        self.class_ = type(row)


class _Manager:
    def __getitem__(self, name: str) -> _Attribute:
        return _Attribute(name)


class _Attribute:
    """One attribute, and its own implementation."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def impl(self) -> _Attribute:
        return self

    def set(self, state: _State, values: dict[str, Any], value: Any, *_: Any, **__: Any) -> None:
        values[self.name] = value

    def delete(self, state: _State, values: dict[str, Any]) -> None:
        if self.name not in values:
            raise AttributeError(f"{state.class_.__name__!r} object has no attribute {self.name!r}")
        del values[self.name]

    def get(self, state: _State, values: dict[str, Any], *_: Any) -> Any:
        return values.get(self.name)
