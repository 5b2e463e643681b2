"""The columns of a model, and linear expressions as nonzeros of these, not yet put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.terms import Entries, TermReader
from lumix_core.errors import LXNumberError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from lumix_core.language.expressions import LXLinearExpression


@dataclass(frozen=True, eq=False)
class Matrix:
    """Nonzeros by row, column and value, not yet in order."""

    rows: IntArray
    columns: IntArray
    values: FloatArray


def check_finite(values: FloatArray, what: str, element: Callable[[int], str]) -> None:
    """Refuse what was finite in its parts and outgrew floating point when they were put together."""
    if not np.isfinite(values).all():
        raise LXNumberError(
            f"{sentence(what)} is too large for floating point: it became infinite for "
            f"{element(int(np.argmin(np.isfinite(values))))}. Use other units, so that numbers stay below 1e300."
        )


def _nowhere(i: int) -> str:
    return "one of its elements"


NO_POSITIONS: IntArray = np.empty(0, dtype=np.int64)


def expression_matrix(
    expression: LXLinearExpression,
    columns: Columns,
    constraint: Family,
    position: str,
    evaluator: Evaluator,
) -> Matrix:
    """Return the nonzeros of the linear terms of an expression.

    Args:
        expression: the expression.
        columns: of the model.
        constraint: the family of its rows; of a single element for the objective.
        position: what the expression is part of, for messages.
        evaluator: of this compile.
    """
    parts = [] if expression.terms else [Matrix(NO_POSITIONS, NO_POSITIONS, np.empty(0))]
    for term in expression.terms:
        family, start = columns.position(term.variable, position)
        found: Entries = TermReader(term, family, constraint, position, evaluator).entries()
        check_finite(found.values, f"a coefficient of {family.name!r} in {position}, multiplied,", _nowhere)
        parts.append(Matrix(found.rows, found.elements + start if start else found.elements, found.values))
    return stacked(parts)


def stacked(parts: list[Matrix]) -> Matrix:
    """Return the nonzeros of several matrices as one."""
    filled = [part for part in parts if len(part.values)]
    if len(filled) <= 1:
        return filled[0] if filled else parts[0]
    return Matrix(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


def element_numbers(
    value: float | UserFunction, family: Family, evaluator: Evaluator, infinite: float | None = None
) -> FloatArray:
    """Return a number for each element; ``infinite`` is the infinite value that is no bound."""
    if isinstance(value, UserFunction):
        value.arity(len(family.arguments))
    return evaluator.numbers(value, family.batch(), infinite=infinite)
