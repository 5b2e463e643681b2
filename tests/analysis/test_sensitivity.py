"""Sensitivity: what is told of rows and variables, and that it is true."""

from __future__ import annotations

import math

import pytest

from lumix import LXLinearExpression, LXModel, LXModelError, LXOptimizer, LXSensitivityAnalyzer, LXVariable
from lumix_core.errors import (
    LXNoDualsError,
    LXNoSolutionError,
    LXNumberError,
    LXSolverNotFoundError,
    LXUnknownKeyError,
    LXUnknownNameError,
)
from lumix_solvers.highs import HighsSolver


@pytest.fixture
def sensitivity(workshop, optimizer):
    analyzer = LXSensitivityAnalyzer(workshop.model, optimizer.solve(workshop.model))
    yield analyzer
    analyzer.close()


class TestConstraints:
    def test_wood_binds(self, sensitivity, workshop):
        wood = sensitivity.analyze_constraint("stock", key=1)

        assert (wood.name, wood.is_binding, wood.slack) == ("stock[1]", True, pytest.approx(0.0))
        assert wood.shadow_price == pytest.approx(workshop.wood_price)
        assert (wood.allowable_decrease, wood.allowable_increase) == (pytest.approx(190.0), pytest.approx(383.125))

    def test_metal_does_not(self, sensitivity):
        metal = sensitivity.analyze_constraint("stock", key=2)

        slack = 200 - (20 + 25 + 8 * 295 / 35)
        assert (metal.is_binding, metal.shadow_price) == (False, 0.0)
        assert (metal.slack, metal.allowable_decrease) == (pytest.approx(slack), pytest.approx(slack))
        assert metal.allowable_increase == math.inf

    def test_row_at_least_may_fall_without_end_where_it_does_not_bind(self, sensitivity):
        desks = sensitivity.analyze_constraint("least", key=3)

        assert (desks.allowable_decrease, desks.allowable_increase) == (math.inf, pytest.approx(295 / 35 - 3))

    def test_family_and_key_are_told(self, sensitivity):
        wood, hours = sensitivity.analyze_constraint("stock", key=1), sensitivity.analyze_constraint("hours")
        desks = sensitivity.analyze_all_variables()["made[3]"]

        assert [(one.family, one.key) for one in (wood, hours, desks)] == [("stock", 1), ("hours", ()), ("made", 3)]

    def test_names_of_rows_lead_back_to_them(self, sensitivity):
        for name in (*sensitivity.identify_bottlenecks(), *sensitivity.get_binding_constraints()):
            assert sensitivity.analyze_constraint(name).name == name
        assert sensitivity.analyze_variable("made[3]").key == 3

    def test_keys_in_names_need_no_quotes(self, highs):
        keys = ["wood", "'wood'", "1"]
        x = LXVariable[str, float]("x").from_data(keys).bounds(lower=0, upper=1)
        model = LXModel("texts").add_variable(x).maximize(LXLinearExpression().sum_over(x))

        with LXSensitivityAnalyzer(model, highs.solve(model)) as sensitivity:
            found = [sensitivity.analyze_variable(name).key for name in ("x[1]", "x['1']", "x['wood']")]

        assert found == ["1", "1", "wood"]

    def test_scalar_constraint_needs_no_key(self, sensitivity):
        assert sensitivity.analyze_constraint("hours").slack == pytest.approx(100 - (10 + 10 + 3 * 295 / 35))

    @pytest.mark.parametrize(("name", "key"), [("stock", 1), ("least", 1), ("least", 2)])
    def test_prices_hold_within_the_ranges_and_no_further(self, sensitivity, workshop, highs, name, key):
        one = sensitivity.analyze_constraint(name, key)

        with highs.open(workshop.model) as session:
            for move in (-one.allowable_decrease, one.allowable_increase):
                inside, beyond = (
                    session.reset().set_rhs(name, lambda now, by=share * move: now + by, key=key).solve()
                    for share in (0.9999, 1.1)
                )

                assert inside.objective_value == pytest.approx(workshop.optimum + 0.9999 * one.shadow_price * move)
                told = workshop.optimum + 1.1 * one.shadow_price * move
                assert not beyond.is_optimal() or beyond.objective_value != pytest.approx(told)

    def test_binding_ones(self, sensitivity):
        assert list(sensitivity.get_binding_constraints()) == ["least[1]", "least[2]", "stock[1]"]

    def test_binding_ones_that_are_worth_something(self, sensitivity):
        assert list(sensitivity.get_binding_constraints(threshold=1.0)) == ["least[2]", "stock[1]"]

    def test_most_sensitive_ones(self, sensitivity):
        found = sensitivity.get_most_sensitive_constraints(top_n=2)

        assert [name for name, _ in found] == ["least[2]", "stock[1]"]

    def test_bottlenecks(self, sensitivity):
        assert sensitivity.identify_bottlenecks() == ["least[2]", "stock[1]", "least[1]"]
        assert sensitivity.identify_bottlenecks(shadow_price_threshold=1.0) == ["least[2]", "stock[1]"]

    def test_all_of_them(self, sensitivity):
        found = sensitivity.analyze_all_constraints()

        assert len(found) == 10
        assert found["hours"].slack > 0


