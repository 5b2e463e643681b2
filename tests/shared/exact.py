"""Small linear and mixed-integer problems solved in rational numbers, to hold the answers of solvers against.

The simplex method with Bland's rule (R. G. Bland, "New finite pivoting rules for the simplex method", 1977), in two
phases, over `fractions.Fraction`: nothing is rounded, so that every answer is a proof. Integers are branched on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from lumix_core.problem.problem import LXProblem

ZERO, ONE = Fraction(0), Fraction(1)
Status = Literal["optimal", "infeasible", "unbounded", "unknown"]


@dataclass(frozen=True)
class Exact:
    """What is true of a problem.

    Args:
        status: "unknown" where branching was given up.
        objective: of the optimum, in the user's sense.
        x: an optimum, one number for each column.
    """

    status: Status
    objective: Fraction | None = None
    x: tuple[Fraction, ...] = ()


def exact(problem: LXProblem, nodes: int = 2000) -> Exact:
    """Return what is true of a small problem; gives up after so many nodes of branching."""
    relaxed = _solve_linear(problem)
    if not problem.integer.any() or relaxed.status == "infeasible":
        return relaxed
    if relaxed.status == "unbounded":  # of rational data: unbounded if and only if there is a whole point
        point = exact(replace(problem, objective=np.zeros(problem.num_variables), offset=0.0), nodes)
        return Exact("unbounded") if point.status == "optimal" else point
    return _branch(problem, nodes)


def _branch(problem: LXProblem, nodes: int) -> Exact:
    sign = -1 if problem.maximize else 1
    best = Exact("infeasible")
    waiting = [problem]
    while waiting:
        nodes -= 1
        if nodes < 0:
            return Exact("unknown")
        node = waiting.pop()
        found = _solve_linear(node)
        if found.objective is None or (best.objective is not None and sign * found.objective >= sign * best.objective):
            continue
        fraction = next((j for j in np.flatnonzero(problem.integer).tolist() if found.x[j].denominator != 1), None)
        if fraction is None:
            best = found
            continue
        lower, upper = node.lower.copy(), node.upper.copy()
        lower[fraction] = math.floor(found.x[fraction]) + 1
        upper[fraction] = math.floor(found.x[fraction])
        waiting += [replace(node, lower=lower), replace(node, upper=upper)]
    return best


def _solve_linear(problem: LXProblem) -> Exact:
    """Return what is true of a problem without its integrality."""
    if (problem.lower > problem.upper).any() or (problem.row_lower > problem.row_upper).any():
        return Exact("infeasible")
    form = _StandardForm(problem)
    tableau = _Tableau(form.rows, form.sides, len(form.costs))
    if tableau.minimise_infeasibility() != 0:
        return Exact("infeasible")
    if not tableau.minimise(form.costs):
        return Exact("unbounded")
    x = form.point(tableau.values())
    objective = sum((_exact(c) * v for c, v in zip(problem.objective.tolist(), x, strict=True)), _exact(problem.offset))
    return Exact("optimal", objective, x)


def _exact(value: float) -> Fraction:
    return Fraction(value)


class _StandardForm:
    """A problem as ``A z = b, z >= 0``, in which the least of ``c z`` is asked for."""

    def __init__(self, problem: LXProblem) -> None:
        self.costs: list[Fraction] = []
        self.rows: list[dict[int, Fraction]] = []
        self.sides: list[Fraction] = []
        self._columns: list[tuple[Fraction, list[tuple[int, Fraction]]]] = []  # shift, and pieces with their signs
        sign = -1 if problem.maximize else 1
        numbers = zip(problem.lower.tolist(), problem.upper.tolist(), problem.objective.tolist(), strict=True)
        for lower, upper, cost in numbers:
            self._add_column(lower, upper, sign * _exact(cost))
        starts = problem.row_starts.tolist()
        entries = list(zip(problem.columns.tolist(), map(_exact, problem.coefficients.tolist()), strict=True))
        bounds = zip(problem.row_lower.tolist(), problem.row_upper.tolist(), strict=True)
        for i, (low, high) in enumerate(bounds):
            self._add_row(entries[starts[i] : starts[i + 1]], low, high)

    def point(self, z: list[Fraction]) -> tuple[Fraction, ...]:
        """Return the values of the problem's columns."""
        return tuple(sum((sign * z[k] for k, sign in pieces), shift) for shift, pieces in self._columns)

    def _new(self, cost: Fraction = ZERO) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1

    def _add_column(self, lower: float, upper: float, cost: Fraction) -> None:
        if math.isfinite(lower):
            piece = self._new(cost)
            self._columns.append((_exact(lower), [(piece, ONE)]))
            if math.isfinite(upper):
                self.rows.append({piece: ONE, self._new(): ONE})
                self.sides.append(_exact(upper) - _exact(lower))
        elif math.isfinite(upper):
            self._columns.append((_exact(upper), [(self._new(-cost), -ONE)]))
        else:
            self._columns.append((ZERO, [(self._new(cost), ONE), (self._new(-cost), -ONE)]))

    def _add_row(self, entries: list[tuple[int, Fraction]], low: float, high: float) -> None:
        row: dict[int, Fraction] = {}
        constant = ZERO
        for column, coefficient in entries:
            shift, pieces = self._columns[column]
            constant += coefficient * shift
            for piece, sign in pieces:
                row[piece] = row.get(piece, ZERO) + sign * coefficient
        if low == high:
            self.rows.append(row)
            self.sides.append(_exact(low) - constant)
            return
        for bound, slack in ((low, -ONE), (high, ONE)):
            if math.isfinite(bound):
                self.rows.append({**row, self._new(): slack})
                self.sides.append(_exact(bound) - constant)


