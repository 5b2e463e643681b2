"""A solver in a process of its own: to the core it is a solver like any other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any

from lumix_core.errors import LXSolverError
from lumix_core.problem.diff import ProblemDiff
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.isolation.placeholders import named, parts_of
from lumix_core.solver.isolation.pool import Processes
from lumix_core.solver.isolation.process import ProcessEndedError, SolverProcess, Watch
from lumix_core.solver.known_faults import KnownFault, KnowsFaults
from lumix_core.solver.logs import log_lines
from lumix_core.solver.solver import (
    ChecksOptions,
    FindsConflicts,
    LimitsSemicontinuous,
    LiveSolver,
    LXFeature,
    Ranging,
    RawConflict,
    RawResult,
    Solver,
    SolverOptions,
)
from lumix_core.solver.status import LXLimit, LXStatus

_LOG = logging.getLogger("lumix.solver")


class IsolatedSolver:
    """A solver whose runs are in processes of their own; made by `isolated_solver`.

    Args:
        solver: the solver.
        memory_limit: bytes, of each run; None without a limit.
    """

    def __init__(self, solver: Any, memory_limit: int | None = None) -> None:
        self.inner = solver
        self.memory_limit = memory_limit
        self._processes = Processes(solver, memory_limit)

    @property
    def name(self) -> str:
        """The name of the solver."""
        return str(self.inner.name)

    @property
    def features(self) -> frozenset[LXFeature]:
        """What the solver can do, but for its own model, which is in the other process."""
        return frozenset(self.inner.features) - {LXFeature.NATIVE}

    @property
    def known_faults(self) -> Sequence[tuple[KnownFault, str]]:
        """What the solver is known to get wrong here; see `lumix_core.solver.KnowsFaults`."""
        return self.inner.known_faults if isinstance(self.inner, KnowsFaults) else ()

    def is_available(self) -> bool:
        """Whether the solver can run here."""
        return bool(self.inner.is_available())

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`."""
        with self._lent() as asked:
            raw = asked.run("solve", problem, options, parts_of(problem))
        result: RawResult = asked.named_result(raw, problem)
        return result

    def start(self) -> None:
        """Have a process start, which takes a while, if the next run would have to wait for that."""
        self._processes.start()

    @contextmanager
    def _lent(self) -> Iterator[Asked]:
        process = self._taken()
        try:
            yield Asked(self.name, process)
        finally:
            self._processes.give_back(process)

    def _taken(self) -> SolverProcess:
        try:
            return self._processes.take()
        except ProcessEndedError as error:
            raise _failed(self.name, error) from None

    def __reduce__(self) -> tuple[Any, ...]:
        return isolated_solver, (self.inner, self.memory_limit)

    def __repr__(self) -> str:
        return f"<{self.inner!r}, isolated>"


