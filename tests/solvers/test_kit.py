"""The solver kit itself catches every planted fault; that it passes a faithful solver, `test_highs.py` shows."""

import os
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from solver_faults import Fake

from lumix_core.errors import LXError
from lumix_core.problem.requirements import Requirements
from lumix_core.solver import KnownFault
from lumix_core.solver.solver import LXFeature
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.solvers import options as solver_options
from lumix_core.testing.solvers import statuses as solver_statuses
from lumix_core.testing.solvers.answers import replace_rows
from lumix_solvers.highs import HighsSolver


class Bare:
    """A solver that can do nothing but solve linear problems."""

    name = "bare"
    features = frozenset()

    def is_available(self):
        return True

    def solve(self, problem, options):
        return replace(HighsSolver().solve(problem, options), duals=None, reduced_costs=None)


class TestBareSolver(SolverConformance):
    """A solver without features passes the kit: all that it lacks is refused for it."""

    expected_failures: ClassVar = {"test_is_registered": "it is given as an object"}

    @pytest.fixture
    def solver(self):
        return Bare()


# Faults that change what HiGHS is given.


def swap_bounds(problem, options):
    return replace(problem, lower=-problem.upper, upper=-problem.lower), options


def take_unset_bounds_for_zero(problem, options):
    return replace(problem, lower=np.where(np.isinf(problem.lower), 0.0, problem.lower)), options


def lose_the_last_row(problem, options):
    return replace_rows(problem, 0, max(problem.num_constraints - 1, 0)), options


def lose_rows_without_coefficients(problem, options):
    empty = np.diff(problem.row_starts) == 0
    row_lower, row_upper = (np.where(empty, side, rows) for side, rows in _sides(problem))
    return replace(problem, row_lower=row_lower, row_upper=row_upper), options


def straighten_crossed_sides(problem, options):
    (_, lower), (_, upper) = _sides(problem)
    return replace(problem, row_lower=np.minimum(lower, upper), row_upper=np.maximum(lower, upper)), options


def _sides(problem):
    return (-np.inf, problem.row_lower), (np.inf, problem.row_upper)


def always_minimise(problem, options):
    return replace(problem, maximize=False), options


def ignore_integrality(problem, options):
    return replace(problem, integer=np.zeros_like(problem.integer)), options


def take_integers_for_binaries(problem, options):
    return replace(problem, upper=np.where(problem.integer, np.minimum(problem.upper, 1.0), problem.upper)), options


def lose_the_constant(problem, options):
    return replace(problem, offset=0.0), options


def print_numbers_short(problem, options):
    short = [float(f"{side:.8g}") for side in problem.row_lower]
    return replace(problem, row_lower=np.array(short)), options


def measure_the_gap_without_the_constant(problem, options):
    return replace(problem, offset=0.0), options


def ignore(name, default=None):
    return lambda problem, options: (problem, replace(options, **{name: default}))


def treble_the_time_limit(problem, options):
    return problem, replace(options, time_limit=3.0 * options.time_limit)


def print_to_descriptor(problem, options):
    os.write(1, b"Welcome to the solver\n")
    return problem, options


def write_into_the_problem(problem, options):
    problem.lower.setflags(write=True)
    problem.lower[:] = np.maximum(problem.lower, -1e9)
    return problem, options


def jitter(problem, options):
    noise = np.random.default_rng().uniform(-1e-9, 1e-9, problem.num_variables)
    return replace(problem, lower=problem.lower + noise, upper=problem.upper + np.abs(noise)), options


# Faults that change what HiGHS answers.


def negate_duals(problem, result):
    return replace(result, duals=_negative(result.duals), reduced_costs=_negative(result.reduced_costs))


def negate_duals_of_maximisation(problem, result):
    return negate_duals(problem, result) if problem.maximize else result


def forget_reduced_costs(problem, result):
    return replace(result, reduced_costs=np.zeros(problem.num_variables))


def _negative(values):
    return None if values is None else -values


def duals_for_integers(problem, result):
    return replace(result, duals=np.zeros(problem.num_constraints))


def call_incumbents_optimal(problem, result):
    if result.status is LXStatus.FEASIBLE:
        return replace(result, status=LXStatus.OPTIMAL, limit=None)
    return result


def call_the_incumbent_the_bound(problem, result):
    return replace(result, best_bound=result.objective)


def call_no_point_infeasible(problem, result):
    if result.status is LXStatus.NO_SOLUTION:
        return replace(result, status=LXStatus.INFEASIBLE, limit=None)
    return result


def call_no_proof_unbounded(problem, result):
    unbounded = result.status in (LXStatus.INFEASIBLE, LXStatus.INFEASIBLE_OR_UNBOUNDED)
    return replace(result, status=LXStatus.UNBOUNDED) if unbounded else result


def call_unbounded_infeasible(problem, result):
    return replace(result, status=LXStatus.INFEASIBLE) if result.status is LXStatus.UNBOUNDED else result


def call_points_infeasible(problem, result):
    return replace(result, status=LXStatus.INFEASIBLE, limit=None, x=None, objective=None)


