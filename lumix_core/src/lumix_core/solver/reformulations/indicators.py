"""Indicator rows: rows that always hold, with a term that lets them go where the binary column has the other value.

The factor of that term is no guess: it is how far the row can be from its row bound within the ranges of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.csr import rows_of
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import Indicators
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.reformulations.rewriting import LXReformulation, LXWay, Native, Rewritten
from lumix_core.solver.solver import LXFeature


def rewrite_indicators(problem: LXProblem, native: Native) -> Rewritten:
    """Rewrite indicator rows that the solver lacks: ``a x + (M - u) z <= M``, where ``M`` is the most of ``a x``."""
    indicators = problem.structures.indicators
    if not len(indicators):
        return Rewritten(problem)
    if native.has(LXFeature.INDICATORS):
        return Rewritten(problem, (_step(len(indicators), LXWay.NATIVE, f"given to {native.solver!r} as they are"),))
    made = _Indicated.of(problem).rewritten()
    how = "a term with the binary variable, by as much as the bounds of the row's variables need"
    return Rewritten(made, (_step(len(indicators), LXWay.EXACT, how),))


def _step(count: int, way: LXWay, how: str) -> LXReformulation:
    return LXReformulation("indicators", count, way, how)


@dataclass(frozen=True, eq=False)
class _Indicated:
    """The indicator rows of a problem, and the least and the most that they can be.

    Args:
        problem: the problem.
        low, high: their row bounds; infinite where these bind nothing within the ranges of their columns.
        least, most: the ends of the rows, shape ``(p,)``.
    """

    problem: LXProblem
    low: FloatArray
    high: FloatArray
    least: FloatArray
    most: FloatArray

    @classmethod
    def of(cls, problem: LXProblem) -> _Indicated:
        rows = problem.structures.indicators.rows.astype(np.int64)
        of_row, columns, values = rows_of(problem, rows)
        ranges = Ranges.of(problem)
        least, most = ranges.of_terms(of_row, columns.astype(np.int32), values, len(rows))
        low, high = problem.row_lower[rows], problem.row_upper[rows]
        low, high = np.where(least >= low, -np.inf, low), np.where(most <= high, np.inf, high)
        open_ended = (np.isfinite(low) & np.isinf(least)) | (np.isfinite(high) & np.isinf(most))
        if open_ended.any():
            position = int(np.argmax(open_ended))
            name = problem.row_name(int(rows[position]))
            raise ranges.refusal(f"the indicator of {name}", columns[of_row == position].astype(np.int32))
        return cls(problem, low, high, least, most)

    def rewritten(self) -> LXProblem:
        indicators = self.problem.structures.indicators
        rows = indicators.rows.astype(np.int64)
        grown = Extension(self.problem)
        grown.change("row_lower")[rows], grown.change("row_upper")[rows] = -np.inf, np.inf
        above, below = np.isfinite(self.high), np.isfinite(self.low)
        self._hold_above(grown, rows, above)
        both = above & below
        alone = below & ~above
        grown.change("row_lower")[rows[alone]] = self._sides_below(alone)
        self._hold_below(grown, rows[alone], alone)
        if both.any():
            self._hold_below(grown, self._copied(grown, rows, both), both)
        return grown.finished(replace(self.problem.structures, indicators=Indicators()))

    def _hold_above(self, grown: Extension, rows: IntArray, chosen: BoolArray) -> None:
        room = (self.most - self.high)[chosen]
        grown.add_terms(rows[chosen], self._columns(chosen), np.where(self._values(chosen), room, -room))
        side = np.where(self._values(chosen), self.most[chosen], self.high[chosen])
        grown.change("row_upper")[rows[chosen]] = side

    def _hold_below(self, grown: Extension, rows: IntArray, chosen: BoolArray) -> None:
        room = (self.low - self.least)[chosen]
        grown.add_terms(rows, self._columns(chosen), np.where(self._values(chosen), -room, room))

    def _sides_below(self, chosen: BoolArray) -> FloatArray:
        return np.where(self._values(chosen), self.least[chosen], self.low[chosen])

    def _copied(self, grown: Extension, rows: IntArray, chosen: BoolArray) -> IntArray:
        """Add copies of rows, for their lower sides."""
        of_row, columns, values = rows_of(self.problem, rows[chosen])
        copies = grown.add_rows("indicators, lower sides", int(chosen.sum()), lower=self._sides_below(chosen))
        grown.add_terms(copies[of_row], columns, values)
        return copies

    def _columns(self, chosen: BoolArray) -> IntArray:
        return self.problem.structures.indicators.columns[chosen].astype(np.int64)

    def _values(self, chosen: BoolArray) -> BoolArray:
        return self.problem.structures.indicators.values[chosen]
