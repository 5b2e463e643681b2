"""The kit for row adapters, tested: adapters that do one thing wrong, and the tests of the kit that fail with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kit_faults import fails

from lumix_core.rows import LXRowFeature
from lumix_core.rows import registry as rows_registry
from lumix_core.testing import RowAdapterConformance
from lumix_core.testing.rows.columns import Columns
from lumix_core.testing.rows.toy import ToyAdapter
from tests.core.testing import query_toy as toys

FullToyAdapter: Any = toys.QueryToyAdapter


class _Wrong:
    """A writer or a query that does one thing wrong."""

    def __init__(self, right: Any, **wrong: Any) -> None:
        self._right, self._wrong = right, wrong

    def __getattr__(self, name: str) -> Any:
        return self._wrong.get(name) or getattr(self._right, name)


# What a writer does wrong, and the test of the kit that fails.
WRITERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "deletes nothing": (
        "test_rows_replace_those_that_were_there",
        lambda writer: _Wrong(writer, delete=lambda table, where: 0),
    ),
    "deletes all": (
        "test_other_rows_stay",
        lambda writer: _Wrong(writer, delete=lambda table, where: writer.delete(table, {})),
    ),
    "deletes other runs": (
        "test_the_lines_of_each_run_stay",
        lambda writer: _Wrong(writer, delete=lambda table, where: writer.delete(table, {})),
    ),
    "loses a row": (
        "test_rows_come_in_many_forms",
        lambda writer: _Wrong(
            writer, insert=lambda table, columns: writer.insert(table, _each(columns, slice(1, None)))
        ),
    ),
    "inserts children first": (
        "test_rows_that_refer_to_rows_of_their_own_table",
        lambda writer: _Wrong(writer, insert=lambda table, columns: _one_by_one(writer, table, columns)),
    ),
    "counts zeros": (
        "test_a_key_of_zero_stays_zero_or_is_refused",
        lambda writer: _Wrong(writer, insert=lambda table, columns: writer.insert(table, _counted(columns))),
    ),
    "finds no row to change": (
        "test_writing_twice_is_writing_once",
        lambda writer: _Wrong(writer, update=lambda table, where, values: 0),
    ),
    "finds everything": (
        "test_a_foreign_key_that_leads_nowhere_names_the_row",
        lambda writer: _Wrong(writer, existing=lambda target, names, keys: set(keys)),
    ),
    "finds nothing": (
        "test_a_key_that_a_row_has_already_names_the_row",
        lambda writer: _Wrong(writer, existing=lambda target, names, keys: set()),
    ),
    "knows no errors": (
        "test_a_foreign_key_that_leads_nowhere_names_the_row",
        lambda writer: _Wrong(writer, integrity_errors=(KeyError,)),
    ),
}


def _each(columns: Any, part: slice) -> Any:
    return {name: values[part] for name, values in columns.items()}


def _one_by_one(writer: Any, table: Any, columns: Any) -> None:
    for i in reversed(range(len(columns["id"]))):
        writer.insert(table, _each(columns, slice(i, i + 1)))


def _counted(columns: Any) -> Any:
    return {name: [9 if name == "id" and one == 0 else one for one in values] for name, values in columns.items()}


class WritesWrong(FullToyAdapter):
    """Has a writer that does one thing wrong."""

    def __init__(self, wrong: Callable[[Any], Any]) -> None:
        self._wrong = wrong

    @contextmanager
    def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
        with super().writing(*arguments) as writer:
            yield self._wrong(writer)


class CommitsFailures(FullToyAdapter):
    """Keeps what was written before an error."""

    @contextmanager
    def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
        failed: list[Exception] = []
        with super().writing(*arguments) as writer:
            try:
                yield writer
            except Exception as error:  # noqa: BLE001 - raised below
                failed.append(error)
        for error in failed:
            raise error


class LosesErrors(FullToyAdapter):
    """Hides that a commit failed."""

    @contextmanager
    def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
        with suppress(sqlite3.Error), super().writing(*arguments) as writer:
            yield writer


class LosesRelationships(FullToyAdapter):
    """Does not say where the relationships of an instance lead."""

    def instance_values(self, row: Any) -> Any:
        return {name: getattr(row, name) for name in ("id", "name")}


class KnowsNoKinds(FullToyAdapter):
    """Leaves every value to the database."""

    def written_table(self, cls: type) -> Any:
        table = super().written_table(cls)
        return replace(table, fields={name: replace(one, kind="other") for name, one in table.fields.items()})


class KnowsNoAdvice(FullToyAdapter):
    """Does not say what holds a relationship."""

    def written_table(self, cls: type) -> Any:
        return replace(super().written_table(cls), advice={})


class SeesManyMoments(FullToyAdapter):
    """Takes any transaction for a snapshot."""

    def query(self, target: object, handle: object | None) -> Any:
        return _Wrong(super().query(target, handle), snapshot=lambda ends: "a transaction")


class HoldsRows(FullToyAdapter):
    """Keeps the instances that it has read, and does not say how they are read anew."""

    def __init__(self) -> None:
        self._held: dict[Any, Any] = {}

    def query(self, target: object, handle: object | None) -> Any:
        query: Any = super().query(target, handle)
        return _Wrong(query, rows=lambda flush=True: self._rows(query), columns=lambda *_, **__: None)

    def _rows(self, query: Any) -> Any:
        return [self._held.setdefault((type(row), row.id), row) for row in query.rows()]


class ReadsOnce(ToyAdapter):
    """Keeps what it has read for the next compile."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def query(self, target: object, handle: object | None) -> Any:
        query: Any = super().query(target, handle)
        return _Wrong(query, rows=lambda flush=True: self._rows(query))

    def _rows(self, query: Any) -> Any:
        if query.identity not in self._kept:
            self._kept[query.identity] = query.rows()
        return self._kept[query.identity]


