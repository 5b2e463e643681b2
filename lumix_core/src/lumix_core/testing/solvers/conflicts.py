"""Why a problem is infeasible: that a solver's answers lead to a conflict, and that its own search is right."""

from __future__ import annotations

import numpy as np
import pytest

from lumix_core.errors import LXNotInfeasibleError
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements, part_of
from lumix_core.solver.infeasibility.diagnose import Diagnosis, diagnose
from lumix_core.solver.solver import FindsConflicts, LXFeature, RawConflict, Solver, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.problems import INF, problem
from lumix_core.testing.solvers.proofs import close


class Conflicts(Kit, limited=in_thread):
    """Requirements that cannot hold together."""

    def test_says_whether_it_finds_conflicts(self, solver: Solver) -> None:
        """It has ``find_conflict`` if and only if its features say so."""
        assert isinstance(solver, FindsConflicts) == (LXFeature.CONFLICTS in solver.features)

    def test_conflict_that_it_finds_cannot_hold(self, solver: Solver) -> None:
        """What its own search returns is a part of the problem's requirements, and infeasible by itself."""
        lp = too_much_demand()
        if not isinstance(solver, FindsConflicts):
            assert LXFeature.CONFLICTS not in solver.features
            return

        found = solver.find_conflict(lp, SolverOptions())

        assert isinstance(found, RawConflict)
        if found.requirements is not None:
            assert len(found.requirements - Requirements.every(lp)) == 0
            assert solve(solver, part_of(lp, found.requirements)).status is LXStatus.INFEASIBLE

    def test_conflict_of_rows_and_bounds(self, solver: Solver) -> None:
        """The one conflict of a problem is found: a capacity, two demands, and no bound but one."""
        found = _diagnosis(solver, too_much_demand())

        assert found.is_irreducible
        assert np.flatnonzero(found.conflict.row_lower).tolist() == [1, 2]
        assert np.flatnonzero(found.conflict.row_upper).tolist() == [0]
        assert np.flatnonzero(found.conflict.lower).tolist() == [2]
        assert not found.conflict.upper.any()

    def test_conflict_of_bounds_that_cross(self, solver: Solver) -> None:
        """Two bounds are a conflict by themselves."""
        lp = problem([1.0, 1.0], [([1.0, 1.0], 1.0, INF)], lower=[0.0, 3.0], upper=[5.0, 2.0])

        found = _diagnosis(solver, lp)

        assert found.is_irreducible
        assert len(found.conflict) == 2
        assert found.conflict.lower[1]
        assert found.conflict.upper[1]

    def test_least_relaxation(self, solver: Solver) -> None:
        """What would make the problem feasible by the least total is found, and how much of it."""
        found = _diagnosis(solver, too_much_demand())

        assert found.relaxation is not None
        assert found.relaxation.is_least
        assert close(float(found.relaxation.amounts.sum()), 2 / 3)  # of the demand that takes 3 of the capacity

    @needs(LXFeature.INTEGER)
    def test_conflict_of_integers_only(self, solver: Solver) -> None:
        """Where fractions would do, integrality is a part of the conflict."""
        rows = [([2.0, 4.0, 1.0], 3.0, 3.0), ([1.0, 1.0, 1.0], -INF, 6.0)]
        mip = problem([1.0] * 3, rows, upper=[1.0, 1.0, 0.5], integer=[True, True, False])

        found = _diagnosis(solver, mip)

        assert found.conflict.integer.tolist() == [True, True, False]
        assert np.flatnonzero(found.conflict.row_lower | found.conflict.row_upper).tolist() == [0]

    @needs(LXFeature.INTEGER)
    def test_conflict_that_integers_have_no_part_in(self, solver: Solver) -> None:
        """Where fractions would not do either, integrality is no part of the conflict."""
        mip = problem([1.0, 1.0], [([1.0, 1.0], 3.0, INF), ([1.0, 1.0], -INF, 2.0)], upper=5.0, integer=True)

        found = _diagnosis(solver, mip)

        assert found.is_irreducible
        assert not found.conflict.integer.any()
        assert len(found.conflict) == 2

    def test_nothing_to_explain(self, solver: Solver) -> None:
        """A feasible problem has no conflict, and neither has an unbounded one."""
        for lp in (problem([1.0], [([1.0], 1.0, INF)]), problem([-1.0], [([1.0], 1.0, INF)])):
            assert solver.solve(lp, SolverOptions()).status is not LXStatus.INFEASIBLE
            with pytest.raises(LXNotInfeasibleError):
                _diagnosis(solver, lp)


def too_much_demand() -> LXProblem:
    """Return a problem in which two demands, of 3 each, take 3 and 1 of a capacity of 10."""
    rows = [([3.0, 1.0, 1.0], -INF, 10.0), ([1.0, 0.0, 0.0], 3.0, INF), ([0.0, 1.0, 0.0], 3.0, INF)]
    free_of_it = ([1.0, -1.0, 0.0], -9.0, 9.0)
    return problem([1.0, 1.0, 1.0], [*rows, free_of_it], upper=[50.0, 60.0, INF])


def _diagnosis(solver: Solver, problem: LXProblem) -> Diagnosis:
    return diagnose(problem, solver, SolverOptions())
