"""How much of their right-hand sides the ``<=`` rows of a sweep use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lumix.analysis.charts.numbers import states
from lumix.analysis.scenarios.results import LXScenarioResult
from lumix.analysis.scenarios.sweep_results import SweepResults
from lumix_core import LXModelError, LXNoSolutionError, LXSense
from lumix_core.problem import FloatArray, IntArray, Keys
from lumix_core.solver import FamilyValues


@dataclass(frozen=True)
class Shares:
    """What rows use in scenarios, the most used rows first.

    Args:
        rows: their names, as ``family[key]``.
        scenarios: those that have a point.
        used, available: left-hand and right-hand sides by row and scenario; None where a scenario has no such row.
        more: how many rows with a share are not among these.
        without: how many rows have no share, since their right-hand side is 0 or below in every scenario.
    """

    rows: list[str]
    scenarios: list[LXScenarioResult]
    used: list[list[float | None]]
    available: list[list[float | None]]
    more: int
    without: int

    def share(self, row: int, scenario: int) -> float | None:
        """Return the share that is used; None where there is none."""
        used, available = self.used[row][scenario], self.available[row][scenario]
        return None if used is None or available is None or not 0 < available < np.inf else used / available


def shares_of(sweep: SweepResults, top_n: int) -> Shares:
    """Return the shares of a sweep's ``<=`` rows.

    Args:
        sweep: the results.
        top_n: how many rows at most.

    Raises:
        LXNoSolutionError: no scenario has a point.
        LXModelError: there is no ``<=`` row with a right-hand side above 0.
    """
    solved = [result for result in sweep.values() if result.is_feasible()]
    if not solved:
        raise LXNoSolutionError(
            f"No result of the sweep of model {sweep.model_name!r} has a point ({states(sweep.values())}), so nothing "
            f"is used. print(sweep) shows each status, and the errors."
        )
    names = [name for name, sense in sweep.senses.items() if sense is LXSense.LE]
    families = [_Family(name, solved) for name in names]
    rows = [(family, position) for family in families for position in range(len(family.keys))]
    peaks, means = (np.concatenate([np.empty(0), *numbers]) for numbers in _ranks(families))
    count = int(np.isfinite(peaks).sum())
    if not count:
        raise LXModelError(_nothing(sweep.model_name, len(rows)))
    chosen = [rows[i] for i in np.lexsort((-means, -peaks))[: min(top_n, count)]]
    return Shares(
        rows=[family.row(position) for family, position in chosen],
        scenarios=solved,
        used=[family.numbers(position, "activity") for family, position in chosen],
        available=[family.numbers(position, "rhs") for family, position in chosen],
        more=count - len(chosen),
        without=len(rows) - count,
    )


class _Family:
    """One family in all scenarios, each of which may have keys of its own: a function may change the rows.

    Args:
        name: of the family.
        solved: the scenarios.
    """

    def __init__(self, name: str, solved: list[LXScenarioResult]) -> None:
        self.name = name
        self.activity = [result.activity.family(name) if name in result.activity else None for result in solved]
        self.rhs = [result.rhs.family(name) if name in result.rhs else None for result in solved]
        found = [numbers.block.keys for numbers in self.rhs if numbers is not None]
        alike = all(found[0].has_keys_of(keys) for keys in found)
        self.scalar = bool(found) and found[0].is_scalar
        self.keys: Sequence[Any] = (
            found[0] if found and alike else list(dict.fromkeys(k for keys in found for k in keys))
        )
        self.positions = None if alike else {key: position for position, key in enumerate(self.keys)}

    def row(self, position: int) -> str:
        """Name a row."""
        return self.name if self.scalar else f"{self.name}[{self.keys[position]!r}]"

    def numbers(self, position: int, side: str) -> list[float | None]:
        """Return what a row has on one side, in each scenario."""
        families: list[FamilyValues | None] = getattr(self, side)
        return [None if family is None else self._number(family, position) for family in families]

    def ranks(self) -> tuple[FloatArray, FloatArray]:
        """Return the largest share of each row, which is -inf where there is none, and the mean one."""
        peak, total, count = np.full(len(self.keys), -np.inf), np.zeros(len(self.keys)), np.zeros(len(self.keys))
        for used, available in zip(self.activity, self.rhs, strict=True):
            if used is not None and available is not None:
                share, where = _shares(used.array, available.array), self._where(available.block.keys)
                there = np.isfinite(share)
                peak[where] = np.fmax(peak[where], share)
                total[where] += np.where(there, share, 0.0)
                count[where] += there
        return peak, total / np.maximum(count, 1.0)

    def _where(self, keys: Keys) -> IntArray | slice:
        if self.positions is None:
            return slice(None)
        return np.array([self.positions[key] for key in keys], dtype=np.int64)

    def _number(self, values: FamilyValues, position: int) -> float | None:
        found = position if self.positions is None else values.block.keys.find(self.keys[position])
        return None if found is None else float(values.array[found])


def _shares(used: FloatArray, available: FloatArray) -> FloatArray:
    there = (available > 0.0) & np.isfinite(available)
    shares = np.full(len(used), np.nan)
    np.divide(used, available, out=shares, where=there)
    return shares


def _ranks(families: list[_Family]) -> tuple[list[FloatArray], list[FloatArray]]:
    ranks = [family.ranks() for family in families]
    return [peak for peak, _ in ranks], [mean for _, mean in ranks]


def _nothing(model: str, rows: int) -> str:
    if not rows:
        return (
            f"Model {model!r} has no row with <=, so there is nothing of which a share could be used. "
            f"The chart 'comparison' needs no such row."
        )
    return (
        f"Every <= row of model {model!r} has a right-hand side of 0 or below, of which no share can be used. "
        f"result.activity and result.rhs have the numbers."
    )
