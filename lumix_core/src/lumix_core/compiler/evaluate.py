"""The numbers of a model: families, bounds, right-hand sides, costs and nonzeros, not yet put together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family, constraint_family, family_of
from lumix_core.compiler.goals import read_goals
from lumix_core.compiler.matrices import (
    NO_POSITIONS,
    Matrix,
    check_finite,
    element_numbers,
    expression_matrix,
    stacked,
)
from lumix_core.compiler.nonlinear.indicators import binary_columns, read_indicators
from lumix_core.compiler.nonlinear.structures import OBJECTIVE_FAMILY, owners_of, read_parts
from lumix_core.compiler.rules.evaluation import RuleNumbers
from lumix_core.compiler.rules.nonlinear_columns import NonLinearNumbers
from lumix_core.compiler.rules.rules import evaluate_objective, evaluate_rules
from lumix_core.errors import LXModelError, LXNumberError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import BoolArray, FloatArray, is_increasing, without_noise
from lumix_core.problem.goals import NO_GOALS, Goals
from lumix_core.problem.numbers import sum_of
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import OBJECTIVE, Structures

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.model import LXModel


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What the functions of a model evaluate to.

    Args:
        columns: the families of variables.
        constraints: the families of constraints, each with the position of its first row in ``starts``.
        starts: one more than there are families; the last is the number of rows.
        matrix: the nonzeros, not yet in order; several may be at one position.
        lower, upper, integer: of each column.
        row_lower, row_upper: of each row.
        objective: the coefficient of each column.
        offset: the constant of the objective.
        senses: of the constraints that rules make.
        structures: what there is beyond linear rows.
        goals: the rows that may be missed.
    """

    columns: Columns
    constraints: list[Family]
    starts: list[int]
    matrix: Matrix
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    row_lower: FloatArray
    row_upper: FloatArray
    objective: FloatArray
    offset: float
    structures: Structures
    senses: dict[str, LXSense] = field(default_factory=dict)
    goals: Goals = NO_GOALS

    def __str__(self) -> str:
        families = [*self.columns.families, *self.constraints]
        sizes = ", ".join(f"{family.name}: {family.size:,}" for family in families)
        return f"{sizes}; {len(self.matrix.values):,} nonzeros"


def evaluate(model: LXModel, evaluator: Evaluator) -> Evaluated:
    """Evaluate every function of a model.

    Raises:
        LXModelError: the model would be wrong; the message names the family, the key and the attribute.
    """
    columns = _columns(model, evaluator)
    known = {id(variable): family for variable, family in zip(columns.variables, columns.families, strict=False)}
    families = [constraint_family(constraint, evaluator, known) for constraint in model.constraints]
    rules = evaluate_rules(model, families, columns, evaluator)
    families = [rules[i].family if i in rules else family for i, family in enumerate(families)]
    starts = _starts(families)
    matrix = _matrix(model, columns, families, starts, evaluator, rules=rules)
    lower, upper = _bounds(columns, evaluator)
    integer, semi = _integers(columns), _semis(columns)
    owners = list(owners_of(model, families, starts))
    objective, offset, of_objective = _objective(model, columns, evaluator)
    of_rules = [of_objective, *(rules[i].nonlinear if i in rules else None for i in range(len(families)))]
    beyond = {i: numbers for i, numbers in enumerate(of_rules) if numbers is not None}
    parts = read_parts(owners, columns, _with_zero(semi, lower, upper), evaluator, beyond)
    row_lower, row_upper = _row_bounds(model, families, evaluator, rules)
    for added in parts.linear:
        in_row = added.rows != OBJECTIVE
        np.add.at(objective, added.columns[~in_row], added.values[~in_row])
        matrix = stacked([matrix, Matrix(added.rows[in_row], added.columns[in_row], added.values[in_row])])
    indicators = read_indicators(owners, columns, evaluator, binary_columns(integer, lower, upper))
    return Evaluated(
        columns=columns,
        constraints=families,
        starts=starts,
        matrix=matrix,
        lower=lower,
        upper=upper,
        integer=integer,
        row_lower=row_lower,
        row_upper=row_upper,
        objective=objective,
        offset=offset,
        senses={model.constraints[i].name: numbers.sense for i, numbers in rules.items()},
        structures=Structures(semi, parts.sets, indicators, parts.quadratics, parts.functions),
        goals=read_goals(model, families, starts, evaluator),
    )


