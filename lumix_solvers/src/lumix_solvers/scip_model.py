"""A problem as a model of PySCIPOpt."""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core.problem import OBJECTIVE, FloatArray, LXProblem
from lumix_solvers.whole import integer_bounds


class ScipModel:
    """A problem in an instance of SCIP of its own.

    SCIP takes linear objectives only: products in one are a column of their own, which a row holds.

    Args:
        problem: without semi-continuous columns and functions.

    Attributes:
        native: PySCIPOpt's model.
        columns: its variables, in the order of the problem.
        rows: its linear constraints by row; rows without bounds, with an indicator or with products have none.
    """

    def __init__(self, problem: LXProblem) -> None:
        from pyscipopt import scip  # native, so imported on use only

        self._scip: Any = scip
        self._problem = problem
        self.native: Any = scip.Model()
        self.native.hideOutput()
        self.columns = self._columns()
        self._products = self._products_by_row()
        self._extra: dict[int, Any] = {}  # columns that stand for the products of the objective, or of a row
        self.rows: dict[int, Any] = {}
        self._add_rows()
        self._add_objective()
        self._add_sets()

    def add_start(self, x: FloatArray) -> None:
        """Let SCIP begin with a point."""
        start = self.native.createSol()
        for column, value in zip(self.columns, x.tolist(), strict=True):
            start[column] = value
        for row, column in self._extra.items():
            held = self._problem.structures.quadratics
            start[column] = float(held.taken(held.rows == row).products_at(x).sum())
        self.native.addSol(start)

    def point(self) -> FloatArray:
        """Return the best point of SCIP's, shape ``(n,)``."""
        best = self.native.getBestSol()
        return np.array([best[column] for column in self.columns], dtype=np.float64)

    def duals(self) -> FloatArray:
        """Return the duals of a solved linear problem, in the user's sense, shape ``(m,)``."""
        duals = np.zeros(self._problem.num_constraints)
        for row, constraint in self.rows.items():
            duals[row] = self.native.getDualsolLinear(constraint)
        return (-duals if self._problem.maximize else duals) + 0.0

    def _columns(self) -> list[Any]:
        problem, add = self._problem, self.native.addVar
        lower, upper = integer_bounds(problem)
        kinds = np.where(problem.integer, "I", "C").tolist()
        parts = zip(kinds, _finite(lower), _finite(upper), problem.objective.tolist(), strict=True)
        return [add(f"x{j}", kind, low, high, cost) for j, (kind, low, high, cost) in enumerate(parts)]

    def _products_by_row(self) -> dict[int, Any]:
        """Return an expression for the products of each row that has some, and of the objective."""
        terms: dict[int, dict[Any, float]] = {}
        held = self._problem.structures.quadratics
        for row, left, right, value in zip(
            held.rows.tolist(), held.left.tolist(), held.right.tolist(), held.values.tolist(), strict=True
        ):
            terms.setdefault(row, {})[self._scip.Term(self.columns[left], self.columns[right])] = value
        return {row: self._scip.Expr(products) for row, products in terms.items()}

    def _add_rows(self) -> None:
        problem = self._problem
        indicators = problem.structures.indicators
        switches = {
            row: (column, on)
            for row, column, on in zip(
                indicators.rows.tolist(), indicators.columns.tolist(), indicators.values.tolist(), strict=True
            )
        }
        bounds = zip(_finite(problem.row_lower), _finite(problem.row_upper), strict=True)
        starts, columns = problem.row_starts.tolist(), problem.columns.tolist()
        coefficients = problem.coefficients.tolist()
        for row, (lower, upper) in enumerate(bounds):
            if lower is None and upper is None:
                continue
            span = range(starts[row], starts[row + 1])
            if row in switches:
                terms = {self._scip.Term(self.columns[columns[k]]): coefficients[k] for k in span}
                self._add_indicator(row, terms, (lower, upper), switches[row])
            elif row in self._products:
                terms = {self._scip.Term(self.columns[columns[k]]): coefficients[k] for k in span}
                self._add(self._products[row] + self._scip.Expr(terms), lower, upper)
            else:
                self.rows[row] = constraint = self._add(self._scip.Expr({}), lower, upper)
                for k in span:
                    self.native.addCoefLinear(constraint, self.columns[columns[k]], coefficients[k])

    def _add(self, expression: Any, lower: float | None, upper: float | None) -> Any:
        return self.native.addCons(self._scip.ExprCons(expression, lower, upper))

    def _add_indicator(
        self,
        row: int,
        terms: dict[Any, float],
        bounds: tuple[float | None, float | None],
        switch: tuple[int, bool],
    ) -> None:
        """Add a row that holds where a column has a value: SCIP takes linear ones with one side."""
        if row in self._products:
            terms = {**terms, self._scip.Term(self._stand_in(row, 0.0)): 1.0}
        column, on = switch
        for low, high in ((bounds[0], None), (None, bounds[1])):
            if low is not None or high is not None:
                condition = self._scip.ExprCons(self._scip.Expr(terms), low, high)
                self.native.addConsIndicator(condition, self.columns[column], on)

    def _stand_in(self, row: int, cost: float) -> Any:
        """Return a column that is to equal the products of a row, or of the objective."""
        self._extra[row] = column = self.native.addVar(f"products{row}", "C", None, None, cost)
        push = self._problem.maximize if row == OBJECTIVE else None
        lower, upper = (0.0 if push is not False else None), (0.0 if push is not True else None)
        self._add(self._products[row] - column, lower, upper)
        return column

    def _add_objective(self) -> None:
        if OBJECTIVE in self._products:
            self._stand_in(OBJECTIVE, 1.0)
        if self._problem.maximize:
            self.native.setMaximize()
        if self._problem.offset:
            self.native.addObjoffset(self._problem.offset)

    def _add_sets(self) -> None:
        for kind, columns, weights in self._problem.structures.sets:
            add = self.native.addConsSOS1 if kind == 1 else self.native.addConsSOS2
            add([self.columns[j] for j in columns.tolist()], weights.tolist())


def _finite(bounds: FloatArray) -> list[float | None]:
    return [bound if np.isfinite(bound) else None for bound in bounds.tolist()]
