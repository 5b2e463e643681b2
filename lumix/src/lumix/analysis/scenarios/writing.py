"""Writing the results of a sweep to the database: all scenarios in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lumix.analysis.scenarios.results import LXScenarioResult
from lumix.analysis.scenarios.sweep_results import SweepResults
from lumix.writeback.input_rows import Names
from lumix.writeback.steps import Call, Run, Step, call_title, check_class, finite, run_of
from lumix.writeback.transaction import LXWritten, written
from lumix_core import LXVariable, LXWriteError
from lumix_core.errors import did_you_mean, listed
from lumix_core.rows import WritingAdapter

UNKNOWN = ("solver", "limit", "objective", "best_bound", "gap", "solve_time")
"""What a row of the history does not have where a scenario failed."""


@dataclass(frozen=True, eq=False)
class _EachCall:
    """One call, and what it means for each result; the step's title names the scenario."""

    title: str
    cls: type
    step: Callable[[str, LXScenarioResult], Step]


class LXSweepWriteBack:
    """Writes the results of a sweep in one transaction: those of all scenarios, or nothing.

    ::

        written = (
            sweep.write_back()
            .record(ScenarioRun)
            .append(PlanLine, "made", run="run_id", key="product_id", value="quantity")
            .write(session)
        )

    To write the same sweep twice is to write it once; another sweep is written beside it.

    Args:
        sweep: the results.
    """

    def __init__(self, sweep: SweepResults) -> None:
        self._sweep = sweep
        self._calls: list[_EachCall] = []

    def record(self, cls: type, *, run: str | None = None, **more: Any) -> Self:
        """Write a row for each scenario, which is changed where it was recorded before.

        Of ``scenario, description, changes, error, delta_objective, delta_percentage, sweep`` (the sweep's id) and of
        ``model, solver, status, limit, objective, best_bound, gap, solve_time, finished_at`` the row gets those that
        the class has. What a scenario does not have, such as one that failed or is infeasible, is NULL.

        Args:
            cls: a mapped class, the history of runs.
            run: the attribute that holds the result's ``run_id``; without it, the primary key.
            more: further attributes of the rows, or others in place of the above: values, or functions of the result.

        Raises:
            LXWriteError: the class is none, or is written twice.
        """

        def step(title: str, result: LXScenarioResult) -> Step:
            values = {name: _value(title, name, value, result) for name, value in more.items()}
            return Step(title, values, run=run, recorded=Run(result.run_id, _known(result, self._sweep)))

        return self._add(_EachCall(call_title("LXSweepWriteBack.record", cls), cls, step))

    def append(
        self,
        cls: type,
        rows: LXVariable[Any, Any] | str | Callable[[LXScenarioResult], Any],
        *,
        run: str,
        key: Names | None = None,
        value: str | None = None,
    ) -> Self:
        """Write rows of each scenario among those of other runs. Rows of the same run are replaced.

        Args:
            cls: a mapped class.
            rows: a variable, or its name: its values in each scenario that has a point and the variable. Or a
                function of the result that returns rows, in any form that `LXWriteBack.append` takes; ``[]`` for none.
            run: the attribute that holds the result's ``run_id``.
            key: the attribute that holds the keys, or those that hold their parts.
            value: the attribute that holds the values by key.

        Raises:
            LXWriteError: the class is none, or is written twice; these are no rows; no scenario has the variable.
        """
        title = call_title("LXSweepWriteBack.append", cls)
        rows_of = self._rows_of(title, rows, key, value)

        def step(title: str, result: LXScenarioResult) -> Step:
            found = rows_of(title, result)
            if isinstance(found, list | tuple) and not found:
                return Step(title, found, run=run, run_id=result.run_id)
            return Step(title, found, key, value, run=run, run_id=result.run_id)

        return self._add(_EachCall(title, cls, step))

    def write(
        self, handle: object | None = None, *, using: str | None = None, adapter: WritingAdapter | None = None
    ) -> LXWritten:
        """Check everything of all scenarios, then write it.

        Args:
            handle: where to write, as for `LXWriteBack.write`: a session, an engine, the alias of a database.
            using: the same, as Django calls it.
            adapter: used in place of the installed adapter that knows the classes.

        Returns:
            how many rows were written, of all scenarios together.

        Raises:
            LXWriteError: something cannot be written as it is, or the database refused a row; nothing was written.
        """
        if not self._calls:
            raise LXWriteError("sweep.write_back().write() has nothing to write. Call record() or append() before.")
        if not self._sweep:
            return LXWritten({call.cls: 0 for call in self._calls}, {})
        return written([self._expanded(call) for call in self._calls], handle, using, adapter)

    def _add(self, call: _EachCall) -> Self:
        check_class(call.title, call.cls, [earlier.cls for earlier in self._calls])
        self._calls.append(call)
        return self

    def _expanded(self, call: _EachCall) -> Call:
        """Return a call with its step for each scenario."""
        steps = [call.step(f"{call.title}, scenario {one.name!r}", one) for one in self._sweep.values()]
        return Call(call.title, call.cls, steps)

    def _rows_of(
        self, title: str, rows: Any, key: Names | None, value: str | None
    ) -> Callable[[str, LXScenarioResult], Any]:
        """Return the function that gives a result's rows."""
        if isinstance(rows, LXVariable | str):
            name = rows if isinstance(rows, str) else rows.name
            self._check_variable(title, name, key, value)
            return lambda _, result: _values(result, name)
        if callable(rows):
            return lambda title, result: _called(title, "rows", rows, result)
        raise LXWriteError(
            f"{title} got {rows!r:.80}, which is not of every scenario. Give a variable or its name, or a function of "
            f"the result that returns rows: lambda result: [...]."
        )

    def _check_variable(self, title: str, name: str, key: Names | None, value: str | None) -> None:
        if key is None or value is None:
            raise LXWriteError(
                f"{title} got the variable {name!r}, but not the attributes that are to hold its keys and values. "
                f'Write key="product_id", value="quantity"; for keys of several parts key=("product_id", "machine_id").'
            )
        known = {variable: True for result in self._sweep.values() for variable in _variables(result)}
        if known and name not in known:
            raise LXWriteError(
                f"{title}: no scenario of the sweep has a variable {name!r}. There are {listed(known)}."
                f"{did_you_mean(name, known)} Correct the name, or give a function of the result."
            )


