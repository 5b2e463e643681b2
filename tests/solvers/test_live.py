"""Live runs that go wrong: what cannot be updated is rebuilt, wrong answers are asked for again."""

import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest

from lumix_core.errors import LXOptionError, LXSolverError, LXUnsupportedError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.live import Live
from lumix_core.solver.row_activities import RowActivities
from lumix_core.solver.solver import LXFeature, SolverOptions
from lumix_core.solver.status import LXLimit, LXStart, LXStatus
from lumix_core.testing.solvers.problems import INF, hard_to_prove, planted, problem
from lumix_solvers.highs import HighsSolver
from lumix_solvers.highs_live import HighsLiveRun


class Run:
    """A live run of HiGHS, with a fault."""

    def __init__(self, run, fault):
        self.run = run
        self.update = run.update
        self.ranging = run.ranging
        self.close = run.close
        self.solve = lambda: fault(run.solve())


class Faulty(HighsSolver):
    """HiGHS, whose hot answers have a fault."""

    name = "faulty"

    def __init__(self, fault=lambda result: result, takes=True):
        self.fault = fault
        self.takes = takes
        self.opened = 0

    def open(self, problem, options):
        self.opened += 1
        run, first = super().open(problem, options), []

        def faulty(result):
            first.append(result)
            return result if len(first) == 1 else self.fault(result)

        made = Run(run, faulty)
        if not self.takes:
            made.update = lambda changes: False
        return made


def asked(side: float = 4.0) -> LXProblem:
    return problem([3.0, 2.0], [([1.0, 1.0], -INF, side), ([1.0, 3.0], -INF, 6.0)], upper=10.0, maximize=True)


def opened(solver, **options):
    live = Live(solver, SolverOptions(**options))
    live.solve(asked())
    return live


def test_hot_start_is_reported():
    live = opened(HighsSolver())

    result, start, reason = live.solve(asked(3.0))

    assert (result.objective, start, reason) == (9.0, LXStart.HOT, "")


def test_what_the_solver_cannot_take_is_rebuilt():
    solver = Faulty(takes=False)
    live = opened(solver)

    result, start, reason = live.solve(asked(3.0))

    assert (result.objective, start, solver.opened) == (9.0, LXStart.REBUILT, 2)
    assert reason == "solver 'faulty' could not take the change in place"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (problem([3.0], [([1.0], -INF, 4.0)], maximize=True), "the model has 1 variables now, and had 2"),
        (problem([3.0, 1.0], [([1.0, 1.0], -INF, 4.0)], maximize=True), "the model has 1 constraints now, and had 2"),
        (replace(asked(), maximize=False), "the objective has another direction now"),
        (replace(asked(), integer=np.array([True, False])), "other variables must be whole now"),
    ],
)
def test_another_shape_is_rebuilt(other, reason):
    live = opened(HighsSolver())

    result, start, said = live.solve(other)

    assert (result.status, start, said) == (LXStatus.OPTIMAL, LXStart.REBUILT, reason)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda result: replace(result, x=result.x + 1.0), "the answer from where the solver was is wrong"),
        (lambda result: replace(result, objective=result.objective + 1.0), "the answer from where the solver was"),
        (
            lambda result: replace(result, status=LXStatus.ERROR, x=None, objective=None, raw_status="lost"),
            "from where the solver was it found no answer (lost)",
        ),
    ],
)
def test_wrong_hot_answer_is_asked_for_once_more(fault, reason):
    live = opened(Faulty(fault))

    result, start, said = live.solve(asked(3.0))

    assert (result.objective, start) == (9.0, LXStart.REBUILT)
    assert said.startswith(reason)


def test_solver_that_fails_is_let_go():
    def fail(result):
        raise ZeroDivisionError

    solver = Faulty(fail)
    live = opened(solver)

    with pytest.raises(LXSolverError, match="Solver 'faulty' failed on model"):
        live.solve(asked(3.0))
    result, start, _ = live.solve(asked(3.0))

    assert (result.objective, start, solver.opened) == (9.0, LXStart.COLD, 2)


