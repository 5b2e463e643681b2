"""One solve as it was requested: with a start point, reports of its progress, and an end that any thread can bring."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, Self

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.claims import Claims, solve, solved_stage
from lumix_core.solver.goal_stages import GoalStages, StageProblem, solve_goals
from lumix_core.solver.integrality import WithoutIntegrality
from lumix_core.solver.live import Live
from lumix_core.solver.options import refuse_lacking
from lumix_core.solver.progress import OnProgress, Reports, checked_call
from lumix_core.solver.reformulations import Native, reformulated
from lumix_core.solver.rewritten_runs import taken_back
from lumix_core.solver.run import check_supported
from lumix_core.solver.solution import LXSolution, solution_of
from lumix_core.solver.solver import LXFeature, RawProgress, RawResult, Solver, SolverOptions
from lumix_core.solver.start_points import StartPoint, start_point
from lumix_core.solver.status import LXStartPoint

_LOG = logging.getLogger("lumix.solver")


@dataclass(frozen=True, eq=False)
class SolveRequest:
    """What is requested of one solve.

    Args:
        solver: the solver.
        options: common options, and what ends the runs.
        change: whether integrality is kept.
        start: the point to start from, as the user gave it; None without one.
        reports: what tells the user of the progress; None where nobody asked.
    """

    solver: Solver
    options: SolverOptions
    change: WithoutIntegrality
    start: Any = None
    reports: Reports | None = None

    @classmethod
    def of(
        cls,
        solver: Solver,
        options: SolverOptions,
        change: WithoutIntegrality,
        start: Any,
        on_progress: OnProgress | None,
        *,
        make_reports: Callable[[OnProgress, Event], Reports] = Reports,
        can_cancel: bool = False,
    ) -> Self:
        """Return a request, or refuse what the solver lacks.

        Args:
            solver, options, change, start: see the class.
            on_progress: the user's function; None without one.
            make_reports: makes what calls that function.
            can_cancel: whether the solve must be one that can be ended, also without that function.

        Raises:
            LXOptionError: the solver lacks a feature, or ``on_progress`` is no function.
        """
        call = checked_call(on_progress)
        needed = {
            LXFeature.START: start is not None,
            LXFeature.PROGRESS: call is not None,
            LXFeature.CANCEL: call is not None or can_cancel,
        }
        refuse_lacking(solver, (feature for feature, is_needed in needed.items() if is_needed))
        if not needed[LXFeature.CANCEL]:
            return cls(solver, options, change, start)
        cancelled = Event()
        reports = None if call is None else make_reports(call, cancelled)
        report = None if reports is None else reports.report
        return cls(solver, replace(options, cancelled=cancelled, progress=report), change, start, reports)

    def cancel(self) -> None:
        """End the runs of the solver; any thread may call it."""
        if self.options.cancelled is not None:
            self.options.cancelled.set()

    def solution(self, compiled: LXProblem) -> LXSolution:
        """Solve the model that was compiled.

        Raises:
            LXError: as `LXOptimizer.solve`.
            Exception: what ``on_progress`` raised.
        """
        problem = self.change.problem(compiled)
        if self.reports is not None:
            self.reports.begin()
        began = time.perf_counter()
        start, raw = self._answer(problem)
        raw = self.change.answer(compiled, problem, raw)
        self.raise_failure()
        solution = solution_of(problem, raw, self.solver, time.perf_counter() - began)
        if start is not None:
            solution = replace(solution, start_point=start.outcome, start_point_reason=start.reason)
        return _logged(self.change.solution(compiled, solution))

    def _answer(self, problem: LXProblem) -> tuple[StartPoint | None, RawResult]:
        if problem.goals:
            return self._answer_with_goals(problem)
        if problem.is_linear:
            check_supported(self.solver, problem, self.options)
            return self._answer_from(problem)
        made = reformulated(problem, Native.of(self.solver))
        if self.start is None or made.is_relaxed:
            reason = "what is not linear takes several runs"
            ignored = None if self.start is None else StartPoint(LXStartPoint.IGNORED, reason)
            return ignored, solve(self.solver, problem, self.options)
        check_supported(self.solver, made.problem, self.options)
        start, raw = self._answer_from(made.problem)
        return start, taken_back(self.solver, made, raw, self.options)

    def _answer_with_goals(self, problem: LXProblem) -> tuple[StartPoint | None, RawResult]:
        """Solve the stages of goals: in one solver that stays open, unless it has to be told more than numbers."""
        options = self.options
        if self.start is None and options.progress is None and options.time_limit is None:
            live = Live(self.solver, options)
            try:
                return None, live.solve(problem)[0]
            finally:
                live.close()
        stages = GoalStages(problem)
        given = self._start_with_goals(stages)

        def run(stage: StageProblem, start: FloatArray | None, seconds: float | None) -> RawResult:
            known = given.x if start is None and given is not None else start
            return solved_stage(self.solver, options, stage, known, seconds)

        return given, solve_goals(stages, options, run)

    def _start_with_goals(self, stages: GoalStages) -> StartPoint | None:
        """Return the start point of the first stage, with the deviations that it has; None without one."""
        if self.start is None:
            return None
        problem = stages.first.problem
        if not problem.is_linear:
            return StartPoint(LXStartPoint.IGNORED, "what is not linear takes several runs")
        claims = Claims(self.solver, self.options)
        return start_point(claims, self.solver, self.options, problem, self.start, completed=stages.completed)

    def _answer_from(self, problem: LXProblem) -> tuple[StartPoint | None, RawResult]:
        """Solve a problem as the solver takes it, from the start point where there is one."""
        claims = Claims(self.solver, self.options)
        if self.start is None:
            return None, claims.solved(problem)
        start = start_point(claims, self.solver, self.options, problem, self.start)
        _LOG.debug("model %r: start point %s: %s", problem.name, start.outcome, start.reason)
        if self.reports is not None and start.x is not None:
            self.reports.report(RawProgress(incumbent=problem.objective_at(start.x)))
        return start.after(problem, claims.solved(problem, start.x))

    def raise_failure(self) -> None:
        """Raise what ``on_progress`` raised, if it did."""
        if self.reports is not None:
            self.reports.raise_failure()


def _logged(solution: LXSolution) -> LXSolution:
    _LOG.info("%s", solution.summary().partition("\n")[0])
    return solution
