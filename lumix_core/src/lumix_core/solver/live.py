"""A problem that stays in a solver: changed in place where that can be, every answer held against it as it is then."""

from __future__ import annotations

from lumix_core.errors import LXError, LXVerificationError
from lumix_core.problem.diff import changes_between, difference_in_shape
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.row_activities import RowActivities
from lumix_core.solver.run import answer_of, answer_without_solver, check_supported, guarded
from lumix_core.solver.solver import LiveRun, LiveSolver, Ranging, RawResult, RewindingRun, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStart, LXStatus
from lumix_core.solver.verify import Verifier


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
        self._held: LXProblem | None = None
        self._first: LXProblem | None = None
        self._rewinds = self._opener is not None  # until a run shows otherwise
        self._activities: RowActivities | None = None

    def solve(self, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        """Return the checked answer to a problem, what the solver started from, and why that was not a hot start.

        Raises:
            LXUnsupportedError: the problem needs what the solver lacks.
            LXOptionError: an option is one that the solver cannot honour.
            LXSolverError: the solver failed.
            LXVerificationError: its answer does not satisfy the problem.
        """
        check_supported(self.solver, problem, self.options)
        known = answer_without_solver(problem)
        if known is not None:
            return self._checked(problem, known), LXStart.COLD, "the answer needed no solver"
        if self._opener is None:
            reason = f"solver {self.solver.name!r} does not keep models open"
            return self._checked(problem, self._cold(problem)), LXStart.COLD, reason
        return self._solved_live(self._opener, problem)

    def ranging(self) -> Ranging | None:
        """Return the ranges at the optimum that was found last; None where the solver has none for it."""
        run, held = self._run, self._held
        return None if run is None or held is None else guarded(self.solver, held, run.ranging)

    def rewind(self, problem: LXProblem) -> None:
        """Go back to where the solver is once it has solved ``problem``, and nothing else.

        What is solved next gives the same answer, bit for bit, whatever was solved before.

        Raises:
            LXSolverError: the solver failed.
            KeyboardInterrupt: Ctrl-C came while it went there.
        """
        if not self._rewound(problem):
            self.close()
            if self._rewinds:
                raw, _, _ = self.solve(problem)
                if raw.limit is LXLimit.INTERRUPT:
                    raise KeyboardInterrupt
                if not self._rewound(problem):
                    self.close()

    def close(self) -> None:
        """Release the solver; the next problem is opened anew."""
        run, self._run, self._held = self._run, None, None
        if run is not None:
            run.close()

    def _solved_live(self, solver: LiveSolver, problem: LXProblem) -> tuple[RawResult, LXStart, str]:
        if self._held is None:
            return self._opened(solver, problem), LXStart.COLD, ""
        refused = difference_in_shape(self._held, problem) or self._updated(self._held, problem)
        if not refused:
            raw, refused = self._hot(problem)
            if raw is not None:
                return raw, LXStart.HOT, ""
        self.close()
        return self._opened(solver, problem), LXStart.REBUILT, refused

    def _opened(self, solver: LiveSolver, problem: LXProblem) -> RawResult:
        self._run = guarded(solver, problem, lambda: solver.open(problem, self.options))
        self._held = self._first = problem
        self._rewinds = isinstance(self._run, RewindingRun)
        return self._answered(problem, self._run)

    def _rewound(self, problem: LXProblem) -> bool:
        run, held = self._run, self._held
        if held is None or self._first is not problem or not isinstance(run, RewindingRun):
            return False
        if difference_in_shape(held, problem) or self._updated(held, problem):
            return False
        return guarded(self.solver, problem, run.rewind)

    def _updated(self, before: LXProblem, problem: LXProblem) -> str:
        """Pass the changes to the solver; returns why it could not take them, empty where it did."""
        changes = changes_between(before, problem)
        run, self._held = self._run, problem
        try:
            taken = run is not None and guarded(self.solver, problem, lambda: run.update(changes))
        except BaseException:  # Ctrl-C, say: some of the changes may have been made
            self.close()
            raise
        return "" if taken else f"solver {self.solver.name!r} could not take the change in place"

    def _hot(self, problem: LXProblem) -> tuple[RawResult | None, str]:
        """Solve from where the solver is; returns None, and why, where the answer is none or a wrong one."""
        assert self._run is not None
        try:
            raw = self._answered(problem, self._run)
        except LXVerificationError as error:
            return None, f"the answer from where the solver was is wrong: {error}"
        if raw.status is LXStatus.ERROR:
            return None, f"from where the solver was it found no answer ({raw.raw_status})"
        return raw, ""

    def _answered(self, problem: LXProblem, run: LiveRun) -> RawResult:
        """Run the open solver; one that fails or is interrupted is released, since its state is unknown."""
        try:
            raw = self._checked(problem, answer_of(self.solver, problem, run.solve))
        except LXVerificationError:
            raise
        except LXError:
            self.close()
            raise
        if raw.limit is LXLimit.INTERRUPT:
            self.close()
        return raw

    def _cold(self, problem: LXProblem) -> RawResult:
        return answer_of(self.solver, problem, lambda: self.solver.solve(problem, self.options))

    def _checked(self, problem: LXProblem, raw: RawResult) -> RawResult:
        if self._activities is None or not self._activities.fits(problem):
            self._activities = RowActivities(problem)
        return Verifier(self.solver.name, problem, self.options, self._activities).checked(raw)
