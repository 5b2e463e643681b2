"""Xpress: the conformance kit, and what is its own."""

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
from lumix_core.solver.status import LXLimit
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_prove, knapsacks, problem
from lumix_solvers.xpress import XpressSolver
from lumix_solvers.xpress_run import COMPLETED, STOPPED


@pytest.fixture(autouse=True)
def _licence():
    skip_where_missing(XpressSolver)


class TestXpress(WithinLicence, SolverConformance):
    @pytest.fixture
    def solver(self):
        return XpressSolver()


@pytest.fixture
def solver():
    return XpressSolver()


@pytest.fixture
def small():
    return problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], maximize=True, offset=10.0)


def test_tables_name_what_xpress_has():
    import xpress

    assert set(COMPLETED) <= set(xpress.SolStatus.__members__)
    assert set(STOPPED) <= set(xpress.StopType.__members__)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("threads", True, "it takes a whole number"),
        ("threads", 2.5, "it takes a whole number"),
        ("timelimit", "soon", "it takes a number"),
        ("mpsrhsname", 3, "it takes a text"),
        ("threads", 10**12, "it makes"),
    ],
)
def test_native_value_of_another_type_or_range_is_refused(solver, small, name, value, reason):
    with pytest.raises(LXOptionError) as refusal:
        solve(solver, small, options={name: value})

    start = f"Solver 'xpress' refuses {value!r} for its option {name!r} (given in options={{...}}): {reason}"
    assert str(refusal.value).startswith(start)


@pytest.mark.parametrize("name", ["tresads", "XPRS_THREADS", "objval"])
def test_what_is_no_control_is_refused(solver, small, name):
    with pytest.raises(LXOptionError, match=r"Solver 'xpress' has no option .*It knows 'algaftercrossover', "):
        solve(solver, small, options={name: 1})


def test_native_options_are_heard_and_win(solver):
    nodes = solve(solver, hard_to_prove(), options={"MaxNode": 1})
    solutions = solve(solver, hard_to_prove(), options={"maxmipsol": 1})
    seconds = solve(solver, hard_to_prove(), time_limit=600.0, options={"timelimit": 0.2})

    assert (nodes.limit, solutions.limit, seconds.limit) == (LXLimit.NODE, LXLimit.SOLUTION, LXLimit.TIME)


def test_details_are_plain_numbers(solver):
    result = solve(solver, knapsacks(offset=0.0))

    assert set(result.details) == {"nodes", "simplex_iterations", "barrier_iterations"}
    assert result.details["simplex_iterations"] > 0


def test_size_of_the_licence_is_named_with_what_to_do(solver):
    many = problem(np.ones(5001), [(np.ones(5001), 1.0, INF)])

    message = refusal_of(solver, many)

    assert message.startswith(
        "The licence of solver 'xpress' is limited in size, and model '' is larger: it has 5,001 variables and "
        "1 constraints as it is given to the solver; the licence that comes with the wheel allows 5,000 of both"
    )
    assert "XPAUTH_PATH" in message


def test_missing_licence_is_named_with_what_to_do(tmp_path):
    code = (
        "from lumix_core.testing.solvers.problems import problem, INF\n"
        "from lumix_core.testing.kit import solve\n"
        "from lumix_solvers.xpress import XpressSolver\n"
        "try:\n    solve(XpressSolver(), problem([1.0], [([1.0], 1.0, INF)]))\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    environment = {"XPAUTH_PATH": str(tmp_path / "none.xpr")}

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.startswith("LXSolverError Solver 'xpress' has no licence here: ")
    assert "XPAUTH_PATH" in done.stdout
    assert done.stderr == ""


def test_cost_of_a_fixed_variable_may_be_anything(solver):
    fixed = problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0)], maximize=True, lower=[0.0, 1.0], upper=[9.0, 1.0])
    run = solver.open(fixed, SolverOptions())
    run.solve()

    found = run.ranging()
    run.close()

    assert (found.cost_lower[1], found.cost_upper[1]) == (-INF, INF)


def test_small_objective_beside_a_large_constant_is_optimal(solver):
    rows = [([-1.0, 4.0, 3.0, 1.0], -INF, 20.0)]
    lower, upper, whole = [0.0, -INF, 0.0, 0.0], [2.0, INF, INF, 4.0], [True, False, True, True]
    mip = problem([-1e-4, 5e-4, 0.0, 2e-4], rows, lower=lower, upper=upper, integer=whole, maximize=True, offset=1e6)

    assert solve_and_check(solver, mip, SolverOptions()).objective - 1e6 == pytest.approx(2.85e-3, abs=1e-8)


def test_ctrl_c_remains_pythons_own_while_xpress_runs():
    code = (
        "import signal, sys\n"
        "from threading import Thread, Timer\n"
        "from lumix_core.testing.kit import solve\n"
        "from lumix_core.testing.solvers.problems import hard_to_prove, planted\n"
        "from lumix_solvers.xpress import XpressSolver\n"
        "def work():\n    for seed in range(10):\n        solve(XpressSolver(), planted(seed).problem)\n"
        "runs = [Thread(target=work) for _ in range(2)]\n"
        "[run.start() for run in runs]\n[run.join(30) for run in runs]\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    print('heard')\n"
        "mip = hard_to_prove()\n"
        "Timer(0.2, signal.raise_signal, (signal.SIGINT,)).start()\n"
        "print(solve(XpressSolver(), mip, time_limit=20.0).limit)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\ninterrupt\n", "")


def test_the_relaxation_of_products_in_parts_is_solved_to_its_optimum(solver):
    """With all of Xpress's presolve the relaxation in four parts, whose optimum is -18, has one of -16.75."""
    base = problem([-1.0, -4.0, -4.0], [([-4.0, -1.0, 3.0], -10.5, INF)], lower=[1.0, 1.0, -1.0], upper=[3.0, 3.0, 2.0])
    terms = ([-1, -1, 0, 0], [0, 2, 0, 1], [2, 2, 1, 2], [3.0, 2.0, 3.0, 1.0])
    products = Quadratics.of(*(np.array(part) for part in terms))

    raw = solve_and_check(solver, replace(base, structures=Structures(quadratics=products)), SolverOptions())

    assert raw.best_bound <= -18.0 + 1e-6
    assert raw.objective == pytest.approx(-18.0)
