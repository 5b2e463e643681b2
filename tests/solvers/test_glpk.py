"""GLPK: the conformance kit, and what is its own."""

import ctypes
import logging
import subprocess
import sys
import threading
import time

import pytest

from lumix_core.errors import LXOptionError
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_core.testing.solvers.proofs import assert_reaches
from lumix_solvers.glpk import GlpkSolver
from lumix_solvers.glpk_library import Search, Simplex, glpk


class TestGlpk(SolverConformance):
    @pytest.fixture
    def solver(self):
        return GlpkSolver()


@pytest.fixture
def solver():
    return GlpkSolver()


@pytest.mark.parametrize(("structure", "name"), [(Simplex, "smcp"), (Search, "iocp")])
def test_structures_lie_in_memory_as_those_of_the_library(structure, name):
    import swiglpk

    ours, theirs = structure(), getattr(swiglpk, f"glp_{name}")()
    getattr(glpk(), f"glp_init_{name}")(ctypes.byref(ours))
    getattr(swiglpk, f"glp_init_{name}")(theirs)

    plain = [field for field, kind in structure._fields_ if kind in (ctypes.c_int, ctypes.c_double)]
    assert {field: getattr(ours, field) for field in plain} == {field: getattr(theirs, field) for field in plain}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"methh": 1}, r"no option 'methh'.*Did you mean 'meth'"),
        ({"meth": 9}, r"refuses 9 for its option 'meth'.*GLP_PRIMAL, GLP_DUALP or GLP_DUAL"),
        ({"meth": "GLP_NONE"}, r"refuses 'GLP_NONE'"),
        ({"tol_bnd": 2.0}, r"refuses 2.0 for its option 'tol_bnd'.*a number between 0 and 1"),
        ({"it_lim": 1.5}, r"refuses 1.5 for its option 'it_lim'.*a whole number"),
        ({"gmi_cuts": "yes"}, r"refuses 'yes' for its option 'gmi_cuts'.*GLP_ON or GLP_OFF"),
    ],
)
def test_bad_native_options_are_refused_before_glpk_ends_the_process(solver, options, reason):
    with pytest.raises(LXOptionError, match=reason):
        solve(solver, planted(1).problem, options=options)


@pytest.mark.parametrize(
    "options", [{"meth": "GLP_DUAL"}, {"pricing": 0x11}, {"gmi_cuts": True, "br_tech": "GLP_BR_PCH"}]
)
def test_good_native_options_are_taken(solver, options):
    mip = problem([5.0, 4.0], [([6.0, 4.0], -INF, 24.0), ([1.0, 2.0], -INF, 6.0)], integer=True, maximize=True)

    assert_reaches(solve(solver, mip, options=options), mip, 20.0)


def test_iteration_limit(solver):
    result = solve(solver, planted(4, rows=40, columns=30).problem, options={"it_lim": 1})

    assert (result.status, result.limit) == (LXStatus.NO_SOLUTION, LXLimit.ITERATION)


@pytest.mark.parametrize("name", ["seed", "threads"])
def test_options_that_glpk_does_not_have_are_refused(solver, name):
    with pytest.raises(LXOptionError, match=f"cannot honour {name}=1: it would be ignored"):
        solve(solver, planted(1).problem, **{name: 1})


def test_unbounded_integers_are_not_called_unbounded_from_the_relaxation(solver):
    asked = problem([-1.0, -1.0], [([1.0, -1.0], -2.0, 3.0)], integer=True)

    assert solve(solver, asked).status is LXStatus.INFEASIBLE_OR_UNBOUNDED


def test_a_large_cost_of_a_fixed_column_hides_no_other(solver):
    asked = problem([1e9, -1.0], [([0.0, 1.0], -INF, 5.0)], lower=[3.0, 0.0], upper=[3.0, INF])

    result = solve(solver, asked)

    assert_reaches(result, asked, 3e9 - 5.0)
    assert result.reduced_costs.tolist() == [1e9, 0.0]


def test_a_long_linear_problem_is_ended_between_slices(solver):
    asked = planted(1, rows=1500, columns=1500, per_row=8).problem

    started = time.monotonic()
    result = solve(solver, asked, time_limit=0.3)

    assert (result.status, result.limit) == (LXStatus.NO_SOLUTION, LXLimit.TIME)
    assert time.monotonic() - started < 10.0


def test_a_run_waits_for_its_turn_no_longer_than_its_time_limit(solver):
    cancelled = threading.Event()
    other = threading.Thread(target=solver.solve, args=(hard_to_find(), SolverOptions(cancelled=cancelled)))
    other.start()
    try:
        time.sleep(0.3)
        waiting = solver.solve(planted(1).problem, SolverOptions(time_limit=0.3))
    finally:
        cancelled.set()
        other.join(60)

    assert (waiting.status, waiting.limit, waiting.raw_status) == (LXStatus.NO_SOLUTION, LXLimit.TIME, "not begun")
    assert solve(solver, planted(1).problem).status is LXStatus.OPTIMAL


def test_native_gap_is_proved_by_the_bound(solver):
    result = solve(solver, hard_to_prove(offset=1000.0), mip_rel_gap=0.4, time_limit=15.0)

    assert result.status is LXStatus.OPTIMAL
    assert result.best_bound >= 1000.0 - 1e-6


def test_a_fatal_error_of_glpk_is_an_error_of_that_solve_alone(tmp_path):
    code = (
        "import numpy as np\n"
        "from dataclasses import replace\n"
        "from lumix_core.testing.solvers.problems import INF, problem\n"
        "from lumix_core.solver.solver import SolverOptions\n"
        "from lumix_solvers.glpk import GlpkSolver\n"
        "good = problem([1.0], [([1.0], 2.0, INF)])\n"
        "bad = replace(good, columns=np.array([7], dtype=np.int32))\n"
        "try:\n"
        "    GlpkSolver().solve(bad, SolverOptions())\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, 'column index out of range' in str(error))\n"
        "print(GlpkSolver().solve(good, SolverOptions()).objective)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "LXSolverError True\n2.0\n", "")


def test_failing_logger_ends_the_run_and_is_named(solver):
    logger = logging.Logger("failing")
    logger.addFilter(lambda record: 1 / 0)

    with pytest.raises(LXOptionError, match=r"logger .failing.: ZeroDivisionError"):
        solver.solve(hard_to_find(), SolverOptions(log=logger, time_limit=30.0))
