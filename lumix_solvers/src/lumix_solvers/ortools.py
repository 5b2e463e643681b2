"""Solvers that come with OR-Tools, through MathOpt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from lumix_core.errors import LXSolverNotFoundError, did_you_mean, listed
from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, RawResult, SolverOptions
from lumix_solvers.logs import log_lines
from lumix_solvers.mathopt_run import MathOptRun
from lumix_solvers.nothing import NO_PROBLEM

OF_ALL = {LXFeature.TIME_LIMIT, LXFeature.LOG, LXFeature.NATIVE_OPTIONS, LXFeature.NATIVE}
OF_INTEGERS = {LXFeature.INTEGER, LXFeature.BEST_BOUND, LXFeature.MIP_REL_GAP, LXFeature.MIP_ABS_GAP}
BEYOND = {
    LXFeature.SOS2,
    LXFeature.QUADRATIC_OBJECTIVE,
    LXFeature.QUADRATIC_ROWS,
    LXFeature.QUADRATIC_INTEGER,
    LXFeature.NONCONVEX,
}


@dataclass(frozen=True)
class Reach:
    """What is known of a solver behind MathOpt.

    Args:
        linear: its name for problems without integers and anything that is not linear.
        other: its name for all other problems; empty where it takes none.
        features: what it can do.
    """

    linear: str
    other: str
    features: frozenset[LXFeature]


GSCIP = OF_ALL | OF_INTEGERS | BEYOND | {LXFeature.SEED, LXFeature.PRESOLVE, LXFeature.START, LXFeature.CANCEL}
REACHES: Mapping[str, Reach] = {
    "GLOP": Reach(
        "GLOP",
        "",
        frozenset(OF_ALL | {LXFeature.DUALS, LXFeature.SEED, LXFeature.PRESOLVE, LXFeature.CANCEL}),
    ),
    "PDLP": Reach("PDLP", "", frozenset(OF_ALL | {LXFeature.THREADS, LXFeature.CANCEL})),
    "GSCIP": Reach("GSCIP", "GSCIP", frozenset(GSCIP)),
}
"""The solvers that were tried, by MathOpt's names. SCIP has no sets of kind 1, with which its heuristics may fail, and
the duals of PDLP, which it finds step by step, are not exact enough to prove its optima."""
OTHERWISE = {
    "CP_SAT": " Given continuous variables it rounds them: use_solver('cpsat') runs it, with whole variables alone.",
    "HIGHS": " It writes to standard output, and cannot be ended: use_solver('highs') runs HiGHS itself.",
}
"""Solvers behind MathOpt that have a module of their own, and why they are not run through it."""
BOTH = Reach("GLOP", "GSCIP", frozenset(GSCIP | {LXFeature.DUALS}))
"""What is used where no solver is named: of each kind the one that OR-Tools comes with."""


class OrToolsSolver:
    """A solver that comes with OR-Tools; needs ``pip install "lumix-solvers[ortools]"``.

    Args:
        solver: MathOpt's name for it, one of `REACHES`. Without it, GLOP solves linear problems, and SCIP all others.

    Raises:
        LXSolverNotFoundError: there is no such solver.
    """

    name = "ortools"

    def __init__(self, solver: str | None = None) -> None:
        if solver is not None and solver not in REACHES:
            raise _not_found(solver)
        self.solver = solver

    @property
    def features(self) -> frozenset[LXFeature]:
        """What the solver behind MathOpt can do."""
        return self._reach.features

    def is_available(self) -> bool:
        """Whether OR-Tools is installed; it is not imported."""
        return find_spec("ortools") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        MathOptRun(NO_PROBLEM, options, self._solvers, print)

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: MathOpt has no such native option, or refuses the value of an option.
        """
        reach = self._reach
        solver = reach.linear if problem.is_linear and not problem.is_mip else reach.other
        with log_lines(options.log) as write:
            return MathOptRun(problem, options, (solver,), write).solve(with_duals=LXFeature.DUALS in reach.features)

    @property
    def _reach(self) -> Reach:
        return BOTH if self.solver is None else REACHES[self.solver]

    @property
    def _solvers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self._reach.linear, self._reach.other))))


def _not_found(solver: str) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"LumiX does not run a solver named {solver!r} through MathOpt.{did_you_mean(solver, REACHES)}"
        f"{OTHERWISE.get(solver, '')} It runs {listed(REACHES)}. "
        f'Name one of them in use_solver("ortools", solver=...), or leave it out.'
    )
