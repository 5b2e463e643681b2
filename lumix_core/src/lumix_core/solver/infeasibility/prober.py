"""Questions to a solver, many in one analysis: can these requirements hold together?"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from lumix_core.errors import LXVerificationError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.claims import solve
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus

PATIENCE = 1.0
"""Seconds, at least, for a question about whole variables, which a solver might work on without an end."""
UNANSWERED = 3
"""How many such questions may stay without an answer before there are no more."""
LONGEST = 30.0
"""Seconds, at least, for all such questions together; more where the first one took long."""

NO_POINT = (LXStatus.INFEASIBLE, LXStatus.INFEASIBLE_OR_UNBOUNDED)
"""What a solver claims of a problem without a point, where nothing can be unbounded."""


class Prober:
    """Runs one solver, within one time limit for all questions together.

    Attributes:
        limit: what ended the analysis early, or None.
    """

    def __init__(self, solver: Solver, options: SolverOptions) -> None:
        self.limit: LXLimit | None = None
        self._solver = solver
        self._options = options
        self._end = None if options.time_limit is None else time.monotonic() + options.time_limit
        self._patience = PATIENCE
        self._unanswered = 0
        self._spent = 0.0

    def options(self, at_most: float | None = None) -> SolverOptions | None:
        """Return the options for the next run, with the time that is left; None once a limit has ended it all."""
        left = [end - time.monotonic() for end in [self._end] if end is not None]
        if left and left[0] <= 0:
            self.limit = self.limit or LXLimit.TIME
        if self.limit is not None:
            return None
        return replace(self._options, time_limit=min([*left, *([at_most] if at_most else [])], default=None))

    def ended(self, limit: LXLimit | None, *, impatient: bool = False) -> None:
        """Take note of what ended a run: the user's limits end the analysis, impatience does not."""
        if limit is LXLimit.INTERRUPT or (limit is LXLimit.TIME and not impatient):
            self.limit = limit

    def solve(self, problem: LXProblem, at_most: float | None = None) -> RawResult | None:
        """Return a solver's checked answer, or None where there is no time left for one."""
        options = self.options(at_most)
        if options is None:
            return None
        result = solve(self._solver, problem, options)
        self.ended(result.limit, impatient=at_most is not None and options.time_limit == at_most)
        return result

    def infeasible(self, problem: LXProblem) -> bool | None:
        """Whether a problem without an objective has no point; None where the solver does not settle it."""
        return _verdict(self.solve(problem))

    def infeasible_soon(self, part: LXProblem) -> bool | None:
        """Whether a part of the model has no point; gives up where the solver might search without an end."""
        answer = _verdict(self.solve_soon(part))
        self._unanswered += part.is_mip and answer is None
        return answer

    def solve_soon(self, problem: LXProblem) -> RawResult | None:
        """Return a solver's checked answer; of a problem with whole variables what it has after a short while.

        None where there is no time left. A solver without a time limit is not asked what may have no end.
        """
        if not problem.is_mip:
            return self.solve(problem)
        if not self.can_be_limited:
            return None if _is_endless(problem) else self.solve(problem)
        if self._unanswered >= UNANSWERED or self._spent > max(LONGEST, 3 * self._patience):
            return None
        began = time.monotonic()
        try:
            return self.solve(problem, at_most=self._patience)
        except LXVerificationError:  # a point that was cut off by the limit, and is none: no answer
            return None
        finally:
            self._spent += time.monotonic() - began

    @property
    def can_be_limited(self) -> bool:
        """Whether the solver ends at a time limit."""
        return LXFeature.TIME_LIMIT in self._solver.features

    @property
    def has_end(self) -> bool:
        """Whether the user has set a time limit, which is for all questions together."""
        return self._end is not None

    def first(self, problem: LXProblem) -> RawResult | None:
        """Answer the first question, which shows how much patience the later ones deserve."""
        started = time.monotonic()
        result = self.solve(problem)
        self._patience = max(PATIENCE, 10 * (time.monotonic() - started))
        return result


def _verdict(result: RawResult | None) -> bool | None:
    if result is None or not (result.status.has_point or result.status in NO_POINT):
        return None
    return not result.status.has_point


def _is_endless(problem: LXProblem) -> bool:
    """Whether branching may go on for ever: some integer variable has no bound."""
    unbounded = np.isinf(problem.lower) | np.isinf(problem.upper)
    return bool((problem.integer & unbounded).any())
