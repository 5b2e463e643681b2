"""The kit for row adapters catches every fault of a writer's methods, of transactions and of snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kit_faults import fails

from lumix_core.rows import OneOf, Reference
from tests.core.testing import wrong_toys as wrong
from tests.core.testing.full_toy import ToyWriter
from tests.core.testing.query_toy import QueryToyAdapter, QueryToyWorld, ShiftWriter


def writer(**methods: Any) -> type[Any]:
    """Return an adapter of whose writers some methods are others."""
    return wrong.replacing(writer=type("WrongWriter", (ShiftWriter,), methods))


def first_of(where: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.values[0] if isinstance(value, OneOf) else value for name, value in where.items()}


def without_null(where: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in where.items() if value is not None}


def one_of(where: Mapping[str, Any]) -> dict[str, Any]:
    return dict(list(where.items())[:1])


def inserting(change: Callable[[str, Any], Any]) -> type[Any]:
    """Return an adapter whose writer inserts other values."""

    def insert(self: Any, table: Any, columns: Any) -> None:
        changed = {name: [change(name, value) for value in values] for name, values in columns.items()}
        ShiftWriter.insert(self, table, changed)

    return writer(insert=insert)


def described(**parts: Callable[[Any], Any]) -> type[Any]:
    """Return an adapter that describes what can be written wrongly."""
    return wrong.adapter(
        written_table=lambda table, cls: replace(table, **{name: make(table) for name, make in parts.items()})
    )


def update_of_changed(self: Any, table: Any, where: Any, values: Any) -> int:
    """Count as databases do that leave out the rows in which nothing changes."""
    same = ToyWriter.count(self, table, {**where, **values})
    return ToyWriter.update(self, table, where, values) - same


def write_one_value(self: Any, table: Any, where: Any, values: Any) -> int:
    return ToyWriter.update(self, table, where, one_of(values))


@contextmanager
def keeping_errors(self: Any) -> Iterator[None]:
    """Release what failed in place of rolling it back."""
    self.connection.execute("SAVEPOINT toy")
    try:
        yield
    finally:
        self.connection.execute("RELEASE toy")


@contextmanager
def rolling_back_all(self: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        self.connection.execute("ROLLBACK")
        self.connection.execute("BEGIN")
        raise


@contextmanager
def committing_early(self: Any, handle: Any, tables: Any) -> Iterator[Any]:
    with QueryToyAdapter.writing(self, handle, tables) as right:
        yield right
    if handle.in_transaction:
        handle.execute("COMMIT")
        handle.execute("BEGIN")


@contextmanager
def swallowing(self: Any, handle: Any, tables: Any) -> Iterator[Any]:
    with suppress(Exception), QueryToyAdapter.writing(self, handle, tables) as right:
        yield right


@contextmanager
def without_a_transaction(self: Any, handle: Any, tables: Any) -> Iterator[Any]:
    yield self.writer(handle)


def instance_with_everything(self: Any, row: Any) -> Any:
    return {"price": 0.0, **QueryToyAdapter.instance_values(self, row)}


def instance_read(self: Any, row: Any) -> Any:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")} | {"connection": 1}


def snapshot(change: Callable[[Any, ExitStack], Any]) -> type[Any]:
    return wrong.query(snapshot=lambda right: lambda ends: change(right, ends))


def never_ended(right: Any, ends: ExitStack) -> Any:
    connection = right.identity[1]
    if not connection.in_transaction:
        connection.execute("BEGIN")
    return connection


def ended_always(right: Any, ends: ExitStack) -> Any:
    connection = right.snapshot(ends)
    ends.callback(lambda: connection.in_transaction and connection.execute("COMMIT"))
    return connection


def begun_anew(right: Any, ends: ExitStack) -> Any:
    connection = right.identity[1]
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    return right.snapshot(ends)


def of_each_query(right: Any, ends: ExitStack) -> Any:
    right.snapshot(ends)
    return object()


def to_the_class(table: Any) -> Any:
    return tuple(
        Reference(one.names, table.name, one.columns, one.target, one.target_names) for one in table.references
    )


FAULTS: dict[str, tuple[Any, str]] = {
    "counts all": (
        writer(count=lambda self, table, where: ToyWriter.count(self, table, {})),
        "test_rows_are_counted_by_values",
    ),
    "counts without NULL": (
        writer(count=lambda self, table, where: ToyWriter.count(self, table, without_null(where))),
        "test_rows_are_counted_by_values",
    ),
    "counts by one of the attributes": (
        writer(count=lambda self, table, where: ToyWriter.count(self, table, one_of(where))),
        "test_rows_are_counted_by_values",
    ),
    "counts the first of several values": (
        writer(count=lambda self, table, where: ToyWriter.count(self, table, first_of(where))),
        "test_rows_are_counted_by_values",
    ),
    "counts up to one": (
        writer(count=lambda self, table, where: min(ToyWriter.count(self, table, where), 1)),
        "test_rows_are_counted_by_values",
    ),
    "updates all": (
        writer(update=lambda self, table, where, values: ToyWriter.update(self, table, {}, values)),
        "test_rows_are_updated_by_values",
    ),
    "updates the first of several values": (
        writer(update=lambda self, table, where, values: ToyWriter.update(self, table, first_of(where), values)),
        "test_rows_are_updated_by_values",
    ),
    "updates one attribute": (writer(update=write_one_value), "test_rows_are_updated_by_values"),
    "says how many changed": (writer(update=update_of_changed), "test_rows_are_updated_by_values"),
    "updates nothing, and counts": (
        writer(update=lambda self, table, where, values: ToyWriter.count(self, table, where)),
        "test_rows_are_updated_by_values",
    ),
    "deletes by one of the attributes": (
        writer(delete=lambda self, table, where: ToyWriter.delete(self, table, one_of(where))),
        "test_rows_are_deleted_by_values",
    ),
    "deletes the rows with NULL too": (
        writer(delete=lambda self, table, where: ToyWriter.delete(self, table, without_null(where))),
        "test_rows_are_deleted_by_values",
    ),
    "says that one was deleted": (
        writer(delete=lambda self, table, where: min(1, ToyWriter.delete(self, table, where))),
        "test_rows_are_deleted_by_values",
    ),
    "inserts 0 for NULL": (
        inserting(lambda name, value: 0.0 if value is None else value),
        "test_values_are_inserted_as_they_are",
    ),
    "inserts NULL for 0": (
        inserting(lambda name, value: None if name == "price" and value == 0 else value),
        "test_values_are_inserted_as_they_are",
    ),
    "strips texts": (
        inserting(lambda name, value: value.strip() if isinstance(value, str) else value),
        "test_values_are_inserted_as_they_are",
    ),
    "rounds numbers": (
        inserting(lambda name, value: float(np.float32(value)) if isinstance(value, float) else value),
        "test_values_are_inserted_as_they_are",
    ),
    "writes numbers as text": (
        inserting(lambda name, value: f"{value:.10g}" if isinstance(value, float) else value),
        "test_values_are_inserted_as_they_are",
    ),
    "takes empty texts for NULL": (
        inserting(lambda name, value: "None" if value == "" else value),
        "test_values_are_inserted_as_they_are",
    ),
    "finds rows by a part of the key": (
        writer(
            existing=lambda self, target, names, keys: {
                key for key in keys if ShiftWriter.existing(self, target, names[:1], [key[:1]])
            }
        ),
        "test_existing_keys_are_those_that_were_given",
    ),
    "finds keys as lists": (
        writer(existing=lambda self, target, names, keys: [list(key) for key in keys]),
        "test_existing_keys_are_those_that_were_given",
    ),
    "finds keys as they are stored": (
        writer(
            existing=lambda self, target, names, keys: {
                tuple(str(part) for part in key) for key in ShiftWriter.existing(self, target, names, keys)
            }
        ),
        "test_converted_values_are_written_back",
    ),
    "deletes along what is not there": (
        writer(cascades=lambda self, table, where: {"Product": 5}),
        "test_what_is_deleted_along_is_counted",
    ),
    "has no savepoints": (writer(savepoint=lambda self: nullcontext()), "test_a_savepoint_leaves_nothing_behind"),
    "keeps what failed in a savepoint": (writer(savepoint=keeping_errors), "test_a_savepoint_leaves_nothing_behind"),
    "rolls back all": (writer(savepoint=rolling_back_all), "test_a_savepoint_leaves_nothing_behind"),
    "commits what is the user's": (
        wrong.replacing(writing=committing_early),
        "test_a_transaction_of_the_user_can_be_rolled_back",
    ),
    "swallows errors": (
        wrong.replacing(writing=swallowing),
        "test_writing_that_is_left_with_an_error_wrote_nothing",
    ),
    "has no transactions": (
        wrong.replacing(writing=without_a_transaction),
        "test_writing_that_is_left_with_an_error_wrote_nothing",
    ),
    "runs a query to describe a class": (
        wrong.adapter(
            written_table=lambda table, cls: (
                WORLD[-1].handle.execute("SELECT count(*) FROM Product").fetchone() and table
            )
        ),
        "test_a_class_is_described_without_a_query",
    ),
    "knows no foreign keys": (described(references=lambda table: ()), "test_a_class_is_described_without_a_query"),
    "knows foreign keys to the class itself": (
        described(references=to_the_class),
        "test_a_class_is_described_without_a_query",
    ),
    "takes the key for a unique key too": (
        described(unique=lambda table: (table.primary_key,)),
        "test_a_class_is_described_without_a_query",
    ),
    "takes nullable columns for others": (
        described(fields=lambda table: {name: replace(field, nullable=False) for name, field in table.fields.items()}),
        "test_tells_the_attributes_of_a_class",
    ),
    "takes all for nullable": (
        described(fields=lambda table: {name: replace(field, nullable=True) for name, field in table.fields.items()}),
        "test_nothing_is_sent_of_rows_that_are_wrong",
    ),
    "fills in what the user must": (
        described(fields=lambda table: {name: replace(field, filled=True) for name, field in table.fields.items()}),
        "test_nothing_is_sent_of_rows_that_are_wrong",
    ),
    "turns the key around": (
        described(primary_key=lambda table: table.primary_key[::-1]),
        "test_converted_values_are_written_back",
    ),
    "fills in what is not set": (
        wrong.replacing(instance_values=instance_with_everything),
        "test_an_instance_gives_what_is_set",
    ),
    "takes rows of the database for new": (
        wrong.replacing(instance_values=instance_read),
        "test_new_instances_are_rows",
    ),
    "never ends a snapshot": (snapshot(never_ended), "test_a_snapshot_leaves_no_transaction_behind"),
    "ends the user's transaction": (snapshot(ended_always), "test_a_snapshot_leaves_the_users_transaction_open"),
    "rolls back the user's transaction": (
        snapshot(begun_anew),
        "test_a_snapshot_leaves_the_users_transaction_open",
    ),
    "a transaction for each query": (snapshot(of_each_query), "test_a_snapshot_is_of_one_transaction"),
}

WORLD: list[Any] = []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryToyWorld]:
    wrong.register(QueryToyAdapter(), monkeypatch)
    world = QueryToyWorld(tmp_path / "toy.db")
    WORLD.append(world)
    yield world
    WORLD.clear()
    world.close()


@pytest.mark.parametrize(("cls", "test"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_caught(world: Any, cls: type[Any], test: str) -> None:
    assert not fails(test, QueryToyAdapter(), world, world.close_transaction)
    assert fails(test, cls(), world, world.close_transaction)