class TestVariables:
    def test_desks(self, sensitivity, workshop):
        desks = sensitivity.analyze_variable("made", key=workshop.products[2])

        assert (desks.name, desks.value) == ("made[3]", pytest.approx(295 / 35))
        assert (desks.is_basic, desks.is_at_bound, desks.reduced_cost) == (True, False, pytest.approx(0.0))
        assert desks.objective_range == (pytest.approx(196.875), math.inf)
        assert (desks.allowable_decrease, desks.allowable_increase) == (pytest.approx(3.125), math.inf)

    def test_variable_at_its_bound(self, workshop, optimizer):
        workshop.made.bounds(lower=0, upper=lambda p: 6.0 if p.id == 3 else 1000.0)

        desks = LXSensitivityAnalyzer(workshop.model, optimizer.solve(workshop.model)).analyze_variable("made", 3)

        assert (desks.value, desks.is_at_bound, desks.is_basic) == (6.0, True, False)
        assert desks.reduced_cost > 0
        assert desks.allowable_increase == math.inf
        assert desks.allowable_decrease == pytest.approx(desks.reduced_cost)

    def test_non_basic_ones(self, workshop, optimizer):
        workshop.made.bounds(lower=0, upper=lambda p: 6.0 if p.id == 3 else 1000.0)

        found = LXSensitivityAnalyzer(workshop.model, optimizer.solve(workshop.model)).get_non_basic_variables()

        assert "made[3]" in found

    def test_solution_stays_within_the_range_of_a_cost(self, sensitivity, highs, workshop):
        chairs = sensitivity.analyze_variable("made", key=1)

        with highs.open(workshop.model) as session:
            inside = session.set_cost("made", 45 + 0.99 * chairs.allowable_increase, key=1).solve()
            beyond = session.set_cost("made", 45 + 1.01 * chairs.allowable_increase, key=1).solve()

        assert inside.variables["made"][1] == pytest.approx(10.0)
        assert beyond.variables["made"][1] > 11


class TestText:
    def test_summary(self, sensitivity):
        assert sensitivity.generate_summary().splitlines() == [
            "Model 'workshop': objective 2,735.71",
            "  3 of 10 constraints are binding",
            "  least[2]: shadow price -22.8571",
            "  stock[1]: shadow price +5.71429",
            "  least[1]: shadow price -0.714286",
        ]

    def test_report(self, sensitivity):
        lines = [line.split() for line in sensitivity.generate_report().splitlines()]

        assert ["stock[1]", "5.71429", "0", "190", "383.125", "binding"] in lines
        assert ["made[3]", "8.42857", "0", "196.875", "inf", "basic"] in lines


