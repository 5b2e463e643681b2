"""Products of linear expressions, multiplied out: terms of two columns, and linear ones where there is a constant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.compiler.matrices import Matrix, check_finite
from lumix_core.compiler.nonlinear.part_rows import PartRows
from lumix_core.errors import LXModelError, LXUnsupportedError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.nonlinear_parts import ProductPart
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.structures import Quadratics

if TYPE_CHECKING:
    from lumix_core.compiler.rules.nonlinear_columns import NonLinearNumbers

LARGEST = 50_000_000
"""The most terms of products that are multiplied out."""


@dataclass(eq=False)
class ProductBuilder:
    """Collects the products of the parts of a model.

    Attributes:
        linear: what is linear in them, by rows.
    """

    linear: list[Matrix] = field(default_factory=list)
    _terms: list[tuple[IntArray, IntArray, IntArray, FloatArray]] = field(default_factory=list)

    def add(self, part: ProductPart, rows: PartRows) -> None:
        """Add the products of one part: one for each of its rows."""
        coefficients = rows.coefficients(part)
        left, right = (rows.argument(argument) for argument in part.arguments)
        constants = [argument.constant for argument in part.arguments]
        if all(constants) and isinstance(part.coefficient, UserFunction):
            raise LXModelError(
                f"{sentence(rows.position)}: both factors of a product have a constant, and its coefficient is a "
                f"function, so that each row has a constant of its own. Write the constants as terms of their own."
            )
        for matrix, constant in ((left, constants[1]), (right, constants[0])):
            if constant:
                values = matrix.values * constant * coefficients[matrix.rows]
                self.linear.append(Matrix(rows.rows[matrix.rows], matrix.columns, values))
        element, one, other, values = _multiplied(left, right, rows.size, rows.position)
        values = values * coefficients[element]
        check_finite(values, f"a product in {rows.position}", lambda i: rows.family.element(int(element[i])))
        self._terms.append((rows.rows[element], one, other, values))

    def add_of_rule(self, numbers: NonLinearNumbers, start: int) -> None:
        """Add the products of a rule, whose first row is ``start``; that of the objective is `OBJECTIVE`."""
        self._terms.append((numbers.rows + start, numbers.left, numbers.right, numbers.values))

    def finished(self) -> Quadratics:
        """Return all products."""
        if not self._terms:
            return Quadratics()
        rows, left, right = (np.concatenate([term[k] for term in self._terms]) for k in range(3))
        return Quadratics.of(rows, left, right, np.concatenate([term[3] for term in self._terms]))


def _multiplied(
    left: Matrix, right: Matrix, size: int, position: str
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Return each pair of terms of one element: the element, both columns, and the product of the coefficients."""
    order = np.argsort(right.rows, kind="stable")
    counts = np.bincount(right.rows, minlength=size)
    firsts = np.cumsum(counts) - counts
    lengths = counts[left.rows]
    total = int(lengths.sum())
    if total > LARGEST:
        raise LXUnsupportedError(
            f"{sentence(position)}: its products have {total:,} terms when they are multiplied out, and {LARGEST:,} "
            f"are the most. Make a variable equal to each sum, and multiply the variables."
        )
    one = np.repeat(np.arange(len(left.rows)), lengths)
    within = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    other = order[firsts[left.rows[one]] + within]
    return left.rows[one], left.columns[one], right.columns[other], left.values[one] * right.values[other]
