"""A problem that stays in a solver: changed in place where that can be, every answer held against it as it is then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lumix_core.errors import LXVerificationError
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.diff import changes_between, difference_in_shape
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.claims import Claims, answered, solved_stage, with_gaps
from lumix_core.solver.goal_stages import GoalStages, StageProblem, solve_goals
from lumix_core.solver.preparation import Preparation, Prepared, answer_without_solver
from lumix_core.solver.reformulations import Native, Reformulated, reformulated
from lumix_core.solver.rewritten_runs import solve_reformulated, taken_back
from lumix_core.solver.row_activities import RowActivities
from lumix_core.solver.run import check_supported, guarded
from lumix_core.solver.solver import LiveRun, LiveSolver, Ranging, RawResult, RewindingRun, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStart, LXStatus
from lumix_core.solver.verify import Verifier

T = TypeVar("T")


class Live:
    """A solver that gets one problem after another, each much like the last.

    A solver that keeps problems open gets the changes; any other one gets every problem anew.

    Args:
        solver: the solver.
        options: for all runs.
    """

    def __init__(self, solver: Solver, options: SolverOptions) -> None:
        self.solver = solver
        self._opener = solver if isinstance(solver, LiveSolver) else None
        self.options = options
        self._run: LiveRun | None = None
        self._preparation = Preparation()
        self._held: Prepared | None = None
        self._first: LXProblem | None = None
        self._rewinds = self._opener is not None  # until a run shows otherwise
        self._restarted = ""
        self._activities: RowActivities | None = None
        self._known: list[Reformulated] = []
        self._goals: list[GoalStages] = []
        self._has_ranges = True

    def solve(self, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        """Return the checked answer to a problem, what the solver started from, and why that was not a hot start.

        Raises:
            LXUnsupportedError: the problem needs what the solver lacks.
            LXOptionError: an option is one that the solver cannot honour.
            LXSolverError: the solver failed.
            LXVerificationError: its answer does not satisfy the problem.
        """
        self._has_ranges = problem.is_linear and not problem.goals
        if problem.goals:
            return self._solved_goals(problem)
        return self._solved_without_goals(problem)

    def _solved_goals(self, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        """Solve the stages of goals in the open solver; where there is a time limit, each by a run of its own."""
        stages, starts = self._stages_of(problem), list[tuple[LXStart, str]]()

        def run(stage: StageProblem, start: FloatArray | None, seconds: float | None) -> RawResult:
            if seconds is not None:
                starts.append((LXStart.COLD, "the stages of goals share the time limit"))
                return solved_stage(self.solver, self.options, stage, start, seconds)
            raw, how, reason = self._solved_without_goals(stage.problem)
            starts.append((how, reason))
            return raw

        raw = solve_goals(stages, self.options, run)
        return raw, *starts[0]

    def _stages_of(self, problem: LXProblem) -> GoalStages:
        """Return the stages of a problem: of the last problems the very same objects again."""
        known = next((stages for stages in self._goals if stages.original is problem), None) or GoalStages(problem)
        first = [stages for stages in self._goals if self._taken(stages.original) is self._first]
        self._goals = [known, *(stages for stages in first if stages is not known)]
        return known

    def _solved_without_goals(self, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        if not problem.is_linear:
            return self._solved_rewritten(problem)
        check_supported(self.solver, problem, self.options)
        return self._solved(problem)

    def _solved_rewritten(self, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        made = self._rewritten(problem)
        if made.is_relaxed:  # several problems, each relaxed more narrowly
            claims = lambda part, left: Claims(self.solver, left).solved(part)  # noqa: E731
            raw = solve_reformulated(self.solver, problem, self.options, claims)
            return raw, LXStart.COLD, "what is not linear takes several runs"
        check_supported(self.solver, made.problem, self.options)
        raw, start, reason = self._solved(made.problem)
        return taken_back(self.solver, made, raw, self.options), start, reason

    def _rewritten(self, problem: LXProblem) -> Reformulated:
        """Return the problem as the solver takes it: of the last problems the very same object again."""
        known = next((made for made in self._known if made.original is problem), None)
        if known is None:
            known = reformulated(problem, Native.of(self.solver))
        first = [made for made in self._known if made.problem is self._first]
        self._known = [known, *(made for made in first if made is not known)]
        return known

    def _solved(self, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        known = answer_without_solver(problem)
        if known is not None:
            return known, LXStart.COLD, "the answer needed no solver"
        claims = Claims(self.solver, self.options)
        if self._opener is None:
            return claims.solved(problem), LXStart.COLD, f"solver {self.solver.name!r} does not keep models open"
        raw, start, reason = self._solved_live(self._opener, problem)
        return claims.settled(problem, raw), start, reason

    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimum that was found last; None where the solver has none for it."""
        run, held = self._run, self._held
        if run is None or held is None or not self._has_ranges:
            return None
        ranging = self._asked(held.original, run.ranging)
        return None if ranging is None else held.ranging(ranging)

    def rewind(self, problem: LXProblem) -> None:
        """Go back to where the solver is once it has solved ``problem``, and nothing else.

        What is solved next gives the same answer, bit for bit, whatever was solved before.

        Raises:
            LXSolverError: the solver failed.
            KeyboardInterrupt: Ctrl-C came while it went there.
        """
        if not self._rewound(self._taken(problem)):
            self.close()
            if self._rewinds:
                raw, _, _ = self.solve(problem)
                if raw.limit is LXLimit.INTERRUPT:
                    raise KeyboardInterrupt
                if not self._rewound(self._taken(problem)):
                    self.close()

    def restart(self, reason: str) -> None:
        """Release the solver, and tell with the next answer why it started from scratch."""
        if self._held is not None:
            self.close()
            self._restarted = reason

    def _taken(self, problem: LXProblem) -> LXProblem:
        """Return what the solver is given first for a problem."""
        if problem.goals:
            known = next((stages for stages in self._goals if stages.original is problem), None)
            problem = (known or self._stages_of(problem)).first.problem
        return problem if problem.is_linear else self._rewritten(problem).problem

    def close(self) -> None:
        """Release the solver; the next problem is opened anew."""
        run, self._run, self._held = self._run, None, None
        if run is not None:
            run.close()

    def _solved_live(
        self, solver: LiveSolver, problem: LXProblem
    ) -> tuple[RawResult | LXVerificationError, LXStart, str]:
        prepared = self._prepared(problem)
        if self._held is None:
            reason, self._restarted = self._restarted, ""
            return self._opened(solver, prepared), LXStart.REBUILT if reason else LXStart.COLD, reason
        refused = self._difference(self._held, prepared) or self._updated(self._held, prepared)
        if not refused:
            raw, refused = self._hot(prepared)
            if raw is not None:
                return raw, LXStart.HOT, ""
        self.close()
        return self._opened(solver, prepared), LXStart.REBUILT, refused

    def _prepared(self, problem: LXProblem) -> Prepared:
        return self._preparation.prepared(problem, self.options)

    def _opened(self, solver: LiveSolver, prepared: Prepared) -> RawResult | LXVerificationError:
        options = prepared.options(with_gaps(solver, prepared.problem, self.options))
        self._run = guarded(solver, prepared.original, lambda: solver.open(prepared.problem, options))
        self._held, self._first = prepared, prepared.original
        self._rewinds = isinstance(self._run, RewindingRun)
        try:
            return self._answered(prepared, self._run)
        except LXVerificationError as error:
            return error

    def _rewound(self, problem: LXProblem) -> bool:
        run, held = self._run, self._held
        if held is None or self._first is not problem or not isinstance(run, RewindingRun):
            return False
        prepared = self._prepared(problem)
        if self._difference(held, prepared) or self._updated(held, prepared):
            return False
        return self._asked(problem, run.rewind)

    def _difference(self, before: Prepared, prepared: Prepared) -> str:
        if self.options.mip_abs_gap and before.cost_scale != prepared.cost_scale:
            return "the objective has coefficients of another size, so that the absolute gap means another one"
        return difference_in_shape(before.problem, prepared.problem)

    def _updated(self, before: Prepared, prepared: Prepared) -> str:
        """Pass the changes to the solver; returns why it could not take them, empty where it did."""
        changes = changes_between(before.problem, prepared.problem)
        run, self._held = self._run, prepared
        taken = run is not None and self._asked(prepared.original, lambda: run.update(changes))
        return "" if taken else f"solver {self.solver.name!r} could not take the change in place"

    def _asked(self, problem: LXProblem, call: Callable[[], T]) -> T:
        """Ask the open solver; where it fails or is interrupted it is released, since its state is unknown."""
        try:
            return guarded(self.solver, problem, call)
        except BaseException:
            self.close()
            raise

    def _hot(self, prepared: Prepared) -> tuple[RawResult | None, str]:
        """Solve from where the solver is; returns None, and why, where there is no answer, or a wrong one."""
        assert self._run is not None
        try:
            raw = self._answered(prepared, self._run)
        except LXVerificationError as error:
            return None, f"the answer from where the solver was is wrong: {error}"
        if raw.status is LXStatus.ERROR:
            return None, f"from where the solver was it found no answer ({raw.raw_status})"
        return raw, ""

    def _answered(self, prepared: Prepared, run: LiveRun) -> RawResult:
        """Run the open solver; if it fails or is interrupted it is released, since its state is unknown."""
        try:
            raw = answered(self.solver, prepared, self.options, run.solve, self._verifier(prepared))
        except LXVerificationError:
            raise
        except Exception:
            self.close()
            raise
        if raw.limit is LXLimit.INTERRUPT:
            self.close()
        return raw

    def _verifier(self, prepared: Prepared) -> Verifier:
        problem = prepared.original
        if self._activities is None or not self._activities.fits(problem):
            self._activities = RowActivities(problem)
        options = with_gaps(self.solver, problem, self.options)
        return Verifier(self.solver.name, problem, options, self._activities)
