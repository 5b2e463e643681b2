"""Plain objects that stand in for an ORM's instances: same class to ``isinstance``, same methods, no ORM behind them.

A stand-in is an instance of an unmapped subclass. Its attributes are ordinary ones: readable, writable, deletable.
Reading one that was not loaded raises `LXNotLoadedError`; it never runs a query, and never reads as None.
"""

from __future__ import annotations

import functools
import types
from abc import ABCMeta
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from lumix_core.errors import LXNotLoadedError
from lumix_core.rows.copyable import deep_copy, reduce_by_value

MARK = "__lumix_row_class__"


@dataclass(frozen=True, eq=False)
class RowClass:
    """What an adapter knows of a mapped class, as plain data.

    Args:
        mapped: the class.
        attributes: the names that the ORM manages; each is in an instance's ``__dict__`` once loaded.
        primary_key: the names of those that make the key.
        aliases: names that only lead to others, as paths: a synonym has one step, an association proxy two.
        advice: what to write so that an attribute is loaded, with ``{cls}`` and ``{name}``.
        columns: those attributes that hold one value a row, which a query can read without making the row.
        related: the to-one relationships, each with the class of the row that it leads to.
        elements: what else the class of the stand-ins has of its own; each can be pickled.
        properties: the ORM's own kind of properties: read off a row, each is what its ``fget`` returns for the row.
        derived: attributes whose values follow from others of the same row, each with the names of these: a column that
            the database computes, or a to-one relationship, which follows from its foreign key.
    """

    mapped: type
    attributes: tuple[str, ...]
    primary_key: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    advice: str = "Load it before copying."
    columns: frozenset[str] = frozenset()
    related: Mapping[str, type] = field(default_factory=dict)
    elements: Mapping[str, Any] = field(default_factory=dict)
    properties: frozenset[str] = frozenset()
    derived: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.mapped, self.attributes, self.primary_key, dict(self.aliases), self.advice)
        related, elements, derived = dict(self.related), dict(self.elements), dict(self.derived)
        return RowClass, (*parts, self.columns, related, elements, self.properties, derived)

    def following(self, name: str) -> set[str]:
        """Return the attributes whose values follow from an attribute, directly or through others.

        The foreign key of a relationship is among them: with another related row it is another one.
        """
        found, before = {name, *(self.derived.get(name, ()) if name in self.related else ())}, 0
        while len(found) > before:
            before = len(found)
            found |= {derived for derived, sources in self.derived.items() if sources & found}
        return found - {name}


_MADE: WeakKeyDictionary[type, type] = WeakKeyDictionary()


def standin_class(row_class: RowClass) -> type:
    """Return the class of the stand-ins for a mapped class; made once for each."""
    made = _MADE.get(row_class.mapped)
    if made is None:
        made = _MADE[row_class.mapped] = _make(row_class)
    return made


def row_class_of(cls: type) -> RowClass | None:
    """Return what a class of stand-ins stands for, or None for any other class."""
    row_class = cls.__dict__.get(MARK)
    return row_class if isinstance(row_class, RowClass) else None


def new_standin(cls: type) -> Any:
    """Return an empty stand-in, without running any ``__init__``."""
    return object.__new__(cls)


def _make(row_class: RowClass) -> type:
    mapped = row_class.mapped
    elements: dict[str, Any] = {name: _NotLoaded(name, row_class) for name in row_class.attributes}
    elements |= {name: _Alias(name, path, mapped) for name, path in row_class.aliases.items()}
    elements |= row_class.elements
    elements |= {
        MARK: row_class,
        "__abstract__": True,  # SQLAlchemy's word for a class that is not mapped
        "__module__": mapped.__module__,
        "__qualname__": mapped.__qualname__,
        "__doc__": mapped.__doc__,
        "__copy__": _shallow_copy,
        "__deepcopy__": _deep_copy,
        "__reduce_ex__": _reduce,
    }
    return _subclass(mapped, elements)


def _subclass(mapped: type, elements: dict[str, Any]) -> type:
    """Make a subclass of which neither a metaclass nor ``__init_subclass__`` hears, so that nothing maps it."""
    if isinstance(mapped, ABCMeta):  # which would have made what tells its instances from those of the mapped class
        elements["_abc_impl"] = vars(ABCMeta("_", (), {}))["_abc_impl"]
    return type.__new__(type(mapped), mapped.__name__, (_Unheard, mapped), elements)


class _Unheard:
    """Stands before a mapped class, whose own ``__init_subclass__`` is for classes that a person writes."""

    __slots__ = ()

    def __init_subclass__(cls, **_: Any) -> None:
        pass


class _NotLoaded:
    """Answers for an attribute that is not in the instance's ``__dict__``."""

    def __init__(self, name: str, row_class: RowClass) -> None:
        self.name = name
        self.row_class = row_class

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return getattr(self.row_class.mapped, self.name)
        raise not_loaded(self.name, self.row_class)


def not_loaded(name: str, row_class: RowClass) -> LXNotLoadedError:
    """Return what to raise where an attribute is read that is not there."""
    cls = row_class.mapped.__name__
    return LXNotLoadedError(
        f"{cls}.{name} was not loaded when this row was detached from its database, and a detached row runs no "
        f"query. {row_class.advice.format(cls=cls, name=name)}"
    )


class _Alias:
    """Leads to another attribute, or to one attribute of every object of a collection."""

    def __init__(self, name: str, path: tuple[str, ...], mapped: type) -> None:
        self.name = name
        self.path = path
        self.mapped = mapped

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return getattr(self.mapped, self.name)
        target = getattr(instance, self.path[0])
        return target if len(self.path) == 1 else _attribute_of_each(target, self.path[1])

    def __set__(self, instance: Any, value: Any) -> None:
        if len(self.path) > 1:
            raise AttributeError(f"{self.name!r} of a detached row leads to {'.'.join(self.path)}: set it there")
        setattr(instance, self.path[0], value)


def _attribute_of_each(target: Any, name: str) -> Any:
    if isinstance(target, Mapping):
        return {key: getattr(row, name) for key, row in target.items()}
    if isinstance(target, list | set | tuple):
        return type(target)(getattr(row, name) for row in target)
    return None if target is None else getattr(target, name)


def _shallow_copy(self: Any) -> Any:
    twin = new_standin(type(self))
    twin.__dict__.update(self.__dict__)
    return twin


def _deep_copy(self: Any, memo: dict[int, Any]) -> Any:
    return deep_copy(self, memo)


def _reduce(self: Any, protocol: int) -> Any:
    return reduce_by_value(self)


@functools.lru_cache(maxsize=1024)
def slots_of(cls: type) -> tuple[str, ...]:
    """Return the names of the attributes that instances of a class keep outside their ``__dict__``."""
    return tuple(
        name
        for base in cls.__mro__
        if "__slots__" in base.__dict__
        for name, element in base.__dict__.items()
        if isinstance(element, types.MemberDescriptorType)
    )
