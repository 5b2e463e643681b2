"""What becomes of a model in a scenario, and several of these side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from lumix.analysis.tables import percentage, table
from lumix_core import LXNoSolutionError, LXSolution, LXStatus, LXVariable
from lumix_core.problem import html_lines, html_table
from lumix_core.solver import Results


@dataclass(frozen=True)
class LXScenarioChange:
    """One change of a scenario, in words.

    Args:
        kind: "right-hand side", "bounds", "parameter", "data" or "function".
        position: what is changed, as ``family[key]`` or ``Row.attribute``, or the parameter's or the function's name.
        text: how, such as "= 600"; empty for a function.
    """

    kind: str
    position: str
    text: str

    def __str__(self) -> str:
        return f"{self.position} {self.text}".rstrip()


@dataclass(frozen=True, eq=False)
class RowNumbers:
    """The row activities of a solved model, in the user's terms: left-hand sides and right-hand sides."""

    activity: Results
    rhs: Results


@dataclass(frozen=True, eq=False, repr=False)
class LXScenarioResult:
    """What becomes of the model in a scenario.

    Reading an objective where there is none (the scenario is infeasible, say, or failed) raises `LXNoSolutionError`:
    look at ``status`` first.

    Args:
        name: of the scenario; "baseline" for the model as it is.
        description: of the scenario.
        solution: of the changed model; None where the scenario failed.
        error: why it failed; empty where it did not.
        baseline: the solution of the model as it is; None where that failed.
        changes: what the scenario changes.
    """

    name: str
    description: str
    solution: LXSolution | None
    error: str
    baseline: LXSolution | None
    changes: tuple[LXScenarioChange, ...] = ()
    _rows: RowNumbers | None = None
    _own_id: str = field(default_factory=lambda: uuid4().hex)
    _made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def run_id(self) -> str:
        """Tells this result from any other: the id of the solution, or one of its own where the scenario failed.

        So has the model as it is, which is solved once for all sweeps of an analyzer, and is in the history of each.
        """
        return self._own_id if self.solution is None or self.solution is self.baseline else self.solution.run_id

    @property
    def finished_at(self) -> datetime:
        """When the solution was made, in UTC; where the scenario failed, when that was recorded."""
        return self._made_at if self.solution is None else self.solution.finished_at

    @property
    def status(self) -> LXStatus:
        """The status of the solution; ``error`` where the scenario failed."""
        return LXStatus.ERROR if self.solution is None else self.solution.status

    def is_optimal(self) -> bool:
        """Whether there is a point that is proved best."""
        return self.solution is not None and self.solution.is_optimal()

    def is_feasible(self) -> bool:
        """Whether there is a point."""
        return self.solution is not None and self.solution.is_feasible()

    def is_compared(self) -> bool:
        """Whether there is a point here and in the model as it is, so that there is a difference."""
        return self.is_feasible() and self.baseline is not None and self.baseline.is_feasible()

    def solved(self, what: str = "solution") -> LXSolution:
        """Return the solution; raises `LXNoSolutionError` where the scenario failed."""
        if self.solution is None:
            raise LXNoSolutionError(f"Scenario {self.name!r} failed, so it has no {what}. {self.error}")
        return self.solution

    @property
    def objective(self) -> float:
        """The objective in the scenario."""
        return self.solved("objective").objective_value

    @property
    def objective_value(self) -> float:
        """The same as ``objective``."""
        return self.objective

    @property
    def delta_objective(self) -> float:
        """By how much the scenario raises the objective."""
        return self.objective - self._compared().objective_value

    @property
    def delta_percentage(self) -> float:
        """The same in percent of the baseline's size; infinite where that is 0 and the scenario's is not."""
        return percentage(self.delta_objective, self._compared().objective_value)

    @property
    def variables(self) -> Results:
        """The values in the scenario; see `LXSolution.variables`."""
        return self.solved("values").variables

    @property
    def shadow_prices(self) -> Results:
        """The duals in the scenario; see `LXSolution.shadow_prices`."""
        return self.solved("shadow prices").shadow_prices

    @property
    def reduced_costs(self) -> Results:
        """The reduced costs in the scenario; see `LXSolution.reduced_costs`."""
        return self.solved("reduced costs").reduced_costs

    @property
    def solve_time(self) -> float:
        """Seconds spent in the solver."""
        return self.solved("time").solve_time

    def get_mapped(self, variable: LXVariable[Any, Any] | str) -> Mapping[Any, Any]:
        """Return the values of a family in the scenario by key; see `LXSolution.get_mapped`."""
        return self.solved("values").get_mapped(variable)

    @property
    def activity(self) -> Results:
        """The values of the left-hand sides, keyed like the constraints: ``result.activity["stock"]["wood"]``."""
        return self._at_point().activity

    @property
    def rhs(self) -> Results:
        """The right-hand sides in the scenario, keyed like the constraints; only where there is a point."""
        return self._at_point().rhs

    def _at_point(self) -> RowNumbers:
        _ = self.solved("rows").variables  # raises where there is no point
        assert self._rows is not None
        return self._rows

    def _compared(self) -> LXSolution:
        if self.baseline is None:
            raise LXNoSolutionError(
                f"Scenario {self.name!r} has nothing to be compared with: solving the model as it is failed. "
                f"Look at run_scenario('baseline').error."
            )
        return self.baseline

    def __repr__(self) -> str:
        shown = f"objective {self.objective:.10g}" if self.is_feasible() else self.error
        return f"<LXScenarioResult {self.name!r}: {self.status}{', ' if shown else ''}{shown}>"


def comparison(title: str, results: Iterable[LXScenarioResult]) -> str:
    """Return a table of results, in their order; beneath it, what went wrong."""
    shown = list(results)
    lines = [title, "", *table(_HEAD, list(map(_line, shown)))]
    notes = notes_of(shown)
    return "\n".join([*lines, *([""] if notes else []), *notes])


def comparison_html(title: str, results: Iterable[LXScenarioResult]) -> str:
    """Return the same in HTML, for notebooks; a line for each of the first scenarios."""
    shown = list(results)
    found = html_table(_HEAD, [_line(result) for result in shown[:SHOWN]], len(shown))
    notes = notes_of(shown)
    return "".join([html_lines(title), found, *([html_lines(*notes)] if notes else [])])


SHOWN = 60
"""How many scenarios a notebook shows."""
_HEAD = ["scenario", "status", "objective", "change", "change in %"]


def _line(result: LXScenarioResult) -> list[str]:
    return [result.name, str(result.status), *_numbers(result)]


def notes_of(results: list[LXScenarioResult]) -> list[str]:
    """Tell each error once, with the scenarios that ended by it."""
    names: dict[str, list[str]] = {}
    for result in results:
        if result.error:
            names.setdefault(result.error, []).append(result.name)
    return [
        f"{', '.join(some[:3])}{f' and {len(some) - 3} more' * (len(some) > 3)}: {error}"
        for error, some in names.items()
    ]


def _numbers(result: LXScenarioResult) -> list[str]:
    if not result.is_feasible():
        return ["-", "-", "-"]
    objective = f"{result.objective:,.2f}"
    if not result.is_compared():
        return [objective, "-", "-"]
    return [objective, f"{result.delta_objective:+,.2f}", f"{result.delta_percentage:+.2f}"]
