"""A run that looks only for points within a cutoff proves nothing of the problem where it finds none."""

import pytest
from licences import skip_where_missing

from lumix_core.solver import LXLimit, LXStatus
from lumix_core.solver.claims import solve
from lumix_core.solver.solver import SolverOptions
from lumix_core.testing.solvers.problems import INF, problem
from lumix_solvers.cplex import CplexSolver
from lumix_solvers.gurobi import GurobiSolver
from lumix_solvers.highs import HighsSolver
from lumix_solvers.ortools import OrToolsSolver
from lumix_solvers.pulp import PulpSolver
from lumix_solvers.xpress import XpressSolver

CUTOFFS = {
    HighsSolver: "objective_bound",
    PulpSolver: "cutoff",
    OrToolsSolver: "cutoff_limit",
    GurobiSolver: "Cutoff",
    CplexSolver: "mip.tolerances.uppercutoff",
    XpressSolver: "MIPABSCUTOFF",
}
SEVEN = problem([3.0, 2.0], [([2.0, 1.0], 3.5, INF), ([1.0, 3.0], 2.5, INF)], upper=9.0, integer=True)
"""Its least objective is 7."""


@pytest.mark.parametrize("made", CUTOFFS)
@pytest.mark.parametrize(("cutoff", "end"), [(-50.0, (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE)), (50.0, None)])
def test_what_is_beyond_a_cutoff_is_not_infeasible(made, cutoff, end):
    skip_where_missing(made)

    result = solve(made(), SEVEN, SolverOptions(options={CUTOFFS[made]: cutoff}))

    assert (result.status, result.limit) == (end or (LXStatus.OPTIMAL, None))
    assert result.best_bound == (None if end else pytest.approx(result.objective))
