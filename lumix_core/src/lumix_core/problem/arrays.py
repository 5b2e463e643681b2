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


def is_increasing(values: NDArray[Any]) -> bool:
    """Whether each number is larger than the one before."""
    return bool((values[1:] > values[:-1]).all())


def stable_order(values: NDArray[Any]) -> NDArray[Any]:
    """Return the order that sorts numbers which are not negative; equal ones stay as they are."""
    bits = (len(values) - 1).bit_length() if len(values) else 0
    if not len(values) or int(values.max()) >= MANY >> bits:
        return np.argsort(values, kind="stable")
    # numpy sorts numbers faster than it finds their order, so each brings its position along, in its last bits.
    packed = values.astype(np.int64) << bits
    packed |= np.arange(len(values))
    packed.sort()
    packed &= (1 << bits) - 1
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
