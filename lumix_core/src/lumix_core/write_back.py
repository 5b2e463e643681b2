"""Writing back: rows computed from a solution, written to several tables in one transaction, with the run's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from lumix_core.collector import Paused
from lumix_core.errors import LXWriteError, listed
from lumix_core.given_rows import GivenRows, Names, as_list, given_rows
from lumix_core.solution import LXSolution
from lumix_core.write_faults import refused, without_target
from lumix_core.write_orders import in_order, own_references, parents_first
from lumix_core.writing import RowWriter, WritingAdapter, WrittenTable
from lumix_core.written_values import check_name, checked_value, checked_values


@dataclass(frozen=True, eq=False)
class LXWritten:
    """What a write-back wrote.

    Args:
        inserted: the number of rows written of each class.
        deleted: the number of rows that they replaced.
        run_id: the id of the recorded run; None where none was recorded.
    """

    inserted: Mapping[type, int]
    deleted: Mapping[type, int]
    run_id: str | None = None

    def __getitem__(self, cls: type) -> int:
        """Return the number of rows written of a class."""
        return self.inserted[cls]

    def __str__(self) -> str:
        counts = [
            f"{cls.__name__}: {count:,} written" + (f", {gone:,} replaced" if (gone := self.deleted.get(cls)) else "")
            for cls, count in self.inserted.items()
        ]
        return "; ".join(counts)


@dataclass(frozen=True, eq=False)
class _Step:
    """One call, as the user wrote it."""

    title: str
    cls: type
    rows: Any
    key: Names | None = None
    value: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    run: str | None = None
    solution: LXSolution | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """One call, checked.

    Args:
        table: what is written.
        rows: the rows as given.
        columns: the same, checked.
        sent: the same in the order in which they are sent.
        where: which rows they replace.
        updates: whether a row that is there already is changed rather than replaced.
    """

    table: WrittenTable
    rows: GivenRows
    columns: Mapping[str, list[Any]]
    sent: Mapping[str, list[Any]]
    where: Mapping[str, Any]
    updates: bool = False


class LXWriteBack:
    """Writes rows in one transaction: all of them, or nothing.

    ::

        written = (
            LXWriteBack()
            .replace(Schedule, solution.variables["production"], key="product_id", value="quantity")
            .record(PlanRun, solution)
            .write(session)
        )
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def replace(
        self,
        cls: type,
        rows: Any,
        *,
        key: Names | None = None,
        value: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> Self:
        """Write rows of a class in place of those that its table holds.

        Args:
            cls: a mapped class.
            rows: mappings ``{attribute: value}``, dataclasses, named tuples or new instances of the class; a
                DataFrame; a mapping of columns ``{attribute: values}``; or, with ``key``, values by key.
            key: the attribute that holds the keys, or those that hold their parts.
            value: the attribute that holds the values by key; left out where ``rows`` are keys alone.
            where: ``{attribute: value}``: only rows with these values are replaced. Rows get them where they lack the
                attribute, and must have them where they do not.

        Raises:
            LXWriteError: the class is none, or is written twice.
        """
        title = _title("replace", cls)
        if not isinstance(where, Mapping | None):
            raise LXWriteError(
                f"{title} got where={where!s:.60}, which is no mapping. Name the attributes and the values that "
                f'the rows have: where={{"plant_id": 3}}.'
            )
        return self._add(_Step(title, cls, _kept(rows), key, value, dict(where or {})))

    def append(self, cls: type, rows: Any, *, run: str, key: Names | None = None, value: str | None = None) -> Self:
        """Write the rows of one run among those of other runs. Rows of the same run are replaced.

        Args:
            cls: a mapped class.
            rows: as for `replace`.
            run: the attribute that holds the run's id. It is that of the solution given to `record`; without one the
                rows must have it, the same in all.
            key: as for `replace`.
            value: as for `replace`.

        Raises:
            LXWriteError: the class is none, or is written twice.
        """
        return self._add(_Step(_title("append", cls), cls, _kept(rows), key, value, run=run))

    def record(self, cls: type, solution: LXSolution, *, run: str | None = None, **more: Any) -> Self:
        """Write the run itself: one row, which is changed where the run was recorded before.

        Of ``model, solver, status, limit, objective, best_bound, gap, solve_time, finished_at``, the row gets those
        that the class has. A run without a point can be recorded; what it lacks is NULL.

        Args:
            cls: a mapped class, the history of runs.
            solution: the run.
            run: the attribute that holds the run's id; without it, the primary key.
            more: further attributes of the row, or others in place of the above.

        Raises:
            LXWriteError: the class is none, or a run is recorded already.
        """
        if not isinstance(solution, LXSolution):
            raise LXWriteError(f"{_title('record', cls)} got {solution!r:.60}, which is no LXSolution. Give the run's.")
        if self._solution is not None:
            raise LXWriteError(f"{_title('record', cls)}: a run is recorded already. Write back one run at a time.")
        return self._add(_Step(_title("record", cls), cls, more, run=run, solution=solution))

    def write(
        self, handle: object | None = None, *, using: str | None = None, adapter: WritingAdapter | None = None
    ) -> LXWritten:
        """Check everything, then write it.

        Args:
            handle: where to write. Within a session (or a connection in a transaction) a savepoint is used, and
                nothing is committed. An engine, or what makes sessions, gets a transaction that is committed. For
                Django the alias of a database, or nothing; within its ``atomic()`` a savepoint is used, else the rows
                are committed.
            using: the same, as Django calls it.
            adapter: asked in place of the installed adapter that knows the classes.

        Returns:
            how many rows were written.

        Raises:
            LXWriteError: something cannot be written as it is, or the database refused a row; nothing was written.
        """
        if not self._steps:
            raise LXWriteError(
                "LXWriteBack().write() has nothing to write. Call replace(), append() or record() before."
            )
        if handle is not None and using is not None:
            raise LXWriteError(
                f"LXWriteBack.write() got both {handle!r:.60} and using={using!r}. Name one place to write to."
            )
        with Paused():
            return self._written(
                using if handle is None else handle, self._adapter() if adapter is None else _able(adapter)
            )

    def _written(self, handle: object | None, chosen: WritingAdapter) -> LXWritten:
        prepared = in_order([self._prepared(step, chosen) for step in self._steps])
        with chosen.writing(handle, [one.table for one in prepared]) as writer:
            written = _write(writer, prepared)
        return replace(written, run_id=None if self._solution is None else self._solution.run_id)

    @property
    def _solution(self) -> LXSolution | None:
        return next((step.solution for step in self._steps if step.solution is not None), None)

    def _add(self, step: _Step) -> Self:
        if not isinstance(step.cls, type):
            raise LXWriteError(
                f"{step.title} got {step.cls!r:.60} first, which is no class. Give a mapped class first."
            )
        if any(step.cls is other.cls for other in self._steps):
            raise LXWriteError(
                f"{step.title}: {step.cls.__name__} is in this write-back already. Put its rows together, or write "
                f"them in two write-backs within one transaction."
            )
        self._steps.append(step)
        return self

    def _adapter(self) -> WritingAdapter:
        # Plugins are found at the first mapped class, not at import.
        from lumix_core.plugins import adapter_for, row_adapters

        found = {step.cls: adapter_for(step.cls) for step in self._steps}
        for step in self._steps:
            if found[step.cls] is None:
                raise LXWriteError(
                    f"{step.title}: {step.cls.__name__} is not mapped by any row adapter in use "
                    f"({', '.join(one.name for one in row_adapters()) or 'none'}). Give a mapped class, or install the "
                    f"adapter of its ORM (such as lumix-sqlalchemy or lumix-django)."
                )
        first, *others = {id(one): one for one in found.values()}.values()
        if others:
            raise LXWriteError(
                f"These classes cannot be written in one transaction: {listed(cls.__name__ for cls in found)} are "
                f"mapped by {' and '.join(one.name for one in (first, *others) if one is not None)}. Write the "
                f"classes of each ORM by themselves."
            )
        return _able(first)

    def _prepared(self, step: _Step, adapter: WritingAdapter) -> Prepared:
        table = adapter.written_table(step.cls)
        if step.solution is not None:
            return _recorded(step, step.solution, table)
        rows = given_rows(step.rows, step.key, step.value, step.title, adapter)
        where = {name: checked_value(table, name, one, f"{step.title} where=") for name, one in step.where.items()}
        if step.run is not None:
            where = {step.run: self._run_id(step, step.run, table, rows)}
        rows = rows.with_values({name: one for name, one in where.items() if name not in rows.columns})
        columns = checked_values(table, rows)
        for name, one in where.items():
            _check_where(name, one, columns[name] if rows.size else [], rows)
        return Prepared(table, rows, columns, parents_first(table, columns, rows), where)

    def _run_id(self, step: _Step, run: str, table: WrittenTable, rows: GivenRows) -> Any:
        check_name(table, run, f"{step.title} run=")
        if self._solution is not None:
            return checked_value(table, run, self._solution.run_id, f"{step.title} run=")
        if run not in rows.columns or not rows.size:
            raise LXWriteError(
                f"{step.title}: of which run are these rows? Their attribute {run!r} is not given, and no run is "
                f"recorded. Add .record(..., solution), or give {run!r} in the rows."
            )
        return checked_value(table, run, as_list(rows.columns[run])[0], f"{rows.row(0)}: run=")


def _able(adapter: object) -> WritingAdapter:
    if isinstance(adapter, WritingAdapter):
        return adapter
    raise LXWriteError(
        f"The row adapter {getattr(adapter, 'name', adapter)!r} reads only: it has not what "
        f"lumix_core.writing.WritingAdapter describes. Upgrade it, or write with the ORM itself."
    )


def _title(call: str, cls: object) -> str:
    return f"LXWriteBack.{call}({cls.__name__ if isinstance(cls, type) else '...'})"


def _kept(rows: Any) -> Any:
    """Return rows that can be read at every write: an iterator can be read only once."""
    return list(rows) if hasattr(rows, "__next__") else rows


def _check_where(name: str, value: Any, values: Sequence[Any], rows: GivenRows) -> None:
    for i, one in enumerate(values):
        if one != value:
            raise LXWriteError(
                f"{rows.row(i)} has {name!r} = {one!r}, but only rows with {name!r} = {value!r} are replaced: writing "
                f"again would not replace this one. Leave the row out, or correct it."
            )


def _recorded(step: _Step, solution: LXSolution, table: WrittenTable) -> Prepared:
    """Return the row of a run."""
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
    known = {one: found for one, found in _known_of(solution).items() if one in table.fields}
    values = {**known, **step.rows, name: solution.run_id}
    rows = GivenRows(step.title, {one: [found] for one, found in values.items()}, 1)
    columns = checked_values(table, rows)
    return Prepared(table, rows, columns, columns, {name: columns[name][0]}, updates=True)


def _known_of(solution: LXSolution) -> dict[str, Any]:
    """Return what a row of the history may hold; a bound or gap that is infinite says nothing, and is NULL."""
    infinite = (float("inf"), float("-inf"))
    return {
        "model": solution.model_name,
        "solver": solution.solver,
        "status": str(solution.status),
        "limit": None if solution.limit is None else str(solution.limit),
        "objective": solution.objective_value if solution.is_feasible() else None,
        "best_bound": None if solution.best_bound in infinite else solution.best_bound,
        "gap": None if solution.gap in infinite else solution.gap,
        "solve_time": solution.solve_time,
        "finished_at": solution.finished_at,
    }


def _write(writer: RowWriter, prepared: Sequence[Prepared]) -> LXWritten:
    """Delete from the last to the first, so that nothing is left that refers to what is deleted; then insert."""
    deleted = {one.table.cls: _delete(writer, one) for one in reversed(prepared) if not one.updates}
    for one in prepared:
        _insert(writer, one)
    for one in prepared:
        _check_deferred(writer, one)
    return LXWritten(
        {one.table.cls: one.rows.size for one in prepared}, {cls: count for cls, count in deleted.items() if count}
    )


def _delete(writer: RowWriter, one: Prepared) -> int:
    for name, count in writer.cascades(one.table, one.where).items():
        raise LXWriteError(
            f"{one.rows.title} would change {count:,} row(s) of the table {name!r}, which are deleted or "
            f"changed together with the rows that they refer to (ON DELETE, on_delete). Write the class of {name!r} in "
            f"the same write-back, or delete those rows before. Nothing was written."
        )
    try:
        with writer.savepoint():
            _let_go(writer, one)
            return writer.delete(one.table, one.where)
    except writer.integrity_errors as error:
        raise LXWriteError(
            f"{one.rows.title}: the rows to be replaced cannot be deleted, since other rows refer to them: {error}. "
            f"Write the class of those rows in the same write-back, or delete them before. Nothing was written."
        ) from error


def _let_go(writer: RowWriter, one: Prepared) -> None:
    """Take away what rows say of rows of their own table, which some databases look at row by row."""
    names = [name for reference in own_references(one.table) for name in reference.names]
    names = [name for name in names if one.table.fields[name].nullable and name not in one.where]
    if names:
        writer.update(one.table, one.where, dict.fromkeys(names))


def _insert(writer: RowWriter, one: Prepared) -> None:
    if not one.rows.size:
        return
    try:
        with writer.savepoint():
            if not (one.updates and _update(writer, one)):
                writer.insert(one.table, one.sent)
    except writer.integrity_errors as error:
        raise refused(writer, one.table, one.rows, one.columns, error) from error


def _check_deferred(writer: RowWriter, one: Prepared) -> None:
    """Look at the foreign keys that the database looks at only when the transaction is committed, or never."""
    for reference in one.table.references:
        if not reference.deferred and writer.checks_references:
            continue
        found = without_target(writer, one.table, one.rows, one.columns, reference)
        if found is not None:
            raise found


def _update(writer: RowWriter, one: Prepared) -> int:
    return writer.update(one.table, one.where, {name: values[0] for name, values in one.columns.items()})
