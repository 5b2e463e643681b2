"""A problem of whole variables as the message that CP-SAT takes: whole numbers alone, nothing rounded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lumix_core.errors import LXNumberError, LXUnsupportedError
from lumix_core.problem import OBJECTIVE, FloatArray, LXProblem
from lumix_core.solver import Ranges
from lumix_solvers.rational import EXACT, whole_multiples
from lumix_solvers.whole import integer_bounds

LARGEST = 2**62
"""CP-SAT computes with 64 bits: no sum of terms may come near what they hold."""
LARGE = 2**24
"""From here on the terms of a row are large: presolve combines rows, and one of its steps may count in 32 bits."""
NEAR = 1e-9
"""How far a row may be outside of its bounds, relative to 1 and their size: less than any solver's tolerance."""


@dataclass(eq=False)
class CpSatModel:
    """A problem for CP-SAT.

    Products of two variables are variables of their own, behind those of the problem.

    Args:
        problem: without continuous columns, sets and functions.
        max_denom: the largest denominator of a coefficient, to which others are rounded; None where nothing is rounded.

    Attributes:
        native: OR-Tools' ``CpModel``.
        is_large: whether the terms of some row are `LARGE` together.

    Raises:
        LXUnsupportedError: a column is not whole, or has no end.
        LXNumberError: a row does not fit into whole numbers of 64 bits.
    """

    problem: LXProblem
    max_denom: int | None

    def __post_init__(self) -> None:
        from ortools.sat.python import cp_model  # native, so imported on use only

        self._check_columns()
        self.native: Any = cp_model.CpModel()
        self._proto: Any = self.native.proto
        self._products: dict[tuple[int, int], int] = {}
        self._lower, self._upper = self._bounds()
        self._sizes = [max(abs(low), abs(high)) for low, high in zip(self._lower, self._upper, strict=True)]
        self._add_columns()
        self._add_rows()

    def add_start(self, x: FloatArray) -> None:
        """Let CP-SAT begin with a point."""
        whole = np.rint(x).astype(np.int64).tolist()
        made = [whole[left] * whole[right] for left, right in self._products]
        self._proto.solution_hint.vars.extend(list(range(len(whole) + len(made))))
        self._proto.solution_hint.values.extend(whole + made)

    def _check_columns(self) -> None:
        problem = self.problem
        if not problem.integer.all():
            name = problem.column_name(int(np.argmin(problem.integer)))
            raise LXUnsupportedError(
                f"Model {problem.name!r}: {name} is continuous, and solver 'cpsat' takes whole variables alone. Make "
                f"it an integer one, counted in smaller units, or use another solver, such as 'highs'. Goals, minima, "
                f"maxima, absolute values and curves bring continuous variables of their own."
            )

    def _bounds(self) -> tuple[list[int], list[int]]:
        """Return whole bounds of every column; where there are none, those that follow from the rows."""
        problem = self.problem
        lower, upper = integer_bounds(problem)
        if np.isinf(lower).any() or np.isinf(upper).any():
            ranges = Ranges.of(problem)
            lower = np.where(np.isinf(lower), ranges.lower, lower)
            upper = np.where(np.isinf(upper), ranges.upper, upper)
        for word, ends in (("lower", lower), ("upper", upper)):
            endless = np.flatnonzero(~(np.abs(ends) <= EXACT))
            if len(endless):
                raise LXUnsupportedError(
                    f"Model {problem.name!r}: {problem.column_name(int(endless[0]))} has no {word} bound within 2**53, "
                    f"and none below 1e9 follows from the constraints. Solver 'cpsat' needs bounds, and no number is "
                    f"guessed in their place. Give it some with .bounds({word}=...), or use another solver."
                )
        return lower.astype(np.int64).tolist(), upper.astype(np.int64).tolist()

    def _add_columns(self) -> None:
        held = self.problem.structures
        semi = (held.semi if held.has_semi else np.zeros_like(self.problem.integer)).tolist()
        for low, high, may_be_zero in zip(self._lower, self._upper, semi, strict=True):
            domain = _with_zero(low, high) if may_be_zero else [low, high]
            self._proto.variables.add().domain.extend(domain)

    def _product(self, left: int, right: int) -> int:
        """Return the variable that equals a product."""
        made = self._products.get((left, right))
        if made is not None:
            return made
        ends = [self._extremes(column) for column in (left, right)]
        corners = [one * other for one in ends[0] for other in ends[1]]
        if max(map(abs, corners)) > EXACT:
            raise self._too_large(f"the product of {self._name(left)} and {self._name(right)}")
        self._products[left, right] = number = self.problem.num_variables + len(self._products)
        self._proto.variables.add().domain.extend([min(corners), max(corners)])
        self._sizes.append(max(map(abs, corners)))
        product = self._proto.constraints.add().int_prod
        product.target.vars.append(number)
        product.target.coeffs.append(1)
        for column in (left, right):
            factor = product.exprs.add()
            factor.vars.append(column)
            factor.coeffs.append(1)
        return number

    def _extremes(self, column: int) -> tuple[int, int]:
        low, high = self._lower[column], self._upper[column]
        has_zero = self.problem.structures.has_semi and self.problem.structures.semi[column]
        return (min(low, 0), max(high, 0)) if has_zero else (low, high)

    def _name(self, column: int) -> str:
        return self.problem.column_name(column)

    def _add_rows(self) -> None:
        """Add the rows, and the objective behind them: terms in whole numbers, times a factor for each row."""
        problem, m = self.problem, self.problem.num_constraints
        held = problem.structures.quadratics
        pairs = zip(held.left.tolist(), held.right.tolist(), strict=True)
        products = np.array([self._product(left, right) for left, right in pairs], dtype=np.int64)
        costly = np.flatnonzero(problem.objective)
        rows = np.concatenate(
            [problem.row_numbers(), np.where(held.rows == OBJECTIVE, m, held.rows), np.full(len(costly), m)]
        ).astype(np.int64)
        columns = np.concatenate([problem.columns, products, costly]).astype(np.int64)
        values = np.concatenate([problem.coefficients, held.values, problem.objective[costly]])
        whole, factors = whole_multiples(values, rows, m + 1, self.max_denom)
        self._check_sizes(rows.tolist(), columns.tolist(), whole)
        order = np.argsort(rows, kind="stable")
        starts = np.searchsorted(rows[order], np.arange(m + 2)).tolist()
        columns_in_order, whole = columns[order].tolist(), [whole[k] for k in order.tolist()]
        switches = self._switches()
        lower, upper = problem.row_lower.tolist(), problem.row_upper.tolist()
        for row in range(m):
            span = slice(starts[row], starts[row + 1])
            constraint = self._proto.constraints.add()
            constraint.enforcement_literal.extend(switches.get(row, []))
            constraint.linear.vars.extend(columns_in_order[span])
            constraint.linear.coeffs.extend(whole[span])
            constraint.linear.domain.extend(_side(lower[row], factors[row], -1) + _side(upper[row], factors[row], 1))
        span = slice(starts[m], starts[m + 1])
        self._add_objective(columns_in_order[span], whole[span], factors[m])

    def _switches(self) -> dict[int, list[int]]:
        """Return the literal of each row with an indicator."""
        held = self.problem.structures.indicators
        parts = zip(held.rows.tolist(), held.columns.tolist(), held.values.tolist(), strict=True)
        return {row: [column if on else -column - 1] for row, column, on in parts}

    def _add_objective(self, columns: list[int], coefficients: list[int], factor: int) -> None:
        sign = -1 if self.problem.maximize else 1
        objective = self._proto.objective
        objective.vars.extend(columns)
        objective.coeffs.extend([sign * coefficient for coefficient in coefficients])
        objective.scaling_factor = sign / factor
        objective.offset = sign * factor * self.problem.offset

    def _check_sizes(self, rows: list[int], columns: list[int], whole: list[int]) -> None:
        sums = [0] * (self.problem.num_constraints + 1)
        for row, column, coefficient in zip(rows, columns, whole, strict=True):
            sums[row] += abs(coefficient) * max(self._sizes[column], 1)
        self.is_large = max(sums[:-1], default=0) >= LARGE
        for row, total in enumerate(sums):
            if total > LARGEST:
                is_row = row < self.problem.num_constraints
                raise self._too_large(self.problem.row_name(row) if is_row else "the objective")

    def _too_large(self, what: str) -> LXNumberError:
        return LXNumberError(
            f"Model {self.problem.name!r}: {what} does not fit into whole numbers of 64 bits, with which solver "
            f"'cpsat' computes: its coefficients have too many digits, or its variables too wide bounds. Round the "
            f"coefficients, let .enable_rational_conversion(max_denom=1000) round them to fractions, narrow the "
            f"bounds, or use another solver."
        )


def _with_zero(low: int, high: int) -> list[int]:
    """Return the domain of a column that is 0 or within its bounds: intervals with a gap between them."""
    if low > high:
        return [0, 0]
    if low <= 1 and high >= -1:
        return [min(low, 0), max(high, 0)]
    return [0, 0, low, high] if low > 0 else [low, high, 0, 0]


def _side(bound: float, factor: int, direction: int) -> list[int]:
    """Return a row bound in whole numbers, widened a little: the lower one (-1) or the upper one (1)."""
    if math.isinf(bound):
        return [direction * LARGEST]
    widened = (bound + direction * NEAR * (1.0 + abs(bound))) * factor
    return [max(-LARGEST, min(LARGEST, math.floor(widened) if direction > 0 else math.ceil(widened)))]
