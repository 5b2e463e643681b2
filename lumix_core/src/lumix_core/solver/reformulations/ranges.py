"""What follows from bounds and linear rows: bounds of columns, and the ranges of linear expressions.

Feasibility-based bound tightening: a row bounds each of its columns by what all the others leave (Savelsbergh,
Preprocessing and probing techniques for mixed integer programming problems, 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lumix_core.errors import LXUnsupportedError
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import FunctionKind

ROUNDS = 10
"""How often bounds are derived from bounds that were derived."""
MARGIN = 1e-7
"""How much wider than computed a derived bound is, relative to its size and 1."""
USABLE = 1e9
"""From here on a bound is none: beside such a factor the tolerances of solvers let everything pass."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """Bounds of the columns of a problem, as narrow as its linear rows make them.

    Args:
        problem: the problem.
        lower, upper: shape ``(n,)``; infinite where nothing bounds a column.
    """

    problem: LXProblem
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def of(cls, problem: LXProblem) -> Ranges:
        """Derive the bounds from the bounds of columns, from the rows that always hold, and from the ends of curves."""
        lower, upper = hull(problem)
        rows = _always_linear(problem)
        kept = np.repeat(rows, np.diff(problem.row_starts))
        row_of, columns, values = problem.row_numbers()[kept], problem.columns[kept], problem.coefficients[kept]
        matrix = (row_of, columns.astype(np.int64), values)
        matrix, sides = _with_curves(problem, matrix)
        for _ in range(ROUNDS):
            before = lower, upper
            lower, upper = _tightened(problem, matrix, sides, before)
            if np.array_equal(before[0], lower) and np.array_equal(before[1], upper):
                break
        return cls(problem, np.where(lower > -USABLE, lower, -np.inf), np.where(upper < USABLE, upper, np.inf))

    def of_terms(
        self, groups: NDArray[np.int64], columns: NDArray[np.int32], values: FloatArray, size: int
    ) -> tuple[FloatArray, FloatArray]:
        """Return the least and the greatest sum of terms in each of ``size`` groups; infinite where there is none."""
        low, high = self.lower[columns], self.upper[columns]
        least = np.where(values > 0, values * low, values * high)
        most = np.where(values > 0, values * high, values * low)
        sums = (np.bincount(groups, weights=ends, minlength=size).astype(np.float64) for ends in (least, most))
        low_sum, high_sum = sums
        return low_sum, high_sum

    def unbounded(self, columns: NDArray[np.int32]) -> int | None:
        """Return the first of some columns that has no finite range; None where all have one."""
        open_ended = np.isinf(self.lower[columns]) | np.isinf(self.upper[columns])
        return int(columns[np.argmax(open_ended)]) if open_ended.any() else None

    def refusal(self, what: str, columns: NDArray[np.int32]) -> LXUnsupportedError:
        """Return the error for something that needs finite ranges of columns, one of which has none."""
        column = self.unbounded(columns)
        assert column is not None
        sides = [word for word, end in (("lower", self.lower), ("upper", self.upper)) if np.isinf(end[column])]
        bounds = " and no ".join(sides)
        name = self.problem.column_name(column)
        return LXUnsupportedError(
            f"Model {self.problem.name!r}: {what} cannot be rewritten exactly, since {name} has no {bounds} bound "
            f"below {USABLE:.0e}, and none follows from the constraints; no number is guessed in its place. Give it "
            f"bounds with .bounds({', '.join(f'{side}=...' for side in sides)}), or use a solver that takes this as it "
            f"is."
        )


def hull(problem: LXProblem) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of columns, with 0 within those of semi-continuous ones."""
    if not problem.structures.has_semi:
        return problem.lower, problem.upper
    semi = problem.structures.semi
    crossed = semi & (problem.lower > problem.upper)
    lower = np.where(semi, np.minimum(problem.lower, 0.0), problem.lower)
    upper = np.where(semi, np.maximum(problem.upper, 0.0), problem.upper)
    return np.where(crossed, 0.0, lower), np.where(crossed, 0.0, upper)


