"""Points that a solve starts from: held against the model, completed, repaired or left out, and told of honestly."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hidden_plan import OFFSET, hidden_plan
from solver_faults import Fake

from lumix_core import (
    LXConstraint,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXSolution,
    LXStartPoint,
    LXStatus,
    LXVariable,
)
from lumix_core.errors import (
    LXMissingKeyError,
    LXModelError,
    LXNoSolutionError,
    LXNumberError,
    LXOptionError,
    LXUnknownKeyError,
    LXUnknownNameError,
)
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions
from tests.core.solver.solved_models import Without, impossible

SOLVERS = pytest.mark.parametrize("solver", ["highs", "pulp"])


@dataclass(frozen=True)
class Plant:
    id: int
    setup: float
    capacity: float


PLANTS = [Plant(1, 50.0, 30.0), Plant(2, 20.0, 20.0), Plant(3, 90.0, 70.0)]
OPENED = {1: 1, 2: 1, 3: 0}
MADE = {1: 25.0, 2: 20.0, 3: 0.0}


def setups(plants: Sequence[Plant] = PLANTS, demand: float = 45.0) -> LXModel:
    """Least cost of a demand: a plant makes something only if it is opened, and each unit costs 1."""
    opened = LXVariable[Plant, int]("open").from_data(plants).indexed_by(lambda p: p.id).binary()
    made = LXVariable[Plant, float]("made").from_data(plants).indexed_by(lambda p: p.id).bounds(lower=0)
    within = LXConstraint[Plant]("within").over(made).le().rhs(0)
    within.expression(LXLinearExpression().add_term(made).add_term(opened, lambda p: -p.capacity))
    needed = LXConstraint[None]("needed").expression(LXLinearExpression().sum_over(made)).ge().rhs(demand)
    model = LXModel("setups").add_variables(opened, made).add_constraints(within, needed)
    return model.minimize(LXLinearExpression().sum_over(opened, lambda p: p.setup).sum_over(made))


def solved(start: Any, model: LXModel | None = None, **options: Any) -> LXSolution:
    return LXOptimizer().solve(setups() if model is None else model, start=start, **options)


class Spy(Fake):
    """HiGHS, which keeps the start points of its runs."""

    def __init__(self) -> None:
        super().__init__(before=self.keep)
        self.starts: list[Any] = []

    def keep(self, problem: Any, options: SolverOptions) -> Any:
        self.starts.append(None if options.start is None else options.start.tolist())
        return problem, options


class TestAccepted:
    @SOLVERS
    @pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])
    @pytest.mark.parametrize("scale", [1.0, 1e-7], ids=["", "scaled"])
    def test_an_optimum_that_is_hard_to_find_is_the_answer(self, solver: str, maximize: bool, scale: float) -> None:
        model, optimum = hidden_plan(maximize=maximize, scale=scale)

        solution = LXOptimizer().use_solver(solver, time_limit=20).solve(model, start=optimum)

        assert (solution.status, solution.objective_value) == (LXStatus.OPTIMAL, OFFSET)
        assert (solution.start_point, solution.start_point_reason) == (LXStartPoint.ACCEPTED, "")
        assert dict(solution.get_mapped("ours")) == optimum["ours"]

    def test_of_a_solution_from_a_pickle(self) -> None:
        yesterday = pickle.loads(pickle.dumps(LXOptimizer().solve(setups())))

        solution = solved(yesterday)

        assert (solution.start_point, solution.objective_value) == (LXStartPoint.ACCEPTED, yesterday.objective_value)
        assert "start point accepted" in solution.summary()

    def test_rows_and_variables_are_keys_too(self) -> None:
        model = setups()
        made = model.get_variable("made")

        solution = solved({"open": OPENED, made: {plant: MADE[plant.id] for plant in PLANTS}}, model)

        assert solution.start_point is LXStartPoint.ACCEPTED

    def test_numbers_that_are_nearly_whole_are_whole(self) -> None:
        spy = Spy()
        start = {"open": {1: 1 - 1e-7, 2: 1, 3: 1e-9}, "made": MADE}

        solution = LXOptimizer().use_solver(spy).solve(setups(), start=start)

        assert solution.start_point is LXStartPoint.ACCEPTED
        assert spy.starts == [[1.0, 1.0, 0.0, 25.0, 20.0, 0.0]]

    def test_columns_in_no_row_start_where_they_end(self) -> None:
        idle = LXVariable[None, int]("idle").integer().bounds(0, 5)
        model = setups().add_variable(idle)
        spy = Spy()

        LXOptimizer().use_solver(spy).solve(model, start={"open": OPENED, "made": MADE, "idle": 4})

        assert spy.starts == [[1.0, 1.0, 0.0, 25.0, 20.0, 0.0, 0.0]]

    def test_without_a_start_nothing_is_told(self) -> None:
        solution = LXOptimizer().solve(setups())

        assert (solution.start_point, solution.start_point_reason) == (None, "")


class TestRepaired:
    @SOLVERS
    def test_missing_values_are_found(self, solver: str) -> None:
        model, optimum = hidden_plan()

        solution = LXOptimizer().use_solver(solver, time_limit=20).solve(model, start={"ours": optimum["ours"]})

        assert (solution.status, solution.start_point) == (LXStatus.OPTIMAL, LXStartPoint.REPAIRED)
        assert solution.start_point_reason == "10 missing values were found"

    def test_missing_whole_values_are_found(self) -> None:
        model, optimum = hidden_plan()
        some = {shop: value for shop, value in optimum["ours"].items() if shop >= 10}

        solution = LXOptimizer().use_solver("highs", time_limit=20).solve(model, start={"ours": some})

        assert (solution.status, solution.start_point) == (LXStatus.OPTIMAL, LXStartPoint.REPAIRED)

    def test_a_plan_of_yesterday_for_the_demand_of_today(self) -> None:
        yesterday = LXOptimizer().solve(setups(demand=45.0))

        solution = solved(yesterday, setups(demand=50.0))

        assert solution.start_point is LXStartPoint.REPAIRED
        assert solution.start_point_reason == (
            "it violates needed: 45, and >= 50 is required: 5 too little; values were changed that are not whole, or "
            "were outside of their bounds"
        )

    def test_rows_that_came_and_went(self) -> None:
        yesterday = LXOptimizer().solve(setups([*PLANTS[:2], Plant(9, 500.0, 1.0)], demand=40.0))
        spy = Spy()

        solution = LXOptimizer().use_solver(spy).solve(setups(demand=40.0), start=yesterday)

        assert solution.start_point is LXStartPoint.REPAIRED
        assert solution.start_point_reason == "2 missing values were found"
        assert spy.starts[-1] == [1.0, 1.0, 0.0, 20.0, 20.0, 0.0]

    def test_a_whole_value_outside_of_its_bounds_is_at_the_bound(self) -> None:
        spy = Spy()

        solution = LXOptimizer().use_solver(spy).solve(setups(), start={"open": {1: 3, 2: 1, 3: -1}, "made": MADE})

        assert solution.start_point is LXStartPoint.REPAIRED
        assert solution.start_point_reason.endswith("changed that are not whole, or were outside of their bounds")
        assert spy.starts[-1][:3] == [1.0, 1.0, 0.0]

    def test_the_search_for_values_reports_no_numbers_of_its_own(self) -> None:
        model, optimum = hidden_plan()
        incumbents: list[float | None] = []

        LXOptimizer().solve(
            model,
            start={"ours": optimum["ours"]},
            on_progress=lambda progress: incumbents.append(progress.incumbent),
            time_limit=20,
        )

        assert set(incumbents) <= {None, OFFSET}


class TestRejected:
    @SOLVERS
    def test_whole_values_that_allow_no_point(self, solver: str) -> None:
        start = {"open": {1: 0, 2: 1, 3: 0}, "made": {1: 0, 2: 45, 3: 0}}

        solution = LXOptimizer().use_solver(solver).solve(setups(), start=start)

        assert (solution.start_point, solution.status) == (LXStartPoint.REJECTED, LXStatus.OPTIMAL)
        assert solution.start_point_reason.startswith(
            f"it violates within[2]: 25, and <= 0 is required: 25 too much, and solver {solver!r} found no point with "
            f"its whole values (Inf"
        )

    def test_values_are_missing_and_cannot_be_found(self) -> None:
        solution = solved({"open": {1: 0, 2: 1, 3: 0}})

        assert solution.start_point is LXStartPoint.REJECTED
        assert solution.start_point_reason.startswith("3 values are missing, and solver 'highs' found no point with")


class TestIgnored:
    @pytest.mark.parametrize("options", [{"relax": True}, {"fix": "optimum"}])
    def test_without_whole_variables(self, options: dict[str, Any]) -> None:
        optimum = LXOptimizer().solve(setups())
        options = {"fix": optimum} if "fix" in options else options

        solution = solved(optimum, **options)

        assert solution.start_point is LXStartPoint.IGNORED
        assert solution.start_point_reason == "without integer variables a solver does not start from a point"

    def test_no_value_of_a_whole_variable(self) -> None:
        solution = solved({"made": MADE})

        assert solution.start_point is LXStartPoint.IGNORED
        assert solution.start_point_reason == "it has no value of an integer variable"

    def test_an_answer_that_needs_no_solver(self) -> None:
        nothing_whole = LXVariable[None, int]("nothing_whole").bounds(0.2, 0.8)

        solution = solved({"open": OPENED}, setups().add_variable(nothing_whole))

        assert (solution.status, solution.start_point) == (LXStatus.INFEASIBLE, LXStartPoint.IGNORED)
        assert solution.start_point_reason == "the answer needs no solver"

    def test_missing_whole_values_without_a_time_limit_for_the_search(self) -> None:
        solver = Without(LXFeature.TIME_LIMIT)

        solution = LXOptimizer().use_solver(solver).solve(setups(), start={"open": {1: 1}})

        assert solution.start_point is LXStartPoint.IGNORED
        assert solution.start_point_reason.startswith("2 integer variables have no value, and solver")

    @pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])
    def test_a_worse_point_of_the_solver_gives_way_to_the_start(self, maximize: bool) -> None:
        model, optimum = hidden_plan(maximize=maximize)
        forgetful = Fake(before=lambda problem, options: (problem, replace(options, start=None)))

        solution = LXOptimizer().use_solver(forgetful, time_limit=0.5).solve(model, start=optimum)

        assert (solution.status, solution.limit) == (LXStatus.FEASIBLE, LXLimit.TIME)
        assert (solution.objective_value, solution.start_point) == (OFFSET, LXStartPoint.IGNORED)
        assert "the answer is the start point itself" in solution.start_point_reason
        assert dict(solution.get_mapped("ours")) == optimum["ours"]

    def test_no_point_of_the_solver_gives_way_to_the_start(self) -> None:
        solution = (
            LXOptimizer().use_solver(Fake(after=out_of_time)).solve(setups(), start={"open": OPENED, "made": MADE})
        )

        assert (solution.status, solution.limit) == (LXStatus.FEASIBLE, LXLimit.TIME)
        assert solution.start_point_reason == "the solver returned no point; the answer is the start point itself"


def out_of_time(problem: Any, result: RawResult) -> RawResult:
    return RawResult(status=LXStatus.NO_SOLUTION, raw_status="too late", limit=LXLimit.TIME)


class TestProofs:
    """A start point is a point: what a solver claims against it is not believed."""

    def test_infeasible_is_not_believed(self) -> None:
        claims = iter([RawResult(status=LXStatus.INFEASIBLE, raw_status="Infeasible")])
        liar = Fake(after=lambda problem, result: next(claims, result) if problem.is_mip else result)

        solution = LXOptimizer().use_solver(liar).solve(setups(), start={"open": OPENED, "made": MADE})

        assert solution.status is LXStatus.OPTIMAL
        assert "reported infeasible without a proof" in solution.details["checks"][0]

    def test_an_optimum_that_is_worse_is_not_believed(self) -> None:
        model, optimum = hidden_plan()
        runs: list[RawResult] = []

        def too_early(problem: Any, result: RawResult) -> RawResult:
            runs.append(result)
            is_first = len(runs) == 1
            return replace(result, status=LXStatus.OPTIMAL, limit=None, best_bound=None) if is_first else result

        hasty = Fake(before=hasty_options, after=too_early)

        solution = LXOptimizer().use_solver(hasty).solve(model, start=optimum)

        assert (solution.status, solution.objective_value) == (LXStatus.OPTIMAL, OFFSET)
        assert len(runs) == 2

    def test_a_bound_that_the_start_is_beyond_is_not_believed(self) -> None:
        bounds = iter([150.0])
        boastful = Fake(
            after=lambda problem, result: replace(
                result, status=LXStatus.FEASIBLE, limit=LXLimit.TIME, best_bound=next(bounds, result.best_bound)
            )
        )

        solution = LXOptimizer().use_solver(boastful).solve(setups(), start={"open": OPENED, "made": MADE})

        assert "proved the bound" in solution.details["checks"][0]
        assert solution.best_bound == pytest.approx(115.0)


def hasty_options(problem: Any, options: SolverOptions) -> tuple[Any, SolverOptions]:
    return problem, (replace(options, start=None, time_limit=0.2) if options.presolve else options)


class TestRefused:
    @pytest.mark.parametrize(
        ("start", "error", "words"),
        [
            (5, LXModelError, r"solve\(start=\) got 5 as its values"),
            ({"opne": OPENED}, LXUnknownNameError, "opne"),
            ({"open": {7: 1}}, LXUnknownKeyError, "7"),
            ({"open": 1}, LXModelError, r"solve\(start=\) got one number as the values of 'open'"),
            ({"open": {1: "yes"}}, LXNumberError, r"open\[1\]"),
            ({"made": {1: 1e19}}, LXNumberError, r"made\[1\]"),
        ],
    )
    def test_values_of_another_form(self, start: Any, error: type[Exception], words: str) -> None:
        with pytest.raises(error, match=words):
            solved(start)

    def test_a_solution_without_a_point(self) -> None:
        nothing = LXOptimizer().solve(impossible())

        with pytest.raises(LXNoSolutionError):
            solved(nothing)

    def test_a_solver_that_cannot_start_from_a_point(self) -> None:
        with pytest.raises(LXOptionError, match=r"has no feature 'start'. It cannot begin with a start point."):
            LXOptimizer().use_solver(Without(LXFeature.START)).solve(setups(), start={"open": OPENED})

    def test_check_still_wants_every_value(self) -> None:
        with pytest.raises(LXMissingKeyError, match=r"check\(\) got no value for open\[1\]"):
            setups().check({"made": MADE})
