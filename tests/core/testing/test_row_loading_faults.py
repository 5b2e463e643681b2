"""The kit for row adapters catches every fault of loading and releasing, each with the test that then fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit_faults import fails

from lumix_core.testing import RowAdapterConformance
from lumix_core.testing.rows.toy import select
from lumix_core.testing.rows.toy_world import Product
from tests.core.testing import wrong_toys as wrong
from tests.core.testing.fresh_toy import FreshWorld, ReleasingAdapter
from tests.core.testing.query_toy import QueryToyAdapter, QueryToyWorld

Load = Any


def loading(change: Load) -> type[Any]:
    """Return an adapter that loads in another manner: ``change(adapter, rows, names)``."""
    return wrong.replacing(load=change)


def right_load(self: Any, rows: Any, names: Any = None) -> None:
    QueryToyAdapter.load(self, rows, names)


def by_position(self: Any, rows: Any, names: Any = None) -> None:
    """Pair rows with what was found, in the order of both."""
    right_load(self, rows, names)
    products = [row for row in rows if isinstance(row, Product)]
    for name in ("category", "parts"):
        found = sorted((vars(row)[name] for row in products if name in vars(row)), key=_first_id)
        for row, related in zip(products, found, strict=False):
            vars(row)[name] = related


def _first_id(related: Any) -> int:
    if isinstance(related, list):
        return related[0].id if related else 0
    return 0 if related is None else related.id


def the_first_for_all(self: Any, rows: Any, names: Any = None) -> None:
    right_load(self, rows, names)
    products = [row for row in rows if isinstance(row, Product)]
    for row in products:
        vars(row)["parts"] = vars(products[0]).get("parts")


def all_in_each(self: Any, rows: Any, names: Any = None) -> None:
    right_load(self, rows, names)
    products = [row for row in rows if isinstance(row, Product) and "parts" in vars(row)]
    parts = [part for row in products for part in row.parts]
    for row in products:
        vars(row)["parts"] = parts


def touching(self: Any, rows: Any, names: Any = None) -> None:
    right_load(self, rows, names)
    for row in rows[:1]:
        row._connection.execute("UPDATE Product SET name = name WHERE id = ?", (row.id,))


def saving(self: Any, rows: Any, names: Any = None) -> None:
    for row in rows:
        if isinstance(row, Product) and row._connection is not None:
            row._connection.execute("UPDATE Product SET price = ? WHERE id = ?", (row.price, row.id))
    right_load(self, rows, names)


def saving_before_relationships(self: Any, rows: Any, names: Any = None) -> None:
    (saving if names is not None else right_load)(self, rows, names)


def refreshing(self: Any, rows: Any, names: Any = None) -> None:
    right_load(self, rows, names)
    for row in rows:
        if isinstance(row, Product) and row._connection is not None:
            for fresh in select(Product, row._connection, "id", [row.id]):
                vars(row).update(price=fresh.price)


def one_by_one(self: Any, rows: Any, names: Any = None) -> None:
    for row in rows:
        right_load(self, [row], names)


def only_without_names(self: Any, rows: Any, names: Any = None) -> None:
    if names is None:
        right_load(self, rows, names)


def known_names_only(self: Any, rows: Any, names: Any = None) -> None:
    for row in rows:
        for name in names or ():
            vars(type(row))[name]
    right_load(self, rows, names)


def of_the_first_class(self: Any, rows: Any, names: Any = None) -> None:
    cls = type(rows[0])
    right_load(self, [row for row in rows if type(row) is cls], names)


def only_to_one(self: Any, rows: Any, names: Any = None) -> None:
    right_load(self, rows, (names or {"category", "parts"}) - {"parts"})


def without_a_look(self: Any, rows: Any, names: Any = None) -> None:
    right_load(self, rows, names or {"category", "parts"})


def of_any_row(self: Any, rows: Any, names: Any = None) -> None:
    for row in rows:
        row._connection.execute("SELECT 1")
    right_load(self, rows, names)


def in_one_list(value: Any) -> Any:
    return json.loads(json.dumps(value)) if isinstance(value, list) and value == [1] else NotImplemented


LOADING: dict[str, tuple[Any, str]] = {
    "related by position": (loading(by_position), "test_each_row_has_its_own_category"),
    "related by position in copies": (loading(by_position), "test_each_row_of_a_copy_has_its_own_category"),
    "collections by position": (loading(by_position), "test_loading_gives_each_row_what_is_its_own"),
    "the collection of the first row": (loading(the_first_for_all), "test_loading_gives_each_row_what_is_its_own"),
    "all in each collection": (loading(all_in_each), "test_loading_gives_each_row_what_is_its_own"),
    "a write that changes nothing": (loading(touching), "test_loading_writes_nothing"),
    "changes are saved": (loading(saving), "test_loading_writes_nothing"),
    "changes are saved before relationships": (loading(saving_before_relationships), "test_loading_writes_nothing"),
    "changes are overwritten": (loading(refreshing), "test_loading_writes_nothing"),
    "row by row": (loading(one_by_one), "test_loading_takes_as_many_queries_for_many_rows"),
    "nothing": (loading(lambda self, rows, names=None: None), "test_loading_gives_each_row_what_is_its_own"),
    "nothing by name": (loading(only_without_names), "test_loading_gives_each_row_what_is_its_own"),
    "no collections": (loading(only_to_one), "test_loading_gives_each_row_what_is_its_own"),
    "names that a class does not have": (loading(known_names_only), "test_loading_rows_of_several_classes"),
    "one class only": (loading(of_the_first_class), "test_loading_rows_of_several_classes"),
    "a row that was deleted": (loading(without_a_look), "test_loading_a_row_that_was_deleted_is_an_error"),
    "a row without a session": (loading(of_any_row), "test_loading_leaves_new_rows_as_they_are"),
    "values are read": (
        wrong.replacing(
            values=lambda self, row: {name: getattr(row, name) for name in self.row_class(type(row)).attributes}
        ),
        "test_values_are_what_is_loaded",
    ),
    "None for what is not loaded": (
        wrong.replacing(
            values=lambda self, row: {name: vars(row).get(name) for name in self.row_class(type(row)).attributes}
        ),
        "test_values_are_what_is_loaded",
    ),
    "None for what is not loaded, in a copy": (
        wrong.replacing(
            values=lambda self, row: {name: vars(row).get(name) for name in self.row_class(type(row)).attributes}
        ),
        "test_a_detached_row_is_plain",
    ),
    "values as texts": (
        wrong.adapter(values=lambda held, row: {name: str(value) for name, value in held.items()}),
        "test_values_are_what_is_loaded",
    ),
    "values without relationships": (
        wrong.adapter(values=lambda held, row: {n: v for n, v in held.items() if n not in ("category", "parts")}),
        "test_values_are_what_is_loaded",
    ),
    "values with what is the ORM's": (
        wrong.replacing(values=lambda self, row: dict(vars(row))),
        "test_values_are_what_is_loaded",
    ),
    "foreign values are copied": (
        wrong.replacing(plain=lambda self, value: in_one_list(value)),
        "test_plain_leaves_foreign_values_to_others",
    ),
    "foreign values are shared": (
        wrong.replacing(plain=lambda self, value: value),
        "test_plain_leaves_foreign_values_to_others",
    ),
    "foreign values are lost": (
        wrong.replacing(plain=lambda self, value: None),
        "test_plain_leaves_foreign_values_to_others",
    ),
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryToyWorld]:
    wrong.register(QueryToyAdapter(), monkeypatch)
    world = QueryToyWorld(tmp_path / "toy.db")
    yield world
    world.close()


@pytest.mark.parametrize(("cls", "test"), LOADING.values(), ids=LOADING)
def test_a_fault_is_caught(world: Any, monkeypatch: pytest.MonkeyPatch, cls: type[Any], test: str) -> None:
    assert not fails(test, QueryToyAdapter(), world, world.close_transaction)
    world.close()
    world.__init__(world.path.with_name("other.db"))
    wrong.register(cls(), monkeypatch)

    assert fails(test, cls(), world, world.close_transaction)


class TestReleasing(RowAdapterConformance):
    """An ORM that reads collections anew, and an adapter that takes away what it loaded."""

    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wrong.register(ReleasingAdapter(), monkeypatch)

    @pytest.fixture
    def adapter(self) -> Any:
        return ReleasingAdapter()

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[Any]:
        world = FreshWorld(tmp_path / "fresh.db")
        yield world
        world.close()


def forgetting(self: Any, rows: Any) -> None:
    """Do nothing."""


def the_first(self: Any, rows: Any) -> None:
    ReleasingAdapter.release(self, rows[:1])


def with_a_query(self: Any, rows: Any) -> None:
    ReleasingAdapter.release(self, rows)
    rows[0]._connection.execute("SELECT 1")


def too_much(self: Any, rows: Any) -> None:
    ReleasingAdapter.release(self, rows)
    for row in rows:
        vars(row).update(price=None)


RELEASES = {
    "forgotten": (forgetting, "test_what_was_loaded_for_a_while_is_released"),
    "forgotten after a copy": (forgetting, "test_copying_leaves_rows_as_they_were"),
    "of one row": (the_first, "test_copying_leaves_rows_as_they_were"),
    "with a query": (with_a_query, "test_what_was_loaded_for_a_while_is_released"),
    "of too much": (too_much, "test_what_was_loaded_for_a_while_is_released"),
}


@pytest.mark.parametrize(("release", "test"), RELEASES.values(), ids=RELEASES)
def test_a_release_that_is_wrong_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: Any, test: str
) -> None:
    toy: Any = type("ReleasesWrong", (ReleasingAdapter,), {"release": release})()
    wrong.register(toy, monkeypatch)
    world = FreshWorld(tmp_path / "fresh.db")

    assert fails(test, toy, world, world.close_transaction)
    world.close()
