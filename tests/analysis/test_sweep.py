"""What is made of the results of a sweep: a mapping, frames, numbers of rows."""

from __future__ import annotations

import pickle

import pytest

from lumix import LXConstraint, LXLinearExpression, LXModel, LXScenario, LXScenarioAnalyzer, LXVariable
from lumix_core.errors import LXNoSolutionError, LXUnknownNameError


@pytest.fixture
def sweep(workshop, highs):
    analyzer = LXScenarioAnalyzer(workshop.model, highs).add_scenarios(
        LXScenario("wood").describe("a supplier").modify_constraint_rhs("stock", add=100, key=1),
        LXScenario("none").modify_constraint_rhs("stock", set_value=10, key=1),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
    )
    return analyzer.run_all_scenarios()


class TestMapping:
    def test_results_by_name_in_order(self, sweep):
        assert list(sweep) == ["baseline", "wood", "none", "broken"]
        assert len(sweep) == 4
        assert "wood" in sweep
        assert [one.name for one in sweep.values()] == list(sweep)

    def test_a_name_that_it_does_not_have(self, sweep):
        with pytest.raises(LXUnknownNameError, match=r"no scenario 'steel'. It has 'baseline', 'wood'"):
            sweep["steel"]

    def test_what_each_scenario_changes(self, sweep):
        assert [[str(change) for change in one.changes] for one in sweep.values()] == [
            [], ["stock[1] +100"], ["stock[1] = 10"], ["<lambda>"],
        ]  # fmt: skip

    def test_what_rows_and_bounds_and_parameters_are_called(self, workshop, highs):
        scenario = LXScenario("all").modify_constraint_rhs(workshop.stock, multiply=1.1, key=workshop.materials[0])
        scenario.modify_variable_bound("made", lower=2, upper=6, key=3).modify_parameter("quantity", {(3, 1): 30.0})
        analyzer = LXScenarioAnalyzer(workshop.model, highs).add_scenario(scenario)

        assert [str(one) for one in analyzer.run_scenario("all").changes] == [
            "stock[1] times 1.1", "made[3] lower = 2, upper = 6", "quantity [(3, 1)] = 30.0",
        ]  # fmt: skip

    def test_it_can_be_pickled(self, sweep):
        copy = pickle.loads(pickle.dumps(sweep))

        assert str(copy) == str(sweep)
        assert copy.sweep_id == sweep.sweep_id
        assert [one.run_id for one in copy.values()] == [one.run_id for one in sweep.values()]
        assert copy["wood"].activity["stock"][1] == pytest.approx(600)


class TestRows:
    def test_left_and_right_hand_sides(self, sweep):
        assert sweep["wood"].activity["stock"][1] == pytest.approx(600)
        assert dict(sweep["wood"].rhs["stock"]) == {1: 600.0, 2: 200.0, 3: 150.0}
        assert sweep["baseline"].rhs["hours"] == 100.0

    def test_constants_on_the_left_are_on_the_left(self, highs):
        x = LXVariable[None, float]("x").bounds(0, 10)
        total = LXLinearExpression().add_term(x).add_constant(3)
        model = LXModel("shifted").add_variable(x).maximize(LXLinearExpression().add_term(x))
        model.add_constraint(LXConstraint("most").expression(total).le().rhs(8))

        result = LXScenarioAnalyzer(model, highs).run_scenario("baseline")

        assert (result.activity["most"], result.rhs["most"]) == (8.0, 8.0)

    def test_there_are_none_without_a_point(self, sweep):
        for name in ("none", "broken"):
            with pytest.raises(LXNoSolutionError):
                _ = sweep[name].activity


class TestFrames:
    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_a_row_for_each_scenario(self, sweep, library):
        frame = sweep.to_frame(backend=library)

        assert list(frame.columns) == [
            "scenario", "description", "changes", "status", "objective", "delta_objective", "delta_percentage",
            "best_bound", "gap", "solve_time", "start", "error",
        ]  # fmt: skip
        rows = frame.to_dict("records") if library == "pandas" else frame.to_dicts()
        assert [one["status"] for one in rows] == ["optimal", "optimal", "infeasible", "error"]
        assert rows[1]["delta_objective"] == pytest.approx(571.428571)
        assert rows[1]["changes"] == "stock[1] +100"
        assert frame["objective"].is_null().sum() == 2 if library == "polars" else frame["objective"].isna().sum() == 2
        assert "AttributeError" in rows[3]["error"]

    def test_a_row_for_each_value_of_a_variable(self, sweep, workshop):
        frame = sweep.to_frame(workshop.made)

        assert list(frame.columns) == ["scenario", "product", "value", "reduced_cost"]
        assert frame["scenario"].tolist() == ["baseline"] * 3 + ["wood"] * 3
        assert frame["value"].tolist() == [
            *sweep["baseline"].solution.variables["made"].values(),
            *sweep["wood"].solution.variables["made"].values(),
        ]

    def test_a_row_for_each_row_of_a_constraint(self, sweep, workshop):
        frame = sweep.to_frame("stock", backend="polars")

        assert frame.columns == ["scenario", "material", "activity", "rhs", "shadow_price"]
        assert frame.filter(scenario="wood", material=1).row(0) == pytest.approx(
            ("wood", 1, 600.0, 600.0, workshop.wood_price)
        )

    def test_a_family_without_keys(self, sweep):
        assert sweep.to_frame("hours")["rhs"].tolist() == [100.0, 100.0]

    def test_integers_have_no_duals(self, integer_workshop, highs):
        frame = LXScenarioAnalyzer(integer_workshop.model, highs).run_all_scenarios().to_frame("made")

        assert frame["reduced_cost"].isna().all()

    def test_a_family_that_there_is_not(self, sweep):
        with pytest.raises(
            LXUnknownNameError, match=r"a variable or a constraint 'stok'\. There are 'hours', 'least', 'made'"
        ):
            sweep.to_frame("stok")
