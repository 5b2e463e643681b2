"""Arrays: what they are called in types, their order, and where groups of equal numbers start."""

from __future__ import annotations

from collections.abc import Sequence
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
BLOCK = 1 << 16
"""So many numbers stay in the processor's cache."""


def is_increasing(values: NDArray[Any]) -> bool:
    """Whether each number is larger than the one before."""
    return bool((values[1:] > values[:-1]).all())


def is_all(picks: IntArray, size: int) -> bool:
    """Whether picks are all of so many positions, in order, so that nothing has to be moved."""
    return len(picks) == size and (not size or (picks[0] == 0 and picks[-1] == size - 1 and is_increasing(picks)))


def taken(values: NDArray[Any], picks: IntArray) -> NDArray[Any]:
    """Return the values at some positions: the very array where these are all of them."""
    return values if is_all(picks, len(values)) else values[picks]


def stable_order(values: NDArray[Any]) -> IntArray:
    """Return the order that sorts numbers which are not negative; equal ones stay as they are."""
    bits = _free_bits(values)
    if bits is None:
        return np.argsort(values, kind="stable")
    packed = values.astype(np.int64)
    _sort_with_positions(packed, bits)
    packed &= (1 << bits) - 1
    return packed


def sorted_together(numbers: Sequence[IntArray], sizes: Sequence[int]) -> tuple[IntArray | None, Sequence[IntArray]]:
    """Return the order that sorts tuples of numbers, equal ones as they are, and the tuples in that order.

    Args:
        numbers: the first of every tuple, the second of every tuple, ...; none is negative.
        sizes: the first are less than the first of these, and so on.

    Returns:
        None in place of an order where the tuples are in order already.
    """
    widths = [max(size - 1, 0).bit_length() for size in sizes]
    count = (len(numbers[0]) - 1).bit_length() if len(numbers[0]) else 0
    if sum(widths) + count > MANY_BITS:
        order = np.lexsort(numbers[::-1])
        return order, [one[order] for one in numbers]
    packed = numbers[0].astype(np.int64)
    for one, width in zip(numbers[1:], widths[1:], strict=True):
        packed <<= width
        packed |= one
    if is_increasing(packed):
        return None, numbers
    _sort_with_positions(packed, count)
    order = packed & ((1 << count) - 1)
    return order, _unpacked(packed, count, widths)


def _unpacked(packed: IntArray, skipped: int, widths: Sequence[int]) -> list[IntArray]:
    """Take numbers apart that stand in so many bits each, before some that are skipped."""
    parts = []
    for width in widths[:0:-1]:
        packed >>= skipped
        parts.append(packed & ((1 << width) - 1))
        skipped = width
    packed >>= skipped
    return [packed, *reversed(parts)]


def _free_bits(values: NDArray[Any]) -> int | None:
    """Return how many bits the positions of numbers take; None where numbers are too large to have them behind."""
    bits = (len(values) - 1).bit_length() if len(values) else 0
    return None if not len(values) or int(values.max()) >= MANY >> bits else bits


def _sort_with_positions(numbers: IntArray, bits: int) -> None:
    """Sort numbers, each with its position behind it in so many bits: faster than numpy finds their order."""
    numbers <<= bits
    for start in range(0, len(numbers), BLOCK):
        end = min(start + BLOCK, len(numbers))
        numbers[start:end] |= np.arange(start, end)
    numbers.sort()


def without_noise(sums: FloatArray, sizes: NDArray[Any], counts: Any) -> FloatArray:
    """Return sums, 0 where what is left of the parts is rounding noise.

    Args:
        sums: of floats.
        sizes: the sums of the absolute values of their parts.
        counts: how many parts each has.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(np.abs(sums) < counts * (EPSILON * sizes), 0.0, sums)


def starts_of(groups: NDArray[Any], size: int) -> IndexArray:
    """Return where the groups 0, 1, ... start once they are in order, int32, shape ``(size + 1,)``."""
    starts = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(groups, minlength=size), out=starts[1:])
    return starts
