"""Requirements that contradict each other in plain sight: found by looking, without a solver."""

from __future__ import annotations

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements
from lumix_core.solver.infeasibility.elastic import MISSED
from lumix_core.solver.verify import INTEGRALITY

EXACT = 2**53
"""Up to here floats hold every whole number."""


def plain_conflict(problem: LXProblem) -> Requirements | None:
    """Return requirements that cannot hold together and of which none can be left out, or None.

    Looked at are bounds that cross, bounds without a whole number between them, sides of a row that cross, rows
    that no point within the bounds reaches (the shortest is returned), and rows of whole variables with whole
    coefficients between whose sides there is no multiple of their greatest common divisor.
    """
    searches = (_crossed, _without_whole_number, _row_out_of_reach, _row_without_multiple)
    return next((found for search in searches if (found := search(problem)) is not None), None)


def _crossed(problem: LXProblem) -> Requirements | None:
    columns = np.flatnonzero(problem.lower > problem.upper)
    if len(columns):
        only = _one(problem.num_variables, columns[0])
        return Requirements.of(problem, lower=only, upper=only)
    rows = np.flatnonzero(problem.row_lower > problem.row_upper)
    if len(rows):
        only = _one(problem.num_constraints, rows[0])
        return Requirements.of(problem, row_lower=only, row_upper=only)
    return None


def _without_whole_number(problem: LXProblem) -> Requirements | None:
    least = np.ceil(problem.lower - INTEGRALITY)
    most = np.floor(problem.upper + INTEGRALITY)
    columns = np.flatnonzero(problem.integer & (least > most))
    if not len(columns):
        return None
    only = _one(problem.num_variables, columns[0])
    return Requirements.of(problem, lower=only, upper=only, integer=only)


def _row_out_of_reach(problem: LXProblem) -> Requirements | None:
    """Return the shortest row whose side lies beyond all that the bounds of its columns allow."""
    least, size = _activity(problem, problem.lower, problem.upper)
    most, most_size = _activity(problem, problem.upper, problem.lower)
    beyond = {
        "row_lower": problem.row_lower - most > MISSED * (1.0 + most_size + np.abs(problem.row_lower)),
        "row_upper": least - problem.row_upper > MISSED * (1.0 + size + np.abs(problem.row_upper)),
    }
    lengths = np.diff(problem.row_starts)
    rows = np.flatnonzero(beyond["row_lower"] | beyond["row_upper"])
    if not len(rows):
        return None
    row = rows[np.argmin(lengths[rows])]
    side = "row_lower" if beyond["row_lower"][row] else "row_upper"
    up, down = _signs(problem, int(row))
    lower, upper = (down, up) if side == "row_lower" else (up, down)
    return Requirements.of(problem, lower=lower, upper=upper, **{side: _one(problem.num_constraints, row)})


def _row_without_multiple(problem: LXProblem) -> Requirements | None:
    """Return a row such as ``2 x + 4 y == 3``, with its variables being whole."""
    steps = _steps(problem)
    known = np.maximum(steps, 1.0)
    least = np.ceil(problem.row_lower / known - INTEGRALITY)
    most = np.floor(problem.row_upper / known + INTEGRALITY)
    rows = np.flatnonzero((steps > 0) & (least > most))
    if not len(rows):
        return None
    only = _one(problem.num_constraints, rows[0])
    added, subtracted = _signs(problem, int(rows[0]))
    return Requirements.of(problem, row_lower=only, row_upper=only, integer=added | subtracted)


def _steps(problem: LXProblem) -> FloatArray:
    """Return the greatest common divisor of each row of whole variables and coefficients; 0 for other rows."""
    size = np.abs(problem.coefficients)
    is_whole = problem.integer[problem.columns] & (size == np.round(size)) & (size <= EXACT)
    filled = np.diff(problem.row_starts) > 0
    firsts = problem.row_starts[:-1][filled]
    steps = np.zeros(problem.num_constraints)
    if len(firsts):
        divisors = np.gcd.reduceat(np.where(is_whole, size, 0).astype(np.int64), firsts)
        steps[filled] = np.where(np.logical_and.reduceat(is_whole, firsts), divisors, 0)
    return steps


def _activity(problem: LXProblem, rising: FloatArray, falling: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return for each row its terms with columns at ``rising`` (at ``falling`` where negative): sum and size."""
    ends = np.where(problem.coefficients > 0, rising[problem.columns], falling[problem.columns])
    terms = problem.coefficients * ends
    rows, m = problem.row_numbers(), problem.num_constraints
    sums = np.bincount(rows, weights=terms, minlength=m).astype(np.float64)
    return sums, np.bincount(rows, weights=np.abs(terms), minlength=m).astype(np.float64)


def _signs(problem: LXProblem, row: int) -> tuple[BoolArray, BoolArray]:
    """Return the columns that a row adds, and those that it subtracts."""
    span = slice(problem.row_starts[row], problem.row_starts[row + 1])
    columns, positive = problem.columns[span], problem.coefficients[span] > 0
    masks = np.zeros((2, problem.num_variables), dtype=np.bool_)
    masks[0, columns[positive]] = True
    masks[1, columns[~positive]] = True
    return masks[0], masks[1]


def _one(size: int, position: int) -> BoolArray:
    mask: BoolArray = np.arange(size) == position
    return mask
