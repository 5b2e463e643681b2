"""The solver seam: what a backend is given, what it gives back, and which features it has.

A backend is any object with the four names of `Solver`; it needs no base class. It gets a finished,
validated problem and only options that it declared it can honour, so it contains no checks of either.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Any, Protocol, runtime_checkable

from lumix_core.errors import LXOptionError, did_you_mean, listed
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.diff import ProblemDiff
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements
from lumix_core.solver.goal_stage import LXGoalStage
from lumix_core.solver.relaxed_terms import LXRelaxedTerm
from lumix_core.solver.status import LXLimit, LXStatus


class LXFeature(StrEnum):
    """What a solver can do. The core refuses the rest, so that a solver never has to."""

    INTEGER = "integer"
    """Integer and binary variables."""
    DUALS = "duals"
    """Duals of the rows and reduced costs of the columns, for problems without integers."""
    BEST_BOUND = "best_bound"
    """A proved bound on the objective of a mixed-integer problem."""
    TIME_LIMIT = "time_limit"
    MIP_REL_GAP = "mip_rel_gap"
    MIP_ABS_GAP = "mip_abs_gap"
    THREADS = "threads"
    SEED = "seed"
    LOG = "log"
    NATIVE_OPTIONS = "options"
    """Options by the solver's own names, through ``options={...}``."""
    PRESOLVE = "presolve"
    """Runs without presolve and preprocessing, by which the core repeats a run whose answer it doubts. Tolerances
    should then be as small as is sensible."""
    CONFLICTS = "conflicts"
    """Sets of requirements that cannot hold together, for problems without integers; see `FindsConflicts`."""
    START = "start"
    """A start point for problems with integers: it is the first incumbent."""
    PROGRESS = "progress"
    """Reports of incumbent and bound while a run goes on."""
    CANCEL = "cancelled"
    """Runs that another thread ends."""
    NATIVE = "native"
    """The solver's own model, handed to a function of the user's before a run."""

    SEMICONTINUOUS = "semicontinuous"
    """Semi-continuous columns, between a lower bound above 0 and a finite upper one; see `LimitsSemicontinuous`.

    This and all that follow are what a problem holds in ``structures``; without the feature the core rewrites it."""
    SEMIINTEGER = "semiinteger"
    """Semi-integer columns, within the same bounds."""
    SOS1 = "sos1"
    """Special ordered sets of which one column is not 0."""
    SOS2 = "sos2"
    """Special ordered sets of which two neighbours are not 0."""
    INDICATORS = "indicators"
    """Linear rows that hold only where a binary column has a value."""
    QUADRATIC_OBJECTIVE = "quadratic_objective"
    """Convex quadratic objectives (concave ones that are maximised), in problems without integers."""
    QUADRATIC_ROWS = "quadratic_rows"
    """Convex quadratic rows, in problems without integers."""
    QUADRATIC_INTEGER = "quadratic_integer"
    """The quadratic objectives and rows that it takes, in problems with integers too."""
    NONCONVEX = "nonconvex"
    """Quadratic objectives and rows that need not be convex, in problems of all kinds."""
    FUNCTIONS = "functions"
    """Absolute values, minima, maxima and curves. No solver is asked for them yet: the core always rewrites them."""


@dataclass(frozen=True, kw_only=True)
class RawProgress:
    """What a run has found so far; None for what is not known.

    Args:
        incumbent: the objective of the best point, offset included, in the user's sense.
        bound: a proved bound on the objective, offset included, in the user's sense.
    """

    incumbent: float | None = None
    bound: float | None = None


