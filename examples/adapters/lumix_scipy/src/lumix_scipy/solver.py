"""`scipy.optimize.milp`, which is HiGHS without duals, as a solver."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, LXLimit, LXStatus, RawResult, SolverOptions

STATUSES = {
    0: LXStatus.OPTIMAL,
    1: LXStatus.NO_SOLUTION,
    2: LXStatus.INFEASIBLE,
    3: LXStatus.UNBOUNDED,
}
"""SciPy's statuses; 4 is an error, or is what HiGHS calls "unbounded or infeasible"."""
EITHER = "unbounded or infeasible"


class ScipySolver:
    """Mixed-integer linear problems, by SciPy."""

    name = "scipy"
    features = frozenset(
        {
            LXFeature.INTEGER,
            LXFeature.BEST_BOUND,
            LXFeature.TIME_LIMIT,
            LXFeature.MIP_REL_GAP,
            LXFeature.PRESOLVE,
        }
    )

    def is_available(self) -> bool:
        """Whether SciPy is installed; it is not imported."""
        return find_spec("scipy") is not None

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; Ctrl-C is heard only when SciPy returns."""
        from scipy.optimize import milp

        return _result(milp(**_arguments(problem), options=_options(options)), problem)


def _arguments(problem: LXProblem) -> dict[str, Any]:
    """Return the problem as arguments: minimised, and its constant as one more column that is fixed at 1.

    SciPy knows no constant, but the relative gap is one of the whole objective.
    """
    from scipy.optimize import Bounds, LinearConstraint
    from scipy.sparse import csr_array

    sign = -1.0 if problem.maximize else 1.0
    shape = (problem.num_constraints, problem.num_variables + 1)
    rows = csr_array((problem.coefficients, problem.columns, problem.row_starts), shape=shape)
    return {
        "c": sign * np.append(problem.objective, problem.offset),
        "integrality": np.append(problem.integer, 0),
        "bounds": Bounds(np.append(problem.lower, 1.0), np.append(problem.upper, 1.0)),
        "constraints": LinearConstraint(rows, problem.row_lower, problem.row_upper) if len(problem.row_lower) else (),
    }


def _options(options: SolverOptions) -> dict[str, Any]:
    given = {"time_limit": options.time_limit, "mip_rel_gap": options.mip_rel_gap, "presolve": options.presolve}
    return {name: value for name, value in given.items() if value is not None}


def _result(found: Any, problem: LXProblem) -> RawResult:
    status = STATUSES.get(found.status, LXStatus.ERROR)
    if status is LXStatus.ERROR and EITHER in found.message.lower():
        status = LXStatus.INFEASIBLE_OR_UNBOUNDED
    if status is LXStatus.NO_SOLUTION and found.x is not None:
        status = LXStatus.FEASIBLE
    limit = LXLimit.TIME if found.status == 1 else None
    if not status.has_point:
        return RawResult(status=status, raw_status=found.message, limit=limit)
    x = found.x[:-1]
    objective = problem.objective_at(x)
    sign = -1.0 if problem.maximize else 1.0
    bound = sign * found.mip_dual_bound if problem.is_mip else objective
    return RawResult(status=status, raw_status=found.message, limit=limit, x=x, objective=objective, best_bound=bound)
