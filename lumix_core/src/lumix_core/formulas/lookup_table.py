"""Tables that functions look values up in: dicts and sets, and parameters read from rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from lumix_core.formulas.arithmetic import NotVectorizable
from lumix_core.problem.arrays import IntArray
from lumix_core.problem.numbers import is_real_type
from lumix_core.rows.columns import ABSENT, Column, column, has_nan, is_hashed_as_compared, together
from lumix_core.rows.key_index import MISSING, KeyIndex

RUNNING: ContextVar[Callable[[Any], LookupTable] | None] = ContextVar("RUNNING", default=None)
"""Reads what a parameter holds, for the compile that is running."""
NO_DEFAULT = object()
FEW = 32
"""How many single keys are searched for before a dict of all is made."""


@dataclass(frozen=True, eq=False)
class LookupTable:
    """Keys and their values, as columns.

    Args:
        key: the parts of the keys; one part for keys that are no tuples.
        values: one a key.
        compound: whether a key is the tuple of its parts, or its one part itself.
        default: the value of every other key; `NO_DEFAULT` where looking one up is an error.
        typed: whether it is an error to ask for what can be no key: a text where the keys are numbers.
    """

    key: tuple[Column, ...]
    values: Column
    compound: bool
    default: Any = NO_DEFAULT
    typed: bool = False
    _asked: Iterator[int] = field(default_factory=count, repr=False)

    @cached_property
    def index(self) -> KeyIndex:
        """The index over the keys."""
        return KeyIndex(self.key)

    def with_values(self, values: Column) -> LookupTable:
        """Return a table with the same keys and other values."""
        twin = replace(self, values=values, _asked=count())
        if "index" in self.__dict__:
            twin.__dict__["index"] = self.index
        return twin

    def keys(self) -> Column:
        """Return the keys, each as it is looked up."""
        return together(self.key) if self.compound else self.key[0]

    @cached_property
    def _dict(self) -> dict[Any, Any]:
        return dict(zip(self.keys().tolist(), self.values.tolist(), strict=True))

    def get(self, key: Any) -> Any:
        """Return the value of one key, None where it is not there; raises TypeError for one that cannot be hashed."""
        if "_dict" in self.__dict__ or next(self._asked) > FEW:
            return self._dict.get(key)
        try:
            return self._searched(key)
        except OverflowError:  # keys that cannot be numbered
            return self._dict.get(key)

    def _searched(self, key: Any) -> Any:
        parts = key if self.compound else (key,)
        if not isinstance(parts, tuple) or len(parts) != len(self.key) or not self.size:
            hash(key)
            return None
        position = self.index.position_of(parts)
        return None if position == MISSING else self.values.item(position)

    @property
    def size(self) -> int:
        """How many keys there are."""
        return len(self.values)

    def find(self, key: Sequence[Any], size: int) -> IntArray:
        """Return the position of each key, -1 for those that are not there; raises TypeError as hashing does."""
        for position, values in enumerate(key):
            self.check(position, values)
        if self.size:
            return self.index.positions(key, size)
        for part in key:
            for value in part.tolist() if isinstance(part, np.ndarray) else [part] * bool(size):
                hash(value)
        return np.full(size, -1)

    def may_have(self, key: Any) -> bool:
        """Whether a key is made like those that there are."""
        parts = key if self.compound else (key,)
        if not self.size or not self.typed:
            return True
        if type(parts) is not tuple or len(parts) != len(self.key):
            return False
        return all(self._is_alike(position, type(part)) for position, part in enumerate(parts))

    def check(self, position: int, values: Any) -> None:
        """Raise TypeError where one of the values cannot be that part of a key."""
        numeric = isinstance(values, np.ndarray) and values.dtype != np.object_
        if not self.typed or not self.size or (numeric and self.key[position].dtype != np.object_):
            return
        kinds = set(map(type, values.tolist() if isinstance(values, np.ndarray) else [values]))
        if not all(self._is_alike(position, kind) for kind in kinds):
            raise TypeError("no key is made like that")

    def _is_alike(self, position: int, kind: type) -> bool:
        if kind in _NOTHING or kind in self._kinds[position]:
            return True
        if is_real_type(kind):
            return any(map(is_real_type, self._kinds[position]))
        return any(issubclass(kind, known) or issubclass(known, kind) for known in self._kinds[position])

    @cached_property
    def _kinds(self) -> tuple[set[type], ...]:
        return tuple(
            set(map(type, part.tolist() if part.dtype == np.object_ else part[:1].tolist())) for part in self.key
        )


_NOTHING = (type(None), type(ABSENT))
"""What no row has as a key, and any row may ask for."""


def table_of(held: Mapping[Any, Any] | Collection[Any], parts: int) -> LookupTable:
    """Return a dict, or a collection of keys, as a table.

    Args:
        held: as the user's function captures it.
        parts: how many values make a key: 0 for keys that are looked up as they are, else tuples of so many.

    Raises:
        NotVectorizable: only going row by row shows which keys it has.
    """
    table = _table(held, _distinct(held) if isinstance(held, list | tuple) else list(held), parts)
    if any(map(has_nan, table.key)):
        raise NotVectorizable
    return table


def _table(held: Mapping[Any, Any] | Collection[Any], keys: list[Any], parts: int) -> LookupTable:
    values = list(held.values()) if isinstance(held, Mapping) else keys
    if parts:
        kept = [i for i, key in enumerate(keys) if isinstance(key, tuple) and len(key) == parts]
        columns = tuple(column([keys[i][position] for i in kept]) for position in range(parts))
        return LookupTable(columns, column([values[i] for i in kept]), compound=True)
    return LookupTable((column(keys),), column(values), compound=False)


def _distinct(held: Sequence[Any]) -> list[Any]:
    """Return what is in a list, each value once; Python searches a list by ``==``, columns by hash."""
    check_hashed_as_compared(one for item in held for one in (item if type(item) is tuple else (item,)))
    return list(dict.fromkeys(held))


def check_hashed_as_compared(values: Iterable[Any]) -> None:
    """Raise `NotVectorizable` unless values are found by their hash wherever ``==`` finds them."""
    if not all(map(is_hashed_as_compared, set(map(type, values)))):
        raise NotVectorizable
