"""One problem in the environment of a native library: its runs go on on a thread of their own, and end from outside."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from lumix_core.problem import LXProblem
from lumix_core.solver import SolverOptions
from lumix_solvers.interrupts import Worker
from lumix_solvers.logs import log_lines
from lumix_solvers.signals import KEPT
from lumix_solvers.watch import Watch, given_constant


class NativeRun:
    """One problem in an environment of its own.

    Args:
        problem: what to solve.
        options: of the run; its log is open as long as the run.

    Raises:
        LXOptionError: the library has no such option, or refuses its value; or the log cannot be written.
        LXSolverError: there is no licence.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        self._problem = problem
        self._options = options
        self._ended = True
        self._log, self._opened = ExitStack(), ExitStack()
        self._watch = Watch(options, self._log.enter_context(log_lines(options.log)))
        try:
            self._open()
            self._worker = Worker()
            self._opened.callback(self._worker.close)
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        """Hand the problem over; what is to be released goes into ``_opened``."""
        raise NotImplementedError

    def _stop(self) -> None:
        """End the run, from any thread."""
        raise NotImplementedError

    def _translated(self) -> AbstractContextManager[None]:
        """Turn errors of the licence into those of LumiX."""
        raise NotImplementedError

    def _set_constant(self) -> float:
        """Return the constant that the solver is given; the rest is added to all of its objective values."""
        given = given_constant(self._problem, self._options)
        self._watch.constant = self._problem.offset - given
        return given

    def close(self) -> None:
        """Release the environment and the thread, unless it was left behind running; and the log."""
        with self._log:
            if self._ended:
                self._opened.close()

    def _watched(self, work: Callable[[], object]) -> None:
        """Do native work on the thread, and raise what failed while it went on."""
        self._watch.reset()
        self._ended = False
        try:
            with self._translated(), KEPT.during_a_run():
                self._ended = self._worker.run(work, self._stop, self._is_cancelled)
        except BaseException:
            self._ended = True
            raise
        if self._ended:
            self._watch.raise_failure()

    def _is_cancelled(self) -> bool:
        """Report what was found so far; return whether the run is to end.

        Gurobi takes Ctrl-C for itself while it runs, and writes to standard output then: it is given back.
        """
        KEPT.put_back()
        return self._watch.is_cancelled()
