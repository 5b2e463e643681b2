"""How an adapter tells queries apart: by what they return, in rows, columns, models and copies."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from lumix_core.errors import LXSourceError
from lumix_core.language.model import LXModel
from lumix_core.language.variables import LXVariable
from lumix_core.rows.adapter import ColumnQuery, KeepingQuery, RowAdapter
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.columns import PATHS, by_instance, exactly, lists
from lumix_core.testing.rows.copies import COPIES, Copy
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.loading import written
from lumix_core.testing.rows.plans import category_class, part_class, read, reference_of, writing
from lumix_core.testing.rows.world import QueryWorld, RowWorld, querying

COPYING = pytest.mark.parametrize("copied_by", COPIES.values(), ids=COPIES)
SHIFTS: list[tuple[str, date, bool, Decimal | None]] = [
    ("a", date(2024, 2, 29), True, Decimal("12.50")),
    ("a", date(2024, 3, 1), False, None),
    ("b", date(2024, 1, 1), False, Decimal("0.10")),
    ("b", date(2024, 12, 31), True, Decimal("-3.00")),
]
"""The shifts of `QueryWorld.fill_shifts` by their key: site and day, whether it is open, and its cost."""
ATTRIBUTES = ("site", "day", "is_open", "cost")


class Queries(Kit, limited=on_main_thread):
    """Queries of several classes, and of one class with conditions of their own."""

    def test_classes_are_read_apart(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A model over three classes holds the rows of each: their queries have three identities."""
        category, part = category_class(adapter, world), part_class(adapter, world)
        world.fill(2)
        classes = (world.Product, category, part)
        families = [
            LXVariable[Any, float](cls.__name__).from_model(cls, world.handle, adapter=adapter) for cls in classes
        ]

        problem = LXModel("plan").add_variables(*families).compile()

        assert len({_query(adapter, cls, world.handle).identity for cls in classes}) == 3
        assert [list(block.keys) for block in problem.variables] == [[1, 2], [1], [1, 2, 3, 4]]

    def test_reading_without_saving_leaves_changes_pending(self, adapter: RowAdapter, world: RowWorld) -> None:
        """``rows(flush=False)`` writes nothing, and the rows that are changed stay changed."""
        world.fill(3)
        query = _query(adapter, world.Product, world.handle)
        row = query.rows()[0]
        row.price = 77.0
        before = world.pending()

        with world.queries() as sent:
            rows = query.rows(False)

        assert written(sent) == [], "rows(flush=False) must not write"
        assert world.pending() == before
        assert row.price == 77.0
        assert [row.id for row in rows] == [1, 2, 3]

    def test_rows_are_a_sequence(self, adapter: RowAdapter, world: RowWorld) -> None:
        """They can be counted, indexed and gone through twice."""
        world.fill(3)

        rows = _query(adapter, world.Product, world.handle).rows()

        assert len(rows) == 3
        assert rows[2].id == rows[-1].id == 3
        assert [row.id for row in rows] == [row.id for row in rows] == [1, 2, 3]

    def test_values_are_those_of_the_class(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Integers, texts and floats are what the class says, whatever the database makes of them."""
        world.fill(2)

        rows = read(adapter, world.Product, world.handle)

        assert exactly([[row.id, row.name, row.price] for row in rows]) == exactly(
            [[1, "product 1", 1.0], [2, "product 2", 2.0]]
        )

    def test_arguments_that_do_not_suffice_are_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Without a handle, or with something else, the query is made by default or refused by the class's name."""
        for handle in (None, object()):
            try:
                query = adapter.query(world.Product, handle)
            except LXSourceError as error:
                assert world.Product.__name__ in str(error), "the message says what to write"
            else:
                assert query is not None, "a mapped class is something of this ORM"

    def test_each_row_has_its_own_category(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Rows, columns and what is loaded lead to the same row of several, and to none where there is none."""
        if not sort_products(adapter, world):
            return
        query = _query(adapter, world.Product, world.handle)
        rows = query.rows()
        expected = [3.5, 1.5, None, 2.5, 3.5]

        adapter.load(rows, {"category"})
        loaded = [None if row.category is None else row.category.markup for row in rows]

        assert loaded == expected, "load() leads to other rows than the foreign keys"
        if LXRowFeature.COLUMNS in features_of(adapter, query):
            columns = lists(cast(ColumnQuery, query).columns((("id",), ("category", "markup"))))
            assert columns == [[1, 2, 3, 4, 5], expected], "columns() lead to other rows than the foreign keys"

    @COPYING
    def test_each_row_of_a_copy_has_its_own_category(
        self, adapter: RowAdapter, world: RowWorld, copied_by: Copy
    ) -> None:
        """And its own parts."""
        if not sort_products(adapter, world):
            return
        parts_of = world.parts_of
        x = LXVariable[Any, float]("x").from_model(world.Product, world.handle, adapter=adapter)
        x.bounds(
            0,
            lambda p: (p.category.markup if p.category is not None else 9.0) + 10 * sum(t.weight for t in parts_of(p)),
        )
        model = LXModel("plan").add_variable(x)

        bounds = [model.compile().upper.tolist(), copied_by(model).compile().upper.tolist()]

        assert bounds == [[33.5, 61.5, 99.0, 122.5, 153.5]] * 2


class Selections(Kit, limited=on_main_thread):
    """Queries of the ORM with conditions, orders and limits, as targets of ``from_model``."""

    def test_a_query_keeps_its_condition_order_and_limit(self, adapter: RowAdapter, world: RowWorld) -> None:
        """In rows and in columns, along relationships too; or columns are None."""
        world.fill(10)
        for name, target, handle, keys in selections(world):
            query = _query(adapter, target, handle)

            rows = query.rows()

            assert [row.id for row in rows] == list(keys), f"rows() of the query {name!r}"
            if LXRowFeature.COLUMNS in features_of(adapter, query):
                for paths in (PATHS, (("id",), ("price",)), (("category", "markup"),)):
                    columns = cast(ColumnQuery, query).columns(paths)
                    assert columns is None or exactly(lists(columns)) == exactly(by_instance(rows, paths)), (
                        f"columns() of the query {name!r} are not those of its rows()"
                    )

    def test_queries_of_other_rows_have_other_identities(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Queries with one identity are run once for each compile: a condition, an order or a value is a part of it."""
        world.fill(10)
        queries = {name: _query(adapter, target, handle) for name, target, handle, _ in selections(world)}
        queries["all of the class"] = _query(adapter, world.Product, world.handle)

        seen: dict[Any, str] = {}
        for name, query in queries.items():
            other = seen.setdefault(query.identity, name)
            assert other == name, f"the queries {other!r} and {name!r} return other rows, and have one identity"

    def test_two_queries_in_one_model_are_read_apart(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Each family has the rows of its own query."""
        world.fill(10)
        chosen = selections(world)
        model = LXModel("plan")
        for name, target, handle, _ in chosen:
            model.add_variable(LXVariable[Any, float](name).from_model(target, handle, adapter=adapter))

        problem = model.compile()

        assert [list(block.keys) for block in problem.variables] == [list(keys) for *_, keys in chosen]

    @COPYING
    def test_a_copy_has_the_rows_of_its_query(self, adapter: RowAdapter, world: RowWorld, copied_by: Copy) -> None:
        """And no others, in the query's order."""
        world.fill(10)
        chosen = selections(world)
        models = [
            LXModel(name).add_variable(
                LXVariable[Any, float]("x").from_model(target, handle, adapter=adapter).bounds(0, lambda p: p.price)
            )
            for name, target, handle, _ in chosen
        ]

        bounds = [copied_by(model).compile().upper.tolist() for model in models]

        assert bounds == [[float(key) for key in keys] for *_, keys in chosen]


class Conversions(Kit, limited=on_main_thread):
    """Values that the ORM converts, and keys of two parts."""

    def test_converted_values_are_read_as_the_class_has_them(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Dates, decimals and truth values, in rows, in `values` and in columns; never as the database stores them."""
        shifts = _shifts(adapter, world)
        query = _query(adapter, shifts.Shift, shifts.handle)

        rows = query.rows()

        assert exactly([[getattr(row, name) for name in ATTRIBUTES] for row in rows]) == exactly(SHIFTS), "rows()"
        values = [adapter.values(row) for row in rows]
        assert exactly([[held[name] for name in ATTRIBUTES] for held in values]) == exactly(SHIFTS), "values()"
        if LXRowFeature.COLUMNS in features_of(adapter, query):
            columns = cast(ColumnQuery, query).columns([(name,) for name in ATTRIBUTES])
            assert columns is None or exactly(lists(columns)) == exactly(list(zip(*SHIFTS, strict=True))), "columns()"

    def test_a_key_of_two_parts_keeps_their_order(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It is the order of the primary key, wherever keys are made."""
        shifts = _shifts(adapter, world)
        x = LXVariable[Any, float]("x").from_model(shifts.Shift, shifts.handle, adapter=adapter)

        keys = list(LXModel("plan").add_variable(x).compile().variables[0].keys)

        assert adapter.primary_key(shifts.Shift) == ("site", "day")
        assert adapter.row_class(shifts.Shift).primary_key == ("site", "day")
        assert keys == [(site, day) for site, day, *_ in SHIFTS]

    def test_what_is_kept_has_keys_in_their_order(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A query that knows the instances of the session finds each by its own key."""
        shifts = _shifts(adapter, world)
        query = _query(adapter, shifts.Shift, shifts.handle)
        if LXRowFeature.KEEPING not in features_of(adapter, query):
            return
        rows = query.rows()

        kept = cast(KeepingQuery, query).kept()

        assert all((row.site, row.day) == key for key, row in (kept or {}).items())
        assert len(rows) == len(SHIFTS)

    @COPYING
    def test_a_copy_has_converted_values(self, adapter: RowAdapter, world: RowWorld, copied_by: Copy) -> None:
        """The very values, of the same types."""
        shifts = _shifts(adapter, world)
        x = LXVariable[Any, float]("x").from_model(shifts.Shift, shifts.handle, adapter=adapter)
        model = LXModel("plan").add_variable(x.bounds(0, lambda shift: 1.0 if shift.is_open else 2.0))
        read_shifts = read(adapter, shifts.Shift, shifts.handle)

        copied = copied_by(model)

        detached = copied_by(LXModel("plan").add_variable(LXVariable[Any, float]("y").from_data(read_shifts)))
        for rows in (copied.variables[0].get_instances(), detached.variables[0].get_instances()):
            assert exactly([[getattr(row, name) for name in ATTRIBUTES] for row in rows]) == exactly(SHIFTS)
        assert copied.compile().upper.tolist() == [1.0, 2.0, 2.0, 1.0]

    def test_converted_values_are_written_back(self, adapter: RowAdapter, world: RowWorld) -> None:
        """They come back as they were given, and a repeated key of two parts is found."""
        shifts = _shifts(adapter, world)
        if (known := writing(adapter)) is None:
            return
        rows = [dict(zip(ATTRIBUTES, shift, strict=True)) for shift in SHIFTS]
        table = known.written_table(shifts.Shift)
        keys = [(site, day) for site, day, *_ in SHIFTS]

        write_back().replace(shifts.Shift, rows[:3]).write(shifts.handle, adapter=known)
        with known.writing(shifts.handle, [table]) as writer:
            existing = writer.existing(shifts.Shift, ("site", "day"), keys)

        stored = read(adapter, shifts.Shift, shifts.handle)
        assert exactly([[getattr(row, name) for name in ATTRIBUTES] for row in stored]) == exactly(SHIFTS[:3])
        assert table.primary_key == ("site", "day")
        assert existing == set(keys[:3]), "existing() returns keys as they were given"


def selections(world: RowWorld) -> Sequence[tuple[str, Any, Any, Sequence[int]]]:
    """Return the queries of a world that has some; of any other the test is skipped."""
    found: Sequence[tuple[str, Any, Any, Sequence[int]]] = querying(world, "selections").selections
    return found


def sort_products(adapter: RowAdapter, world: RowWorld) -> bool:
    """Save five products in three categories, the third in none; return whether the world or the adapter can."""
    sorted_into = {1: 3, 2: 1, 3: None, 4: 2, 5: 3}
    world.fill(5)
    if hasattr(world, "move"):
        for key, category in sorted_into.items():
            cast(QueryWorld, world).move(key, category)
        return True
    if (known := writing(adapter)) is None:
        return False
    categories = category_class(adapter, world)
    parts = part_class(adapter, world)
    name, by = reference_of(known, world.Product).names[0], reference_of(known, parts).names[0]
    world.fill(0)
    back = write_back().replace(categories, [{"id": i, "markup": i + 0.5} for i in (1, 2, 3)])
    products = [
        {"id": i, "name": f"product {i}", "price": float(i), name: category} for i, category in sorted_into.items()
    ]
    weights = [{"id": 2 * i - 1 + j, "weight": float(i * (j + 1)), by: i} for i in sorted_into for j in (0, 1)]
    back.replace(world.Product, products).replace(parts, weights).write(world.handle, adapter=known)
    world.close_transaction()
    return True


def _shifts(adapter: RowAdapter, world: RowWorld) -> QueryWorld:
    shifts = querying(world, "Shift", "fill_shifts")
    shifts.fill_shifts([dict(zip(ATTRIBUTES, shift, strict=True)) for shift in copy.copy(SHIFTS)[::-1]])
    return shifts


def _query(adapter: RowAdapter, target: Any, handle: Any) -> Any:
    query = adapter.query(target, handle)
    assert query is not None, f"query() takes {target!r} for nothing of this ORM"
    return query