class TestMistakes:
    def test_integers_have_no_sensitivity(self, integer_workshop, highs):
        solution = highs.solve(integer_workshop.model)

        with pytest.raises(LXNoDualsError, match="it has integer variables, and duals exist only without"):
            LXSensitivityAnalyzer(integer_workshop.model, solution)

    @pytest.mark.parametrize("how", ["relax", "fix"])
    def test_integers_have_no_ranges_whatever_their_duals(self, integer_workshop, highs, how):
        model = integer_workshop.model
        solution = highs.solve(model, **({"relax": True} if how == "relax" else {"fix": highs.solve(model)}))

        with pytest.raises(LXNoDualsError, match=r"has integer variables, and ranges .* are in solution.shadow_prices"):
            LXSensitivityAnalyzer(model, solution)

    def test_infeasible_models_have_none(self, workshop, highs):
        workshop.hours.rhs_value = 1.0

        with pytest.raises(LXNoSolutionError, match="its status is infeasible"):
            LXSensitivityAnalyzer(workshop.model, highs.solve(workshop.model))

    def test_solution_of_another_model_is_refused(self, workshop, highs):
        solution = highs.solve(workshop.model)
        workshop.model.objective.add_term(workshop.made, 1.0)

        with pytest.raises(LXModelError, match="none of model 'workshop' with its rows as they are now"):
            LXSensitivityAnalyzer(workshop.model, solution)

    @pytest.mark.parametrize("wood", [-1, +1])
    def test_solution_for_other_right_hand_sides_is_refused(self, workshop, optimizer, wood):
        solution = optimizer.solve(workshop.model)
        workshop.stock.rhs_func = lambda m: m.available + (wood if m.id == 1 else 0)

        with pytest.raises(LXModelError, match="none of model 'workshop' with its rows as they are now"):
            LXSensitivityAnalyzer(workshop.model, solution)

    def test_solution_for_other_bounds_is_refused(self, workshop, optimizer):
        workshop.made.bounds(upper=lambda p: 8 if p.id == 3 else 100)
        solution = optimizer.solve(workshop.model)
        workshop.made.bounds(upper=lambda p: 8.2 if p.id == 3 else 100)

        with pytest.raises(LXModelError, match="none of model 'workshop' with its rows as they are now"):
            LXSensitivityAnalyzer(workshop.model, solution)

    def test_solution_for_the_other_sense_is_refused(self, optimizer):
        x = LXVariable[str, float]("x").from_data(["a", "b"]).bounds(0, 4)
        total = LXLinearExpression().sum_over(x)
        model = LXModel("both ways").add_variable(x)
        solution = optimizer.solve(model.maximize(total))

        with pytest.raises(LXModelError, match="none of model 'both ways'"):
            LXSensitivityAnalyzer(model.minimize(total), solution)

    def test_a_right_hand_side_without_a_price_may_be_another(self, workshop, optimizer):
        solution = optimizer.solve(workshop.model)
        workshop.stock.rhs_func = lambda m: m.available + (10 if m.id == 2 else 0)

        with LXSensitivityAnalyzer(workshop.model, solution) as sensitivity:
            assert sensitivity.analyze_constraint("stock", key=1).shadow_price == pytest.approx(workshop.wood_price)

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda model, solution: LXSensitivityAnalyzer(solution, model), r"Sensitivity\w+\(\) got <LXSolution"),
            (lambda model, solution: LXSensitivityAnalyzer(model, LXOptimizer()), r"optimizer.solve\(model\)"),
        ],
    )
    def test_what_is_no_model_and_what_is_no_solution(self, workshop, highs, call, words):
        with pytest.raises(LXModelError, match=words):
            call(workshop.model, highs.solve(workshop.model))

    @pytest.mark.parametrize("top_n", [0, -1, 1.5, "3"])
    def test_how_many_is_a_whole_number(self, sensitivity, top_n):
        with pytest.raises(LXModelError, match=r"get_most_sensitive_constraints\(\) got top_n=.* at least 1"):
            sensitivity.get_most_sensitive_constraints(top_n=top_n)

    def test_threshold_is_a_number(self, sensitivity):
        with pytest.raises(LXNumberError, match=r"'high' \(str\), not a number"):
            sensitivity.identify_bottlenecks(shadow_price_threshold="high")

    def test_solution_of_a_model_with_other_families_is_refused(self, workshop, highs):
        solution = highs.solve(workshop.model)
        workshop.model.add_variable(LXVariable[None, float]("other").bounds(lower=0, upper=1))

        with pytest.raises(LXModelError, match="Solve the model again"):
            LXSensitivityAnalyzer(workshop.model, solution)

    @pytest.mark.parametrize(
        ("ask", "error", "words"),
        [
            (lambda a: a.analyze_constraint("wood"), LXUnknownNameError, "no constraint named 'wood'"),
            (lambda a: a.analyze_constraint("stock[4]"), LXUnknownNameError, r"no constraint named 'stock\[4\]'"),
            (lambda a: a.analyze_variable("wood"), LXUnknownNameError, "no variable named 'wood'"),
            (lambda a: a.analyze_constraint("stock", key=4), LXUnknownKeyError, "'stock' has no key 4"),
            (
                lambda a: a.analyze_constraint("stock"),
                LXModelError,
                "Constraint 'stock' has 3 index elements.*all_constr",
            ),
        ],
    )
    def test_mistakes_are_told(self, workshop, highs, ask, error, words):
        analyzer = LXSensitivityAnalyzer(workshop.model, highs.solve(workshop.model))

        with pytest.raises(error, match=words):
            ask(analyzer)

    def test_solver_may_be_another_one(self, workshop, highs):
        solution = highs.solve(workshop.model)

        analyzer = LXSensitivityAnalyzer(workshop.model, solution, LXOptimizer().use_solver("pulp"))

        assert analyzer.analyze_constraint("stock", key=1).allowable_increase == pytest.approx(383.125)


class OwnHighs(HighsSolver):
    name = "own"


def test_solution_of_a_solver_object(workshop):
    optimizer = LXOptimizer().use_solver(OwnHighs())
    solution = optimizer.solve(workshop.model)

    with pytest.raises(LXSolverNotFoundError, match=r"the solver 'own', which found the solution.*optimizer=optimizer"):
        LXSensitivityAnalyzer(workshop.model, solution)
    with LXSensitivityAnalyzer(workshop.model, solution, optimizer=optimizer) as analyzer:
        assert analyzer.analyze_constraint("stock", 1).shadow_price == pytest.approx(workshop.wood_price)
