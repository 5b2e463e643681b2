"""How rows of which columns say all are copied: as columns, but for the instances that an adapter's session keeps.

Knowing which those are is optional: of an adapter whose queries have no ``kept`` such rows are copied one by one, and
these tests ask of it what the columns would have given.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Hashable
from typing import Any

import pytest

from lumix_core import LXModel, LXVariable
from lumix_core.copying import deep_copy
from lumix_core.rows import KeepingQuery, RowAdapter
from lumix_core.testing.kits import Kit
from lumix_core.testing.row_world import RowWorld

Way = Callable[[Any], Any]
WAYS: dict[str, Way] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle of a copy": lambda model: pickle.loads(pickle.dumps(copy.deepcopy(model))),
}


class Keeping(Kit):
    """Copies of rows of a class that has columns and nothing else, and what the session keeps of them."""

    @pytest.fixture(params=list(WAYS.values()), ids=list(WAYS))
    def copied(self, request: pytest.FixtureRequest) -> Way:
        """Return one of the ways to copy a model."""
        chosen: Way = request.param
        return chosen

    def test_what_is_kept_is_what_a_query_returns(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The very instances, by primary key, and no query is run to find them."""
        world.fill(3)
        query = adapter.query(world.Product, world.handle)
        if not isinstance(query, KeepingQuery):
            return
        rows = query.rows()

        with world.queries() as sent:
            kept = query.kept()

        assert sent == []
        again: dict[tuple[Hashable, ...], Any] = {(row.id,): row for row in query.rows()}
        assert all(again[key] is one for key, one in (kept or {}).items())
        assert len(rows) == len(again)

    def test_rows_of_columns_are_copied_in_one_query(self, adapter: RowAdapter, world: RowWorld, copied: Way) -> None:
        """They compile to what the model compiles to, with the database gone."""
        world.fill(1)
        model = over_categories(adapter, world)
        expected = model.compile().upper.tolist()

        with world.queries() as sent:
            twin = copied(model)
        world.close()

        assert len(sent) == 1
        assert twin.compile().upper.tolist() == expected == [3.0]

    def test_a_row_that_is_changed_is_the_truth(self, adapter: RowAdapter, world: RowWorld, copied: Way) -> None:
        """In the copy that it is of and the copies of that, and nowhere else."""
        world.fill(1)
        model = over_categories(adapter, world)
        twin = copied(model)

        twin.variables[0].get_instances()[0].markup = 5.0
        third = copied(twin)
        third.variables[0].get_instances()[0].markup = 7.0

        found = [one.compile().upper.tolist() for one in (model, twin, third)]
        assert found == [[3.0], [10.0], [14.0]]

    def test_a_row_that_was_changed_before_is_copied_as_it_is(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Whether or not it was saved, where the model holds the row itself."""
        world.fill(1)
        query = adapter.query(_category(adapter, world), world.handle)
        assert query is not None
        rows = list(query.rows())
        rows[0].markup = 5.0

        (twin,) = deep_copy(rows)

        assert (twin.markup, rows[0].markup) == (5.0, 5.0)


def over_categories(adapter: RowAdapter, world: RowWorld) -> LXModel:
    """Return a model over the categories, with twice their markup as bounds."""
    x = LXVariable[Any, float]("x").from_model(_category(adapter, world), world.handle, adapter=adapter)
    return LXModel("plan").add_variable(x.bounds(upper=lambda category: category.markup * 2))


def _category(adapter: RowAdapter, world: RowWorld) -> type:
    """Return the class of categories, by the attribute of a product."""
    world.fill(1)
    query = adapter.query(world.Product, world.handle)
    assert query is not None
    return type(query.rows()[0].category)
