"""Plain rows and models over them, for the tests of copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lumix_core import LXLinearExpression, LXModel, LXVariable


@dataclass
class Product:
    id: int
    price: float
    next: Product | None = None
    tags: list[str] = field(default_factory=list)


def over(data: Any, upper: Any = 1.0) -> LXModel:
    """A model with one family over the data, and a function of its rows as its upper bound."""
    x = LXVariable[Any, float]("x").from_data(data).indexed_by(lambda row: row.id).bounds(lower=0, upper=upper)
    return LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda row: row.price))


def upper(model: LXModel) -> list[float]:
    bounds: list[float] = model.compile().upper.tolist()
    return bounds


def key_of(row: Product) -> int:
    return row.id


def price_of(row: Product) -> float:
    return row.price
