"""Arrays: what they are called in types, their order, and where groups of equal numbers start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.numbers import EPSILON

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int32]
IntArray = NDArray[np.int64]

MANY_BITS = 62
MANY = 2**MANY_BITS
"""More than this do not fit into an array's numbers with what is done to them."""
SEARCHED = 16
"""A group is found among so many numbers as fast as they are counted."""
BLOCK = 1 << 16
"""So many numbers stay in the processor's cache."""


def blocks(size: int) -> Iterator[slice]:
    """Yield the parts of an array that are worked at one after the other, each while it is in the processor's cache."""
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))


def is_increasing(values: NDArray[Any]) -> bool:
    """Whether each number is larger than the one before."""
    parts = (values[part.start : part.stop + 1] for part in blocks(len(values)))
    return all((part[1:] > part[:-1]).all() for part in parts)


def is_all(picks: IntArray, size: int) -> bool:
    """Whether picks are all of so many positions, in order, so that nothing has to be moved."""
    return len(picks) == size and (not size or (picks[0] == 0 and picks[-1] == size - 1 and is_increasing(picks)))


def taken(values: NDArray[Any], picks: IntArray) -> NDArray[Any]:
    """Return the values at some positions: the very array where these are all of them."""
    return values if is_all(picks, len(values)) else values[picks]


def stable_order(values: NDArray[Any]) -> IntArray:
    """Return the order that sorts numbers which are not negative; equal ones stay as they are."""
    count = _width(len(values))
    if not len(values) or int(values.max()) >= MANY >> count:
        return np.argsort(values, kind="stable")
    packed = _packed([Tuples([values], [0])], [0], count)
    packed.sort()
    for part in blocks(len(packed)):
        packed[part] &= (1 << count) - 1
    return packed


@dataclass(frozen=True, eq=False)
class Tuples:
    """Tuples of numbers that are not negative.

    Args:
        numbers: the first of every tuple, the second of every tuple, ...
        firsts: what is added to each of them.
    """

    numbers: Sequence[IntArray]
    firsts: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers[0])

    def columns(self) -> list[IntArray]:
        """Return the numbers, with what is added to them."""
        return [one + first if first else one for one, first in zip(self.numbers, self.firsts, strict=True)]


def sorted_together(parts: Sequence[Tuples], sizes: Sequence[int]) -> tuple[IntArray | None, Sequence[IntArray]]:
    """Return the order that sorts tuples, equal ones as they are, and their numbers in that order.

    Args:
        parts: tuples, those of one part after those of the other.
        sizes: their first numbers are less than the first of these, and so on.

    Returns:
        None in place of an order where the tuples are in order already.
    """
    widths, count = [_width(size) for size in sizes], _width(sum(map(len, parts)))
    if sum(widths) + count > MANY_BITS:
        columns = [np.concatenate(same) for same in zip(*(part.columns() for part in parts), strict=True)]
        order = np.lexsort(columns[::-1])
        return order, [column[order] for column in columns]
    if _are_in_order(parts, widths):
        if len(parts) == 1:
            return None, parts[0].columns()
        return None, [np.concatenate(same) for same in zip(*(part.columns() for part in parts), strict=True)]
    packed = _packed(parts, widths, count)
    packed.sort()
    *found, order = _unpacked(packed, [*widths, count])
    return order, found


def _width(size: int) -> int:
    """Return how many bits numbers take that are less than a size."""
    return max(size - 1, 0).bit_length()


def _numbered(parts: Sequence[Tuples], widths: Sequence[int]) -> Iterator[IntArray]:
    """Yield tuples as single numbers, block by block; each block is a new array."""
    for part in parts:
        for block in blocks(len(part)):
            some = np.zeros(block.stop - block.start, dtype=np.int64)
            for one, first, width in zip(part.numbers, part.firsts, widths, strict=True):
                some <<= width
                some |= one[block] + first if first else one[block]
            yield some


def _are_in_order(parts: Sequence[Tuples], widths: Sequence[int]) -> bool:
    last = 0
    for some in _numbered(parts, widths):
        if some[0] < last or not (some[1:] >= some[:-1]).all():
            return False
        last = int(some[-1])
    return True


def _packed(parts: Sequence[Tuples], widths: Sequence[int], count: int) -> IntArray:
    """Return tuples as single numbers, each with its position behind it: numpy sorts faster than it finds an order."""
    packed, start = np.empty(sum(map(len, parts)), dtype=np.int64), 0
    for some in _numbered(parts, widths):
        end = start + len(some)
        np.left_shift(some, count, out=packed[start:end])
        packed[start:end] |= np.arange(start, end)
        start = end
    return packed


def _unpacked(packed: IntArray, widths: Sequence[int]) -> list[IntArray]:
    """Return what is in numbers in so many bits each; they are used up."""
    taken_apart = [packed, *(np.empty(len(packed), dtype=np.int64) for _ in widths[1:])]
    for part in blocks(len(packed)):
        some = packed[part]
        for found, width in zip(taken_apart[:0:-1], widths[:0:-1], strict=True):
            found[part] = some & ((1 << width) - 1)
            some >>= width
    return taken_apart


def any_repeated(*columns: NDArray[Any]) -> bool:
    """Whether two tuples after each other are the same."""
    size = len(columns[0])
    spans = (slice(block.start, min(block.stop + 1, size)) for block in blocks(size))
    return any(_same_as_before([column[span] for column in columns]).any() for span in spans)


def _same_as_before(columns: Sequence[NDArray[Any]]) -> BoolArray:
    same: BoolArray = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return same


def firsts_of(*columns: NDArray[Any]) -> IntArray:
    """Return the positions of tuples that differ from the one before; of which there is one at least."""
    return np.flatnonzero(np.concatenate([[True], ~_same_as_before(columns)]))


def without_noise(sums: FloatArray, sizes: NDArray[Any], counts: Any) -> FloatArray:
    """Return sums, 0 where what is left of the parts is rounding noise.

    Args:
        sums: of floats.
        sizes: the sums of the absolute values of their parts.
        counts: how many parts each has.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(np.abs(sums) < counts * (EPSILON * sizes), 0.0, sums)


def starts_of(groups: NDArray[Any], size: int, *, in_order: bool = False) -> IndexArray:
    """Return where the groups 0, 1, ... start once they are in order, int32, shape ``(size + 1,)``.

    Args:
        groups: the group of each, in any order.
        size: how many groups there are.
        in_order: whether they are in order already.
    """
    if in_order and size * SEARCHED < len(groups):
        return np.searchsorted(groups, np.arange(size + 1)).astype(np.int32)
    starts = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(groups, minlength=size), out=starts[1:])
    return starts
