"""Peewee against the conformance kit, over SQLite in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
import pytest

from lumix_core.testing import RowAdapterConformance
from lumix_peewee.adapter import PeeweeAdapter


class Category(peewee.Model):
    markup = peewee.FloatField()


class Product(peewee.Model):
    name = peewee.TextField()
    price = peewee.FloatField(null=True)
    category = peewee.ForeignKeyField(Category, null=True, backref="+")


class Part(peewee.Model):
    weight = peewee.FloatField()
    product = peewee.ForeignKeyField(Product, backref="parts")


MODELS = (Part, Product, Category)


class PeeweeWorld:
    """Products with their category and parts, and a database in a file."""

    Product = Product
    parts_of = staticmethod(lambda product: product.parts)

    def __init__(self, path: Path) -> None:
        self.handle = peewee.SqliteDatabase(path, pragmas={"foreign_keys": 1})
        self.handle.bind(MODELS)
        self.handle.create_tables(MODELS)

    @property
    def handles(self) -> list[Any]:
        return [self.handle, Product.select()]

    def fill(self, count: int) -> None:
        for model in MODELS:
            model.delete().execute()
        category = Category.create(id=1, markup=1.5)
        for i in range(1, count + 1):
            Product.insert(id=i, name=f"product {i}", price=i, category=category).execute()
            Part.insert_many([{"weight": i, "product": i}, {"weight": 2 * i, "product": i}]).execute()

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        sent: list[str] = []
        self.handle.connection().set_trace_callback(sent.append)
        yield sent
        self.handle.connection().set_trace_callback(None)

    def pending(self) -> object:
        return ()

    def save(self, row: Any) -> None:
        row.save()

    def delete(self, key: int) -> None:
        Part.delete().where(Part.product == key).execute()
        Product.delete_by_id(key)

    def orphan(self, key: int) -> None:
        self.move(key, None)

    def move(self, key: int, category: int | None) -> None:
        if category is not None:
            Category.insert(id=category, markup=category + 0.5).on_conflict_ignore().execute()
        Product.update(category=category).where(Product.id == key).execute()

    @property
    def selections(self) -> list[tuple[str, Any, Any, list[int]]]:
        rows = Product.select()
        return [
            ("price above", rows.where(Product.price > 7).order_by(Product.id), None, [8, 9, 10]),
            ("price above another", rows.where(Product.price > 8).order_by(Product.id), None, [9, 10]),
            ("downwards", rows.where(Product.price > 7).order_by(-Product.id), None, [10, 9, 8]),
            ("limited", rows.where(Product.price > 7).order_by(Product.id).limit(2), None, [8, 9]),
        ]

    def close_transaction(self) -> None:
        pass

    def close(self) -> None:
        self.handle.close()
        Path(self.handle.database).unlink(missing_ok=True)


class TestPeeweeAdapter(RowAdapterConformance):
    written_for = "0.1"

    @pytest.fixture
    def adapter(self) -> PeeweeAdapter:
        return PeeweeAdapter()

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[PeeweeWorld]:
        world = PeeweeWorld(tmp_path / "test.db")
        yield world
        world.close()
