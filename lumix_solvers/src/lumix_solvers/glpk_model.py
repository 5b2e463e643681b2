"""A problem in GLPK, its matrix in one call."""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core.problem import FloatArray, LXProblem
from lumix_solvers.glpk_library import glpk
from lumix_solvers.whole import integer_bounds

MINIMIZE, MAXIMIZE = 1, 2
FREE, LOWER, UPPER, BOTH, FIXED = 1, 2, 3, 4, 5
"""GLPK's numbers for which bounds there are."""
INTEGER = 2
"""GLPK's number for whole columns."""
SCALE_AUTO = 0x80


class GlpkModel:
    """A linear or mixed-integer problem in GLPK; made, used and deleted on one thread.

    Args:
        problem: whose bounds do not cross.

    Attributes:
        native: GLPK's pointer.
        swig: the same as swiglpk's functions take it.
    """

    def __init__(self, problem: LXProblem) -> None:
        from swiglpk import glp_create_prob as create  # native, so imported on use only

        self._problem = problem
        self._glpk: Any = glpk()
        self.swig: Any = create()
        self.native = int(self.swig)
        self._add_columns()
        self._add_rows()
        self._load_matrix()
        self._glpk.glp_scale_prob(self.native, SCALE_AUTO)
        self._glpk.glp_adv_basis(self.native, 0)

    def delete(self) -> None:
        """Give the memory back."""
        self._glpk.glp_delete_prob(self.native)

    def columns_by(self, function: Any) -> FloatArray:
        """Return what a function of GLPK's tells of each column, shape ``(n,)``."""
        return np.array([function(self.native, j + 1) for j in range(self._problem.num_variables)], dtype=np.float64)

    def rows_by(self, function: Any) -> FloatArray:
        """Return what a function of GLPK's tells of each row, shape ``(m,)``."""
        return np.array([function(self.native, i + 1) for i in range(self._problem.num_constraints)], dtype=np.float64)

    def _add_columns(self) -> None:
        problem, library = self._problem, self._glpk
        library.glp_set_obj_dir(self.native, MAXIMIZE if problem.maximize else MINIMIZE)
        library.glp_add_cols(self.native, problem.num_variables)
        for j, whole in enumerate(problem.integer.tolist()):  # before the bounds, which it would change
            if whole:
                library.glp_set_col_kind(self.native, j + 1, INTEGER)
        lower, upper = integer_bounds(problem)
        costs = np.where(lower == upper, 0.0, problem.objective)  # a large one of a fixed column would hide others
        for j, cost in enumerate(costs.tolist()):
            library.glp_set_obj_coef(self.native, j + 1, cost)
        library.glp_set_obj_coef(
            self.native, 0, problem.offset + float((problem.objective - costs) @ np.where(lower == upper, lower, 0.0))
        )
        self._set_bounds(library.glp_set_col_bnds, lower, upper)

    def _add_rows(self) -> None:
        problem = self._problem
        if problem.num_constraints:
            self._glpk.glp_add_rows(self.native, problem.num_constraints)
            self._set_bounds(self._glpk.glp_set_row_bnds, problem.row_lower, problem.row_upper)

    def _set_bounds(self, function: Any, lower: FloatArray, upper: FloatArray) -> None:
        has_lower, has_upper = np.isfinite(lower), np.isfinite(upper)
        kinds = np.where(has_lower, np.where(has_upper, BOTH, LOWER), np.where(has_upper, UPPER, FREE))
        kinds = np.where(lower == upper, FIXED, kinds)
        low, high = np.where(has_lower, lower, 0.0), np.where(has_upper, upper, 0.0)
        for position, bounds in enumerate(zip(kinds.tolist(), low.tolist(), high.tolist(), strict=True)):
            function(self.native, position + 1, *bounds)

    def _load_matrix(self) -> None:
        """Give GLPK the nonzeros; it counts from 1, in arrays as well."""
        problem = self._problem
        rows = np.concatenate([[0], problem.row_numbers() + 1]).astype(np.int32)
        columns = np.concatenate([[0], problem.columns + 1]).astype(np.int32)
        values = np.concatenate([[0.0], problem.coefficients])
        pointers = (array.ctypes.data for array in (rows, columns, values))
        self._glpk.glp_load_matrix(self.native, problem.num_nonzeros, *pointers)