@dataclass(frozen=True, kw_only=True)
class SolverOptions:
    """The options of one run, checked by the core; None and False mean the solver's own default.

    Args:
        time_limit: seconds.
        mip_rel_gap: gap between incumbent and bound at which a run may stop, relative to the objective of the
            incumbent, its constant included.
        mip_abs_gap: the same as an absolute difference of objective values.
        threads: how many the solver may use.
        seed: for the solver's random choices.
        log: False for silence, True for the solver's log on standard output, a path for a file
            that it is appended to, or a `logging.Logger` that gets every line at level INFO.
        options: options by the solver's own names.
        presolve: whether the solver may change the problem before it solves it. Only the core sets it.
        segments: into how many parts a factor of a product is cut at most, where the core has to relax the product.
            No solver reads it.
        max_denom: the largest denominator of the fractions to which a solver that counts in whole numbers rounds
            coefficients; None where nothing is rounded. The others do not read it.
        start: a point that satisfies the problem, shape ``(n,)``, given only where the problem has integers. No answer
            with a point may be worse.
        progress: to be called while the run goes on, at least once a second, and on the thread that called `solve`;
            each call may take time. It never raises an error of its own.
        cancelled: once it is set, by any thread, the run is to end within seconds, with its incumbent if it has one and
            `LXLimit.CANCELLED`.
        native: to be called with the solver's own model and the problem that is in it, once just before each run, when
            all else is set. What it raises is to be let through. What it returns is None, or a callback where the
            solver's library takes one as an argument of the run.
    """

    time_limit: float | None = None
    mip_rel_gap: float | None = None
    mip_abs_gap: float | None = None
    threads: int | None = None
    seed: int | None = None
    log: bool | Path | logging.Logger = False
    options: Mapping[str, Any] = field(default_factory=dict)
    presolve: bool = True
    segments: int = 8
    max_denom: int | None = None
    start: FloatArray | None = field(default=None, compare=False, repr=False)
    progress: Callable[[RawProgress], object] | None = field(default=None, compare=False, repr=False)
    cancelled: Event | None = field(default=None, compare=False, repr=False)
    native: Callable[[Any, LXProblem], Any] | None = field(default=None, compare=False, repr=False)

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is to end."""
        return self.cancelled is not None and self.cancelled.is_set()

    @property
    def is_native(self) -> bool:
        """Whether the user sets natively what LumiX does not know, such as another gap."""
        return bool(self.options) or self.native is not None

    def call_native(self, model: Any, problem: LXProblem) -> Any:
        """Call `native`, where there is such a function, and return what it returns."""
        return None if self.native is None else self.native(model, problem)


@dataclass(frozen=True, kw_only=True, eq=False)
class RawResult:
    """What a solver returns: plain arrays in the order of the problem, and nothing invented.

    Args:
        status: what is known; a point is expected if and only if ``status.has_point``.
        raw_status: the solver's own word for it.
        limit: what ended the run, where something did.
        x: the point, shape ``(n,)``.
        objective: the solver's own value of the objective at ``x``, offset included, in the user's sense.
        best_bound: a proved bound on the objective, offset included, in the user's sense.
        duals: d(objective)/d(right-hand side) for each row, in the user's sense, shape ``(m,)``.
        reduced_costs: d(objective)/d(x) at the active bound for each column, in the user's sense: what is
            left of ``c`` once the rows are paid for, ``c - A' duals``, shape ``(n,)``.
        details: what else there is to tell, as plain data. The core adds ``checks``: what it did about a claim that
            it had to check by further runs, in sentences; and ``reformulations``: what it rewrote.
        relaxation: the terms that are not exact in the problem that was solved. Only the core sets it.
        goal_stages: the stages in which goals were solved. Only the core sets it.
    """

    status: LXStatus
    raw_status: str
    limit: LXLimit | None = None
    x: FloatArray | None = None
    objective: float | None = None
    best_bound: float | None = None
    duals: FloatArray | None = None
    reduced_costs: FloatArray | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    relaxation: tuple[LXRelaxedTerm, ...] = ()
    goal_stages: tuple[LXGoalStage, ...] = ()


@runtime_checkable
class Solver(Protocol):
    """A solver backend.

    Keyword arguments of its class that are not common options can be given in
    ``LXOptimizer().use_solver(name, argument=...)``.
    """

    @property
    def name(self) -> str:
        """The name that users write in ``use_solver``."""
        ...

    @property
    def features(self) -> frozenset[LXFeature]:
        """What it can do."""
        ...

    def is_available(self) -> bool:
        """Whether it can run here; cheap, and imports nothing native."""
        ...

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem with at least one variable.

        ``KeyboardInterrupt`` ends the run: return the incumbent, or no point, with ``LXLimit.INTERRUPT``.
        """
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class RawConflict:
    """What a solver returns of an infeasible problem: requirements that cannot hold together, as small as it finds.

    Args:
        raw_status: the solver's own word for how the search ended.
        requirements: the requirements, or None without such a set. The core checks them, and makes the set
            smaller where it can.
        limit: what ended the search, where something did.
    """

    raw_status: str
    requirements: Requirements | None = None
    limit: LXLimit | None = None


