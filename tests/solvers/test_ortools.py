"""OR-Tools through MathOpt: the conformance kit for GLOP and SCIP, and what is their own."""

import logging

import pytest

from lumix_core.errors import LXOptionError, LXSolverNotFoundError, LXUnsupportedError
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import close
from lumix_solvers.ortools import OrToolsSolver


class TestGlopAndScip(SolverConformance):
    @pytest.fixture
    def solver(self):
        return OrToolsSolver()


@pytest.fixture
def solver():
    return OrToolsSolver()


def whole():
    return problem([1.0], [([2.0], 3.0, INF)], upper=5.0, integer=True)


@pytest.mark.parametrize(("asked", "used"), [(planted(1).problem, "GLOP"), (whole(), "GSCIP")])
def test_linear_problems_go_to_glop_and_others_to_scip(solver, asked, used):
    result = solve(solver, asked)

    assert result.details["solver"] == used
    assert result.raw_status == f"{used} OPTIMAL"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("NO_SUCH", "It runs 'GLOP', 'PDLP', 'GSCIP'."),
        ("GLOPP", "Did you mean 'GLOP'?"),
        ("CP_SAT", "use_solver('cpsat')"),
        ("HIGHS", "use_solver('highs')"),
    ],
)
def test_solver_that_is_not_run_through_mathopt_is_refused(name, advice):
    with pytest.raises(LXSolverNotFoundError) as refusal:
        OrToolsSolver(name)

    assert f"a solver named {name!r}" in str(refusal.value)
    assert advice in str(refusal.value)


@pytest.mark.parametrize("name", ["GLOP", "PDLP"])
def test_solvers_of_linear_problems_are_given_no_integers(name):
    with pytest.raises(LXUnsupportedError, match="integer variables"):
        solve(OrToolsSolver(name), whole())


@pytest.mark.parametrize("degenerate", [False, True])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_pdlp_comes_near_the_optimum(seed, maximize, degenerate):
    given = planted(seed, maximize=maximize, degenerate=degenerate)

    result = solve(OrToolsSolver("PDLP"), given.problem)

    assert result.status is LXStatus.OPTIMAL
    assert close(result.objective, given.optimum)
    assert result.duals is None


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ({"node_limit": 1}, LXLimit.NODE),
        ({"solution_limit": 1}, LXLimit.SOLUTION),
        ({"gscip": {"long_params": {"limits/nodes": 1}}}, LXLimit.NODE),
    ],
)
def test_native_options_are_those_of_mathopt_and_of_the_solver(solver, options, limit):
    result = solve(solver, hard_to_prove(), options=options)

    assert (result.status, result.limit) == (LXStatus.FEASIBLE, limit)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"node_limit": "many"}, r"refuses 'many' for its option 'node_limit'.*invalid literal"),
        ({"lp_algorithm": "QUICK"}, r"refuses 'QUICK' for its option 'lp_algorithm'.*Invalid enum value"),
        ({"glop": {"use_dual_simplexx": True}}, r"for its option 'glop'.*no field named .use_dual_simplexx"),
        ({"node_limitt": 3}, r"no option 'node_limitt'.*Did you mean 'node_limit'"),
        ({"highs": {}}, r"has no option 'highs'"),
        ({"objective_limit": 1.0}, r"refuses 1.0 for its option 'objective_limit'.*not supported"),
        ({"enable_output": True}, r"has no option 'enable_output'"),
        ({"gscip": {"int_params": {"no/such": 3}}}, r"refuses 3 for its option 'no/such'.*<no/such> unknown"),
        ({"gscip": {"real_params": {"limits/gap": -1}}}, r"refuses -1 for its option 'limits/gap'.*Invalid value <-1>"),
    ],
)
def test_bad_native_options_are_refused_in_the_words_of_the_library(solver, capfd, options, reason):
    with pytest.raises(LXOptionError, match=reason):
        solve(solver, whole(), options=options)

    assert capfd.readouterr() == ("", "")


def test_options_of_another_solver_are_refused():
    with pytest.raises(LXOptionError, match="no option 'gscip'"):
        solve(OrToolsSolver("GLOP"), planted(1).problem, options={"gscip": {}})


def test_details_hold_counts(solver):
    result = solve(solver, planted(4, rows=40, columns=30).problem)

    assert result.details["simplex_iterations"] > 0
    assert result.details["nodes"] == 0


def test_failing_logger_ends_the_run_and_is_named(solver):
    logger = logging.Logger("failing")
    logger.addFilter(lambda record: 1 / 0)

    with pytest.raises(LXOptionError, match=r"logger .failing.: ZeroDivisionError"):
        solver.solve(hard_to_find(), SolverOptions(log=logger, time_limit=30.0))