class _Tableau:
    """The dictionary of the simplex method, row by row, with an artificial column for each row."""

    def __init__(self, rows: list[dict[int, Fraction]], sides: list[Fraction], columns: int) -> None:
        self._columns = columns
        self._rows = [
            {k: (-v if side < 0 else v) for k, v in row.items() if v} | {columns + i: ONE}
            for i, (row, side) in enumerate(zip(rows, sides, strict=True))
        ]
        self._sides = [abs(side) for side in sides]
        self._basis = [columns + i for i in range(len(rows))]

    def minimise_infeasibility(self) -> Fraction:
        """Return the least sum of the artificial columns, at which the dictionary stays."""
        costs = {self._columns + i: ONE for i in range(len(self._rows))}
        self._minimise(costs, set(range(self._columns)))
        total = sum((s for b, s in zip(self._basis, self._sides, strict=True) if b >= self._columns), ZERO)
        if total == 0:
            self._expel_artificial()
        return total

    def minimise(self, costs: list[Fraction]) -> bool:
        """Go to the least of ``c z``; return whether there is one."""
        return self._minimise({k: c for k, c in enumerate(costs) if c}, set(range(self._columns)))

    def values(self) -> list[Fraction]:
        z = [ZERO] * self._columns
        for basic, side in zip(self._basis, self._sides, strict=True):
            if basic < self._columns:
                z[basic] = side
        return z

    def _expel_artificial(self) -> None:
        """Exchange artificial columns of value 0 for others; leave out rows that are combinations of others."""
        for i in reversed(range(len(self._rows))):
            if self._basis[i] < self._columns:
                continue
            column = next((k for k, v in self._rows[i].items() if k < self._columns and v), None)
            if column is not None:
                self._pivot(i, column)
            else:
                del self._rows[i], self._sides[i], self._basis[i]

    def _minimise(self, costs: dict[int, Fraction], allowed: set[int]) -> bool:
        reduced = dict(costs)
        for i, basic in enumerate(self._basis):
            self._eliminate(reduced, self._rows[i], costs.get(basic, ZERO))
        while True:
            entering = min((k for k, v in reduced.items() if v < 0 and k in allowed), default=None)
            if entering is None:
                return True
            ratios = [
                (self._sides[i] / row[entering], self._basis[i], i)
                for i, row in enumerate(self._rows)
                if row.get(entering, ZERO) > 0
            ]
            if not ratios:
                return False
            _, _, leaving = min(ratios)
            self._pivot(leaving, entering)
            self._eliminate(reduced, self._rows[leaving], reduced[entering])

    def _pivot(self, leaving: int, entering: int) -> None:
        row = self._rows[leaving]
        factor = row[entering]
        self._rows[leaving] = row = {k: v / factor for k, v in row.items() if v}
        self._sides[leaving] /= factor
        for i, other in enumerate(self._rows):
            times = other.get(entering, ZERO)
            if i != leaving and times:
                self._eliminate(other, row, times)
                self._sides[i] -= times * self._sides[leaving]
        self._basis[leaving] = entering

    @staticmethod
    def _eliminate(target: dict[int, Fraction], row: dict[int, Fraction], times: Fraction) -> None:
        if not times:
            return
        for k, v in row.items():
            left = target.get(k, ZERO) - times * v
            if left:
                target[k] = left
            else:
                target.pop(k, None)
