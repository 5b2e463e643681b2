"""The keys of a family as columns of a data frame: one for each dimension, and one for each part of a composite key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lumix_core.problem.arrays import IntArray

Dimension = tuple[str, tuple[Hashable, ...], IntArray, Sequence[str]]
"""The label of a dimension, its distinct keys, the position of each element's key, and the names of the key's parts."""


@dataclass(frozen=True)
class KeyColumn:
    """A column of key parts.

    Args:
        dimension: the label of the dimension.
        name: of the part; the dimension's label for a key that is no tuple.
        values: of each element.
    """

    dimension: str
    name: str
    values: list[Any]


def key_columns(dimensions: Iterable[Dimension], taken: Collection[str]) -> dict[str, list[Any]]:
    """Return the columns by name, all names different and none of them in ``taken``.

    A key of one dimension that is a tuple has a column for each part, named after the attribute that the part is read
    from, or the field of a named tuple, or numbered.
    """
    columns = [column for dimension in dimensions for column in _columns_of(*dimension)]
    return dict(zip(_names(columns, taken), (column.values for column in columns), strict=True))


def _columns_of(label: str, level: tuple[Hashable, ...], positions: IntArray, parts: Sequence[str]) -> list[KeyColumn]:
    codes = positions.tolist()
    names = _part_names(label, level, parts)
    if names is None:
        return [KeyColumn(label, label, [level[code] for code in codes])]
    values: Iterable[Any] = zip(*level, strict=True) if level else [()] * len(names)
    return [KeyColumn(label, name, [part[code] for code in codes]) for name, part in zip(names, values, strict=True)]


def _part_names(label: str, level: tuple[Any, ...], parts: Sequence[str]) -> Sequence[str] | None:
    """Return the names of the parts of composite keys; None where the keys are not tuples of one length."""
    if any(not isinstance(key, tuple) for key in level) or len({len(key) for key in level}) > 1:
        return None
    if parts:
        return parts
    if not level or not level[0]:
        return None
    fields = getattr(level[0], "_fields", None)
    return list(fields) if fields else [f"{label}_{number}" for number in range(1, len(level[0]) + 1)]


def _names(columns: list[KeyColumn], taken: Collection[str]) -> list[str]:
    counts = Counter(column.name for column in columns)
    names: list[str] = []
    for column in columns:
        name = column.name if counts[column.name] == 1 else f"{column.dimension}_{column.name}"
        while name in taken or name in names:
            name += "_key"
        names.append(name)
    return names
