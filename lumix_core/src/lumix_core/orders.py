"""The order of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[Any]
_MOST = 2**62


def is_increasing(values: IntArray) -> bool:
    """Whether each number is larger than the one before."""
    return bool((values[1:] > values[:-1]).all())


def stable_order(values: IntArray) -> IntArray:
    """Return the order that sorts numbers which are not negative; equal ones stay as they are."""
    count = len(values)
    top = int(values.max()) + 1 if count else 0
    if top * max(count, 1) < _MOST:  # numpy sorts numbers faster than it finds their order
        packed = np.sort(values * count + np.arange(count))
        order: IntArray = packed % count if count else packed
        return order
    return np.argsort(values, kind="stable")
