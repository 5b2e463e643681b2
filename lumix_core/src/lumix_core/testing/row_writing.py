"""How an adapter writes: what it tells of a class, in one transaction or not at all, and which row a database refused.

Writing and snapshots are optional: of an adapter without them the core refuses to write, and these tests ask no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from lumix_core import LXModel, LXVariable, LXWriteBack, LXWriteError
from lumix_core.errors import LXSourceError
from lumix_core.rows import RowAdapter
from lumix_core.snapshots import SnapshotQuery
from lumix_core.testing.kits import Kit
from lumix_core.testing.row_world import RowWorld
from lumix_core.writing import OneOf, Reference, WritingAdapter

MANY = 600
"""Enough rows for what an adapter does with many at once."""


class Writing(Kit):
    """Rows that replace those of a table."""

    def test_says_whether_it_can_write(self, adapter: RowAdapter, world: RowWorld) -> None:
        """An adapter has all that writing needs, or is refused by name."""
        if writing(adapter) is None:
            with pytest.raises(LXWriteError, match=adapter.name):
                LXWriteBack().replace(world.Product, []).write(world.handle, adapter=adapter)  # type: ignore[arg-type]

    def test_tells_the_attributes_of_a_class(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Their kinds, which may be NULL, the primary key, and what leads elsewhere."""
        if (known := writing(adapter)) is None:
            return
        table = known.written_table(world.Product)

        kinds = {name: (table.fields[name].kind, table.fields[name].nullable) for name in ("id", "name", "price")}
        assert kinds == {"id": ("integer", False), "name": ("text", False), "price": ("number", True)}
        assert table.primary_key == ("id",)
        assert {"category", "parts"} <= table.advice.keys()
        assert len(table.references) == 1

    @pytest.mark.parametrize("count", [3, MANY])
    def test_rows_replace_those_that_were_there(self, adapter: RowAdapter, world: RowWorld, count: int) -> None:
        """The values come back as they were given, NULL among them, however often they are written."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        prices = [None, 0.1, -1e-300, 1e300, 1 / 3, 2.0]
        names = ["plain", "tab\t, line\nand back\\slash", "", "\\N", "quote'\"", "ünïcode ✓"]
        rows = [{"id": i + 1, "name": names[i % 6], "price": prices[i % 6]} for i in range(count)]

        for _ in range(2):
            written = LXWriteBack().replace(world.Product, rows).write(world.handle, adapter=known)

        found = _read(adapter, world)
        assert [{"id": one.id, "name": one.name, "price": one.price} for one in found] == rows
        assert (written[world.Product], written.deleted[world.Product]) == (count, count)

    def test_other_rows_stay(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Only rows with the values asked for are replaced; NULL is a value to ask for."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        rows = [{"id": i, "name": f"product {i}", "price": price} for i, price in enumerate((1.0, 2.0, None), start=1)]
        LXWriteBack().replace(world.Product, rows).write(world.handle, adapter=known)

        for name, price in (("new", 2.0), ("newer", None)):
            back = LXWriteBack().replace(world.Product, [{"id": 9 + len(name), "name": name}], where={"price": price})
            back.write(world.handle, adapter=known)

        assert [(one.name, one.price) for one in _read(adapter, world)] == [
            ("product 1", 1.0),
            ("new", 2.0),
            ("newer", None),
        ]

    def test_rows_with_one_of_several_values(self, adapter: RowAdapter, world: RowWorld) -> None:
        """They are counted and deleted in one go, as the runs of many scenarios are."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        rows = [{"id": i, "name": f"product {i}"} for i in (1, 2, 3, 4)]
        LXWriteBack().replace(world.Product, rows).write(world.handle, adapter=known)
        table, where = known.written_table(world.Product), {"name": OneOf(("product 1", "product 3", "product 9"))}

        with known.writing(world.handle, [table]) as writer:
            counts = writer.count(table, where), writer.delete(table, where), writer.count(table, {})

        assert counts == (2, 2, 2)
        assert [one.name for one in _read(adapter, world)] == ["product 2", "product 4"]

    @pytest.mark.parametrize("count", [3, MANY])
    def test_a_foreign_key_that_leads_nowhere_names_the_row(
        self, adapter: RowAdapter, world: RowWorld, count: int
    ) -> None:
        """What was there before is there afterwards, and the handle can be used."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        name = _category(known, world).names[0]
        good = [{"id": i, "name": f"product {i}", name: 1} for i in range(1, count)]
        LXWriteBack().replace(world.Product, good[:1]).write(world.handle, adapter=known)
        bad = {"id": count, "name": "orphan", name: 77}

        with pytest.raises(
            LXWriteError, match=rf"row {count - 1} \(.*{name}=77\) refers by '{name}' to .* = 77"
        ) as error:
            LXWriteBack().replace(world.Product, [*good, bad]).write(world.handle, adapter=known)

        assert error.value.__cause__ is not None or _category(known, world).deferred
        assert [one.name for one in _read(adapter, world)] == ["product 1"]

    def test_a_key_that_a_row_has_already_names_the_row(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It is the row that was given, by its position and values."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        LXWriteBack().replace(world.Product, [{"id": 5, "name": "old"}]).write(world.handle, adapter=known)
        rows = [{"id": 4, "name": "new"}, {"id": 5, "name": "new"}]

        with pytest.raises(LXWriteError, match=r"row 1 \(id=5, name='new'\) has id=5, which only one row"):
            LXWriteBack().replace(world.Product, rows, where={"name": "new"}).write(world.handle, adapter=known)

        assert [(one.id, one.name) for one in _read(adapter, world)] == [(5, "old")]

    def test_rows_that_others_refer_to_stay(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Replacing them is refused, and does not take along what refers to them."""
        if (known := writing(adapter)) is None:
            return
        world.fill(2)

        with pytest.raises(LXWriteError):
            LXWriteBack().replace(world.Product, [{"id": 9, "name": "new"}]).write(world.handle, adapter=known)

        found = _read(adapter, world)
        assert [(one.id, len(list(parts_of(one)))) for one in found] == [(1, 2), (2, 2)]

    def test_nothing_is_sent_of_rows_that_are_wrong(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Everything is checked before the first statement."""
        if (known := writing(adapter)) is None:
            return
        rows = [{"id": 1, "name": "product", "price": float("nan")}]

        with world.queries() as sent, pytest.raises(LXWriteError, match=r"row 0 .*'price' is NaN"):
            LXWriteBack().replace(world.Product, rows).write(world.handle, adapter=known)

        assert sent == []

    def test_new_instances_are_rows(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Those of the database are not: they would be written twice."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        new = [world.Product(id=i, name=f"product {i}", price=1.0) for i in (1, 2)]

        LXWriteBack().replace(world.Product, new).write(world.handle, adapter=known)

        found = _read(adapter, world)
        assert [one.name for one in found] == ["product 1", "product 2"]
        with pytest.raises(LXWriteError, match="row 0 is an instance"):
            LXWriteBack().replace(world.Product, found).write(world.handle, adapter=known)

    def test_what_is_no_handle_is_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Anything that is not the adapter's own."""
        if (known := writing(adapter)) is None:
            return
        with pytest.raises(LXWriteError, match=r"write\(\) got"):
            LXWriteBack().replace(world.Product, []).write(object(), adapter=known)

    def test_a_snapshot_is_of_one_transaction(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Two queries of one handle are read in it; without snapshots the adapter is refused by name."""
        world.fill(2)
        world.close_transaction()
        x = LXVariable[Any, float]("x").from_model(world.Product, world.handle, adapter=adapter)
        model = LXModel("plan").add_variable(x.bounds(0, lambda row: row.price))
        first: Any
        second: Any
        first, second = (adapter.query(world.Product, world.handle) for _ in range(2))
        if not isinstance(first, SnapshotQuery):
            with pytest.raises(LXSourceError, match=adapter.name):
                model.compile(snapshot=True)
            return

        problem = model.compile(snapshot=True)

        assert problem.upper.tolist() == [1.0, 2.0]
        with ExitStack() as ends:
            assert hash(first.snapshot(ends)) == hash(second.snapshot(ends))
            assert first.snapshot(ends) == second.snapshot(ends)


def writing(adapter: RowAdapter) -> WritingAdapter | None:
    """Return an adapter that can write, None for one that only reads."""
    return adapter if isinstance(adapter, WritingAdapter) else None


def parts_of(product: Any) -> Sequence[Any]:
    """Return the parts of a product, whatever its ORM makes of a to-many relationship."""
    parts = product.parts
    return list(parts.all() if hasattr(parts, "all") else parts)


def _category(adapter: WritingAdapter, world: RowWorld) -> Reference:
    (reference,) = adapter.written_table(world.Product).references
    return reference


def _read(adapter: RowAdapter, world: RowWorld) -> list[Any]:
    query = adapter.query(world.Product, world.handle)
    assert query is not None
    return list(query.rows())
