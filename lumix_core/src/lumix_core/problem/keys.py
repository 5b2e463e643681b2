"""The keys of a family: stored by dimension, made as tuples on demand, found in constant time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import numpy as np

from lumix_core.problem.arrays import IntArray
from lumix_core.problem.key_columns import key_columns

MISSING = -1
"""Stands for the position of a key that is not there."""


@dataclass(frozen=True, eq=False)
class RowKey:
    """How the key of one dimension is read off a row, so that results can be read by the row itself.

    Args:
        row_type: the qualified name of the rows' class, or None where rows of any class are accepted.
        paths: the attributes that make the key, where it is made of nothing else.
        compound: whether the key is the tuple of the attributes' values or the one value itself.
        function: computes the key where ``paths`` is None; None where the row is its own key. It captures
            plain data at the most, so that results hold no row (`unreadable` stands for one that captures more).
        values: the key of each row, where rows are plain values, such as texts: a misspelt key could be taken for a
            row, and only those that there are tell them apart. Results may hold them.
    """

    row_type: str | None = None
    paths: tuple[tuple[str, ...], ...] | None = None
    compound: bool = False
    function: Any = None
    values: Mapping[Hashable, Hashable] | None = None

    @property
    def part_names(self) -> list[str]:
        """The names of the attributes that make a composite key; empty for any other key."""
        return ["_".join(path) for path in self.paths] if self.compound and self.paths else []

    def __call__(self, row: Any) -> Hashable:
        """Return the key of ``row``; raises KeyError for a row of another class, or a plain value that is no row."""
        if self.values is not None:
            return self.values[row]
        check_row(row, self.row_type)
        if self.paths is None:
            key: Hashable = row if self.function is None else self.function(row)
            return key
        values = tuple(_follow(row, path) for path in self.paths)
        return values if self.compound else values[0]

    def __reduce__(self) -> tuple[Any, ...]:
        function = None if self.function is None else _by_value(self.function)
        return _restore_row_key, (self.row_type, self.paths, self.compound, function, self.values)


def check_row(row: Any, row_type: str | None) -> None:
    """Raise KeyError where a row is of another class than the one named; None names any."""
    if row_type is not None and row_type not in map(qualified_name, type(row).__mro__):
        raise KeyError(row)


def unreadable(row: Any) -> Hashable:
    """Stand for a key function that captures something, which no result may hold: rows are not accepted."""
    raise KeyError(row)


def qualified_name(cls: type) -> str:
    """Return the module and qualified name of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _follow(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = getattr(row, name)
    return row


def _by_value(function: Any) -> bytes:
    import cloudpickle

    pickled: bytes = cloudpickle.dumps(function)
    return pickled


def _restore_row_key(
    row_type: str | None, paths: Any, compound: bool, function: bytes | None, values: Any = None
) -> RowKey:
    import pickle

    return RowKey(row_type, paths, compound, None if function is None else pickle.loads(function), values)


@dataclass(frozen=True, eq=False)
class Keys(Sequence[Any]):
    """The keys of a family, in the order of its columns or rows.

    Args:
        levels: the distinct keys of each dimension; one level for a family with one dimension,
            none for a scalar.
        codes: for each dimension, the position in its level of every element (int64 arrays of one length).
            The combinations must be in lexicographic order.
        labels: the name of each dimension, for data frames.
        row_keys: how each dimension's key is read off a row.
    """

    levels: tuple[tuple[Hashable, ...], ...]
    codes: tuple[IntArray, ...]
    labels: tuple[str, ...]
    row_keys: tuple[RowKey, ...] = field(default=())

    @classmethod
    def scalar(cls) -> Keys:
        """Return the keys of a family with a single, unnamed element."""
        return cls((), (), ())

    @classmethod
    def single(cls, keys: Sequence[Hashable], label: str, row_key: RowKey) -> Keys:
        """Return the keys of a family with one dimension."""
        return cls((tuple(keys),), (np.arange(len(keys)),), (label,), (row_key,))

    @property
    def is_scalar(self) -> bool:
        """Whether this is the one element of a family without an index."""
        return not self.levels

    def __len__(self) -> int:
        return 1 if self.is_scalar else len(self.codes[0])

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(position)
        parts = tuple(level[code[position]] for level, code in zip(self.levels, self.codes, strict=True))
        return parts[0] if len(parts) == 1 else parts

    def __iter__(self) -> Iterator[Any]:
        if self.is_scalar:
            return iter([()])
        columns = [map(level.__getitem__, code.tolist()) for level, code in zip(self.levels, self.codes, strict=True)]
        return columns[0] if len(columns) == 1 else zip(*columns, strict=True)

    def __contains__(self, key: object) -> bool:
        return self.find(key) is not None

    def has_keys_of(self, other: Keys) -> bool:
        """Whether both have the same keys in the same order."""
        if self is other:
            return True
        same = len(self.codes) == len(other.codes) and all(map(np.array_equal, self.codes, other.codes))
        return same and self.levels == other.levels

    def columns(self, *taken: str) -> dict[str, list[Any]]:
        """Return the keys as columns of a data frame; ``taken`` are names of other columns. See `key_columns`."""
        parts = chain((row_key.part_names for row_key in self.row_keys), repeat([]))
        return key_columns(zip(self.labels, self.levels, self.codes, parts, strict=False), taken)

    def find(self, key: Any) -> int | None:
        """Return the position of ``key``, or None where the family has no such key."""
        if self.is_scalar:
            return 0 if key == () else None
        parts = (key,) if len(self.levels) == 1 else key
        if len(self.levels) > 1 and not (isinstance(key, tuple) and len(key) == len(self.levels)):
            return None
        combined = 0
        for part, lookup in zip(parts, self._lookups, strict=True):
            try:
                position = lookup.get(part)
            except TypeError:  # cannot be hashed, so it is no key
                return None
            if position is None:
                return None
            combined = combined * max(len(lookup), 1) + position
        return self._position(combined)

    def positions(self, codes: Sequence[IntArray]) -> IntArray:
        """Return the position of each combination of a key in every level, `MISSING` where the family has none.

        Args:
            codes: for each dimension, positions in its level; `MISSING` for a key that is not there.
        """
        absent = np.zeros(len(codes[0]), dtype=np.bool_)
        combined = np.zeros(len(codes[0]), dtype=np.int64)
        for level, code in zip(self.levels, codes, strict=True):
            absent |= code < 0
            combined = combined * max(len(level), 1) + code
        found = combined
        if self._combined is not None:
            if not len(self._combined):
                return np.full(len(combined), MISSING)
            found = np.minimum(np.searchsorted(self._combined, combined), len(self._combined) - 1)
            absent |= self._combined[found] != combined
        return np.where(absent, MISSING, found)

    def find_row(self, row: Any) -> int | None:
        """Return the position that belongs to a row (a tuple of rows or keys for several dimensions)."""
        if self.is_scalar or not self.row_keys:
            return None
        parts = (row,) if len(self.levels) == 1 else row
        if not (isinstance(parts, tuple) and len(parts) == len(self.levels)):
            return None
        try:
            key = tuple(self._part_key(i, part) for i, part in enumerate(parts))
        except Exception:  # noqa: BLE001 - a key function may fail in any way for what is no row of the family
            return None
        return self.find(key[0] if len(key) == 1 else key)

    def _part_key(self, dimension: int, part: Any) -> Hashable:
        try:
            if part in self._lookups[dimension]:
                known: Hashable = part
                return known
        except TypeError:  # rows need not be hashable
            pass
        return self.row_keys[dimension](part)

    def _position(self, combined: int) -> int | None:
        ordered = self._combined
        if ordered is None:
            return combined if combined < len(self) else None
        position = int(np.searchsorted(ordered, combined))
        return position if position < len(ordered) and ordered[position] == combined else None

    @cached_property
    def _lookups(self) -> tuple[dict[Hashable, int], ...]:
        return tuple({key: position for position, key in enumerate(level)} for level in self.levels)

    @cached_property
    def _combined(self) -> IntArray | None:
        """Every element as one number (mixed radix), or None where the family is the full product."""
        size = 1
        for level in self.levels:
            size *= len(level)
        if size == len(self):
            return None
        combined = np.zeros(len(self), dtype=np.int64)
        for level, code in zip(self.levels, self.codes, strict=True):
            combined = combined * max(len(level), 1) + code
        return combined

    def __repr__(self) -> str:
        shown = ", ".join(f"{key!r:.40}" for key in self[:3])
        return f"<Keys: {len(self)} ({shown}{', ...' if len(self) > 3 else ''})>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("levels", "codes", "labels", "row_keys")}
