"""Runs that begin with a point."""

from __future__ import annotations

import numpy as np

from lumix_core.solver.solver import LXFeature, Solver
from lumix_core.solver.status import LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.options import backstop
from lumix_core.testing.solvers.problems import hidden_optimum, knapsacks
from lumix_core.testing.solvers.proofs import best_integer_point, close
from lumix_core.testing.solvers.statuses import SENSES


class Starts(Kit, limited=in_thread):
    """The start point, which satisfies the problem, is the first incumbent."""

    @needs(LXFeature.INTEGER, LXFeature.START)
    @SENSES
    def test_start_point_is_the_first_incumbent(self, solver: Solver, maximize: bool) -> None:
        """An optimum that takes hours to find is the answer at once where it is the start point."""
        mip, optimum = hidden_optimum(maximize=maximize, offset=100.0)

        result = solve(solver, mip, start=optimum, **backstop(solver))

        assert result.status is LXStatus.OPTIMAL, "the start point was not used: its optimum is proved at once"
        assert close(result.objective, 100.0)

    @needs(LXFeature.INTEGER, LXFeature.START)
    def test_start_point_of_whole_numbers(self, solver: Solver) -> None:
        """A start point holds for integers of any size and sign, not for binaries alone."""
        mip, optimum = hidden_optimum(least=-2, most=2)

        result = solve(solver, mip, start=optimum, **backstop(solver))

        assert result.status is LXStatus.OPTIMAL, "the start point was not used: its optimum is proved at once"
        assert close(result.objective, 0.0)

    @needs(LXFeature.INTEGER, LXFeature.START)
    def test_start_point_is_not_the_answer(self, solver: Solver) -> None:
        """From a poor start point the optimum is found all the same."""
        mip = knapsacks(offset=10.0)

        result = solve(solver, mip, start=np.zeros(mip.num_variables))

        assert result.status is LXStatus.OPTIMAL
        assert close(result.objective, best_integer_point(mip), 1e-3)

    @needs(LXFeature.INTEGER, LXFeature.START)
    def test_start_point_belongs_to_one_run(self, solver: Solver) -> None:
        """The start point of a run is not that of the next one, which it does not satisfy."""
        mip, optimum = hidden_optimum()
        solve(solver, mip, start=optimum, **backstop(solver))
        other = knapsacks(offset=0.0)

        result = solve(solver, other)

        assert close(result.objective, best_integer_point(other), 1e-3)
