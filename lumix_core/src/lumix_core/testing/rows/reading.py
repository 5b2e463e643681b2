"""How an adapter reads: which classes it knows, what it sends to the database, and in which order rows come."""

from __future__ import annotations

from typing import Any

import pytest

from lumix_core.errors import LXNumberError, LXSourceError
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.rows import registry
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.features import OF_ADAPTERS, OF_QUERIES, LXRowFeature, features_of
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.registering import not_registered
from lumix_core.testing.rows.world import RowWorld


class Unmapped:
    """A class that no ORM maps."""


class Reading(Kit, limited=on_main_thread):
    """Recognising classes and handles, and running queries."""

    def test_is_an_adapter(self, adapter: RowAdapter) -> None:
        """It has the names of the protocol."""
        assert isinstance(adapter, RowAdapter)
        assert adapter.name == adapter.name.strip() != ""

    def test_is_registered(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Copies find the adapter of a row by its class, among those that plugins registered."""
        if registry._SHARED.owner_of(world.Product) is None:
            not_registered(
                f"No adapter is registered for {world.Product.__name__}, so that copies cannot find the adapter of its "
                f"rows. {registry.hindrances()}",
                "lumix_row_adapters",
                adapter,
            )

    def test_has_what_its_features_promise(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The core looks at features, and then uses what these say that adapter and queries have."""
        query = adapter.query(world.Product, world.handle)
        known = getattr(adapter, "features", features_of(adapter, query))

        promised = [name for feature in known for name in OF_ADAPTERS.get(feature, ())]
        of_queries = [name for feature in known for name in OF_QUERIES.get(feature, ())]
        assert known <= set(LXRowFeature)
        assert [name for name in promised if not hasattr(adapter, name)] == []
        assert [name for name in of_queries if not hasattr(query, name)] == []

    def test_a_reader_that_there_is_not_is_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Whether the adapter has others, or has one only."""
        x = LXVariable[Any, float]("x")

        with pytest.raises(LXSourceError, match="'no such reader'"):
            x.from_model(world.Product, world.handle, adapter=adapter, reader="no such reader")

    def test_owns_mapped_classes_only(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It distinguishes a mapped class from any other, builtins included."""
        assert adapter.owns(world.Product) is True
        assert not any(map(adapter.owns, (Unmapped, object, type, int, dict)))

    def test_knows_every_handle(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It knows whatever holds a connection, so that no copy takes it along."""
        assert world.handles
        assert all(map(adapter.is_handle, world.handles))

    def test_takes_no_other_object_for_a_handle(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Plain values, classes and rows are none."""
        world.fill(1)
        (row,) = _read(adapter, world)

        assert not any(map(adapter.is_handle, (row, world.Product, None, 1, "text", {}, Unmapped())))

    def test_names_the_attributes_of_the_key(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The primary key is given as attributes."""
        assert adapter.primary_key(world.Product) == ("id",)

    def test_leaves_foreign_targets_to_others(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What is nothing of its ORM gives None, not an error."""
        assert adapter.query(Unmapped, world.handle) is None
        assert adapter.query(42, None) is None

    def test_reads_instances_in_the_order_of_their_keys(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A query without an order of its own is ordered by primary key."""
        world.fill(12)

        rows = _read(adapter, world)

        assert [row.id for row in rows] == list(range(1, 13))
        assert all(isinstance(row, world.Product) for row in rows)

    def test_tells_the_class_of_the_rows(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The query knows what it will return before it runs."""
        with world.queries() as sent:
            query = adapter.query(world.Product, world.handle)

            assert query is not None
            assert query.row_type is world.Product
            assert str(query)
        assert sent == []

    def test_knows_equal_queries(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Two queries for the same rows have one identity, which can be hashed."""
        first, second = (adapter.query(world.Product, world.handle) for _ in range(2))

        assert first is not None
        assert second is not None
        assert first.identity == second.identity
        assert hash(first.identity) == hash(second.identity)

    def test_one_query_serves_a_whole_model(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A table that is used in a variable, a constraint and a product is read once a compile."""
        world.fill(3)
        model = _model_using_one_table_three_times(adapter, world)

        with world.queries() as sent:
            model.compile()

        assert len(sent) == 1

    def test_each_compile_reads_again(self, adapter: RowAdapter, world: RowWorld) -> None:
        """What was read for one compile is not kept for the next, and the next reads as much."""
        world.fill(2)
        model = LXModel("plan").add_variable(family(adapter, world).bounds(upper=lambda p: p.price))
        with world.queries() as first:
            before = model.compile().upper.tolist()
        (row, _) = _read(adapter, world)
        row.price = 9.0
        world.save(row)

        with world.queries() as second:
            after = model.compile().upper.tolist()

        assert (before, after) == ([1.0, 2.0], [9.0, 2.0])
        assert (len(first), len(second)) == (1, 1)

    def test_null_is_refused_by_family_key_and_attribute(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A NULL reaches the core as None."""
        world.fill(2)
        rows = _read(adapter, world)
        rows[1].price = None
        world.save(rows[1])
        model = LXModel("plan").add_variable(family(adapter, world).bounds(upper=lambda p: p.price))

        with pytest.raises(LXNumberError, match=r"'x'.*NULL.*key 2.*Product\.price"):
            model.compile()


def family(adapter: RowAdapter, world: RowWorld) -> LXVariable[Any, float]:
    """Return a family over the products, which are read when it is compiled."""
    return LXVariable[Any, float]("x").from_model(world.Product, world.handle, adapter=adapter)


def _read(adapter: RowAdapter, world: RowWorld) -> list[Any]:
    query = adapter.query(world.Product, world.handle)
    assert query is not None
    return list(query.rows())


def _model_using_one_table_three_times(adapter: RowAdapter, world: RowWorld) -> LXModel:
    x = family(adapter, world)
    first, second = (
        LXIndexDimension(world.Product, lambda p: p.id).from_model(world.Product, world.handle, adapter=adapter)
        for _ in range(2)
    )
    pairs = LXVariable[Any, float]("pairs").indexed_by_product(first, second)
    limit = LXConstraint[Any]("limit").from_model(world.Product, world.handle, adapter=adapter)
    limit.expression(LXLinearExpression().add_term(x, lambda p: p.price)).le().rhs(1)
    return LXModel("plan").add_variables(x, pairs).add_constraint(limit)
