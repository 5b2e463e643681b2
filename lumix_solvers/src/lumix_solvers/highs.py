"""HiGHS, through highspy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import KnownFault, LXFeature, RawConflict, RawResult, SolverOptions
from lumix_solvers.highs_live import HighsLiveRun
from lumix_solvers.highs_run import HighsRun
from lumix_solvers.known_faults import faults_of
from lumix_solvers.nothing import NO_PROBLEM

ORTOOLS = {"ortools": "highspy 1.15 crashes in one process with it"}


class HighsSolver:
    """The HiGHS solver; needs ``pip install "lumix-solvers[highs]"``.

    It takes linear and mixed-integer problems, semi-continuous columns, and convex quadratic objectives of problems
    without integers. Every run has an instance and a thread of its own: HiGHS keeps its pool of threads per calling
    thread and refuses to change its size, and so each run can have its own number of ``threads``.
    """

    name = "highs"
    features = frozenset(LXFeature) - {
        LXFeature.SOS1,
        LXFeature.SOS2,
        LXFeature.INDICATORS,
        LXFeature.QUADRATIC_ROWS,
        LXFeature.QUADRATIC_INTEGER,
        LXFeature.NONCONVEX,
        LXFeature.FUNCTIONS,
    }
    largest_semicontinuous = 1e5

    @property
    def clashes(self) -> Mapping[str, str]:
        """See `lumix_core.solver.SharesNoProcess`: until 1.15 its library and that of OR-Tools share symbols."""
        return ORTOOLS if version("highspy").startswith("1.15") else {}

    @property
    def known_faults(self) -> Sequence[tuple[KnownFault, str]]:
        """See `lumix_core.solver.KnowsFaults`."""
        return faults_of("highspy")

    def is_available(self) -> bool:
        """Whether highspy is installed; it is not imported."""
        return find_spec("highspy") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        with closing(HighsRun(NO_PROBLEM, replace(options, log=False))) as run:
            run.set_options()

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: HiGHS has no such native option, or refuses the value of an option.
        """
        with closing(HighsRun(problem, options)) as run:
            run.set_options()
            return run.solve()

    def find_conflict(self, problem: LXProblem, options: SolverOptions) -> RawConflict:
        """Find an irreducible infeasible set; see `lumix_core.solver.FindsConflicts`.

        Raises:
            LXOptionError: HiGHS has no such native option, or refuses the value of an option.
        """
        with closing(HighsRun(problem, options)) as run:
            return run.find_conflict()

    def open(self, problem: LXProblem, options: SolverOptions) -> HighsLiveRun:
        """Keep a problem open; see `lumix_core.solver.LiveSolver`. Raises as `solve` does."""
        return HighsLiveRun(problem, options)