def invent_values(problem, result):
    return result if result.status.has_point else replace(result, x=np.zeros(problem.num_variables), objective=0.0)


def lose_the_incumbent(problem, result):
    if result.status is LXStatus.FEASIBLE:
        return replace(result, status=LXStatus.NO_SOLUTION, x=None, objective=None)
    return result


def forget_the_limit(problem, result):
    return replace(result, limit=LXLimit.OTHER if result.limit else None)


def stop_within_the_gap(problem, result):
    taken = np.flatnonzero(result.x > 0.5)
    x = result.x.copy()
    x[taken[np.argmin(problem.objective[taken])]] = 0.0
    return replace(result, x=x, objective=problem.objective_at(x))


def move_the_point(problem, result):
    return result if result.x is None else replace(result, x=result.x + 0.01)


# Faults of the search for conflicts.


def find_too_little(problem, conflict):
    return replace(conflict, requirements=conflict.requirements.of_rows)


def find_bounds_that_are_not_there(problem, conflict):
    every = np.ones(problem.num_variables, dtype=bool)
    return replace(conflict, requirements=conflict.requirements | Requirements.of(problem, upper=every))


def answer_with_a_set(problem, conflict):
    return conflict.requirements


class Modest(Fake):
    """Has a search for conflicts, and does not say so."""

    features = HighsSolver.features - {LXFeature.CONFLICTS}


# Faults that need a memory, or a hand on the run.


class Stale(Fake):
    """Answers every run with the first point that it found."""

    def __init__(self):
        super().__init__(after=self.remember)
        self.first = None

    def remember(self, problem, result):
        self.first = self.first or result
        return self.first


class OneBuffer(Fake):
    """Gives out the same array again and again."""

    def __init__(self):
        super().__init__(after=self.fill)
        self.buffer = None

    def fill(self, problem, result):
        if self.buffer is None:
            self.buffer = np.array(result.x)
        self.buffer[:] = result.x
        return replace(result, x=self.buffer)


class OneProblem(Fake):
    """Keeps the problem of a run where other threads find it."""

    def solve(self, problem, options):
        self.problem = problem
        HighsSolver().solve(problem, options)
        return HighsSolver().solve(self.problem, options)


class Deaf(Fake):
    """Lets Ctrl-C through."""

    def solve(self, problem, options):
        result = super().solve(problem, options)
        if result.limit is LXLimit.INTERRUPT:
            raise KeyboardInterrupt
        return result


class Alarming(Fake):
    """Tells of faults that are not in the installed version, or without a cure."""

    def __init__(self, version, **parts):
        super().__init__()
        parts = {"library": "acme", "first": "1.2", "fixed": None, "what": "errs", "source": "here"} | parts
        self.known_faults = ((KnownFault(**parts), version),)


class Obliging(Fake):
    """Ignores native options that it does not know."""

    def solve(self, problem, options):
        return super().solve(problem, replace(options, options={}))


MIN = {"maximize": False}
MAX = {"maximize": True}
PLAIN = {"seed": 0, "degenerate": False}

FAULTS = [
    (Fake(swap_bounds), "test_tells_lower_from_upper_bounds", MIN),
    (Fake(take_unset_bounds_for_zero), "test_free_variables_go_below_zero", {}),
    (Fake(take_unset_bounds_for_zero), "test_unbounded_below_zero", {}),
    (Fake(lose_the_last_row), "test_last_row_counts", {}),
    (Fake(lose_rows_without_coefficients), "test_row_without_coefficients_that_does_not_hold", {}),
    (Fake(straighten_crossed_sides), "test_row_with_crossed_sides_is_infeasible", {}),
    (Fake(always_minimise), "test_maximises_below_upper_sides", {}),
    (Fake(ignore_integrality), "test_integers_are_whole", {}),
    (Fake(ignore_integrality), "test_infeasible_for_integers_only", {}),
    (Fake(take_integers_for_binaries), "test_integers_need_not_be_binary", {}),
    (Fake(lose_the_constant), "test_objective_contains_its_constant", MAX),
    (Fake(print_numbers_short), "test_keeps_all_digits", {}),
    (Fake(after=stop_within_the_gap), "test_gap_of_zero_finds_the_optimum", {}),
    (Fake(jitter), "test_repeats_itself", {}),
    (Fake(write_into_the_problem), "test_leaves_the_problem_as_it_was", {}),
    (Fake(after=negate_duals), "test_duals_prove_the_optimum", PLAIN | MIN),
    (Fake(after=negate_duals_of_maximisation), "test_duals_prove_the_optimum", PLAIN | MAX),
    (Fake(after=negate_duals_of_maximisation), "test_duals_are_what_a_change_of_a_side_brings", MAX),
    (Fake(after=forget_reduced_costs), "test_reduced_costs_are_what_a_change_of_a_bound_brings", MIN),
    (Fake(after=duals_for_integers), "test_integers_have_no_duals", {}),
    (Fake(after=call_no_proof_unbounded), "test_unbounded_relaxation_of_infeasible_integers", {}),
    (Fake(after=call_no_proof_unbounded), "test_infeasible_with_an_unbounded_direction", {}),
    (Fake(after=call_unbounded_infeasible), "test_unbounded", MIN),
    (Fake(after=invent_values), "test_nothing_is_invented_where_there_is_no_point", {"kind": "infeasible"}),
    (Fake(after=move_the_point), "test_reaches_a_planted_optimum", PLAIN | MIN),
    (Fake(found=find_too_little), "test_conflict_that_it_finds_cannot_hold", {}),
    (Fake(found=find_bounds_that_are_not_there), "test_conflict_that_it_finds_cannot_hold", {}),
    (Fake(found=answer_with_a_set), "test_conflict_that_it_finds_cannot_hold", {}),
    (Fake(found=answer_with_a_set), "test_conflict_of_rows_and_bounds", {}),
    (Fake(ignore_integrality), "test_conflict_of_integers_only", {}),
    (Fake(after=call_points_infeasible), "test_nothing_to_explain", {}),
    (Modest(), "test_says_whether_it_finds_conflicts", {}),
    (Stale(), "test_owes_nothing_to_the_run_before", {}),
    (Stale(), "test_infeasible_after_optimal", {}),
    (OneBuffer(), "test_earlier_answers_stay", {}),
    (OneProblem(), "test_runs_in_several_threads", {}),
    (Alarming("1.1", avoided="It is."), "test_tells_of_faults_in_the_versions_that_have_them", {}),
    (Alarming("1.2"), "test_tells_of_faults_in_the_versions_that_have_them", {}),
    (Alarming("1.2", install="pip install acme"), "test_tells_of_faults_in_the_versions_that_have_them", {}),
    (Obliging(), "test_unknown_native_option_is_refused", {}),
]

