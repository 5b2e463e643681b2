"""How scenarios are compared, and pickles of what they gave."""

from __future__ import annotations

import pickle

import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNoSolutionError,
    LXScenario,
    LXScenarioAnalyzer,
    LXStatus,
    LXVariable,
)
from lumix_core.errors import LXUnknownNameError
from tests.analysis.scenarios import seven


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
            .add_custom_modification(
                lambda m: setattr(m.get_constraint("stock"), "rhs_func", lambda m: factor * m.available)
            )
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
