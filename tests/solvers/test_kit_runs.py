"""The solver kit catches what a run does besides its answer: digits, logs, imports, what is left behind, no end."""

import importlib
import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from solver_faults import Fake

from lumix_core.errors import LXError
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing import SolverConformance
from lumix_core.testing.solvers import options as solver_options
from lumix_core.testing.solvers import statuses as solver_statuses
from lumix_solvers.highs import HighsSolver

CAUGHT = (AssertionError, LXError, pytest.fail.Exception)


# Faults of the answer.


def with_point(problem, result, x):
    return replace(result, x=x, objective=problem.objective_at(np.asarray(x, dtype=np.float64)))


def print_six_decimals(problem, result):
    return result if result.x is None else with_point(problem, result, np.round(result.x, 6))


def print_seven_digits(problem, result):
    return result if result.x is None else with_point(problem, result, np.array([float(f"{v:.7g}") for v in result.x]))


def keep_single_precision(problem, result):
    return result if result.x is None else with_point(problem, result, result.x.astype(np.float32))


def answer_with_a_list(problem, result):
    return result if result.x is None else replace(result, x=result.x.tolist())


def sort_by_name(problem, result):
    if result.x is None:
        return result
    order = sorted(range(problem.num_variables), key=lambda j: f"x{j}")
    return replace(result, x=result.x[order])


def round_duals(problem, result):
    return result if result.duals is None else replace(result, duals=np.round(result.duals, 6))


def print_duals_short(problem, result):
    if result.reduced_costs is None:
        return result
    return replace(result, reduced_costs=np.round(result.reduced_costs, 6))


def reduced_costs_are_costs(problem, result):
    return result if result.reduced_costs is None else replace(result, reduced_costs=problem.objective.copy())


def duals_are_positive(problem, result):
    return result if result.duals is None else replace(result, duals=np.abs(result.duals))


def lose_the_constant_of_the_bound(problem, result):
    return result if result.best_bound is None else replace(result, best_bound=result.best_bound - problem.offset)


def no_bound(problem, result):
    return replace(result, best_bound=None)


def say_nothing(problem, result):
    return replace(result, raw_status="")


def status_as_text(problem, result):
    return replace(result, status=str(result.status))


def limit_without_a_limit(problem, result):
    return replace(result, limit=LXLimit.OTHER)


def unbounded_with_a_point(problem, result):
    if result.status in (LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED):
        return replace(result, x=np.zeros(problem.num_variables), objective=0.0)
    return result


def infeasible_with_an_objective(problem, result):
    return replace(result, objective=float("inf")) if result.status is LXStatus.INFEASIBLE else result


# Faults of what it declares.


class SaysNoFrozenSet(Fake):
    features = set(HighsSolver.features)  # noqa: RUF012 - the fault


class HasFeaturesAsTexts(Fake):
    features = frozenset({"a feature of its own"})


class HasNameWithSpaces(Fake):
    name = " fake "


class IsAvailableByNumber(Fake):
    def is_available(self):
        return 1


class LooksForLong(Fake):
    """Starts its library to see whether it is there."""

    def is_available(self):
        time.sleep(0.11)
        return True


class ImportsToLook(Fake):
    def is_available(self):
        import highspy  # noqa: F401

        return True


class ImportsByName(Fake):
    def is_available(self):
        return importlib.import_module("highspy") is not None


class ImportsWhenMade(Fake):
    def __init__(self):
        super().__init__()
        import highspy  # noqa: F401


# Faults that stay behind.


class KeepsThreads(Fake):
    def __init__(self):
        super().__init__()
        self.end = threading.Event()

    def solve(self, problem, options):
        threading.Thread(target=self.end.wait, daemon=True).start()
        return super().solve(problem, options)


class KeepsFiles(Fake):
    def __init__(self):
        super().__init__()
        self.kept = []

    def solve(self, problem, options):
        self.kept.append(Path(__file__).open())  # noqa: SIM115 - the fault
        return super().solve(problem, options)

    def __del__(self):
        for file in self.kept:
            file.close()


class KeepsLogFiles(KeepsFiles):
    def solve(self, problem, options):
        if isinstance(options.log, Path):
            self.kept.append(options.log.open("a"))
        return Fake.solve(self, problem, options)


class KeepsOptions(Fake):
    """Sets options of a solver that all runs share."""

    gap = None

    def solve(self, problem, options):
        self.gap = options.mip_rel_gap if options.mip_rel_gap is not None else self.gap
        result = super().solve(problem, replace(options, mip_rel_gap=self.gap))
        return self.stopped(problem, result) if self.gap == 0.9 else result

    @staticmethod
    def stopped(problem, result):
        x = result.x.copy()
        x[np.argmax(x * problem.objective)] = 0.0
        return replace(with_point(problem, result, x), best_bound=None)


