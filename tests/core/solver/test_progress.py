"""What a solve tells while it goes on, in the user's sense, and how it is ended from inside and outside."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hidden_plan import OFFSET, hidden_plan
from solver_faults import Fake

from lumix_core import LXConstraint, LXLimit, LXLinearExpression, LXModel, LXOptimizer, LXProgress, LXStatus, LXVariable
from lumix_core.errors import LXNoSolutionError, LXOptionError
from lumix_core.solver import progress as progress_module
from lumix_core.solver.progress import Reports
from lumix_core.solver.solver import LXFeature, RawProgress, RawResult, SolverOptions
from tests.core.solver.solved_models import Without, impossible

Reported = Callable[[RawProgress], object]


class Scripted(Fake):
    """HiGHS, which reports what it is told to before it runs."""

    def __init__(self, *reports: RawProgress, **faults: Any) -> None:
        super().__init__(**faults)
        self.reports = reports

    def solve(self, problem: Any, options: SolverOptions) -> Any:
        for report in self.reports:
            assert options.progress is not None
            options.progress(report)
        return super().solve(problem, replace(options, progress=None))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every report reaches the user, however soon after the last."""
    monkeypatch.setattr(progress_module, "PAUSE", 0.0)


def small(*, maximize: bool = False, scale: float = 1.0) -> LXModel:
    """Two to four things, each at a cost (or a gain), and a constant of 10."""
    x = LXVariable[None, int]("x").bounds(0, 3)
    y = LXVariable[None, int]("y").bounds(0, 3)
    things = LXLinearExpression().add_term(x).add_term(y)
    few = LXConstraint[None]("few").expression(things).between(2, 4)
    cost = LXLinearExpression().add_term(x, 2 * scale).add_term(y, scale).add_constant(10)
    model = LXModel("small").add_variables(x, y).add_constraint(few)
    return model.maximize(cost) if maximize else model.minimize(cost)


def told(solver: Any, model: LXModel, **options: Any) -> list[LXProgress]:
    seen: list[LXProgress] = []
    LXOptimizer().use_solver(solver).solve(model, on_progress=seen.append, **options)
    return seen


