"""Gurobi, through gurobipy."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import KnownFault, LXFeature, RawConflict, RawResult, SolverOptions
from lumix_solvers.gurobi_live import GurobiLiveRun
from lumix_solvers.gurobi_native import configured_env
from lumix_solvers.gurobi_run import GurobiRun
from lumix_solvers.known_faults import faults_of


class GurobiSolver:
    """The Gurobi solver; needs ``pip install "lumix-solvers[gurobi]"``.

    It takes everything but absolute values, minima, maxima and curves as it is. The licence that comes with gurobipy is
    for problems of up to 2,000 variables, 2,000 linear constraints and 200 variables where products are. Every run has
    an environment of its own, which is released at its end.
    """

    name = "gurobi"
    features = frozenset(LXFeature) - {LXFeature.FUNCTIONS}

    @property
    def known_faults(self) -> Sequence[tuple[KnownFault, str]]:
        """See `lumix_core.solver.KnowsFaults`."""
        return faults_of("gurobipy")

    def is_available(self) -> bool:
        """Whether gurobipy is installed; it is not imported."""
        return find_spec("gurobipy") is not None and find_spec("scipy") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options, without a licence; see `lumix_core.solver.ChecksOptions`."""
        configured_env(options).dispose()

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: Gurobi has no such parameter, or refuses its value.
            LXSolverError: there is no licence, or the problem is larger than it allows.
        """
        with closing(GurobiRun(problem, options)) as run:
            return run.solve()

    def find_conflict(self, problem: LXProblem, options: SolverOptions) -> RawConflict:
        """Find an irreducible infeasible set; see `lumix_core.solver.FindsConflicts`. Raises as `solve` does."""
        with closing(GurobiRun(problem, options)) as run:
            return run.find_conflict()

    def open(self, problem: LXProblem, options: SolverOptions) -> GurobiLiveRun:
        """Keep a problem open; see `lumix_core.solver.LiveSolver`. Raises as `solve` does."""
        return GurobiLiveRun(problem, options)
