"""Explanations of models of which one part is known, or soon found, to be infeasible, and another part is hard."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from scale import IS_THOROUGH

from lumix import LXConstraint, LXError, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.solver.infeasibility.components import component_of_columns

SECONDS = 60
"""Far more than an explanation takes, and far less than the hard part would."""


# Each takes the seconds that a relaxation is given.
@pytest.fixture(params=["highs", "pulp"] if IS_THOROUGH else ["highs"])
def optimizer(request):
    return LXOptimizer().use_solver(request.param)


def constraint(name, sense, rhs, *terms):
    expression = LXLinearExpression()
    for variable, coefficient in terms:
        expression.add_term(variable, coefficient)
    return getattr(LXConstraint(name).expression(expression), sense)().rhs(rhs)


def add_hard_part(model):
    """Add sums of switches that have to be met exactly, about which a solver thinks for hours."""
    draw = random.Random(7)
    on = LXVariable[int, int]("on").binary().from_data(range(40))
    model.add_variable(on)
    for row in range(5):
        weights = [draw.randint(0, 99) for _ in range(40)]
        expression = LXLinearExpression().add_term(on, lambda i, weights=weights: weights[i])
        model.add_constraint(LXConstraint(f"hard{row}").expression(expression).eq().rhs(sum(weights) // 2))


def whole(names, most):
    return [LXVariable[None, int](name).integer().bounds(0, most) for name in names]


def explained(optimizer, model):
    began = time.monotonic()
    why = optimizer.explain_infeasibility(model)
    assert time.monotonic() - began < SECONDS
    return why


@pytest.mark.thorough
@pytest.mark.parametrize("domain", ["continuous", "integer"])
def test_a_contradiction_beside_a_hard_part(optimizer, domain):
    u, v = (getattr(LXVariable[None, float](name), domain)().bounds(0, 10) for name in "uv")
    model = LXModel("beside").add_variables(u, v).minimize(LXLinearExpression().add_term(u))
    add_hard_part(model)
    model.add_constraint(constraint("most", "le", 4, (u, 1), (v, 1)))
    model.add_constraint(constraint("least", "ge", 5, (u, 1), (v, 1)))

    why = explained(optimizer, model)

    assert sorted(requirement.name for requirement in why.constraints) == ["least", "most"]
    assert (why.is_irreducible, why.integrality, why.bounds) == (True, (), ())


@pytest.mark.thorough
def test_whole_numbers_that_contradict_each_other_beside_a_hard_part(optimizer):
    a, b, c, d = whole("abcd", 20)
    model = LXModel("parity").add_variables(a, b, c, d)
    add_hard_part(model)
    model.add_constraint(constraint("even", "eq", 0, (a, 1), (b, 1), (c, -2)))
    model.add_constraint(constraint("odd", "eq", 1, (a, 1), (b, 1), (d, -2)))

    why = explained(optimizer, model)

    assert [requirement.name for requirement in why.constraints] == ["even", "odd"]
    assert set(why.integrality) <= set("abcd")


def test_a_relaxation_that_is_not_proved_to_be_the_least_is_called_so(optimizer):
    x = LXVariable[None, float]("x").bounds(0, 10)
    model = LXModel("beside").add_variable(x)
    add_hard_part(model)
    model.add_constraints(constraint("most", "le", 4, (x, 1)), constraint("least", "ge", 5, (x, 1)))

    why = explained(optimizer, model)

    assert why.relaxation is None or not why.relaxation.is_least
    assert why.limit is None


@pytest.mark.parametrize("gap", [1e-9, 1e-7, 1e-6, 2e-6, 3.9e-6, 5e-6, 1e-4])
@pytest.mark.parametrize("level", [0.0, 1.0, 3.0, 1e3, 1e6])
def test_no_conflict_has_a_relaxation_of_nothing(optimizer, level, gap):
    x = LXVariable[None, float]("x").bounds(-1e7, 1e7)
    model = LXModel("near").add_variable(x)
    model.add_constraints(constraint("most", "le", level, (x, 1)), constraint("least", "ge", level + gap, (x, 1)))

    try:
        why = optimizer.explain_infeasibility(model)
    except LXError as error:
        assert "nothing" in str(error).lower()  # noqa: PT017 - either is right, and neither is a contradiction
    else:
        assert why.relaxation.total == pytest.approx(gap, rel=1e-3)


def test_bounds_that_cross_by_less_than_the_tolerance(optimizer):
    x = LXVariable[int, float]("x").bounds(lambda i: 1.0, lambda i: 1.0 - 1e-9 * i).from_data([0, 1])

    why = optimizer.explain_infeasibility(LXModel("crossed").add_variable(x))

    assert [bound.name for bound in why.bounds] == ["x[1]", "x[1]"]
    assert why.relaxation.total == pytest.approx(1e-9, rel=1e-3)


def test_components():
    made = LXVariable[int, float]("made").from_data(range(600))
    model = LXModel("chains").add_variable(made)
    chains = LXConstraint[int]("chains").from_data([i for i in range(599) if i % 200 != 199])
    chains.expression(
        LXLinearExpression().add_multi_term(made, lambda i, row: 1.0, where=lambda i, row: (i == row) | (i == row + 1))
    )
    model.add_constraint(chains.le().rhs(1))

    labels = component_of_columns(model.compile())

    assert np.unique(labels, return_counts=True)[1].tolist() == [200, 200, 200]
    assert labels.tolist() == [200 * (i // 200) for i in range(600)]
