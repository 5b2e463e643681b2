"""A problem as the message that MathOpt takes, its arrays in one piece each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem import FloatArray, LXProblem, Structures
from lumix_solvers.whole import integer_bounds


def mathopt_model(problem: LXProblem) -> Any:
    """Return MathOpt's ``ModelProto``: columns and rows have their positions for ids.

    Args:
        problem: without semi-continuous columns and functions. Rows with an indicator have no products.
    """
    from ortools.math_opt import model_pb2  # native, so imported on use only

    model = model_pb2.ModelProto()  # without a name, which need not be one that protobuf takes
    lower, upper = integer_bounds(problem)
    _fill(model.variables, ids=np.arange(problem.num_variables), lower_bounds=lower, upper_bounds=upper)
    model.variables.integers.extend(problem.integer.tolist())
    model.objective.maximize = problem.maximize
    model.objective.offset = problem.offset
    costly = np.flatnonzero(problem.objective)
    _fill(model.objective.linear_coefficients, ids=costly, values=problem.objective[costly])
    _add_rows(model, problem)
    if not problem.is_linear:
        _add_products(model, problem)
        _add_indicators(model, problem)
        _add_sets(model, problem.structures)
    return model


def start_hint(parameters: Any, x: FloatArray) -> None:
    """Add a point to start from to MathOpt's ``ModelSolveParametersProto``."""
    _fill(parameters.solution_hints.add().variable_values, ids=np.arange(len(x)), values=x)


def dense(values: Any, size: int) -> FloatArray:
    """Return a sparse vector of MathOpt's as an array, shape ``(size,)``, without ids behind those of the problem."""
    ids = np.fromiter(values.ids, dtype=np.int64)
    own = ids < size
    array = np.zeros(size)
    array[ids[own]] = np.fromiter(values.values, dtype=np.float64)[own]
    return array


def _fill(message: Any, **arrays: NDArray[Any]) -> None:
    for name, array in arrays.items():
        getattr(message, name).extend(array.tolist())


def _special_rows(problem: LXProblem) -> NDArray[np.int64]:
    """Return the rows that are not linear ones: those with products, and those with an indicator."""
    held = problem.structures
    return np.union1d(held.rows_with_terms(), held.indicators.rows).astype(np.int64)


def _add_rows(model: Any, problem: LXProblem) -> None:
    linear = np.ones(problem.num_constraints, dtype=np.bool_)
    linear[_special_rows(problem)] = False
    rows = np.flatnonzero(linear)
    of_entry = problem.row_numbers()
    kept = linear[of_entry]
    _fill(
        model.linear_constraints,
        ids=rows,
        lower_bounds=problem.row_lower[rows],
        upper_bounds=problem.row_upper[rows],
    )
    _fill(
        model.linear_constraint_matrix,
        row_ids=of_entry[kept],
        column_ids=problem.columns[kept],
        coefficients=problem.coefficients[kept],
    )


def _fill_row(message: Any, problem: LXProblem, row: int) -> None:
    span = slice(int(problem.row_starts[row]), int(problem.row_starts[row + 1]))
    _fill(message, ids=problem.columns[span], values=problem.coefficients[span])


def _add_products(model: Any, problem: LXProblem) -> None:
    """Add the products: those of the objective, and rows with some."""
    products = problem.structures.quadratics
    _fill_products(model.objective.quadratic_coefficients, products.taken(products.of_objective))
    for row in problem.structures.rows_with_terms().tolist():
        constraint = model.quadratic_constraints[row]
        constraint.lower_bound, constraint.upper_bound = float(problem.row_lower[row]), float(problem.row_upper[row])
        _fill_row(constraint.linear_terms, problem, row)
        _fill_products(constraint.quadratic_terms, products.taken(products.rows == row))


def _fill_products(message: Any, products: Any) -> None:
    order = np.lexsort((products.right, products.left))
    _fill(
        message,
        row_ids=products.left[order],
        column_ids=products.right[order],
        coefficients=products.values[order],
    )


def _add_indicators(model: Any, problem: LXProblem) -> None:
    """Add the rows that hold only where a column has a value; MathOpt's have one side each for some solvers."""
    held = problem.structures.indicators
    for row, column, on in zip(held.rows.tolist(), held.columns.tolist(), held.values.tolist(), strict=True):
        sides = [(float(problem.row_lower[row]), np.inf), (-np.inf, float(problem.row_upper[row]))]
        for lower, upper in sides:
            if np.isfinite(lower) or np.isfinite(upper):
                constraint = model.indicator_constraints[len(model.indicator_constraints)]
                constraint.indicator_id, constraint.activate_on_zero = column, not on
                constraint.lower_bound, constraint.upper_bound = lower, upper
                _fill_row(constraint.expression, problem, row)


def _add_sets(model: Any, structures: Structures) -> None:
    for number, (kind, columns, weights) in enumerate(structures.sets):
        chosen = (model.sos1_constraints if kind == 1 else model.sos2_constraints)[number]
        chosen.weights.extend(weights.tolist())
        for column in columns.tolist():
            expression = chosen.expressions.add()
            expression.ids.append(column)
            expression.coefficients.append(1.0)