def _known(result: LXScenarioResult, sweep: SweepResults) -> dict[str, Any]:
    """Return what a row of the history may hold; a change in percent of nothing is NULL."""
    compared = result.is_compared()
    return {
        **_solved(result, sweep),
        "scenario": result.name,
        "description": result.description,
        "changes": "; ".join(map(str, result.changes)),
        "error": result.error,
        "delta_objective": result.delta_objective if compared else None,
        "delta_percentage": finite(result.delta_percentage) if compared else None,
        "sweep": sweep.sweep_id,
    }


def _solved(result: LXScenarioResult, sweep: SweepResults) -> Mapping[str, Any]:
    if result.solution is not None:
        return run_of(result.solution).known
    known = {"model": sweep.model_name, "status": str(result.status), "finished_at": result.finished_at}
    return {**dict.fromkeys(UNKNOWN), **known}


def _variables(result: LXScenarioResult) -> Mapping[str, Any]:
    """Return the variables of a scenario by name; none where it has no point."""
    return result.solved().variables if result.is_feasible() else {}


def _values(result: LXScenarioResult, name: str) -> Any:
    """Return the values of a variable by key; no rows where the scenario has none."""
    if name not in _variables(result):
        return []
    return result.solved().get_mapped(name)


def _value(title: str, name: str, given: Any, result: LXScenarioResult) -> Any:
    return _called(title, repr(name), given, result) if callable(given) else given


def _called(title: str, what: str, function: Callable[[LXScenarioResult], Any], result: LXScenarioResult) -> Any:
    try:
        return function(result)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}".rstrip(".")
        cure = "Correct the function."
        if not result.is_feasible():
            cure = f"The scenario has no point (its status is {result.status}): let the function ask is_feasible()."
        raise LXWriteError(f"{title}: the function for {what} failed with {fault}. {cure}") from error
