"""A problem that stays in an environment of Gurobi's: changed in place, and solved again from the last basis."""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core.problem import FloatArray, IntArray, LXProblem, ProblemDiff
from lumix_core.solver import Ranging, RawResult, SolverOptions
from lumix_solvers.gurobi_run import GurobiRun
from lumix_solvers.rows import is_range, rows_of
from lumix_solvers.whole import integer_bounds

FEW = 2000
"""How many coefficients are changed one by one; where there are more, the problem is handed over anew."""
BASIS = ("VBasis", "CBasis")
BASIC = 0
"""Gurobi's number for a basic column or row; negative ones are nonbasic."""


class GurobiLiveRun(GurobiRun):
    """One problem in an environment of its own, for many runs on one thread of its own.

    Args:
        problem: what to start with.
        options: for every run.

    Raises:
        LXOptionError: Gurobi has no such parameter, or refuses its value.
        LXSolverError: there is no licence.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        self._first_basis: list[list[int]] | None = None
        super().__init__(problem, options)

    def update(self, changes: ProblemDiff) -> bool:
        """Change numbers in place; see `lumix_core.solver.LiveRun`."""
        if not self._ended or not self._is_possible(changes):  # left behind running: it may not be touched
            return False
        self._problem = changes.problem
        self._change_bounds(changes)
        self._change_rows(changes)
        self._set("Obj", self._held.columns, changes.costs, changes.problem.objective)
        if changes.offset:
            self._model.ObjCon = self._set_constant()
        self._change_coefficients(changes)
        self._model.update()
        return True

    def solve(self) -> RawResult:
        """Run, from the last basis where there is one, and read the answer."""
        answer = super().solve()
        if self._first_basis is None and self._ended:
            self._first_basis = self._basis() or []
        return answer

    def rewind(self) -> bool:
        """Forget all but the basis that the first run ended with; see `lumix_core.solver.RewindingRun`."""
        if not self._ended or self._first_basis is None:
            return False
        self._model.reset()
        if self._first_basis:
            for attribute, of, statuses in zip(BASIS, self._parts, self._first_basis, strict=True):
                self._model.setAttr(attribute, of, statuses)
        self._model.update()
        return True

    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimal basis; None where there is none, as for problems with integers."""
        basis = self._basis() if self._ended and not self._is_global else None
        if basis is None or self._model.Status != self._native.GRB.OPTIMAL or not self._problem.is_linear:
            return None
        problem, columns = self._problem, self._held.columns
        is_basic = [np.array(statuses) == BASIC for statuses in basis]
        rhs_lower, rhs_upper = self._rhs_ranges(is_basic[1], np.array(basis[0][problem.num_variables :]))
        return Ranging(
            rhs_lower=rhs_lower,
            rhs_upper=rhs_upper,
            cost_lower=self._ends("SAObjLow", columns),
            cost_upper=self._ends("SAObjUp", columns),
            basic=is_basic[0][: problem.num_variables],
        )

    def _is_possible(self, changes: ProblemDiff) -> bool:
        """Whether the model can take changes: no row needs a slack that has none, and only linear rows change."""
        problem, linear = changes.problem, self._held.linear
        if changes.nonzeros is None or len(changes.nonzeros) > FEW:
            return False
        changed = np.union1d(changes.rows, rows_of(problem, changes.nonzeros))
        new_ranges = np.setdiff1d(np.flatnonzero(is_range(problem) & linear), self._held.ranged)
        return bool(linear[changed].all()) and not len(new_ranges)

    def _change_bounds(self, changes: ProblemDiff) -> None:
        lower, upper = integer_bounds(changes.problem)
        self._set("LB", self._held.columns, changes.columns, lower)
        self._set("UB", self._held.columns, changes.columns, upper)

    def _change_rows(self, changes: ProblemDiff) -> None:
        held, problem = self._held, changes.problem
        ranged = np.isin(held.ranged, changes.rows)
        slacks = np.flatnonzero(ranged)
        self._set("LB", held.slacks, slacks, problem.row_lower[held.ranged])
        self._set("UB", held.slacks, slacks, problem.row_upper[held.ranged])
        rows = np.setdiff1d(changes.rows, held.ranged)
        senses, rhs = held.sides(problem, rows)
        chosen = [held.rows[row] for row in rows]
        self._model.setAttr("Sense", chosen, senses.tolist())
        self._model.setAttr("RHS", chosen, rhs.tolist())

    def _change_coefficients(self, changes: ProblemDiff) -> None:
        problem, positions = changes.problem, changes.nonzeros
        assert positions is not None
        cells = (rows_of(problem, positions), problem.columns[positions], problem.coefficients[positions])
        for row, column, value in zip(*(part.tolist() for part in cells), strict=True):
            self._model.chgCoeff(self._held.rows[row], self._held.columns[column], value)

    def _set(self, attribute: str, of: list[Any], positions: IntArray, values: FloatArray) -> None:
        if len(positions):
            chosen = [of[position] for position in positions]
            self._model.setAttr(attribute, chosen, values[positions].tolist())

    @property
    def _parts(self) -> tuple[list[Any], list[Any]]:
        return [*self._held.columns, *self._held.slacks], self._held.rows

    def _basis(self) -> list[list[int]] | None:
        """Return the numbers of columns (slacks last) and rows in the last basis; None where there is none."""
        try:
            return [self._model.getAttr(attribute, of) for attribute, of in zip(BASIS, self._parts, strict=True)]
        except self._native.GurobiError as error:
            if error.errno != self._native.GRB.Error.DATA_NOT_AVAILABLE:
                raise
            return None

    def _rhs_ranges(self, is_basic: Any, slacks: Any) -> tuple[FloatArray, FloatArray]:
        """Return the ranges of the bounds that hold rows; a range row is held where its slack is at a bound."""
        problem, held = self._problem, self._held
        lower, upper = self._ends("SARHSLow", held.rows), self._ends("SARHSUp", held.rows)
        lower[is_basic] = upper[is_basic] = np.nan
        for ends, side in ((lower, "Low"), (upper, "Up")):
            ends[held.ranged] = np.where(
                slacks == BASIC,
                np.nan,
                np.where(slacks == -1, *(self._ends(f"SA{bound}{side}", held.slacks) for bound in ("LB", "UB"))),
            )
        at_lower, at_upper = held.ranged[slacks == -1], held.ranged[slacks == -2]
        upper[at_lower] = np.minimum(upper[at_lower], problem.row_upper[at_lower])  # beyond it the two bounds cross
        lower[at_upper] = np.maximum(lower[at_upper], problem.row_lower[at_upper])
        return lower, upper

    def _ends(self, attribute: str, of: list[Any]) -> FloatArray:
        values = np.array(self._model.getAttr(attribute, of), dtype=np.float64)
        return np.where(np.abs(values) >= self._native.GRB.INFINITY, np.copysign(np.inf, values), values)
