"""What changed between two problems of one shape: the positions, and the problem that holds the new numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.problem import LXProblem


@dataclass(frozen=True, eq=False)
class ProblemDiff:
    """What a live run has to know: where a problem differs from the one before.

    Every array holds positions, rising, int64; the new numbers are those of ``problem`` at these positions.

    Args:
        problem: the problem as it is now.
        rows: the rows with another bound.
        columns: the columns with another bound.
        costs: the columns with another coefficient in the objective.
        nonzeros: the nonzeros with another coefficient; None where there are other nonzeros now, in a matrix of the
            same shape.
        offset: whether the constant of the objective is another one.
    """

    problem: LXProblem
    rows: IntArray
    columns: IntArray
    costs: IntArray
    nonzeros: IntArray | None
    offset: bool


def changes_between(before: LXProblem, now: LXProblem) -> ProblemDiff:
    """Return what changed between two problems for which `difference_in_shape` finds nothing."""
    return ProblemDiff(
        now,
        _union(_positions(before.row_lower, now.row_lower), _positions(before.row_upper, now.row_upper)),
        _union(_positions(before.lower, now.lower), _positions(before.upper, now.upper)),
        _positions(before.objective, now.objective),
        _positions(before.coefficients, now.coefficients) if has_same_nonzeros(before, now) else None,
        before.offset != now.offset,
    )


def difference_in_shape(before: LXProblem, now: LXProblem) -> str:
    """Return why a problem cannot be changed into another one in place, in words; empty where it can."""
    if before.num_variables != now.num_variables:
        return f"the model has {now.num_variables} variables now, and had {before.num_variables}"
    if before.num_constraints != now.num_constraints:
        return f"the model has {now.num_constraints} constraints now, and had {before.num_constraints}"
    if before.maximize != now.maximize:
        return "the objective has another direction now"
    if before.integer is not now.integer and not np.array_equal(before.integer, now.integer):
        return "other variables must be whole now"
    if not before.structures.same_as(now.structures):
        return "what the model holds beyond linear rows is something else now"
    return ""


def has_same_nonzeros(one: LXProblem, other: LXProblem) -> bool:
    """Whether two problems of one shape have nonzeros in the same positions."""
    pairs = ((one.row_starts, other.row_starts), (one.columns, other.columns))
    return all(mine is others or np.array_equal(mine, others) for mine, others in pairs)


_NOWHERE: IntArray = np.empty(0, dtype=np.int64)


def _positions(before: FloatArray, now: FloatArray) -> IntArray:
    return _NOWHERE if before is now else np.flatnonzero(before != now)


def _union(one: IntArray, other: IntArray) -> IntArray:
    if not len(one) or not len(other):
        return one if len(one) else other
    return np.union1d(one, other)
