"""CP-SAT: the conformance kit, in whole numbers, and what is its own."""

import logging
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXNumberError, LXOptionError, LXUnsupportedError
from lumix_core.problem import Indicators, Quadratics, Structures
from lumix_core.solver.claims import solve as solve_checked
from lumix_core.solver.solver import LXFeature, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.kit import solve
from lumix_core.testing.solvers.answers import IntegerAnswers
from lumix_core.testing.solvers.native import NativeModels
from lumix_core.testing.solvers.options import Options, Silence
from lumix_core.testing.solvers.problems import INF, hard_to_find, knapsacks, problem, random_integers
from lumix_core.testing.solvers.progress import Cancelling, Progress
from lumix_core.testing.solvers.protocol import Seam
from lumix_core.testing.solvers.starts import Starts
from lumix_core.testing.solvers.statuses import Interrupts, Limits
from lumix_solvers.cpsat import CpSatSolver
from lumix_solvers.rational import as_fraction

FAR = 10_000.0


class InWholeNumbers(CpSatSolver):
    """CP-SAT on the problems of the kit, most of which have whole optima.

    Continuous variables are taken for whole ones, and have bounds where there are none. The costs of linear problems
    have three decimals.
    """

    features = CpSatSolver.features - {LXFeature.BEST_BOUND}  # which is of the other costs

    def solve(self, problem, options):
        free = ~problem.integer
        given = {
            "lower": np.where(free & np.isinf(problem.lower), -FAR, problem.lower),
            "upper": np.where(free & np.isinf(problem.upper), FAR, problem.upper),
            "objective": problem.objective if problem.is_mip else np.round(problem.objective, 3),
        }
        raw = super().solve(replace(problem, integer=np.ones_like(free), **given), options)
        return replace(raw, best_bound=None, objective=None if raw.x is None else problem.objective_at(raw.x))


class TestCpSat(Seam, IntegerAnswers, Limits, Interrupts, Starts, Progress, Cancelling, NativeModels, Options, Silence):
    expected_failures: ClassVar = {
        "test_integers_need_not_be_binary": "every variable needs bounds",
        "test_integers_and_continuous_variables": "its optimum is not whole",
        "test_problems_that_a_release_got_wrong[HiGHS 3274]": "every variable needs bounds",
    }
    test_silent_by_default = None  # the problems are continuous ones; see below

    @pytest.fixture
    def solver(self):
        return InWholeNumbers()


@pytest.fixture
def solver():
    return CpSatSolver()


def whole(objective, rows, **parts):
    return problem(objective, rows, integer=True, **parts)


@pytest.mark.parametrize("seed", range(4))
def test_bound_of_an_optimum_is_the_optimum(solver, seed):
    result = solve(solver, random_integers(seed, maximize=bool(seed % 2)))

    assert result.best_bound == pytest.approx(result.objective)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (0.1, Fraction(1, 10)),
        (1 / 3, Fraction(1, 3)),
        (-2.5, Fraction(-5, 2)),
        (1e-7, Fraction(1, 10**7)),
        (0.1 + 0.2, Fraction("0.30000000000000004")),
    ],
)
def test_a_number_is_the_fraction_that_it_stands_for(value, meant):
    assert as_fraction(value, None) == meant


def test_numbers_are_rounded_to_fractions_on_request():
    assert as_fraction(0.1 + 0.2, 1000) == Fraction(3, 10)


def test_fractions_are_scaled_exactly(solver):
    asked = whole([0.3, 0.7], [([0.1, 0.2], -INF, 0.3), ([1 / 3, -1 / 7], -1.0, INF)], upper=9.0, maximize=True)

    result = solve(solver, asked)

    assert (result.status, result.x.tolist()) == (LXStatus.OPTIMAL, [1.0, 1.0])
    assert result.best_bound == pytest.approx(1.0)


def test_rounding_noise_of_a_side_excludes_no_point(solver):
    asked = whole([1.0], [([0.1], 0.1 + 0.2, INF)], upper=9.0)

    assert solve(solver, asked).x.tolist() == [3.0]


def test_a_row_with_too_many_digits_is_refused_by_its_name(solver):
    asked = whole([1.0, 1.0], [([0.123456789012345, 0.987654321098765], -INF, 5.0)], upper=1e6)

    with pytest.raises(LXNumberError, match=r"row0 does not fit into whole numbers of 64 bits.*max_denom=1000"):
        solve(solver, asked)


