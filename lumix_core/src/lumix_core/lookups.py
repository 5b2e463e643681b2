"""Tables that functions look values up in: dicts and sets, and parameters read from rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from lumix_core.arithmetic import Unlike
from lumix_core.codes import KeyIndex
from lumix_core.columns import Column, column, has_nan, is_hashed_as_compared
from lumix_core.keys import IntArray

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
    """

    key: tuple[Column, ...]
    values: Column
    compound: bool
    default: Any = NO_DEFAULT
    _asked: Iterator[int] = field(default_factory=count, repr=False)

    @cached_property
    def index(self) -> KeyIndex:
        """The index over the keys."""
        return KeyIndex(self.key)

    @cached_property
    def _dict(self) -> dict[Any, Any]:
        keys = list(zip(*(part.tolist() for part in self.key), strict=True)) if self.compound else self.key[0].tolist()
        return dict(zip(keys, self.values.tolist(), strict=True))

    def get(self, key: Any) -> Any:
        """Return the value of one key, None where it is not there; raises TypeError for one that cannot be hashed."""
        if "_dict" in self.__dict__ or next(self._asked) > FEW:
            return self._dict.get(key)
        parts = key if self.compound else (key,)
        if not isinstance(parts, tuple) or len(parts) != len(self.key) or not self.size:
            hash(key)
            return None
        (code,) = self.index.encode([column([part]) for part in parts], 1)
        found = np.flatnonzero(self.index.codes == code)
        return self.values[found[:1]].tolist()[0] if code >= 0 and len(found) else None

    @property
    def size(self) -> int:
        """How many keys there are."""
        return len(self.values)

    def find(self, key: Sequence[Any], size: int) -> IntArray:
        """Return the place of each key, -1 for those that are not there; raises TypeError as hashing does."""
        if self.size:
            return self.index.positions(key, size)
        for part in key:
            for one in part.tolist() if isinstance(part, np.ndarray) else [part] * bool(size):
                hash(one)
        return np.full(size, -1)


def table_of(held: Mapping[Any, Any] | Collection[Any], parts: int) -> LookupTable:
    """Return a dict, or a collection of keys, as a table.

    Args:
        held: as the user's function captures it.
        parts: how many values make a key: 0 for keys that are looked up as they are, else tuples of so many.

    Raises:
        Unlike: only a row can tell which keys it has.
    """
    found = _table(held, _distinct(held) if isinstance(held, list | tuple) else list(held), parts)
    if any(map(has_nan, found.key)):
        raise Unlike
    return found


def _table(held: Mapping[Any, Any] | Collection[Any], keys: list[Any], parts: int) -> LookupTable:
    values = list(held.values()) if isinstance(held, Mapping) else keys
    if parts:
        kept = [i for i, key in enumerate(keys) if isinstance(key, tuple) and len(key) == parts]
        columns = tuple(column([keys[i][place] for i in kept]) for place in range(parts))
        return LookupTable(columns, column([values[i] for i in kept]), compound=True)
    return LookupTable((column(keys),), column(values), compound=False)


def _distinct(held: Sequence[Any]) -> list[Any]:
    """Return what is in a list, each value once; Python searches a list by ``==``, columns by hash."""
    check_hashed_as_compared(one for item in held for one in (item if type(item) is tuple else (item,)))
    return list(dict.fromkeys(held))


def check_hashed_as_compared(values: Iterable[Any]) -> None:
    """Raise `Unlike` unless values are found by their hash wherever ``==`` finds them."""
    if not all(map(is_hashed_as_compared, set(map(type, values)))):
        raise Unlike
