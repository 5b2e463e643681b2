"""Elastic problems: sides and bounds that may be missed, at a price of 1 for each unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.csr import compressed, rows_of
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements

MISSED = 1e-6
"""How far a side may be missed and still count as kept, relative to the size of what is added up in it."""


def elastic(problem: LXProblem, soft: Requirements) -> LXProblem:
    r"""Return the problem of missing the ``soft`` sides and bounds by the least total; the other ones stay hard.

    .. math::

        \min \sum_i d_i \quad \text{subject to} \quad a_i x + d_i \ge l_i \text{ or } a_i x - d_i \le u_i,
        \quad d_i \ge 0

    with a row and a ``d`` of its own for each soft side, since sides may cross. The first ``n`` columns are those
    of ``problem``.
    """
    apart = _apart(problem, soft)
    n, k = problem.num_variables, len(soft)
    at_least = np.isinf(apart.row_upper[apart.num_constraints - k :])
    nonzeros = (
        np.concatenate([apart.row_numbers(), np.arange(apart.num_constraints - k, apart.num_constraints)]),
        np.concatenate([apart.columns, n + np.arange(k)]),
        np.concatenate([apart.coefficients, np.where(at_least, 1.0, -1.0)]),
    )
    return replace(
        apart,
        objective=np.concatenate([np.zeros(n), np.ones(k)]),
        lower=np.concatenate([apart.lower, np.zeros(k)]),
        upper=np.concatenate([apart.upper, np.full(k, np.inf)]),
        integer=np.concatenate([apart.integer, np.zeros(k, dtype=np.bool_)]),
        **compressed(*nonzeros, apart.num_constraints),
    )


def _apart(problem: LXProblem, soft: Requirements) -> LXProblem:
    """Return the problem with the soft sides and bounds at its end, each in a row of its own."""
    hard = Requirements.every(problem) - soft
    held = np.flatnonzero(hard.row_lower | hard.row_upper)
    low, high = np.flatnonzero(soft.row_lower), np.flatnonzero(soft.row_upper)
    least, most = np.flatnonzero(soft.lower), np.flatnonzero(soft.upper)
    rows, columns, coefficients = rows_of(problem, np.concatenate([held, low, high]))
    bounded = np.concatenate([least, most])
    first = len(held) + len(low) + len(high)
    nonzeros = (
        np.concatenate([rows, first + np.arange(len(bounded))]),
        np.concatenate([columns, bounded]),
        np.concatenate([coefficients, np.ones(len(bounded))]),
    )
    below = [np.where(hard.row_lower, problem.row_lower, -np.inf)[held], problem.row_lower[low], _open(high, -1)]
    above = [np.where(hard.row_upper, problem.row_upper, np.inf)[held], _open(low, 1), problem.row_upper[high]]
    return LXProblem(
        maximize=False,
        objective=np.zeros(problem.num_variables),
        offset=0.0,
        lower=np.where(hard.lower, problem.lower, -np.inf),
        upper=np.where(hard.upper, problem.upper, np.inf),
        integer=problem.integer,
        row_lower=np.concatenate([*below, problem.lower[least], _open(most, -1)]),
        row_upper=np.concatenate([*above, _open(least, 1), problem.upper[most]]),
        name=f"{problem.name}, made elastic",
        **compressed(*nonzeros, first + len(bounded)),
    )


def _open(places: IntArray, sign: int) -> FloatArray:
    return np.full(len(places), sign * np.inf)


def misses(problem: LXProblem, x: FloatArray, tolerance: float = MISSED) -> FloatArray:
    """Return by how much a point misses each side and bound, in the order of `Requirements.mask`, without integrality.

    What is within the tolerance, relative to the size of what is added up, is 0. Shape ``(2 m + 2 n,)``.
    """
    activity = problem.activity(x)
    products = np.abs(problem.coefficients * x[problem.columns])
    sums = np.bincount(problem.row_numbers(), weights=products, minlength=problem.num_constraints)
    size = sums.astype(np.float64)
    return np.concatenate(
        [
            _above(problem.row_lower - activity, tolerance * (1.0 + size)),
            _above(activity - problem.row_upper, tolerance * (1.0 + size)),
            _above(problem.lower - x, tolerance * (1.0 + np.abs(x))),
            _above(x - problem.upper, tolerance * (1.0 + np.abs(x))),
        ]
    )


def _above(excess: FloatArray, least: FloatArray) -> FloatArray:
    return np.where(excess > least, excess, 0.0)


def missed(problem: LXProblem, x: FloatArray) -> Requirements:
    """Return the sides and bounds that a point misses."""
    mask = np.concatenate([misses(problem, x) > 0, np.zeros(problem.num_variables, dtype=np.bool_)])
    return Requirements(problem.num_constraints, problem.num_variables, mask)
