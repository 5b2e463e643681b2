"""What becomes of a model in a scenario, and several of these side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from lumix.analysis.reports import table
from lumix_core import LXNoSolutionError, LXSolution, LXStatus


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
    """

    name: str
    description: str
    solution: LXSolution | None
    error: str
    baseline: LXSolution | None

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

    @property
    def objective(self) -> float:
        """The objective in the scenario."""
        if self.solution is None:
            raise LXNoSolutionError(f"Scenario {self.name!r} failed, so it has no objective. {self.error}")
        return self.solution.objective_value

    @property
    def objective_value(self) -> float:
        """The same as ``objective``."""
        return self.objective

    @property
    def delta_objective(self) -> float:
        """By how much the scenario raises the objective."""
        if self.baseline is None:
            raise LXNoSolutionError(
                f"Scenario {self.name!r} has nothing to be compared with: solving the model as it is failed. "
                f"Look at run_scenario('baseline').error."
            )
        return self.objective - self.baseline.objective_value

    @property
    def delta_percentage(self) -> float:
        """The same in percent of the baseline's size; infinite where that is 0 and the scenario's is not."""
        delta = self.delta_objective
        assert self.baseline is not None
        original = abs(self.baseline.objective_value)
        if original == 0.0:
            return math.copysign(math.inf, delta) if delta else 0.0
        return 100.0 * delta / original

    def __repr__(self) -> str:
        said = f"objective {self.objective:.10g}" if self.is_feasible() else self.error
        return f"<LXScenarioResult {self.name!r}: {self.status}{', ' if said else ''}{said}>"


def comparison(title: str, results: Iterable[LXScenarioResult]) -> str:
    """Return a table of results, in their order; beneath it, what went wrong."""
    shown = list(results)
    head = ["scenario", "status", "objective", "change", "change in %"]
    lines = [title, "", *table(head, [[one.name, str(one.status), *_numbers(one)] for one in shown])]
    notes = [f"{one.name}: {one.error}" for one in shown if one.error]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _numbers(result: LXScenarioResult) -> list[str]:
    if not result.is_feasible():
        return ["-", "-", "-"]
    objective = f"{result.objective:,.2f}"
    if result.baseline is None or not result.baseline.is_feasible():
        return [objective, "-", "-"]
    return [objective, f"{result.delta_objective:+,.2f}", f"{result.delta_percentage:+.2f}"]
