"""How an adapter loads what is lazy: in bulk, for the right rows, without a write, and back again."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any, cast

import pytest

from lumix_core.copying.copier import deep_copy
from lumix_core.errors import LXCopyError
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.rows.loading import ReleasingAdapter
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.plans import read, writing
from lumix_core.testing.rows.world import RowWorld

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|CREATE|DROP|ALTER|COMMIT)\b", re.IGNORECASE)
NAMES = pytest.mark.parametrize("names", [None, frozenset({"category", "parts"})], ids=["all", "relationships"])


class Loading(Kit, limited=on_main_thread):
    """`RowAdapter.load`, `RowAdapter.values` and `RowAdapter.plain`, and `ReleasingAdapter.release`."""

    @NAMES
    def test_loading_gives_each_row_what_is_its_own(
        self, adapter: RowAdapter, world: RowWorld, names: Set[str] | None
    ) -> None:
        """The related rows are there afterwards, each at the row that leads to it, and no query is run for them."""
        world.fill(4)
        rows = read(adapter, world.Product, world.handle)

        adapter.load(rows[::-1], names)
        with world.queries() as sent:
            related = [(row.category.markup, _weights(world, row)) for row in rows]

        assert related == [(1.5, [float(i), 2.0 * i]) for i in (1, 2, 3, 4)]
        assert sent == [], "load() left relationships to be read one by one"

    @NAMES
    def test_loading_writes_nothing(self, adapter: RowAdapter, world: RowWorld, names: Set[str] | None) -> None:
        """No change that is pending is saved, taken back or overwritten, and nothing else is written."""
        world.fill(3)
        rows = read(adapter, world.Product, world.handle)
        rows[0].price, rows[1].price = 77.0, None
        before = world.pending()

        with world.queries() as sent:
            adapter.load(rows, names)

        assert written(sent) == [], "load() must not flush, and writes nothing"
        assert world.pending() == before
        assert [row.price for row in rows] == [77.0, None, 3.0]

    @NAMES
    def test_loading_takes_as_many_queries_for_many_rows(
        self, adapter: RowAdapter, world: RowWorld, names: Set[str] | None
    ) -> None:
        """A few for all of them."""
        counts = []
        for size in (3, 40):
            world.fill(size)
            rows = read(adapter, world.Product, world.handle)
            with world.queries() as sent:
                adapter.load(rows, names)
            counts.append(len(sent))

        assert counts[0] == counts[1], "load() runs queries for single rows"

    def test_loading_rows_of_several_classes(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Names that a class does not have are no matter."""
        world.fill(2)
        rows = read(adapter, world.Product, world.handle)
        others = [rows[0].category, *world.parts_of(rows[1])]
        world.fill(2)
        fresh = read(adapter, world.Product, world.handle)

        adapter.load([*others, *fresh], {"category", "parts", "nothing"})
        adapter.load([], None)
        adapter.load([], {"category"})
        with world.queries() as sent:
            related = [(row.category.id, _weights(world, row)) for row in fresh]

        assert related == [(1, [1.0, 2.0]), (1, [2.0, 4.0])]
        assert sent == []

    def test_loading_leaves_new_rows_as_they_are(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A row that belongs to no session is no error, and nothing of it changes."""
        if writing(adapter) is None:
            return  # nothing says that its classes can be called
        new = world.Product(id=9, name="new", price=1.0)

        with world.queries() as sent:
            adapter.load([new], {"category", "parts"})
            adapter.load([new])

        assert (new.id, new.name, new.price) == (9, "new", 1.0)
        assert sent == []

    def test_loading_a_row_that_was_deleted_is_an_error(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Where all of it is to be loaded."""
        world.fill(2)
        rows = read(adapter, world.Product, world.handle)
        world.delete(2)

        with pytest.raises(LXCopyError, match="Product"):
            adapter.load(rows)

    def test_values_are_what_is_loaded(self, adapter: RowAdapter, world: RowWorld) -> None:
        """By name and as the attributes have them, without a query; what is not loaded is not there."""
        world.fill(1)
        (row,) = read(adapter, world.Product, world.handle)

        with world.queries() as sent:
            before = dict(adapter.values(row))
        adapter.load([row])
        after = dict(adapter.values(row))

        assert sent == [], "values() runs no query"
        plain = {name: before.get(name) for name in ("id", "name", "price")}
        assert plain == {"id": 1, "name": "product 1", "price": 1.0}
        assert [type(value) for value in plain.values()] == [int, str, float]
        assert not {"category", "parts"} & before.keys(), "values() holds what was not loaded"
        assert after["category"] is row.category
        assert set(after) <= set(adapter.row_class(world.Product).attributes)
        assert {"category", "parts", *plain} <= after.keys()

    def test_plain_leaves_foreign_values_to_others(self, adapter: RowAdapter) -> None:
        """NotImplemented stands for a value of anyone else."""
        foreign = (None, 1, 2.5, "text", [1], {"a": 1}, (1, 2), object(), len)

        assert [value for value in foreign if adapter.plain(value) is not NotImplemented] == []

    def test_collections_of_a_copy_are_plain(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What `plain` returned is nothing of the ORM: it holds the copied rows, and can be changed at will."""
        world.fill(1)
        (row,) = read(adapter, world.Product, world.handle)
        adapter.load([row])
        collection = adapter.values(row)["parts"]
        plain = adapter.plain(collection)
        if plain is NotImplemented:
            plain = collection

        assert adapter.plain(plain) is NotImplemented or adapter.plain(plain) is plain
        assert not adapter.is_handle(plain)
        assert [part.weight for part in plain] == [1.0, 2.0]

    def test_what_was_loaded_for_a_while_is_released(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Where the ORM reads a relationship anew each time, it does so again afterwards; `release` runs no query."""
        if LXRowFeature.RELEASE not in features_of(adapter):
            return
        releasing = cast(ReleasingAdapter, adapter)
        world.fill(2)
        first, second = read(adapter, world.Product, world.handle)
        list(world.parts_of(first))
        with world.queries() as again:
            list(world.parts_of(first))

        adapter.load([second], {"parts"})
        with world.queries() as sent:
            loaded = _weights(world, second)
            releasing.release([second])
        with world.queries() as after:
            released = _weights(world, second)

        assert sent == [], "load() gave nothing, or release() ran a query"
        assert loaded == released == [2.0, 4.0]
        assert (second.id, second.name, second.price) == (2, "product 2", 2.0)
        assert len(after) == len(again), "release() left what load() gave"

    def test_copying_leaves_rows_as_they_were(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What a copy loads into the user's own rows, it takes away again, of all of them, where `release` can."""
        if LXRowFeature.RELEASE not in features_of(adapter):
            return
        world.fill(3)
        rows = read(adapter, world.Product, world.handle)
        with world.queries() as before:
            _weights(world, rows[0])

        copied = deep_copy(rows)
        with world.queries() as after:
            _weights(world, rows[2])

        assert [_weights(world, row) for row in copied] == [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
        assert len(after) == len(before), "a copy left loaded relationships in the user's rows"


def _weights(world: RowWorld, row: Any) -> list[float]:
    return sorted(part.weight for part in world.parts_of(row))


def written(statements: list[str]) -> list[str]:
    """Return those of some statements that write."""
    return [statement for statement in statements if WRITES.match(statement)]
