"""The toy over an ORM that keeps no collections: it reads them anew each time, unless an adapter loaded them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumix_core.rows import LXRowFeature
from lumix_core.testing.rows.toy import Related, ToyRow
from lumix_core.testing.rows.toy_world import Category, Part
from tests.core.testing.full_toy import REFERENCES
from tests.core.testing.query_toy import QueryToyAdapter, QueryToyWorld


class Fresh(Related):
    """A relationship that no row keeps."""

    def __get__(self, row: Any, owner: type) -> Any:
        self.load([row])
        return vars(row).pop(self.name)


class Product(ToyRow):
    id: int
    name: str
    price: float | None
    category_id: int | None
    category = Related(Category, by="category_id")
    parts = Fresh(Part, by="product_id", many=True)


REFERENCES[Product] = ("category_id", Category)


class FreshWorld(QueryToyWorld):
    """A world whose products keep no parts; selections are of the products of the toy."""

    Product = Product


class ReleasingAdapter(QueryToyAdapter):
    """Takes away what it loaded."""

    features = QueryToyAdapter.features | {LXRowFeature.RELEASE}

    def release(self, rows: Sequence[Any]) -> None:
        for row in rows:
            vars(row).pop("parts", None)
