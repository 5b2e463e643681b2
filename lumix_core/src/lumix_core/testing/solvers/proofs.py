"""Proofs that an answer is right: by duality, by all vertices, by all integer points. No stored optima."""

from __future__ import annotations

import itertools

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import RawResult
from lumix_core.solver.status import LXStatus

TOLERANCE = 1e-6


def close(value: float | None, expected: float, tolerance: float = TOLERANCE) -> bool:
    """Whether two numbers are equal, up to a tolerance relative to their size."""
    return value is not None and abs(value - expected) <= tolerance * (1.0 + abs(expected))


def is_feasible(problem: LXProblem, x: FloatArray) -> bool:
    """Whether a point is within rows, bounds and integrality."""
    activity = problem.activity(x)
    return bool(
        _within(x, problem.lower, problem.upper)
        and _within(activity, problem.row_lower, problem.row_upper)
        and (np.abs(x - np.round(x)) <= TOLERANCE)[problem.integer].all()
    )


def _within(values: FloatArray, lower: FloatArray, upper: FloatArray) -> bool:
    room = TOLERANCE * (1.0 + np.abs(values))
    return bool((values >= lower - room).all() and (values <= upper + room).all())


def assert_reaches(result: RawResult, problem: LXProblem, optimum: float) -> None:
    """Assert that a result is optimal, feasible, and as good as a proved optimum."""
    assert result.status is LXStatus.OPTIMAL
    assert result.limit is None
    assert result.x is not None
    assert is_feasible(problem, result.x)
    assert close(result.objective, problem.objective_at(result.x))
    assert close(result.objective, optimum)


def assert_proved_by_duality(problem: LXProblem, result: RawResult) -> None:
    """Assert that a point and its duals are feasible, complementary, and leave no gap, which proves the point.

    With a minimisation's signs: a row or bound may only pay in the direction in which it holds the point back,
    and only where it is reached. Then the value of the row and variable bounds that pay equals the objective.
    """
    assert result.x is not None
    assert result.duals is not None
    assert result.reduced_costs is not None
    assert is_feasible(problem, result.x)
    left = problem.objective - _paid(problem, result.duals)
    np.testing.assert_allclose(result.reduced_costs, left, atol=TOLERANCE, err_msg="d = c - A'y")
    rows = _dual_prices(problem, result.duals, problem.activity(result.x), problem.row_lower, problem.row_upper)
    bounds = _dual_prices(problem, result.reduced_costs, result.x, problem.lower, problem.upper)
    assert close(result.objective, problem.offset + rows + bounds)


def _paid(problem: LXProblem, duals: FloatArray) -> FloatArray:
    """Return ``A' y``."""
    weights = problem.coefficients * duals[problem.row_numbers()]
    return np.bincount(problem.columns, weights=weights, minlength=problem.num_variables).astype(np.float64)


def _dual_prices(
    problem: LXProblem, multipliers: FloatArray, values: FloatArray, lower: FloatArray, upper: FloatArray
) -> float:
    """Return the sum of multiplier times limit, for limits that are reached."""
    signed = -multipliers if problem.maximize else multipliers
    paying = np.abs(signed) > TOLERANCE
    limit = np.where(signed > 0, lower, upper)[paying]
    assert np.isfinite(limit).all(), "a multiplier pays for a limit that is not there"
    np.testing.assert_allclose(values[paying], limit, atol=1e-5, rtol=1e-6, err_msg="complementarity")
    return float(multipliers[paying] @ limit)


def best_vertex(problem: LXProblem) -> float:
    """Return the optimum of a small linear problem, which is at a vertex: where n limits meet.

    The problem must be feasible and bounded, and its polyhedron must have a vertex.
    """
    n = problem.num_variables
    limits = _limits(problem)
    best = []
    for chosen in itertools.combinations(limits, n):
        matrix = np.array([row for row, _ in chosen])
        if abs(np.linalg.det(matrix)) > 1e-9:
            x = np.linalg.solve(matrix, np.array([limit for _, limit in chosen]))
            if is_feasible(problem, x):
                best.append(problem.objective_at(x))
    return max(best) if problem.maximize else min(best)


def _limits(problem: LXProblem) -> list[tuple[FloatArray, float]]:
    matrix = np.zeros((problem.num_constraints, problem.num_variables))
    matrix[problem.row_numbers(), problem.columns] = problem.coefficients
    limits = [
        *zip(matrix, problem.row_lower, strict=True),
        *zip(matrix, problem.row_upper, strict=True),
        *zip(np.eye(problem.num_variables), problem.lower, strict=True),
        *zip(np.eye(problem.num_variables), problem.upper, strict=True),
    ]
    return [(row, float(limit)) for row, limit in limits if np.isfinite(limit)]


def best_integer_point(problem: LXProblem) -> float:
    """Return the optimum of a small problem over integers in boxes, by trying them all."""
    ranges = (
        np.arange(np.ceil(low), np.floor(high) + 1) for low, high in zip(problem.lower, problem.upper, strict=True)
    )
    points = np.array(list(itertools.product(*ranges)))
    matrix = np.zeros((problem.num_constraints, problem.num_variables))
    matrix[problem.row_numbers(), problem.columns] = problem.coefficients
    activity = points @ matrix.T
    fits = ((activity >= problem.row_lower - 1e-9) & (activity <= problem.row_upper + 1e-9)).all(axis=1)
    values = points[fits] @ problem.objective + problem.offset
    return float(values.max() if problem.maximize else values.min())