def test_lacking_features_are_refused_for_live_runs():
    solver = Faulty()
    solver.features = HighsSolver.features - {LXFeature.INTEGER}
    live = opened(solver)

    with pytest.raises(LXUnsupportedError, match="integer variables, which solver 'faulty' cannot handle"):
        live.solve(replace(asked(), integer=np.array([True, False])))


def test_native_option_that_highs_refuses_leaves_nothing_open():
    before = threading.active_count()
    live = Live(HighsSolver(), SolverOptions(options={"presolv": "off"}))

    with pytest.raises(LXOptionError, match="has no option 'presolv'"):
        live.solve(asked())
    assert threading.active_count() <= before


def test_log_of_all_runs_goes_to_one_file(tmp_path):
    live = opened(HighsSolver(), log=tmp_path / "log.txt")
    live.solve(asked(3.0))
    live.close()

    assert (tmp_path / "log.txt").read_text().count("Objective value") == 2


def test_silent_by_default(capfd):
    live = opened(HighsSolver())
    live.solve(asked(3.0))
    live.close()

    assert capfd.readouterr() == ("", "")


def test_limit_of_time_holds_for_each_run_by_itself():
    live = Live(HighsSolver(), SolverOptions(time_limit=0.3))
    hard = hard_to_prove()

    found = [live.solve(replace(hard, offset=float(i)))[0] for i in range(2)]
    live.close()

    assert [one.limit for one in found] == [LXLimit.TIME, LXLimit.TIME]


def test_ctrl_c_ends_a_live_run_and_the_session_goes_on():
    live = Live(HighsSolver(), SolverOptions())
    live.solve(asked())
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()

    interrupted, _, _ = live.solve(hard_to_prove())
    timer.join(60)
    result, _, _ = live.solve(asked(3.0))
    live.close()

    assert interrupted.limit is LXLimit.INTERRUPT
    assert result.objective == 9.0


def test_after_ctrl_c_the_same_problem_can_be_solved_on():
    live, hard = Live(HighsSolver(), SolverOptions(time_limit=1.0)), hard_to_prove()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()

    limits = [live.solve(replace(hard, offset=float(i)))[0].limit for i in range(2)]
    timer.join(60)
    live.close()

    assert limits == [LXLimit.INTERRUPT, LXLimit.TIME]


class Interrupted(HighsSolver):
    """HiGHS, whose first run Ctrl-C reaches while numbers are changed: when rows are, and columns not yet."""

    is_first = True

    def open(self, problem, options):
        run, told = super().open(problem, options), HighsLiveRun._pass_changes

        def half(changes):
            told(run, replace(changes, columns=changes.columns[:0], costs=changes.costs[:0]))
            raise KeyboardInterrupt

        if self.is_first:
            run._pass_changes = half
        self.is_first = False
        return run


def test_ctrl_c_while_numbers_are_changed_leaves_no_half_of_them():
    live = Live(Interrupted(), SolverOptions())
    live.solve(asked())
    with pytest.raises(KeyboardInterrupt):
        live.solve(replace(asked(3.0), objective=np.array([1.0, 9.0])))

    result, start, _ = live.solve(replace(asked(3.0), objective=np.array([1.0, 9.0])))
    live.close()

    assert start is LXStart.COLD
    assert (
        result.objective
        == Live(HighsSolver(), SolverOptions()).solve(replace(asked(3.0), objective=np.array([1.0, 9.0])))[0].objective
    )


class TestRowActivities:
    def test_follows_points_that_move(self):
        given = planted(3, rows=40, columns=60, per_row=5).problem
        activities, random = RowActivities(given), np.random.default_rng(0)
        x = random.uniform(-5, 5, 60)

        for _ in range(200):
            x = x.copy()
            x[random.integers(0, 60, 3)] = random.uniform(-5, 5, 3)

            np.testing.assert_allclose(activities.activity(x), given.activity(x), rtol=0, atol=1e-9)

    def test_forgets_what_a_huge_value_has_rounded_away(self):
        given = planted(3, rows=40, columns=60, per_row=5).problem
        activities = RowActivities(given)
        small, huge = np.ones(60), np.ones(60)
        huge[7] = 1e18

        for x in (small, huge, small):
            found = activities.activity(x)

        np.testing.assert_allclose(found, given.activity(small), rtol=0, atol=1e-9)
