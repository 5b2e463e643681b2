"""The numbers of a model: families, bounds, right-hand sides, costs and nonzeros, not yet put together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family, constraint_family, family_of
from lumix_core.compiler.rules.evaluation import RuleNumbers
from lumix_core.compiler.rules.rules import evaluate_objective, evaluate_rules
from lumix_core.compiler.terms import Entries, TermReader
from lumix_core.errors import LXNumberError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray, is_increasing, without_noise
from lumix_core.problem.keys import Keys
from lumix_core.problem.numbers import sum_of
from lumix_core.problem.problem import LXSense

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.expressions import LXLinearExpression
    from lumix_core.language.model import LXModel


@dataclass(frozen=True, eq=False)
class Matrix:
    """Nonzeros by row, column and value, not yet in order."""

    rows: IntArray
    columns: IntArray
    values: FloatArray


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
    senses: dict[str, LXSense] = field(default_factory=dict)

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
    row_lower, row_upper = _row_bounds(model, families, evaluator, rules)
    objective, offset = _objective(model, columns, evaluator)
    return Evaluated(
        columns=columns,
        constraints=families,
        starts=starts,
        matrix=matrix,
        lower=lower,
        upper=upper,
        integer=_integers(columns),
        row_lower=row_lower,
        row_upper=row_upper,
        objective=objective,
        offset=offset,
        senses={model.constraints[i].name: numbers.sense for i, numbers in rules.items()},
    )


def _starts(families: list[Family]) -> list[int]:
    return [0, *np.cumsum([family.size for family in families], dtype=np.int64).tolist()]


def _columns(model: LXModel, evaluator: Evaluator) -> Columns:
    families = [family_of(variable, evaluator) for variable in model.variables]
    return Columns(model.variables, families, _starts(families), model.replaced)


def check_finite(values: FloatArray, what: str, element: Callable[[int], str]) -> None:
    """Refuse what was finite in its parts and outgrew floating point when they were put together."""
    if not np.isfinite(values).all():
        raise LXNumberError(
            f"{sentence(what)} is too large for floating point: it became infinite for "
            f"{element(int(np.argmin(np.isfinite(values))))}. Use other units, so that numbers stay below 1e300."
        )


def _nowhere(i: int) -> str:
    return "one of its elements"


def _bounds(columns: Columns, evaluator: Evaluator) -> tuple[FloatArray, FloatArray]:
    lower = np.full(columns.size, -np.inf)
    upper = np.full(columns.size, np.inf)
    for variable, family, start in zip(columns.variables, columns.families, columns.starts, strict=False):
        span = slice(start, start + family.size)
        if variable.lower is not None:
            lower[span] = _element_numbers(variable.lower, family, evaluator, -math.inf)
        if variable.upper is not None:
            upper[span] = _element_numbers(variable.upper, family, evaluator, math.inf)
        if "lower" in variable.unit_bounds:
            lower[span] = np.maximum(lower[span], 0.0)
        if "upper" in variable.unit_bounds:
            upper[span] = np.minimum(upper[span], 1.0)
    return lower, upper


def _element_numbers(
    value: float | UserFunction, family: Family, evaluator: Evaluator, infinite: float | None = None
) -> FloatArray:
    """Return a number for each element; ``infinite`` is the infinite value that is no bound."""
    if isinstance(value, UserFunction):
        value.arity(len(family.arguments))
    return evaluator.numbers(value, family.batch(), infinite=infinite)


def _integers(columns: Columns) -> BoolArray:
    whole = [variable.domain != "continuous" for variable in columns.variables]
    return np.repeat(np.array(whole, dtype=np.bool_), [family.size for family in columns.families])


def _objective(model: LXModel, columns: Columns, evaluator: Evaluator) -> tuple[FloatArray, float]:
    if model.objective is None:
        return _costs(columns, evaluator), 0.0
    if isinstance(model.objective, UserFunction):
        positions, values, offset = evaluate_objective(model.objective, _OBJECTIVE, columns, evaluator)
        matrix = Matrix(np.zeros(len(positions), dtype=np.int64), positions, values)
        return _objective_row(matrix, columns), offset
    matrix = _expression_matrix(model.objective, columns, _OBJECTIVE, "the objective", evaluator)
    return _objective_row(matrix, columns), model.objective.constant


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


_OBJECTIVE = Family("objective", Keys.scalar(), ())


def _costs(columns: Columns, evaluator: Evaluator) -> FloatArray:
    costs = np.zeros(columns.size)
    for variable, family, start in zip(columns.variables, columns.families, columns.starts, strict=False):
        own = costs[start : start + family.size]
        parts = [_element_numbers(cost, family, evaluator) for cost in variable.costs]
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
        name, constant = self.constraint.name, self.constraint.lhs.constant
        if not isinstance(given, UserFunction) and math.isinf(given) and given != infinite:
            raise LXNumberError(
                f"The right-hand side of {name!r} is {given:g}, and its sense is {self.constraint.sense}: no finite "
                f"number satisfies that. Give a finite number."
            )
        if not isinstance(given, UserFunction) and math.isfinite(given - constant):
            return sum_of(given, -constant)
        values = _element_numbers(given, self.family, self.evaluator, infinite)
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
    parts = [Matrix(_NO_POSITIONS, _NO_POSITIONS, np.empty(0))]
    for i, (constraint, family, start) in enumerate(zip(model.constraints, families, starts, strict=False)):
        if i in rules:
            parts += [Matrix(rows + start, positions, values) for rows, positions, values in rules[i].nonzeros]
            continue
        assert constraint.lhs is not None
        position = f"constraint {constraint.name!r}"
        found = _expression_matrix(constraint.lhs, columns, family, position, evaluator)
        parts.append(Matrix(found.rows + start if start else found.rows, found.columns, found.values))
    return _stacked(parts)


_NO_POSITIONS: IntArray = np.empty(0, dtype=np.int64)


def _expression_matrix(
    expression: LXLinearExpression,
    columns: Columns,
    constraint: Family,
    position: str,
    evaluator: Evaluator,
) -> Matrix:
    parts = [] if expression.terms else [Matrix(_NO_POSITIONS, _NO_POSITIONS, np.empty(0))]
    for term in expression.terms:
        family, start = columns.position(term.variable, position)
        found: Entries = TermReader(term, family, constraint, position, evaluator).entries()
        check_finite(found.values, f"a coefficient of {family.name!r} in {position}, multiplied,", _nowhere)
        parts.append(Matrix(found.rows, found.elements + start if start else found.elements, found.values))
    return _stacked(parts)


def _stacked(parts: list[Matrix]) -> Matrix:
    filled = [part for part in parts if len(part.values)]
    if len(filled) <= 1:
        return filled[0] if filled else parts[0]
    return Matrix(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