class TestWhatIsTold:
    @pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])
    @pytest.mark.parametrize("scale", [1.0, 1e-7], ids=["", "scaled"])
    def test_numbers_are_in_the_users_sense(self, maximize: bool, scale: float) -> None:
        model, _ = hidden_plan(maximize=maximize, scale=scale)
        seen: list[LXProgress] = []

        def look(progress: LXProgress) -> None:
            seen.append(progress)
            if progress.gap is not None:
                progress.cancel()

        solution = LXOptimizer().solve(model, on_progress=look, time_limit=20)

        sign = -1.0 if maximize else 1.0
        last = seen[-1]
        assert last.incumbent is not None
        assert last.bound == pytest.approx(OFFSET, abs=1e-6)
        assert sign * OFFSET <= sign * solution.objective_value <= sign * last.incumbent + 1e-9
        assert sign * last.incumbent <= sign * OFFSET + 2000 * scale

    def test_the_first_call_comes_before_the_solver_begins(self) -> None:
        first = told("highs", small())[0]

        assert (first.incumbent, first.bound, first.gap) == (None, None, None)
        assert first.seconds < 5.0

    def test_a_start_point_is_the_first_incumbent(self, at_once: None) -> None:
        model, optimum = hidden_plan()

        seen = told("highs", model, start=optimum)

        assert [progress.incumbent for progress in seen[:2]] == [None, OFFSET]

    def test_scaled_costs_are_scaled_back(self, at_once: None) -> None:
        model = small(scale=1e-9)
        factor = {}

        def note(problem: Any, options: SolverOptions) -> Any:
            factor["is"] = problem.offset / 10.0
            return problem, options

        seen = told(Scripted(RawProgress(incumbent=640.0, bound=320.0), before=note), model)

        assert factor["is"] > 1.0
        assert (seen[1].incumbent, seen[1].bound) == (640.0 / factor["is"], 320.0 / factor["is"])

    def test_what_is_not_known_stays_what_it_was(self, at_once: None) -> None:
        reports = [RawProgress(incumbent=14.0), RawProgress(bound=7.0), RawProgress(bound=float("-inf"))]

        seen = told(Scripted(*reports, RawProgress(incumbent=float("nan"), bound=8.0)), small())

        assert [(one.incumbent, one.bound) for one in seen] == [(None, None), (14.0, None), (14.0, 7.0), (14.0, 8.0)]
        assert seen[2].gap == 0.5

    def test_further_runs_tell_no_numbers_of_their_own(self, at_once: None) -> None:
        seen = told(Scripted(RawProgress(incumbent=-5.0)), impossible())

        assert {progress.incumbent for progress in seen} == {None, -5.0}
        assert len(seen) == 2  # the first call, and the run of the model itself

    def test_columns_without_an_end_tell_no_numbers(self, at_once: None) -> None:
        loose = LXVariable[None, float]("loose").bounds(lower=0)
        model = small().add_variable(loose)
        model.minimize(LXLinearExpression().add_term(loose, -1.0))

        seen = told(Scripted(RawProgress(incumbent=-5.0)), model)

        assert {progress.incumbent for progress in seen} == {None}

    def test_at_most_ten_calls_a_second(self) -> None:
        reports = [RawProgress(incumbent=20.0 - number) for number in range(9)]

        seen = told(Scripted(*reports), small())

        assert len(seen) == 1

    def test_it_is_frozen(self) -> None:
        progress = told("highs", small())[0]

        with pytest.raises(dataclasses.FrozenInstanceError):
            progress.incumbent = 3.0  # type: ignore[misc]
        assert repr(progress).startswith("LXProgress(incumbent=None, bound=None, seconds=")


class TestCancelling:
    def test_the_function_ends_the_run(self) -> None:
        model, _ = hidden_plan()

        solution = LXOptimizer().solve(
            model, on_progress=lambda progress: progress.incumbent is not None and progress.cancel()
        )

        assert (solution.status, solution.limit) == (LXStatus.FEASIBLE, LXLimit.CANCELLED)
        assert solution.summary().startswith("Model 'split': feasible (cancelled), solver highs")

    def test_another_thread_ends_the_run(self) -> None:
        model, _ = hidden_plan()
        given: list[LXProgress] = []

        def hand_over(progress: LXProgress) -> None:
            if not given:
                given.append(progress)
                threading.Timer(0.3, progress.cancel).start()

        solution = LXOptimizer().solve(model, on_progress=hand_over)

        assert solution.limit is LXLimit.CANCELLED

    def test_before_the_solver_begins(self) -> None:
        model, _ = hidden_plan()
        spy = Scripted()

        solution = LXOptimizer().use_solver(spy).solve(model, on_progress=LXProgress.cancel)

        assert (solution.status, solution.limit) == (LXStatus.NO_SOLUTION, LXLimit.CANCELLED)
        with pytest.raises(LXNoSolutionError, match=r"its status is no_solution \(not begun\), cancelled. Look at"):
            solution.variables  # noqa: B018

    def test_before_the_solver_begins_the_start_point_is_the_answer(self) -> None:
        model, optimum = hidden_plan()

        solution = LXOptimizer().solve(model, start=optimum, on_progress=LXProgress.cancel)

        assert (solution.status, solution.limit) == (LXStatus.FEASIBLE, LXLimit.CANCELLED)
        assert solution.objective_value == OFFSET

    def test_between_two_runs_no_further_one_begins(self) -> None:
        runs = []

        def cancel_in_the_first(problem: Any, options: SolverOptions) -> Any:
            runs.append(problem.name)
            assert options.cancelled is not None
            options.cancelled.set()
            return problem, replace(options, cancelled=None)

        def without_proof(problem: Any, result: RawResult) -> RawResult:
            return replace(result, status=LXStatus.INFEASIBLE, x=None, objective=None, best_bound=None)

        solver = Fake(before=cancel_in_the_first, after=without_proof)
        solution = LXOptimizer().use_solver(solver).solve(small(), on_progress=lambda progress: None)

        assert runs == ["small"]
        assert (solution.status, solution.limit) == (LXStatus.NO_SOLUTION, LXLimit.CANCELLED)

    def test_a_run_that_ends_all_the_same_is_what_it_is(self) -> None:
        def late(problem: Any, options: SolverOptions) -> Any:
            assert options.cancelled is not None
            options.cancelled.set()
            return problem, replace(options, cancelled=None)

        solution = LXOptimizer().use_solver(Fake(before=late)).solve(small(), on_progress=lambda progress: None)

        assert (solution.status, solution.limit) == (LXStatus.OPTIMAL, None)

    def test_nothing_is_told_after_it(self) -> None:
        seen: list[LXProgress] = []

        def once(progress: LXProgress) -> None:
            seen.append(progress)
            progress.cancel()

        LXOptimizer().solve(hidden_plan()[0], on_progress=once)

        assert len(seen) == 1


