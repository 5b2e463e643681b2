"""The world of the toy adapter: `lumix_core.testing.rows.world.RowWorld` over tables of SQLite in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lumix_core.testing.rows.toy import Related, ToyRow

TABLES = """
PRAGMA foreign_keys = ON;
CREATE TABLE Category (id INTEGER PRIMARY KEY, markup REAL NOT NULL);
CREATE TABLE Product (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, category_id INTEGER REFERENCES Category);
CREATE TABLE Part (id INTEGER PRIMARY KEY, weight REAL NOT NULL, product_id INTEGER NOT NULL REFERENCES Product);
"""


class Category(ToyRow):
    """What a product belongs to."""

    id: int
    markup: float


class Part(ToyRow):
    """What a product is made of."""

    id: int
    weight: float
    product_id: int


class Product(ToyRow):
    """What is planned."""

    id: int
    name: str
    price: float | None
    category_id: int | None
    category = Related(Category, by="category_id")
    parts = Related(Part, by="product_id", many=True)


class ToyWorld:
    """Products with their categories and parts, and a connection.

    Args:
        handle: a connection to an empty database that commits each statement by itself; else one in memory.
    """

    Product = Product
    parts_of = staticmethod(lambda product: product.parts)

    def __init__(self, handle: sqlite3.Connection | None = None) -> None:
        self.handle = handle or sqlite3.connect(":memory:", isolation_level=None)
        self.handle.executescript(TABLES)

    @property
    def handles(self) -> list[Any]:
        """A connection, and a cursor of it."""
        return [self.handle, self.handle.cursor()]

    def fill(self, count: int) -> None:
        """Save products, which replace those that are there."""
        keys = range(1, count + 1)
        self.handle.executescript("DELETE FROM Part; DELETE FROM Product; DELETE FROM Category")
        self.handle.execute("INSERT INTO Category VALUES (1, 1.5)")
        products = ((i, f"product {i}", float(i), 1) for i in keys)
        self.handle.executemany("INSERT INTO Product VALUES (?, ?, ?, ?)", products)
        parts = ((2 * i - 1 + j, float(i * (j + 1)), i) for i in keys for j in (0, 1))
        self.handle.executemany("INSERT INTO Part VALUES (?, ?, ?)", parts)

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        """Collect what is sent."""
        sent: list[str] = []
        self.handle.set_trace_callback(sent.append)
        yield sent
        self.handle.set_trace_callback(None)

    def pending(self) -> object:
        """Return nothing: a change is saved, or it is nobody's."""
        return ()

    def save(self, row: Any) -> None:
        """Save the price, which is what the kit changes."""
        self.handle.execute("UPDATE Product SET price = ? WHERE id = ?", (row.price, row.id))

    def delete(self, key: int) -> None:
        """Delete a product and its parts."""
        self.handle.execute("DELETE FROM Part WHERE product_id = ?", (key,))
        self.handle.execute("DELETE FROM Product WHERE id = ?", (key,))

    def orphan(self, key: int) -> None:
        """Take a product's category away."""
        self.handle.execute("UPDATE Product SET category_id = NULL WHERE id = ?", (key,))

    def close_transaction(self) -> None:
        """Do nothing: each statement is its own transaction."""

    def close(self) -> None:
        """Close the connection; the database is gone with it."""
        self.handle.close()
