"""The solver kit catches what is planted in start points, progress, cancelled runs, and models handed over."""

import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from solver_faults import Fake, Opening, Run, without

from lumix_core.errors import LXError
from lumix_core.solver.solver import RawProgress
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.solvers import options as solver_options
from lumix_core.testing.solvers import progress as solver_progress
from lumix_core.testing.solvers import statuses as solver_statuses
from lumix_core.testing.solvers.answers import replace_rows


def forget_the_start(problem, options):
    return problem, replace(options, start=None)


def forget_to_report(problem, options):
    return problem, replace(options, progress=None)


def go_on_when_cancelled(problem, options):
    return problem, replace(options, cancelled=None, time_limit=2.5)


def round_down_to_binaries(problem, options):
    start = options.start
    return problem, replace(options, start=None if start is None else start.clip(0.0, 1.0))


class AnswersWithTheStart(Fake):
    """Returns the start point as if it were the optimum."""

    def solve(self, problem, options):
        result = super().solve(problem, options)
        if options.start is None:
            return result
        return replace(result, x=options.start, objective=problem.objective_at(options.start), best_bound=None)


class KeepsTheStart(Fake):
    """Answers with the start point of the run before, where it has its size."""

    kept = None

    def solve(self, problem, options):
        start, self.kept = self.kept, options.start
        result = super().solve(problem, options)
        if start is None:
            return result
        return replace(result, x=start[: problem.num_variables])


def reporting(change):
    """Return what changes each report, given the problem."""

    def before(problem, options):
        report = options.progress
        changed = None if report is None else lambda progress: report(change(problem, progress))
        return problem, replace(options, progress=changed)

    before.__name__ = change.__name__
    return before


def negate(problem, progress):
    incumbent, bound = progress.incumbent, progress.bound
    return RawProgress(incumbent=None if incumbent is None else -incumbent, bound=None if bound is None else -bound)


def negate_maximisation(problem, progress):
    return negate(problem, progress) if problem.maximize else progress


def lose_the_constant(problem, progress):
    incumbent = progress.incumbent
    return replace(progress, incumbent=None if incumbent is None else incumbent - problem.offset)


def report_the_incumbent_as_bound(problem, progress):
    return replace(progress, bound=progress.incumbent)


def report_endless_numbers(problem, progress):
    return replace(progress, incumbent=float("inf") if progress.incumbent is None else progress.incumbent, bound=1e400)


def report_bounds_alone(problem, progress):
    return replace(progress, incumbent=None)


def on_a_thread_of_its_own(problem, options):
    report = options.progress

    def start(progress):
        thread = threading.Thread(target=report, args=[progress])
        thread.start()
        thread.join(5)

    return problem, replace(options, progress=start)


def call_it_interrupted(problem, result):
    return replace(result, limit=LXLimit.INTERRUPT) if result.limit is LXLimit.CANCELLED else result


def lose_the_incumbent(problem, result):
    if result.status is LXStatus.FEASIBLE:
        return replace(result, status=LXStatus.NO_SOLUTION, x=None, objective=None)
    return result


def invent_a_point(problem, result):
    x = problem.lower.copy()
    return replace(result, status=LXStatus.FEASIBLE, x=x, objective=problem.objective_at(x))


def forget_to_hand_over(problem, options):
    return problem, replace(options, native=None)


def hand_over_twice(problem, options):
    options.call_native("a model", problem)
    return problem, options


def handing_over(change):
    """Return what changes how the function of the user's is called."""

    def before(problem, options):
        call = options.native
        return problem, replace(options, native=None if call is None else lambda *given: change(call, *given))

    before.__name__ = change.__name__
    return before


def hand_nothing_over(call, model, problem):
    return call(None, problem)


def hand_over_another_problem(call, model, problem):
    return call(model, replace_rows(problem, 0, 1))


def swallow_the_error(call, model, problem):
    with suppress(Exception):
        call(model, problem)


class HandsOverOnce(Run):
    """Hands its model over before the first run alone."""

    def __init__(self, problem, options):
        calls = [options.native]
        super().__init__(problem, replace(options, native=lambda *given: [calls.pop()(*given) for _ in calls[:1]]))


class Unusable(Fake):
    """Heeds no run after one that was cancelled."""

    is_broken = False

    def solve(self, problem, options):
        result = super().solve(problem, options)
        if self.is_broken:
            return replace(result, status=LXStatus.ERROR, x=None, objective=None)
        self.is_broken = result.limit is LXLimit.CANCELLED
        return result


MIN, MAX = {"maximize": False}, {"maximize": True}

FAULTS = [
    (Fake(forget_the_start), "test_start_point_is_the_first_incumbent", MIN),
    (Fake(forget_the_start), "test_start_point_is_the_first_incumbent", MAX),
    (Fake(round_down_to_binaries), "test_start_point_of_whole_numbers", {}),
    (AnswersWithTheStart(), "test_start_point_is_not_the_answer", {}),
    (KeepsTheStart(), "test_start_point_belongs_to_one_run", {}),
    (Fake(forget_to_report), "test_progress_is_reported", MIN),
    (Fake(reporting(negate)), "test_progress_is_reported", MIN),
    (Fake(reporting(negate_maximisation)), "test_progress_is_reported", MAX),
    (Fake(reporting(lose_the_constant)), "test_progress_is_reported", MIN),
    (Fake(reporting(report_the_incumbent_as_bound)), "test_progress_is_reported", MIN),
    (Fake(reporting(report_endless_numbers)), "test_progress_is_reported", MIN),
    (Fake(reporting(report_bounds_alone)), "test_progress_is_reported", MIN),
    (Fake(on_a_thread_of_its_own), "test_progress_is_reported_on_the_thread_that_called", {}),
    (Fake(go_on_when_cancelled), "test_another_thread_ends_a_run", MIN),
    (Fake(after=call_it_interrupted), "test_another_thread_ends_a_run", MIN),
    (Fake(after=lose_the_incumbent), "test_another_thread_ends_a_run", MAX),
    (Fake(after=invent_a_point), "test_cancelled_without_an_incumbent", {}),
    (Unusable(), "test_cancelling_leaves_the_solver_usable", {}),
    (Fake(forget_to_hand_over), "test_native_model_is_handed_over", {}),
    (Fake(hand_over_twice), "test_native_model_is_handed_over", {}),
    (Fake(handing_over(hand_nothing_over)), "test_native_model_is_handed_over", {}),
    (Fake(handing_over(hand_over_another_problem)), "test_native_model_is_handed_over", {}),
    (Fake(handing_over(swallow_the_error)), "test_error_of_a_native_function_is_raised", {}),
    (Opening(options=without("native")), "test_native_model_is_handed_over_before_each_live_run", {}),
    (Opening(HandsOverOnce), "test_native_model_is_handed_over_before_each_live_run", {}),
]


def names(faults):
    return [
        f"{type(fault).__name__}-{fault.before.__name__}-{fault.after.__name__}-{test}" for fault, test, _ in faults
    ]


@pytest.mark.parametrize(("fault", "test", "parameters"), FAULTS, ids=names(FAULTS))
def test_fault_is_caught(fault, test, parameters, monkeypatch):
    monkeypatch.setattr(solver_options, "BACKSTOP", 1.0)
    monkeypatch.setattr(solver_statuses, "PATIENCE", 1.0)
    monkeypatch.setattr(solver_progress, "LONG_ENOUGH", 0.6)
    kit = type("Hasty", (SolverConformance,), {})

    with pytest.raises((AssertionError, LXError, pytest.fail.Exception)):
        getattr(kit(), test)(solver=fault, **parameters)
