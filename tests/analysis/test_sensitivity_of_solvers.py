"""A sensitivity has the same digits and the same types whichever solver found it."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import pytest

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXSensitivityAnalyzer, LXVariable

SOLVERS = ["highs", "pulp"]
KEYS = ["a", "b", "c"]


def total(x: LXVariable[str, float], *numbers: float) -> LXLinearExpression[Any]:
    return LXLinearExpression().add_term(x, lambda key: dict(zip(KEYS, numbers, strict=True))[key])


def mix(hours: float = 9.0, *, sense: str = "le") -> LXModel:
    """Return the best a + 9 b + c, of which b alone is made, with two limits."""
    x = LXVariable[str, float]("x").bounds(lower=0).from_data(KEYS)
    first = LXConstraint("first").expression(total(x, 1, 2, 3)).le().rhs(hours)
    second = getattr(LXConstraint("second").expression(total(x, 3, 2, 2)), sense)().rhs(1.6 * hours)
    return LXModel("hours").add_variable(x).maximize(total(x, 1, 9, 1)).add_constraints(first, second)


def analyzer(model: LXModel, solver: str) -> LXSensitivityAnalyzer:
    return LXSensitivityAnalyzer(model, LXOptimizer().use_solver(solver).solve(model))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("hours", [9.0, 7.3, 1e-3, 4e6])
def test_a_right_hand_side_may_fall_to_exactly_where_nothing_can_be_made(solver: str, hours: float) -> None:
    found = analyzer(mix(hours), solver).analyze_constraint("first")

    assert found.allowable_decrease == pytest.approx(hours, rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("least", [1.0, 2.5, 7.0 / 3.0])
def test_a_requirement_may_rise_to_exactly_where_it_can_still_be_met(solver: str, least: float) -> None:
    x = LXVariable[str, float]("x").bounds(0, 4).from_data(KEYS)
    need = LXConstraint("need").expression(total(x, 1, 1, 1)).ge().rhs(least)
    limit = LXConstraint("limit").expression(total(x, 1, 0, 0)).le().rhs(0)
    zero = LXConstraint("zero").expression(total(x, 0, 0, 1)).le().rhs(0)
    model = LXModel("need").add_variable(x).add_constraints(need, limit, zero).minimize(total(x, 2, 3, 4))

    found = analyzer(model, solver).analyze_constraint("need")

    assert found.allowable_increase == pytest.approx(4.0 - least, rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("sense", ["minimize", "maximize"])
def test_a_cost_may_move_to_exactly_where_the_objective_has_no_end(solver: str, sense: str) -> None:
    """Lend y and borrow x, with x == y + 1: what lending brings must not exceed what borrowing costs, 0.7."""
    sign = 1 if sense == "minimize" else -1
    x, y = LXVariable[None, float]("x").bounds(lower=0), LXVariable[None, float]("y").bounds(lower=0)
    row = LXConstraint("row").expression(LXLinearExpression().add_term(x).add_term(y, -1)).eq().rhs(1)
    objective = LXLinearExpression().add_term(x, 0.7 * sign).add_term(y, -0.2 * sign)
    model = getattr(LXModel("loan").add_variables(x, y).add_constraint(row), sense)(objective)

    found = analyzer(model, solver).analyze_variable("y")
    reached = found.allowable_decrease if sign > 0 else found.allowable_increase

    assert reached == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_field_can_be_written_as_json(solver: str) -> None:
    analysis = analyzer(mix(), solver)
    names = ("allowable_increase", "allowable_decrease", "is_basic", "is_at_bound", "is_binding")

    for record in [*analysis.analyze_all_variables().values(), *analysis.analyze_all_constraints().values()]:
        shown = {field.name: getattr(record, field.name) for field in fields(record) if not field.name.startswith("_")}
        shown |= {name: getattr(record, name) for name in names if hasattr(record, name)}

        assert json.loads(json.dumps(shown))
        assert {type(value) for value in shown.values()} <= {bool, float, str, tuple, int}


@pytest.mark.parametrize("name", KEYS)
def test_ranges_of_costs_are_the_same_for_both(name: str) -> None:
    first, second = (analyzer(mix(), solver).analyze_variable("x", key=name) for solver in SOLVERS)

    for attribute in ("allowable_increase", "allowable_decrease"):
        one, other = getattr(first, attribute), getattr(second, attribute)
        assert math.isinf(one) == math.isinf(other)
        assert math.isinf(one) or other == pytest.approx(one, rel=1e-7)
