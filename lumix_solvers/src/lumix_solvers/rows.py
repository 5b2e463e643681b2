"""What kind of row each row of a problem is, for solvers that take only some as they are."""

from __future__ import annotations

import numpy as np

from lumix_core.problem import BoolArray, IntArray, LXProblem


def linear_rows(problem: LXProblem) -> BoolArray:
    """Return whether each row is linear and always holds, shape ``(m,)``."""
    linear = np.ones(problem.num_constraints, dtype=np.bool_)
    linear[problem.structures.indicators.rows] = False
    linear[problem.structures.rows_with_terms()] = False
    return linear


def is_range(problem: LXProblem) -> BoolArray:
    """Return whether each row has two finite bounds that differ, shape ``(m,)``."""
    lower, upper = problem.row_lower, problem.row_upper
    return np.asarray(np.isfinite(lower) & np.isfinite(upper) & (lower != upper), dtype=np.bool_)


def crossed_row(problem: LXProblem) -> int | None:
    """Return the first linear row whose bounds cross, for which there may be no form; None without one."""
    crossed = np.flatnonzero((problem.row_lower > problem.row_upper) & linear_rows(problem))
    return int(crossed[0]) if len(crossed) else None


def one_sided_bounds(problem: LXProblem, row: int) -> list[tuple[str, float]]:
    """Return the bounds of a row: 'E' and its value where it is an equation, or else up to two of 'G' and 'L'."""
    lower, upper = float(problem.row_lower[row]), float(problem.row_upper[row])
    if lower == upper:
        return [("E", lower)]
    return [(sense, bound) for sense, bound in (("G", lower), ("L", upper)) if np.isfinite(bound)]


def rows_of(problem: LXProblem, nonzeros: IntArray) -> IntArray:
    """Return the row of some nonzeros, given by their positions."""
    return np.searchsorted(problem.row_starts, nonzeros, side="right") - 1
