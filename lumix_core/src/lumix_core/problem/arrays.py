"""Arrays: what they are called in types, their order, and where groups of equal numbers start."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.numbers import EPSILON

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int32]
IntArray = NDArray[np.int64]

MANY = 2**62
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
    packed = _packed_in_order(values, bits)
    packed &= (1 << bits) - 1
    return packed


def stably_sorted(values: NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return the same order, and the numbers in that order."""
    bits = _free_bits(values)
    if bits is None:
        order = np.argsort(values, kind="stable")
        return order, values[order]
    packed = _packed_in_order(values, bits)
    order = packed & ((1 << bits) - 1)
    packed >>= bits
    return order, packed


def _free_bits(values: NDArray[Any]) -> int | None:
    """Return how many bits the positions of numbers take; None where numbers are too large to have them behind."""
    bits = (len(values) - 1).bit_length() if len(values) else 0
    return None if not len(values) or int(values.max()) >= MANY >> bits else bits


def _packed_in_order(values: NDArray[Any], bits: int) -> IntArray:
    """Return numbers in order, each with its position in its last bits: numpy sorts faster than it finds an order."""
    packed = values.astype(np.int64)
    packed <<= bits
    for start in range(0, len(packed), BLOCK):
        end = min(start + BLOCK, len(packed))
        packed[start:end] |= np.arange(start, end)
    packed.sort()
    return packed


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
