"""Scenarios of a model: solved one by one or by many workers, and compared."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any, Self, SupportsFloat

from lumix.analysis.scenarios.progress import Callback, Watch, checked_callback
from lumix.analysis.scenarios.results import LXScenarioResult, comparison
from lumix.analysis.scenarios.runs import Outcome, Runner
from lumix.analysis.scenarios.scenario import LXScenario
from lumix.analysis.scenarios.sweep import LXSweep
from lumix.analysis.workers.crews import crew_of
from lumix_core import LXInfeasibility, LXModel, LXModelError, LXOptimizer
from lumix_core.errors import LXDuplicateNameError, LXUnknownNameError, listed
from lumix_core.language import Bracketed
from lumix_core.problem import checked_number
from lumix_core.solver import Closing, Turns, checked_model, checked_optimizer

BASELINE = "baseline"
"""The name of the model as it is, among scenarios."""
CANCELLED = "The sweep was cancelled before this scenario was solved. Run it again with run_scenario()."
"""Why a scenario has no result after a cancelled sweep."""
TYPES = {
    "rhs_multiply": ("constraint", "multiply"),
    "rhs_add": ("constraint", "add"),
    "rhs_set": ("constraint", "set_value"),
    "bound_lower": ("variable", "lower"),
    "bound_upper": ("variable", "upper"),
}
"""What `LXScenarioAnalyzer.sensitivity_to_parameter` may do with its values: to what, and how that is called there."""


class LXScenarioAnalyzer(Closing, Bracketed):
    """Solves scenarios of a model, which stays as it is.

    The model and its rows are read when the first scenario is added, and stay open in the solver. Each scenario is
    solved from where the solver is after the model itself, and its changes are taken back: so its answer does not
    depend on the other scenarios, nor on who solves it. `close` releases the solver; then the model is read again.
    Threads may share an analyzer: they take turns at its solver. It belongs to the process that read the model: in a
    process that is forked from that one it is an error to run scenarios. A copy, pickled or not, reads the model anew.

    Args:
        model: the model.
        optimizer: the solver and its options.
        include_baseline: whether the model as it is stands among the results, under the name "baseline".
    """

    def __init__(self, model: LXModel, optimizer: LXOptimizer, include_baseline: bool = True) -> None:
        self.model = checked_model(model, type(self).__name__)
        self.optimizer = checked_optimizer(optimizer, type(self).__name__)
        self.include_baseline = include_baseline
        self._scenarios: dict[str, LXScenario] = {}
        self._results: dict[str, LXScenarioResult] = {}
        self._runner: Runner | None = None
        self._turns = self._new_turns()

    def _new_turns(self) -> Turns:
        title = f"The scenario analyzer of model {self.model.name!r}"
        return Turns(title, f"Make another one here: {type(self).__name__}(model, optimizer).")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_turns"} | {"_runner": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._turns = self._new_turns()

    def add_scenario(self, scenario: LXScenario) -> Self:
        """Add a scenario.

        Raises:
            LXDuplicateNameError: there is one of this name.
            LXUnknownNameError: the model has no such constraint, variable or parameter.
            LXUnknownKeyError: it has no such key.
        """
        if not isinstance(scenario, LXScenario):
            raise LXModelError(
                f"add_scenario() got {scenario!r:.80}. Give it an LXScenario; for a list of them write "
                f"add_scenarios(*scenarios)."
            )
        if scenario.name == BASELINE or scenario.name in self._scenarios:
            used = "the model as it is" if scenario.name == BASELINE else "another scenario"
            raise LXDuplicateNameError(
                f"add_scenario() got a scenario named {scenario.name!r}, which is the name of {used}. "
                f"Give it a name of its own."
            )
        self._opened().check(scenario)
        self._scenarios[scenario.name] = scenario
        return self

    def add_scenarios(self, *scenarios: LXScenario) -> Self:
        """Add several scenarios."""
        for scenario in scenarios:
            self.add_scenario(scenario)
        return self

    def run_scenario(self, name: str) -> LXScenarioResult:
        """Solve one scenario, or the model as it is for "baseline".

        A scenario that fails is no exception: its result holds the reason.

        Raises:
            LXUnknownNameError: no such scenario was added.
            LXLateBindingError: a function of it captures a variable of a loop that has gone on.
        """
        if name == BASELINE:
            return self._keep(_baseline_of(self._opened()))
        scenario = self._named(name)
        scenario.check_captures()
        runner = self._opened()
        return self._keep(_result(runner, scenario, runner.outcome(scenario)))

    def run_all_scenarios(
        self,
        executor: Executor | None = None,
        include_baseline: bool | None = None,
        *,
        workers: int | None = None,
        threads_per_solve: int | None = None,
        callback: Callback | None = None,
        progress: bool = False,
    ) -> LXSweep:
        """Solve all scenarios.

        Args:
            executor: solves them in its workers: a `concurrent.futures.Executor`, or one of Dask
                (``client.get_executor()``). The results are those that there would be without. A worker that dies
                loses no scenario: others go on with what it was to solve.
            include_baseline: whether the model as it is stands among the results; without it, as in the analyzer.
            workers: how many the executor has, where it is neither of the standard library nor of Dask; without it, as
                many as this machine has processors.
            threads_per_solve: how many threads each worker's solver has; without it, as many as the optimizer has,
                or else one, so that the workers do not fight for the processors.
            callback: is called after each scenario, in the calling thread; ``progress.cancel()`` of its argument ends
                the sweep. What it raises ends the sweep too, and is raised; `get_result` then has what was solved.
                Whatever it does with the analyzer (adds scenarios, closes it), this sweep goes on as it began.
            progress: whether a bar is shown on standard error; needs rich.

        Returns:
            the results by name: the baseline first, then the scenarios in the order in which they were added.

        Raises:
            LXModelError: the model or its rows have changed since they were read (with an executor).
            LXCopyError: the model or a scenario cannot be pickled (with an executor).
            LXWorkerError: the workers die whatever they are given, or the executor is shut down.
            LXLateBindingError: a function of a scenario captures a variable of a loop that has gone on.
            LXOptionError: the solver has no option for the number of threads.
            KeyboardInterrupt: Ctrl-C came; `get_result` has what was solved.
        """
        began = time.perf_counter()
        scenarios = list(self._scenarios.values())
        crew = crew_of(executor, workers, threads_per_solve)
        checked_callback(callback)
        for scenario in scenarios:
            scenario.check_captures()
        found: dict[str, LXScenarioResult] = {}

        def took(position: int, outcome: Outcome) -> None:
            result = found[scenarios[position].name] = self._keep(_result(runner, scenarios[position], outcome))
            watch.tell(result)

        with self._opened().in_use() as runner:
            with Watch(self.model.name, len(scenarios), callback, progress) as watch:
                crew.solve(runner, scenarios, took, watch.cancelled)
            for scenario in scenarios:
                if scenario.name not in found:
                    found[scenario.name] = self._keep(_result(runner, scenario, Outcome(None, CANCELLED)))
            results = [found[scenario.name] for scenario in scenarios]
            return self._sweep(runner, results, include_baseline, time.perf_counter() - began)

    def explain_infeasibility(self, name: str) -> LXInfeasibility:
        """Find out why the model has no solution in a scenario; see `LXOptimizer.explain_infeasibility`.

        Args:
            name: of the scenario; "baseline" is the model as it is.

        Raises:
            LXUnknownNameError: no such scenario was added.
            LXLateBindingError: a function of it captures a variable of a loop that has gone on.
            LXNotInfeasibleError: the model is feasible or unbounded in it, or it is not known that it is not.
        """
        scenario = LXScenario(name) if name == BASELINE else self._named(name)
        scenario.check_captures()
        return self._opened().explain_infeasibility(scenario)

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
            maximize: whether the highest objective is the best; without it, by the model's own sense.

        Raises:
            LXModelError: nothing was run yet; or the model has no objective, and ``maximize`` is not given.
        """
        results = [result for result in self._results_so_far() if result.is_feasible()]
        highest = self.model.maximizing if maximize is None else maximize
        if highest is None:
            raise LXModelError(
                f"Model {self.model.name!r} has no objective, so none of its scenarios is the best. "
                f"Say which is with get_best_scenario(maximize=...), or give the model an objective."
            )
        if not results:
            return None
        return (max if highest else min)(results, key=lambda result: result.objective).name

    def sensitivity_to_parameter(
        self,
        name: str,
        values: Iterable[SupportsFloat],
        modification_type: str = "rhs_multiply",
        key: Any = None,
        executor: Executor | None = None,
        *,
        target_type: str | None = None,
    ) -> dict[float, LXScenarioResult]:
        """Solve the model for several values of a right-hand side or a bound; scenarios that were added are left alone.

        Args:
            name: of the constraint, or of the variable for bounds.
            values: the factors, amounts, right-hand sides or bounds.
            modification_type: what is done with them: "rhs_multiply", "rhs_add", "rhs_set", "bound_lower" or
                "bound_upper".
            key: of one index element; without it, all are changed.
            executor: solves for them in its workers, as in `run_all_scenarios`.
            target_type: "constraint" or "variable", which the modification type implies.

        Returns:
            the results by value, in the order of the values.

        Raises:
            LXUnknownNameError: the model has no such constraint or variable.
            LXModelError: there is no such modification type, or it is of another target.
        """
        if modification_type not in TYPES:
            raise LXModelError(
                f"sensitivity_to_parameter({name!r}) got modification_type={modification_type!r}. "
                f"Give one of {listed(TYPES)}."
            )
        target, operation = TYPES[modification_type]
        if target_type not in (None, target):
            raise LXModelError(
                f"sensitivity_to_parameter({name!r}) got target_type={target_type!r}, and {modification_type!r} "
                f"changes a {target}. Give {listed(word for word, (of, _) in TYPES.items() if of == target_type)} as "
                f"the modification type, or leave target_type out."
            )
        if not isinstance(values, Iterable):
            raise LXModelError(
                f"sensitivity_to_parameter({name!r}) got values={values!r:.80}. Give a list, such as [0.9, 1.0, 1.1]."
            )
        numbers = [checked_number(value, f"A value for {name!r}") for value in values]
        change = LXScenario.modify_constraint_rhs if target == "constraint" else LXScenario.modify_variable_bound
        scenarios = [
            change(LXScenario(f"{name} {modification_type} {number:g}"), name, key=key, **{operation: number})
            for number in numbers
        ]
        if scenarios:
            self._opened().check(scenarios[0], f"sensitivity_to_parameter({scenarios[0].modifications[0].name!r})")
        found: dict[int, Outcome] = {}
        with self._opened().in_use() as runner:
            crew_of(executor).solve(runner, scenarios, found.__setitem__)
            return {number: _result(runner, scenarios[i], found[i]) for i, number in enumerate(numbers)}

    def close(self) -> None:
        """Release the solver; the results stay until the next scenario is added or run, which reads the model again.

        A sweep that is under way keeps the solver to its end. In a forked process nothing is done.
        """
        if self._turns.is_elsewhere:
            return
        with self._turns:
            runner, self._runner, self._turns.is_open = self._runner, None, False
        if runner is not None:
            runner.close()

    def _opened(self) -> Runner:
        with self._turns:
            if self._runner is None:
                self._runner, self._results = Runner(self.model, self.optimizer), {}
                self._turns.is_open = True
            return self._runner

    def _sweep(self, runner: Runner, results: list[LXScenarioResult], baseline: bool | None, seconds: float) -> LXSweep:
        first = _baseline_of(runner)
        wanted = self.include_baseline if baseline is None else baseline
        shown = {result.name: result for result in [*([self._keep(first)] if wanted else []), *results]}
        return LXSweep(self.model.name, self.model.maximizing, runner.senses(), shown, first, seconds)

    def _named(self, name: str) -> LXScenario:
        if name not in self._scenarios:
            raise LXUnknownNameError(
                f"No scenario named {name!r} was added. There are {listed(self._scenarios)}. "
                f"Add it with add_scenario(), or correct the name."
            )
        return self._scenarios[name]

    def _keep(self, result: LXScenarioResult) -> LXScenarioResult:
        self._results[result.name] = result
        return result

    def _results_so_far(self) -> list[LXScenarioResult]:
        if not self._results:
            raise LXModelError(f"No scenario of model {self.model.name!r} was run yet. Call run_all_scenarios() first.")
        return [self._results[name] for name in (BASELINE, *self._scenarios) if name in self._results]


def _baseline_of(runner: Runner) -> LXScenarioResult:
    found = runner.baseline
    return LXScenarioResult(
        BASELINE, "the model as it is", found.solution, found.error, found.solution, _rows=found.rows
    )


def _result(runner: Runner, scenario: LXScenario, outcome: Outcome) -> LXScenarioResult:
    return LXScenarioResult(
        scenario.name,
        scenario.description,
        outcome.solution,
        outcome.error,
        runner.baseline.solution,
        runner.changes(scenario),
        outcome.rows,
    )
