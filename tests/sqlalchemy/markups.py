"""Functions of rows in a file of their own, as an application has them. They make a text, which no column can."""

from __future__ import annotations

from typing import Any


def markup_of(product: Any) -> float:
    return float(str(product.category.markup)) if product.category else 0.0


class Markups:
    """The same as a method, and as an object that is called."""

    def of(self, product: Any) -> float:
        return markup_of(product)

    def __call__(self, product: Any) -> float:
        return markup_of(product)
