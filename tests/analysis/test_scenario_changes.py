"""What scenarios change."""

from __future__ import annotations

import pytest

from lumix import LXOptimizer, LXScenario
from tests.analysis.scenarios import at_most_20, seven


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
            stock.rhs_value = 600

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
        scenario = LXScenario("both").add_custom_modification(
            lambda m: setattr(m.get_constraint("hours"), "rhs_value", 50)
        )
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
