"""SCIP: the conformance kit, and what is its own."""

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest

from lumix_core.errors import LXOptionError
from lumix_core.problem import Indicators, Quadratics, Structures
from lumix_core.solver.claims import solve as solve_checked
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.problems import INF, hard_to_find, hard_to_prove, planted, problem
from lumix_solvers.scip import ScipSolver
from lumix_solvers.single_rows import paid_by_single_rows


class TestScip(SolverConformance):
    @pytest.fixture
    def solver(self):
        return ScipSolver()


@pytest.fixture
def solver():
    return ScipSolver()


def with_products(base, *terms, **parts):
    rows, left, right, values = (np.array(part) for part in zip(*terms, strict=True))
    return replace(base, structures=Structures(quadratics=Quadratics.of(rows, left, right, values * 1.0), **parts))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("limits/nodes", 2.5, "it takes a whole number"),
        ("limits/gap", "none", "it takes a number"),
        ("limits/gap", -1, "Invalid value <-1> for real parameter <limits/gap>"),
        ("nodeselection/childsel", "often", "it is invalid"),
        ("misc/catchctrlc", 1, "it takes True or False"),
    ],
)
def test_bad_value_of_a_native_option_is_refused_in_the_words_of_scip(solver, capfd, name, value, reason):
    if name == "nodeselection/childsel":
        reason = ""  # SCIP takes one letter, and says what it can make of others

    with pytest.raises(LXOptionError) as refusal:
        solve(solver, planted(1).problem, options={name: value})

    assert str(refusal.value).startswith(f"Solver 'scip' refuses {value!r} for its option {name!r}")
    assert reason in str(refusal.value)
    assert capfd.readouterr() == ("", "")


def test_unknown_native_option_is_refused_with_a_similar_one(solver):
    with pytest.raises(LXOptionError, match=r"no option 'limits/node'.*Did you mean 'limits/nodes'"):
        solve(solver, planted(1).problem, options={"limits/node": 5})


@pytest.mark.parametrize(
    ("options", "limit"), [({"limits/nodes": 1}, LXLimit.NODE), ({"limits/solutions": 1}, LXLimit.SOLUTION)]
)
def test_native_limits_are_told(solver, options, limit):
    result = solve(solver, hard_to_prove(), options=options)

    assert (result.status, result.limit) == (LXStatus.FEASIBLE, limit)


def test_threads_are_refused(solver):
    with pytest.raises(LXOptionError, match="cannot honour threads=2: it would be ignored"):
        solve(solver, planted(1).problem, threads=2)


def test_details_hold_nodes_and_iterations(solver):
    result = solve(solver, planted(1).problem)

    assert result.details["nodes"] == 1
    assert result.details["lp_iterations"] > 0


def test_a_row_of_one_variable_has_its_dual(solver):
    asked = problem([3.0, 1.0], [([2.0, 0.0], 4.0, INF), ([1.0, 0.0], 1.0, INF), ([1.0, 1.0], -INF, 9.0)])

    result = solve(solver, asked)

    assert result.duals.tolist() == [1.5, 0.0, 0.0]
    assert result.reduced_costs.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("maximize", [False, True])
def test_one_of_two_equal_rows_pays(maximize):
    sign = -1.0 if maximize else 1.0
    asked = problem([sign], [([-1.0], -INF, -2.0), ([1.0], 2.0, INF)], maximize=maximize)

    duals, reduced_costs = paid_by_single_rows(asked, np.array([2.0]), np.zeros(2))

    assert duals.tolist() == [-sign, 0.0]
    assert reduced_costs.tolist() == [0.0]


@pytest.mark.parametrize("maximize", [False, True])
def test_products_in_the_objective_begin_with_the_start_point(solver, maximize):
    sign = -1.0 if maximize else 1.0
    base = problem([0.0, 0.0], [([1.0, 1.0], 3.0, INF)], upper=4.0, integer=True, maximize=maximize, offset=1.0)
    asked = with_products(base, (-1, 0, 0, sign), (-1, 1, 1, sign))

    result = solve(solver, asked, start=np.array([3.0, 0.0]), options={"limits/solutions": 1})

    assert result.x.tolist() == [3.0, 0.0]
    assert result.objective == 1.0 + sign * 9.0


def test_an_indicator_may_hold_a_product(solver):
    base = problem(
        [-1.0, -1.0, -1.0], [([0.0, 0.0, 0.0], -INF, 4.0)], upper=[3.0, 3.0, 1.0], integer=[False, False, True]
    )
    switch = Indicators(*(np.array([k], dtype=np.int32) for k in (0, 2)), np.array([True]))
    asked = with_products(base, (0, 0, 1, 1.0), indicators=switch)

    result = solve(solver, asked)

    assert result.objective == pytest.approx(-6.0, abs=1e-5), "3 and 3, the indicator off, or 3 and 4 / 3 with it"


@pytest.mark.parametrize("maximize", [False, True])
def test_a_quadratic_objective_that_is_flat_somewhere_is_not_called_optimal(solver, maximize):
    sign = -1.0 if maximize else 1.0
    base = problem([0.0, sign], [([1.0, 0.0], -INF, 2.0)], lower=-INF, maximize=maximize)

    result = solve_checked(solver, with_products(base, (-1, 0, 0, sign)), SolverOptions(time_limit=5.0))

    assert result.status in (LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED, LXStatus.ERROR)


@pytest.mark.thorough
def test_products_are_solved_in_several_threads(solver):
    base = problem([0.0] * 3, [([1.0, 1.0, 1.0], -INF, 5.0)], upper=4.0, maximize=True)
    asked, optima = with_products(base, (-1, 0, 1, 1.0), (-1, 1, 2, 1.0)), []
    threads = [threading.Thread(target=lambda: optima.append(solve(solver, asked).objective)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert optima == pytest.approx([6.25] * 4, abs=1e-5)


def test_failing_logger_ends_the_run_and_is_named(solver):
    logger = logging.Logger("failing")
    logger.addFilter(lambda record: 1 / 0)

    with pytest.raises(LXOptionError, match=r"logger .failing.: ZeroDivisionError"):
        solver.solve(hard_to_find(), SolverOptions(log=logger, time_limit=30.0))


@pytest.mark.thorough
def test_more_problems_with_products_than_scip_bears_threads(solver):
    """SCIP crashes on the 65th thread of a process that solves such problems."""
    base = problem([-3.0, -2.0], [([1.0, 1.0], -INF, 1.0)], upper=4.0)
    squares = with_products(base, (-1, 0, 0, 1), (-1, 1, 1, 1))

    objectives = [solve(solver, squares).objective for _ in range(70)]

    assert objectives == pytest.approx([-2.125] * 70, abs=1e-5)