class PromisesTooMuch(ToyAdapter):
    """Declares features that it does not have."""

    def __init__(self, *features: LXRowFeature) -> None:
        self.features = frozenset(features)


ADAPTERS: list[tuple[type[Any], str]] = [
    (CommitsFailures, "test_a_failure_at_any_statement_leaves_the_old_plan"),
    (LosesErrors, "test_a_failure_at_the_commit_leaves_the_old_plan"),
    (LosesRelationships, "test_new_instances_may_be_related_to_rows"),
    (LosesRelationships, "test_instances_that_lead_to_a_row_without_a_key_are_refused"),
    (KnowsNoKinds, "test_nothing_is_sent_of_rows_that_are_wrong"),
    (KnowsNoAdvice, "test_a_relationship_is_no_column"),
    (SeesManyMoments, "test_a_snapshot_is_of_one_moment"),
    (SeesManyMoments, "test_solving_takes_a_snapshot_too"),
    (SeesManyMoments, "test_parameters_are_read_at_the_same_moment"),
    (ReadsOnce, "test_each_compile_reads_again"),
    (ReadsOnce, "test_a_refresh_misses_the_rows_that_went"),
    (HoldsRows, "test_a_refresh_shows_rows_that_the_handle_holds_as_they_are_now"),
]


# What is done to columns that were read.
LIES: dict[str, Callable[[list[Any]], Any]] = {
    "other types": lambda columns: [[str(value) for value in column] for column in columns],
    "another order": lambda columns: [column[::-1] for column in columns],
    "a value too few": lambda columns: [column[:-1] for column in columns],
    "a column too many": lambda columns: [*columns, columns[0]],
    "a missing row left out": lambda columns: [[v for v in column if v is not None] for column in columns],
    "nothing at all": lambda columns: None,
}


class LiesOfColumns(FullToyAdapter):
    """Reads other columns than the instances hold."""

    def __init__(self, lie: Callable[[list[Any]], Any]) -> None:
        self._lie = lie

    def query(self, target: object, handle: object | None) -> Any:
        query: Any = super().query(target, handle)

        def columns(*arguments: Any, **options: Any) -> Any:
            found = query.columns(*arguments, **options)
            return None if found is None else self._lie(found)

        return _Wrong(query, columns=columns)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    adapters: Any = _OnlyTheToy()
    monkeypatch.setattr(rows_registry, "_SHARED", adapters)
    world = toys.QueryToyWorld(tmp_path / "toy.db")
    yield world
    world.close()


class _OnlyTheToy:
    """What stands for the registry: the full toy is the adapter of every class that it owns."""

    def __init__(self) -> None:
        self._toy = FullToyAdapter()

    def in_use(self) -> tuple[Any, ...]:
        return (self._toy,)

    def owner_of(self, cls: type) -> Any:
        return self._toy if self._toy.owns(cls) else None


class TestFullToyAdapter(RowAdapterConformance):
    @pytest.fixture
    def adapter(self) -> Any:
        return FullToyAdapter()

    @pytest.fixture
    def world(self, world: Any) -> Any:
        return world


@pytest.mark.parametrize("name", WRITERS)
def test_the_kit_notices_a_writer_that_does_wrong(world: Any, name: str) -> None:
    test, wrong = WRITERS[name]

    assert fails(test, WritesWrong(wrong), world, world.close_transaction)
    assert not fails(test, FullToyAdapter(), world, world.close_transaction)


@pytest.mark.parametrize(("cls", "test"), ADAPTERS)
def test_the_kit_notices_an_adapter_that_does_wrong(world: Any, cls: type[Any], test: str) -> None:
    assert fails(test, cls(), world, world.close_transaction)
    assert not fails(test, FullToyAdapter(), world, world.close_transaction)


@pytest.mark.parametrize("feature", LXRowFeature)
def test_the_kit_notices_a_feature_that_is_not_there(world: Any, feature: LXRowFeature) -> None:
    assert fails("test_has_what_its_features_promise", PromisesTooMuch(feature), world, world.close_transaction)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_the_kit_notices_columns_that_lie(world: Any, lie: Callable[[list[Any]], Any]) -> None:
    names = [name for name in vars(Columns) if name.startswith("test_")]

    kept = [name for name in names if not fails(name, LiesOfColumns(lie), world, world.close_transaction)]

    assert "test_a_class_tells_what_can_be_read_as_columns" in kept
    assert len(kept) < len(names)
