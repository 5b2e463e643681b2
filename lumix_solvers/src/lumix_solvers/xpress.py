"""Xpress, through its Python module."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec

from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, RawConflict, RawResult, SolverOptions
from lumix_solvers.nothing import NO_PROBLEM
from lumix_solvers.xpress_live import XpressLiveRun
from lumix_solvers.xpress_run import XpressRun


class XpressSolver:
    """The Xpress solver; needs ``pip install "lumix-solvers[xpress]"``.

    It takes everything as it is but absolute values, minima, maxima, curves, and products that are not convex: Xpress
    (seen in 9.9.1) does not end on some of these, whatever its time limit. The licence that comes with the wheel is for
    problems whose variables and constraints are up to 5,000 together, or 200 with products. It is held while a run, or
    a live session, has its problem.
    """

    name = "xpress"
    features = frozenset(LXFeature) - {LXFeature.NONCONVEX, LXFeature.FUNCTIONS}

    def is_available(self) -> bool:
        """Whether the module xpress is installed; it is not imported."""
        return find_spec("xpress") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        with closing(XpressRun(NO_PROBLEM, replace(options, log=False))):
            pass

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXOptionError: Xpress has no such control, or refuses its value.
            LXSolverError: there is no licence, or the problem is larger than it allows.
        """
        with closing(XpressRun(problem, options)) as run:
            return run.solve()

    def find_conflict(self, problem: LXProblem, options: SolverOptions) -> RawConflict:
        """Find an irreducible infeasible set; see `lumix_core.solver.FindsConflicts`. Raises as `solve` does."""
        with closing(XpressRun(problem, options)) as run:
            return run.find_conflict()

    def open(self, problem: LXProblem, options: SolverOptions) -> XpressLiveRun:
        """Keep a problem open; see `lumix_core.solver.LiveSolver`. Raises as `solve` does."""
        return XpressLiveRun(problem, options)
