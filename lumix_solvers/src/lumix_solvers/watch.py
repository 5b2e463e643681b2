"""What goes on between a run of a native library and its caller: reports, errors, and ends from outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from lumix_core.errors import LXOptionError, LXSolverError
from lumix_core.problem import LXProblem
from lumix_core.solver import LXLimit, LXStatus, NativeCallError, RawProgress, RawResult, SolverOptions
from lumix_solvers.logs import Lines, Write


class Watch:
    """Passes on what a run tells from its own thread.

    Args:
        options: of the run.
        write: takes the lines of the log.

    Attributes:
        newest: the last incumbent and bound; the thread that waits reports them.
        constant: what the solver's objective values lack.
        failure: the first error of the log or the like, which ends the run. Native code must not see it, so it is
            raised after the run.
    """

    def __init__(self, options: SolverOptions, write: Write) -> None:
        self.newest = RawProgress()
        self.constant = 0.0
        self.failure: Exception | None = None
        self._options = options
        self._write = write
        self._lines = Lines()

    def reset(self) -> None:
        """Forget what the last run told."""
        self.newest, self.failure = RawProgress(), None

    def note(self, incumbent: float, bound: float, *, infinity: float) -> None:
        """Take the newest incumbent and bound; those of ``infinity`` and more are not known."""
        found, proved = (known(value, infinity) for value in (incumbent, bound))
        self.newest = RawProgress(
            incumbent=None if found is None else found + self.constant,
            bound=None if proved is None else proved + self.constant,
        )

    def hear(self, text: str) -> None:
        """Take a piece of the log, with the ends of its lines."""
        self.write(self._lines.add(text))

    def write(self, lines: Iterable[str]) -> None:
        """Take whole lines of the log."""
        if self.failure is not None:
            return
        try:
            for line in lines:
                self._write(line)
        except Exception as failure:  # noqa: BLE001
            self.failure = failure

    def call_user(self, callback: Callable[..., object], *arguments: object) -> None:
        """Call a callback of the user's; what it raises ends the run."""
        if self.failure is not None:
            return
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001
            self.failure = NativeCallError(error)

    def is_cancelled(self) -> bool:
        """Report what was found so far; return whether the run is to end."""
        if self._options.progress is not None:
            self._options.progress(self.newest)
        return self._options.is_cancelled or self.failure is not None

    def raise_failure(self) -> None:
        """Raise what failed, if something did, and forget it."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    @property
    def end(self) -> LXLimit:
        """What ended a run that was stopped from outside."""
        return LXLimit.CANCELLED if self._options.is_cancelled else LXLimit.INTERRUPT

    def left_behind(self) -> RawResult:
        """Return the answer of a run that did not heed its end and goes on alone: it must not be touched."""
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="Interrupted, and left behind", limit=self.end)


def given_constant(problem: LXProblem, options: SolverOptions) -> float:
    """Return the constant of the objective where a solver has to know it, for its relative gap; else 0.

    Beside a large constant solvers compute with fewer digits what a small objective depends on.
    """
    return problem.offset if options.mip_rel_gap or options.is_native else 0.0


def known(value: float, infinity: float) -> float | None:
    """Return a number of a solver's; None where it is infinite, and so not known."""
    return float(value) if math.isfinite(value) and abs(value) < infinity else None


def too_large(solver: str, problem: LXProblem, limits: str, advice: str, reason: object) -> LXSolverError:
    """Return the error for a problem that the licence of a solver is too small for.

    Args:
        solver: its name.
        problem: as it was given to the solver, rewritten where it had to be.
        limits: of the licence, in words.
        advice: where to get another one.
        reason: the solver's own words.
    """
    return LXSolverError(
        f"The licence of solver {solver!r} is limited in size, and model {problem.name!r} is larger: it has "
        f"{problem.num_variables:,} variables and {problem.num_constraints:,} constraints as it is given to the "
        f"solver; {limits} ({reason}). {advice}, make the model smaller, or use another solver, such as 'highs'."
    )


def no_licence(solver: str, advice: str, reason: object) -> LXSolverError:
    """Return the error for a solver that finds no licence."""
    return LXSolverError(
        f"Solver {solver!r} has no licence here: {reason}. {advice}, or use another solver, such as 'highs'."
    )


def no_callback(solver: str, returned: object, wanted: str) -> LXOptionError:
    """Return the error for what the user's function returns that is given the solver's own model, and is no callback.

    Args:
        solver: its name.
        returned: by the function.
        wanted: what it may return, in words.
    """
    return LXOptionError(
        f"The function on_native= returned {returned!r:.80}, and solver {solver!r} takes {wanted} from it, or None. "
        f"Return one of these."
    )
