"""The numbers that charts of a sweep show, found before anything is drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lumix.analysis.charts.texts import several
from lumix.analysis.scenarios.results import LXScenarioResult
from lumix.analysis.scenarios.sweep_results import SweepResults
from lumix_core import LXModelError, LXNoSolutionError, LXStatus

SAME = 1e-9
"""Objectives that differ by no more, relative to their size, are the same."""


class Effect(StrEnum):
    """What a scenario does to the objective."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "unchanged"
    UNKNOWN = "objective"


@dataclass(frozen=True)
class Comparison:
    """The objectives of scenarios.

    Args:
        shown: the scenarios that have one, in their order.
        pointless: those that have none.
        baseline: the objective of the model as it is; None where it has none.
    """

    shown: list[LXScenarioResult]
    pointless: list[LXScenarioResult]
    baseline: float | None


@dataclass(frozen=True)
class Line:
    """A line of a tornado.

    Args:
        name: the place of the change, or the scenario's name.
        ends: the scenario with the lowest and the one with the highest objective; one where they are the same.
    """

    name: str
    ends: tuple[LXScenarioResult, ...]

    @property
    def size(self) -> float:
        """How far it reaches, from the baseline on or across it."""
        deltas = [0.0, *(result.delta_objective for result in self.ends)]
        return max(deltas) - min(deltas)

    @property
    def outer_ends(self) -> list[LXScenarioResult]:
        """The end that reaches furthest on each side of the baseline."""
        by_reach = sorted(self.ends, key=lambda result: abs(result.delta_objective))
        return list({result.delta_objective < 0: result for result in by_reach}.values())


def comparison_of(sweep: SweepResults) -> Comparison:
    """Return the objectives of a sweep.

    Raises:
        LXModelError: the model has no objective, or the sweep no scenario.
        LXNoSolutionError: no scenario has a point.
    """
    scenarios = _scenarios(sweep)
    shown = [result for result in scenarios if has_number(result)]
    if not shown:
        raise LXNoSolutionError(
            f"{_none_has_a_point(sweep, scenarios)} so there is no objective to show. "
            f"print(sweep) shows each status, and the errors."
        )
    baseline = sweep.baseline.objective if has_number(sweep.baseline) else None
    return Comparison(shown, [result for result in scenarios if not has_number(result)], baseline)


def tornado_of(sweep: SweepResults) -> list[Line]:
    """Return how far changes move the objective, the largest first.

    Raises:
        LXModelError: the model has no objective, or the sweep no scenario.
        LXNoSolutionError: the baseline or every scenario has no point.
    """
    found = comparison_of(sweep)
    if found.baseline is None:
        raise LXNoSolutionError(
            f"The baseline of model {sweep.model_name!r} has no point: its status is {sweep.baseline.status}. So there "
            f"is nothing from which the objective moves. The chart 'comparison' shows the objectives themselves."
        )
    positions: dict[tuple[str, str], list[LXScenarioResult]] = {}
    for result in found.shown:
        positions.setdefault(_position(result), []).append(result)
    lines = [Line(name, _ends(some)) for (name, _), some in positions.items()]
    return sorted(lines, key=lambda line: -line.size)


def effect_of(result: LXScenarioResult, maximize: bool | None) -> Effect:
    """Return what a scenario that has a point does to the objective."""
    if maximize is None or not compared(result):
        return Effect.UNKNOWN
    delta = result.delta_objective
    if abs(delta) <= SAME * max(1.0, abs(result.objective)):
        return Effect.SAME
    return Effect.BETTER if (delta > 0) == maximize else Effect.WORSE


def has_number(result: LXScenarioResult) -> bool:
    """Whether there is an objective that can be drawn."""
    return result.is_feasible() and math.isfinite(result.objective)


def compared(result: LXScenarioResult) -> bool:
    """Whether there is a change of the objective from the baseline."""
    known = (
        result.baseline is not None and result.baseline.is_feasible() and math.isfinite(result.baseline.objective_value)
    )
    return known and has_number(result)


def state(result: LXScenarioResult) -> str:
    """Return the status in words."""
    return "failed" if result.status is LXStatus.ERROR else str(result.status).replace("_", " ")


def lack(result: LXScenarioResult) -> str:
    """Tell why a result has no objective that can be drawn."""
    return "its objective is not finite" if result.is_feasible() else state(result)


def states(results: Iterable[LXScenarioResult]) -> str:
    """Return how many results without an objective there are of each status, the most frequent first."""
    counts = Counter(map(lack, results))
    return ", ".join(f"{count} {what}" for what, count in counts.most_common())


def others(sweep: SweepResults) -> list[LXScenarioResult]:
    """Return the results besides the baseline's."""
    return [result for name, result in sweep.items() if name != sweep.baseline.name]


def _scenarios(sweep: SweepResults) -> list[LXScenarioResult]:
    if sweep.maximize is None:
        raise LXModelError(
            f"Model {sweep.model_name!r} has no objective, so its scenarios cannot be compared by one. "
            f"Give it an objective with maximize() or minimize()."
        )
    scenarios = others(sweep)
    if not scenarios:
        raise LXModelError(
            f"The sweep of model {sweep.model_name!r} has no scenario besides the baseline, so there is nothing to "
            f"compare. Add some with add_scenario(), and run them again."
        )
    return scenarios


def _none_has_a_point(sweep: SweepResults, scenarios: list[LXScenarioResult]) -> str:
    return (
        f"None of the {several(len(scenarios), 'scenario')} of model {sweep.model_name!r} has a point "
        f"({states(scenarios)}),"
    )


def _position(result: LXScenarioResult) -> tuple[str, str]:
    """Name the line that a scenario belongs to, and what kind of change it stands for; empty for a scenario by itself.

    A function changes what it likes: two of one name need not change the same.
    """
    alone = len(result.changes) == 1 and result.changes[0].kind != "function"
    return (result.changes[0].position, result.changes[0].kind) if alone else (result.name, "")


def _ends(some: list[LXScenarioResult]) -> tuple[LXScenarioResult, ...]:
    lowest, highest = min(some, key=lambda result: result.objective), max(some, key=lambda result: result.objective)
    return (lowest,) if lowest is highest else (lowest, highest)
