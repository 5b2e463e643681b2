"""Convex sums of products that a solver does not take: columns that are at least every one of some tangents.

With a tangent at each point that was found so far, the points come nearer until they satisfy the problem: outer
approximation (Duran and Grossmann, An outer-approximation algorithm for a class of mixed-integer nonlinear programs,
1986). `lumix_core.solver.rewritten_runs` finds the points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import OBJECTIVE, Quadratics
from lumix_core.solver.reformulations.convexity import independent_parts, is_convex
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.reformulations.rewriting import Tangents


def convex_side(problem: LXProblem, row: int) -> float:
    """Return 1 where the products of a row (or of the objective) are convex and kept down, -1 where concave; else 0."""
    products = problem.structures.quadratics
    if row in problem.structures.indicators.rows:
        return 0.0
    if row == OBJECTIVE:
        side = -1.0 if problem.maximize else 1.0
    elif np.isfinite(problem.row_lower[row]) and np.isfinite(problem.row_upper[row]):
        return 0.0
    else:
        side = 1.0 if np.isfinite(problem.row_upper[row]) else -1.0
    return side if is_convex(products.taken(products.rows == row), side) else 0.0


def add_tangents(grown: Extension, ranges: Ranges, rows: IntArray, points: Sequence[FloatArray]) -> Iterator[Tangents]:
    """Let columns stand for the products of each of some rows, and yield what they stand for.

    Products that share no column have a column and tangents of their own: so a few points are enough for many squares.

    Args:
        grown: what columns and rows are added to; its problem holds the products.
        ranges: of the columns, finite for all that are in the products.
        rows: the rows, or `OBJECTIVE`.
        points: where tangents touch, besides the middle and the ends of the ranges.
    """
    problem = grown.problem
    low, high = (np.where(np.isfinite(end), end, 0.0) for end in (ranges.lower, ranges.upper))
    touched = [low, (low + high) / 2.0, high, *points]
    for row in rows.tolist():
        products = problem.structures.quadratics.taken(problem.structures.quadratics.rows == row)
        scale = _scale(products)
        products = replace(products, values=products.values / scale)
        part = independent_parts(products)
        columns = grown.add_columns("sum of products", int(part.max()) + 1, -np.inf, np.inf)
        grown.add_terms(np.full(len(columns), row), columns, scale)
        made = Tangents(products, columns, convex_side(problem, row), scale)
        for x in touched:
            _add_tangents(grown, made, part, x)
        yield made


def _scale(products: Quadratics) -> float:
    """Return what brings the products to 1, beside which tolerances are small: a power of 2, which rounds nothing."""
    largest = float(np.abs(products.values).max())
    return float(np.exp2(np.floor(np.log2(largest)))) if largest else 1.0


def _add_tangents(grown: Extension, made: Tangents, part: IntArray, x: FloatArray) -> None:
    """Add the tangent of each part of a sum at a point, given the part that each product is in."""
    products = made.products
    heights = -np.bincount(part, weights=products.products_at(x)).astype(np.float64)
    low, high = (heights, np.inf) if made.sign > 0 else (-np.inf, heights)
    rows = grown.add_rows("sum of products, tangent", len(heights), low, high)
    grown.add_terms(rows, made.columns, 1.0)
    for one, other in ((products.left, products.right), (products.right, products.left)):
        grown.add_terms(rows[part], one.astype(np.int64), -products.values * x[other])