class TestErrors:
    @pytest.mark.parametrize("when", [0, 1])
    def test_an_error_of_the_function_ends_the_run_and_is_raised(self, when: int) -> None:
        calls: list[LXProgress] = []

        def fail(progress: LXProgress) -> None:
            calls.append(progress)
            if len(calls) > when:
                raise ZeroDivisionError("of the user")

        with pytest.raises(ZeroDivisionError, match="of the user"):
            LXOptimizer().solve(hidden_plan()[0], on_progress=fail, time_limit=60)
        assert len(calls) == when + 1

    @pytest.mark.parametrize("call", [5, "progress"])
    def test_what_cannot_be_called(self, call: Any) -> None:
        with pytest.raises(LXOptionError, match=r"on_progress=.* cannot be called. Give a function of one argument"):
            LXOptimizer().solve(small(), on_progress=call)

    def test_a_coroutine_function(self) -> None:
        async def look(progress: LXProgress) -> None:
            """Look."""

        class Looking:
            async def __call__(self, progress: LXProgress) -> None:
                """Look."""

        for call in (look, Looking()):
            with pytest.raises(LXOptionError, match="is a coroutine function, which nobody would await"):
                LXOptimizer().solve(small(), on_progress=call)

    @pytest.mark.parametrize("feature", [LXFeature.PROGRESS, LXFeature.CANCEL])
    def test_a_solver_that_cannot(self, feature: LXFeature) -> None:
        with pytest.raises(LXOptionError, match=rf"has no feature '{feature}'.*on_progress="):
            LXOptimizer().use_solver(Without(feature)).solve(small(), on_progress=print)

    def test_cbc_tells_nothing_and_says_so(self) -> None:
        with pytest.raises(LXOptionError, match="Solver 'pulp' has no feature 'progress'"):
            LXOptimizer().use_solver("pulp").solve(small(), on_progress=print)

    def test_a_solver_is_asked_for_nothing_that_nobody_wants(self) -> None:
        kept: list[SolverOptions] = []
        spy = Fake(before=lambda problem, options: (problem, kept.append(options) or options))  # type: ignore[func-returns-value]

        LXOptimizer().use_solver(spy).solve(small())

        assert [(one.start, one.progress, one.cancelled) for one in kept] == [(None, None, None)]


def test_a_call_comes_after_a_while_though_nothing_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    seen: list[LXProgress] = []
    reports = Reports(seen.append, threading.Event())
    reports.begin()

    for seconds in (0.05, 0.4, 0.4, 0.4):
        now[0] += seconds
        reports.report(RawProgress())

    assert [round(progress.seconds, 2) for progress in seen] == [0.0, 1.25]
