"""GLPK, the library that swiglpk brings."""

from __future__ import annotations

from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, LXStatus, RawResult, SolverOptions
from lumix_solvers.glpk_options import check_native
from lumix_solvers.glpk_run import GlpkRun
from lumix_solvers.logs import log_lines
from lumix_solvers.whole import bounds_cross


class GlpkSolver:
    """The GLPK solver; needs ``pip install "lumix-solvers[glpk]"``.

    It takes linear and mixed-integer problems. Every run has a thread and an environment of its own.
    """

    name = "glpk"
    features = frozenset(
        {
            LXFeature.INTEGER,
            LXFeature.DUALS,
            LXFeature.BEST_BOUND,
            LXFeature.TIME_LIMIT,
            LXFeature.MIP_REL_GAP,
            LXFeature.MIP_ABS_GAP,
            LXFeature.LOG,
            LXFeature.NATIVE_OPTIONS,
            LXFeature.START,
            LXFeature.PROGRESS,
            LXFeature.CANCEL,
            LXFeature.NATIVE,
        }
    )

    def is_available(self) -> bool:
        """Whether swiglpk is installed; it is not imported."""
        return find_spec("swiglpk") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        check_native(options.options)

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: GLPK has no such native option, or does not take the value of an option.
        """
        check_native(options.options)
        if bounds_cross(problem):
            return RawResult(status=LXStatus.INFEASIBLE, raw_status="bounds cross")  # GLPK would end the process
        with log_lines(options.log) as write:
            return GlpkRun(problem, options, write).solve()