class WritesOverLogs(Fake):
    def solve(self, problem, options):
        if isinstance(options.log, Path):
            options.log.write_text("")
        return super().solve(problem, options)


class LogsInTwoPlaces(Fake):
    def solve(self, problem, options):
        if options.log is not False:
            print("Solving")
        return super().solve(problem, options)


class LogsAsWarnings(Fake):
    def solve(self, problem, options):
        if isinstance(options.log, logging.Logger):
            options.log.warning("Solving")
        return super().solve(problem, options)


class LogsWholeTexts(Fake):
    def solve(self, problem, options):
        if isinstance(options.log, logging.Logger):
            options.log.info("Solving\nand solving\n")
        return super().solve(problem, options)


# Faults that have no end.


class IgnoresTheTimeLimit(Fake):
    """Looks at the clock in a loop, and never stops."""

    def solve(self, problem, options):
        while options.time_limit is not None:
            time.sleep(0.02)
        return super().solve(problem, options)


class WaitsForEver(Fake):
    def solve(self, problem, options):
        threading.Event().wait(600)


class LocksItself(Fake):
    """Has one lock for all runs, which it does not give back."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def solve(self, problem, options):
        self.lock.acquire(timeout=600)
        return super().solve(problem, options)


class SwallowsInterrupts(Fake):
    """Goes on after Ctrl-C."""

    def solve(self, problem, options):
        if problem.num_variables < 30 or (options.time_limit or 1.0) < 1.0:
            return super().solve(problem, options)
        while True:
            try:
                time.sleep(0.02)
            except KeyboardInterrupt:
                continue


class SwallowsEverything(SwallowsInterrupts):
    """Goes on whatever is raised."""

    def solve(self, problem, options):
        ends = time.monotonic() + 20.0
        if problem.num_variables < 30 or (options.time_limit or 1.0) < 1.0:
            return Fake.solve(self, problem, options)
        while time.monotonic() < ends:
            try:
                time.sleep(0.02)
            except KeyboardInterrupt:
                continue
            except Exception:  # noqa: BLE001 - the fault
                continue
        return Fake.solve(self, problem, replace(options, time_limit=0.1))


MIN, MAX = {"maximize": False}, {"maximize": True}
PLAIN = {"seed": 0, "degenerate": False}
FAULTS = {
    "six decimals": (Fake(after=print_six_decimals), "test_keeps_the_digits_of_small_values", {}),
    "seven digits": (Fake(after=print_seven_digits), "test_keeps_all_digits", {}),
    "single precision": (Fake(after=keep_single_precision), "test_keeps_the_digits_of_small_values", {}),
    "a list": (Fake(after=answer_with_a_list), "test_answers_with_a_raw_result", {}),
    "columns by name": (Fake(after=sort_by_name), "test_large_sparse_problem", {}),
    "rounded duals": (Fake(after=round_duals), "test_duals_keep_their_digits", {}),
    "rounded reduced costs": (Fake(after=print_duals_short), "test_duals_keep_their_digits", {}),
    "costs for reduced costs": (Fake(after=reduced_costs_are_costs), "test_duals_prove_the_optimum", PLAIN | MIN),
    "duals without signs": (Fake(after=duals_are_positive), "test_duals_prove_the_optimum", PLAIN | MAX),
    "a bound without the constant": (
        Fake(after=lose_the_constant_of_the_bound),
        "test_bound_holds_for_every_integer_point",
        {"seed": 0} | MIN,
    ),
    "no bound": (Fake(after=no_bound), "test_bound_holds_for_every_integer_point", {"seed": 0} | MAX),
    "an empty status": (Fake(after=say_nothing), "test_answers_with_a_raw_result", {}),
    "a status as text": (Fake(after=status_as_text), "test_answers_with_a_raw_result", {}),
    "a limit that was none": (Fake(after=limit_without_a_limit), "test_minimises_above_lower_sides", {}),
    "a point of no optimum": (
        Fake(after=unbounded_with_a_point),
        "test_nothing_is_invented_where_there_is_no_point",
        {"kind": "unbounded"},
    ),
    "an objective of no point": (
        Fake(after=infeasible_with_an_objective),
        "test_nothing_is_invented_where_there_is_no_point",
        {"kind": "infeasible"},
    ),
    "a set": (SaysNoFrozenSet(), "test_says_what_it_can_do", {}),
    "features of its own": (HasFeaturesAsTexts(), "test_says_what_it_can_do", {}),
    "a name with spaces": (HasNameWithSpaces(), "test_has_a_name", {}),
    "available by number": (IsAvailableByNumber(), "test_says_whether_it_can_run", {}),
    "a slow look": (LooksForLong(), "test_is_available_is_cheap", {}),
    "an import to look": (ImportsToLook(), "test_is_available_imports_nothing_native", {}),
    "an import by name": (ImportsByName(), "test_is_available_imports_nothing_native", {}),
    "an import of the class": (ImportsWhenMade(), "test_is_available_imports_nothing_native", {}),
    "threads that stay": (KeepsThreads(), "test_runs_leave_nothing_behind", {}),
    "files that stay": (KeepsFiles(), "test_runs_leave_nothing_behind", {}),
    "options that stay": (KeepsOptions(), "test_options_hold_for_one_run", {}),
}
LOGS = {
    "overwritten": (WritesOverLogs(), "test_log_is_appended_to_a_file", {"tmp_path"}),
    "not closed": (KeepsLogFiles(), "test_log_file_is_closed", {"tmp_path"}),
    "on standard output too": (LogsInTwoPlaces(), "test_log_in_a_file", {"tmp_path", "capfd"}),
    "as warnings": (LogsAsWarnings(), "test_log_to_a_logger", {"capfd"}),
    "in one piece": (LogsWholeTexts(), "test_log_to_a_logger", {"capfd"}),
}
ENDLESS = {
    "time limit": (IgnoresTheTimeLimit(), "test_time_limit_without_an_incumbent", {}),
    "time limit with an incumbent": (IgnoresTheTimeLimit(), "test_time_limit_with_an_incumbent", MIN),
    "time limit as an option": (IgnoresTheTimeLimit(), "test_option_is_honoured_or_refused", {"name": "time_limit"}),
    "time limit before Ctrl-C": (IgnoresTheTimeLimit(), "test_ctrl_c_ends_a_run", {}),
    "wait": (WaitsForEver(), "test_no_rows", MIN),
    "lock": (LocksItself(), "test_owes_nothing_to_the_run_before", {}),
    "lock of threads": (LocksItself(), "test_runs_in_several_threads", {}),
    "Ctrl-C": (SwallowsInterrupts(), "test_ctrl_c_ends_a_run", {}),
    "Ctrl-C of the next run": (SwallowsInterrupts(), "test_ctrl_c_leaves_the_solver_usable", {}),
    "all that is raised": (SwallowsEverything(), "test_ctrl_c_ends_a_run", {}),
}


def hasty_kit():
    """Return a kit that no endless test has run in so far."""
    return type("Hasty", (SolverConformance,), {"limit": 4.0})()


@pytest.fixture
def hasty(monkeypatch):
    """A kit with little patience, so that what must fail by being late fails soon."""
    monkeypatch.setattr(solver_statuses, "TIME_LIMIT", 0.6)
    monkeypatch.setattr(solver_statuses, "PATIENCE", 1.5)
    monkeypatch.setattr(solver_options, "BACKSTOP", 1.5)


@pytest.mark.parametrize(("solver", "test", "parameters"), FAULTS.values(), ids=FAULTS)
def test_fault_is_caught(solver, test, parameters):
    with pytest.raises(CAUGHT):
        getattr(SolverConformance(), test)(solver=solver, **parameters)


@pytest.mark.parametrize(("solver", "test", "fixtures"), LOGS.values(), ids=LOGS)
def test_a_fault_of_the_log_is_caught(solver, test, fixtures, request):
    with pytest.raises(CAUGHT):
        getattr(SolverConformance(), test)(
            solver=solver, **{name: request.getfixturevalue(name) for name in sorted(fixtures)}
        )


@pytest.mark.thorough
@pytest.mark.parametrize(("solver", "test", "parameters"), ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_fails(solver, test, parameters, hasty):
    started = time.monotonic()

    with pytest.raises(CAUGHT):
        getattr(hasty_kit(), test)(solver=solver, **parameters)

    assert time.monotonic() - started < 15.0


def test_the_message_says_where_it_was_and_what_to_do(hasty):
    with pytest.raises(pytest.fail.Exception) as error:
        hasty_kit().test_no_rows(solver=WaitsForEver(), maximize=False)

    assert "test_no_rows did not end within 4 s" in str(error.value)
    assert "threading.Event().wait(600)" in str(error.value)
    assert "set a larger 'limit'" in str(error.value)


def test_after_an_endless_test_others_get_less_time():
    kit = type("Hasty", (SolverConformance,), {"limit": 1.0})()
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(pytest.fail.Exception, match="did not end within"):
            kit.test_no_rows(solver=WaitsForEver(), maximize=False)

    assert time.monotonic() - started < 0.9


EAGER = """
import highspy
from lumix_solvers.highs import HighsSolver


class Eager(HighsSolver):
    native = highspy
"""


def test_an_import_of_the_module_is_named(tmp_path, monkeypatch):
    (tmp_path / "eager_solver.py").write_text(EAGER)
    monkeypatch.syspath_prepend(str(tmp_path))
    cls = importlib.import_module("eager_solver").Eager

    with pytest.raises(AssertionError, match="highspy"):
        SolverConformance().test_is_available_imports_nothing_native(solver=cls())
