"""Why a problem is infeasible: what cannot hold together, and what it would take, over the arrays of the problem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lumix_core.errors import LXError, LXNotInfeasibleError, LXSolverError, LXVerificationError
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements, part_of
from lumix_core.solver.infeasibility.components import infeasible_components
from lumix_core.solver.infeasibility.elastic import elastic, misses
from lumix_core.solver.infeasibility.filters import DeletionFilter, elastic_filter, priced_conflict
from lumix_core.solver.infeasibility.obvious import plain_conflict
from lumix_core.solver.infeasibility.prober import NO_POINT, Prober
from lumix_core.solver.solver import FindsConflicts, LXFeature, RawConflict, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus


@dataclass(frozen=True, eq=False)
class Clash:
    """How far the rest of a conflict keeps one of its rows from its side.

    Args:
        row: the row.
        reached: the least that the rest allows of a row with an upper side, the most of one with a lower side.
    """

    row: int
    reached: float


@dataclass(frozen=True, eq=False)
class Relaxation:
    """By how much row bounds and variable bounds have to be relaxed.

    Args:
        amounts: in the order of `Requirements.mask`, without integrality; float64, shape ``(2 m + 2 n,)``.
        is_least: whether no smaller total was proved to do.
        x: the point that satisfies the rest.
    """

    amounts: FloatArray
    is_least: bool
    x: FloatArray


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What an analysis found.

    Args:
        conflict: requirements that cannot hold together.
        is_irreducible: whether all of them were seen to be needed.
        clash: where the conflict meets, if one of its rows shows it.
        relaxation: what would make the problem feasible, or None where it was not found.
        limit: what ended the analysis early, or None.
    """

    conflict: Requirements
    is_irreducible: bool
    clash: Clash | None
    relaxation: Relaxation | None
    limit: LXLimit | None


def diagnose(problem: LXProblem, solver: Solver, options: SolverOptions) -> Diagnosis:
    """Find out why a problem is infeasible.

    Args:
        problem: the problem; its objective plays no part.
        solver: answers the questions, many in one analysis.
        options: of its runs; ``time_limit`` is for all of them together.

    Raises:
        LXNotInfeasibleError: the problem has a point, or the solver does not prove that it has none.
    """
    prober = Prober(solver, options)
    plain = plain_conflict(problem)
    conflict, irreducible = _conflict(problem, prober, solver) if plain is None else (plain, True)
    clash = _clash(problem, conflict, prober) if irreducible else None
    relaxation = _relaxation(problem, prober)
    if relaxation is not None and not relaxation.amounts.any():
        relaxation = _within_tolerance(problem, relaxation, solver, is_plain=plain is not None)
    return Diagnosis(conflict, irreducible, clash, relaxation, limit=prober.limit)


def _conflict(problem: LXProblem, prober: Prober, solver: Solver) -> tuple[Requirements, bool]:
    """Return a conflict, and whether it is irreducible.

    Without integrality the question is easy: what is infeasible then needs no other one, and no integrality is named.
    """
    linear = replace(problem, integer=np.zeros_like(problem.integer))
    if problem.is_mip and prober.infeasible(part_of(linear, Requirements.every(linear))):
        problem = linear
    part = _infeasible_part(problem, prober) if problem.is_mip else None
    if part is None and problem is not linear:
        _refuse_unless_infeasible(problem, prober, solver)
    candidate = _candidate(problem, prober, solver) if part is None else part
    deletion = DeletionFilter(problem, prober, candidate)
    conflict = deletion.run()
    if len(conflict) < 2:
        raise LXVerificationError(
            f"Solver {solver.name!r} claims that model {problem.name!r} is infeasible, but claims the same of less and "
            f"less of it, down to a single bound or row, which can always hold. Nothing is explained, since it would "
            f"be wrong. Use another solver."
        )
    return conflict, deletion.proved


def _refuse_unless_infeasible(problem: LXProblem, prober: Prober, solver: Solver) -> None:
    result = prober.first(part_of(problem, Requirements.every(problem)))
    if result is not None and result.status.has_point:
        raise LXNotInfeasibleError(
            f"Model {problem.name!r} is not infeasible: solver {solver.name!r} found a point that satisfies all of it, "
            f"so there is nothing to explain. Look at the status that solve() gives: an objective without an end is "
            f"'unbounded'."
        )
    if result is None or result.status not in NO_POINT:
        limit = prober.limit if result is None else result.limit
        word = [] if result is None else [result.raw_status]
        how = ", ".join([*word, *([f"ended by the {limit} limit"] if limit else [])])
        raise LXNotInfeasibleError(
            f"Whether model {problem.name!r} is infeasible is not known: solver {solver.name!r} neither found a point "
            f"nor proved that there is none ({how}). Nothing is explained, since it might be wrong. Give it more time, "
            f"or use another solver."
        )


def _candidate(problem: LXProblem, prober: Prober, solver: Solver) -> Requirements:
    """Return requirements that cannot hold together: as few as a search finds that is right, or all."""
    every = Requirements.every(problem)
    for search in (partial(_solver_conflict, solver), priced_conflict, elastic_filter):
        found = search(problem, prober)
        if found is not None and prober.infeasible_soon(part_of(problem, found & every)):
            return found & every
    return every


