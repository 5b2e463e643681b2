"""Numbers out of Python objects, many at a time.

`marshal` writes an int of 32 bits as a code and four bytes, and a float as another code and eight bytes; what is only
derived from them it writes otherwise or not at all. So numpy reads the values of many objects, and the exact type of
each, without a step of Python for any of them. Where one is anything else there is no answer: the first that is stands
where a code is expected, and has another.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 32
"""So many values are looked at one by one as fast."""
_VERSION = 2
"""Of the format: it writes floats as they are, and a value that was written before like any other."""
_HEAD = 5
"""The bytes before the items of a list or a tuple: its code, and how many they are."""
_NUMBERS = {int: (b"i", "<i4", np.int64), float: (b"g", "<f8", np.float64)}
"""The code of a type, how its values are written, and the type of a column of them."""


def packed(values: Sequence[Any]) -> NDArray[Any] | None:
    """Return values that are all ints of 32 bits, or all floats, as an array; None for any other."""
    if len(values) < FEW or type(values) not in (list, tuple) or type(values[0]) not in _NUMBERS:
        return None
    columns = _layout((type(values[0]),), rows=False).read(values)
    return None if columns is None else columns[0]


def packed_columns(rows: Sequence[tuple[Any, ...]]) -> list[NDArray[Any]] | None:
    """Return the columns of rows in which each holds ints of 32 bits only, or floats only; None for any other rows."""
    if len(rows) < FEW or not all(type(value) in _NUMBERS for value in rows[0]):
        return None
    return _layout(tuple(map(type, rows[0])), rows=True).read(rows)


@dataclass(frozen=True, eq=False)
class _Layout:
    """How items of one make are written.

    Args:
        record: the bytes of one item, as numpy reads them.
        codes: those of its bytes that are the same in all items, by position.
        columns: the field of each value, and the type of its column.
    """

    record: np.dtype[Any]
    codes: dict[int, int]
    columns: dict[str, Any]

    def read(self, items: Any) -> list[NDArray[Any]] | None:
        """Return a column for each value of an item; None unless all items are of this make."""
        try:
            written = marshal.dumps(items, _VERSION)
        except ValueError:  # a value of a class of its own
            return None
        size = self.record.itemsize
        if len(written) != _HEAD + len(items) * size:
            return None
        each = np.frombuffer(written, np.uint8, offset=_HEAD).reshape(len(items), size)
        if any((each[:, position] != code).any() for position, code in self.codes.items()):
            return None
        values = np.frombuffer(written, self.record, offset=_HEAD)
        return [values[field].astype(kind) for field, kind in self.columns.items()]


@lru_cache(maxsize=256)
def _layout(types: tuple[type, ...], *, rows: bool) -> _Layout:
    fields: list[tuple[str, str]] = []
    codes, columns, size = {}, {}, 0
    if rows:
        fields.append(("row", f"S{_HEAD}"))
        codes = dict(enumerate(b"(" + len(types).to_bytes(4, "little")))
        size = _HEAD
    for i, cls in enumerate(types):
        code, stored, kind = _NUMBERS[cls]
        fields += [(f"code {i}", "S1"), (f"value {i}", stored)]
        codes[size] = code[0]
        columns[f"value {i}"] = kind
        size = np.dtype(fields).itemsize
    return _Layout(np.dtype(fields), codes, columns)