def test_a_row_with_too_many_digits_is_rounded_on_request():
    asked = whole([1.0, 1.0], [([0.123456789012345, 0.987654321098765], -INF, 5.0)], upper=9.0, maximize=True)

    assert solve(CpSatSolver(max_denom=1000), asked).x.tolist() == [9.0, 3.0]


def test_the_optimizer_passes_the_denominator_on():
    x = LXVariable[None, int]("x").integer().bounds(lower=0, upper=1e6)
    row = LXConstraint("row").expression(LXLinearExpression().add_term(x, 0.1234567890123456)).le().rhs(0.5)
    model = LXModel("digits").add_variable(x).add_constraint(row).maximize(LXLinearExpression().add_term(x))
    optimizer = LXOptimizer().use_solver("cpsat")

    with pytest.raises(LXNumberError, match=r"'digits': row does not fit into whole numbers"):
        optimizer.solve(model)
    assert optimizer.enable_rational_conversion(max_denom=100).solve(model).variables["x"] == 4


@pytest.mark.parametrize("value", [0, -1, 2.5, True])
def test_a_denominator_of_the_optimizer_that_is_none_is_refused(value):
    with pytest.raises(LXOptionError, match=r"enable_rational_conversion\(\) got max_denom="):
        LXOptimizer().enable_rational_conversion(max_denom=value)


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "many"])
def test_a_denominator_that_is_none_is_refused(value):
    with pytest.raises(LXOptionError, match=r"max_denom=.*makes no sense"):
        CpSatSolver(max_denom=value)


def test_a_continuous_variable_is_refused_by_its_name(solver):
    asked = problem([1.0, 1.0], [([1.0, 1.0], 1.0, INF)], upper=5.0, integer=[True, False])

    with pytest.raises(LXUnsupportedError, match=r"x1 is continuous, and solver 'cpsat' takes whole variables alone"):
        solve(solver, asked)


def test_bounds_follow_from_the_rows(solver):
    asked = whole([-1.0, -1.0], [([3.0, 2.0], -INF, 7.0)])

    assert solve(solver, asked).objective == -3.0


def test_a_variable_without_an_end_is_refused_by_its_name(solver):
    with pytest.raises(LXUnsupportedError, match=r"x0 has no upper bound within 2\*\*53.*no number is guessed"):
        solve(solver, whole([1.0], [([1.0], 2.0, INF)]))


@pytest.mark.parametrize(
    ("lower", "upper", "x"), [(3.0, 5.0, 0.0), (1.0, 5.0, 2.0), (-5.0, -3.0, 0.0), (4.0, 2.0, 0.0)]
)
def test_semi_integer_variables_have_a_gap(solver, lower, upper, x):
    base = whole([1.0], [([1.0], -2.5, 2.5)], lower=[lower], upper=[upper], maximize=True)
    asked = replace(base, structures=Structures(semi=np.array([True])))

    assert solve_checked(solver, asked, SolverOptions()).x.tolist() == [x]


@pytest.mark.parametrize(("on", "optimum"), [(True, 3.0), (False, 7.0)])
def test_a_row_holds_where_its_indicator_says(solver, on, optimum):
    base = whole([1.0, 4.0], [([1.0, 0.0], 3.0, INF)], upper=[10.0, 1.0], lower=[0.0, float(on)])
    held = Indicators(*(np.array([k], dtype=np.int32) for k in (0, 1)), np.array([on]))

    result = solve(solver, replace(base, structures=Structures(indicators=held)))

    assert result.objective == (optimum + 4.0 if on else 3.0)


def test_large_numbers_do_not_make_a_row_hold_always(solver):
    """OR-Tools 9.15 calls -13 optimal: it takes a row with an indicator for one that always holds."""
    big = 2.0**32
    rows = [
        ([-3 * big - 2, -big - 9, 0.0, 0.0, 3 * big - 4, 0.0, 3 * big - 9], -INF, 6720006809.0),
        ([4.0, -3.0, 3 * big + 7, 0.0, big, 7 - big, big - 2], -INF, 2825631897.0),
        ([0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0], -INF, 1.0),
        ([1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0], -INF, 0.0),
    ]
    base = whole([5.0, -1.0, -6.0, -4.0, -7.0, -7.0, -7.0], rows, lower=0.0, upper=1.0)
    switches = Indicators(*(np.array(part, dtype=np.int32) for part in ([0, 1], [2, 3])), np.array([False, True]))
    asked = replace(base, structures=Structures(indicators=switches))

    assert solve(solver, asked, seed=1).objective == -20.0


