"""The arrays of a problem, put together from the numbers of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.columns import Columns
from lumix_core.compiler.evaluate import Evaluated
from lumix_core.compiler.matrices import Matrix, check_finite
from lumix_core.errors import LXUnsupportedError
from lumix_core.problem.arrays import (
    FloatArray,
    Tuples,
    any_repeated,
    firsts_of,
    sorted_together,
    starts_of,
    without_noise,
)
from lumix_core.problem.problem import LXBlock, LXProblem

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel


def assemble(model: LXModel, numbers: Evaluated) -> LXProblem:
    """Return the problem.

    Raises:
        LXUnsupportedError: there are more coefficients than solvers count.
        LXNumberError: a sum of coefficients is too large for floating point.
    """
    row_starts, column_numbers, coefficients = _compressed(numbers.matrix, numbers.starts[-1], numbers.columns)
    return LXProblem(
        maximize=bool(model.maximizing),
        objective=numbers.objective,
        offset=numbers.offset,
        lower=numbers.lower,
        upper=numbers.upper,
        integer=numbers.integer,
        row_starts=row_starts,
        columns=column_numbers,
        coefficients=coefficients,
        row_lower=numbers.row_lower,
        row_upper=numbers.row_upper,
        variables=tuple(_variable_blocks(numbers.columns)),
        constraints=tuple(_constraint_blocks(model, numbers)),
        name=model.name,
        structures=numbers.structures,
        goals=numbers.goals,
    )


def _variable_blocks(columns: Columns) -> Iterator[LXBlock]:
    for variable, family, start in zip(columns.variables, columns.families, columns.starts, strict=False):
        yield LXBlock(variable.name, start, family.keys, variable.is_integral)


def _constraint_blocks(model: LXModel, numbers: Evaluated) -> Iterator[LXBlock]:
    for constraint, family, start in zip(model.constraints, numbers.constraints, numbers.starts, strict=False):
        constant = 0.0 if constraint.lhs is None else constraint.lhs.whole_constant  # a rule has numbers on its sides
        yield LXBlock(family.name, start, family.keys, constant=constant)


def _compressed(matrix: Matrix, rows: int, named: Columns) -> tuple[Any, Any, FloatArray]:
    """Return the nonzeros in compressed sparse rows: ordered, terms on one variable added, zeros left out."""
    if len(matrix.values) > np.iinfo(np.int32).max:
        raise LXUnsupportedError(
            f"The model has {len(matrix.values):,} coefficients; solvers count them in 32 bits. "
            f"Filter the terms with where=, or split the model."
        )
    values, positions = matrix.values, Tuples((matrix.rows, matrix.columns), (0, 0))
    order, (row_numbers, columns) = sorted_together([positions], (rows, named.size))
    if order is not None:
        values = values[order]
    if any_repeated(row_numbers, columns):
        firsts = firsts_of(row_numbers, columns)
        counts = np.diff(np.append(firsts, len(values)))
        with np.errstate(over="ignore"):
            sizes = np.add.reduceat(np.abs(values), firsts)
            values = without_noise(np.add.reduceat(values, firsts), sizes, counts)
        row_numbers, columns = row_numbers[firsts], columns[firsts]
    check_finite(values, "a sum of coefficients", lambda i: named.element(int(columns[i])))
    kept = values != 0.0
    if not kept.all():
        row_numbers, columns, values = row_numbers[kept], columns[kept], values[kept]
    return starts_of(row_numbers, rows, in_order=True), columns.astype(np.int32), values