def _infeasible_part(problem: LXProblem, prober: Prober) -> Requirements | None:
    """Return a part of a problem that has no point by itself, where it is soon found: the rest may be far harder."""
    return infeasible_components(problem, lambda part: prober.infeasible_soon(part_of(problem, part)))


def _solver_conflict(solver: Solver, problem: LXProblem, prober: Prober) -> Requirements | None:
    if LXFeature.CONFLICTS not in solver.features or problem.is_mip:
        return None
    options = prober.options()
    if options is None:
        return None
    try:
        found = _asked(solver, problem, options)
    except LXError:
        raise
    except Exception as error:
        raise LXSolverError(
            f"Solver {solver.name!r} failed to find what makes model {problem.name!r} infeasible: "
            f"{type(error).__name__}: {error}. Try log=True to see what it did, or another solver."
        ) from error
    if found.limit is LXLimit.INTERRUPT:
        prober.ended(found.limit)
    return found.requirements


def _asked(solver: Solver, problem: LXProblem, options: SolverOptions) -> RawConflict:
    """Return what a solver finds; raises where it is none of the problem's requirements."""
    if not isinstance(solver, FindsConflicts):
        raise TypeError(f"it declares the feature ({str(LXFeature.CONFLICTS)!r}), but has no find_conflict()")
    found = solver.find_conflict(problem, options)
    if not isinstance(found, RawConflict):
        raise TypeError(f"its answer is {found!r:.80}, not a RawConflict")
    if found.requirements is not None and found.requirements.mask.shape != Requirements.none(problem).mask.shape:
        raise ValueError(f"its answer has the shape {found.requirements.mask.shape}, and the problem has another")
    return found


def _clash(problem: LXProblem, conflict: Requirements, prober: Prober) -> Clash | None:
    """Return how far the rest of a conflict keeps its longest row from its side."""
    rows = np.flatnonzero(conflict.row_lower ^ conflict.row_upper)
    if not len(rows) or len(conflict) < 2:
        return None
    row = int(rows[np.argmax(np.diff(problem.row_starts)[rows])])
    sign = 1.0 if conflict.row_upper[row] else -1.0
    span = slice(problem.row_starts[row], problem.row_starts[row + 1])
    objective = np.zeros(problem.num_variables)
    objective[problem.columns[span]] = sign * problem.coefficients[span]
    rest = conflict.without(np.array([row, problem.num_constraints + row]))
    result = prober.solve_soon(part_of(problem, rest, objective))
    if result is None or result.status is not LXStatus.OPTIMAL or result.objective is None:
        return None
    return Clash(row, sign * result.objective)


RELAXATION_SECONDS = 5.0
"""Seconds for the least relaxation of a problem with whole variables, where the user has set no time limit."""


def _relaxation(problem: LXProblem, prober: Prober) -> Relaxation | None:
    """Return the relaxation, in a time of its own: it may be far harder to find than the conflict is."""
    is_limited = problem.is_mip and prober.can_be_limited and not prober.has_end
    stretched = _within_signs(elastic(problem, relaxable(problem)), problem)
    try:
        result = prober.solve(stretched, at_most=RELAXATION_SECONDS if is_limited else None)
    except LXVerificationError:  # the conflict is known, and stays what it is without a relaxation
        return None
    if result is None or result.x is None:
        return None
    x = result.x[: problem.num_variables]
    return Relaxation(misses(problem, x), is_least=result.status is LXStatus.OPTIMAL, x=x)


def _within_tolerance(problem: LXProblem, found: Relaxation, solver: Solver, *, is_plain: bool) -> Relaxation:
    """Return a relaxation of less than the tolerance.

    Raises:
        LXNotInfeasibleError: the conflict rests on the solver's word alone, and its own point satisfies all.
    """
    if is_plain:
        return replace(found, amounts=misses(problem, found.x, tolerance=0.0))
    raise LXNotInfeasibleError(
        f"Whether model {problem.name!r} is infeasible is not known: solver {solver.name!r} claims so, and found a "
        f"point that satisfies all of it within the tolerance. Nothing is explained, since it might be wrong. Use "
        f"units in which the numbers are closer to 1, or another solver."
    )


def _within_signs(stretched: LXProblem, problem: LXProblem) -> LXProblem:
    """Return an elastic problem in which what was at least some positive number stays at least 0, and conversely."""
    n = problem.num_variables
    lower, upper = stretched.lower.copy(), stretched.upper.copy()
    lower[:n] = np.where(problem.lower > 0, np.maximum(lower[:n], 0.0), lower[:n])
    upper[:n] = np.where(problem.upper < 0, np.minimum(upper[:n], 0.0), upper[:n])
    return replace(stretched, lower=lower, upper=upper)


def relaxable(problem: LXProblem) -> Requirements:
    """Return what may be relaxed: rows and bounds, but no lower bound of 0 and no upper bound of 1 of an integer.

    These define what a number means, such as a quantity or a yes or no. The rest can always be relaxed.
    """
    every = Requirements.every(problem)
    yes_or_no: BoolArray = problem.integer & (problem.upper == 1)
    return every - Requirements.of(problem, lower=problem.lower == 0, upper=yes_or_no, integer=problem.integer)
