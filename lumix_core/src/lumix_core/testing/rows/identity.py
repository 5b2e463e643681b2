"""How rows without relationships are copied: as columns, but for the instances that an adapter's session keeps.

Knowing which those are is optional: of an adapter without the feature such rows are copied one by one, and
these tests require of it what the columns would have given.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Hashable
from typing import Any, cast

import pytest

from lumix_core.copying.copier import deep_copy
from lumix_core.copying.detached_rows import DetachedRows
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.rows.adapter import KeepingQuery, RowAdapter
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.copies import assert_same_arrays
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.plans import category_class, writing
from lumix_core.testing.rows.world import RowWorld

COUNT = 50
"""More rows than those on which columns and functions are compared."""
Copy = Callable[[Any], Any]
COPIES: dict[str, Copy] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy twice": lambda model: copy.deepcopy(copy.deepcopy(model)),
    "pickle of a copy": lambda model: pickle.loads(pickle.dumps(copy.deepcopy(model))),
}


class Keeping(Kit, limited=on_main_thread):
    """Copies of rows of a class that has columns and nothing else, and what the session keeps of them."""

    @pytest.fixture(params=list(COPIES.values()), ids=list(COPIES))
    def copied(self, request: pytest.FixtureRequest) -> Copy:
        """Return a function that copies a model."""
        chosen: Copy = request.param
        return chosen

    def test_what_is_kept_is_what_a_query_returns(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The very instances, by primary key, and no query is run to find them."""
        world.fill(3)
        if (query := _keeping(adapter, world.Product, world.handle)) is None:
            return
        rows = query.rows()

        with world.queries() as sent:
            kept = query.kept()

        assert sent == []
        again: dict[tuple[Hashable, ...], Any] = {(row.id,): row for row in query.rows()}
        assert all(again[key] is row for key, row in (kept or {}).items())
        assert len(rows) == len(again)

    def test_rows_of_columns_are_copied_in_one_query(self, adapter: RowAdapter, world: RowWorld, copied: Copy) -> None:
        """They compile to what the model compiles to, with the database gone; without `KEEPING` more may be read."""
        keeps = _keeping(adapter, category_class(adapter, world), world.handle) is not None
        model = over_categories(adapter, world)
        expected = model.compile().upper.tolist()

        with world.queries() as sent:
            twin = copied(model)
        world.close()

        assert len(sent) == 1 or not keeps
        assert twin.compile().upper.tolist() == expected == [3.0]

    def test_a_copy_reads_once_and_makes_no_objects(self, adapter: RowAdapter, world: RowWorld, copied: Copy) -> None:
        """Neither the copy nor the session holds a row as an object, however many rows there are."""
        model = over_categories(adapter, world)
        if (query := _keeping(adapter, category_class(adapter, world), world.handle)) is None:
            return
        count = fill_categories(adapter, world)

        with world.queries() as sent:
            twin = copied(model)

        rows = rows_of(twin)
        assert isinstance(rows, DetachedRows)
        assert (len(sent), len(rows), rows.made) == (1, count, {})
        assert query.kept() == {}

    def test_a_copy_compiles_to_the_same_arrays_by_columns(
        self, adapter: RowAdapter, world: RowWorld, copied: Copy
    ) -> None:
        """Bit for bit, and objects are made only of the rows on which columns and functions are compared."""
        model = over_categories(adapter, world)
        x = model.variables[0].where(lambda category: category.markup != 2.0)
        x.bounds(upper=lambda category: category.markup * 3 + category.id / 7 + (category.id > 3))
        fill_categories(adapter, world)
        expected = model.compile()

        twin = copied(model)

        assert_same_arrays(twin.compile(), expected)
        rows = rows_of(twin)
        assert not isinstance(rows, DetachedRows) or len(rows.made) <= 9

    def test_a_row_that_is_changed_is_the_truth(self, adapter: RowAdapter, world: RowWorld, copied: Copy) -> None:
        """In the copy that it is of and the copies of that, and nowhere else."""
        world.fill(1)
        model = over_categories(adapter, world)
        twin = copied(model)

        twin.variables[0].get_instances()[0].markup = 5.0
        third = copied(twin)
        third.variables[0].get_instances()[0].markup = 7.0

        bounds = [version.compile().upper.tolist() for version in (model, twin, third)]
        assert bounds == [[3.0], [10.0], [14.0]]

    def test_a_row_that_was_changed_before_is_copied_as_it_is(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Whether or not it was saved, where the model holds the row itself."""
        world.fill(1)
        query = adapter.query(category_class(adapter, world), world.handle)
        assert query is not None
        rows = list(query.rows())
        rows[0].markup = 5.0

        (twin,) = deep_copy(rows)

        assert (twin.markup, rows[0].markup) == (5.0, 5.0)


def _keeping(adapter: RowAdapter, cls: type, handle: Any) -> KeepingQuery | None:
    query = adapter.query(cls, handle)
    return cast(KeepingQuery, query) if LXRowFeature.KEEPING in features_of(adapter, query) else None


def over_categories(adapter: RowAdapter, world: RowWorld) -> LXModel:
    """Return a model over the categories, with twice their markup as bounds."""
    x = LXVariable[Any, float]("x").from_model(category_class(adapter, world), world.handle, adapter=adapter)
    return LXModel("plan").add_variable(x.bounds(upper=lambda category: category.markup * 2))


def rows_of(model: LXModel) -> Any:
    """Return what the copy of a model holds in place of a query."""
    source: Any = model.variables[0].source
    return source.rows


def fill_categories(adapter: RowAdapter, world: RowWorld) -> int:
    """Save many categories, as far as the adapter writes; return how many there are."""
    category = category_class(adapter, world)
    if (known := writing(adapter)) is None:
        return 1
    world.fill(0)
    rows = {"id": range(1, COUNT + 1), "markup": [i / 3 for i in range(1, COUNT + 1)]}
    write_back().replace(category, rows).write(world.handle, adapter=known)
    world.close_transaction()
    return COUNT
