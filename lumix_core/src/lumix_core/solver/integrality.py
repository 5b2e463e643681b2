"""Problems without integrality, which have duals: relaxed, or with every whole variable held at a given value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.errors import LXModelError, LXOptionError
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.alignment import aligned_values
from lumix_core.solver.linear_parts import with_choices_of, without_choices
from lumix_core.solver.solution import LXSolution
from lumix_core.solver.solver import RawResult
from lumix_core.solver.status import LXIntegrality
from lumix_core.solver.verify import INTEGRALITY


@dataclass(frozen=True, eq=False)
class WithoutIntegrality:
    """How a model is solved: as it is, relaxed, or fixed.

    Args:
        integrality: which of them.
        fix: where the values come from that whole variables are held at.
    """

    integrality: LXIntegrality
    fix: LXSolution | None = None

    def problem(self, problem: LXProblem) -> LXProblem:
        """Return the problem to be solved; one without whole variables stays as it is.

        Raises:
            LXModelError: the solution to be held at does not fit the problem.
        """
        if self.integrality is LXIntegrality.KEPT or not problem.is_mip:
            return problem
        whole = np.zeros_like(problem.integer)
        name = f"{problem.name}, {self.integrality}"
        if self.fix is None:
            blocks = tuple(replace(block, integral=False) for block in problem.variables)
            return without_choices(replace(problem, integer=whole, variables=blocks, name=name))
        values = _values(problem, self.fix)
        if not problem.is_linear:
            problem = with_choices_of(problem, _point(problem, self.fix))
        lower, upper = (np.where(problem.integer, values, bound) for bound in (problem.lower, problem.upper))
        return replace(problem, integer=whole, lower=lower, upper=upper, name=name)

    def answer(self, original: LXProblem, problem: LXProblem, raw: RawResult) -> RawResult:
        """Return a checked answer to `problem`, with fixed variables exactly at their values."""
        if self.fix is None or raw.x is None or problem is original:
            return raw
        x = np.where(original.integer, problem.lower, raw.x)
        return replace(raw, x=x, objective=problem.objective_at(x))

    def solution(self, original: LXProblem, solution: LXSolution) -> LXSolution:
        """Return a solution that tells how the model was solved."""
        if self.integrality is LXIntegrality.KEPT or not original.is_mip:
            return solution
        return replace(solution, integrality=self.integrality, _model=original.name)


def without_integrality(relax: bool, fix: LXSolution | None) -> WithoutIntegrality:
    """Return how a model is to be solved.

    Raises:
        LXOptionError: both were given, or one is no valid value.
        LXNoSolutionError: the solution to be held at has no point.
    """
    if not isinstance(relax, bool):
        raise LXOptionError(f"solve() got relax={relax!r:.80}. Give True or False.")
    if fix is None:
        return WithoutIntegrality(LXIntegrality.RELAXED if relax else LXIntegrality.KEPT)
    if not isinstance(fix, LXSolution):
        raise LXOptionError(f"solve() got fix={fix!r:.80}, which is not a solution. Give fix=optimizer.solve(model).")
    if relax:
        raise LXOptionError(
            "solve() got both relax=True and fix=: whole variables are either free of integrality or held at their "
            "values. Give one of them."
        )
    fix.variables  # noqa: B018 - raises where there is no point
    return WithoutIntegrality(LXIntegrality.FIXED, fix)


def _values(problem: LXProblem, fix: LXSolution) -> FloatArray:
    """Return the values that whole variables are held at, shape ``(n,)``; 0 for all others."""
    values = np.zeros(problem.num_variables)
    for block in problem.variables:
        if problem.integer[block.span].any():
            values[block.span] = aligned_values(block, fix.variables, "The solution given as fix=")
    whole = np.round(values)
    _refuse(problem, values, np.abs(values - whole) > INTEGRALITY, "which is not a whole number")
    beyond = (whole < problem.lower - INTEGRALITY) | (whole > problem.upper + INTEGRALITY)
    _refuse(problem, values, beyond & problem.integer, "which is beyond its bounds")
    return whole


def _point(problem: LXProblem, fix: LXSolution) -> FloatArray:
    """Return the values of all variables, shape ``(n,)``."""
    parts = [aligned_values(block, fix.variables, "The solution given as fix=") for block in problem.variables]
    return np.concatenate([np.empty(0), *parts])


def _refuse(problem: LXProblem, values: FloatArray, wrong: BoolArray, reason: str) -> None:
    positions = np.flatnonzero(wrong)
    if len(positions):
        first = int(positions[0])
        bounds = f"{problem.lower[first]:.12g} to {problem.upper[first]:.12g}"
        raise LXModelError(
            f"The solution given as fix= has {problem.column_name(first)} = {values[first]:.12g}, {reason} "
            f"({bounds}) in model {problem.name!r}. Give a solution of the model with its whole variables, such as "
            f"fix=optimizer.solve(model)."
        )
