"""Handing a problem of LumiX to HiGHS, as LumiX's own solver does before it runs."""

from __future__ import annotations

import highspy

from lumix import LXProblem
from lumix_core.solver import SolverOptions
from lumix_solvers.highs_run import HighsRun


def hold(problem: LXProblem) -> highspy.Highs:
    """Return the instance of HiGHS that holds the problem."""
    run = HighsRun(problem, SolverOptions())
    status = run._pass_problem()
    if status != highspy.HighsStatus.kOk:
        raise RuntimeError(f"HiGHS refused the problem: {status}")
    return run._highs
