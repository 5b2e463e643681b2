"""A problem in an instance of CPLEX: columns and rows in one call, then what is not linear."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem import FloatArray, IntArray, LXProblem
from lumix_solvers.rows import linear_rows, one_sided_bounds
from lumix_solvers.whole import integer_bounds

INFINITY = 1e20


def hand_over(native: Any, problem: LXProblem, constant: float) -> None:
    """Give an instance of CPLEX a problem.

    The rows of the problem and those of CPLEX are the same. Rows that are not linear, or hold by an indicator, are
    empty there: CPLEX keeps them apart.

    Args:
        native: the instance, with nothing in it.
        problem: what to hand over.
        constant: of the objective.
    """
    _copy_linear(native, problem)
    native.objective.set_offset(constant)
    types = _types(problem)
    if types is not None:
        native.variables.set_types(list(enumerate(types)))
    _add_products(native, problem)
    for kind, columns, weights in problem.structures.sets:
        native.SOS.add(type=str(kind), SOS=[columns.tolist(), weights.tolist()])
    indicators = problem.structures.indicators
    for row, column, value in zip(indicators.rows, indicators.columns, indicators.values, strict=True):
        for sense, rhs in one_sided_bounds(problem, int(row)):
            native.indicator_constraints.add(
                lin_expr=_linear_part(problem, int(row)),
                sense=sense,
                rhs=rhs,
                indvar=int(column),
                complemented=int(not value),
            )


def sides(problem: LXProblem, rows: IntArray) -> tuple[NDArray[np.str_], FloatArray, FloatArray]:
    """Return the sense of some rows, their right-hand sides, and how far those of ranges reach up from there."""
    low, high = problem.row_lower[rows], problem.row_upper[rows]
    has_low, has_high = np.isfinite(low), np.isfinite(high)
    senses = np.where(low == high, "E", np.where(has_low & has_high, "R", np.where(has_high, "L", "G")))
    rhs = np.where(senses == "L", high, np.where(has_low, low, -INFINITY))
    reach = np.subtract(high, low, out=np.zeros(len(rows)), where=senses == "R")
    linear = linear_rows(problem)[rows]
    return np.where(linear, senses, "G"), np.where(linear, rhs, -INFINITY), np.where(linear, reach, 0.0)


def finite(bounds: FloatArray) -> FloatArray:
    """Return bounds with CPLEX's own infinity."""
    return np.clip(bounds, -INFINITY, INFINITY)


def _copy_linear(native: Any, problem: LXProblem) -> None:
    starts, rows, values = problem.by_column()
    kept = linear_rows(problem)[rows]
    passed = np.concatenate([[0], np.cumsum(kept)])[starts]
    senses, rhs, reach = sides(problem, np.arange(problem.num_constraints))
    lower, upper = integer_bounds(problem)
    sense = native.objective.sense.maximize if problem.maximize else native.objective.sense.minimize
    if not kept.any():  # which copylp does not take
        native.objective.set_sense(sense)
        native.variables.add(obj=problem.objective.tolist(), lb=finite(lower).tolist(), ub=finite(upper).tolist())
        native.linear_constraints.add(senses="".join(senses.tolist()), rhs=rhs.tolist(), range_values=reach.tolist())
        return
    native.copylp(
        problem.num_variables,
        problem.num_constraints,
        sense,
        problem.objective.tolist(),
        rhs.tolist(),
        "".join(senses.tolist()),
        passed[:-1].tolist(),
        np.diff(passed).tolist(),
        rows[kept].tolist(),
        values[kept].tolist(),
        finite(lower).tolist(),
        finite(upper).tolist(),
        reach.tolist(),
    )


def _types(problem: LXProblem) -> list[str] | None:
    """Return CPLEX's letters for the columns; None where a problem has no integers and the like."""
    if not problem.is_mip:
        return None
    types = np.where(problem.integer, "I", "C")
    types[problem.structures.indicators.columns] = "B"
    if problem.structures.has_semi:
        types = np.where(problem.structures.semi, np.where(problem.integer, "N", "S"), types)
    return list(types.tolist())


def _add_products(native: Any, problem: LXProblem) -> None:
    products = problem.structures.quadratics
    own = products.taken(products.of_objective)
    if len(own):  # CPLEX takes half of the sum of all products, each pair twice
        values = np.where(own.left == own.right, 2.0 * own.values, own.values)
        cells = zip(own.left.tolist(), own.right.tolist(), values.tolist(), strict=True)
        native.objective.set_quadratic_coefficients(list(cells))
    for row in problem.structures.rows_with_terms().tolist():
        part = products.taken(products.rows == row)
        for sense, rhs in one_sided_bounds(problem, row):
            native.quadratic_constraints.add(
                lin_expr=_linear_part(problem, row),
                quad_expr=[part.left.tolist(), part.right.tolist(), part.values.tolist()],
                sense=sense,
                rhs=rhs,
            )


def _linear_part(problem: LXProblem, row: int) -> list[list[Any]]:
    span = slice(int(problem.row_starts[row]), int(problem.row_starts[row + 1]))
    return [problem.columns[span].tolist(), problem.coefficients[span].tolist()]
