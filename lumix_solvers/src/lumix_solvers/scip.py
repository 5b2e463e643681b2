"""SCIP, through PySCIPOpt."""

from __future__ import annotations

from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, RawResult, SolverOptions
from lumix_solvers.log_tail import log_tail
from lumix_solvers.logs import log_lines
from lumix_solvers.nothing import NO_PROBLEM
from lumix_solvers.scip_run import ScipRun


class ScipSolver:
    """The SCIP solver; needs ``pip install "lumix-solvers[scip]"``.

    It takes linear and mixed-integer problems, special ordered sets, indicators, and products of all kinds, which need
    not be convex. It uses one thread. A linear problem is solved without presolve, so that there are duals.
    """

    name = "scip"
    features = frozenset(LXFeature) - {
        LXFeature.THREADS,
        LXFeature.CONFLICTS,
        LXFeature.SEMICONTINUOUS,
        LXFeature.SEMIINTEGER,
        LXFeature.FUNCTIONS,
    }

    def is_available(self) -> bool:
        """Whether PySCIPOpt is installed; it is not imported."""
        return find_spec("pyscipopt") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        ScipRun(NO_PROBLEM, options)

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: SCIP has no such native option, or refuses the value of an option.
        """
        with log_lines(options.log) as write, log_tail(write, is_wanted=options.log is not False) as log:
            return ScipRun(problem, options).solve(log)
