"""The floor: numpy reads each attribute of the objects."""

from __future__ import annotations

from operator import attrgetter

import highspy
import numpy as np
from catalogue.data import Item
from contenders import Laps
from holding import Array, Arrays, hold


def build(items: list[Item], lap: Laps) -> highspy.Highs:
    low, high, cost, weight, volume = (column(items, name) for name in ("low", "high", "cost", "weight", "volume"))
    fragile = column(items, "is_fragile", np.bool_)
    lap("read")
    starts, rows, coefficients = matrix(weight, volume, fragile)
    arrays = Arrays(
        maximize=False,
        objective=cost,
        lower=low,
        upper=high,
        integer=np.zeros(len(items), dtype=np.int32),
        row_lower=np.array([-np.inf, -np.inf, 2.0 * len(items), -np.inf]),
        row_upper=np.array([200.0 * len(items), 250.0 * len(items), np.inf, 1.0 * len(items)]),
        starts=starts,
        rows=rows,
        coefficients=coefficients,
    )
    lap("assemble")
    return hold(arrays)


def matrix(weight: Array, volume: Array, fragile: Array) -> tuple[Array, Array, Array]:
    """Return the columns one after the other: weight, volume, a one, and a second one where the item is fragile."""
    starts = np.zeros(len(weight) + 1, dtype=np.int32)
    np.cumsum(3 + fragile, out=starts[1:])
    firsts = starts[:-1]
    rows = np.zeros(starts[-1], dtype=np.int32)
    coefficients = np.ones(starts[-1])
    coefficients[firsts], coefficients[firsts + 1] = weight, volume
    rows[firsts + 1], rows[firsts + 2] = 1, 2
    rows[firsts[fragile] + 3] = 3
    return starts, rows, coefficients


def column(items: list[Item], name: str, kind: type = np.float64) -> Array:
    return np.fromiter(map(attrgetter(name), items), dtype=kind, count=len(items))
