"""The results of many scenarios, to be looked at and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lumix.analysis.charts.drawing import plot
from lumix.analysis.charts.report import write_report
from lumix.analysis.scenarios.results import LXScenarioResult, comparison, comparison_html
from lumix.analysis.scenarios.sweep_results import SweepResults
from lumix.analysis.scenarios.writing import LXSweepWriteBack
from lumix_core import LXConstraint, LXVariable
from lumix_core.errors import LXUnknownNameError, listed
from lumix_core.rows import make_frame
from lumix_core.solver import Results

if TYPE_CHECKING:
    from os import PathLike

    from plotly.graph_objects import Figure

Columns = dict[str, list[Any]]
Numbers = Mapping[str, Results | None]
Kind = Callable[[LXScenarioResult], Numbers]


@dataclass(frozen=True, eq=False, repr=False)
class LXSweep(SweepResults):
    """The results of scenarios by name: ``sweep["more wood"].objective``; in the order in which they were added.

    It holds no row and no session, and can be pickled.

    Args:
        model_name: the name of the model.
        maximize: whether the model maximises; None where it has no objective.
        senses: of the model's constraints.
        results: by name; the baseline first, where it stands among them.
        baseline: the model as it is.
        seconds: that the sweep took.
        sweep_id: distinguishes this sweep from any other: 32 hexadecimal digits.
    """

    def to_frame(
        self, family: LXVariable[Any, Any] | LXConstraint[Any] | str | None = None, backend: Any = None
    ) -> Any:
        """Return the results as a tidy DataFrame.

        Without a family there is one row for each scenario: ``scenario, description, changes, status, objective,
        delta_objective, delta_percentage, best_bound, gap, solve_time, start, error``. What a scenario does not have is
        missing in its row.

        With a family there is one row for each scenario that has a point, and each index element: the scenario, the key
        (a column for each dimension), and ``value, reduced_cost`` for a variable, ``activity, rhs, shadow_price`` for a
        constraint.

        Args:
            family: a variable or a constraint, or its name.
            backend: "pandas", "polars" or "pyarrow", or the module; without it, the first of these that is installed.

        Raises:
            LXUnknownNameError: no scenario has such a family.
            LXUnsupportedError: the library is not installed.
        """
        if family is None:
            return make_frame(_joined([_scenario_row(result) for result in self.values()]), backend)
        name = family if isinstance(family, str) else family.name
        kinds = (_constraint_rows,) if isinstance(family, LXConstraint) else (_variable_rows, _constraint_rows)
        solved = [result for result in self.values() if result.is_feasible()]
        tables = [found for result in solved if (found := _family_rows(result, name, kinds))]
        if not tables:
            families = {known for result in solved for known in (*result.solved().variables, *result.activity)}
            raise LXUnknownNameError(
                f"No scenario of the sweep has values of a variable or a constraint {name!r}. "
                f"There are {listed(sorted(families), empty='none, since no scenario has a point')}."
            )
        return make_frame(_joined(tables), backend)

    def write_back(self) -> LXSweepWriteBack:
        """Return what writes the results to the database: ``sweep.write_back().record(ScenarioRun).write(session)``."""
        return LXSweepWriteBack(self)

    def plot(self, kind: str = "comparison", top_n: int | None = None) -> Figure:
        """Return a plotly Figure of the results; needs ``pip install "lumix-modeling[report]"``.

        Args:
            kind: what is drawn:

                * "comparison": the objective of each scenario, beside that of the baseline;
                * "tornado": by how much each change moves the objective, the largest on top. Scenarios whose only
                  change is at one place share a line, whose ends are the lowest and the highest of them; any other
                  scenario has a line of its own, and so has every function;
                * "utilisation": how much of its right-hand side each ``<=`` row uses, the most used on top. Rows whose
                  right-hand side is 0 or below have no share, and are left out.
            top_n: how many lines at most of a tornado (else 20) or a utilisation (else 30).

        Raises:
            LXOptionError: there is no such kind, or ``top_n`` is no number of lines.
            LXNoSolutionError: there is nothing to show, since no scenario or (for a tornado) the baseline has no point.
            LXModelError: there is nothing to show, since the model has no objective or no such row, or the sweep no
                scenario.
            LXUnsupportedError: plotly is not installed.
        """
        return plot(self, kind, top_n)

    def report(self, path: str | PathLike[str], title: str | None = None) -> Path:
        """Write the results and the charts as one HTML file, which needs no network.

        Needs ``pip install "lumix-modeling[report]"``.

        A file that is there is replaced, once the new one is complete. A chart that has nothing to show is replaced by
        a sentence with the reason.

        Args:
            path: of the file.
            title: of the page; without it, it names the model.

        Returns:
            the path.

        Raises:
            LXUnsupportedError: plotly is not installed.
            OSError: the file cannot be written.
        """
        return write_report(self, path, title)

    def __str__(self) -> str:
        return comparison(self._title, self.values())

    def _repr_html_(self) -> str:
        """Return the comparison as a table, for notebooks."""
        return comparison_html(self._title, self.values())

    @property
    def _title(self) -> str:
        return f"Scenarios of model {self.model_name!r}"

    def __repr__(self) -> str:
        return f"<LXSweep of model {self.model_name!r}: {len(self)} results>"


def _scenario_row(result: LXScenarioResult) -> Columns:
    solution = result.solution
    compared = result.is_compared()
    return {
        "scenario": [result.name],
        "description": [result.description],
        "changes": ["; ".join(map(str, result.changes))],
        "status": [str(result.status)],
        "objective": [result.objective if result.is_feasible() else None],
        "delta_objective": [result.delta_objective if compared else None],
        "delta_percentage": [result.delta_percentage if compared else None],
        "best_bound": [solution and solution.best_bound],
        "gap": [solution and solution.gap],
        "solve_time": [solution and solution.solve_time],
        "start": [solution and str(solution.start)],
        "error": [result.error],
    }


def _family_rows(result: LXScenarioResult, name: str, kinds: tuple[Kind, ...]) -> Columns | None:
    """Return a row for each index element of a family in a scenario; None where it has no such family."""
    for kind in kinds:
        numbers = kind(result)
        known = next(results for results in numbers.values() if results is not None)
        if name in known:
            keys = known.family(name).block.keys
            values = {
                column: [None] * len(keys) if results is None else results.family(name).numbers()
                for column, results in numbers.items()
            }
            return {"scenario": [result.name] * len(keys), **keys.columns("scenario", *values), **values}
    return None


def _variable_rows(result: LXScenarioResult) -> Numbers:
    solution = result.solved()
    return {"value": solution.variables, "reduced_cost": solution.reduced_costs if solution.has_duals() else None}


def _constraint_rows(result: LXScenarioResult) -> Numbers:
    solution = result.solved()
    duals = solution.shadow_prices if solution.has_duals() else None
    return {"activity": result.activity, "rhs": result.rhs, "shadow_price": duals}


def _joined(tables: list[Columns]) -> Columns:
    return {name: [value for table in tables for value in table[name]] for name in (tables[0] if tables else ())}
