"""Scenarios: what they change, who solves them, how they fail, and how they are compared."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

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
from lumix_core.errors import (
    LXCopyError,
    LXDuplicateNameError,
    LXLateBindingError,
    LXNumberError,
    LXSourceError,
    LXUnknownKeyError,
    LXUnknownNameError,
)
from lumix_solvers.highs import HighsSolver
from tests.analysis.conftest import Product


@pytest.fixture
def analyzer(workshop, optimizer):
    with LXScenarioAnalyzer(workshop.model, optimizer) as analyzer:
        yield analyzer


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.fixture(params=["threads", "processes"])
def executor(request):
    return request.getfixturevalue(request.param)


def at_most_20(model):
    total = LXLinearExpression().add_term(model.get_variable("made"))
    model.add_constraint(LXConstraint("at_most_20").expression(total).le().rhs(20))


def seven(workshop):
    """Scenarios of each kind, one that is infeasible and one that fails."""
    return [
        LXScenario("more wood").describe("a second supplier").modify_constraint_rhs("stock", set_value=600, key=1),
        LXScenario("less of all").modify_constraint_rhs("stock", multiply=0.9),
        LXScenario("no wood").modify_constraint_rhs("stock", set_value=10, key=1),
        LXScenario("thrift").modify_parameter(workshop.quantity, lambda needed: 0.9 * needed),
        LXScenario("few desks").modify_variable_bound("made", upper=4, key=3),
        LXScenario("few in all").add_custom_modification(at_most_20),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
    ]


def bits(results):
    """All that results tell, exactly."""
    return {
        name: (one.status, one.error, one.solution and one.solution._x is not None and one.solution._x.tobytes())
        for name, one in results.items()
    }


class TestChanges:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"set_value": 600}, 2735.714285714286 + 100 * 200 / 35),
            ({"add": 100}, 2735.714285714286 + 100 * 200 / 35),
            ({"multiply": 1.2}, 2735.714285714286 + 100 * 200 / 35),
        ],
    )
    def test_more_wood(self, analyzer, change, expected):
        analyzer.add_scenario(LXScenario("more").modify_constraint_rhs("stock", key=1, **change))

        result = analyzer.run_scenario("more")

        assert result.objective == pytest.approx(expected)
        assert result.delta_objective == pytest.approx(571.428571)
        assert result.delta_percentage == pytest.approx(100 * 571.428571 / 2735.714286)

    def test_a_family_as_a_whole(self, analyzer, workshop):
        analyzer.add_scenario(LXScenario("all").modify_constraint_rhs("stock", multiply=1.1))

        assert analyzer.run_scenario("all").objective == pytest.approx(workshop.optimum + 50 * workshop.wood_price)

    def test_changes_are_made_in_the_order_written(self, analyzer, workshop):
        scenario = LXScenario("both").modify_constraint_rhs("stock", add=50, key=1)
        analyzer.add_scenario(scenario.modify_constraint_rhs("stock", multiply=1.1, key=1))

        assert analyzer.run_scenario("both").objective == pytest.approx(workshop.optimum + 105 * workshop.wood_price)

    def test_bounds(self, analyzer):
        analyzer.add_scenario(LXScenario("few").modify_variable_bound("made", lower=3.5, upper=4, key=3))

        assert analyzer.run_scenario("few").solution.variables["made"][3] == pytest.approx(4.0)

    def test_families_stand_for_their_names(self, analyzer, workshop):
        scenario = LXScenario("given").modify_constraint_rhs(workshop.stock, set_value=600, key=workshop.materials[0])
        analyzer.add_scenario(scenario.modify_variable_bound(workshop.made, upper=4, key=workshop.products[2]))

        assert [one.name for one in scenario.modifications] == ["stock", "made"]
        assert analyzer.run_scenario("given").solution.variables["made"][3] == pytest.approx(4.0)

    def test_a_parameter_by_name(self, analyzer, workshop):
        analyzer.add_scenarios(
            LXScenario("named").modify_parameter("quantity", {(3, 1): 17.5}),
            LXScenario("given").modify_parameter(workshop.quantity, {(3, 1): 17.5}),
        )

        results = analyzer.run_all_scenarios()

        assert results["named"].objective == results["given"].objective > workshop.optimum

    def test_a_function_changes_a_copy(self, analyzer, workshop):
        analyzer.add_scenario(LXScenario("few").add_custom_modification(at_most_20))

        values = analyzer.run_scenario("few").solution.variables["made"].values()

        assert sum(values) == pytest.approx(20.0)
        assert [one.name for one in workshop.model.constraints] == ["least", "most", "stock", "hours"]

    def test_what_a_function_captures_of_the_model_is_of_the_copy(self, analyzer, workshop):
        made, stock = workshop.made, workshop.stock

        def change(model):
            assert model.get_variable("made") is made
            stock.rhs(600)

        analyzer.add_scenario(LXScenario("captured").add_custom_modification(change))

        assert analyzer.run_scenario("captured").error == ""
        assert analyzer.run_scenario("captured").objective > workshop.optimum
        assert analyzer.run_scenario("baseline").objective == pytest.approx(workshop.optimum)
        assert LXOptimizer().solve(workshop.model).objective_value == pytest.approx(workshop.optimum)

    def test_data(self, analyzer, workshop):
        rows = type(workshop.products[0])
        analyzer.add_scenario(LXScenario("dearer").modify_data(rows, lambda p: p.name == "Desk", "profit", 210.0))
        analyzer.add_scenario(LXScenario("all").modify_data(rows, None, "profit", lambda p: 1.1 * p.profit))

        dearer, everything = analyzer.run_scenario("dearer"), analyzer.run_scenario("all")

        assert dearer.delta_objective == pytest.approx(10 * 295 / 35)
        assert everything.delta_percentage == pytest.approx(10.0)
        assert [str(one) for one in dearer.changes] == ["Product.profit = 210.0 for some rows"]
        assert [str(one) for one in everything.changes] == ["Product.profit changed by a function"]
        assert workshop.products[2].profit == 200.0

    def test_data_among_other_changes(self, analyzer, workshop):
        rows = type(workshop.materials[0])
        scenario = LXScenario("both").modify_data(rows, lambda m: m.id == 1, "available", 520.0)
        analyzer.add_scenario(scenario.modify_constraint_rhs("stock", add=10, key=1))

        assert analyzer.run_scenario("both").objective == pytest.approx(workshop.optimum + 30 * workshop.wood_price)

    def test_data_after_a_function(self, analyzer, workshop):
        rows = type(workshop.products[0])
        scenario = LXScenario("few").add_custom_modification(at_most_20)
        analyzer.add_scenario(scenario.modify_data(rows, lambda p: p.name == "Desk", "profit", 1000.0))

        result = analyzer.run_scenario("few")

        values = result.variables["made"]
        assert result.objective == pytest.approx(45 * values[1] + 120 * values[2] + 1000 * values[3])
        assert sum(values.values()) <= 20 + 1e-6

    def test_numbers_are_changed_after_a_function(self, analyzer, workshop):
        scenario = LXScenario("both").add_custom_modification(lambda model: model.get_constraint("hours").rhs(50))
        analyzer.add_scenario(scenario.modify_constraint_rhs("hours", multiply=2))

        assert analyzer.run_scenario("both").objective == pytest.approx(workshop.optimum)

    def test_the_model_is_left_as_it_was(self, analyzer, workshop):
        before = {name: one.tobytes() for name, one in workshop.model.compile().arrays().items()}
        analyzer.add_scenarios(*seven(workshop))

        analyzer.run_all_scenarios()

        assert {name: one.tobytes() for name, one in workshop.model.compile().arrays().items()} == before

    def test_what_is_added_to_a_scenario_later_counts(self, analyzer, workshop):
        scenario = LXScenario("growing").modify_constraint_rhs("stock", add=50, key=1)
        analyzer.add_scenario(scenario)
        scenario.modify_constraint_rhs("stock", add=50, key=1)

        assert analyzer.run_scenario("growing").delta_objective == pytest.approx(571.428571)


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
            LXScenario("neither").add_custom_modification(lambda model: model.get_constraint("stock").rhs(5)),
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
        workshop.hours.rhs(1)
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
        analyzer.add_scenario(scenario.add_custom_modification(lambda model: model.get_constraint("hours").rhs(50)))

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
            change = lambda model: model.get_constraint("stock").rhs(lambda m: share * m.available)
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


class TestRefusals:
    @pytest.mark.parametrize("given", [{}, {"add": 1, "multiply": 2}, {"set_value": 1, "add": 1, "multiply": 1}])
    def test_not_one_of_the_ways(self, given):
        said = f"scenario 's' was given {len(given)} of set_value=, add= and multiply=. Give exactly one"
        with pytest.raises(LXModelError, match=said):
            LXScenario("s").modify_constraint_rhs("stock", **given)

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), "2", None])
    def test_no_number(self, number):
        with pytest.raises(LXModelError, match="'stock'"):
            LXScenario("s").modify_constraint_rhs("stock", multiply=number)

    @pytest.mark.parametrize("given", [{"lower": float("nan")}, {"upper": -float("inf")}, {"upper": "8"}])
    def test_no_bound(self, given):
        with pytest.raises(LXNumberError, match="bound of 'made' in scenario 's'"):
            LXScenario("s").modify_variable_bound("made", **given)

    def test_no_bound_at_all(self):
        with pytest.raises(LXModelError, match="was given no bound"):
            LXScenario("s").modify_variable_bound("made")

    def test_bounds_that_cross(self):
        said = r"modify_variable_bound.'made'. of scenario 's' was given lower=6 above upper=4: no value lies between"
        with pytest.raises(LXModelError, match=said):
            LXScenario("s").modify_variable_bound("made", lower=6, upper=4)

    @pytest.mark.parametrize("name", ["", "  ", 3, None])
    def test_no_name(self, name):
        with pytest.raises(LXModelError, match="Give it a text that is not empty"):
            LXScenario(name)

    @pytest.mark.parametrize("number", [float("nan"), "600"])
    def test_no_number_says_so_without_a_word_of_rows(self, number):
        with pytest.raises(
            LXNumberError, match=r"^set_value= for 'stock' in scenario 's' is .*Give a finite number\.$"
        ):
            LXScenario("s").modify_constraint_rhs("stock", set_value=number)

    def test_no_text(self):
        with pytest.raises(LXModelError, match=r"describe\(\) of scenario 's' got 3. Give it a text"):
            LXScenario("s").describe(3)

    @pytest.mark.parametrize(
        ("numbers", "said"),
        [
            ({}, "was given an empty dict, so it would change nothing"),
            (3, "was to hold 3: its numbers are changed with a dict"),
            ([((1, 1), 3)], "its numbers are changed with a dict"),
            ({(1, 1): "3"}, r"The number for \(1, 1\) of 'quantity' in scenario 's' is '3'"),
            ({(1, 1): None}, r"in scenario 's' is NULL \(None\)"),
        ],
    )
    def test_no_numbers_of_a_parameter(self, numbers, said):
        with pytest.raises(LXModelError, match=said):
            LXScenario("s").modify_parameter("quantity", numbers)

    def test_no_callback(self, analyzer):
        with pytest.raises(LXModelError, match=r"got 3 as its callback. Give it a function of the progress"):
            analyzer.run_all_scenarios(callback=3)

    def test_a_curve_names_its_own_call(self, analyzer):
        with pytest.raises(
            LXUnknownNameError, match=r"^sensitivity_to_parameter\('stok'\): The model has no constraint"
        ):
            analyzer.sensitivity_to_parameter("stok", [1.0])

    def test_no_function(self):
        with pytest.raises(LXModelError, match="Give it a function of the model"):
            LXScenario("s").add_custom_modification("stock")

    def test_a_parameter_before_a_function(self):
        with pytest.raises(LXModelError, match=r"'s' has modify_parameter.'quantity'. before a custom modification"):
            LXScenario("s").modify_parameter("quantity", {(1, 1): 2}).add_custom_modification(at_most_20)

    def test_data_before_a_function(self):
        with pytest.raises(LXModelError, match=r"'s' has modify_data.Bin.room. before .* may change what the rows are"):
            LXScenario("s").modify_data(Bin, None, "room", 1.0).add_custom_modification(at_most_20)

    def test_data_of_no_class_and_no_condition(self):
        with pytest.raises(LXSourceError, match=r"of scenario 's' got 'Bin' as the class of the rows"):
            LXScenario("s").modify_data("Bin", None, "room", 1.0)
        with pytest.raises(LXModelError, match=r"of scenario 's' got where=3, which is no function"):
            LXScenario("s").modify_data(Bin, 3, "room", 1.0)

    def test_data_that_the_model_does_not_have(self, analyzer, workshop):
        with pytest.raises(LXSourceError, match=r"Scenario 's', modify_data.Bin.room.*rows of 'Material', 'Product'"):
            analyzer.add_scenario(LXScenario("s").modify_data(Bin, None, "room", 1.0))
        with pytest.raises(LXSourceError, match=r"Scenario 's', modify_data.Product.weight.*no such attribute"):
            analyzer.add_scenario(LXScenario("s").modify_data(type(workshop.products[0]), None, "weight", 1.0))

    @pytest.mark.parametrize(
        ("scenario", "error", "said"),
        [
            (LXScenario("s").modify_constraint_rhs("stok", add=1), LXUnknownNameError, "'stok'.*It has 'least'"),
            (LXScenario("s").modify_constraint_rhs("stock", add=1, key=9), LXUnknownKeyError, "'stock' has no key 9"),
            (LXScenario("s").modify_variable_bound("mad", upper=1), LXUnknownNameError, "no variable named 'mad'"),
            (LXScenario("s").modify_variable_bound("made", upper=1, key=9), LXUnknownKeyError, "'made' has no key 9"),
            (
                LXScenario("s").modify_parameter("quantities", {(1, 1): 2}),
                LXUnknownNameError,
                "the parameter 'quantities'",
            ),
        ],
    )
    def test_what_the_model_does_not_have(self, analyzer, scenario, error, said):
        with pytest.raises(error, match=f"Scenario 's'.*{said}"):
            analyzer.add_scenario(scenario)

        assert list(analyzer.run_all_scenarios()) == ["baseline"]

    @pytest.mark.parametrize("call", ["modify_constraint_rhs", "modify_variable_bound", "modify_parameter"])
    def test_what_is_no_family(self, call):
        with pytest.raises(LXModelError, match=r"^Scenario 's' was to change 3, which is neither the name"):
            getattr(LXScenario("s"), call)(3, {})

    def test_a_name_that_is_used(self, analyzer):
        analyzer.add_scenario(LXScenario("s"))

        with pytest.raises(LXDuplicateNameError, match="named 's', which is the name of another scenario"):
            analyzer.add_scenario(LXScenario("s"))
        with pytest.raises(LXDuplicateNameError, match="which is the name of the model as it is"):
            analyzer.add_scenario(LXScenario("baseline"))

    def test_names_that_nobody_added(self, analyzer):
        analyzer.add_scenario(LXScenario("wood"))

        for ask in (analyzer.run_scenario, analyzer.get_result):
            with pytest.raises(LXUnknownNameError, match=r"No scenario named 'steel' was added\. There are 'wood'"):
                ask("steel")
        with pytest.raises(LXUnknownNameError, match="'wood' was not run yet"):
            analyzer.get_result("wood")

    def test_what_is_no_optimizer_and_no_scenario(self, workshop, highs):
        with pytest.raises(LXModelError, match="as its optimizer"):
            LXScenarioAnalyzer(workshop.model, "highs")
        with pytest.raises(LXModelError, match="Give it an LXScenario"):
            LXScenarioAnalyzer(workshop.model, highs).add_scenario("more wood")
        with pytest.raises(LXModelError, match=r"for a list of them write add_scenarios\(\*scenarios\)"):
            LXScenarioAnalyzer(workshop.model, highs).add_scenarios([LXScenario("more wood")])

    def test_what_is_no_model(self, highs):
        with pytest.raises(LXModelError, match="'workshop', which is not a model"):
            LXScenarioAnalyzer("workshop", highs)

    def test_two_parameters_of_one_name(self, highs):
        one, other = (LXParameter("p").from_data({1: number}) for number in (1.0, 2.0))
        x = LXVariable[int, float]("x").bounds(0, 1).from_data([1])
        model = LXModel("twins").add_variable(x)
        model.maximize(LXLinearExpression().add_term(x, lambda i: one[i]).add_term(x, lambda i: other[i]))

        with pytest.raises(LXModelError, match="uses 2 parameters of the name 'p'"):
            LXScenarioAnalyzer(model, highs).add_scenario(LXScenario("s").modify_parameter("p", {1: 5.0}))

    def test_nothing_to_compare(self, analyzer):
        for ask in (analyzer.compare_scenarios, analyzer.get_best_scenario):
            with pytest.raises(LXModelError, match=r"No scenario of model 'workshop' was run yet. Call run_all"):
                ask()


class TestComparison:
    def test_the_table(self, workshop, highs):
        analyzer = LXScenarioAnalyzer(workshop.model, highs).add_scenarios(*seven(workshop))
        analyzer.run_all_scenarios()

        lines = analyzer.compare_scenarios().splitlines()

        assert lines[0] == "Scenarios of model 'workshop'"
        assert [line.split() for line in lines[2:6]] == [
            ["scenario", "status", "objective", "change", "change", "in", "%"],
            ["baseline", "optimal", "2,735.71", "+0.00", "+0.00"],
            ["more", "wood", "optimal", "3,307.14", "+571.43", "+20.89"],
            ["less", "of", "all", "optimal", "2,450.00", "-285.71", "-10.44"],
        ]
        assert lines[6].split() == ["no", "wood", "infeasible", "-", "-", "-"]
        assert lines[-1].startswith("broken: The custom modification <lambda> failed: AttributeError")

    def test_the_best(self, workshop, highs):
        analyzer = LXScenarioAnalyzer(workshop.model, highs).add_scenarios(*seven(workshop)[:3])
        analyzer.run_all_scenarios()

        assert analyzer.get_best_scenario() == "more wood"
        assert analyzer.get_best_scenario(maximize=False) == "less of all"

    def test_the_best_of_a_model_that_minimises(self, highs):
        x = LXVariable[None, float]("x").bounds(0, 10)
        total = LXLinearExpression().add_term(x)
        model = LXModel("least").add_variable(x).minimize(total)
        model.add_constraint(LXConstraint("need").expression(total).ge().rhs(4))
        analyzer = LXScenarioAnalyzer(model, highs)
        for need in (3, 5):
            analyzer.add_scenario(LXScenario(f"need {need}").modify_constraint_rhs("need", set_value=need))
        analyzer.run_all_scenarios()

        assert analyzer.get_best_scenario() == "need 3"

    def test_nothing_is_best_without_an_objective_or_a_point(self, workshop, highs):
        analyzer = LXScenarioAnalyzer(workshop.model, highs, include_baseline=False)
        analyzer.add_scenario(seven(workshop)[2]).run_all_scenarios()
        assert analyzer.get_best_scenario() is None

        aimless = LXScenarioAnalyzer(LXModel("aimless").add_variable(LXVariable[None, float]("x").bounds(0, 1)), highs)
        aimless.run_all_scenarios()
        with pytest.raises(LXModelError, match="has no objective"):
            aimless.get_best_scenario()

    def test_a_range_of_values(self, analyzer, workshop):
        found = analyzer.sensitivity_to_parameter("stock", [0.9, 1.0, 1.1, 0.01])
        added = analyzer.sensitivity_to_parameter("stock", [10], modification_type="rhs_add", key=1)
        put = analyzer.sensitivity_to_parameter("stock", [510], modification_type="rhs_set", key=1)

        assert [found[value].objective for value in (0.9, 1.0, 1.1)] == pytest.approx(
            [workshop.optimum + move * workshop.wood_price for move in (-50, 0, 50)]
        )
        assert found[0.01].status is LXStatus.INFEASIBLE
        assert added[10.0].objective == pytest.approx(put[510.0].objective)
        assert list(analyzer.run_all_scenarios()) == ["baseline"]

    @pytest.mark.parametrize("target", [None, "variable"])
    def test_a_range_of_bounds(self, analyzer, target):
        most = analyzer.sensitivity_to_parameter("made", [4, 6], "bound_upper", key=3, target_type=target)
        least = analyzer.sensitivity_to_parameter("made", [7], "bound_lower", key=2, target_type=target)

        assert [one.variables["made"][3] for one in most.values()] == pytest.approx([4.0, 6.0])
        assert least[7.0].variables["made"][2] == pytest.approx(7.0)

    def test_a_range_of_integers(self, integer_workshop, optimizer):
        with LXScenarioAnalyzer(integer_workshop.model, optimizer) as analyzer:
            found = analyzer.sensitivity_to_parameter("stock", [450, 500, 520], "rhs_set", key=1)

        for room, result in found.items():
            integer_workshop.materials[0] = type(integer_workshop.materials[0])(1, "Wood", room)
            assert result.objective == optimizer.solve(integer_workshop.model).objective_value
            assert all(one == round(one) for one in result.variables["made"].values())

    def test_a_range_of_another_target(self, analyzer):
        with pytest.raises(LXModelError, match=r"changes a constraint\. Give 'bound_lower', 'bound_upper' as"):
            analyzer.sensitivity_to_parameter("made", [4], "rhs_set", target_type="variable")
        with pytest.raises(LXUnknownNameError, match="no variable named 'stock'"):
            analyzer.sensitivity_to_parameter("stock", [4], "bound_upper")

    def test_a_range_of_nothing_known(self, analyzer):
        with pytest.raises(LXModelError, match="Give one of 'rhs_multiply', 'rhs_add', 'rhs_set', 'bound_lower', 'bo"):
            analyzer.sensitivity_to_parameter("stock", [1], modification_type="times")
        with pytest.raises(LXUnknownNameError, match="stok"):
            analyzer.sensitivity_to_parameter("stok", [1])
        with pytest.raises(LXModelError, match=r"got values=1.5. Give a list"):
            analyzer.sensitivity_to_parameter("stock", 1.5)


class TestPickles:
    def test_a_scenario(self, workshop, analyzer):
        factor = 1.2
        scenario = (
            LXScenario("s")
            .describe("more")
            .add_custom_modification(lambda model: model.get_constraint("stock").rhs(lambda m: factor * m.available))
        )
        copy = pickle.loads(pickle.dumps(scenario))

        analyzer.add_scenario(copy)

        assert (copy.name, copy.description) == ("s", "more")
        assert analyzer.run_scenario("s").delta_objective == pytest.approx(571.428571)

    def test_a_result_reads_like_a_solution(self, analyzer, workshop):
        result = analyzer.run_scenario("baseline")

        assert result.variables["made"][3] == result.get_mapped(workshop.made)[3] == pytest.approx(295 / 35)
        assert result.shadow_prices["stock"][1] == pytest.approx(workshop.wood_price)
        assert result.reduced_costs["made"][3] == pytest.approx(0.0)
        assert result.solve_time == result.solution.solve_time

    @pytest.mark.parametrize("read", ["variables", "shadow_prices", "reduced_costs", "solve_time", "objective_value"])
    def test_a_failure_reads_like_no_solution(self, analyzer, read):
        analyzer.add_scenario(LXScenario("broken").add_custom_modification(lambda model: model.nothing))
        result = analyzer.run_scenario("broken")

        with pytest.raises(LXNoSolutionError, match="'broken' failed"):
            getattr(result, read)

    def test_a_result(self, analyzer):
        result = pickle.loads(pickle.dumps(analyzer.run_scenario("baseline")))

        assert result.delta_objective == 0.0


class Base(DeclarativeBase):
    pass


class Bin(Base):
    __tablename__ = "bins"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[float]
    shelf: Mapped[str] = mapped_column(default="low")


@pytest.fixture
def database():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Bin(id=1, room=4.0), Bin(id=2, room=6.0, shelf="high")])
        session.commit()
        yield session
    engine.dispose()


def bins(session):
    x = LXVariable[Bin, float]("x").bounds(lower=0).from_model(session)
    full = LXConstraint[Bin]("full").from_model(session).expression(LXLinearExpression().add_term(x)).le()
    model = LXModel("bins").add_variable(x).add_constraint(full.rhs(lambda b: b.room))
    return model.maximize(LXLinearExpression().sum_over(x))


class TestDatabases:
    def test_rows_are_read_once_for_all_scenarios_of_numbers(self, database, highs):
        queries = []
        event.listen(database.get_bind(), "before_cursor_execute", lambda *given: queries.append(given[2]))
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        for i in range(5):
            analyzer.add_scenario(LXScenario(f"{i}").modify_constraint_rhs("full", add=i))

        analyzer.run_all_scenarios()

        assert len(queries) == 1

    def test_workers_have_no_database(self, database, highs, executor):
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("double").modify_constraint_rhs("full", multiply=2))
        analyzer.add_scenario(LXScenario("one").add_custom_modification(lambda m: m.get_constraint("full").rhs(1)))

        results = analyzer.run_all_scenarios(executor)

        assert [one.objective for one in results.values()] == [10.0, 20.0, 2.0]

    def test_data_are_changed_in_workers_alike(self, database, highs, executor):
        factor = 3.0
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("first").modify_data(Bin, lambda b: b.id == 1, "room", 7.0))
        analyzer.add_scenario(LXScenario("larger").modify_data(Bin, None, "room", lambda b: factor * b.room))
        analyzer.add_scenario(LXScenario("high").modify_data(Bin, lambda b: b.shelf == "high", "room", 0.0))

        apart, here = analyzer.run_all_scenarios(executor), analyzer.run_all_scenarios()

        assert [one.objective for one in here.values()] == [10.0, 13.0, 30.0, 4.0]
        assert bits(apart) == bits(here)
        assert [str(one) for one in apart["first"].changes] == ["Bin.room = 7.0 for some rows"]
        assert not database.dirty

    def test_rows_are_keys_in_workers_too(self, database, highs, executor):
        first = database.get(Bin, 1)
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("first").modify_constraint_rhs("full", add=7, key=first))

        assert analyzer.run_all_scenarios(executor)["first"].objective == 17.0
        assert analyzer.run_scenario("first").objective == 17.0
        assert not database.dirty

    def test_rows_that_changed_since_they_were_read(self, database, highs, threads):
        analyzer = LXScenarioAnalyzer(bins(database), highs)
        analyzer.add_scenario(LXScenario("double").modify_constraint_rhs("full", multiply=2))
        analyzer.add_scenario(LXScenario("one").add_custom_modification(lambda m: m.get_constraint("full").rhs(1)))
        database.execute(text("UPDATE bins SET room = 5 WHERE id = 1"))

        with pytest.raises(LXModelError, match=r"model 'bins' or its rows have changed .* Call close\(\)"):
            analyzer.run_all_scenarios(threads)
        assert "have changed" in analyzer.run_scenario("one").error
        assert analyzer.run_scenario("double").objective == 20.0

        analyzer.close()
        assert [one.objective for one in analyzer.run_all_scenarios(threads).values()] == [11.0, 22.0, 2.0]


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
