"""The model of a problem that was read from a file: its families over rows with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lumix_core.errors import LXFileError
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.parameters import LXParameter
from lumix_core.language.variables import LXVariable
from lumix_core.problem.problem import LXBlock, LXProblem


@dataclass(frozen=True, slots=True)
class FileRow:
    """An index element of a family that was read from a file.

    Args:
        position: of its column or row in the problem.
        key: its key in the family.
        lower, upper: the bounds of the variable, or of the constraint's expression.
        cost: the coefficient in the objective; 0 for a constraint.
        priority, weight: of a goal; 0 for what is none.
    """

    position: int
    key: Any
    lower: float
    upper: float
    cost: float = 0.0
    priority: int = 0
    weight: float = 0.0


@dataclass(frozen=True)
class Families:
    """The families and the objective of a problem."""

    variables: list[LXVariable[FileRow, Any]]
    constraints: list[LXConstraint[FileRow]]
    objective: LXLinearExpression


def families_of(problem: LXProblem) -> Families:
    """Return families and objective that compile to the arrays of a problem."""
    held = [*(["terms that are not linear"] if problem.structures.has_terms else [])]
    held += ["special ordered sets"] * bool(len(problem.structures.sets))
    held += ["indicators"] * bool(len(problem.structures.indicators))
    if held:
        raise LXFileError(
            f"The problem {problem.name!r} has {' and '.join(held)}, of which LXModel.read() makes no expressions. "
            f"Build the model in a program, or pickle it."
        )
    variables = [_variable(block, problem) for block in problem.variables]
    objective = LXLinearExpression().add_constant(problem.offset)
    for variable, block in zip(variables, problem.variables, strict=True):
        if block.keys.is_scalar:
            objective.add_term(variable, float(problem.objective[block.start]))
        elif problem.objective[block.span].any():
            objective.sum_over(variable, coeff=lambda row: row.cost)
    return Families(variables, [_constraint(block, problem, variables) for block in problem.constraints], objective)


def _variable(block: LXBlock, problem: LXProblem) -> LXVariable[FileRow, Any]:
    rows = _rows(block, problem.lower, problem.upper, problem.objective)
    variable = LXVariable[FileRow, Any](block.name)
    integer = problem.integer[block.span]
    if 0 < integer.sum() < len(integer):
        raise LXFileError(
            f"Family {block.name!r} of the file has integer variables beside others, which no family of a model has. "
            f"Write its variables as two families."
        )
    whole = bool(integer.any() or (not len(integer) and block.integral))
    if problem.structures.has_semi and problem.structures.semi[block.span].any():
        _check_semi(problem, block)
        variable = variable.semiinteger() if whole else variable.semicontinuous()
    else:
        variable = variable.integer() if whole else variable.continuous()
    if block.keys.is_scalar:
        return variable.bounds(rows[0].lower, rows[0].upper)
    variable.from_data(rows).indexed_by(lambda row: row.key)
    return variable.bounds(lower=lambda row: row.lower, upper=lambda row: row.upper)


def _check_semi(problem: LXProblem, block: LXBlock) -> None:
    if not problem.structures.semi[block.span].all():
        raise LXFileError(
            f"Family {block.name!r} of the file has semi-continuous variables beside others, which no family of a "
            f"model has. Write its variables as two families."
        )


def _constraint(block: LXBlock, problem: LXProblem, variables: list[LXVariable[FileRow, Any]]) -> LXConstraint[FileRow]:
    rows = _rows(block, problem.row_lower, problem.row_upper, None)
    expression = LXLinearExpression()
    for variable, columns in zip(variables, problem.variables, strict=True):
        cells = dict(_cells(problem, block, columns))
        if cells:
            _add_terms(expression, variable, columns, block, cells)
    constraint = LXConstraint[FileRow](block.name).expression(expression)
    if block.keys.is_scalar:
        constraint.between(rows[0].lower, rows[0].upper)
        return constraint if block.name not in problem.goals.families else _scalar_goal(constraint, block, problem)
    if block.name in problem.goals.families:
        first, last = np.searchsorted(problem.goals.rows, [block.start, block.stop])
        numbers = (problem.goals.priorities[first:last].tolist(), problem.goals.weights[first:last].tolist())
        rows = [replace(row, priority=one, weight=two) for row, one, two in zip(rows, *numbers, strict=True)]
        constraint.as_goal(priority=lambda row: row.priority, weight=lambda row: row.weight)
    constraint.from_data(rows).indexed_by(lambda row: row.key)
    return constraint.between(lambda row: row.lower, lambda row: row.upper)


def _scalar_goal(constraint: LXConstraint[FileRow], block: LXBlock, problem: LXProblem) -> LXConstraint[FileRow]:
    position = int(np.searchsorted(problem.goals.rows, block.start))
    priority, weight = int(problem.goals.priorities[position]), float(problem.goals.weights[position])
    if weight:
        return constraint.as_goal(priority, weight)
    no_weight: Any = lambda: weight  # noqa: E731 - as a number it is refused
    return constraint.as_goal(priority, no_weight)


def _add_terms(
    expression: LXLinearExpression,
    variable: LXVariable[FileRow, Any],
    columns: LXBlock,
    rows: LXBlock,
    cells: dict[tuple[int, int], float],
) -> None:
    """Add the terms of one family of variables to the expression of a family of constraints."""
    column, row = columns.start, rows.start
    numbers = LXParameter[Any](f"{rows.name} of {columns.name}").from_data(cells).default(0.0)
    if columns.keys.is_scalar and rows.keys.is_scalar:
        expression.add_term(variable, cells[column, row])
    elif columns.keys.is_scalar:
        expression.add_term(variable, lambda of: numbers[column, of.position])
    elif rows.keys.is_scalar:
        expression.sum_over(variable, coeff=lambda of: numbers[of.position, row])
    else:
        expression.sum_over(variable, coeff=lambda of, to: numbers[of.position, to.position])


def _cells(problem: LXProblem, rows: LXBlock, columns: LXBlock) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield the nonzeros of two families: the positions of column and row, and the coefficient."""
    first, last = problem.row_starts[rows.start], problem.row_starts[rows.stop]
    chosen = problem.columns[first:last]
    inside = (chosen >= columns.start) & (chosen < columns.stop)
    lengths = np.diff(problem.row_starts[rows.start : rows.stop + 1])
    row_of = np.repeat(np.arange(rows.start, rows.stop), lengths)[inside]
    pairs = zip(chosen[inside].tolist(), row_of.tolist(), strict=True)
    return zip(pairs, problem.coefficients[first:last][inside].tolist(), strict=True)


def _rows(block: LXBlock, lower: Any, upper: Any, cost: Any) -> list[FileRow]:
    span = block.span
    costs = [0.0] * len(block.keys) if cost is None else cost[span].tolist()
    numbers = zip(
        range(span.start, span.stop), block.keys, lower[span].tolist(), upper[span].tolist(), costs, strict=True
    )
    return [FileRow(*parts) for parts in numbers]
