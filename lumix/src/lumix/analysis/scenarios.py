"""Scenarios of a model: solved one by one or by many workers, and compared."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any, Self, SupportsFloat

from lumix.analysis.scenario import LXScenario
from lumix.analysis.scenario_results import LXScenarioResult, comparison
from lumix.analysis.scenario_runs import Outcome, Runner, run_by
from lumix.analysis.sweep import LXSweep
from lumix_core import LXModel, LXModelError, LXOptimizer
from lumix_core.errors import LXDuplicateNameError, LXUnknownNameError, listed
from lumix_core.numbers import flaw, real_number

BASELINE = "baseline"
"""The name of the model as it is, among scenarios."""
TYPES = {"rhs_multiply": "multiply", "rhs_add": "add", "rhs_set": "set_value"}
"""What `LXScenarioAnalyzer.sensitivity_to_parameter` may do with its values."""


class LXScenarioAnalyzer:
    """Solves scenarios of a model, which stays as it is.

    The model and its rows are read when the first scenario is added, and stay open in the solver. Each scenario is
    solved from where the solver is after the model itself, and its changes are taken back: so its answer does not
    depend on the other scenarios, nor on who solves it. `close` lets the solver go; then the model is read again.

    Args:
        model: the model.
        optimizer: says which solver, with which options.
        include_baseline: whether the model as it is stands among the results, under the name "baseline".
    """

    def __init__(self, model: LXModel, optimizer: LXOptimizer, include_baseline: bool = True) -> None:
        if not isinstance(optimizer, LXOptimizer):
            raise LXModelError(
                f"LXScenarioAnalyzer() got {optimizer!r:.80} as its optimizer. "
                f"Write LXScenarioAnalyzer(model, LXOptimizer())."
            )
        self.model = model
        self.optimizer = optimizer
        self.include_baseline = include_baseline
        self._scenarios: dict[str, LXScenario] = {}
        self._results: dict[str, LXScenarioResult] = {}
        self._runner: Runner | None = None

    def add_scenario(self, scenario: LXScenario) -> Self:
        """Add a scenario.

        Raises:
            LXDuplicateNameError: there is one of this name.
            LXUnknownNameError: the model has no such constraint, variable or parameter.
            LXUnknownKeyError: it has no such key.
        """
        if not isinstance(scenario, LXScenario):
            raise LXModelError(f"add_scenario() got {scenario!r:.80}. Give it an LXScenario.")
        if scenario.name == BASELINE or scenario.name in self._scenarios:
            used = "the model as it is" if scenario.name == BASELINE else "another scenario"
            raise LXDuplicateNameError(
                f"add_scenario() got a scenario named {scenario.name!r}, which is the name of {used}. "
                f"Give it a name of its own."
            )
        self._check(scenario)
        self._scenarios[scenario.name] = scenario
        return self

    def add_scenarios(self, *scenarios: LXScenario) -> Self:
        """Add several scenarios."""
        for scenario in scenarios:
            self.add_scenario(scenario)
        return self

    def run_scenario(self, name: str) -> LXScenarioResult:
        """Solve one scenario, or the model as it is for "baseline".

        A scenario that fails is no exception: its result says why.

        Raises:
            LXUnknownNameError: no such scenario was added.
        """
        if name == BASELINE:
            return self._keep(self._baseline_result())
        scenario = self._named(name)
        return self._keep(self._result(scenario, self._opened().outcome(scenario)))

    def run_all_scenarios(
        self, executor: Executor | None = None, include_baseline: bool | None = None, tasks: int | None = None
    ) -> LXSweep:
        """Solve all scenarios.

        Args:
            executor: solves them in its workers: a `concurrent.futures.Executor`, or one of Dask
                (``client.get_executor()``). The results are those that there would be without.
            include_baseline: whether the model as it is stands among the results; else as the analyzer was told.
            tasks: into how many tasks an executor is given them; model and scenarios travel with each. Without it, as
                many as it has workers where it is one of the standard library, else as many as this machine has
                processors.

        Returns:
            the results by name: the baseline first, then the scenarios in the order in which they were added.

        Raises:
            LXModelError: the model or its rows have changed since they were read (with an executor).
            LXCopyError: the model or a scenario cannot be pickled (with an executor).
        """
        if executor is not None and not hasattr(executor, "submit"):
            raise LXModelError(
                f"run_all_scenarios() got {executor!r:.80} as its executor. Give it a concurrent.futures.Executor, "
                f"such as ProcessPoolExecutor()."
            )
        if tasks is not None and (flaw(tasks) or tasks < 1 or int(tasks) != tasks):
            raise LXModelError(f"run_all_scenarios() got tasks={tasks!r}. Give a whole number of at least 1.")
        began = time.perf_counter()
        runner, scenarios = self._opened(), list(self._scenarios.values())
        if executor is None or not scenarios:
            outcomes = [runner.outcome(one) for one in scenarios]
        else:
            outcomes = run_by(executor, runner, scenarios, tasks)
        wanted = self.include_baseline if include_baseline is None else include_baseline
        baseline = self._baseline_result()
        found = [baseline] if wanted else []
        found += [self._result(one, outcome) for one, outcome in zip(scenarios, outcomes, strict=True)]
        results = {one.name: self._keep(one) for one in found}
        seconds = time.perf_counter() - began
        return LXSweep(self.model.name, self.model.maximizing, runner.senses(), results, baseline, seconds)

    def get_result(self, name: str) -> LXScenarioResult:
        """Return the last result of a scenario.

        Raises:
            LXUnknownNameError: no such scenario was added, or it was not run yet.
        """
        if name not in self._results:
            if name != BASELINE:
                self._named(name)
            raise LXUnknownNameError(
                f"Scenario {name!r} was not run yet. Call run_scenario({name!r}) or run_all_scenarios()."
            )
        return self._results[name]

    def compare_scenarios(self) -> str:
        """Return a table of the results so far as text: status, objective, and the change from the baseline."""
        return comparison(f"Scenarios of model {self.model.name!r}", self._results_so_far())

    def get_best_scenario(self, maximize: bool | None = None) -> str | None:
        """Return the name of the best result so far, which may be the baseline; None where none has a point.

        Args:
            maximize: whether the highest objective is the best; without it as the model says.

        Raises:
            LXModelError: nothing was run yet; or the model has no objective, and ``maximize`` is not given.
        """
        results = [one for one in self._results_so_far() if one.is_feasible()]
        highest = self.model.maximizing if maximize is None else maximize
        if highest is None:
            raise LXModelError(
                f"Model {self.model.name!r} has no objective, so none of its scenarios is the best. "
                f"Say which is with get_best_scenario(maximize=...), or give the model an objective."
            )
        if not results:
            return None
        return (max if highest else min)(results, key=lambda one: one.objective).name

    def sensitivity_to_parameter(
        self,
        name: str,
        values: Iterable[SupportsFloat],
        modification_type: str = "rhs_multiply",
        key: Any = None,
    ) -> dict[float, LXScenarioResult]:
        """Solve the model for several values of a right-hand side; the scenarios that were added are left alone.

        Args:
            name: of the constraint.
            values: the factors, amounts or right-hand sides.
            modification_type: what is done with them: "rhs_multiply", "rhs_add" or "rhs_set".
            key: of one row of the constraint; without it, all are changed.

        Returns:
            the results by value, in the order of the values.

        Raises:
            LXUnknownNameError: the model has no such constraint.
            LXModelError: there is no such modification type.
        """
        if modification_type not in TYPES:
            raise LXModelError(
                f"sensitivity_to_parameter({name!r}) got modification_type={modification_type!r}. "
                f"Give one of {listed(TYPES)}."
            )
        if not isinstance(values, Iterable):
            raise LXModelError(
                f"sensitivity_to_parameter({name!r}) got values={values!r:.80}. Give a list, such as [0.9, 1.0, 1.1]."
            )
        numbers = [real_number(one, f"a value for {name!r}") for one in values]
        found = {}
        for number in numbers:
            way: dict[str, Any] = {TYPES[modification_type]: number}
            scenario = LXScenario(f"{name} {modification_type} {number:g}").modify_constraint_rhs(name, key=key, **way)
            self._check(scenario)
            found[number] = self._result(scenario, self._opened().outcome(scenario))
        return found

    def close(self) -> None:
        """Let the solver go; the results stay until the next scenario is added or run, which reads the model again."""
        if self._runner is not None:
            self._runner.close()
        self._runner = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Runner:
        if self._runner is None:
            self._runner, self._results = Runner(self.model, self.optimizer), {}
        return self._runner

    def _check(self, scenario: LXScenario) -> None:
        self._opened().check(scenario)

    def _named(self, name: str) -> LXScenario:
        if name not in self._scenarios:
            raise LXUnknownNameError(
                f"No scenario named {name!r} was added. There are {listed(self._scenarios)}. "
                f"Add it with add_scenario(), or correct the name."
            )
        return self._scenarios[name]

    def _baseline_result(self) -> LXScenarioResult:
        found = self._opened().baseline
        return LXScenarioResult(
            BASELINE, "the model as it is", found.solution, found.error, found.solution, _rows=found.rows
        )

    def _result(self, scenario: LXScenario, outcome: Outcome) -> LXScenarioResult:
        runner = self._opened()
        return LXScenarioResult(
            scenario.name,
            scenario.description,
            outcome.solution,
            outcome.error,
            runner.baseline.solution,
            runner.changes(scenario),
            outcome.rows,
        )

    def _keep(self, result: LXScenarioResult) -> LXScenarioResult:
        self._results[result.name] = result
        return result

    def _results_so_far(self) -> list[LXScenarioResult]:
        if not self._results:
            raise LXModelError(f"No scenario of model {self.model.name!r} was run yet. Call run_all_scenarios() first.")
        return [self._results[name] for name in (BASELINE, *self._scenarios) if name in self._results]
