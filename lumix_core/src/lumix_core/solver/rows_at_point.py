"""The rows of a problem at a point: what their expressions evaluate to, and how far they are from their row bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem


@dataclass(frozen=True, eq=False)
class RowNumbers:
    """Numbers of all rows of a problem at a point, in the user's terms; read-only.

    Args:
        activity: the values of the constraints' expressions, their constants included; shape ``(m,)``.
        slack: the distance to the nearer row bound, negative where it is exceeded, infinite where there is no row
            bound; shape ``(m,)``.
    """

    activity: FloatArray
    slack: FloatArray

    def __post_init__(self) -> None:
        for array in (self.activity, self.slack):
            array.setflags(write=False)


class RowsAtPoint:
    """The `RowNumbers` of a problem at a point, computed on first use; the problem is held until then.

    Copies and pickles hold the numbers.

    Args:
        problem: the problem.
        x: the point, shape ``(n,)``; it must not change.
    """

    def __init__(self, problem: LXProblem, x: FloatArray) -> None:
        self._known: RowNumbers | tuple[LXProblem, FloatArray] = (problem, x)

    def numbers(self) -> RowNumbers:
        """Return the numbers."""
        known = self._known
        if isinstance(known, tuple):
            self._known = known = row_numbers(*known)
        return known

    def __reduce__(self) -> tuple[Any, ...]:
        numbers = self.numbers()
        return _restore, (numbers.activity, numbers.slack)


def _restore(activity: FloatArray, slack: FloatArray) -> RowsAtPoint:
    rows = object.__new__(RowsAtPoint)
    rows._known = RowNumbers(activity, slack)
    return rows


def row_numbers(problem: LXProblem, x: FloatArray) -> RowNumbers:
    """Return the numbers of the rows of a problem at a point of shape ``(n,)``."""
    sums = problem.activity(x)
    lower, upper = problem.row_bounds_at(x)
    slack = np.minimum(sums - lower, upper - sums)
    for block in problem.constraints:
        if block.constant:
            sums[block.span] += block.constant
    return RowNumbers(sums + 0.0, slack + 0.0)
