"""Claims of a solver that come without a proof: checked by certificates, and by further runs where they are doubtful.

An optimum of a linear problem has duals, which the verifier checks. One without duals may be none, where columns have
no bound: the core looks for a ray. That there is no point, or no end, a solver claims without a point. The core looks
for a certificate of its own by other problems, which it gives the same solver: an elastic problem, whose duals prove
that there is no point; the recession problem, whose point is a ray; the problem without an objective, whose point shows
that there is one. What is doubtful is solved again without presolve. What stays doubtful is an error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from lumix_core.errors import LXVerificationError
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements
from lumix_core.solver.certificates import proves_infeasible, proves_unbounded, recession_of
from lumix_core.solver.goal_stages import GoalStages, StageProblem, solve_goals
from lumix_core.solver.infeasibility.elastic import elastic, misses
from lumix_core.solver.infeasibility.obvious import plain_conflict
from lumix_core.solver.linear_parts import flat_directions, linear_relaxation, restricted_at, without_objective
from lumix_core.solver.preparation import Preparation, Prepared, answer_without_solver, without_numbers
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.rewritten_runs import solve_reformulated
from lumix_core.solver.run import answer_of, check_supported
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import ENDLESS, LXLimit, LXStatus
from lumix_core.solver.verify import Verifier

_LOG = logging.getLogger("lumix.solver")

WIDE = 1e4
"""From here on the quotient of two coefficients of one row is large: a solver's tolerances are 1e-6 and less."""
PATIENCE = 2.0
"""Seconds, at least, for a run that may be harder than the problem itself."""


def solve(solver: Solver, problem: LXProblem, options: SolverOptions) -> RawResult:
    """Solve a compiled problem and return an answer that was checked, whatever the solver claims.

    Raises:
        LXNumberError: a number is one that solvers would change.
        LXUnsupportedError: the problem needs what the solver lacks.
        LXOptionError: the solver cannot honour an option.
        LXSolverError: the solver failed.
        LXVerificationError: its answer does not satisfy the problem, and no further run gives one that does.
    """
    if problem.goals:
        return solve_goals(GoalStages(problem), options, partial(solved_stage, solver, options))
    if problem.is_linear:
        check_supported(solver, problem, options)
        return Claims(solver, options).solved(problem, options.start)
    return solve_reformulated(
        solver, problem, options, lambda made, left: Claims(solver, left).solved(made, left.start)
    )


def solved_stage(
    solver: Solver, options: SolverOptions, stage: StageProblem, start: FloatArray | None, seconds: float | None
) -> RawResult:
    """Return the answer to the problem of a stage of goals; only the objective's own stage reports numbers."""
    takes_start = LXFeature.START in solver.features and stage.problem.is_mip and stage.problem.is_linear
    report = options.progress
    if report is not None and stage.priority != 0:
        report = without_numbers(report)
    own = replace(options, time_limit=seconds, start=start if takes_start else None, progress=report)
    return solve(solver, stage.problem, own)


def with_gaps(solver: Solver, problem: LXProblem, options: SolverOptions) -> SolverOptions:
    """Return options in which gaps that were not requested are 0, where the solver honours that."""
    if not problem.is_mip:
        return options
    relative, absolute = options.mip_rel_gap, options.mip_abs_gap
    if relative is None and LXFeature.MIP_REL_GAP in solver.features:
        relative = 0.0
    if absolute is None and LXFeature.MIP_ABS_GAP in solver.features:
        absolute = 0.0
    return replace(options, mip_rel_gap=relative, mip_abs_gap=absolute)