def _starts(families: list[Family]) -> list[int]:
    return [0, *np.cumsum([family.size for family in families], dtype=np.int64).tolist()]


def _columns(model: LXModel, evaluator: Evaluator) -> Columns:
    families = [family_of(variable, evaluator) for variable in model.variables]
    return Columns(model.variables, families, _starts(families), model.replaced)


def _bounds(columns: Columns, evaluator: Evaluator) -> tuple[FloatArray, FloatArray]:
    lower = np.full(columns.size, -np.inf)
    upper = np.full(columns.size, np.inf)
    for variable, family, start in zip(columns.variables, columns.families, columns.starts, strict=False):
        span = slice(start, start + family.size)
        if variable.lower is not None:
            lower[span] = element_numbers(variable.lower, family, evaluator, -math.inf)
        if variable.upper is not None:
            upper[span] = element_numbers(variable.upper, family, evaluator, math.inf)
        if "lower" in variable.unit_bounds:
            lower[span] = np.maximum(lower[span], 0.0)
        if "upper" in variable.unit_bounds:
            upper[span] = np.minimum(upper[span], 1.0)
    return lower, upper


def _with_zero(semi: BoolArray, lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return bounds that allow 0 to semi-continuous columns."""
    if not len(semi):
        return lower, upper
    return np.where(semi, np.minimum(lower, 0.0), lower), np.where(semi, np.maximum(upper, 0.0), upper)


def _integers(columns: Columns) -> BoolArray:
    return _by_family(columns, [variable.domain.is_whole for variable in columns.variables])


def _by_family(columns: Columns, flags: list[bool]) -> BoolArray:
    return np.repeat(np.array(flags, dtype=np.bool_), [family.size for family in columns.families])


def _semis(columns: Columns) -> BoolArray:
    """Return whether each column is semi-continuous or semi-integer; an empty array where none is.

    Raises:
        LXModelError: one has no lower bound, so that it would be an ordinary variable.
    """
    semi = [variable.domain.is_semi for variable in columns.variables]
    for variable in columns.variables:
        if variable.domain.is_semi and variable.lower is None and "lower" not in variable.unit_bounds:
            raise LXModelError(
                f"Variable {variable.name!r} is .{variable.domain}() and has no lower bound: bounds that are not set "
                f"are infinite, so it would be an ordinary variable. Give the smallest value that it has when it is "
                f"not 0: .bounds(lower=..., upper=...)."
            )
    return _by_family(columns, semi) if any(semi) else np.empty(0, dtype=np.bool_)


def _objective(
    model: LXModel, columns: Columns, evaluator: Evaluator
) -> tuple[FloatArray, float, NonLinearNumbers | None]:
    """Return the coefficient of each column, the constant, and what is not linear in a rule."""
    if model.objective is None:
        return _costs(columns, evaluator), 0.0, None
    if isinstance(model.objective, UserFunction):
        numbers = evaluate_objective(model.objective, OBJECTIVE_FAMILY, columns, evaluator)
        matrix = Matrix(np.zeros(len(numbers.columns), dtype=np.int64), numbers.columns, numbers.values)
        return _objective_row(matrix, columns), numbers.constant, numbers.nonlinear
    matrix = expression_matrix(model.objective, columns, OBJECTIVE_FAMILY, "the objective", evaluator)
    return _objective_row(matrix, columns), model.objective.whole_constant, None


def _objective_row(matrix: Matrix, columns: Columns) -> FloatArray:
    """Return the coefficient of each column."""
    totals = _totals(matrix, columns.size)
    check_finite(totals, "the objective", columns.element)
    return totals


def _totals(matrix: Matrix, size: int) -> FloatArray:
    """Return the sum of the values of each column."""
    if is_increasing(matrix.columns):
        totals = np.zeros(size)
        totals[matrix.columns] = matrix.values + 0.0  # no sum is -0.0
        return totals
    totals = np.bincount(matrix.columns, weights=matrix.values, minlength=size).astype(np.float64)
    counts = np.bincount(matrix.columns, minlength=size)
    if counts.max(initial=0) <= 1:
        return totals
    sizes = np.bincount(matrix.columns, weights=np.abs(matrix.values), minlength=size)
    return without_noise(totals, sizes, counts)


def _costs(columns: Columns, evaluator: Evaluator) -> FloatArray:
    costs = np.zeros(columns.size)
    for variable, family, start in zip(columns.variables, columns.families, columns.starts, strict=False):
        own = costs[start : start + family.size]
        parts = [element_numbers(cost, family, evaluator) for cost in variable.costs]
        with np.errstate(over="ignore"):
            for part in parts:
                own += part
        if len(parts) > 1:
            own[:] = without_noise(own, np.abs(parts).sum(axis=0), len(parts))
        check_finite(own, f"the cost of {variable.name!r}", family.element)
    return costs


def _row_bounds(
    model: LXModel, families: list[Family], evaluator: Evaluator, rules: Mapping[int, RuleNumbers]
) -> tuple[FloatArray, FloatArray]:
    starts = _starts(families)
    lower, upper = np.full(starts[-1], -np.inf), np.full(starts[-1], np.inf)
    for i, (constraint, family) in enumerate(zip(model.constraints, families, strict=True)):
        span = slice(starts[i], starts[i + 1])
        if i in rules:
            lower[span], upper[span] = rules[i].lower, rules[i].upper
            continue
        sides = _Sides(constraint, family, evaluator)
        if constraint.sense == LXSense.EQ:
            lower[span] = upper[span] = sides.numbers(constraint.right_hand_side, None)
        elif constraint.sense == LXSense.LE:
            upper[span] = sides.numbers(constraint.right_hand_side, math.inf)
        elif constraint.sense == LXSense.GE:
            lower[span] = sides.numbers(constraint.right_hand_side, -math.inf)
        elif constraint.range is not None:
            lower[span] = sides.numbers(constraint.range[0], -math.inf)
            upper[span] = sides.numbers(constraint.range[1], math.inf)
    return lower, upper


@dataclass(frozen=True, eq=False)
class _Sides:
    """The right-hand sides of a family, less the constant of its expression."""

    constraint: LXConstraint[Any]
    family: Family
    evaluator: Evaluator

    def numbers(self, given: float | UserFunction | None, infinite: float | None) -> float | FloatArray:
        """Return one a row, or one for all; ``infinite`` is the infinite value that never binds."""
        assert given is not None
        assert self.constraint.lhs is not None
        name, constant = self.constraint.name, self.constraint.lhs.whole_constant
        if not isinstance(given, UserFunction) and math.isinf(given) and given != infinite:
            raise LXNumberError(
                f"The right-hand side of {name!r} is {given:g}, and its sense is {self.constraint.sense}: no finite "
                f"number satisfies that. Give a finite number."
            )
        if not isinstance(given, UserFunction) and math.isfinite(given - constant):
            return sum_of(given, -constant)
        values = element_numbers(given, self.family, self.evaluator, infinite)
        if not constant:
            return values
        with np.errstate(over="ignore"):
            rhs = without_noise(values - constant, np.abs(values) + abs(constant), 2)
        finite = np.where(np.isfinite(values), rhs, 0.0)
        check_finite(finite, f"the right-hand side of {name!r}, less the constant,", self.family.element)
        return rhs


def _matrix(
    model: LXModel,
    columns: Columns,
    families: list[Family],
    starts: list[int],
    evaluator: Evaluator,
    *,
    rules: Mapping[int, RuleNumbers],
) -> Matrix:
    parts = [Matrix(NO_POSITIONS, NO_POSITIONS, np.empty(0))]
    for i, (constraint, family, start) in enumerate(zip(model.constraints, families, starts, strict=False)):
        if i in rules:
            parts += [Matrix(rows + start, positions, values) for rows, positions, values in rules[i].nonzeros]
            continue
        assert constraint.lhs is not None
        position = f"constraint {constraint.name!r}"
        found = expression_matrix(constraint.lhs, columns, family, position, evaluator)
        parts.append(Matrix(found.rows + start if start else found.rows, found.columns, found.values))
    return stacked(parts)
