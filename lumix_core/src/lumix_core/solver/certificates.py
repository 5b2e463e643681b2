"""Certificates: numbers that prove a claim of a solver, checked over the arrays of the problem alone.

The duals of a linear problem prove its optimum (weak duality), multipliers of rows prove that there is no point (the
lemma of Farkas), and a ray proves that the objective of a feasible problem has no end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem

OPTIMALITY = 1e-6
"""How far a proved bound may be from an optimum, relative to the terms of the objective."""
NOISE = 1e-9
"""What a sum may be off by rounding and by a solver's own tolerances, relative to what is added up in it."""
ROUNDING = 1e-13
"""What the sum of a bound may be off by rounding alone, relative to what is added up in it."""


@dataclass(frozen=True)
class DualityGap:
    """How far an objective is from the bound that duals prove.

    Args:
        bound: no point has a better objective; infinite where the duals prove nothing.
        gap: the distance, 0 or less where the duals prove the optimum.
        allowed: what counts as none.
    """

    bound: float
    gap: float
    allowed: float

    @property
    def is_closed(self) -> bool:
        """Whether the duals prove the optimum."""
        return self.gap <= self.allowed


def transposed_product(problem: LXProblem, multipliers: FloatArray) -> FloatArray:
    """Return ``A' y``, shape ``(n,)``."""
    weights = problem.coefficients * np.repeat(multipliers, np.diff(problem.row_starts))
    return np.bincount(problem.columns, weights=weights, minlength=problem.num_variables).astype(np.float64)


def _sizes_of_columns(problem: LXProblem, multipliers: FloatArray) -> FloatArray:
    """Return the sum of absolute values behind each entry of ``A' y``, shape ``(n,)``."""
    weights = np.abs(problem.coefficients * np.repeat(multipliers, np.diff(problem.row_starts)))
    return np.bincount(problem.columns, weights=weights, minlength=problem.num_variables).astype(np.float64)


def duality_gap(
    problem: LXProblem, x: FloatArray, duals: FloatArray, reduced_costs: FloatArray | None = None
) -> DualityGap:
    """Return the gap between a feasible point of a linear problem and the bound that its duals prove.

    Args:
        problem: the problem; integrality plays no part.
        x: the point, shape ``(n,)``.
        duals: d(objective)/d(right-hand side) in the user's sense, shape ``(m,)``.
        reduced_costs: ``c - A' duals``, shape ``(n,)``, where that was computed already.
    """
    sign = -1.0 if problem.maximize else 1.0
    costs, given = sign * problem.objective, sign * duals
    prices = _without_wrong_signs(problem, given)
    if reduced_costs is not None and prices is given:
        reduced = sign * reduced_costs
    else:
        reduced = costs - transposed_product(problem, prices)
    gap = _gap(problem, x, costs, prices, reduced)
    if not gap.is_closed:  # perhaps by rounding only
        reduced = _without_noise(problem, costs, prices)
        gap = _gap(problem, x, costs, prices, reduced)
    return DualityGap(sign * gap.bound + problem.offset, gap.gap, gap.allowed)


def endless_column(problem: LXProblem, duals: FloatArray) -> tuple[int, float]:
    """Return the column that keeps duals from proving any bound, and its reduced cost, in the user's sense.

    Of several, that with the largest reduced cost: it has no bound on the side to which the reduced cost points.
    """
    sign = -1.0 if problem.maximize else 1.0
    reduced = _without_noise(problem, sign * problem.objective, _without_wrong_signs(problem, sign * duals))
    endless = ((reduced > 0) & np.isinf(problem.lower)) | ((reduced < 0) & np.isinf(problem.upper))
    column = int(np.argmax(np.where(endless, np.abs(reduced), 0.0)))
    return column, float(sign * reduced[column])


def quadratic_gap(problem: LXProblem, tangent: LXProblem, x: FloatArray, duals: FloatArray) -> DualityGap:
    """Return the gap between a feasible point of a convex problem and the bound that duals prove at its tangent.

    Solvers of quadratic problems come near a point where a slope is 0, and not to it: slopes count as 0 up to
    `OPTIMALITY`, relative to what is added up in them.

    Args:
        problem: the problem, whose objective is quadratic.
        tangent: the problem with the linear objective that touches that one at the point.
        x: the point, shape ``(n,)``.
        duals: d(objective)/d(right-hand side) in the user's sense, shape ``(m,)``.
    """
    sign = -1.0 if problem.maximize else 1.0
    costs, prices = sign * tangent.objective, _without_wrong_signs(problem, sign * duals)
    reduced = costs - transposed_product(problem, prices)
    slopes = _sizes_of_slopes(problem, x)
    sizes = slopes + _sizes_of_columns(problem, prices)
    reduced = np.where(np.abs(reduced) <= OPTIMALITY * (sizes + float(slopes.max(initial=0.0))), 0.0, reduced)
    gap = _gap(problem, x, costs, prices, reduced)
    allowed = OPTIMALITY * (problem.objective_size(x) - abs(problem.offset) + float(slopes.max(initial=0.0)))
    return DualityGap(sign * gap.bound + tangent.offset, gap.gap, max(gap.allowed, allowed))


def _sizes_of_slopes(problem: LXProblem, x: FloatArray) -> FloatArray:
    """Return the sum of absolute values behind the slope of the objective in each column, shape ``(n,)``."""
    products = problem.structures.quadratics
    own = products.taken(products.of_objective)
    sizes = np.abs(problem.objective)
    np.add.at(sizes, own.left, np.abs(own.values * x[own.right]))
    np.add.at(sizes, own.right, np.abs(own.values * x[own.left]))
    return sizes


