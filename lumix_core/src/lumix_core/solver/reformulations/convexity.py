"""Which products a solver takes as they are: whether the quadratic part of an objective or a row is convex."""

from __future__ import annotations

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import OBJECTIVE, Quadratics
from lumix_core.solver.reformulations.rewriting import Native
from lumix_core.solver.solver import LXFeature

LARGEST = 3000
"""The most columns of which each is connected with the others by products, whose eigenvalues are computed."""
SEMIDEFINITE = 1e-9
"""How far below 0 an eigenvalue may be, relative to the largest, that only rounding made negative."""


def taken_products(problem: LXProblem, native: Native) -> BoolArray:
    """Return which products the solver takes as they are, shape ``(q,)``; all of an objective or row, or none."""
    products = problem.structures.quadratics
    if native.has(LXFeature.NONCONVEX):
        return ~np.isin(products.rows, problem.structures.indicators.rows)
    taken = np.zeros(len(products), dtype=np.bool_)
    if problem.is_mip and not native.has(LXFeature.QUADRATIC_INTEGER):
        return taken
    for row in np.unique(products.rows).tolist():
        if _takes(problem, native, row):
            taken |= products.rows == row
    if native.segments > 1 and not taken.all() and not native.has(LXFeature.QUADRATIC_INTEGER):
        return np.zeros_like(taken)  # since binary columns are to choose among the parts of the others
    return taken


def _takes(problem: LXProblem, native: Native, row: int) -> bool:
    products = problem.structures.quadratics
    own = products.taken(products.rows == row)
    if row == OBJECTIVE:
        sign = -1.0 if problem.maximize else 1.0
        return native.has(LXFeature.QUADRATIC_OBJECTIVE) and is_convex(own, sign)
    if not native.has(LXFeature.QUADRATIC_ROWS) or row in problem.structures.indicators.rows:
        return False
    ends = np.isfinite(problem.row_lower[row]), np.isfinite(problem.row_upper[row])
    return ends != (True, True) and is_convex(own, 1.0 if ends[1] else -1.0)


def is_convex(products: Quadratics, sign: float = 1.0) -> bool:
    """Whether a sum of products, times a sign, is convex: its matrix has no negative eigenvalue."""
    part = independent_parts(products)
    order = np.argsort(part, kind="stable")
    cuts = np.flatnonzero(np.diff(part[order])) + 1
    groups = np.split(order, cuts) if len(order) else []
    left, right = (columns.astype(np.int64) for columns in (products.left, products.right))
    return all(_is_semidefinite(left[group], right[group], sign * products.values[group]) for group in groups)


def independent_parts(products: Quadratics) -> IntArray:
    """Return the number of the part, from 0, that each product is in, shape ``(q,)``: parts share no column."""
    columns, numbers = np.unique(np.concatenate([products.left, products.right]), return_inverse=True)
    left, right = np.split(numbers.reshape(-1), 2)
    return np.unique(_components(len(columns), left, right)[left], return_inverse=True)[1].reshape(-1)


def _components(size: int, left: IntArray, right: IntArray) -> IntArray:
    """Return the component of each column; columns whose product is there are in one."""
    label = np.arange(size)
    while True:
        lowest = label.copy()
        np.minimum.at(lowest, left, label[right])
        np.minimum.at(lowest, right, label[left])
        lowest = lowest[lowest]
        if np.array_equal(lowest, label):
            return label
        label = lowest


def _is_semidefinite(left: IntArray, right: IntArray, values: FloatArray) -> bool:
    columns, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = np.split(numbers.reshape(-1), 2)
    size = len(columns)
    if size == 1:
        return bool(values.sum() >= 0.0)
    if size > LARGEST:
        return _is_dominant(size, left, right, values)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (left, right), values)
    eigenvalues = np.linalg.eigvalsh((matrix + matrix.T) / 2.0)
    return bool(eigenvalues[0] >= -SEMIDEFINITE * max(abs(eigenvalues[-1]), abs(eigenvalues[0])))


def _is_dominant(size: int, left: IntArray, right: IntArray, values: FloatArray) -> bool:
    """Whether each square outweighs the products of its column: enough to be convex, and quick to see."""
    same = left == right
    squares = np.bincount(left[same], weights=values[same], minlength=size)
    mixed = np.abs(values[~same]) / 2.0
    others = np.bincount(left[~same], weights=mixed, minlength=size)
    others += np.bincount(right[~same], weights=mixed, minlength=size)
    return bool((squares >= others).all())
