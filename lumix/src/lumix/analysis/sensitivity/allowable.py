"""By how much a side or a cost may move while an optimum keeps its duals, or its point."""

from __future__ import annotations

import math

from lumix.analysis.sensitivity.ends import cost_end, row_end
from lumix.analysis.sensitivity.reaches import Line
from lumix_core import LXSolution
from lumix_core.problem import FloatArray, block_at
from lumix_core.solver import LXLiveSession

SAME = 1e-7
"""The relative difference up to which two duals, or two values, are the same."""


class AllowableChanges:
    """The moves that are allowed from the optimum of a session.

    The ranges of the solver are those of its basis. They are believed for what its basis shares with the solution that
    is in question: another optimum, with other duals, has other ranges, which are then found by solving.

    Args:
        session: the session, as it was opened.
        found: its own solution, just found.
    """

    def __init__(self, session: LXLiveSession, found: LXSolution) -> None:
        self._session = session
        self._found = found
        self._problem = session.problem
        self.ranging = session.ranging() if found.is_optimal() else None

    def side(self, row: int, slack: float, dual: float) -> tuple[float, float]:
        """Return by how much the side of a row may go down, and up, while its dual holds."""
        lower, upper = float(self._problem.row_lower[row]), float(self._problem.row_upper[row])
        if dual == 0.0 and lower != upper:
            return (math.inf, slack) if math.isfinite(lower) else (slack, math.inf)
        if self.ranging is not None and _same(float(self._found.shadow_prices.array[row]), dual):
            first, last = float(self.ranging.rhs_lower[row]), float(self.ranging.rhs_upper[row])
            side = upper if math.isfinite(upper) else lower
            if not math.isnan(first):
                return max(side - first, 0.0), max(last - side, 0.0)
        return self._side_by_solving(row, dual)

    def cost(self, column: int, value: float) -> tuple[float, float]:
        """Return by how much the cost of a column may go down, and up, while its value stays."""
        if self.ranging is not None and _same(float(self._found.variables.array[column]), value):
            now = float(self._problem.objective[column])
            first, last = float(self.ranging.cost_lower[column]), float(self.ranging.cost_upper[column])
            return max(now - first, 0.0), max(last - now, 0.0)
        return self._cost_by_solving(column, value)

    def _side_by_solving(self, row: int, dual: float) -> tuple[float, float]:
        block = block_at(self._problem.constraints, row)
        key = block.key(row)
        (now,) = self._session.rhs(block.name, key)

        def solve(move: float) -> tuple[float, float] | None:
            with self._session.trying():
                solution = self._session.set_rhs(block.name, now + move, key=key).solve()
            return (solution.objective_value, _at(solution.shadow_prices.array, row)) if solution.is_optimal() else None

        line = Line(self._found.objective_value, dual, solve, lambda direction: row_end(self._session, row, direction))
        return self._both_ways(line, now)

    def _cost_by_solving(self, column: int, value: float) -> tuple[float, float]:
        block = block_at(self._problem.variables, column)
        key, now = block.key(column), float(self._problem.objective[column])

        def solve(move: float) -> tuple[float, float] | None:
            with self._session.trying():
                solution = self._session.set_cost(block.name, now + move, key=key).solve()
            return (solution.objective_value, _at(solution.variables.array, column)) if solution.is_optimal() else None

        line = Line(self._found.objective_value, value, solve, lambda way: cost_end(self._session, column, way))
        return self._both_ways(line, now)

    @staticmethod
    def _both_ways(line: Line, now: float) -> tuple[float, float]:
        first = max(abs(now), 1.0)
        return line.reach(-1, first), line.reach(1, first)


def _at(array: FloatArray, position: int) -> float:
    return float(array[position])


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * (1.0 + abs(other))
