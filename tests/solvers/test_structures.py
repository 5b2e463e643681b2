"""What is not linear, given to real solvers: the optima are those that trying every point finds."""

from dataclasses import replace

import numpy as np
import pytest
from licences import skip_where_missing
from scale import examples
from structured_problems import best_by_trying, structured_problem

from lumix_core.errors import LXUnsupportedError
from lumix_core.problem import Indicators, Quadratics, SpecialSets, Structures
from lumix_core.solver.claims import solve
from lumix_core.solver.run import run
from lumix_core.solver.solver import LXFeature, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.solvers.problems import problem
from lumix_solvers.cplex import CplexSolver
from lumix_solvers.glpk import GlpkSolver
from lumix_solvers.gurobi import GurobiSolver
from lumix_solvers.highs import HighsSolver
from lumix_solvers.ortools import OrToolsSolver
from lumix_solvers.pulp import PulpSolver
from lumix_solvers.scip import ScipSolver
from lumix_solvers.xpress import XpressSolver

SOLVERS = {
    "highs": HighsSolver(),
    "cbc": PulpSolver(),
    "scip": ScipSolver(),
    "ortools": OrToolsSolver(),
    "glpk": GlpkSolver(),
    "gurobi": GurobiSolver(),
    "cplex": CplexSolver(),
    "xpress": XpressSolver(),
}
COUNTS = {
    "highs": 900,
    "cbc": 120,
    "scip": 60,
    "ortools": 60,
    "glpk": 60,
    "gurobi": 60,
    "cplex": 40,
    "xpress": 20,
}
OPTIONS = SolverOptions(time_limit=60.0)


@pytest.mark.parametrize(("solver", "count"), COUNTS.items())
def test_the_optimum_is_the_best_of_all_points(solver, count):
    skip_where_missing(type(SOLVERS[solver]))
    wrong = []

    for seed in range(examples(count)):
        made = structured_problem(seed)
        best, raw = best_by_trying(made), solve(SOLVERS[solver], made, OPTIONS)
        agrees = raw.status == LXStatus.INFEASIBLE if best is None else raw.objective == pytest.approx(best, abs=1e-6)
        if not agrees:
            wrong.append((seed, best, raw.objective, raw.raw_status))

    assert wrong == []


def batches(lower, upper, **parts):
    """Two products, of which one unit each is worth 1 and 3, and 7 hours."""
    base = problem([1.0, 3.0], [([1.0, 2.0], -np.inf, 7.0)], lower=lower, upper=upper, maximize=True)
    return replace(base, structures=Structures(**parts))


def test_highs_takes_minimum_batches_as_they_are():
    made = batches([0.0, 4.0], [10.0, 5.0], semi=np.array([False, True]))

    raw = solve(HighsSolver(), made, OPTIONS)

    assert raw.x.tolist() == [7.0, 0.0]
    assert raw.details["reformulations"][0].startswith("semi-continuous variables")
    assert "native" in raw.details["reformulations"][0]


def test_a_batch_that_is_too_large_for_highs_is_rewritten():
    made = batches([0.0, 4.0], [10.0, 5e6], semi=np.array([False, True]))
    wide = replace(made, row_upper=np.array([3e5]))

    raw = solve(HighsSolver(), wide, OPTIONS)

    assert raw.objective == pytest.approx(1.5 * 3e5)
    assert "exact" in raw.details["reformulations"][0]


def test_the_bound_of_a_batch_is_derived_from_the_rows():
    made = batches([0.0, 2.0], [10.0, np.inf], semi=np.array([False, True]))

    assert solve(PulpSolver(), made, OPTIONS).objective == pytest.approx(10.5)


def test_a_batch_without_an_end_is_refused_by_its_name():
    made = batches([0.0, 2.0], [10.0, np.inf], semi=np.array([False, True]))
    endless = replace(made, row_upper=np.array([np.inf]))

    with pytest.raises(LXUnsupportedError, match=r"since x1 has no upper bound.*no number is guessed.*upper=\.\.\."):
        solve(PulpSolver(), endless, OPTIONS)


def test_an_indicator_of_variables_without_bounds_is_refused_by_their_name():
    base = problem(
        [1.0, 0.0], [([1.0, 0.0], 3.0, np.inf)], lower=[-np.inf, 0.0], upper=[9.0, 1.0], integer=[False, True]
    )
    made = replace(base, structures=Structures(indicators=one_indicator(column=1)))

    with pytest.raises(LXUnsupportedError, match=r"the indicator of row0 .* since x0 has no lower bound"):
        solve(HighsSolver(), made, OPTIONS)


def one_indicator(column):
    return Indicators(*(np.array([k], dtype=np.int32) for k in (0, column)), np.array([True]))


def test_a_convex_quadratic_objective_has_duals():
    base = problem([-2.0, -6.0], [([1.0, 1.0], -np.inf, 2.0)], offset=10.0)
    squares = Quadratics.of(np.array([-1, -1]), np.array([0, 1]), np.array([0, 1]), np.array([1.0, 1.0]))

    raw = solve(HighsSolver(), replace(base, structures=Structures(quadratics=squares)), OPTIONS)

    assert raw.x == pytest.approx([0.0, 2.0], abs=1e-6)
    assert raw.objective == pytest.approx(2.0, abs=1e-6)
    assert raw.duals == pytest.approx([-2.0], abs=1e-5)


