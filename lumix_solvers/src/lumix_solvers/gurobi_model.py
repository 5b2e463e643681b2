"""A problem in a model of Gurobi's: columns and rows in one call each, then what is not linear.

Gurobi's rows have one sense. A row with two bounds is an equation with a column of its own, its slack, which has the
bounds. So the rows of the model are those of the problem, and its first columns are the problem's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem import OBJECTIVE, FloatArray, IntArray, LXProblem
from lumix_solvers.rows import is_range, linear_rows, one_sided_bounds
from lumix_solvers.whole import integer_bounds

SENSES = {"E": "=", "G": ">", "L": "<"}
"""Gurobi's letters for one-sided rows."""


class GurobiModel:
    """One problem as a model.

    Args:
        native: the module gurobipy.
        env: the environment, started.
        problem: what to hand over.
        constant: of the objective.

    Attributes:
        model: Gurobi's own.
        columns: its variables, one for each column.
        rows: its linear constraints, one for each row; those of rows that are not linear, or hold by an indicator,
            are empty.
        ranged: the rows that have a slack, rising.
        slacks: their slacks.
        linear: whether each row is a plain linear one, shape ``(m,)``.
    """

    def __init__(self, native: Any, env: Any, problem: LXProblem, constant: float) -> None:
        self._native = native
        self._problem = problem
        self._constant = constant
        self.linear = linear_rows(problem)
        self.ranged = np.flatnonzero(is_range(problem) & self.linear)
        self.model = native.Model(env=env)
        self._add_columns()
        self._add_rows()
        self._add_objective()
        self._add_structures()

    def _add_columns(self) -> None:
        problem = self._problem
        lower, upper = integer_bounds(problem)
        self.columns = self.model.addMVar(
            problem.num_variables, lb=lower, ub=upper, obj=problem.objective, vtype=_types(problem)
        ).tolist()
        self.slacks = self.model.addMVar(
            len(self.ranged), lb=problem.row_lower[self.ranged], ub=problem.row_upper[self.ranged]
        ).tolist()
        self.model.update()

    def _add_rows(self) -> None:
        from scipy.sparse import csr_array

        problem = self._problem
        if not problem.num_constraints:
            self.rows: list[Any] = []
            return
        numbers = problem.row_numbers()
        kept = self.linear[numbers]
        slacks = problem.num_variables + np.arange(len(self.ranged))
        values = np.concatenate([problem.coefficients[kept], np.full(len(slacks), -1.0)])
        rows, columns = np.concatenate([numbers[kept], self.ranged]), np.concatenate([problem.columns[kept], slacks])
        shape = (problem.num_constraints, problem.num_variables + len(slacks))
        matrix = csr_array((values, (rows, columns)), shape=shape)
        senses, rhs = self.sides(problem, np.arange(problem.num_constraints))
        self.rows = self.model.addMConstr(matrix, None, senses, rhs).tolist()

    def sides(self, problem: LXProblem, rows: IntArray) -> tuple[NDArray[np.str_], FloatArray]:
        """Return the sense and the right-hand side of some rows; of ranges, that of an equation with their slack."""
        lower, upper = problem.row_lower[rows], problem.row_upper[rows]
        ranged, linear = np.isin(rows, self.ranged), self.linear[rows]
        at_least = np.isfinite(lower) & ~np.isfinite(upper)
        senses = np.where((lower == upper) | ranged, "=", np.where(at_least, ">", "<"))
        rhs = np.where(ranged, 0.0, np.where(senses == "<", upper, lower))
        return np.where(linear, senses, "<"), np.where(linear, rhs, self._native.GRB.INFINITY)

    def _add_objective(self) -> None:
        problem, grb = self._problem, self._native.GRB
        self.model.ModelSense = grb.MAXIMIZE if problem.maximize else grb.MINIMIZE
        self.model.ObjCon = self._constant
        products = self._products(OBJECTIVE)
        if products is not None:
            costs = np.concatenate([problem.objective, np.zeros(len(self.slacks))])
            every = [*self.columns, *self.slacks]
            objective = self._native.LinExpr(costs[costs != 0].tolist(), [every[k] for k in np.flatnonzero(costs)])
            self.model.setObjective(products + objective + self._constant)

    def _add_structures(self) -> None:
        problem, model = self._problem, self.model
        held = problem.structures
        for kind, columns, weights in held.sets:
            model.addSOS(kind, [self.columns[column] for column in columns], weights.tolist())
        indicators = held.indicators
        for row, column, value in zip(indicators.rows, indicators.columns, indicators.values, strict=True):
            for letter, rhs in one_sided_bounds(problem, int(row)):
                body = self._linear_part(int(row))
                model.addGenConstrIndicator(self.columns[column], bool(value), body, SENSES[letter], rhs)
        for row in held.rows_with_terms().tolist():
            for letter, rhs in one_sided_bounds(problem, row):
                model.addQConstr(self._products(row) + self._linear_part(row), SENSES[letter], rhs)

    def _linear_part(self, row: int) -> Any:
        problem = self._problem
        span = slice(int(problem.row_starts[row]), int(problem.row_starts[row + 1]))
        columns = [self.columns[column] for column in problem.columns[span]]
        return self._native.LinExpr(problem.coefficients[span].tolist(), columns)

    def _products(self, row: int) -> Any:
        """Return the products of a row, or of the objective; None where there are none."""
        products = self._problem.structures.quadratics
        products = products.taken(products.rows == row)
        if not len(products):
            return None
        expression = self._native.QuadExpr()
        left, right = ([self.columns[column] for column in columns] for columns in (products.left, products.right))
        expression.addTerms(products.values.tolist(), left, right)
        return expression


def _types(problem: LXProblem) -> NDArray[np.str_]:
    """Return Gurobi's letters for the columns."""
    types = np.where(problem.integer, "I", "C")
    types[problem.structures.indicators.columns] = "B"
    if problem.structures.has_semi:
        types = np.where(problem.structures.semi, np.where(problem.integer, "N", "S"), types)
    return types