class Asked:
    """A process that is asked on behalf of a solver.

    Args:
        name: of the solver.
        process: the process.
    """

    def __init__(self, name: str, process: SolverProcess) -> None:
        self._name = name
        self._process = process

    def run(self, request: str, problem: LXProblem, options: SolverOptions, *arguments: Any, live: bool = False) -> Any:
        """Have a problem solved, or a conflict of it found; None where it was stopped without an answer.

        Args:
            request: what is requested.
            problem: whose names errors have.
            options: of the run.
            arguments: what is sent before the options.
            live: whether the process has the options already.
        """
        with log_lines(options.log) as write:
            watch = Watch(options, write)
            sent = (request,) if live else (request, *arguments, *_settings(options))
            try:
                answer = self._ask(sent, watch, problem)
            except ProcessEndedError as error:
                if watch.stopped is None:
                    raise _failed(self._name, error) from None
                answer = None
        self._stopped = watch.stopped
        return self._ended_early() if answer is None and request != "find_conflict" else answer

    def ask(self, options: SolverOptions, problem: LXProblem | None, *request: Any) -> Any:
        """Have something done that is no run.

        Raises:
            LXSolverError: the process ended.
            KeyboardInterrupt: Ctrl-C came.
        """
        watch = Watch(options, lambda _: None)
        try:
            answer = self._ask(request, watch, problem)
        except ProcessEndedError as error:
            if watch.stopped is None:
                raise _failed(self._name, error) from None
        if watch.stopped is LXLimit.INTERRUPT:
            raise KeyboardInterrupt
        return answer

    def _ask(self, request: tuple[Any, ...], watch: Watch, problem: LXProblem | None) -> Any:
        try:
            return self._process.ask(request, watch)
        except Exception as error:
            if problem is not None:
                error.args = named(error.args, problem)
            raise

    def _ended_early(self) -> RawResult:
        return RawResult(
            status=LXStatus.NO_SOLUTION, raw_status="Stopped, and its process was ended", limit=self._stopped
        )

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended since it was asked last: somebody killed it."""
        return not self._process.is_alive

    def conflict(self, raw: Any) -> Any:
        """Return a conflict, or that the search for it was stopped."""
        return RawConflict(raw_status="Stopped, and its process was ended", limit=self._stopped) if raw is None else raw

    def named_result(self, raw: Any, problem: LXProblem) -> Any:
        """Return a result with the names of the problem; what is none is left to the core."""
        if not isinstance(raw, RawResult):
            return raw
        return replace(raw, raw_status=named(raw.raw_status, problem), details=named(raw.details, problem))


class IsolatedRun:
    """A problem that stays open in the process of a solver, which nothing else uses meanwhile.

    Args:
        asked: the process.
        problem: the problem as it was sent.
        options: of all runs.
        release: takes the process back.
    """

    def __init__(self, asked: Asked, problem: LXProblem, options: SolverOptions, release: Callable[[], object]) -> None:
        self._asked = asked
        self._problem = problem
        self._options = options
        self._release: Callable[[], object] | None = release

    def update(self, changes: ProblemDiff) -> bool:
        """Send the arrays that are others now; see `lumix_core.solver.LiveRun`."""
        if self._asked.is_gone:
            _LOG.warning("the process of an open problem has ended meanwhile; the problem is opened in a new one")
            return False
        positions = {name: value for name, value in vars(changes).items() if name != "problem"}
        parts = parts_of(changes.problem, self._problem)
        self._problem = changes.problem
        return bool(self._asked.ask(self._options, self._problem, "update", parts, positions))

    def solve(self) -> RawResult:
        """Have the problem solved; see `lumix_core.solver.LiveRun`."""
        raw = self._asked.run("run", self._problem, self._options, live=True)
        result: RawResult = self._asked.named_result(raw, self._problem)
        return result

    def ranging(self) -> Ranging | None:
        """Have the ranges found; see `lumix_core.solver.LiveRun`."""
        ranging: Ranging | None = self._asked.ask(self._options, self._problem, "ranging")
        return ranging

    def close(self) -> None:
        """Release the solver; the process is kept for other runs, unless it is not fit for them."""
        release, self._release = self._release, None
        if release is not None:
            release()


class IsolatedRewindingRun(IsolatedRun):
    """The same of a solver that can go back."""

    def rewind(self) -> bool:
        """Have the solver go back; see `lumix_core.solver.RewindingRun`."""
        return not self._asked.is_gone and bool(self._asked.ask(self._options, self._problem, "rewind"))


class _Opens(IsolatedSolver):
    def open(self, problem: LXProblem, options: SolverOptions) -> IsolatedRun:
        """Keep a problem open; see `lumix_core.solver.LiveSolver`."""
        process = self._taken()
        asked = Asked(self.name, process)

        def release() -> None:
            try:
                if process.is_fit:
                    process.ask(("close",), Watch(replace(options, time_limit=1.0), lambda _: None))
            except ProcessEndedError:
                process.is_fit = False
            finally:
                self._processes.give_back(process)

        try:
            rewinds = asked.ask(options, problem, "open", parts_of(problem), *_settings(options))
        except BaseException:
            self._processes.give_back(process)
            raise
        return (IsolatedRewindingRun if rewinds else IsolatedRun)(asked, problem, options, release)


class _ChecksOptions(IsolatedSolver):
    def check_options(self, options: SolverOptions) -> None:
        """Have options checked; see `lumix_core.solver.ChecksOptions`."""
        with self._lent() as asked:
            asked.ask(options, None, "check_options", _plain(options))


class _FindsConflicts(IsolatedSolver):
    def find_conflict(self, problem: LXProblem, options: SolverOptions) -> RawConflict:
        """Have a conflict found; see `lumix_core.solver.FindsConflicts`."""
        with self._lent() as asked:
            raw: RawConflict = asked.conflict(asked.run("find_conflict", problem, options, parts_of(problem)))
        return raw


class _LimitsSemicontinuous(IsolatedSolver):
    @property
    def largest_semicontinuous(self) -> float:
        """The limit of the solver; see `lumix_core.solver.LimitsSemicontinuous`."""
        return float(self.inner.largest_semicontinuous)


OPTIONAL: tuple[tuple[type, type[IsolatedSolver]], ...] = (
    (LiveSolver, _Opens),
    (ChecksOptions, _ChecksOptions),
    (FindsConflicts, _FindsConflicts),
    (LimitsSemicontinuous, _LimitsSemicontinuous),
)
"""What a solver may have besides, and what its isolated twin has then."""

_CLASSES: dict[tuple[type, ...], type[IsolatedSolver]] = {}
_MAKING = Lock()


def isolated_solver(solver: Solver, memory_limit: int | None = None) -> Solver:
    """Return a solver whose runs are in processes of their own; it can do what the solver itself can.

    A process is started for the first run, and kept for the next ones until the solver is no longer used. Runs at the
    same time, and each problem that stays open, have a process to themselves.

    Args:
        solver: the solver; it is pickled.
        memory_limit: bytes that the solver may take in a run, on top of what its process has before.

    Raises:
        LXOptionError: the solver cannot be handed to another process.
    """
    bases = tuple(twin for protocol, twin in OPTIONAL if isinstance(solver, protocol)) or (IsolatedSolver,)
    with _MAKING:
        made = _CLASSES.setdefault(bases, type("IsolatedSolver", bases, {}))
    return made(solver, memory_limit)


def start_early(solver: Solver) -> None:
    """Have the process of an isolated solver start while something else is done before it is used."""
    if isinstance(solver, IsolatedSolver):
        solver.start()


def _settings(options: SolverOptions) -> tuple[Any, ...]:
    """Return options as they are sent: with flags in place of what belongs to this process."""
    flags = (options.log is not False, options.progress is not None, options.cancelled is not None)
    return _plain(options), *flags


def _plain(options: SolverOptions) -> SolverOptions:
    return replace(options, log=False, progress=None, cancelled=None, native=None)


def _failed(name: str, error: ProcessEndedError) -> LXSolverError:
    return LXSolverError(
        f"Solver {name!r} {error}. Nothing is known of the model; your program is not affected, and the next solve is "
        f"in a new process. Try other options, log=True to see what it did, or another solver."
    )