SLOW_FAULTS = [
    (Fake(after=call_incumbents_optimal), "test_time_limit_with_an_incumbent", MIN),
    (Fake(after=lose_the_incumbent), "test_time_limit_with_an_incumbent", MAX),
    (Fake(after=forget_the_limit), "test_time_limit_with_an_incumbent", MIN),
    (Fake(after=call_the_incumbent_the_bound), "test_bound_at_a_time_limit", MIN),
    (Fake(after=call_no_point_infeasible), "test_time_limit_without_an_incumbent", {}),
    (Fake(treble_the_time_limit), "test_time_limit_without_an_incumbent", {}),
    (Fake(ignore("mip_rel_gap")), "test_relative_gap_ends_a_run", {}),
    (Fake(measure_the_gap_without_the_constant), "test_relative_gap_ends_a_run", {}),
    (Fake(ignore("mip_abs_gap")), "test_absolute_gap_ends_a_run", {}),
    (Deaf(), "test_ctrl_c_ends_a_run", {}),
]

CAUGHT = (AssertionError, LXError, pytest.fail.Exception)


def names(faults):
    return [
        f"{fault.before.__name__}-{fault.after.__name__}-{fault.found.__name__}-{test}" for fault, test, _ in faults
    ]


@pytest.fixture
def hasty(monkeypatch):
    """A kit with little patience, so that what must fail by being late fails soon."""
    monkeypatch.setattr(solver_statuses, "TIME_LIMIT", 0.6)
    monkeypatch.setattr(solver_statuses, "PATIENCE", 1.0)
    monkeypatch.setattr(solver_options, "BACKSTOP", 1.5)


@pytest.mark.parametrize(("fault", "test", "parameters"), FAULTS, ids=names(FAULTS))
def test_fault_is_caught(fault, test, parameters):
    with pytest.raises(CAUGHT):
        getattr(SolverConformance(), test)(solver=fault, **parameters)


@pytest.mark.parametrize(("fault", "test", "parameters"), SLOW_FAULTS, ids=names(SLOW_FAULTS))
def test_fault_at_a_limit_is_caught(fault, test, parameters, hasty):
    kit = type("Hasty", (SolverConformance,), {})

    with pytest.raises(CAUGHT):
        getattr(kit(), test)(solver=fault, **parameters)


def test_printing_is_caught(capfd):
    with pytest.raises(AssertionError):
        SolverConformance().test_silent_by_default(solver=Fake(print_to_descriptor), capfd=capfd, kind="optimal")


def test_missing_log_is_caught(capfd, tmp_path):
    with pytest.raises((AssertionError, FileNotFoundError)):
        SolverConformance().test_log_in_a_file(solver=Fake(ignore("log", False)), capfd=capfd, tmp_path=tmp_path)


def test_log_on_the_wrong_channel_is_caught(capfd):
    with pytest.raises(AssertionError):
        SolverConformance().test_log_to_a_logger(solver=Fake(ignore("log", True)), capfd=capfd)


def test_every_test_of_the_kit_says_what_it_is_for():
    tests = [getattr(SolverConformance, name) for name in dir(SolverConformance) if name.startswith("test_")]

    assert [test.__name__ for test in tests if not (test.__doc__ or "").endswith(".")] == []
