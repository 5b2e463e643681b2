"""Keys as numbers: an index over columns finds equal keys, as Python's ``==`` and a dict would."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from lumix_core.problem.arrays import MANY, BoolArray, IntArray, blocks, is_increasing, stable_order
from lumix_core.rows.columns import Column, column

MISSING = -1
ROOM = 1 << 10
"""How many numbers an index may always have, used or not; beyond, four a key."""


class KeyIndex:
    """An index over keys, each made of one value of every column.

    Args:
        columns: the parts of the keys, of one length.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._parts = [_part(values) for values in columns]
        self._count = len(columns[0])
        self.span = 1
        for part in self._parts:
            self.span *= part.span
        if self.span > MANY and len(self._parts) > 1:
            raise OverflowError("keys of so many parts and values cannot be numbered")

    @property
    def codes(self) -> IntArray:
        """The number of each key, computed anew each time: keeping them takes more room than is worth it."""
        codes = np.empty(self._count, dtype=np.int64)
        for block in blocks(self._count):
            codes[block] = self._joined([part.numbers(block) for part in self._parts])
        return codes

    def encode(self, columns: Sequence[Any], size: int) -> IntArray:
        """Return the numbers of other keys, `MISSING` for a key that cannot be in the index.

        Args:
            columns: the parts of the keys; a single value stands for one of all keys.
            size: how many keys there are.

        Raises:
            TypeError: a key cannot be hashed.
        """
        if not self._is_plain(columns):
            return self._encoded(columns, size)
        codes = np.empty(size, dtype=np.int64)
        for block in blocks(size):
            codes[block] = self._encoded([values[block] for values in columns], block.stop - block.start)
        return codes

    def _encoded(self, columns: Sequence[Any], size: int) -> IntArray:
        return self._joined([part.find(values, size) for part, values in zip(self._parts, columns, strict=True)])

    def _is_plain(self, columns: Sequence[Any]) -> bool:
        """Whether keys can be looked up block by block, since nothing is made of all that there are."""
        return all(map(_is_whole, columns)) and all(isinstance(part, _Dense) for part in self._parts)

    def position_of(self, key: Sequence[Any]) -> int:
        """Return the first position of a single key, `MISSING` where it is not there; raises as `encode` does."""
        codes = [int(part.find(column([value]), 1)[0]) for part, value in zip(self._parts, key, strict=True)]
        if MISSING in codes:
            return MISSING
        positions = self._parts[0].having(codes[0])
        for part, code in zip(self._parts[1:], codes[1:], strict=True):
            positions = positions[part.are(code, positions)]
        return int(positions[0]) if len(positions) else MISSING

    def positions(self, columns: Sequence[Any], size: int) -> IntArray:
        """Return the last position of each key in the index, `MISSING` where it is not there."""
        if self._is_dense and self._is_plain(columns):
            positions = np.empty(size, dtype=np.int64)
            for block in blocks(size):
                codes = self._encoded([values[block] for values in columns], block.stop - block.start)
                positions[block] = self._table[codes]
            return positions
        codes = self.encode(columns, size)
        if self._is_dense:
            return self._table[codes]
        order, ordered = self._ordered
        ranks = np.searchsorted(ordered, codes, side="right") - 1
        is_known = (ranks >= 0) & (codes >= 0)
        is_known[is_known] = ordered[ranks[is_known]] == codes[is_known]
        return np.where(is_known, order[ranks], MISSING)

    def matches(self, columns: Sequence[Any], size: int) -> tuple[IntArray | None, IntArray]:
        """Return all pairs of equal keys: the position of the other key, in order, and that in the index.

        None stands for the positions of all other keys, each once.
        """
        if self.is_unique:
            positions = self.positions(columns, size)
            if size and int(positions.min()) >= 0:
                return None, positions
            here = np.flatnonzero(positions >= 0)
            return here, positions[here]
        codes = self.encode(columns, size)
        here = np.flatnonzero(codes >= 0)
        order, ordered = self._ordered
        starts = np.searchsorted(ordered, codes[here], side="left")
        counts = np.searchsorted(ordered, codes[here], side="right") - starts
        return np.repeat(here, counts), order[spread(starts, counts)]

    def counts(self, columns: Sequence[Any], size: int) -> IntArray:
        """Return how many keys of the index each of the other keys equals."""
        codes, (_, ordered) = self.encode(columns, size), self._ordered
        counts = np.searchsorted(ordered, codes, side="right") - np.searchsorted(ordered, codes, side="left")
        return np.where(codes < 0, 0, counts)

    @cached_property
    def is_unique(self) -> bool:
        """Whether no key is there twice."""
        if self._is_dense:
            return int(np.count_nonzero(self._table >= 0)) == int(np.count_nonzero(self.codes >= 0))
        return self.repeated() is None

    def repeated(self) -> tuple[int, int] | None:
        """Return the positions of two equal keys, None where every key is there once."""
        ordered = self.codes
        if is_increasing(ordered):
            return None
        ordered.sort()
        twice = ordered[1:] == ordered[:-1]
        if ordered[0] < 0:
            twice &= ordered[1:] >= 0
        if not twice.any():
            return None
        first, second, *_ = np.flatnonzero(self.codes == ordered[np.argmax(twice)]).tolist()
        return first, second

    @property
    def _is_dense(self) -> bool:
        return self.span <= max(4 * self._count, ROOM)

    @cached_property
    def _table(self) -> IntArray:
        table = np.full(self.span + 1, MISSING)  # the last one answers for MISSING
        codes = self.codes
        known = np.flatnonzero(codes >= 0)
        table[codes[known]] = known
        return table

    @cached_property
    def _ordered(self) -> tuple[IntArray, IntArray]:
        """The positions of the keys by their numbers, and these numbers."""
        codes = self.codes
        order = stable_order(codes)
        return order, codes[order]

    def _joined(self, parts: list[IntArray]) -> IntArray:
        codes = parts[0]
        for part, others in zip(self._parts[1:], parts[1:], strict=True):
            missing = (codes < 0) | (others < 0) if _lacks_some(codes) or _lacks_some(others) else None
            codes = codes * part.span + others
            if missing is not None:
                codes[missing] = MISSING
        return codes