def _always_linear(problem: LXProblem) -> BoolArray:
    """Return which rows have nothing but linear terms, and always hold."""
    rows = np.ones(problem.num_constraints, dtype=np.bool_)
    rows[problem.structures.rows_with_terms()] = False
    rows[problem.structures.indicators.rows] = False
    return rows


Entries = tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]
Ends = tuple[FloatArray, FloatArray]


def _with_curves(problem: LXProblem, matrix: Entries) -> tuple[Entries, Ends]:
    """Add a row for each argument of a curve, which stays between its ends."""
    functions, m = problem.structures.functions, problem.num_constraints
    curves = np.flatnonzero(functions.kinds == FunctionKind.PIECEWISE)
    if not len(curves):
        return matrix, (problem.row_lower, problem.row_upper)
    arguments = functions.starts[curves]
    place = np.full(len(functions.argument_constants), -1)
    place[arguments] = m + np.arange(len(curves))
    row_of = place[functions.argument_numbers()]
    kept = row_of >= 0
    added = (row_of[kept], functions.argument_columns[kept].astype(np.int64), functions.argument_coefficients[kept])
    rows, columns, values = (np.concatenate(pair) for pair in zip(matrix, added, strict=True))
    constants = functions.argument_constants[arguments]
    first = functions.point_x[functions.point_starts[curves]] - constants
    last = functions.point_x[functions.point_starts[curves + 1] - 1] - constants
    sides = (np.concatenate([problem.row_lower, first]), np.concatenate([problem.row_upper, last]))
    return (rows, columns, values), sides


def _tightened(problem: LXProblem, matrix: Entries, sides: Ends, bounds: Ends) -> Ends:
    """Return bounds after one look at every row."""
    (rows, columns, values), (row_lower, row_upper), (lower, upper) = matrix, sides, bounds
    size = len(row_lower)
    least = np.where(values > 0, values * lower[columns], values * upper[columns])
    most = np.where(values > 0, values * upper[columns], values * lower[columns])
    room_above = row_upper[rows] - _others(rows, least, size)  # what the others leave for this term, at most
    room_below = row_lower[rows] - _others(rows, most, size)
    with np.errstate(invalid="ignore"):
        up = np.where(values > 0, room_above, room_below) / values
        down = np.where(values > 0, room_below, room_above) / values
    up, down = np.where(np.isnan(up), np.inf, up), np.where(np.isnan(down), -np.inf, down)
    new_upper, new_lower = np.full(len(upper), np.inf), np.full(len(lower), -np.inf)
    np.minimum.at(new_upper, columns, up)
    np.maximum.at(new_lower, columns, down)
    new_upper, new_lower = _rounded(problem, new_lower, new_upper)
    new_lower, new_upper = np.maximum(lower, new_lower), np.minimum(upper, new_upper)
    crossed = new_lower > new_upper  # infeasible, which is for the solver to find
    return np.where(crossed, lower, new_lower), np.where(crossed, upper, new_upper)


def _others(rows: NDArray[np.int64], terms: FloatArray, size: int) -> FloatArray:
    """Return for each term the sum of all others in its row; infinite where one of them is."""
    infinite = np.isinf(terms)
    finite = np.where(infinite, 0.0, terms)
    sums = np.bincount(rows, weights=finite, minlength=size)
    counts = np.bincount(rows, weights=infinite, minlength=size)
    sign = np.bincount(rows, weights=np.where(infinite, np.sign(terms), 0.0), minlength=size)
    others = counts[rows] - infinite
    return np.where(others > 0, np.copysign(np.inf, sign[rows]), sums[rows] - finite)


def _rounded(problem: LXProblem, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return upper and lower bounds, a little wider; whole ones for columns that are whole."""
    with np.errstate(invalid="ignore"):
        upper, lower = upper + MARGIN * (1.0 + np.abs(upper)), lower - MARGIN * (1.0 + np.abs(lower))
    whole = problem.integer
    return np.where(whole, np.floor(upper), upper), np.where(whole, np.ceil(lower), lower)
