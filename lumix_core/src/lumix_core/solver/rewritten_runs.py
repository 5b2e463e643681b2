"""Problems that a solver does not take as they are: rewritten, solved, and answered as they were written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.linear_parts import with_choices_of
from lumix_core.solver.reformulations import Native, Reformulated, reformulated
from lumix_core.solver.reformulations.chain import CLOSED
from lumix_core.solver.run import check_supported
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_core.solver.verify import Verifier

Run = Callable[[LXProblem, SolverOptions], RawResult]

ROUNDS = 100
"""How often tangents are added at most."""


def solve_reformulated(solver: Solver, problem: LXProblem, options: SolverOptions, run: Run) -> RawResult:
    """Rewrite a problem for a solver, solve it, and return the answer as one to the problem itself.

    Products that have to be relaxed are relaxed more and more narrowly, as long as the answer is not exact and
    `SolverOptions.segments` allows it. Convex sums of products get tangents until the answer is exact.

    Args:
        solver: the solver.
        problem: one that is not linear.
        options: for all runs together.
        run: solves a problem that the solver takes, and checks the answer.

    Raises:
        LXUnsupportedError: something cannot be rewritten, or the solver lacks what it is rewritten into.
        LXVerificationError: the answer, taken back, does not satisfy the problem.
    """
    return _Series(solver, problem, options, run).answer()


def taken_back(solver: Solver, made: Reformulated, raw: RawResult, options: SolverOptions) -> RawResult:
    """Return the answer to the original problem, held against it unless it is that of a relaxation."""
    answer = made.answer(raw)
    if made.problem is made.original or raw.x is None or made.gap_at(raw.x) > CLOSED:
        return answer
    return Verifier(solver.name, made.original, options).checked(answer)


@dataclass(eq=False)
class _Series:
    """Runs of one problem, each rewritten with more tangents, or more parts, than the one before."""

    solver: Solver
    problem: LXProblem
    options: SolverOptions
    run: Run

    def __post_init__(self) -> None:
        seconds = self.options.time_limit
        self._end = None if seconds is None else time.monotonic() + seconds
        self._segments = 1
        self._points: list[FloatArray] = []
        self._best: RawResult | None = None

    def answer(self) -> RawResult:
        """Return the answer to the problem."""
        for _ in range(ROUNDS):
            made, raw = self._solved(self.problem)
            if raw.x is None or not made.is_relaxed or made.gap_at(raw.x) <= CLOSED:
                break
            if self._is_proved(raw):
                assert self._best is not None
                return replace(self._best, best_bound=raw.best_bound, details=made.answer(raw).details)
            if raw.limit is not None or not self._has_time() or not self._narrowed(made, raw.x):
                break
        return taken_back(self.solver, made, raw, self.options)

    def _solved(self, problem: LXProblem) -> tuple[Reformulated, RawResult]:
        made = reformulated(problem, Native.of(self.solver, self._segments, tuple(self._points)))
        check_supported(self.solver, made.problem, self.options)
        left = self.options if self._end is None else replace(self.options, time_limit=self._left())
        return made, self.run(made.problem, left)

    def _left(self) -> float:
        assert self._end is not None
        return max(self._end - time.monotonic(), 1e-3)

    def _has_time(self) -> bool:
        return not self.options.is_cancelled and (self._end is None or self._left() > 1e-3)

    def _narrowed(self, made: Reformulated, x: FloatArray) -> bool:
        """Make the next rewriting narrower where this one is too wide; returns whether there is one."""
        if any(one.gap_at(x) > CLOSED for one in made.tangents):
            self._points.append(x[: self.problem.num_variables])
            self._improve(x[: self.problem.num_variables])
            return True
        if self._segments >= self.options.segments:
            return False
        self._segments = min(2 * self._segments, self.options.segments)
        return True

    def _improve(self, x: FloatArray) -> None:
        """Find the best point with the choices and whole values of another one, where the solver can."""
        problem = self.problem
        if LXFeature.QUADRATIC_OBJECTIVE not in self.solver.features or not problem.is_mip:
            return
        fixed = with_choices_of(problem, x)
        whole = problem.integer
        values = np.round(x)
        lower, upper = (np.where(whole, values, bound) for bound in (fixed.lower, fixed.upper))
        held = replace(fixed, lower=lower, upper=upper, integer=np.zeros_like(whole))
        made = reformulated(held, Native.of(self.solver))
        if made.is_relaxed or not self._has_time():
            return
        made, raw = self._solved(held)
        if raw.x is None or raw.status is not LXStatus.OPTIMAL:
            return
        point = np.where(whole, values, raw.x[: problem.num_variables])
        self._points.append(point)
        self._keep(replace(raw, x=point, objective=problem.objective_at(point), duals=None, reduced_costs=None))

    def _keep(self, found: RawResult) -> None:
        """Keep a point that satisfies the problem, where it is the best so far."""
        assert found.objective is not None
        checked = Verifier(self.solver.name, self.problem, self.options).checked(
            replace(found, status=LXStatus.OPTIMAL, best_bound=None, limit=None)
        )
        best = self._best
        if best is None or best.objective is None or self._is_better(found.objective, best.objective):
            self._best = checked

    def _is_better(self, one: float, other: float) -> bool:
        return one > other if self.problem.maximize else one < other

    def _is_proved(self, raw: RawResult) -> bool:
        """Whether the best point is as good as the bound that the last rewriting proves."""
        if self._best is None or raw.best_bound is None or raw.status is not LXStatus.OPTIMAL:
            return False
        assert self._best.objective is not None
        return abs(raw.best_bound - self._best.objective) <= CLOSED * (1.0 + abs(self._best.objective))
