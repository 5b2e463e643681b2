"""The rows of the catalogue: plain objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Item:
    id: int
    low: float
    high: float
    cost: float
    weight: float
    volume: float
    is_fragile: bool


def make(_: str, size: str) -> list[Item]:
    """Return so many items."""
    count = int(size)
    rng = np.random.default_rng(13)
    numbers = np.round(rng.uniform(1, 100, (3, count)), 2)
    low = rng.integers(0, 3, count).astype(float)
    fragile = rng.random(count) < 0.25
    columns = (low, low + rng.integers(1, 20, count), *numbers, fragile)
    return [Item(i, *row) for i, row in enumerate(zip(*(column.tolist() for column in columns), strict=True))]
