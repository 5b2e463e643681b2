"""Whether a solution with its duals is an optimum of a linear problem."""

from __future__ import annotations

import numpy as np

from lumix_core import LXProblem, LXSolution
from lumix_core.problem import FloatArray

NEAR = 1e-6
"""How far numbers of a solver may be from what they stand for, relative to their size."""


def is_optimum(problem: LXProblem, solution: LXSolution) -> bool:
    """Whether the values and the duals of a solution prove each other to be the best of a problem.

    They do where the point satisfies the problem, the reduced costs are what its duals leave of the objective, and
    whatever has a price is at the side that the price belongs to (complementary slackness).
    """
    x, duals, reduced = solution.variables.array, solution.shadow_prices.array, solution.reduced_costs.array
    if len(x) != problem.num_variables or len(duals) != problem.num_constraints:
        return False
    claimed = solution.objective_value
    if abs(problem.objective_at(x) - claimed) > NEAR * (1.0 + abs(claimed)):
        return False
    sides = Requirements(problem, claimed)
    return (
        _left(problem, duals, reduced)
        and sides.holds(problem.activity(x), problem.row_lower, problem.row_upper, duals)
        and sides.holds(x, problem.lower, problem.upper, reduced)
    )


def _left(problem: LXProblem, duals: FloatArray, reduced: FloatArray) -> bool:
    """Whether the reduced costs are what the duals leave of the objective."""
    paid = np.bincount(
        problem.columns, problem.coefficients * duals[problem.row_numbers()], minlength=problem.num_variables
    )
    size = 1.0 + np.abs(problem.objective) + np.abs(reduced)
    return bool((np.abs(problem.objective - paid - reduced) <= NEAR * size).all())


class Requirements:
    """Looks whether values keep their limits, and whether those with a price are at the limit that it is for.

    Args:
        problem: theirs.
        objective: its objective, by whose size it is judged what a distance matters.
    """

    def __init__(self, problem: LXProblem, objective: float) -> None:
        self._sign = 1.0 if problem.maximize else -1.0
        self._small = NEAR * (1.0 + np.abs(problem.objective).max(initial=0.0))
        self._gap = NEAR * (1.0 + abs(objective))

    def holds(self, values: FloatArray, lower: FloatArray, upper: FloatArray, prices: FloatArray) -> bool:
        """Whether values between two limits go with their prices."""
        up = self._sign * prices > 0.0
        to_go = np.where(up, upper - values, values - lower)
        near = 10.0 * NEAR * (1.0 + np.abs(values))
        inside = (lower - values <= near) & (values - upper <= near)
        sizes = np.abs(prices)
        costly = (sizes > self._small) & (to_go > near) & (sizes * np.minimum(to_go, 1e9) > self._gap)
        return bool(inside.all() and not costly.any())