@runtime_checkable
class FindsConflicts(Protocol):
    """What a solver with the feature `LXFeature.CONFLICTS` has besides."""

    def find_conflict(self, problem: LXProblem, options: SolverOptions) -> RawConflict:
        """Find requirements of an infeasible problem without integers that cannot hold together.

        ``KeyboardInterrupt`` ends the search: return no set, with ``LXLimit.INTERRUPT``.
        """
        ...


@runtime_checkable
class LimitsSemicontinuous(Protocol):
    """What a solver with the feature `LXFeature.SEMICONTINUOUS` may have besides."""

    @property
    def largest_semicontinuous(self) -> float:
        """The largest upper bound of a semi-continuous column that it takes; the core rewrites the others."""
        ...


@runtime_checkable
class ChecksOptions(Protocol):
    """What a solver may have besides, so that its own options are refused also where no run of it is needed."""

    def check_options(self, options: SolverOptions) -> None:
        """Refuse options that the solver does not know or cannot honour.

        Raises:
            LXOptionError: it does not.
        """
        ...


@runtime_checkable
class SharesNoProcess(Protocol):
    """What a solver may have besides whose native library cannot share a process with others.

    Where one of them is loaded, the solver runs in a process of its own, unless the user says ``isolated=False``. Each
    of two solvers that clash declares the other's module, since either may come first.
    """

    @property
    def clashes(self) -> Mapping[str, str]:
        """The names of modules, as in ``sys.modules``, each with the reason: "its library crashes beside it"."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranging:
    """How far single numbers of a linear problem may go while the optimal basis stays the optimal one.

    Infinite where there is no end. As long as only one number moves, and within its range, every dual (for a row
    bound) or every value (for a cost) stays what it is.

    Args:
        rhs_lower, rhs_upper: for each row that is active at a bound, the range of that bound, shape ``(m,)``; of the
            other rows NaN.
        cost_lower, cost_upper: the range of each coefficient of the objective, shape ``(n,)``.
        basic: whether each column is basic, shape ``(n,)``.
    """

    rhs_lower: FloatArray
    rhs_upper: FloatArray
    cost_lower: FloatArray
    cost_upper: FloatArray
    basic: BoolArray


@runtime_checkable
class LiveRun(Protocol):
    """A problem that stays in a solver, to be changed and solved again.

    The core always closes it. One thread at a time uses it.
    """

    def update(self, changes: ProblemDiff) -> bool:
        """Take over changes; return whether that was possible. After False, the core opens the problem anew."""
        ...

    def solve(self) -> RawResult:
        """Solve the problem as it is now; see `Solver.solve`. A time limit counts anew for each call."""
        ...

    def ranging(self) -> Ranging | None:
        """Return the ranges at the last optimum; None where the solver has no ranges for it."""
        ...

    def close(self) -> None:
        """Release the solver."""
        ...


@runtime_checkable
class RewindingRun(LiveRun, Protocol):
    """A live run that can go back to where it was after its first solve."""

    def rewind(self) -> bool:
        """Let the next `solve` start from where the first one ended, whatever came between; return whether it will.

        The numbers are those of the first solve when it is called. The same numbers solved after it give the same
        answer, bit for bit, whatever was solved before.
        """
        ...


@runtime_checkable
class LiveSolver(Solver, Protocol):
    """A solver that can keep a problem open. For all others the core solves every change from scratch."""

    def open(self, problem: LXProblem, options: SolverOptions) -> LiveRun:
        """Open a problem with at least one variable; the options hold for all of its runs."""
        ...


def unknown_native_option(solver: str, name: str, known: list[str]) -> LXOptionError:
    """Return the error for an option in ``options={...}`` that the solver does not know."""
    return LXOptionError(
        f"Solver {solver!r} has no option {name!r} (given in options={{...}}).{did_you_mean(name, known)} "
        f"It knows {listed(sorted(known), limit=12)}. Correct the name or leave it out."
    )


def bad_native_option(solver: str, name: str, value: object, reason: str) -> LXOptionError:
    """Return the error for an option in ``options={...}`` whose value the solver refuses."""
    return LXOptionError(
        f"Solver {solver!r} refuses {value!r} for its option {name!r} (given in options={{...}}): {reason}. "
        f"Give a value that the solver's manual allows."
    )
