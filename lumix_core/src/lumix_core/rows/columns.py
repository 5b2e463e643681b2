"""Columns of values: numpy arrays whose elements stand for Python objects, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lumix_core.rows.packing import packed, packed_columns

Column: TypeAlias = NDArray[Any]
"""Values of one attribute, one a row: float64 for float, int64 for int, bool for bool, and object for all else.

``column.tolist()`` gives back the very values: an array of objects may hold anything, numbers of any kind too.
"""
TYPED = (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_))
"""The types of a column in which no value is an object."""
AHEAD = 1 << 19
"""For how many more values a growing column has memory at the most."""
_TYPES = {float: np.float64, int: np.int64, bool: np.bool_}


def column(values: Sequence[Any] | Column) -> Column:
    """Return values as a column: typed where all are of one such type, else the objects themselves."""
    if isinstance(values, np.ndarray):
        return values
    numbers = packed(values)
    if numbers is not None:
        return numbers
    types = set(map(type, values))
    dtype = _TYPES.get(types.pop()) if len(types) == 1 else None
    if dtype is None:
        return object_column(values)
    try:
        return np.array(values, dtype=dtype)
    except OverflowError:  # an int of more than 64 bits
        return object_column(values)


def transposed(rows: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any] | Column]:
    """Return the values of rows, of which there is one at least, column by column: as columns, where that is faster."""
    columns = packed_columns(rows)
    return list(zip(*rows, strict=True)) if columns is None else columns


def object_column(values: Iterable[Any]) -> Column:
    """Return values as an array of objects, also where they are sequences themselves."""
    kept = values if isinstance(values, list) else list(values)
    return np.fromiter(kept, dtype=np.object_, count=len(kept))


def together(parts: Sequence[Column]) -> Column:
    """Return columns as one column of tuples."""
    return object_column(list(zip(*(part.tolist() for part in parts), strict=True)))


class GrowingColumn:
    """A column whose values come in parts; numbers of one type are one array, made longer where it stands."""

    def __init__(self) -> None:
        self._parts: list[Column] = []
        self._count = 0  # of the values in the last part

    def add(self, part: Column) -> None:
        """Put values below those that have come."""
        if not self._parts or part.dtype not in TYPED or part.dtype != self._parts[-1].dtype:
            self._end_part()
            self._parts.append(part.copy())
            self._count = len(part)
            return
        values, start, end = self._parts[-1], self._count, self._count + len(part)
        if end > len(values):
            values.resize(end + min(end // 2, AHEAD), refcheck=False)
        values[start:end] = part
        self._count = end

    def _end_part(self) -> None:
        if self._parts and len(self._parts[-1]) > self._count:
            self._parts[-1].resize(self._count, refcheck=False)

    def column(self) -> Column:
        """Return all values, which are not kept; of several types they become objects."""
        self._end_part()
        parts, self._parts = self._parts, []
        if len(parts) <= 1:
            return parts[0] if parts else np.empty(0, dtype=np.object_)
        return np.concatenate(parts if len({part.dtype for part in parts}) == 1 else list(map(as_objects, parts)))


def as_objects(values: Column) -> Column:
    """Return a column as one of objects."""
    return values.astype(np.object_)


def has_nan(value: Any) -> bool:
    """Whether a column or a single value holds NaN of any kind, which is equal to itself only where it is one object.

    Rows keep that object; columns of floats do not.
    """
    if not isinstance(value, np.ndarray):
        return _differs_from_itself(value)
    if value.dtype != np.object_:
        return value.dtype == np.float64 and bool(np.isnan(value).any())
    return any(map(_differs_from_itself, value))


def _differs_from_itself(value: Any) -> bool:
    if type(value) in EQUAL_TO_THEMSELVES:
        return False
    try:
        return bool(value != value)  # noqa: PLR0124 - that is the question
    except Exception:  # noqa: BLE001 - a signalling NaN, or what compares to an array
        return True


EQUAL_TO_THEMSELVES = frozenset({str, int, bool, bytes, type(None), date, datetime, timedelta, UUID})
"""Types whose values are found by their hash wherever ``==`` finds them, and of which none differs from itself."""


def is_hashed_as_compared(cls: type) -> bool:
    """Whether values of a class are found by their hash wherever ``==`` finds them."""
    return cls in _HASHED_AS_COMPARED or issubclass(cls, np.generic) or cls.__eq__ is object.__eq__


_HASHED_AS_COMPARED = EQUAL_TO_THEMSELVES | {float, Decimal, Fraction}


class _Absent:
    """Stands in a column where there is no row to read the attribute of; any use of it is an error."""

    def _refuse(self, *_: object) -> Any:
        raise LookupError("there is no row to read this attribute of")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __hash__ = _refuse


ABSENT = _Absent()