class Claims:
    """Solves one problem, and settles what is claimed of it.

    Args:
        solver: the solver.
        options: of all runs; ``time_limit`` is for all of them together.
    """

    def __init__(self, solver: Solver, options: SolverOptions) -> None:
        self._solver = solver
        self._options = options
        self._started = time.monotonic()
        self._end = None if options.time_limit is None else time.monotonic() + options.time_limit
        self._checks: list[str] = []
        self._limit: LXLimit | None = None
        self._has_run = False
        self._is_repeated = False
        self._has_point = False
        self._main: LXProblem | None = None
        self._start: FloatArray | None = None

    def solved(self, problem: LXProblem, start: FloatArray | None = None) -> RawResult:
        """Solve the problem; see `solve`.

        Args:
            problem: the problem.
            start: a point that satisfies it, shape ``(n,)``, to be given to the solver.
        """
        known = answer_without_solver(problem)
        if known is not None:
            return known
        self._main, self._start, self._has_point = problem, start, start is not None
        options = self._left()
        if options is None:
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="not begun", limit=self._limit)
        try:
            first = self._run(problem, options)
        except LXVerificationError as error:
            return self.settled(problem, error)
        return self.settled(problem, first)

    def settled(self, problem: LXProblem, first: RawResult | LXVerificationError) -> RawResult:
        """Return what is certain, given the verified answer of a run, or the error of its verification."""
        self._main, self._has_run = problem, True
        if isinstance(first, LXVerificationError):
            answer = self._repeated(problem, str(first))
        else:
            answer = self._settle(problem, first)
        if self._limit is not None and not answer.status.has_point:
            answer = replace(answer, status=LXStatus.NO_SOLUTION, limit=self._limit)
        elif answer.status is LXStatus.ERROR and isinstance(first, LXVerificationError):
            raise first
        if not self._checks:
            return answer
        return replace(answer, details={**answer.details, "checks": [*self._checks]})

    def _settle(self, problem: LXProblem, raw: RawResult) -> RawResult:
        if raw.status is LXStatus.INFEASIBLE:
            return self._infeasible(problem, raw)
        if raw.status in ENDLESS:
            return self._endless(problem, raw)
        if raw.status is LXStatus.ERROR:
            answer = self._repeated(problem, f"solver {self._solver.name!r} gave up ({raw.raw_status})")
            return raw if answer.status is LXStatus.ERROR else answer
        if raw.status is LXStatus.OPTIMAL and _may_be_endless(problem, raw) and self._has_ray(problem, raw.x):
            return self._endless(problem, raw)
        return raw

    def _infeasible(self, problem: LXProblem, raw: RawResult) -> RawResult:
        """Return an answer to the claim that there is no point."""
        if self._proves_infeasible(problem):
            return replace(raw, status=LXStatus.INFEASIBLE)
        return self._repeated(problem, f"solver {self._solver.name!r} reported {raw.status} without a proof")

    def _proves_infeasible(self, problem: LXProblem) -> bool:
        if plain_conflict(problem if problem.is_linear else linear_relaxation(problem)) is not None:
            return True
        if self._has_farkas(linear_relaxation(problem)):
            self._checks.append("infeasible: proved by multipliers of the constraints")
            return True
        has_proof = not problem.is_mip and not len(problem.structures.rows_with_terms())  # if there is no point
        if has_proof and LXFeature.DUALS in self._solver.features:
            return False
        return not self._finds_point(problem) and self._is_infeasible_again(problem)

    def _finds_point(self, problem: LXProblem) -> bool:
        """Whether a run without an objective finds a point, now or before."""
        has_objective = problem.objective.any() or problem.structures.has_terms
        if has_objective and not self._has_point:
            other = self.probe(without_objective(problem), patience=self._patience())
            self._has_point = other is not None and other.status.has_point
        return self._has_point

    def _is_infeasible_again(self, problem: LXProblem) -> bool:
        again = self.probe(without_objective(problem), presolve=False, patience=self._patience())
        if again is None or again.status not in (LXStatus.INFEASIBLE, LXStatus.NO_SOLUTION):
            return False
        missed = self._is_missed(problem) if again.status is LXStatus.INFEASIBLE else None
        if missed is False or (missed is None and _has_wide_rows(problem)):
            return False
        way = "without an objective and without presolve"
        if again.status is LXStatus.INFEASIBLE:
            self._checks.append(f"infeasible: reported again {way}")
        else:
            self._checks.append(f"infeasible: a second run, {way}, found no point in ten times the time")
        return True

    def _is_missed(self, problem: LXProblem) -> bool | None:
        """Whether the best point of the elastic problem misses a constraint by more than the tolerance.

        None where it is not found soon.
        """
        if LXFeature.TIME_LIMIT not in self._solver.features or not problem.is_linear:
            return None
        stretched = elastic(problem, Requirements.every(problem).of_rows)
        result = self.probe(stretched, patience=self._patience())
        if result is None or result.x is None:
            return None
        is_missed = bool(misses(problem, result.x[: problem.num_variables]).any())
        return is_missed if result.status is LXStatus.OPTIMAL or not is_missed else None

    def _patience(self) -> float:
        """Return the seconds for a run that may be harder than the problem itself."""
        return max(PATIENCE, 10 * (time.monotonic() - self._started))

    def _has_farkas(self, linear: LXProblem) -> bool:
        """Whether the duals of the elastic problem prove that there is no point."""
        if LXFeature.DUALS not in self._solver.features:
            return False
        soft = Requirements.every(linear).of_rows
        result = self.probe(elastic(linear, soft))
        if result is None or result.duals is None:
            return False
        low, high = np.flatnonzero(soft.row_lower), np.flatnonzero(soft.row_upper)
        multipliers = np.zeros(linear.num_constraints)
        multipliers[low] += result.duals[: len(low)]
        multipliers[high] += result.duals[len(low) :]
        return proves_infeasible(linear, multipliers)

    def _endless(self, problem: LXProblem, raw: RawResult) -> RawResult:
        """Return an answer to the claim that the objective has no end, or that there is no point."""
        point = self.probe(without_objective(problem))
        if point is not None and point.status is LXStatus.INFEASIBLE:
            return self._infeasible(problem, point)
        if point is not None and point.x is not None and self._has_ray(problem, point.x):
            self._checks.append("unbounded: proved by a point and a ray")
            return RawResult(status=LXStatus.UNBOUNDED, raw_status=raw.raw_status, details=raw.details)
        return self._repeated(problem, f"solver {self._solver.name!r} reported {raw.status} without a proof")

    def _has_ray(self, problem: LXProblem, x: FloatArray | None = None) -> bool:
        """Whether there is a ray; of what is not linear, one from a point on: without one, none is known."""
        if not problem.is_linear:
            if x is None or len(problem.structures.functions) or len(problem.structures.rows_with_terms()):
                return False
            problem = flat_directions(problem, restricted_at(problem, x))
        cone = recession_of(problem)
        result = self.probe(cone) or self.probe(cone, presolve=False)  # presolve may take a short ray for none
        return result is not None and result.x is not None and proves_unbounded(problem, result.x)

    def _repeated(self, problem: LXProblem, doubt: str) -> RawResult:
        """Return the answer of a second run, without presolve; an error with the reason where it is no better."""
        if self._is_repeated:
            return RawResult(status=LXStatus.ERROR, raw_status=doubt)
        self._is_repeated = True
        self._checks.append(doubt)
        _LOG.warning("model %r is solved again without presolve: %s", problem.name, doubt)
        again = self.probe(problem, presolve=False)
        if again is not None and again.status is not LXStatus.ERROR:
            answer = self._settle(problem, again)
            if answer.status is not LXStatus.ERROR:
                self._checks.append(f"solved again without presolve: {answer.status}")
                return answer
        if self._limit is None and self._proves_infeasible(problem):
            return RawResult(status=LXStatus.INFEASIBLE, raw_status=doubt)
        if self._limit is None and (not problem.is_linear or self._has_ray(problem)):
            answer = self._endless(problem, RawResult(status=LXStatus.UNBOUNDED, raw_status=doubt))
            if answer.status is not LXStatus.ERROR:
                return answer
        return RawResult(status=LXStatus.ERROR, raw_status=doubt)

    def probe(self, problem: LXProblem, *, presolve: bool = True, patience: float | None = None) -> RawResult | None:
        """Return the verified answer of a further run; None where there is none, or where a limit ended it.

        Args:
            problem: of the run.
            presolve: whether the solver may change the problem first.
            patience: seconds that the run may take; an answer at that limit is returned.
        """
        options = self._left()
        if options is None:
            return None
        can_stop = LXFeature.TIME_LIMIT in self._solver.features
        is_impatient = patience is not None and can_stop and patience < (options.time_limit or np.inf)
        if is_impatient:
            options = replace(options, time_limit=patience)
        known = answer_without_solver(problem)
        try:
            raw = known or self._run(problem, replace(options, presolve=presolve and not self._is_repeated))
        except LXVerificationError:
            return None
        if is_impatient and raw.limit is LXLimit.TIME:
            return raw
        if raw.limit is not None:
            self._limit = raw.limit
            return raw if raw.status.has_point else None
        return raw

    def _left(self) -> SolverOptions | None:
        """Return the options with the time that is left; None where none is."""
        if self._limit is None and self._options.is_cancelled:
            self._limit = LXLimit.CANCELLED
        if self._limit is not None:
            return None
        if self._end is None or not self._has_run:
            return self._options
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            self._limit = LXLimit.TIME
            return None
        return replace(self._options, time_limit=seconds)

    def _run(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        self._has_run = True
        options = with_gaps(self._solver, problem, self._of_problem(options, problem))
        if not options.presolve and LXFeature.PRESOLVE not in self._solver.features:
            options = replace(options, presolve=True)
        prepared = Preparation().prepared(problem, options)
        began = time.perf_counter()
        raw = answered(
            self._solver,
            prepared,
            options,
            lambda: self._solver.solve(prepared.problem, prepared.options(options)),
        )
        seconds = time.perf_counter() - began
        _LOG.debug("model %r: %s (%s) in %.3f s", problem.name, raw.status, raw.raw_status, seconds)
        return raw

    def _of_problem(self, options: SolverOptions, problem: LXProblem) -> SolverOptions:
        """Return options with the start point of the user's own problem; of other problems the user is told nothing."""
        if problem is self._main:
            return replace(options, start=self._start)
        report = options.progress
        report = None if report is None else without_numbers(report)
        return replace(options, start=None, native=None, progress=report)


def answered(
    solver: Solver,
    prepared: Prepared,
    options: SolverOptions,
    call: Callable[[], Any],
    verifier: Verifier | None = None,
) -> RawResult:
    """Return the verified answer of a run to a prepared problem, as one to the original problem.

    Raises:
        LXSolverError: the solver failed.
        LXVerificationError: its answer does not satisfy the problem.
    """
    problem = prepared.original
    raw = prepared.answer(prepared.answer_without_solver() or answer_of(solver, problem, call))
    if prepared.endless and raw.status is LXStatus.OPTIMAL and raw.x is not None:
        objective = problem.objective_at(raw.x)  # what matters is that there is a point
        raw = replace(raw, status=LXStatus.FEASIBLE, limit=LXLimit.OTHER, objective=objective, best_bound=None)
    verified = (verifier or Verifier(solver.name, problem, options)).checked(raw)
    if prepared.endless and verified.status.has_point:
        return RawResult(
            status=LXStatus.UNBOUNDED, raw_status=f"{prepared.endless} is in no constraint, and has no end"
        )
    return verified


def _has_wide_rows(problem: LXProblem) -> bool:
    """Whether numbers of very different size stand in one row, so that a solver's tolerance may hide a point."""
    filled = np.flatnonzero(np.diff(problem.row_starts))
    if not len(filled):
        return False
    sizes, firsts = np.abs(problem.coefficients), problem.row_starts[:-1][filled]
    return bool((np.maximum.reduceat(sizes, firsts) > WIDE * np.minimum.reduceat(sizes, firsts)).any())


def _may_be_endless(problem: LXProblem, raw: RawResult) -> bool:
    """Whether an optimum may be none, since the objective improves without end along columns that nothing bounds.

    The duals of a continuous linear problem were checked before: they prove that it has an end.
    """
    if problem.structures.has_terms:  # along a flat direction solvers of quadratic problems stop far out
        return bool((np.isinf(problem.lower) | np.isinf(problem.upper)).any())
    if raw.duals is not None and not problem.is_mip:
        return False
    rises = (problem.objective > 0) == problem.maximize
    costly = problem.objective != 0
    if not (costly & np.isinf(np.where(rises, problem.upper, problem.lower))).any():
        return False
    ranges = Ranges.of(problem)
    return bool((costly & np.isinf(np.where(rises, ranges.upper, ranges.lower))).any())
