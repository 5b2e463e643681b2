"""Analysis of models that are more than linear: what-if, scenarios, sensitivity, and rows that change in a session."""

from dataclasses import dataclass

import pytest

from lumix import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNonLinearExpression,
    LXOptimizer,
    LXScenario,
    LXScenarioAnalyzer,
    LXSensitivityAnalyzer,
    LXVariable,
    LXWhatIfAnalyzer,
)


@dataclass
class Product:
    id: int
    cost: float
    bend: float


@pytest.fixture
def products():
    return [Product(1, 3.0, 1.0), Product(2, 2.0, 0.5)]


def plant(products, *, batch=0.0):
    made = LXVariable[Product, float]("made").from_data(products).indexed_by(lambda p: p.id)
    made.bounds(lower=batch, upper=50)
    if batch:
        made.semicontinuous()
    need = LXConstraint("need").expression(LXLinearExpression().add_term(made)).ge().rhs(6)
    cost = LXNonLinearExpression().add_squared(made, lambda p: p.bend).add_term(made, lambda p: p.cost)
    return LXModel("plant").add_variable(made).add_constraint(need).minimize(cost)


@pytest.mark.parametrize("batch", [0.0, 4.0])
def test_what_if_agrees_with_a_model_of_its_own(products, batch):
    other = plant(products, batch=batch)
    other.get_constraint("need").rhs_value = 8
    expected = LXOptimizer().solve(other).objective_value

    result = LXWhatIfAnalyzer(plant(products, batch=batch), LXOptimizer()).increase_constraint_rhs("need", by=2)

    assert result.new_objective == pytest.approx(expected, rel=1e-5)


def test_scenarios_are_solved_one_by_one(products):
    analyzer = LXScenarioAnalyzer(plant(products, batch=4.0), LXOptimizer())
    analyzer.add_scenario(LXScenario("more").modify_constraint_rhs("need", set_value=8))

    results = analyzer.run_all_scenarios()

    more = plant(products, batch=4.0)
    more.get_constraint("need").rhs_value = 8
    assert results["more"].objective_value == pytest.approx(LXOptimizer().solve(more).objective_value, rel=1e-5)


def test_ranges_of_what_is_not_linear_are_refused(products):
    model = plant(products)
    solution = LXOptimizer().solve(model)

    with pytest.raises(LXModelError, match="is not linear, and ranges are those of linear models"):
        LXSensitivityAnalyzer(model, solution)


def test_changed_data_reach_what_is_not_linear(products):
    other = [Product(1, 3.0, 1.0), Product(2, 2.0, 2.0)]
    expected = LXOptimizer().solve(plant(other)).objective_value

    with LXOptimizer().open(plant(products)) as session:
        session.solve()
        session.modify_data(Product, lambda p: p.id == 2, "bend", 2.0)
        found = session.solve()

    assert found.objective_value == pytest.approx(expected, rel=1e-5)


def test_a_refresh_tells_that_what_is_not_linear_changed(products):
    with LXOptimizer().open(plant(products)) as session:
        session.solve()
        products[1].bend = 2.0
        refresh = session.refresh()
        found = session.solve()

    assert refresh
    assert "what is not linear changed" in str(refresh)
    assert refresh.rebuilt == "what is not linear is something else now"
    assert found.objective_value == pytest.approx(LXOptimizer().solve(plant(products)).objective_value, rel=1e-5)
