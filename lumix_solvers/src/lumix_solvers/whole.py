"""Whole bounds of whole variables, for solvers that mistake others."""

from __future__ import annotations

import numpy as np

from lumix_core.problem import FloatArray, LXProblem

NEAR = 1e-6
"""How far a whole number may be outside a bound and still satisfy it, as a point may."""


def integer_bounds(problem: LXProblem) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of a problem, those of integer columns at the next whole numbers within.

    HiGHS (seen in 1.15.1) calls problems with fractional bounds of integer columns infeasible that are not, and returns
    points of others that are not best.
    """
    integer = problem.integer
    if not integer.any():
        return problem.lower, problem.upper
    return (
        np.where(integer, np.ceil(problem.lower - NEAR), problem.lower),
        np.where(integer, np.floor(problem.upper + NEAR), problem.upper),
    )


def bounds_cross(problem: LXProblem) -> bool:
    """Whether a lower bound is above its upper one: of a column (whole bounds), or of a row without an indicator."""
    lower, upper = integer_bounds(problem)
    crossed = problem.row_lower > problem.row_upper
    crossed[problem.structures.indicators.rows] = False
    return bool((lower > upper).any() or crossed.any())
