"""What is to be written: the calls as users write them, for one run or many, and the same checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lumix.writeback.checks import check_name, checked_column, checked_value, checked_values
from lumix.writeback.input_rows import GivenRows, Names, as_list, given_rows, joined
from lumix.writeback.instants import instant
from lumix.writeback.ordering import parents_first
from lumix_core.errors import LXWriteError
from lumix_core.rows import OneOf, WritingAdapter, WrittenTable
from lumix_core.solver import LXSolution


@dataclass(frozen=True, eq=False)
class Run:
    """A run, as a history has it.

    Args:
        run_id: its identity.
        known: what its row may hold, by attribute; the row gets those that its class has.
    """

    run_id: str
    known: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Step:
    """What a call means for one run.

    Args:
        title: the call, and the run where there are several, for messages.
        rows: as given; of a run that is recorded, further attributes of its row.
        key: the attribute for keys, or those for their parts.
        value: the attribute for values by key.
        where: which rows are replaced.
        run: the attribute that holds the run's id.
        run_id: of which run the rows are, where that is known.
        recorded: the run, where it is recorded.
    """

    title: str
    rows: Any
    key: Names | None = None
    value: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    run: str | None = None
    run_id: str | None = None
    recorded: Run | None = None


@dataclass(frozen=True, eq=False)
class Call:
    """One call, as the user wrote it.

    Args:
        title: the call, for messages.
        cls: the class that is written.
        steps: what it means for each run, at least one; of the same kind, and without ``where`` if there are several.
    """

    title: str
    cls: type
    steps: Sequence[Step]


@dataclass(frozen=True, eq=False)
class Prepared:
    """One call, checked.

    Args:
        table: what is written.
        rows: the rows as given.
        columns: the same, checked.
        sent: the same in the order in which they are sent.
        where: which rows they replace.
        updates: whether rows that are there already are changed rather than replaced.
    """

    table: WrittenTable
    rows: GivenRows
    columns: Mapping[str, list[Any]]
    sent: Mapping[str, list[Any]]
    where: Mapping[str, Any]
    updates: bool = False


def call_title(start: str, cls: object) -> str:
    """Return what a call with a class is called in messages."""
    return f"{start}({cls.__name__ if isinstance(cls, type) else '...'})"


def check_class(title: str, cls: object, others: Iterable[object]) -> None:
    """Refuse what is no class, and a class that is written already."""
    if not isinstance(cls, type):
        raise LXWriteError(f"{title} got {cls!r:.60} as its first argument; expected a mapped class.")
    if any(cls is other for other in others):
        raise LXWriteError(
            f"{title}: {cls.__name__} is in this write-back already. Put its rows together, or write "
            f"them in two write-backs within one transaction."
        )


def run_of(solution: LXSolution) -> Run:
    """Return a run for its history; a bound or gap that is infinite says nothing, and is NULL."""
    known = {
        "model": solution.model_name,
        "solver": solution.solver,
        "status": str(solution.status),
        "limit": None if solution.limit is None else str(solution.limit),
        "objective": solution.objective_value if solution.is_feasible() else None,
        "best_bound": finite(solution.best_bound),
        "gap": finite(solution.gap),
        "solve_time": solution.solve_time,
        "finished_at": solution.finished_at,
    }
    return Run(solution.run_id, known)


def finite(number: float | None) -> float | None:
    """Return a number, None in place of an infinite one."""
    return None if number in (float("inf"), float("-inf")) else number


def prepared(call: Call, adapter: WritingAdapter) -> Prepared:
    """Return a call, checked.

    Raises:
        LXWriteError: something cannot be written as it is.
    """
    table = adapter.written_table(call.cls)
    parts = [_recorded(step, table) if step.recorded else _given(step, table, adapter) for step in call.steps]
    rows = joined(call.title, [part for part, _ in parts])
    columns = checked_values(table, rows)
    sent = parents_first(table, columns, rows)
    where = _any_of([where for _, where in parts])
    return Prepared(table, rows, columns, sent, where, updates=call.steps[0].recorded is not None)


def _given(step: Step, table: WrittenTable, adapter: WritingAdapter) -> tuple[GivenRows, Mapping[str, Any]]:
    """Return rows, and which ones they replace."""
    rows = given_rows(step.rows, step.key, step.value, step.title, adapter)
    where = {name: checked_value(table, name, value, f"{step.title} where=") for name, value in step.where.items()}
    if step.run is not None:
        where = {step.run: _run_id(step, step.run, table, rows)}
    for name in where.keys() & rows.columns.keys():
        _check_where(table, name, where[name], rows)
    return rows.with_values({name: value for name, value in where.items() if name not in rows.columns}), where


def _run_id(step: Step, run: str, table: WrittenTable, rows: GivenRows) -> Any:
    check_name(table, run, f"{step.title} run=")
    if step.run_id is not None:
        return checked_value(table, run, step.run_id, f"{step.title} run=")
    if run not in rows.columns or not rows.size:
        raise LXWriteError(
            f"{step.title}: of which run are these rows? Their attribute {run!r} is not given, and no run is "
            f"recorded. Add .record(..., solution), or give {run!r} in the rows."
        )
    of_first = checked_value(table, run, as_list(rows.columns[run])[0], f"{rows.row(0)}: run=")
    if of_first is None:
        raise LXWriteError(
            f"{rows.row(0)} has {run!r} = None, so that it is of no run, and all other rows of no run would be "
            f"replaced. Give every row the id of its run; to replace rows without one, write "
            f".replace(..., where={{{run!r}: None}})."
        )
    return of_first


def _recorded(step: Step, table: WrittenTable) -> tuple[GivenRows, Mapping[str, Any]]:
    """Return the row of a run, and which one it replaces."""
    assert step.recorded is not None
    run_attribute = _attribute_of_run(step, table)
    known = {name: value for name, value in step.recorded.known.items() if name in table.fields}
    values = {**known, **step.rows, run_attribute: step.recorded.run_id}
    rows = GivenRows(step.title, {name: [value] for name, value in values.items()}, 1)
    return rows, {run_attribute: checked_value(table, run_attribute, step.recorded.run_id, f"{step.title} run=")}


def _attribute_of_run(step: Step, table: WrittenTable) -> str:
    name = step.run
    if name is None and len(table.primary_key) == 1:
        name = table.primary_key[0]
    if name is None:
        raise LXWriteError(
            f"{step.title}: the primary key of {table.cls.__name__} has {len(table.primary_key)} parts. Say which "
            f'attribute holds the run\'s id: run="run_id".'
        )
    check_name(table, name, f"{step.title} run=")
    if table.fields[name].kind not in ("text", "uuid"):
        raise LXWriteError(
            f"{step.title}: the run's id is text, 32 characters, and {table.cls.__name__}.{name} does not hold text. "
            f'Name another attribute: run="run_id".'
        )
    return name


def _check_where(table: WrittenTable, name: str, wanted: Any, rows: GivenRows) -> None:
    """Refuse rows that would not be replaced when they are written again."""
    for i, value in enumerate(checked_column(table.fields[name], rows.columns[name], lambda i: f"{rows.row(i)}: ")):
        if instant(value) != instant(wanted):
            raise LXWriteError(
                f"{rows.row(i)} has {name!r} = {value!r}, but only rows with {name!r} = {wanted!r} are replaced: "
                f"to write again would not replace this row. Leave the row out, or correct it."
            )


def _any_of(wheres: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if len(wheres) == 1:
        return wheres[0]
    return {name: OneOf(tuple(where[name] for where in wheres)) for name in wheres[0]}
