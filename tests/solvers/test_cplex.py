"""CPLEX: the conformance kit, and what is its own."""

import subprocess
import sys

import numpy as np
import pytest
from licences import WithinLicence, refusal_of, skip_where_missing

from lumix_core.errors import LXOptionError
from lumix_core.solver.claims import solve as solve_and_check
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_prove, knapsacks, problem
from lumix_solvers.cplex import CplexSolver
from lumix_solvers.cplex_run import STATUSES


@pytest.fixture(autouse=True)
def _licence():
    skip_where_missing(CplexSolver)


class TestCplex(WithinLicence, SolverConformance):
    @pytest.fixture
    def solver(self):
        return CplexSolver()


@pytest.fixture
def solver():
    return CplexSolver()


@pytest.fixture
def small():
    return problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], maximize=True, offset=10.0)


def test_table_names_statuses_that_cplex_has():
    import cplex

    native = cplex.Cplex()
    known = set(dir(native.solution.status))
    native.end()

    assert set(STATUSES) <= known


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("threads", True, "it takes a whole number"),
        ("threads", 2.5, "it takes a whole number"),
        ("timelimit", "soon", "it takes a number"),
        ("workdir", 3, "it takes a text"),
        ("threads", -3, "CPLEX Error  1014: Parameter value too small"),
        ("mip.tolerances.mipgap", 2.0, "CPLEX Error  1015: Parameter value too big"),
        ("threads", 10**12, ""),
    ],
)
def test_native_value_of_another_type_or_range_is_refused(small, capfd, name, value, reason):
    with pytest.raises(LXOptionError) as refusal:
        solve(CplexSolver(), small, options={name: value})

    start = f"Solver 'cplex' refuses {value!r} for its option {name!r} (given in options={{...}}): {reason}"
    assert str(refusal.value).startswith(start)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["mipgap", "mip.tolerances", "mip.tolerances.mipgap.set", "tresads"])
def test_what_is_no_parameter_is_refused(solver, small, name):
    with pytest.raises(LXOptionError, match=r"Solver 'cplex' has no option .*It knows 'advance', "):
        solve(solver, small, options={name: 1})


def test_common_option_that_cplex_refuses_is_named_as_the_user_gave_it(solver):
    with pytest.raises(LXOptionError, match=r"Solver 'cplex' refuses mip_rel_gap=1\.5: .*too big\. Give a value"):
        solve(solver, knapsacks(offset=0.0), mip_rel_gap=1.5)


def test_native_options_are_heard_and_win(solver):
    nodes = solve(solver, hard_to_prove(), options={"mip.limits.nodes": 1})
    solutions = solve(solver, hard_to_prove(), options={"mip.limits.solutions": 1})
    seconds = solve(solver, hard_to_prove(), time_limit=600.0, options={"timelimit": 0.2})

    assert (nodes.limit, solutions.limit, seconds.limit) == (LXLimit.NODE, LXLimit.SOLUTION, LXLimit.TIME)


def test_details_are_plain_numbers(solver):
    result = solve(solver, knapsacks(offset=0.0))

    assert set(result.details) == {"nodes", "simplex_iterations", "barrier_iterations"}
    assert result.details["simplex_iterations"] > 0


def test_size_of_the_licence_is_named_with_what_to_do(solver):
    many = problem(np.ones(1001), [(np.ones(1001), 1.0, INF)])

    message = refusal_of(solver, many)

    assert message.startswith(
        "The licence of solver 'cplex' is limited in size, and model '' is larger: it has 1,001 variables and "
        "1 constraints as it is given to the solver; the edition that comes with the wheel allows 1,000 of each "
        "(CPLEX Error  1016: "
    )
    assert "Install a full CPLEX" in message


def test_what_cplex_gives_up_is_an_error_in_its_words(solver):
    far = problem([1.0], [([1.0], 3e9, INF)], integer=True)

    result = solve(solver, far)

    assert result.status is LXStatus.ERROR or result.objective == 3e9
    assert result.status is not LXStatus.ERROR or "integer limit" in result.raw_status


def test_small_objective_beside_a_large_constant_is_optimal(solver):
    rows = [([-1.0, 4.0, 3.0, 1.0], -INF, 20.0)]
    lower, upper, whole = [0.0, -INF, 0.0, 0.0], [2.0, INF, INF, 4.0], [True, False, True, True]
    mip = problem([-1e-4, 5e-4, 0.0, 2e-4], rows, lower=lower, upper=upper, integer=whole, maximize=True, offset=1e6)

    assert solve_and_check(solver, mip, SolverOptions()).objective - 1e6 == pytest.approx(2.85e-3, abs=1e-8)


def test_objective_that_stops_the_search_is_no_interrupt(solver):
    result = solve(solver, hard_to_prove(), options={"mip.limits.lowerobjstop": 1e9})

    assert (result.status, result.limit) == (LXStatus.FEASIBLE, LXLimit.OBJECTIVE)


def test_ctrl_c_is_pythons_own_again_after_runs_in_two_threads():
    code = (
        "import signal\n"
        "from threading import Thread\n"
        "from lumix_core.testing.kit import solve\n"
        "from lumix_core.testing.solvers.problems import planted\n"
        "from lumix_solvers.cplex import CplexSolver\n"
        "def work():\n    for seed in range(20):\n        solve(CplexSolver(), planted(seed).problem)\n"
        "runs = [Thread(target=work) for _ in range(2)]\n"
        "[run.start() for run in runs]\n[run.join(30) for run in runs]\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    print('heard')\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\n", "")
