"""Elastic problems: sides and bounds that may be missed, at a price of 1 for each unit."""

from __future__ import annotations

import numpy as np

from lumix_core.problem import BoolArray, FloatArray, LXProblem
from lumix_core.sides import Sides

MISSED = 1e-6
"""How far a side may be missed and still count as kept, relative to the size of what is added up in it."""


def elastic(problem: LXProblem, soft: Sides) -> LXProblem:
    r"""Return the problem of missing the ``soft`` sides and bounds by the least total; the other ones stay hard.

    .. math::

        \min \sum_i p_i + q_i \quad \text{subject to} \quad r_l \le A x + p - q \le r_u, \quad p, q \ge 0

    with ``p`` only for soft lower sides and ``q`` only for soft upper ones. The first ``n`` columns are those of
    ``problem``. Soft bounds become rows, which follow on those of ``problem``.
    """
    bounded = np.flatnonzero(soft.lower | soft.upper)
    below = np.concatenate([problem.row_lower, np.where(soft.lower, problem.lower, -np.inf)[bounded]])
    above = np.concatenate([problem.row_upper, np.where(soft.upper, problem.upper, np.inf)[bounded]])
    short = np.flatnonzero(np.concatenate([soft.row_lower, soft.lower[bounded]]) & np.isfinite(below))
    over = np.flatnonzero(np.concatenate([soft.row_upper, soft.upper[bounded]]) & np.isfinite(above))
    n, k = problem.num_variables, len(short) + len(over)
    rows = np.concatenate([problem.row_numbers(), problem.num_constraints + np.arange(len(bounded)), short, over])
    columns = np.concatenate([problem.columns, bounded, n + np.arange(k)])
    ones = [np.ones(len(bounded)), np.ones(len(short)), -np.ones(len(over))]
    order = np.lexsort((columns, rows))
    return LXProblem(
        maximize=False,
        objective=np.concatenate([np.zeros(n), np.ones(k)]),
        offset=0.0,
        lower=np.concatenate([np.where(soft.lower, -np.inf, problem.lower), np.zeros(k)]),
        upper=np.concatenate([np.where(soft.upper, np.inf, problem.upper), np.full(k, np.inf)]),
        integer=np.concatenate([problem.integer, np.zeros(k, dtype=np.bool_)]),
        row_starts=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(below)))]).astype(np.int32),
        columns=columns[order].astype(np.int32),
        coefficients=np.concatenate([problem.coefficients, *ones])[order],
        # Between sides that cross, every point misses both by the same total.
        row_lower=np.minimum(below, above),
        row_upper=np.maximum(below, above),
        name=f"{problem.name}, made elastic",
    )


def misses(problem: LXProblem, x: FloatArray) -> FloatArray:
    """Return by how much a point misses each side and bound, in the order of `Sides.mask`, without integrality.

    What is within the tolerance is 0. Shape ``(2 m + 2 n,)``.
    """
    activity = problem.activity(x)
    products = np.abs(problem.coefficients * x[problem.columns])
    sums = np.bincount(problem.row_numbers(), weights=products, minlength=problem.num_constraints)
    size = sums.astype(np.float64)
    return np.concatenate(
        [
            _above_tolerance(problem.row_lower - activity, 1.0 + size),
            _above_tolerance(activity - problem.row_upper, 1.0 + size),
            _above_tolerance(problem.lower - x, 1.0 + np.abs(x)),
            _above_tolerance(x - problem.upper, 1.0 + np.abs(x)),
        ]
    )


def _above_tolerance(excess: FloatArray, size: FloatArray) -> FloatArray:
    return np.where(excess > MISSED * size, excess, 0.0)


def missed(problem: LXProblem, x: FloatArray) -> Sides:
    """Return the sides and bounds that a point misses."""
    mask: BoolArray = np.concatenate([misses(problem, x) > 0, np.zeros(problem.num_variables, dtype=np.bool_)])
    return Sides(problem.num_constraints, problem.num_variables, mask)
