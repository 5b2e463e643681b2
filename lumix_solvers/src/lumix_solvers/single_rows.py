"""Duals of rows with one column, for solvers that take such rows for bounds."""

from __future__ import annotations

import numpy as np

from lumix_core.problem import FloatArray, LXProblem

FAR = 1e-6
"""How far from its bound a column is not held by it, relative to 1 and its size."""

NOISE = 1e-12
"""Up to here, beside the largest one, a multiplier is 0."""


def paid_by_single_rows(problem: LXProblem, x: FloatArray, duals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return duals and reduced costs; what a row with one column holds at ``x``, and no bound does, that row pays for.

    Args:
        problem: a linear one.
        x: its optimum, shape ``(n,)``.
        duals: in the user's sense, 0 for rows that were taken for bounds, shape ``(m,)``.
    """
    reduced = reduced_costs(problem, duals)
    alone = np.flatnonzero(np.diff(problem.row_starts) == 1)
    columns, factors = (part[problem.row_starts[alone]] for part in (problem.columns, problem.coefficients))
    push = -reduced if problem.maximize else reduced  # above 0 where a lower bound holds the column
    bound = np.where(push > 0, problem.lower, problem.upper)
    is_held = np.abs(x - bound) <= FAR * (1.0 + np.abs(x))
    wanted = (push != 0.0) & ~is_held
    limit = np.where(push[columns] * factors > 0, problem.row_lower[alone], problem.row_upper[alone]) / factors
    distance = np.abs(limit - x[columns])
    chosen = np.flatnonzero(wanted[columns] & (distance <= FAR * (1.0 + np.abs(x[columns]))))
    chosen = chosen[np.argsort(distance[chosen], kind="stable")]
    _, firsts = np.unique(columns[chosen], return_index=True)
    chosen = chosen[firsts]
    duals = duals.copy()
    duals[alone[chosen]] = reduced[columns[chosen]] / factors[chosen]
    reduced[columns[chosen]] = 0.0
    return duals + 0.0, reduced + 0.0


def reduced_costs(problem: LXProblem, duals: FloatArray) -> FloatArray:
    """Return ``c - A' y``, what is left of the costs of a linear problem once the rows are paid for, shape ``(n,)``."""
    paid = problem.coefficients * duals[problem.row_numbers()]
    sums = np.bincount(problem.columns, weights=paid, minlength=problem.num_variables)
    return np.asarray(problem.objective - sums, dtype=np.float64)


def without_noise(multipliers: FloatArray) -> FloatArray:
    """Return multipliers, 0 where they are what rounding has left beside the largest one."""
    largest = float(np.abs(multipliers).max(initial=1.0))
    return np.where(np.abs(multipliers) <= NOISE * largest, 0.0, multipliers)
