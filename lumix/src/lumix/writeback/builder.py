"""Writing back: rows computed from a solution, written to several tables in one transaction, with the run's record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from lumix.writeback.input_rows import Names
from lumix.writeback.steps import Call, Run, Step, call_title, check_class, run_of
from lumix.writeback.transaction import LXWritten, written
from lumix_core.errors import LXWriteError
from lumix_core.rows import WritingAdapter
from lumix_core.solver import LXSolution


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
        self._calls: list[Call] = []

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
            LXWriteError: it is not a class, or is written twice.
        """
        title = call_title("LXWriteBack.replace", cls)
        if not isinstance(where, Mapping | None):
            raise LXWriteError(
                f"{title} got where={where!s:.60}; expected a mapping of attributes to values, such as "
                f'where={{"plant_id": 3}}.'
            )
        return self._add(cls, Step(title, _kept(rows), key, value, dict(where or {})))

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
            LXWriteError: it is not a class, or is written twice.
        """
        return self._add(cls, Step(call_title("LXWriteBack.append", cls), _kept(rows), key, value, run=run))

    def record(self, cls: type, solution: LXSolution, *, run: str | None = None, **more: Any) -> Self:
        """Write the run itself: one row, which is changed where the run was recorded before.

        Of ``model, solver, status, limit, objective, best_bound, gap, solve_time, finished_at``, the row gets those
        that the class has. A run without a point can be recorded; what it lacks is NULL.

        Args:
            cls: a mapped class, the history of runs.
            solution: the run.
            run: the attribute that holds the run's id; without it, the primary key.
            more: further attributes of the row; they override those above.

        Raises:
            LXWriteError: it is not a class, or a run is recorded already.
        """
        title = call_title("LXWriteBack.record", cls)
        if not isinstance(solution, LXSolution):
            raise LXWriteError(f"{title} got {solution!r:.60}; expected the LXSolution of the run.")
        if self._run is not None:
            raise LXWriteError(f"{title}: a run is recorded already. Write back one run at a time.")
        return self._add(cls, Step(title, more, run=run, recorded=run_of(solution)))

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
            adapter: used in place of the installed adapter of the classes.

        Returns:
            how many rows were written.

        Raises:
            LXWriteError: something cannot be written as it is, or the database refused a row; nothing was written.
        """
        if not self._calls:
            raise LXWriteError(
                "LXWriteBack().write() has nothing to write. Call replace(), append() or record() before."
            )
        run_id = None if self._run is None else self._run.run_id
        calls = [replace(call, steps=[replace(step, run_id=run_id) for step in call.steps]) for call in self._calls]
        return replace(written(calls, handle, using, adapter), run_id=run_id)

    @property
    def _run(self) -> Run | None:
        return next((step.recorded for call in self._calls for step in call.steps if step.recorded is not None), None)

    def _add(self, cls: type, step: Step) -> Self:
        check_class(step.title, cls, [call.cls for call in self._calls])
        self._calls.append(Call(step.title, cls, [step]))
        return self


def _kept(rows: Any) -> Any:
    """Return rows that can be read at every write: an iterator can be read only once."""
    return list(rows) if hasattr(rows, "__next__") else rows
