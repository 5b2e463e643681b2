"""A problem in a problem of Xpress's: columns and rows in one call, then what is not linear."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem import FloatArray, IntArray, LXProblem
from lumix_solvers.rows import crossed_row, linear_rows, one_sided_bounds
from lumix_solvers.whole import integer_bounds

INFINITY = 1e20
HOLDS_WHERE = {True: 1, False: -1}
"""Xpress's numbers for indicators that hold where the binary is 1, and 0."""


def hand_over(native: Any, xpress: Any, problem: LXProblem, constant: float) -> None:
    """Give a problem of Xpress's a problem.

    Its first rows are those of the problem. Those that are not linear, or hold by an indicator, are empty; rows with
    one bound each stand for them behind the others.

    Args:
        native: Xpress's, with nothing in it.
        xpress: the module.
        problem: what to hand over.
        constant: of the objective.
    """
    _load_linear(native, problem)
    native.chgObjSense(xpress.maximize if problem.maximize else xpress.minimize)
    native.chgObj([-1], [-constant])
    products = problem.structures.quadratics
    own = products.taken(products.of_objective)
    if len(own):  # Xpress takes half of the sum of all products, each pair twice
        values = np.where(own.left == own.right, 2.0 * own.values, own.values)
        native.chgMQObj(own.left.tolist(), own.right.tolist(), values.tolist())
    _add_one_sided(native, problem)


def crossed_bounds(problem: LXProblem) -> str:
    """Return the first row or column whose bounds cross, for which Xpress has no form; empty without one."""
    row = crossed_row(problem)
    if row is not None:
        return problem.row_name(row)
    lower, upper = integer_bounds(problem)
    semi = problem.structures.semi if problem.structures.has_semi else False
    columns = np.flatnonzero((lower > upper) & ~np.asarray(semi))
    return problem.column_name(int(columns[0])) if len(columns) else ""


def sides(problem: LXProblem, rows: IntArray) -> tuple[NDArray[np.str_], FloatArray, FloatArray]:
    """Return the type of some rows, their right-hand sides, and how far those of ranges reach down from there."""
    low, high = problem.row_lower[rows], problem.row_upper[rows]
    has_low, has_high = np.isfinite(low), np.isfinite(high)
    types = np.where(low == high, "E", np.where(has_low & has_high, "R", np.where(has_high, "L", "G")))
    rhs = np.where(has_high, high, np.where(has_low, low, -INFINITY))
    reach = np.subtract(high, low, out=np.zeros(len(rows)), where=types == "R")
    linear = linear_rows(problem)[rows]
    return np.where(linear, types, "G"), np.where(linear, rhs, -INFINITY), np.where(linear, reach, 0.0)


def finite(bounds: FloatArray) -> FloatArray:
    """Return bounds with Xpress's own infinity."""
    return np.clip(bounds, -INFINITY, INFINITY)


def _load_linear(native: Any, problem: LXProblem) -> None:
    starts, rows, values = problem.by_column()
    kept = linear_rows(problem)[rows]
    types, rhs, reach = sides(problem, np.arange(problem.num_constraints))
    lower, upper = integer_bounds(problem)
    semi = problem.structures.semi if problem.structures.has_semi else np.zeros_like(problem.integer)
    letters = _types(problem)
    entities = np.flatnonzero(letters != "C")
    sets = problem.structures.sets
    native.loadMIP(
        "",
        types.tolist(),
        rhs.tolist(),
        reach.tolist(),
        problem.objective.tolist(),
        np.concatenate([[0], np.cumsum(kept)])[starts].tolist(),
        None,
        rows[kept].tolist(),
        values[kept].tolist(),
        finite(np.where(semi, 0.0, lower)).tolist(),
        finite(np.where(semi, np.maximum(upper, 0.0), np.maximum(lower, upper))).tolist(),
        letters[entities].tolist(),
        entities.tolist(),
        finite(np.where(semi, lower, 0.0))[entities].tolist(),
        [str(kind) for kind in sets.kinds],
        sets.starts.tolist() if len(sets) else None,
        sets.columns.tolist(),
        sets.weights.tolist(),
    )


def _types(problem: LXProblem) -> NDArray[np.str_]:
    """Return Xpress's letters for the columns."""
    types = np.where(problem.integer, "I", "C")
    types[problem.structures.indicators.columns] = "B"
    if problem.structures.has_semi:
        types = np.where(problem.structures.semi, np.where(problem.integer, "R", "S"), types)
    return types


def _add_one_sided(native: Any, problem: LXProblem) -> None:
    """Add rows with one bound for each row that is not linear, or holds by an indicator."""
    held = problem.structures
    added = problem.num_constraints
    for row in held.rows_with_terms().tolist():
        part = held.quadratics.taken(held.quadratics.rows == row)
        halves = np.where(part.left == part.right, part.values, part.values / 2.0)  # each pair counts twice
        for kind, rhs in one_sided_bounds(problem, row):
            _add_row(native, problem, row, kind, rhs)
            native.addQMatrix(added, part.left.tolist(), part.right.tolist(), halves.tolist())
            added += 1
    indicators = held.indicators
    for row, column, value in zip(indicators.rows, indicators.columns, indicators.values, strict=True):
        for kind, rhs in one_sided_bounds(problem, int(row)):
            _add_row(native, problem, int(row), kind, rhs)
            native.setIndicators([added], [int(column)], [HOLDS_WHERE[bool(value)]])
            added += 1


def _add_row(native: Any, problem: LXProblem, row: int, kind: str, rhs: float) -> None:
    span = slice(int(problem.row_starts[row]), int(problem.row_starts[row + 1]))
    columns = problem.columns[span].tolist()
    native.addRows([kind], [rhs], None, [0, len(columns)], columns, problem.coefficients[span].tolist())
