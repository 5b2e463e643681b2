"""Who solves scenarios, one after the other or at once, and how they fail."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXNotInfeasibleError,
    LXOptimizer,
    LXParameter,
    LXScenario,
    LXScenarioAnalyzer,
    LXStart,
    LXStatus,
    LXVariable,
    LXWorkerError,
)
from lumix_core.errors import LXCopyError, LXLateBindingError
from lumix_solvers.highs import HighsSolver
from tests.analysis.conftest import Product
from tests.analysis.scenarios import at_most_20, bits, seven


class TestExecutors:
    def test_results_are_the_same_bit_for_bit(self, workshop, optimizer, executor):
        analyzer = LXScenarioAnalyzer(workshop.model, optimizer).add_scenarios(*seven(workshop))

        alone, together = analyzer.run_all_scenarios(), analyzer.run_all_scenarios(executor)

        assert bits(together) == bits(alone)
        assert [one.status for one in alone.values()] == [
            "optimal", "optimal", "optimal", "infeasible", "optimal", "optimal", "optimal", "error",
        ]  # fmt: skip

    def test_results_are_in_the_order_of_the_scenarios(self, workshop, highs, executor):
        names = [f"wood {wood}" for wood in (700, 410, 500, 600, 450)]
        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        for name in names:
            analyzer.add_scenario(LXScenario(name).modify_constraint_rhs("stock", set_value=float(name[5:]), key=1))

        results = analyzer.run_all_scenarios(executor, workers=2)

        assert list(results) == ["baseline", *names]
        assert [results[name].name for name in names] == names
        assert sorted(names, key=lambda name: results[name].objective) == sorted(names)

    def test_many_optima_are_told_apart_alike(self, highs, executor):
        analyzer = LXScenarioAnalyzer(tied(), highs)
        for i in range(12):
            analyzer.add_scenario(LXScenario(f"{i}").modify_constraint_rhs("row", add=(7 * i) % 12 - 6, key=i % 4))

        alone = analyzer.run_all_scenarios()

        assert bits(analyzer.run_all_scenarios(executor, workers=3)) == bits(alone)
        assert bits({name: analyzer.run_scenario(name) for name in reversed(alone)}) == bits(alone)
        assert {alone[f"{i}"].solution.start for i in range(12)} == {LXStart.HOT}

    def test_a_scenario_that_cannot_be_pickled_is_named(self, workshop, highs, executor):
        lock = threading.Lock()
        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        analyzer.add_scenario(LXScenario("fine").modify_constraint_rhs("stock", add=1))
        analyzer.add_scenario(LXScenario("locked").add_custom_modification(lambda model: lock))

        with pytest.raises(LXCopyError, match=r"^Scenario 'locked' cannot be sent to an executor"):
            analyzer.run_all_scenarios(executor)

    @pytest.mark.parametrize("given", [4, "threads", ThreadPoolExecutor])
    def test_what_is_no_executor(self, analyzer, given):
        with pytest.raises(LXModelError, match=r" as its executor. Give it a concurrent.futures.Executor"):
            analyzer.run_all_scenarios(given)

    def test_an_executor_that_is_shut_down(self, analyzer):
        with ThreadPoolExecutor(1) as executor:
            pass
        analyzer.add_scenario(LXScenario("more").modify_constraint_rhs("stock", add=1))

        with pytest.raises(LXWorkerError, match=r"takes no more tasks: .* after shutdown\. .* that is not shut down"):
            analyzer.run_all_scenarios(executor)

    @pytest.mark.parametrize("name", ["workers", "threads_per_solve"])
    @pytest.mark.parametrize("number", [0, -1, 1.5, "2", True])
    def test_no_number_of_workers_or_threads(self, analyzer, threads, name, number):
        with pytest.raises(LXModelError, match=rf"got {name}={number!r}\. Give a whole number of at least 1"):
            analyzer.run_all_scenarios(threads, **{name: number})

    @pytest.mark.parametrize("name", ["workers", "threads_per_solve"])
    def test_workers_without_an_executor(self, analyzer, name):
        with pytest.raises(LXModelError, match=rf"got {name}=2 and no executor"):
            analyzer.run_all_scenarios(**{name: 2})


def tied():
    """A model with many optima: twelve columns of the same price share four rows."""
    places, rows = list(range(12)), list(range(4))
    x = LXVariable[int, float]("x").bounds(lower=0, upper=9).from_data(places)
    row = LXConstraint[int]("row").from_data(rows).le().rhs(20)
    row.expression(LXLinearExpression().add_multi_term(x, lambda i, r: 1.0 + ((i + r) % 4 == 0)))
    return LXModel("tied").add_variable(x).add_constraint(row).maximize(LXLinearExpression().add_term(x))


class TestRuns:
    def test_the_model_is_opened_once_and_every_scenario_starts_hot(self, workshop, highs):
        analyzer = LXScenarioAnalyzer(workshop.model, highs)
        for i in range(4):
            analyzer.add_scenario(LXScenario(f"wood {i}").modify_constraint_rhs("stock", add=10 * i, key=1))

        results = analyzer.run_all_scenarios()

        assert [one.solution.start for one in results.values()] == [LXStart.COLD, *4 * [LXStart.HOT]]

    def test_a_scenario_after_one_with_another_matrix(self, highs):
        model = tied()
        hole = LXParameter("hole").from_data({0: 1.0}).default(0.0)
        extra = LXConstraint[int]("extra").from_data(range(4)).le().rhs(20)
        model.add_constraint(
            extra.expression(LXLinearExpression().add_multi_term(model.variables[0], lambda i, r: hole[i]))
        )
        analyzer = LXScenarioAnalyzer(model, highs)
        analyzer.add_scenario(LXScenario("other shape").modify_parameter("hole", {5: 2.0}))
        analyzer.add_scenario(LXScenario("next").modify_constraint_rhs("row", add=-6, key=1))

        results = analyzer.run_all_scenarios()

        assert results["other shape"].is_optimal()
        assert bits({"next": analyzer.run_scenario("next")}) == bits({"next": results["next"]})

    def test_a_session_that_solved_nothing_yet_rewinds_alike(self, highs):
        def answer(*before):
            with highs.open(tied()) as session:
                for number in before:
                    with session.rewind().trying():
                        session.set_rhs("row", number).solve()
                with session.rewind().trying():
                    return session.set_rhs("row", 9.0, key=1).solve()._x.tobytes()

        assert answer() == answer(5.0) == answer(31.0, 2.0)

    def test_results_can_be_compared_after_the_solver_was_let_go(self, workshop, highs):
        with LXScenarioAnalyzer(workshop.model, highs) as analyzer:
            analyzer.run_all_scenarios()

        assert "2,735.71" in analyzer.compare_scenarios()

    def test_integers(self, integer_workshop, optimizer, threads):
        analyzer = LXScenarioAnalyzer(integer_workshop.model, optimizer)
        analyzer.add_scenario(LXScenario("wood").modify_constraint_rhs("stock", set_value=600, key=1))

        alone = analyzer.run_all_scenarios()

        assert alone["wood"].solution.variables["made"][3] == 9
        assert bits(analyzer.run_all_scenarios(threads)) == bits(alone)

    def test_without_the_baseline(self, workshop, highs):
        analyzer = LXScenarioAnalyzer(workshop.model, highs, include_baseline=False)
        analyzer.add_scenario(LXScenario("wood").modify_constraint_rhs("stock", set_value=600, key=1))

        results = analyzer.run_all_scenarios()

        assert list(results) == ["wood"]
        assert results["wood"].delta_objective == pytest.approx(571.428571)
        assert list(analyzer.run_all_scenarios(include_baseline=True)) == ["baseline", "wood"]

    def test_an_infeasible_scenario_is_an_answer(self, analyzer):
        analyzer.add_scenario(LXScenario("none").modify_constraint_rhs("stock", set_value=10, key=1))

        result = analyzer.run_scenario("none")

        assert (result.status, result.error, result.is_feasible()) == (LXStatus.INFEASIBLE, "", False)
        with pytest.raises(LXNoSolutionError):
            _ = result.objective
        with pytest.raises(LXNoSolutionError):
            _ = result.delta_objective

    def test_why_a_scenario_is_infeasible(self, analyzer):
        analyzer.add_scenarios(
            LXScenario("none").modify_constraint_rhs("stock", set_value=10, key=1),
            LXScenario("neither").add_custom_modification(lambda m: setattr(m.get_constraint("stock"), "rhs_value", 5)),
            LXScenario("fine").modify_constraint_rhs("stock", add=1, key=1),
        )

        for name, rhs in (("none", 10.0), ("neither", 5.0)):
            found = analyzer.explain_infeasibility(name)
            assert "stock" in {one.family for one in found.constraints}
            assert f"{rhs:g}" in str(found)
        with pytest.raises(LXNotInfeasibleError):
            analyzer.explain_infeasibility("fine")
        assert analyzer.run_scenario("fine").delta_objective == pytest.approx(200 / 35)

    def test_why_the_model_as_it_is_is_infeasible(self, workshop, highs):
        workshop.hours.rhs_value = 1
        with LXScenarioAnalyzer(workshop.model, highs) as analyzer:
            found = analyzer.explain_infeasibility("baseline")

        assert "hours" in {one.family for one in found.constraints}

    def test_a_failure_is_recorded(self, analyzer):
        analyzer.add_scenario(LXScenario("broken").add_custom_modification(lambda model: model.nothing))
        analyzer.add_scenario(LXScenario("wood").modify_constraint_rhs("stock", add=1, key=1))

        results = analyzer.run_all_scenarios()

        assert results["broken"].status is LXStatus.ERROR
        assert "AttributeError: 'LXModel' object has no attribute 'nothing'" in results["broken"].error
        assert results["wood"].is_optimal()
        with pytest.raises(LXNoSolutionError, match=r"^Scenario 'broken' failed, so it has no objective"):
            _ = results["broken"].objective

    @pytest.mark.parametrize(
        ("function", "said"),
        [
            (lambda model: LXModel("other"), "returned another model than it was given"),
            (lambda model: model.get_constraint("stok"), "stok"),
            (lambda model: model.add_constraint(LXConstraint("empty")), "empty"),
        ],
    )
    def test_functions_that_make_no_model(self, analyzer, function, said):
        analyzer.add_scenario(LXScenario("wrong").add_custom_modification(function))

        assert said in analyzer.run_scenario("wrong").error

    @pytest.mark.parametrize(
        ("where", "value", "said"),
        [
            (lambda p: p.nothing, 1.0, "a function failed for the row"),
            (lambda p: False, 1.0, "the condition is true for none of the rows"),
            (None, "much", "'much'"),
        ],
    )
    def test_data_that_cannot_be_changed_so(self, analyzer, workshop, where, value, said):
        analyzer.add_scenario(LXScenario("s").modify_data(type(workshop.products[0]), where, "profit", value))

        assert said in analyzer.run_scenario("s").error

    def test_a_parameter_function_that_fails(self, analyzer):
        analyzer.add_scenario(LXScenario("wrong").modify_parameter("quantity", lambda needed: needed / 0))

        assert "ZeroDivisionError" in analyzer.run_scenario("wrong").error

    def test_a_change_before_a_function_that_changes_the_same(self, analyzer):
        scenario = LXScenario("both").modify_constraint_rhs("hours", multiply=2)
        analyzer.add_scenario(
            scenario.add_custom_modification(lambda m: setattr(m.get_constraint("hours"), "rhs_value", 50))
        )

        assert "which changes the same numbers" in analyzer.run_scenario("both").error

    def test_a_change_before_a_function_that_changes_something_else(self, analyzer):
        scenario = LXScenario("both").modify_variable_bound("made", upper=8, key=3)
        analyzer.add_scenario(scenario.add_custom_modification(at_most_20))

        assert analyzer.run_scenario("both").is_optimal()


class TestLoops:
    """What is made in a loop is what it was made with."""

    def of_loop(self):
        made = []
        for share in (0.9, 0.8):
            change = lambda m: setattr(m.get_constraint("stock"), "rhs_func", lambda m: share * m.available)
            made.append(LXScenario(f"stock {share}").add_custom_modification(change))
            thrift = LXScenario(f"needs {share}")
            made.append(thrift.modify_parameter("quantity", lambda now: share * now))
            cheap = LXScenario(f"profits {share}")
            made.append(cheap.modify_data(Product, None, "profit", lambda p: share * p.profit))
            some = LXScenario(f"some {share}")
            made.append(some.modify_data(Product, lambda p: p.profit > 100 * share, "profit", 1.0))
        return made

    @pytest.mark.parametrize("name", ["stock 0.9", "needs 0.9", "profits 0.9", "some 0.9"])
    def test_functions_that_see_the_last_turn_are_refused(self, analyzer, name):
        analyzer.add_scenarios(*(one for one in self.of_loop() if one.name == name))
        said = rf"scenario '{name}' \(the function at .*captures the loop variable 'share', which has been rebound"

        for run in (analyzer.run_all_scenarios, lambda: analyzer.run_scenario(name)):
            with pytest.raises(LXLateBindingError, match=f"{said}.*not 0.9"):
                run()

    def test_they_are_refused_before_workers_are_sent_anything(self, analyzer, executor):
        with pytest.raises(LXLateBindingError, match=r"'stock 0\.9'"):
            analyzer.add_scenarios(*self.of_loop()).run_all_scenarios(executor)

    def test_functions_that_bind_it_are_run(self, analyzer, workshop):
        for share in (0.9, 0.8):
            scenario = LXScenario(f"needs {share}")
            analyzer.add_scenario(scenario.modify_parameter("quantity", lambda now, share=share: share * now))

        results = analyzer.run_all_scenarios()

        assert workshop.optimum < results["needs 0.9"].objective < results["needs 0.8"].objective

    def test_functions_that_are_run_in_their_turn_are_run(self, analyzer):
        found = []
        for share in (0.9, 0.8):
            scenario = LXScenario(f"needs {share}").modify_parameter("quantity", lambda now: share * now)
            found.append(analyzer.add_scenario(scenario).run_scenario(scenario.name).objective)

        assert found[0] < found[1]

    def test_a_dict_that_is_used_again_holds_what_it_held(self, analyzer):
        numbers = {}
        for needed in (30, 20):
            numbers[3, 1] = needed
            analyzer.add_scenario(LXScenario(f"{needed}").modify_parameter("quantity", numbers))

        results = analyzer.run_all_scenarios()

        assert results["30"].objective < results["20"].objective
        assert [str(results[name].changes[0]) for name in ("30", "20")] == [
            "quantity [(3, 1)] = 30", "quantity [(3, 1)] = 20",
        ]  # fmt: skip


class Crashing(HighsSolver):
    """HiGHS, which fails for every problem with a side of 13."""

    name = "crashing"

    def open(self, problem, options):
        run = super().open(problem, options)
        solve = run.solve

        def fails():
            if (run._problem.row_upper == 13.0).any():
                raise RuntimeError("out of luck")
            return solve()

        run.solve = fails
        return run


def test_a_solver_that_fails_is_recorded_and_the_next_answer_is_the_same(threads):
    analyzer = LXScenarioAnalyzer(tied(), LXOptimizer().use_solver(Crashing()))
    analyzer.add_scenario(LXScenario("before").modify_constraint_rhs("row", set_value=9, key=1))
    analyzer.add_scenario(LXScenario("unlucky").modify_constraint_rhs("row", set_value=13, key=1))
    analyzer.add_scenario(LXScenario("after").modify_constraint_rhs("row", set_value=9, key=1))

    results = analyzer.run_all_scenarios()

    assert "out of luck" in results["unlucky"].error
    assert results["before"].solution._x.tobytes() == results["after"].solution._x.tobytes()
    assert bits(analyzer.run_all_scenarios(threads, workers=3)) == bits(results)
