"""The forms in which rows are given to be written, and what is refused before the first statement is sent."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lumix_core.errors import LXWriteError
from lumix_core.rows.adapter import RowAdapter
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.plans import category_class, read, reference_of, writing
from lumix_core.testing.rows.world import RowWorld

IDS = [1, 2, 3]
NAMES = ["a", "b", "c"]
PRICES = [5.5, 5.5, 5.5]
VALUES = list(zip(IDS, NAMES, PRICES, strict=True))


@dataclass
class Row:
    """A row as a dataclass."""

    id: int
    name: str
    price: float


Named = namedtuple("Named", "id name price")


def _library(name: str) -> Any:
    """Return a library of data frames; where it, or what reads them, is not installed, the test is skipped."""
    pytest.importorskip("narwhals")
    return pytest.importorskip(name)


FORMS: dict[str, Callable[[type], Any]] = {
    "mappings": lambda product: [{"id": i, "name": name, "price": price} for i, name, price in VALUES],
    "an iterator": lambda product: iter([{"id": i, "name": name, "price": price} for i, name, price in VALUES]),
    "dataclasses": lambda product: [Row(*values) for values in VALUES],
    "named tuples": lambda product: [Named(*values) for values in VALUES],
    "new instances": lambda product: [product(id=i, name=name, price=price) for i, name, price in VALUES],
    "columns": lambda product: {"id": IDS, "name": NAMES, "price": np.full(3, 5.5)},
    "columns of numpy scalars": lambda product: {"id": np.array(IDS), "name": NAMES, "price": [np.float32(5.5)] * 3},
    "whole floats for integers": lambda product: {"id": [1.0, 2.0, 3.0], "name": NAMES, "price": PRICES},
    "a pandas frame": lambda product: _library("pandas").DataFrame({"id": IDS, "name": NAMES, "price": PRICES}),
    "an Arrow table": lambda product: _library("pyarrow").table({"id": IDS, "name": NAMES, "price": PRICES}),
    "a polars frame": lambda product: _library("polars").DataFrame({"id": IDS, "name": NAMES, "price": PRICES}),
}

WRONG: dict[str, tuple[Any, str]] = {
    "NaN": ([Row(1, "a", float("nan"))], r"row 0 \(id=1, name='a', price=nan\): 'price' is NaN"),
    "infinity": ([Row(1, "a", np.inf)], r"'price' is infinite"),
    "NULL": ([{"id": 1, "name": None}], r"'name' is NULL"),
    "text for a number": ([{"id": 1, "name": "a", "price": "5"}], r"'price' is '5' \(str\), not a number"),
    "a number for text": ([{"id": 1, "name": 5}], r"'name' is 5 \(int\), not text"),
    "a part of an integer": ([{"id": 1.5, "name": "a"}], r"'id' is 1\.5, and .* whole numbers"),
    "an unknown attribute": ([{"id": 1, "name": "a", "prise": 1.0}], r"no attribute 'prise'.*mean 'price'\?"),
    "a collection": ([{"id": 1, "name": "a", "parts": []}], r"Product\.parts is no column"),
    "a missing attribute": ([{"id": 1}], r"the rows have no 'name', which Product needs"),
    "rows that differ": ([{"id": 1, "name": "a"}, {"id": 2}], r"row 1 lacks 'name'"),
    "a repeated key": ({"id": [4, 5, 4], "name": NAMES}, r"rows 0 and 2 both have id=4"),
    "columns that differ in length": ({"id": [1], "name": ["a", "b"]}, "'id' has 1, 'name' has 2"),
    "a number for a column": ({"id": 1, "name": "a"}, r"'id' is 1, no column of values"),
    "a matrix": ({"id": np.ones((2, 2))}, r"shape \(2, 2\)"),
    "no rows": (5, "are no rows"),
    "rows of two kinds": ([Row(*VALUES[0]), Named(*VALUES[1])], "row 0 is of class Row and row 1 of class Named"),
    "objects without attributes": ([object()], "attributes are not known"),
}


class Forms(Kit, limited=on_main_thread):
    """Rows as users have them."""

    @pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
    def test_rows_come_in_many_forms(self, adapter: RowAdapter, world: RowWorld, form: Callable[[type], Any]) -> None:
        """The same rows are written, whatever they are given as."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)

        write_back().replace(world.Product, form(world.Product)).write(world.handle, adapter=known)

        assert [(row.id, row.name, row.price) for row in read(adapter, world.Product, world.handle)] == VALUES

    @pytest.mark.parametrize(("rows", "message"), WRONG.values(), ids=WRONG)
    def test_nothing_is_sent_of_rows_that_are_wrong(
        self, adapter: RowAdapter, world: RowWorld, rows: Any, message: str
    ) -> None:
        """Everything is checked before the first statement."""
        if (known := writing(adapter)) is None:
            return

        with world.queries() as sent, pytest.raises(LXWriteError, match=message):
            write_back().replace(world.Product, rows).write(world.handle, adapter=known)

        assert sent == []

    def test_a_text_that_is_too_long_is_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Where the class says how long a text may be, no database is left to cut it off."""
        if (known := writing(adapter)) is None:
            return
        length = known.written_table(world.Product).fields["name"].length
        if length is None:
            return
        rows = [{"id": 1, "name": "x" * (length + 1)}]

        with (
            world.queries() as sent,
            pytest.raises(LXWriteError, match=f"has {length + 1} characters.* holds {length}"),
        ):
            write_back().replace(world.Product, rows).write(world.handle, adapter=known)

        assert sent == []

    def test_a_relationship_is_no_column(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The message names the attribute that holds its foreign key."""
        if (known := writing(adapter)) is None:
            return
        name = reference_of(known, world.Product).names[0]
        rows = [{"id": 1, "name": "a", "category": None}]

        with world.queries() as sent, pytest.raises(LXWriteError, match=rf"Product\.category is no column.*'{name}'"):
            write_back().replace(world.Product, rows).write(world.handle, adapter=known)

        assert sent == []

    def test_new_instances_are_rows(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Those of the database are not: they would be written twice."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        new = [world.Product(id=i, name=f"product {i}", price=1.0) for i in (1, 2)]

        write_back().replace(world.Product, new).write(world.handle, adapter=known)

        stored = read(adapter, world.Product, world.handle)
        assert [row.name for row in stored] == ["product 1", "product 2"]
        with pytest.raises(LXWriteError, match="row 0 is an instance"):
            write_back().replace(world.Product, stored).write(world.handle, adapter=known)

    def test_new_instances_may_be_related_to_rows(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The foreign key is that of the row to which the relationship leads."""
        if (known := writing(adapter)) is None:
            return
        category = category_class(adapter, world)
        world.fill(0)
        (row,) = read(adapter, category, world.handle)
        new = [world.Product(id=7, name="new", category=row)]

        write_back().replace(world.Product, new).write(world.handle, adapter=known)

        assert [row.category.id for row in read(adapter, world.Product, world.handle)] == [1]

    def test_instances_that_lead_to_a_row_without_a_key_are_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The row must have been saved, or be written by its own class."""
        if (known := writing(adapter)) is None:
            return
        category = category_class(adapter, world)
        new = [world.Product(id=7, name="new", category=category(markup=1.0))]

        with pytest.raises(LXWriteError, match="row 0 leads by 'category' to a row that has no key yet"):
            write_back().replace(world.Product, new).write(world.handle, adapter=known)