@pytest.mark.parametrize("maximize", [False, True])
def test_a_quadratic_objective_that_is_flat_somewhere_has_no_end(maximize):
    sign = -1.0 if maximize else 1.0
    base = problem([0.0, sign], [([1.0, 0.0], -np.inf, 2.0)], lower=-np.inf, maximize=maximize)
    square = Quadratics.of(np.array([-1]), np.array([0]), np.array([0]), np.array([sign]))

    raw = solve(HighsSolver(), replace(base, structures=Structures(quadratics=square)), OPTIONS)

    assert raw.status == LXStatus.UNBOUNDED


def pooling(segments):
    """The product of two continuous variables is as large as possible where their sum is 5: 6.25."""
    base = problem([0.0, 0.0], [([1.0, 1.0], -np.inf, 5.0)], upper=[4.0, 4.0], maximize=True)
    product = Quadratics.of(np.array([-1]), np.array([0]), np.array([1]), np.array([1.0]))
    made = replace(base, structures=Structures(quadratics=product))
    return solve(HighsSolver(), made, replace(OPTIONS, segments=segments))


def test_the_product_of_two_continuous_variables_is_a_stated_relaxation():
    raw = pooling(segments=1)

    (term,) = raw.relaxation
    assert (raw.status, raw.limit) == (LXStatus.FEASIBLE, LXLimit.RELAXATION)
    assert raw.objective == pytest.approx(raw.x[0] * raw.x[1])
    assert raw.best_bound >= 6.25
    assert term.term == "x0*x1"
    assert term.error == pytest.approx(raw.best_bound - raw.objective)


def test_parts_tighten_the_relaxation():
    bounds = [pooling(segments).best_bound for segments in (1, 2, 4, 16)]

    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] == pytest.approx(6.25, abs=0.3)


def test_a_solver_alone_is_refused_what_it_lacks():
    made = batches(
        0.0, 10.0, sets=SpecialSets(*(np.array(k, dtype=np.int32) for k in ([1], [0, 2], [0, 1])), np.arange(2.0))
    )

    with pytest.raises(
        LXUnsupportedError, match="special ordered sets, which solver 'highs' cannot handle as they are"
    ):
        run(HighsSolver(), made, OPTIONS)


def test_what_a_solver_has_is_what_it_was_tried_with():
    beyond = {LXFeature.SEMICONTINUOUS, LXFeature.SEMIINTEGER, LXFeature.QUADRATIC_OBJECTIVE}

    assert beyond <= HighsSolver().features
    assert not beyond & PulpSolver().features


def with_product(objective, rows, left, right, **parts):
    """Return a problem with the product of two continuous variables in its first row."""
    base = problem(objective, rows, **parts)
    product = Quadratics.of(np.array([0]), np.array([left]), np.array([right]), np.array([1.0]))
    return replace(base, structures=Structures(quadratics=product))


@pytest.mark.parametrize("solver", ["highs", "scip"])
def test_products_without_a_point_are_infeasible(solver):
    """That x y <= 1 and x + y >= 9 have no point within 4 and 6 no multipliers of the linear rows prove."""
    rows = [([0.0, 0.0], -np.inf, 1.0), ([1.0, 1.0], 9.0, np.inf)]

    raw = solve(SOLVERS[solver], with_product([1.0, 1.0], rows, 0, 1, lower=3.0, upper=6.0), OPTIONS)

    assert raw.status is LXStatus.INFEASIBLE


def test_duals_of_relaxed_products_are_not_passed_on():
    """At x = 0 the product x y is exact, and y <= 4 is worth what the relaxation makes of it."""
    rows = [([0.0, 1.0], -np.inf, 8.0), ([1.0, 0.0], 0.0, np.inf)]

    raw = solve(HighsSolver(), with_product([1.0, -1.0], rows, 0, 1, upper=[3.0, 4.0]), OPTIONS)

    assert (raw.status, raw.x.tolist(), raw.duals) == (LXStatus.OPTIMAL, [0.0, 4.0], None)


def test_a_convex_objective_beside_products_in_parts_is_solved_by_tangents():
    rows = [([0.0, 0.0], 6.0, np.inf)]
    made = with_product([0.0, 0.0], rows, 0, 1, lower=1.0, upper=5.0)
    both = Quadratics.of(np.array([-1, -1, 0]), np.array([0, 1, 0]), np.array([0, 1, 1]), np.array([1.0, 1.0, 1.0]))

    raw = solve(HighsSolver(), replace(made, structures=Structures(quadratics=both)), OPTIONS)

    assert (raw.status, raw.limit) == (LXStatus.FEASIBLE, LXLimit.RELAXATION)
    assert raw.best_bound <= 12.0 <= raw.objective <= 13.0


@pytest.mark.parametrize("solver", ["scip", "ortools"])
def test_no_optimum_beside_sets_is_lost_in_presolve(solver):
    made = structured_problem(9001041)

    assert solve(SOLVERS[solver], made, OPTIONS).objective == pytest.approx(best_by_trying(made))
