"""The solver kit catches every fault planted into open problems: options, changes, ranges, what is left open."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from solver_faults import Opening, Run, without

from lumix_core.errors import LXError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.live import Live
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXLimit
from lumix_core.testing import SolverConformance
from lumix_core.testing.solvers import options as solver_options
from lumix_core.testing.solvers import statuses as solver_statuses
from lumix_core.testing.solvers.live_runs import CHANGES

CAUGHT = (AssertionError, LXError, pytest.fail.Exception)


class ForgetsChanges(Run):
    """Takes over some of the changes, and says that it took them all."""

    arrays: tuple[str, ...] = ()

    def __init__(self, problem, options):
        super().__init__(problem, options)
        self.held = problem

    def update(self, changes):
        from lumix_core.problem.diff import changes_between

        kept = {name: getattr(self.held, name) for name in self.arrays}
        wanted = replace(changes.problem, **kept)
        before, self.held = self.held, wanted
        return self.run.update(changes_between(before, wanted))


def forgetting(*arrays):
    return type(f"Forgets_{'_'.join(arrays)}", (ForgetsChanges,), {"arrays": arrays})


class AnswersOnce(Run):
    """Gives the first answer again and again."""

    first = None

    def solve(self):
        self.first = self.first or super().solve()
        return self.first


class KeepsOldDuals(Run):
    """Reads the duals once."""

    first = None

    def solve(self):
        result = super().solve()
        self.first = self.first or result
        return replace(result, duals=self.first.duals, reduced_costs=self.first.reduced_costs)


class WritesIntoTheProblem(Run):
    def update(self, changes):
        done = super().update(changes)
        changes.problem.lower.setflags(write=True)
        changes.problem.lower[:] = np.maximum(changes.problem.lower, -1e6)
        return done


class StaysOpen(Run):
    def close(self):
        """Leave it to the garbage collector."""


class Prints(Run):
    def solve(self):
        sys.stdout.write("Solving again\n")
        return super().solve()


class OverwritesTheLog(Run):
    def __init__(self, problem, options):
        if isinstance(options.log, Path):
            options.log.write_text("")
        super().__init__(problem, options)


class LogsOnce(Run):
    """Logs the first run only."""

    def __init__(self, problem, options):
        super().__init__(problem, options)
        self.silent, self.runs = Run(problem, replace(options, log=False)), 0

    def update(self, changes):
        return self.silent.update(changes) and super().update(changes)

    def solve(self):
        self.runs += 1
        return super().solve() if self.runs == 1 else self.silent.solve()

    def close(self):
        self.silent.close()
        super().close()


class LetsInterruptsThrough(Run):
    def solve(self):
        result = super().solve()
        if result.limit is LXLimit.INTERRUPT:
            raise KeyboardInterrupt
        return result


class CallsInterruptsLimits(Run):
    def solve(self):
        result = super().solve()
        return replace(result, limit=LXLimit.TIME if result.limit else None)


class OneTimeForAllRuns(Run):
    """Has a time limit for all runs together."""

    def __init__(self, problem, options):
        super().__init__(problem, options)
        self.options, self.spent = options, False

    def solve(self):
        result = super().solve()
        spent, self.spent = self.spent, self.spent or result.limit is LXLimit.TIME
        if not spent:
            return result
        return replace(result, status="no_solution", limit=LXLimit.TIME, x=None, objective=None, best_bound=None)


class NeverRewinds(Run):
    """Says that it went back, and stays where it is."""

    def rewind(self):
        return True


def ranges(change):
    """Return runs whose ranges are changed."""

    class Ranges(Run):
        def ranging(self):
            ranging = super().ranging()
            return None if ranging is None else replace(ranging, **change(self.problem, ranging))

    return Ranges


class OldRanges(Run):
    """Computes ranges once."""

    first = None

    def ranging(self):
        self.first = self.first or super().ranging()
        return self.first


class RangesOfIntegers(Run):
    """Gives the ranges of the relaxation."""

    def ranging(self):
        if not self.problem.is_mip:
            return super().ranging()
        relaxed: LXProblem = replace(self.problem, integer=np.zeros_like(self.problem.integer))
        run = Run(relaxed, SolverOptions())
        run.solve()
        ranging = run.ranging()
        run.close()
        return ranging


def endless(problem, ranging):
    ends = np.full(problem.num_variables, np.inf)
    return {"cost_lower": -ends, "cost_upper": ends}


def endless_sides(problem, ranging):
    held = np.where(np.isnan(ranging.rhs_lower), np.nan, np.inf)
    return {"rhs_lower": -held, "rhs_upper": held}


def inverted(problem, ranging):
    return {"cost_lower": ranging.cost_upper, "cost_upper": ranging.cost_lower}


def inverted_sides(problem, ranging):
    return {"rhs_lower": ranging.rhs_upper, "rhs_upper": ranging.rhs_lower}


def of_a_minimisation(problem, ranging):
    if not problem.maximize:
        return {}
    return {"cost_lower": -ranging.cost_upper, "cost_upper": -ranging.cost_lower}


def as_distances(problem, ranging):
    return {
        "cost_lower": problem.objective - ranging.cost_lower,
        "cost_upper": ranging.cost_upper - problem.objective,
    }


def of_no_row(problem, ranging):
    nothing = np.full(problem.num_constraints, np.nan)
    return {"rhs_lower": nothing, "rhs_upper": nothing}


def of_every_row(problem, ranging):
    return {
        "rhs_lower": np.where(np.isnan(ranging.rhs_lower), -np.inf, ranging.rhs_lower),
        "rhs_upper": np.where(np.isnan(ranging.rhs_upper), np.inf, ranging.rhs_upper),
    }


def without_width(problem, ranging):
    return {"cost_lower": problem.objective.copy(), "cost_upper": problem.objective.copy()}


def large_numbers(problem, ranging):
    return {"cost_upper": np.where(np.isinf(ranging.cost_upper), 1e20, ranging.cost_upper)}


def behind_the_columns(problem, ranging):
    return {"cost_lower": np.concatenate([ranging.cost_lower, np.zeros(problem.num_constraints)])}


def nonbasic(problem, ranging):
    return {"basic": ~ranging.basic}


def all_basic(problem, ranging):
    return {"basic": np.ones(problem.num_variables, dtype=bool)}


def basic_as_numbers(problem, ranging):
    return {"basic": ranging.basic.astype(np.float64)}


MIN, MAX = {"maximize": False}, {"maximize": True}
BASIS = "test_ranges_are_those_of_the_basis"
FOLLOW = "test_live_runs_follow_changes"
FAULTS = {
    "all options are forgotten": (
        Opening(options=lambda _: SolverOptions()),
        "test_live_runs_refuse_an_unknown_native_option",
        {},
    ),
    "unknown native options are dropped": (
        Opening(options=without("options", {})),
        "test_live_runs_refuse_an_unknown_native_option",
        {},
    ),
    "a cost is forgotten": (Opening(forgetting("objective")), FOLLOW, CHANGES["a cost"]),
    "a cost that goes is forgotten": (Opening(forgetting("objective")), FOLLOW, CHANGES["a cost that goes"]),
    "upper row bounds are forgotten": (Opening(forgetting("row_upper")), FOLLOW, CHANGES["a side"]),
    "lower row bounds are forgotten": (Opening(forgetting("row_lower")), FOLLOW, CHANGES["the other side"]),
    "row bounds are forgotten": (Opening(forgetting("row_lower", "row_upper")), FOLLOW, CHANGES["an equation"]),
    "upper bounds are forgotten": (Opening(forgetting("upper")), FOLLOW, CHANGES["an upper bound"]),
    "lower bounds are forgotten": (Opening(forgetting("lower")), FOLLOW, CHANGES["a lower bound"]),
    "a free variable is forgotten": (Opening(forgetting("lower")), FOLLOW, CHANGES["a free variable"]),
    "a fixed variable is forgotten": (Opening(forgetting("lower", "upper")), FOLLOW, CHANGES["a fixed variable"]),
    "coefficients are forgotten": (Opening(forgetting("coefficients")), FOLLOW, CHANGES["a coefficient"]),
    "the first answer is repeated": (Opening(AnswersOnce), FOLLOW, CHANGES["everything"]),
    "old duals are kept": (Opening(KeepsOldDuals), "test_live_runs_prove_their_answers", {}),
    "it writes into the problem": (Opening(WritesIntoTheProblem), "test_live_runs_leave_the_problem_as_it_was", {}),
    "runs are never closed": (Opening(StaysOpen), "test_closed_runs_hold_nothing", {}),
    "it never rewinds": (
        Opening(NeverRewinds),
        "test_live_runs_that_rewind_find_the_same_of_several_optima",
        MIN,
    ),
    "ranges of the first run": (Opening(OldRanges), "test_ranges_follow_changes", {"seed": 0} | MIN),
    "ranges of integers": (Opening(RangesOfIntegers), "test_integers_have_no_ranges", {}),
    "endless cost ranges": (Opening(ranges(endless)), BASIS, MIN),
    "endless ranges of sides": (Opening(ranges(endless_sides)), BASIS, MIN),
    "inverted cost ranges": (Opening(ranges(inverted)), BASIS, MIN),
    "inverted ranges of sides": (Opening(ranges(inverted_sides)), BASIS, MAX),
    "cost ranges of a minimisation": (Opening(ranges(of_a_minimisation)), BASIS, MAX),
    "ranges as distances": (Opening(ranges(as_distances)), BASIS, MIN),
    "ranges of no row": (Opening(ranges(of_no_row)), BASIS, MIN),
    "ranges of every row": (Opening(ranges(of_every_row)), BASIS, MIN),
    "ranges without width": (Opening(ranges(without_width)), BASIS, MIN),
    "large numbers for infinity": (Opening(ranges(large_numbers)), BASIS, MIN),
    "ranges of slacks behind those of costs": (Opening(ranges(behind_the_columns)), BASIS, MIN),
    "basic and nonbasic exchanged": (Opening(ranges(nonbasic)), BASIS, MIN),
    "everything basic": (Opening(ranges(all_basic)), BASIS, MIN),
    "basic as numbers": (Opening(ranges(basic_as_numbers)), BASIS, MIN),
}

SLOW_FAULTS = {
    "the gap is forgotten": (Opening(options=without("mip_abs_gap")), "test_live_runs_end_at_their_gap"),
    "the time limit is four times as long": (
        Opening(options=lambda options: replace(options, time_limit=4 * (options.time_limit or 1.0))),
        "test_time_limit_ends_live_runs",
    ),
    "one time limit for all runs": (Opening(OneTimeForAllRuns), "test_time_limit_ends_live_runs"),
    "Ctrl-C is let through": (Opening(LetsInterruptsThrough), "test_ctrl_c_ends_a_live_run"),
    "Ctrl-C is called a time limit": (Opening(CallsInterruptsLimits), "test_ctrl_c_ends_a_live_run"),
    "hard runs after all options are lost": (
        Opening(options=lambda _: SolverOptions()),
        "test_time_limit_ends_live_runs",
    ),
}


def parameters_of(test, solver, parameters):
    if test == FOLLOW:
        return {"live": Live(solver, SolverOptions()), "changed": parameters}
    return {"solver": solver, **parameters}


@pytest.fixture
def hasty(monkeypatch):
    """A kit with little patience, so that what must fail by being late fails soon."""
    monkeypatch.setattr(solver_statuses, "TIME_LIMIT", 0.6)
    monkeypatch.setattr(solver_statuses, "PATIENCE", 1.5)
    monkeypatch.setattr(solver_options, "BACKSTOP", 1.5)


@pytest.mark.parametrize(("solver", "test", "parameters"), FAULTS.values(), ids=FAULTS)
def test_fault_is_caught(solver, test, parameters):
    with pytest.raises(CAUGHT):
        getattr(SolverConformance(), test)(**parameters_of(test, solver, parameters))


@pytest.mark.parametrize(("solver", "test"), SLOW_FAULTS.values(), ids=SLOW_FAULTS)
def test_fault_at_a_limit_is_caught(solver, test, hasty):
    kit = type("Hasty", (SolverConformance,), {})

    with pytest.raises(CAUGHT):
        getattr(kit(), test)(solver=solver)


def test_printing_is_caught(capfd):
    with pytest.raises(AssertionError):
        SolverConformance().test_live_runs_are_silent_by_default(solver=Opening(Prints), capfd=capfd)


@pytest.mark.parametrize(
    "solver", [Opening(options=without("log", False)), Opening(LogsOnce)], ids=["never", "the first run only"]
)
def test_a_log_that_is_lost_is_caught(solver, capfd):
    with pytest.raises(AssertionError):
        SolverConformance().test_live_runs_log_to_a_logger(solver=solver, capfd=capfd)


def test_a_log_that_is_overwritten_is_caught(tmp_path):
    with pytest.raises(AssertionError):
        SolverConformance().test_live_runs_append_to_a_log(solver=Opening(OverwritesTheLog), tmp_path=tmp_path)


class Refuses(Run):
    """Takes over no change."""

    def update(self, changes):
        return False


class HasNoRanges(Run):
    def ranging(self):
        return None


class ForgetsAtOnce(Run):
    """Cannot go back."""

    def rewind(self):
        return False


class TestWhatMayBe:
    """What the contract leaves to a solver, the kit lets pass."""

    @pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
    def test_no_change_is_taken_over(self, changed):
        live = Live(Opening(Refuses), SolverOptions())

        SolverConformance().test_live_runs_follow_changes(live=live, changed=changed)
        live.close()

    @pytest.mark.parametrize("test", [BASIS, "test_ranges_are_those_within_which_duals_hold"])
    def test_there_are_no_ranges(self, test):
        getattr(SolverConformance(), test)(solver=Opening(HasNoRanges), maximize=True)

    def test_there_is_no_way_back(self):
        SolverConformance().test_live_runs_that_rewind_forget_what_came_between(
            solver=Opening(ForgetsAtOnce), seed=0, degenerate=True, maximize=False
        )

    @pytest.mark.parametrize(("test", "parameters"), [fault[1:] for fault in FAULTS.values()], ids=FAULTS)
    def test_runs_without_a_fault_pass(self, test, parameters):
        getattr(SolverConformance(), test)(**parameters_of(test, Opening(), parameters))
