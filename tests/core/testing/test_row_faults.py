"""The kit for row adapters catches every planted fault: each with the test of the kit that fails because of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit_faults import fails

from lumix_core.rows import LXRowFeature
from lumix_core.testing import RowAdapterConformance
from lumix_core.testing.rows.toy import ToyRow
from lumix_core.testing.rows.toy_world import Product
from tests.core.testing import wrong_toys as wrong
from tests.core.testing.query_toy import KEY, QueryToyAdapter, QueryToyWorld, Selection, SelectionQuery, Shift


def selected(**lost: Any) -> type[Any]:
    """Return an adapter whose columns lose a part of a query of the user."""

    def columns(right: Any) -> Any:
        if not isinstance(right, SelectionQuery):
            return right.columns
        *identity, selection = right.identity
        return SelectionQuery(right.row_type, (*identity, selection._replace(**lost))).columns

    return wrong.query(columns=columns)


def identity(of: Any) -> type[Any]:
    """Return an adapter whose queries of the user have an identity of class, connection and selection."""

    def made(right: Any) -> Any:
        return of(*right.identity) if isinstance(right, SelectionQuery) else right.identity

    return wrong.query(identity=made)


def nothing_for_none(row: Any) -> Any:
    vars(row).update({name: 0.0 for name, value in vars(row).items() if value is None and name == "price"})
    return row


def raw_shift(row: Any) -> Any:
    if isinstance(row, Shift):
        vars(row).update(day=row.day.isoformat(), is_open=int(row.is_open))
    return row


def as_float(row: Any) -> Any:
    if isinstance(row, Shift) and row.cost is not None:
        vars(row).update(cost=float(row.cost))
    return row


def as_stored(values: list[Any]) -> list[Any]:
    return [value.isoformat() if hasattr(value, "isoformat") else value for value in values]


READING: dict[str, tuple[Any, str]] = {
    "a condition is lost in columns": (
        selected(where="1", values=()),
        "test_a_query_keeps_its_condition_order_and_limit",
    ),
    "an order is lost in columns": (selected(order="row.id"), "test_a_query_keeps_its_condition_order_and_limit"),
    "a limit is lost in columns": (selected(limit=-1), "test_a_query_keeps_its_condition_order_and_limit"),
    "all is lost in columns": (
        selected(where="1", values=(), order="row.id", limit=-1),
        "test_two_queries_in_one_model_are_read_apart",
    ),
    "a query is taken for its class": (
        wrong.replacing(
            query=lambda self, target, handle: QueryToyAdapter.query(
                self, Product if isinstance(target, Selection) else target, handle
            )
        ),
        "test_a_query_keeps_its_condition_order_and_limit",
    ),
    "the identity is the class": (
        identity(lambda cls, connection, selection: cls),
        "test_queries_of_other_rows_have_other_identities",
    ),
    "the identity is that of all rows": (
        identity(lambda cls, connection, selection: (cls, connection)),
        "test_queries_of_other_rows_have_other_identities",
    ),
    "the identity has no values": (
        identity(lambda cls, connection, selection: (cls, selection.where, selection.order, selection.limit)),
        "test_queries_of_other_rows_have_other_identities",
    ),
    "the identity has no order": (
        identity(lambda cls, connection, selection: (cls, selection.where, selection.values, selection.limit)),
        "test_queries_of_other_rows_have_other_identities",
    ),
    "the identity has no limit": (
        identity(lambda cls, connection, selection: (cls, selection.where, selection.values, selection.order)),
        "test_queries_of_other_rows_have_other_identities",
    ),
    "one identity runs in place of another": (
        identity(lambda cls, connection, selection: (cls, connection)),
        "test_two_queries_in_one_model_are_read_apart",
    ),
    "one identity for all classes": (wrong.query(identity=lambda right: "rows"), "test_classes_are_read_apart"),
    "an identity of its own each time": (wrong.query(identity=lambda right: object()), "test_knows_equal_queries"),
    "an identity that has no hash": (
        wrong.query(identity=lambda right: list(right.identity)),
        "test_knows_equal_queries",
    ),
    "the last row first": (wrong.rows(lambda rows: rows[::-1]), "test_reads_instances_in_the_order_of_their_keys"),
    "keys in the order of text": (
        wrong.rows(lambda rows: sorted(rows, key=lambda row: str(getattr(row, "id", "")))),
        "test_reads_instances_in_the_order_of_their_keys",
    ),
    "rows once": (wrong.rows(iter), "test_rows_are_a_sequence"),
    "rows as tuples": (
        wrong.rows(lambda rows: [tuple(vars(row).values()) for row in rows]),
        "test_reads_instances_in_the_order_of_their_keys",
    ),
    "a limit of its own": (wrong.rows(lambda rows: rows[:10]), "test_reads_instances_in_the_order_of_their_keys"),
    "the rows of another class": (wrong.query(row_type=lambda right: ToyRow), "test_tells_the_class_of_the_rows"),
    "no name": (wrong.query(text=lambda right: ""), "test_tells_the_class_of_the_rows"),
    "a query that runs when it is made": (
        wrong.query(found=lambda right: right.rows()),
        "test_tells_the_class_of_the_rows",
    ),
    "NULL is 0 in rows": (
        wrong.rows(lambda rows: list(map(nothing_for_none, rows))),
        "test_null_stays_null_in_a_detached_row",
    ),
    "NULL is 0 in columns": (
        wrong.columns(lambda columns: [[0.0 if value is None else value for value in column] for column in columns]),
        "test_null_is_none_in_columns",
    ),
    "NULL is NaN in columns": (
        wrong.columns(
            lambda columns: [[float("nan") if value is None else value for value in column] for column in columns]
        ),
        "test_null_is_none_in_columns",
    ),
    "NULL is 0 in values": (
        wrong.adapter(values=lambda held, row: {name: 0.0 if value is None else value for name, value in held.items()}),
        "test_null_stays_null_in_a_detached_row",
    ),
    "NULL is 0 in a copy": (
        wrong.adapter(values=lambda held, row: {name: 0.0 if value is None else value for name, value in held.items()}),
        "test_null_stays_null_in_a_copy",
    ),
    "NULL is not loaded": (
        wrong.adapter(values=lambda held, row: {name: value for name, value in held.items() if value is not None}),
        "test_null_stays_null_in_a_detached_row",
    ),
    "raw values in rows": (
        wrong.rows(lambda rows: list(map(raw_shift, rows))),
        "test_converted_values_are_read_as_the_class_has_them",
    ),
    "decimals as floats": (
        wrong.rows(lambda rows: list(map(as_float, rows))),
        "test_converted_values_are_read_as_the_class_has_them",
    ),
    "raw values in columns": (
        wrong.columns(lambda columns: list(map(as_stored, columns))),
        "test_converted_values_are_read_as_the_class_has_them",
    ),
    "raw truth in columns": (
        wrong.columns(lambda columns: [[int(v) if v is True or v is False else v for v in c] for c in columns]),
        "test_converted_values_are_read_as_the_class_has_them",
    ),
    "raw values in a copy": (
        wrong.adapter(values=lambda held, row: dict(zip(held, as_stored(list(held.values())), strict=True))),
        "test_a_copy_has_converted_values",
    ),
    "integers for floats": (
        wrong.rows(lambda rows: [vars(row).update(price=int(row.price)) or row for row in rows]),
        "test_values_are_those_of_the_class",
    ),
    "a key in the order of the class": (
        wrong.adapter(primary_key=lambda key, cls: ("day", "site") if cls is Shift else key),
        "test_a_key_of_two_parts_keeps_their_order",
    ),
    "a key in the order of the alphabet": (
        wrong.changed_row_class(primary_key=lambda known: tuple(sorted(known.primary_key))),
        "test_a_key_of_two_parts_keeps_their_order",
    ),
    "rows in the order of the second part": (
        wrong.rows(lambda rows: sorted(rows, key=lambda row: getattr(row, "day", 0))),
        "test_converted_values_are_read_as_the_class_has_them",
    ),
    "kept under the parts in another order": (
        wrong.query(
            kept=lambda right: (
                lambda: {
                    tuple(getattr(row, name) for name in reversed(KEY)): row
                    for row in right.rows()
                    if isinstance(row, Shift)
                }
            )
        ),
        "test_what_is_kept_has_keys_in_their_order",
    ),
    "kept are other instances": (
        wrong.query(kept=lambda right: lambda: {(row.id,): row for row in right.rows()}),
        "test_what_is_kept_is_what_a_query_returns",
    ),
    "two queries for columns": (
        wrong.query(columns=lambda right: lambda paths, flush=True: [right.columns([path])[0] for path in paths]),
        "test_columns_take_one_query",
    ),
    "columns that lead to the wrong row": (
        wrong.columns(lambda columns: [columns[0], *[column[::-1] for column in columns[1:]]]),
        "test_each_row_has_its_own_category",
    ),
    "columns without the rows that lead nowhere": (
        wrong.columns(lambda columns: [[v for v in column if v is not None] for column in columns]),
        "test_each_row_has_its_own_category",
    ),
    "columns are promised without the feature": (
        wrong.replacing(features=QueryToyAdapter.features - {LXRowFeature.COLUMNS, LXRowFeature.KEEPING}),
        "test_a_class_tells_what_can_be_read_as_columns",
    ),
    "collections are columns": (
        wrong.changed_row_class(columns=lambda known: known.columns | {"parts"}),
        "test_a_class_tells_what_can_be_read_as_columns",
    ),
}


SEAM: dict[str, tuple[Any, str]] = {
    "owns what has annotations": (
        wrong.replacing(owns=lambda self, cls: hasattr(cls, "__module__")),
        "test_owns_mapped_classes_only",
    ),
    "owns detached rows": (
        wrong.replacing(owns=lambda self, cls: issubclass(cls, ToyRow) and cls is not ToyRow),
        "test_a_detached_row_is_plain",
    ),
    "does not know cursors": (
        wrong.adapter(is_handle=lambda known, obj: known and hasattr(obj, "cursor")),
        "test_knows_every_handle",
    ),
    "takes rows for handles": (
        wrong.adapter(is_handle=lambda known, obj: known or hasattr(obj, "_connection")),
        "test_takes_no_other_object_for_a_handle",
    ),
    "fails for foreign targets": (
        wrong.replacing(query=lambda self, target, handle: QueryToyAdapter.query(self, target.__mro__[0], handle)),
        "test_leaves_foreign_targets_to_others",
    ),
    "fails without a handle": (
        wrong.replacing(
            query=lambda self, target, handle: handle.total_changes and QueryToyAdapter.query(self, target, handle)
        ),
        "test_arguments_that_do_not_suffice_are_refused",
    ),
    "takes no handle for foreign": (
        wrong.replacing(
            query=lambda self, target, handle: None if handle is None else QueryToyAdapter.query(self, target, handle)
        ),
        "test_arguments_that_do_not_suffice_are_refused",
    ),
    "names columns for attributes": (
        wrong.adapter(primary_key=lambda key, cls: tuple(f"{cls.__name__}.{name}" for name in key)),
        "test_names_the_attributes_of_the_key",
    ),
    "forgets a relationship": (
        wrong.changed_row_class(
            attributes=lambda known: tuple(name for name in known.attributes if name != "category")
        ),
        "test_values_are_what_is_loaded",
    ),
    "says less than it has": (
        wrong.replacing(features=frozenset({"columns and more"})),
        "test_has_what_its_features_promise",
    ),
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryToyWorld]:
    wrong.register(QueryToyAdapter(), monkeypatch)
    world = QueryToyWorld(tmp_path / "toy.db")
    yield world
    world.close()


FAULTS = READING | SEAM


@pytest.mark.parametrize(("cls", "test"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_caught(world: Any, monkeypatch: pytest.MonkeyPatch, cls: type[Any], test: str) -> None:
    assert not fails(test, QueryToyAdapter(), world, world.close_transaction)
    world.close()
    world.__init__(world.path.with_name("other.db"))
    wrong.register(cls(), monkeypatch)

    assert fails(test, cls(), world, world.close_transaction)


class Hasty(RowAdapterConformance):
    limit = 1.0


def test_rows_that_never_come_are_a_failure(world: Any) -> None:
    waiting = wrong.query(rows=lambda right: lambda flush=True: time.sleep(30))
    started = time.monotonic()

    assert fails("test_rows_are_a_sequence", waiting(), world, world.close_transaction, Hasty)
    assert time.monotonic() - started < 10.0


def test_an_adapter_that_is_not_registered_is_named(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong.rows_registry, "_SHARED", wrong.OnlyTheToy(Nothing()))

    with pytest.raises(
        pytest.fail.Exception, match=r"(?s)No adapter is registered for Product.*python -m lumix plugins"
    ):
        RowAdapterConformance().test_is_registered(adapter=QueryToyAdapter(), world=world)


class Nothing:
    """A world that can be filled, and owns no class."""

    def owns(self, cls: type) -> bool:
        return False

    def fill(self, count: int) -> None:
        """Save nothing."""


def test_what_a_world_lacks_is_skipped_by_name() -> None:
    nothing: Any = Nothing()

    with pytest.raises(pytest.skip.Exception, match=r"no selections: see .*QueryWorld"):
        RowAdapterConformance().test_two_queries_in_one_model_are_read_apart(adapter=QueryToyAdapter(), world=nothing)
