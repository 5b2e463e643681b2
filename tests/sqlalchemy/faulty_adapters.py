"""Adapters that lack something or do one thing wrong, and the tests of the kit that fail with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from lumix_core.rows.adapter import RowQuery
from lumix_core.rows.features import LXRowFeature
from lumix_core.rows.standins import RowClass
from lumix_sqlalchemy import SQLAlchemyAdapter


class WithoutColumns(SQLAlchemyAdapter):
    """An adapter that reads rows only."""

    features = frozenset({LXRowFeature.WRITING})

    def row_class(self, cls: type) -> RowClass:
        return replace(super().row_class(cls), columns=frozenset(), related={})

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        query = super().query(target, handle)
        return None if query is None else RowsOnly(query)


class RowsOnly:
    """A query that reads rows, and knows of nothing else."""

    def __init__(self, query: Any) -> None:
        self.row_type, self.identity, self.rows = query.row_type, query.identity, query.rows


class ReadOnly:
    """An adapter that does not write, and whose queries know no snapshots."""

    features = frozenset[LXRowFeature]()

    def __init__(self) -> None:
        self._adapter = SQLAlchemyAdapter()

    def __getattr__(self, name: str) -> Any:
        if name in ("written_table", "instance_values", "writing"):
            raise AttributeError(name)
        return getattr(self._adapter, name)

    def query(self, target: object, handle: object | None) -> Any:
        query = self._adapter.query(target, handle)
        return None if query is None else RowsOnly(query)


class _Writer:
    """A writer that does one thing wrong."""

    def __init__(self, writer: Any, **wrong: Any) -> None:
        self._writer, self._wrong = writer, wrong

    def __getattr__(self, name: str) -> Any:
        return self._wrong.get(name) or getattr(self._writer, name)


# What a writer does wrong, and the test of the kit that fails.
WRITERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "deletes nothing": (
        "test_rows_replace_those_that_were_there",
        lambda writer: _Writer(writer, delete=lambda table, where: 0),
    ),
    "deletes all": (
        "test_other_rows_stay",
        lambda writer: _Writer(writer, delete=lambda table, where: writer.delete(table, {})),
    ),
    "deletes other runs": (
        "test_the_lines_of_each_run_stay",
        lambda writer: _Writer(writer, delete=lambda table, where: writer.delete(table, {})),
    ),
    "loses a row": (
        "test_rows_come_in_many_forms",
        lambda writer: _Writer(
            writer, insert=lambda table, columns: writer.insert(table, _each(columns, slice(1, None)))
        ),
    ),
    "inserts children first": (
        "test_rows_that_refer_to_rows_of_their_own_table",
        lambda writer: _Writer(writer, insert=lambda table, columns: _one_by_one(writer, table, columns)),
    ),
    "counts zeros": (
        "test_a_key_of_zero_stays_zero_or_is_refused",
        lambda writer: _Writer(writer, insert=lambda table, columns: writer.insert(table, _counted(columns))),
    ),
    "finds no row to change": (
        "test_writing_twice_is_writing_once",
        lambda writer: _Writer(writer, update=lambda table, where, values: 0),
    ),
    "finds everything": (
        "test_a_foreign_key_that_leads_nowhere_names_the_row",
        lambda writer: _Writer(writer, existing=lambda target, names, keys: set(keys)),
    ),
    "finds nothing": (
        "test_a_key_that_a_row_has_already_names_the_row",
        lambda writer: _Writer(writer, existing=lambda target, names, keys: set()),
    ),
    "has no savepoints": (
        "test_a_foreign_key_that_leads_nowhere_names_the_row",
        lambda writer: _Writer(writer, savepoint=nullcontext),
    ),
    "knows no errors": (
        "test_a_foreign_key_that_leads_nowhere_names_the_row",
        lambda writer: _Writer(writer, integrity_errors=(KeyError,)),
    ),
}


def _each(columns: Any, part: slice) -> Any:
    return {name: values[part] for name, values in columns.items()}


def _one_by_one(writer: Any, table: Any, columns: Any) -> None:
    for i in reversed(range(len(columns["id"]))):
        writer.insert(table, _each(columns, slice(i, i + 1)))


def _counted(columns: Any) -> Any:
    return {name: [9 if name == "id" and one == 0 else one for one in values] for name, values in columns.items()}


class WritesWrong(SQLAlchemyAdapter):
    """Has a writer that does one thing wrong."""

    def __init__(self, wrong: Callable[[Any], Any]) -> None:
        super().__init__()
        self._wrong = wrong

    @contextmanager
    def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
        with super().writing(*arguments) as writer:
            yield self._wrong(writer)


class CommitsFailures(SQLAlchemyAdapter):
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


class LosesErrors(SQLAlchemyAdapter):
    """Does not tell of a commit that failed."""

    @contextmanager
    def writing(self, *arguments: Any) -> Iterator[Any]:  # type: ignore[override]
        with suppress(SQLAlchemyError), super().writing(*arguments) as writer:
            yield writer


class LosesRelationships(SQLAlchemyAdapter):
    """Does not say where the relationships of an instance lead."""

    def instance_values(self, row: Any) -> Any:
        return {name: getattr(row, name) for name in ("id", "name")}


class KnowsNoKinds(SQLAlchemyAdapter):
    """Leaves every value to the database."""

    def written_table(self, cls: type) -> Any:
        table = super().written_table(cls)
        return replace(table, fields={name: replace(one, kind="other") for name, one in table.fields.items()})


class KnowsNoAdvice(SQLAlchemyAdapter):
    """Does not say what holds a relationship."""

    def written_table(self, cls: type) -> Any:
        return replace(super().written_table(cls), advice={})


class SeesManyMoments(SQLAlchemyAdapter):
    """Takes any transaction for a snapshot."""

    features = frozenset({LXRowFeature.SNAPSHOTS, LXRowFeature.WRITING})

    def query(self, target: object, handle: object | None) -> Any:
        query: Any = super().query(target, handle)
        if query is None:
            return None
        blind = RowsOnly(query)
        blind.snapshot = lambda ends: "a transaction"  # type: ignore[attr-defined]
        return blind


class ReadsOnce(SQLAlchemyAdapter):
    """Keeps what it has read for the next compile."""

    features = frozenset[LXRowFeature]()

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Any, Any] = {}

    def query(self, target: object, handle: object | None) -> Any:
        query: Any = super().query(target, handle)
        keeping = RowsOnly(query)
        keeping.rows = lambda flush=True: self._rows(query, flush)
        return keeping

    def _rows(self, query: Any, flush: bool) -> Any:
        if str(query) not in self._kept:
            self._kept[str(query)] = query.rows(flush)
        return self._kept[str(query)]


ADAPTERS: list[tuple[type[SQLAlchemyAdapter], str]] = [
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


class LiesOfColumns(SQLAlchemyAdapter):
    """Reads other columns than the instances hold."""

    def __init__(self, lie: Callable[[list[Any]], Any]) -> None:
        super().__init__()
        self._lie = lie

    def query(self, target: object, handle: object | None) -> Any:
        return _LyingQuery(super().query(target, handle), self._lie)


class _LyingQuery:
    def __init__(self, query: Any, lie: Callable[[list[Any]], Any]) -> None:
        self._query, self._lie = query, lie

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)

    def columns(self, *arguments: Any, **options: Any) -> Any:
        found = self._query.columns(*arguments, **options)
        return None if found is None else self._lie([one.tolist() for one in found])
