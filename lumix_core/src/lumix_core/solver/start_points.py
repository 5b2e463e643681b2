"""The point that a solve starts from: brought into the order of the problem, held against it, and repaired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.edit_positions import Elements
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.breaches import FEASIBILITY
from lumix_core.solver.claims import PATIENCE, Claims
from lumix_core.solver.plan_check import point_check
from lumix_core.solver.points import values_of
from lumix_core.solver.preparation import answer_without_solver
from lumix_core.solver.solution import LXSolution
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXStartPoint, LXStatus
from lumix_core.solver.verify import INTEGRALITY

SHARE = 0.1
"""The share of the time limit, at least, that the search for missing whole values may take."""


@dataclass(frozen=True, eq=False)
class StartPoint:
    """What became of a start point.

    Args:
        outcome: accepted, repaired, rejected or ignored.
        reason: why; empty where it was accepted as it is.
        x: what the solver is given, a point that satisfies the problem, shape ``(n,)``; None for nothing.
    """

    outcome: LXStartPoint
    reason: str = ""
    x: FloatArray | None = None

    def after(self, problem: LXProblem, raw: RawResult) -> tuple[StartPoint, RawResult]:
        """Return what became of it in the end, and an answer that is not worse than the point, which is known."""
        if self.x is None or raw.status not in (LXStatus.OPTIMAL, LXStatus.FEASIBLE, LXStatus.NO_SOLUTION):
            return self, raw
        known = problem.objective_at(self.x)
        if raw.objective is not None and not _is_better(problem, known, raw.objective):
            return self, raw
        returned = "no point" if raw.objective is None else f"a worse one ({raw.objective:.12g})"
        status = LXStatus.OPTIMAL if raw.status is LXStatus.OPTIMAL else LXStatus.FEASIBLE
        reason = f"the solver returned {returned}; the answer is the start point itself"
        answer = replace(raw, status=status, x=self.x.copy(), objective=known)
        return replace(self, outcome=LXStartPoint.IGNORED, reason=reason), answer


def start_point(
    claims: Claims,
    solver: Solver,
    options: SolverOptions,
    problem: LXProblem,
    given: Any,
    *,
    completed: Callable[[FloatArray], FloatArray] | None = None,
) -> StartPoint:
    """Hold a start point against a problem, and look for the nearest use that it has.

    Args:
        claims: what runs the solver, for whole values that leave others open.
        solver: the solver.
        options: of the solve.
        problem: the problem to be solved.
        given: a solution, or values by family and key; some may be missing.
        completed: returns the point with the values that follow from others.

    Raises:
        LXError: the values are of another form, or of variables that the model does not have.
        LXNoSolutionError: the solution has no point.
    """
    x, missed = _values(problem, given)
    if completed is not None:
        x = completed(x)
    if not problem.is_mip:
        return StartPoint(LXStartPoint.IGNORED, "without integer variables a solver does not start from a point")
    if answer_without_solver(problem) is not None:
        return StartPoint(LXStartPoint.IGNORED, "the answer needs no solver")
    x = np.where(problem.integer & (np.abs(x - np.round(x)) <= INTEGRALITY), np.round(x), x)
    missing = np.isnan(x)
    violations = "" if missing.any() else _violations(problem, x)
    if not missing.any() and not violations:
        return StartPoint(LXStartPoint.ACCEPTED, missed, x)
    return _Repair(claims, solver, options, problem, x).point(violations)


def _values(problem: LXProblem, given: Any) -> tuple[FloatArray, str]:
    """Return values in the order of a problem, NaN where there is none; and what the values given had besides."""
    if not isinstance(given, LXSolution):
        return values_of(problem, given, "solve(start=)"), ""
    x = np.full(problem.num_variables, np.nan)
    values, used = given.variables, 0
    for block in problem.variables:
        if block.name in values:
            family = values.family(block.name)
            positions = Elements(family.block.keys).positions_in(block.keys)
            x[block.span] = np.where(positions < 0, np.nan, family.array[positions] if len(family.array) else np.nan)
            used += int((positions >= 0).sum())
    left = len(values.array) - used
    return x, f"{_counted(left, 'of its values is', 'of its values are')} of variables that the model has not" * (
        left > 0
    )


def _violations(problem: LXProblem, x: FloatArray) -> str:
    """Return the worst violation of a point, and the count of the others; empty where it satisfies the problem."""
    check = point_check(problem, x)
    if check.is_feasible:
        return ""
    more = len(check.violations) - 1
    return f"{check.violations[0]}{f', and {more:,} more' if more else ''}"


class _Repair:
    """Looks for a point with the whole values that a start point has."""

    def __init__(
        self, claims: Claims, solver: Solver, options: SolverOptions, problem: LXProblem, x: FloatArray
    ) -> None:
        self._claims = claims
        self._solver = solver
        self._options = options
        self._problem = problem
        self._x = x
        self._held: BoolArray = problem.integer & ~np.isnan(x)
        self._open: BoolArray = problem.integer & np.isnan(x)

    def point(self, violations: str) -> StartPoint:
        """Return a point with these whole values, or why there is none.

        Args:
            violations: what the given point violates; empty where values are missing.
        """
        if not self._held.any():
            return StartPoint(LXStartPoint.IGNORED, "it has no value of an integer variable")
        patience = self._patience()
        if self._open.any() and LXFeature.TIME_LIMIT not in self._solver.features:
            return StartPoint(LXStartPoint.IGNORED, self._without_limit())
        raw = self._claims.probe(self._with_held_values(), patience=patience)
        if raw is not None and raw.x is not None:
            x = np.where(self._held, self._whole_values(), raw.x)
            if not _violations(self._problem, x):
                return StartPoint(LXStartPoint.REPAIRED, self._what_changed(violations, x), x)
        return StartPoint(LXStartPoint.REJECTED, self._why_not(violations, raw))

    def _whole_values(self) -> FloatArray:
        """Return the given whole values, those outside of their bounds at the bound."""
        problem = self._problem
        lower, upper = np.ceil(problem.lower - INTEGRALITY), np.floor(problem.upper + INTEGRALITY)
        return np.where(self._held, np.clip(np.round(self._x), lower, upper), 0.0)

    def _with_held_values(self) -> LXProblem:
        """Return the problem of the other values; where none is continuous, some solvers take whole ones alone."""
        problem, held, values = self._problem, self._held, self._whole_values()
        lower, upper = (np.where(held, values, bound) for bound in (problem.lower, problem.upper))
        integer = problem.integer if problem.integer.all() else self._open
        name = f"{problem.name}, from a start point"
        return replace(problem, lower=lower, upper=upper, integer=integer, name=name)

    def _patience(self) -> float | None:
        """Return the seconds for a search of whole values; a linear problem is solved to its end."""
        if not self._open.any():
            return None
        return max(PATIENCE, SHARE * (self._options.time_limit or 0.0))

    def _what_changed(self, violations: str, x: FloatArray) -> str:
        if violations:
            return f"it violates {violations}; values were changed that are not whole, or were outside of their bounds"
        moved = int((np.abs(self._x - x)[~np.isnan(self._x)] > INTEGRALITY).sum())
        changed = f", and {moved:,} changed" if moved else ""
        return f"{_counted(self._missing, 'missing value was', 'missing values were')} found{changed}"

    def _why_not(self, violations: str, raw: RawResult | None) -> str:
        missing = f"{_counted(self._missing, 'value is', 'values are')} missing"
        end = "" if raw is None else f" ({raw.raw_status})"
        start = f"it violates {violations}" if violations else missing
        return f"{start}, and solver {self._solver.name!r} found no point with its whole values{end}"

    @property
    def _missing(self) -> int:
        return int(np.isnan(self._x).sum())

    def _without_limit(self) -> str:
        count = _counted(int(self._open.sum()), "integer variable has", "integer variables have")
        return f"{count} no value, and solver {self._solver.name!r} has no time limit for a search of them"


def _is_better(problem: LXProblem, value: float, other: float) -> bool:
    """Whether an objective value is better than another by more than the tolerance."""
    ahead = value - other if problem.maximize else other - value
    return ahead > FEASIBILITY * (1.0 + abs(value))


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
