"""What is true of a small problem of any class, without LumiX's own arithmetic, as far as that can be known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from exact import Exact, exact
from structured_problems import best_by_trying

from lumix_core.problem import OBJECTIVE, LXProblem, Structures


def truth_of(problem: LXProblem) -> Exact:
    """Return what is true of a problem.

    Of linear ones, and of choices between linear ones, in rational numbers; of bounded whole variables by trying every
    point; of convex objectives whether there is a point, and an end: then the optimum is ``None``, and
    `proved_bound` is near it at points that are. Of all others it is "unknown".
    """
    held = problem.structures
    if problem.is_linear:
        return exact(problem)
    if problem.integer.all():
        best = best_by_trying(problem)
        return Exact("infeasible") if best is None else Exact("optimal", Fraction(best))
    if not held.has_terms:
        return _best_of_choices(problem)
    if has_convex_objective(problem):
        return _truth_of_convex(problem)
    return Exact("unknown")


def _best_of_choices(problem: LXProblem) -> Exact:
    """Return the best of the linear problems that semi-continuous variables, sets and indicators leave a choice of."""
    answers = [exact(linear) for linear in _choices(problem)]
    for status in ("unknown", "unbounded"):
        if any(answer.status == status for answer in answers):
            return Exact(status)  # type: ignore[arg-type]
    optima = [answer for answer in answers if answer.objective is not None]
    sign = -1 if problem.maximize else 1
    return min(optima, key=lambda answer: sign * (answer.objective or 0), default=Exact("infeasible"))


def _choices(problem: LXProblem) -> Iterator[LXProblem]:
    held = problem.structures
    semi = np.flatnonzero(held.semi).tolist() if held.has_semi else []
    used = [list(_supports(kind, columns.tolist())) for kind, columns, _ in held.sets]
    switches = sorted(set(held.indicators.columns.tolist()))
    for zeros in itertools.product((True, False), repeat=len(semi)):
        for supports in itertools.product(*used):
            for values in itertools.product((0.0, 1.0), repeat=len(switches)):
                idle = [column for column, is_zero in zip(semi, zeros, strict=True) if is_zero]
                for (_, columns, _), support in zip(held.sets, supports, strict=True):
                    idle += [column for column in columns.tolist() if column not in support]
                yield _chosen(problem, idle, dict(zip(switches, values, strict=True)), semi)


def _supports(kind: int, columns: list[int]) -> Iterator[list[int]]:
    """Yield the columns of a set that may differ from 0 together, as many as may."""
    width = min(kind, len(columns))
    for first in range(len(columns) - width + 1):
        yield columns[first : first + width]


def _chosen(problem: LXProblem, idle: list[int], switched: dict[int, float], semi: list[int]) -> LXProblem:
    lower, upper = problem.lower.copy(), problem.upper.copy()
    row_lower, row_upper = problem.row_lower.copy(), problem.row_upper.copy()
    for column in idle:
        holds_zero = column in semi or lower[column] <= 0 <= upper[column]
        lower[column], upper[column] = (0.0, 0.0) if holds_zero else (1.0, 0.0)
    for column, value in switched.items():
        lower[column], upper[column] = max(lower[column], value), min(upper[column], value)
    for row, column, on in zip(*problem.structures.indicators.arrays().values(), strict=True):
        if switched[int(column)] != on:
            row_lower[row], row_upper[row] = -np.inf, np.inf
    return replace(problem, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper, structures=Structures())


def has_convex_objective(problem: LXProblem) -> bool:
    """Whether a problem is linear, and continuous, but for products in its objective that make it convex."""
    held = problem.structures
    other = held.has_semi or len(held.sets) or len(held.indicators) or len(held.functions) or problem.integer.any()
    if other or not held.quadratics.of_objective.all():
        return False
    sign = -1.0 if problem.maximize else 1.0
    return bool(np.linalg.eigvalsh(sign * _matrix(problem)).min() >= -1e-9)


def _matrix(problem: LXProblem) -> Any:
    """Return the second derivatives of the objective, shape ``(n, n)``."""
    matrix = np.zeros((problem.num_variables, problem.num_variables))
    for row, left, right, value in zip(*problem.structures.quadratics.arrays().values(), strict=True):
        assert row == OBJECTIVE
        matrix[left, right] += value
        matrix[right, left] += value
    return matrix


def _truth_of_convex(problem: LXProblem) -> Exact:
    """Return whether there is a point, and whether a direction of no curvature improves the objective for ever."""
    linear = replace(problem, structures=Structures())
    point = exact(replace(linear, objective=np.zeros(problem.num_variables)))
    if point.status == "infeasible":
        return point
    n = problem.num_variables
    rows = np.vstack([_dense(linear), _matrix(problem)])
    starts = np.arange(len(rows) + 1) * n
    direction = replace(
        linear,
        offset=0.0,
        lower=np.where(np.isinf(problem.lower), -1.0, 0.0),
        upper=np.where(np.isinf(problem.upper), 1.0, 0.0),
        row_starts=starts.astype(np.int32),
        columns=np.tile(np.arange(n, dtype=np.int32), len(rows)),
        coefficients=rows.ravel(),
        row_lower=np.concatenate([np.where(np.isinf(problem.row_lower), -np.inf, 0.0), np.zeros(n)]),
        row_upper=np.concatenate([np.where(np.isinf(problem.row_upper), np.inf, 0.0), np.zeros(n)]),
    )
    return Exact("unbounded" if exact(direction).objective != 0 else "optimal")


def _dense(problem: LXProblem) -> Any:
    matrix = np.zeros((problem.num_constraints, problem.num_variables))
    matrix[problem.row_numbers(), problem.columns] = problem.coefficients
    return matrix


NEIGHBOURHOOD = 100.0
"""How far around a point of a convex problem a better one is looked for: if there is none, there is none at all."""


def proved_bound(problem: LXProblem, x: Any) -> Fraction | None:
    """Return a bound on the objective of a convex problem, by its tangent at a point; None where that proves nothing.

    At the best point it is the optimum.
    """
    slopes = problem.objective + _matrix(problem) @ x
    tangent = replace(
        problem,
        objective=slopes,
        offset=problem.objective_at(x) - float(slopes @ x),
        lower=np.maximum(problem.lower, x - NEIGHBOURHOOD),
        upper=np.minimum(problem.upper, x + NEIGHBOURHOOD),
        structures=Structures(),
    )
    return exact(tangent).objective
