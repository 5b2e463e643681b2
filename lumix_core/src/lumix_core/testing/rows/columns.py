"""How an adapter reads columns in place of rows: the same values, or None where only rows are right.

Reading columns is optional: of an adapter without the feature the core reads rows, and these tests
require only that its classes promise no columns either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from lumix_core.rows.adapter import ColumnQuery, ReasonedQuery, RowAdapter, RowQuery
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.rows.tables import Path
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.world import RowWorld

PATHS: tuple[Path, ...] = (("id",), ("name",), ("price",), ("category", "id"), ("category", "markup"))
NO_COLUMNS: tuple[Path, ...] = ((), ("nothing",), ("category",), ("parts",), ("parts", "id"), ("id", "id"))


class Columns(Kit, limited=on_main_thread):
    """Columns, with and without relationships, pending changes and rows."""

    def test_a_class_tells_what_can_be_read_as_columns(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Attributes of one value, and the to-one relationships that lead to more of them."""
        known = adapter.row_class(world.Product)

        assert "parts" not in known.columns
        assert "parts" not in known.related
        if _query(adapter, world) is None:
            assert not known.columns
            return
        assert {"id", "name", "price"} <= known.columns
        assert {"id", "markup"} <= adapter.row_class(known.related["category"]).columns

    def test_why_rows_are_read_is_known_without_a_query(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Where the query can say so; it does not say so of a class whose columns it reads."""
        world.fill(1)
        query = _query(adapter, world)
        if not isinstance(query, ReasonedQuery):
            return

        with world.queries() as sent:
            reason = query.why_rows()

        assert sent == [], "why_rows() runs no query"
        assert reason is None or query.columns(PATHS) is None, f"columns are read, though {reason}"

    def test_columns_hold_what_the_instances_hold(self, adapter: RowAdapter, world: RowWorld) -> None:
        """The same values of the same types in the same order, along relationships too."""
        world.fill(12)
        if (query := _query(adapter, world)) is None:
            return

        columns = lists(query.columns(PATHS))

        assert exactly(columns) == exactly(by_instance(query.rows(), PATHS))
        assert columns[0] == list(range(1, 13))

    def test_each_column_is_read_alone(self, adapter: RowAdapter, world: RowWorld) -> None:
        """One column of a related row has as many values as there are rows."""
        world.fill(3)
        if (query := _query(adapter, world)) is None:
            return

        alone = [lists(query.columns([path]))[0] for path in PATHS]

        assert exactly(alone) == exactly(by_instance(query.rows(), PATHS))

    def test_a_related_row_that_is_missing_leaves_none(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Its product keeps its position in every column."""
        world.fill(3)
        if (query := _query(adapter, world)) is None:
            return
        world.orphan(2)

        columns = lists(query.columns(PATHS))

        assert columns[0] == [1, 2, 3]
        assert columns[3:] == [[1, None, 1], [1.5, None, 1.5]]

    def test_null_is_none_in_columns(self, adapter: RowAdapter, world: RowWorld) -> None:
        """In its own position, and nothing else becomes None with it."""
        world.fill(3)
        if (query := _query(adapter, world)) is None:
            return
        row = query.rows()[1]
        row.price = None
        world.save(row)
        world.close_transaction()

        columns = lists(query.columns(PATHS))

        assert columns[2] == [1.0, None, 3.0]
        assert exactly(columns) == exactly(by_instance(query.rows(), PATHS))

    def test_no_rows_are_columns_of_no_values(self, adapter: RowAdapter, world: RowWorld) -> None:
        """An empty table is no reason to answer None."""
        world.fill(0)
        if (query := _query(adapter, world)) is None:
            return

        assert lists(query.columns(PATHS)) == [[] for _ in PATHS]

    def test_columns_take_one_query(self, adapter: RowAdapter, world: RowWorld) -> None:
        """However many there are, and along however many relationships."""
        world.fill(3)
        if (query := _query(adapter, world)) is None:
            return
        query.columns(PATHS)

        with world.queries() as sent:
            query.columns(PATHS)

        assert len(sent) == 1

    def test_a_path_to_no_column_is_answered_with_none(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A row, a collection, a name that is unknown: the core reads rows then."""
        world.fill(2)
        if (query := _query(adapter, world)) is None:
            return

        assert [query.columns([("id",), path]) for path in NO_COLUMNS] == [None for _ in NO_COLUMNS]

    def test_pending_changes_are_in_the_columns_or_columns_are_none(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Columns never hold other values than rows would, whether or not pending changes may be saved first."""
        world.fill(3)
        if (query := _query(adapter, world)) is None:
            return
        row = query.rows()[0]
        row.price = 77.0
        before = world.pending()

        unsaved = query.columns(PATHS, flush=False)
        after = world.pending()

        assert after == before
        assert unsaved is None or exactly(lists(unsaved)) == exactly(by_instance(query.rows(False), PATHS))
        saved = query.columns(PATHS)
        assert saved is None or exactly(lists(saved)) == exactly(by_instance(query.rows(), PATHS))


def _query(adapter: RowAdapter, world: RowWorld) -> ColumnQuery | None:
    query: RowQuery | None = adapter.query(world.Product, world.handle)
    assert query is not None
    return cast(ColumnQuery, query) if LXRowFeature.COLUMNS in features_of(adapter, query) else None


def lists(columns: Sequence[Any] | None) -> list[list[Any]]:
    """Return columns as lists of Python's own values."""
    assert columns is not None
    return [column.tolist() if isinstance(column, np.ndarray) else list(column) for column in columns]


def by_instance(rows: Sequence[Any], paths: Sequence[Path]) -> list[list[Any]]:
    """Return the columns that the attributes of instances make."""
    return [[_value(row, path) for row in rows] for path in paths]


def _value(row: Any, path: Path) -> Any:
    for name in path:
        row = None if row is None else getattr(row, name)
    return row


def exactly(columns: Sequence[Sequence[Any]]) -> list[list[tuple[type, Any]]]:
    """Return the values with their types: 1, 1.0 and True are not the same."""
    return [[(type(value), value) for value in column] for column in columns]