def _lacks_some(codes: IntArray) -> bool:
    return bool(len(codes)) and int(codes.min()) < 0


def spread(starts: IntArray, counts: IntArray) -> IntArray:
    """Return the ranges that begin at ``starts`` and have ``counts`` numbers, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts - starts, counts)


class _Dense:
    """Ints that lie close together: each is its own number, less the smallest."""

    def __init__(self, values: Column, low: int, span: int) -> None:
        self.low, self.span = low, span
        self._values = values

    @property
    def codes(self) -> IntArray:
        """The number of each."""
        return self.numbers(slice(None))

    def numbers(self, block: slice) -> IntArray:
        """Return the numbers of some values, one after the other."""
        numbers: IntArray = self._values[block].astype(np.int64)
        numbers -= self.low
        return numbers

    def having(self, code: int) -> IntArray:
        """Return the positions of the values with a number."""
        return np.flatnonzero(self._values == self.low + code)

    def are(self, code: int, positions: IntArray) -> BoolArray:
        """Return which of some values have a number."""
        same: BoolArray = self._values[positions] == self.low + code
        return same

    def find(self, values: Any, size: int) -> IntArray:
        ints = _as_ints(values)
        if ints is None:
            return _by_dict({self.low + code: code for code in self.codes.tolist()}, values, size)
        if not isinstance(ints, np.ndarray):
            return np.full(size, ints - self.low if 0 <= ints - self.low < self.span else MISSING)
        codes: IntArray = ints - self.low
        distances = codes.view(np.uint64)  # as such, what is less than zero is large
        if len(codes) and int(distances.max()) >= self.span:
            codes[distances >= self.span] = MISSING
        return codes


class _Coded:
    """Values whose numbers are kept."""

    codes: IntArray

    def numbers(self, block: slice) -> IntArray:
        """Return the numbers of some values, one after the other."""
        return self.codes[block]

    def having(self, code: int) -> IntArray:
        """Return the positions of the values with a number."""
        return np.flatnonzero(self.codes == code)

    def are(self, code: int, positions: IntArray) -> BoolArray:
        """Return which of some values have a number."""
        same: BoolArray = self.codes[positions] == code
        return same


class _Sorted(_Coded):
    """Numbers that lie far apart: the rank among those that there are."""

    def __init__(self, values: Column) -> None:
        self.known, codes = np.unique(values, return_inverse=True)
        self.codes: IntArray = np.where(values == values, codes, MISSING)  # noqa: PLR0124 - NaN equals nothing
        self.span = max(len(self.known), 1)

    def find(self, values: Any, size: int) -> IntArray:
        same = isinstance(values, np.ndarray) and values.dtype == self.known.dtype
        if not same:
            return _by_dict({value: code for code, value in enumerate(self.known.tolist())}, values, size)
        ranks = np.minimum(np.searchsorted(self.known, values), max(len(self.known) - 1, 0))
        return np.where(self.known[ranks] == values, ranks, MISSING) if len(self.known) else np.full(size, MISSING)


class _Hashed(_Coded):
    """Values of any kind that can be hashed."""

    def __init__(self, values: list[Any]) -> None:
        self.known: dict[Any, int] = {}
        self.codes = np.array([self.known.setdefault(value, len(self.known)) for value in values], dtype=np.int64)
        self.span = max(len(self.known), 1)

    def find(self, values: Any, size: int) -> IntArray:
        return _by_dict(self.known, values, size)


def _part(values: Column) -> _Dense | _Sorted | _Hashed:
    if values.dtype == np.object_:
        return _Hashed(values.tolist())
    if values.dtype == np.float64 or not len(values):
        return _Sorted(values)
    low, high = int(values.min()), int(values.max())
    span = high - low + 1
    return _Dense(values, low, span) if span <= max(4 * len(values), ROOM) else _Sorted(values)


def _is_whole(values: Any) -> bool:
    """Whether values are a column of ints or truths."""
    return isinstance(values, np.ndarray) and values.dtype.kind in "ib"


def _as_ints(values: Any) -> Any:
    if _is_whole(values):
        return values.astype(np.int64, copy=False)
    return int(values) if type(values) in (int, bool) else None


def _by_dict(known: dict[Any, int], values: Any, size: int) -> IntArray:
    if not isinstance(values, np.ndarray):
        return np.full(size, known.get(values, MISSING))
    return np.fromiter((known.get(value, MISSING) for value in values.tolist()), dtype=np.int64, count=size)