def test_products_need_not_be_convex(solver):
    base = whole([0.0, 0.0, 0.5], [([1.0, 1.0, 1.0], -INF, 5.0)], lower=-1.0, upper=4.0, maximize=True)
    rows, left, right = (np.array(part) for part in ([-1, -1], [0, 2], [1, 2]))
    products = Quadratics.of(rows, left, right, np.array([1.0, -1.0]))

    result = solve(solver, replace(base, structures=Structures(quadratics=products)))

    assert result.objective == 7.5


def test_a_start_point_has_the_products(solver):
    base = whole([0.0, 0.0], [([1.0, 1.0], -INF, 5.0)], upper=4.0, maximize=True)
    product = Quadratics.of(*(np.array([k]) for k in (-1, 0, 1)), np.array([1.0]))
    asked = replace(base, structures=Structures(quadratics=product))

    result = solve(solver, asked, start=np.array([1.0, 4.0]), options={"stop_after_first_solution": True})

    assert result.objective >= 4.0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"num_workerss": 2}, r"no option 'num_workerss'.*Did you mean 'num_workers'"),
        ({"num_workers": "many"}, r"refuses 'many' for its option 'num_workers'"),
        ({"num_workers": -3}, r"refuses -3 for its option 'num_workers'.*num_workers"),
        ({"log_to_stdout": True}, r"no option 'log_to_stdout'"),
    ],
)
def test_bad_native_options_are_refused(solver, capfd, options, reason):
    with pytest.raises(LXOptionError, match=reason):
        solve(solver, knapsacks(offset=0.0), options=options)

    assert capfd.readouterr() == ("", "")


def test_another_end_than_the_time_limit_is_told(solver):
    result = solve(solver, hard_to_find(), options={"max_number_of_conflicts": 10, "num_workers": 1})

    assert (result.status, result.limit) == (LXStatus.NO_SOLUTION, LXLimit.OTHER)


@pytest.mark.parametrize("maximize", [True, False])
def test_before_there_is_a_point_nothing_is_proved(solver, maximize):
    asked = replace(random_integers(1, maximize=maximize), offset=-1000.0 if maximize else 1000.0)

    result = solve(solver, asked, options={"stop_after_presolve": True, "cp_model_presolve": False})

    assert (result.status, result.best_bound) == (LXStatus.NO_SOLUTION, None)


def test_what_ends_a_run_without_other_options_is_its_time(solver):
    result = solve(solver, hard_to_find(), time_limit=0.01)

    assert (result.status, result.limit) == (LXStatus.NO_SOLUTION, LXLimit.TIME)


def whole_plan(most=4):
    made = LXVariable[str, int]("made").from_data(["a", "b"]).integer().bounds(lower=0, upper=9)
    limit = LXConstraint("limit").expression(LXLinearExpression().add_term(made)).le().rhs(most)
    least = LXConstraint("least").expression(LXLinearExpression().add_term(made, 2.0)).ge().rhs(3)
    return (
        LXModel("plan").add_variable(made).add_constraints(limit, least).maximize(LXLinearExpression().add_term(made))
    )


@pytest.mark.parametrize(
    ("values", "outcome"),
    [({"a": 1}, "repaired"), ({"a": 9, "b": 9}, "rejected"), ({"a": -1, "b": 2}, "repaired"), ({}, "ignored")],
)
def test_a_start_point_of_whole_variables_may_lack_values_or_be_wrong(values, outcome):
    found = LXOptimizer().use_solver("cpsat").solve(whole_plan(), start={"made": values})

    assert (found.objective_value, found.start_point) == (4, outcome)


def test_reasons_are_left_to_other_solvers():
    with pytest.raises(LXUnsupportedError, match=r"'cpsat' cannot explain why model 'plan' is infeasible.*'highs'"):
        LXOptimizer().use_solver("cpsat").explain_infeasibility(whole_plan(most=1))


def test_details_hold_counts(solver):
    assert solve(solver, knapsacks(offset=0.0)).details["branches"] > 0


def test_nothing_is_printed(solver, capfd):
    for upper in (5.0, 2.0):
        solve(solver, whole([1.0, 0.0], [([1.0, -1.0], 3.0, INF)], upper=[upper, 0.0]))

    assert capfd.readouterr() == ("", "")


def test_failing_logger_ends_the_run_and_is_named(solver):
    logger = logging.Logger("failing")
    logger.addFilter(lambda record: 1 / 0)

    with pytest.raises(LXOptionError, match=r"logger .failing.: ZeroDivisionError"):
        solver.solve(hard_to_find(), SolverOptions(log=logger, time_limit=30.0))
