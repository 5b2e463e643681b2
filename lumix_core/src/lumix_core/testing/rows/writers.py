"""What each method of a writer does, one by one: `lumix_core.rows.RowWriter` and what `WritingAdapter` says of classes.

Writing is optional: of an adapter without it these tests require nothing.
"""

from __future__ import annotations

from typing import Any

import pytest

from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.writing import FilteredWriter, OneOf, WritingAdapter
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.plans import category_class, read, reference_of, writing
from lumix_core.testing.rows.world import RowWorld, planning

PRICES = [1.0, None, 2.0, None, 1.0]


class BrokenError(Exception):
    """What goes wrong in these tests."""


class Writers(Kit, limited=on_main_thread):
    """The methods that the core calls, each for what its docstring says."""

    def test_a_class_is_described_without_a_query(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Its foreign keys too, with the class that they refer to by the attributes of its key."""
        if (known := writing(adapter)) is None:
            return
        category = category_class(adapter, world)

        with world.queries() as sent:
            table, other = known.written_table(world.Product), known.written_table(category)

        assert sent == [], "written_table() runs no query"
        (reference,) = table.references
        assert reference.table == other.name
        assert set(reference.names) <= table.fields.keys()
        assert len(reference.names) == len(reference.target_names) == len(reference.columns) == 1
        assert (other.references, other.primary_key, other.unique) == ((), ("id",), ())

    def test_an_instance_gives_what_is_set(self, adapter: RowAdapter, world: RowWorld) -> None:
        """By attribute, without a query."""
        if (known := writing(adapter)) is None:
            return
        new = world.Product(id=7, name="new")

        with world.queries() as sent:
            values = known.instance_values(new)

        assert sent == [], "instance_values() runs no query"
        assert {name: value for name, value in values.items() if value is not None} == {"id": 7, "name": "new"}
        assert values.keys() <= known.written_table(world.Product).fields.keys()

    def test_rows_are_counted_by_values(self, adapter: RowAdapter, world: RowWorld) -> None:
        """All of several attributes, any of several values; texts are the very same, None is NULL, {} is every row."""
        if (known := _five_products(adapter, world)) is None:
            return
        table = known.written_table(world.Product)
        conditions: list[dict[str, Any]] = [
            {},
            {"price": 1.0},
            {"price": None},
            {"price": 1.0, "name": "product 1"},
            {"name": OneOf(("product 1", "product 2", "product 9")), "price": None},
            {"name": OneOf(("product 4",))},
            {"name": "PRODUCT 1"},
            {"name": OneOf(("Product 1", "product 2 "))},
        ]

        with known.writing(world.handle, [table]) as writer:
            counts = [writer.count(table, where) for where in conditions]

        assert counts == [5, 2, 2, 1, 1, 1, 0, 0]

    def test_rows_that_are_shown_are_those_that_are_there(self, adapter: RowAdapter, world: RowWorld) -> None:
        """In this world nothing hides rows: a writer that knows what is hidden says so, or counts them all."""
        if (known := _five_products(adapter, world)) is None:
            return
        table = known.written_table(world.Product)

        with known.writing(world.handle, [table]) as writer:
            if isinstance(writer, FilteredWriter):
                assert [writer.shown(table, where) for where in ({}, {"price": 1.0})] in ([5, 2], [None, None])

    def test_rows_are_updated_by_values(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It returns how many rows there are, also where nothing of them changes."""
        if (known := _five_products(adapter, world)) is None:
            return
        table = known.written_table(world.Product)

        with known.writing(world.handle, [table]) as writer:
            counts = [
                writer.update(table, {"id": 1}, {"price": 9.0, "name": "changed"}),
                writer.update(table, {"id": 1}, {"price": 9.0}),
                writer.update(table, {"name": OneOf(("product 2", "product 3"))}, {"price": None}),
                writer.update(table, {"id": 77}, {"price": 1.0}),
                writer.update(table, {"name": "PRODUCT 4"}, {"price": 1.0}),
            ]

        assert _stored(adapter, world) == [
            (1, "changed", 9.0),
            (2, "product 2", None),
            (3, "product 3", None),
            (4, "product 4", None),
            (5, "product 5", 1.0),
        ]
        assert counts == [1, 1, 2, 0, 0], "update() returns how many rows there are, changed or not"

    def test_rows_are_deleted_by_values(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It returns how many; others stay."""
        if (known := _five_products(adapter, world)) is None:
            return
        table = known.written_table(world.Product)

        with known.writing(world.handle, [table]) as writer:
            counts = [
                writer.delete(table, {"price": None, "name": "product 3"}),
                writer.delete(table, {"price": None, "name": "product 2"}),
                writer.delete(table, {"id": 77}),
                writer.delete(table, {"name": "PRODUCT 4"}),
                writer.delete(table, {"price": 1.0}),
            ]

        assert counts == [0, 1, 0, 0, 2]
        assert [key for key, _, _ in _stored(adapter, world)] == [3, 4]

    def test_values_are_inserted_as_they_are(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Nothing is rounded, stripped or filled in; NULL is no empty text, and no 0."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        rows = [(1, " spaces ", 0.1), (2, "", None), (3, "0", 1e-300), (4, "None", 123456789.123456789), (5, "x", 0.0)]
        ids, names, prices = zip(*rows, strict=True)
        table = known.written_table(world.Product)

        with known.writing(world.handle, [table]) as writer:
            writer.insert(table, {"id": ids, "name": names, "price": prices})

        assert _stored(adapter, world) == rows

    def test_existing_keys_are_those_that_were_given(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Of a class, and of the target of a reference."""
        if (known := _five_products(adapter, world)) is None:
            return
        table, reference = known.written_table(world.Product), reference_of(known, world.Product)
        keys = [(1,), (4,), (77,)]

        with known.writing(world.handle, [table]) as writer:
            existing = writer.existing(world.Product, ("id",), keys)
            pairs = writer.existing(
                world.Product, ("id", "name"), [(1, "product 1"), (1, "product 2"), (2, "product 1")]
            )
            referred = writer.existing(reference.target, reference.target_names, [(1,), (77,)])

        assert existing == {(1,), (4,)}
        assert pairs == {(1, "product 1")}
        assert referred == {(1,)}

    def test_what_is_deleted_along_is_counted(self, adapter: RowAdapter, world: RowWorld) -> None:
        """An ORM may delete products with their category; where there is no such row, nothing is."""
        if (known := _five_products(adapter, world)) is None:
            return
        category = known.written_table(reference_target(adapter, world))

        with known.writing(world.handle, [category]) as writer:
            along, none = (dict(writer.cascades(category, where)) for where in ({"id": 1}, {"id": 77}))

        assert along in ({}, {known.written_table(world.Product).name: 5})
        assert sum(none.values()) == 0

    def test_a_savepoint_leaves_nothing_behind(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What is written in it is gone if it fails, what was written before is not, and statements run again."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        table = known.written_table(world.Product)

        with known.writing(world.handle, [table]) as writer:
            writer.insert(table, {"id": [1], "name": ["before"]})
            with pytest.raises(BrokenError), writer.savepoint():
                writer.insert(table, {"id": [2], "name": ["within"]})
                raise BrokenError
            with pytest.raises(writer.integrity_errors), writer.savepoint():
                writer.insert(table, {"id": [1], "name": ["again"]})
            with writer.savepoint():
                writer.insert(table, {"id": [3], "name": ["after"]})

        assert [name for _, name, _ in _stored(adapter, world)] == ["before", "after"]

    def test_writing_that_is_left_with_an_error_wrote_nothing(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The error reaches the user, and the next writing goes on."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        table = known.written_table(world.Product)

        with pytest.raises(BrokenError), known.writing(world.handle, [table]) as writer:
            writer.insert(table, {"id": [1], "name": ["lost"]})
            raise BrokenError
        with known.writing(world.handle, [table]) as writer:
            writer.insert(table, {"id": [2], "name": ["kept"]})

        assert [name for _, name, _ in _stored(adapter, world)] == ["kept"]

    def test_a_transaction_of_the_user_can_be_rolled_back(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What is written in it is the user's to commit: no writer does."""
        if (known := writing(adapter)) is None:
            return
        plans = planning(world)
        plans.fill(0)

        with pytest.raises(BrokenError), plans.transaction():
            write_back().replace(plans.Product, [{"id": 1, "name": "tried"}]).write(plans.handle, adapter=known)
            raise BrokenError

        assert plans.elsewhere(lambda handle: [row.name for row in read(adapter, plans.Product, handle)]) == []


def reference_target(adapter: RowAdapter, world: RowWorld) -> type[Any]:
    """Return the class of the categories of the products that are there."""
    target: type[Any] = type(read(adapter, world.Product, world.handle)[0].category)
    return target


def _five_products(adapter: RowAdapter, world: RowWorld) -> WritingAdapter | None:
    """Save five products in one category, without parts; None for an adapter that does not write."""
    if (known := writing(adapter)) is None:
        return None
    world.fill(0)
    name = reference_of(known, world.Product).names[0]
    keys = range(1, 6)
    columns = {"id": keys, "name": [f"product {i}" for i in keys], "price": PRICES, name: [1] * 5}
    write_back().replace(world.Product, columns).write(world.handle, adapter=known)
    return known


def _stored(adapter: RowAdapter, world: RowWorld) -> list[tuple[Any, ...]]:
    world.close_transaction()
    return [(row.id, row.name, row.price) for row in read(adapter, world.Product, world.handle)]
