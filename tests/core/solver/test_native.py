"""The solver's own model in the hands of an expert: when the function is called, and what stays checked."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXProblem, LXStatus, LXVariable
from lumix_core.errors import LXModelError, LXOptionError, LXVerificationError
from lumix_core.solver.solver import LXFeature
from tests.core.solver.solved_models import Without

PRICES = {"chair": 3.0, "table": 5.0}


def shop(*, hours: float = 8.0, at_least: float = 0.0, whole: bool = False) -> LXModel:
    """Chairs and tables, an hour each."""
    made = LXVariable[str, float]("made").bounds(0, 5).from_data(list(PRICES))
    total = LXLinearExpression().sum_over(made)
    limit = LXConstraint("limit").expression(total).le().rhs(hours)
    least = LXConstraint("least").expression(total).ge().rhs(at_least)
    profit = LXLinearExpression().sum_over(made, lambda name: PRICES[name])
    model = LXModel("shop").add_variable(made.integer() if whole else made).add_constraints(limit, least)
    return model.maximize(profit)


class Calls:
    """Notes what it is called with, and fails where it is told to."""

    def __init__(self) -> None:
        self.models: list[Any] = []
        self.problems: list[LXProblem] = []
        self.fails = False

    def __call__(self, model: Any, problem: LXProblem) -> None:
        self.models.append(model)
        self.problems.append(problem)
        if self.fails:
            raise ZeroDivisionError("of the user")


@pytest.fixture
def calls() -> Calls:
    return Calls()


def here(**options: Any) -> LXOptimizer:
    """Return HiGHS in this process, also where an old release would rather have one of its own."""
    return LXOptimizer().use_solver("highs", isolated=False, **options)


def without_tables(model: Any, problem: LXProblem) -> None:
    column = problem.column("made", "table")
    model.changeColBounds(column, 0.0, 0.0)


class TestCalled:
    def test_once_with_the_model_of_the_solver(self, calls: Calls) -> None:
        here().solve(shop(), on_native=calls)

        assert [model.getNumCol() for model in calls.models] == [2]

    def test_with_the_positions_of_families_and_keys(self) -> None:
        assert here().solve(shop(whole=True), on_native=without_tables).objective_value == 15.0

    def test_not_for_further_runs_by_which_a_claim_is_checked(self, calls: Calls) -> None:
        model = shop(at_least=6.0)
        for name in PRICES:
            wear = LXLinearExpression().sum_over(model.variables[0], lambda one, name=name: 2.0 if one == name else 1.0)
            model.add_constraint(LXConstraint(f"wear of {name}").expression(wear).le().rhs(8.0))

        solution = here().solve(model, on_native=calls)

        assert solution.status is LXStatus.INFEASIBLE
        assert solution.details["checks"], "the claim was checked by further runs"
        assert len(calls.models) == 1

    def test_not_where_the_answer_needs_no_solver(self, calls: Calls) -> None:
        here().solve(
            shop(hours=1.0, at_least=2.0).remove_constraint("limit").remove_constraint("least"), on_native=calls
        )

        assert calls.models == []

    def test_for_each_stage_of_goals(self, calls: Calls) -> None:
        model = shop()
        model.constraints[0].as_goal(priority=1)

        here().solve(model.set_goal_mode("sequential"), on_native=calls)

        assert len(calls.models) == 2

    def test_for_each_run_of_a_session_with_the_same_model(self, calls: Calls) -> None:
        with here().open(shop(), on_native=calls) as session:
            session.solve()
            session.set_rhs("limit", 6.0)
            session.solve()

        assert calls.models[0] is calls.models[1]
        assert [problem.row_upper[0] for problem in calls.problems] == [8.0, 6.0]

    def test_for_every_run_of_an_optimizer(self, calls: Calls) -> None:
        other = Calls()
        optimizer = here(on_native=calls)

        optimizer.solve(shop())
        optimizer.solve(shop(), on_native=other)

        assert (len(calls.models), len(other.models)) == (1, 1)

    def test_by_solve_async(self, calls: Calls) -> None:
        asyncio.run(here().solve_async(shop(), on_native=calls))

        assert len(calls.models) == 1

    def test_not_for_an_explanation(self, calls: Calls) -> None:
        optimizer = here(on_native=calls)

        optimizer.explain_infeasibility(shop(at_least=10.5, hours=12))

        assert calls.models == []

    def test_in_a_copy_of_the_optimizer(self) -> None:
        optimizer = pickle.loads(pickle.dumps(here(on_native=without_tables)))

        assert optimizer.solve(shop(whole=True)).objective_value == 15.0


class TestChecked:
    def test_an_optimum_that_the_model_has_not(self) -> None:
        def cheaper_tables(model: Any, problem: LXProblem) -> None:
            model.changeColCost(problem.column("made", "table"), 1.0)

        with pytest.raises(LXVerificationError, match="reported the objective"):
            here().solve(shop(), on_native=cheaper_tables)

    def test_an_optimum_of_fewer_points(self) -> None:
        with pytest.raises(LXVerificationError, match="reported optimal"):
            here().solve(shop(), on_native=without_tables)

    def test_a_point_that_breaks_a_constraint(self) -> None:
        def endless(model: Any, problem: LXProblem) -> None:
            model.changeRowBounds(problem.row("limit"), 0.0, 100.0)

        with pytest.raises(LXVerificationError, match="limit"):
            here().solve(shop(), on_native=endless)

    def test_a_claim_that_there_is_no_point(self) -> None:
        def impossible(model: Any, problem: LXProblem) -> None:
            model.changeRowBounds(problem.row("limit"), 90.0, 100.0)

        assert here().solve(shop(), on_native=impossible).status is LXStatus.ERROR

    def test_a_gap_that_was_set_is_not_taken_for_a_fault(self) -> None:
        solution = here().solve(shop(whole=True), on_native=lambda highs, _: highs.setOptionValue("mip_rel_gap", 0.9))

        assert solution.is_optimal()


class TestErrors:
    def test_an_error_of_the_function_is_raised_as_it_is(self, calls: Calls) -> None:
        calls.fails = True

        with pytest.raises(ZeroDivisionError, match="of the user") as raised:
            here().solve(shop(), on_native=calls)

        assert raised.value.__cause__ is raised.value.__context__ is None

    def test_an_error_that_is_of_lumix_too(self) -> None:
        def fail(model: Any, problem: LXProblem) -> None:
            raise LXModelError("of the user")

        with pytest.raises(LXModelError, match="of the user"):
            here().solve(shop(), on_native=fail)

    def test_a_session_goes_on_with_a_new_model(self, calls: Calls) -> None:
        with here().open(shop(), on_native=calls) as session:
            session.solve()
            calls.fails = True
            with pytest.raises(ZeroDivisionError):
                session.set_rhs("limit", 6.0).solve()
            calls.fails = False

            solution = session.solve()

        assert solution.objective_value == pytest.approx(28.0)
        assert calls.models[2] is not calls.models[0]


class TestRefused:
    @pytest.mark.parametrize("call", [5, "highs", 0])
    def test_what_cannot_be_called(self, call: Any) -> None:
        for use in (here().solve, here().open):
            with pytest.raises(LXOptionError, match=r"on_native=.* cannot be called. Give a function of two arguments"):
                use(shop(), on_native=call)
        with pytest.raises(LXOptionError, match="cannot be called"):
            here(on_native=call)

    def test_a_coroutine_function(self) -> None:
        async def look(model: Any, problem: LXProblem) -> None:
            """Look."""

        with pytest.raises(LXOptionError, match="is a coroutine function, which nobody would await"):
            here().solve(shop(), on_native=look)

    def test_a_solver_without_a_model_of_its_own(self, calls: Calls) -> None:
        for solver in (Without(LXFeature.NATIVE), "pulp"):
            with pytest.raises(LXOptionError, match=r"has no feature 'native'.*Leave out on_native="):
                LXOptimizer().use_solver(solver).solve(shop(), on_native=calls)

    def test_a_solver_in_another_process(self, calls: Calls) -> None:
        optimizer = LXOptimizer().use_solver("highs", isolated=True)

        with pytest.raises(LXOptionError, match=r"runs in a process of its own.*solve with isolated=False"):
            optimizer.solve(shop(), on_native=calls)
        with pytest.raises(LXOptionError, match="runs in a process of its own"):
            optimizer.open(shop(), on_native=calls)
