"""Scenarios that are refused."""

from __future__ import annotations

import pytest

from lumix import LXLinearExpression, LXModel, LXModelError, LXParameter, LXScenario, LXScenarioAnalyzer, LXVariable
from lumix_core.errors import LXDuplicateNameError, LXNumberError, LXSourceError, LXUnknownKeyError, LXUnknownNameError
from tests.analysis.scenarios import Bin, at_most_20


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
