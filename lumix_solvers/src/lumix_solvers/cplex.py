"""CPLEX, through its Python module."""

from __future__ import annotations

from contextlib import closing
from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, RawConflict, RawResult, SolverOptions
from lumix_solvers.cplex_live import CplexLiveRun
from lumix_solvers.cplex_native import configured
from lumix_solvers.cplex_run import CplexRun


class CplexSolver:
    """The CPLEX solver; needs ``pip install "lumix-solvers[cplex]"``.

    It takes everything as it is but products that are not convex, and absolute values, minima, maxima and curves. The
    edition that comes with the wheel is for problems of up to 1,000 variables and 1,000 constraints. Every run has an
    environment of its own, which is released at its end.
    """

    name = "cplex"
    features = frozenset(LXFeature) - {LXFeature.NONCONVEX, LXFeature.FUNCTIONS}

    def is_available(self) -> bool:
        """Whether the module cplex is installed; it is not imported."""
        return find_spec("cplex") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        configured(options).end()

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: CPLEX has no such parameter, or refuses its value.
            LXSolverError: the problem is larger than the licence allows.
        """
        with closing(CplexRun(problem, options)) as run:
            return run.solve()

    def find_conflict(self, problem: LXProblem, options: SolverOptions) -> RawConflict:
        """Find requirements that cannot hold together; see `lumix_core.solver.FindsConflicts`. Raises as `solve`."""
        with closing(CplexRun(problem, options)) as run:
            return run.find_conflict()

    def open(self, problem: LXProblem, options: SolverOptions) -> CplexLiveRun:
        """Keep a problem open; see `lumix_core.solver.LiveSolver`. Raises as `solve` does."""
        return CplexLiveRun(problem, options)
