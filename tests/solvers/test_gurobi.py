"""Gurobi: the conformance kit, and what is its own."""

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from licences import WithinLicence, refusal_of, skip_where_missing

from lumix_core.errors import LXOptionError
from lumix_core.problem import Quadratics, Structures
from lumix_core.solver.claims import solve as solve_and_check
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_prove, knapsacks, problem
from lumix_solvers.gurobi import GurobiSolver
from lumix_solvers.gurobi_run import STATUSES


@pytest.fixture(autouse=True)
def _licence():
    skip_where_missing(GurobiSolver)


class TestGurobi(WithinLicence, SolverConformance):
    @pytest.fixture
    def solver(self):
        return GurobiSolver()


@pytest.fixture
def solver():
    return GurobiSolver()


@pytest.fixture
def small():
    return problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], maximize=True, offset=10.0)


def test_table_names_statuses_that_gurobi_has():
    import gurobipy

    assert {name for name in STATUSES if not hasattr(gurobipy.GRB.Status, name)} <= {"LOCALLY_OPTIMAL"}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Threads", True, "it takes a whole number"),
        ("Threads", 2.5, "it takes a whole number"),
        ("TimeLimit", "soon", "it takes a number"),
        ("LogFile", 3, "it takes a text"),
        ("Threads", -3, "Unable to set parameter Threads to value -3"),
        ("Threads", 10**12, ""),
    ],
)
def test_native_value_of_another_type_or_range_is_refused(solver, small, name, value, reason):
    with pytest.raises(LXOptionError) as refusal:
        solve(solver, small, options={name: value})

    start = f"Solver 'gurobi' refuses {value!r} for its option {name!r} (given in options={{...}}): {reason}"
    assert str(refusal.value).startswith(start)


@pytest.mark.parametrize("name", ["Thread", "MIP*", "tresads"])
def test_what_is_no_parameter_is_refused(solver, small, name):
    with pytest.raises(LXOptionError, match=r"Solver 'gurobi' has no option .*It knows 'AggFill', "):
        solve(solver, small, options={name: 1})


def test_native_options_are_heard_and_win(solver):
    nodes = solve(solver, hard_to_prove(), options={"nodelimit": 1})
    solutions = solve(solver, hard_to_prove(), options={"SolutionLimit": 1})
    seconds = solve(solver, hard_to_prove(), time_limit=600.0, options={"TimeLimit": 0.2})
    target = solve(solver, hard_to_prove(), options={"BestObjStop": 1000.0})

    limits = (LXLimit.NODE, LXLimit.SOLUTION, LXLimit.TIME, LXLimit.OBJECTIVE)
    assert tuple(result.limit for result in (nodes, solutions, seconds, target)) == limits


def test_native_log_file_is_written(solver, small, tmp_path, capfd):
    solve(solver, small, options={"LogFile": str(tmp_path / "native.log")})

    assert (tmp_path / "native.log").read_text() != ""
    assert capfd.readouterr() == ("", "")


def test_details_are_plain_numbers(solver):
    result = solve(solver, knapsacks(offset=0.0))

    assert set(result.details) == {"nodes", "simplex_iterations", "barrier_iterations", "work"}
    assert result.details["simplex_iterations"] > 0


def test_size_of_the_licence_is_named_with_what_to_do(solver):
    many = problem(np.ones(2001), [(np.ones(2001), 1.0, INF)])

    message = refusal_of(solver, many)

    assert message.startswith(
        "The licence of solver 'gurobi' is limited in size, and model '' is larger: it has 2,001 variables and "
        "1 constraints as it is given to the solver; the licence that comes with gurobipy allows 2,000 of each"
    )
    assert "GRB_LICENSE_FILE" in message
    assert "use another solver, such as 'highs'" in message


def test_missing_licence_is_named_with_what_to_do(tmp_path):
    code = (
        "from lumix_core.testing.solvers.problems import problem, INF\n"
        "from lumix_core.testing.kit import solve\n"
        "from lumix_solvers.gurobi import GurobiSolver\n"
        "try:\n    solve(GurobiSolver(), problem([1.0], [([1.0], 1.0, INF)]))\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    environment = {"GRB_LICENSE_FILE": str(tmp_path / "none.lic")}

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.startswith("LXSolverError Solver 'gurobi' has no licence here: Unable to open Gurobi license")
    assert done.stderr == ""


def test_ctrl_c_is_pythons_own_while_gurobi_runs_and_nothing_is_written(solver, capfd):
    def interrupt(_):
        signal.raise_signal(signal.SIGINT)

    result = solver.solve(hard_to_prove(), SolverOptions(progress=interrupt, time_limit=20.0))

    assert result.limit is LXLimit.INTERRUPT
    assert capfd.readouterr() == ("", "")


def test_integers_without_an_end_are_not_called_optimal(solver):
    rows = [
        ([1.0, 0.0, 0.0, -2e4], -INF, 1.0),
        ([-1e3, -3e3, -1e3, 1e3], 4.0, INF),
        ([0.0, 3.0, 4.0, 3.0], 8.0, 8.0),
    ]
    lower, upper, whole = [-3.0, -INF, -INF, 0.0], [-1.0, 2.0, INF, INF], [True, False, False, True]
    mip = problem([3.0, 0.0, 4.0, 1.0], rows, lower=lower, upper=upper, integer=whole, maximize=True)

    assert solve_and_check(solver, mip, SolverOptions()).status is LXStatus.UNBOUNDED


def test_small_objective_beside_a_large_constant_is_optimal(solver):
    rows = [([-1.0, 4.0, 3.0, 1.0], -INF, 20.0)]
    lower, upper, whole = [0.0, -INF, 0.0, 0.0], [2.0, INF, INF, 4.0], [True, False, True, True]
    mip = problem([-1e-4, 5e-4, 0.0, 2e-4], rows, lower=lower, upper=upper, integer=whole, maximize=True, offset=1e6)

    assert solve_and_check(solver, mip, SolverOptions()).objective - 1e6 == pytest.approx(2.85e-3, abs=1e-8)


def test_row_of_products_may_have_two_bounds(solver):
    base = problem([1.0, 1.0], [([0.0, 0.0], 4.0, 9.0)], upper=10.0)
    product = Quadratics.of(np.array([0]), np.array([0]), np.array([1]), np.array([1.0]))
    between = replace(base, structures=Structures(quadratics=product))

    least, most = (solve(solver, replace(between, maximize=maximize)) for maximize in (False, True))

    assert least.objective == pytest.approx(4.0, abs=1e-4)
    assert most.objective == pytest.approx(10.9, abs=1e-4)
