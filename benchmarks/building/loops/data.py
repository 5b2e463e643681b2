"""The rows of the loop: products with a largest demand each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    id: int
    profit: float
    max_demand: float


def make(_: str, size: str) -> list[Product]:
    """Return so many products."""
    return [Product(i, 1.0 + i % 7, 10.0 + i % 13) for i in range(int(size))]