def _without_wrong_signs(problem: LXProblem, prices: FloatArray) -> FloatArray:
    """Return prices of a minimisation without those for row bounds that are infinite: these prove nothing."""
    none = ((prices > 0) & np.isinf(problem.row_lower)) | ((prices < 0) & np.isinf(problem.row_upper))
    return np.where(none, 0.0, prices) if none.any() else prices


def _without_noise(problem: LXProblem, costs: FloatArray, prices: FloatArray) -> FloatArray:
    """Return ``c - A' y`` with 0 for what rounding explains."""
    reduced = costs - transposed_product(problem, prices)
    return np.where(np.abs(reduced) <= NOISE * (np.abs(costs) + _sizes_of_columns(problem, prices)), 0.0, reduced)


def _gap(problem: LXProblem, x: FloatArray, costs: FloatArray, prices: FloatArray, reduced: FloatArray) -> DualityGap:
    rows = _at_bounds(prices, problem.row_lower, problem.row_upper)
    columns = _at_bounds(reduced, problem.lower, problem.upper)
    bound = float(rows.sum() + columns.sum())
    if not np.isfinite(bound):
        return DualityGap(-np.inf, np.inf, 0.0)
    terms = costs * x
    rounding = ROUNDING * float(np.abs(rows).sum() + np.abs(columns).sum())
    allowed = OPTIMALITY * float(np.abs(terms).sum()) + rounding
    return DualityGap(bound, float(terms.sum()) - bound, allowed)


def _at_bounds(prices: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return price times bound: the lower bound where a price is above 0, the upper bound where it is below."""
    bounds = np.where(prices > 0, lower, upper)
    return np.multiply(prices, bounds, out=np.zeros_like(prices), where=prices != 0)


def better_move(problem: LXProblem, x: FloatArray) -> tuple[int, float, float]:
    """Return the single variable whose change, all others left as they are, improves a feasible point the most.

    Returns:
        Its position, the value that it could have, and the gain of the objective; a gain of 0 where there is none.
    """
    costs = -problem.objective if problem.maximize else problem.objective
    rising = costs < 0
    steps = np.where(rising, problem.upper - x, x - problem.lower)
    activity = problem.activity(x)
    adds = (problem.coefficients > 0) == rising[problem.columns]
    rows = problem.row_numbers()
    bounds = np.where(adds, problem.row_upper[rows], problem.row_lower[rows])
    room = np.where(adds, bounds - activity[rows], activity[rows] - bounds)
    sizes = np.abs(problem.coefficients)
    allowed = np.divide(room, sizes, out=np.full_like(room, np.inf), where=sizes > 0)
    np.minimum.at(steps, problem.columns, allowed)
    whole = np.floor(steps + NOISE)
    limited = np.isfinite(bounds)
    moved = whole[problem.columns[limited]] * sizes[limited]
    broken = np.zeros_like(limited)
    broken[limited] = moved - room[limited] > NOISE * (1.0 + np.abs(bounds[limited]))
    np.subtract.at(whole, np.unique(problem.columns[broken]), 1.0)
    steps = np.where(problem.integer, whole, steps)
    steps = np.where(costs == 0, 0.0, np.maximum(steps, 0.0))
    gains = np.abs(costs) * steps
    best = int(np.argmax(gains))
    return best, float(x[best] + (steps[best] if rising[best] else -steps[best])), float(gains[best])


def proves_infeasible(problem: LXProblem, multipliers: FloatArray) -> bool:
    """Whether the rows, times multipliers and added up, require what no values within the bounds of columns reach.

    Args:
        problem: the problem; integrality and objective play no part.
        multipliers: shape ``(m,)``; above 0 for a lower row bound, below 0 for an upper one.
    """
    prices = _without_wrong_signs(problem, multipliers)
    sums = -_without_noise(problem, np.zeros(problem.num_variables), prices)
    required = _at_bounds(prices, problem.row_lower, problem.row_upper)
    reached = -_at_bounds(-sums, problem.lower, problem.upper)
    margin = float(required.sum() - reached.sum())
    size = float(np.abs(required).sum() + np.abs(reached).sum())
    return bool(np.isfinite(size) and margin > NOISE * size)


def proves_unbounded(problem: LXProblem, ray: FloatArray) -> bool:
    """Whether a ray, added to any point again and again, breaks nothing and improves the objective.

    Args:
        problem: the problem; integrality plays no part, since coefficients are rational.
        ray: shape ``(n,)``.
    """
    cone = recession_of(problem)
    ray = np.clip(ray, cone.lower, cone.upper)  # solvers miss bounds by the last digit
    terms = problem.objective * ray
    gain = float(terms.sum()) * (1.0 if problem.maximize else -1.0)
    rows = problem.row_numbers()
    products = problem.coefficients * ray[problem.columns]
    activity = problem.activity(ray)
    room = NOISE * np.bincount(rows, weights=np.abs(products), minlength=problem.num_constraints)
    holds = (activity >= cone.row_lower - room) & (activity <= cone.row_upper + room)
    return bool(gain > NOISE * float(np.abs(terms).sum()) and holds.all())


def recession_of(problem: LXProblem) -> LXProblem:
    """Return the linear problem of the direction, of at most 1 in each variable, that improves the objective most."""
    return replace(
        problem,
        offset=0.0,
        lower=np.where(np.isinf(problem.lower), -1.0, 0.0),
        upper=np.where(np.isinf(problem.upper), 1.0, 0.0),
        integer=np.zeros_like(problem.integer),
        row_lower=np.where(np.isinf(problem.row_lower), -np.inf, 0.0),
        row_upper=np.where(np.isinf(problem.row_upper), np.inf, 0.0),
        name=f"{problem.name}, directions without an end",
    )
