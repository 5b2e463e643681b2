"""One constraint for each row, added in a loop: the same program for LumiX and for lumix-opt."""

from __future__ import annotations

import highspy
from contenders import Laps
from loops.data import Product

from lumix import LXConstraint, LXLinearExpression, LXModel, LXVariable


def lumix(products: list[Product], lap: Laps) -> highspy.Highs:
    from solver import hold

    model = write(products)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def lumix_rule(products: list[Product], lap: Laps) -> highspy.Highs:
    """Write one rule in place of the loop."""
    from solver import hold

    production = LXVariable[Product, float]("production").from_data(products).indexed_by(lambda p: p.id)
    model = LXModel("loop").add_variable(production.bounds(lower=0))
    model.constraint(over=production, name="max")(lambda p: production[p] <= p.max_demand)
    model.maximize(lambda: sum(p.profit * production[p] for p in production))
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)


def lumix_opt(products: list[Product], lap: Laps) -> highspy.Highs:
    from canonical import hold_canonical

    model = write(products)
    lap("write")
    return hold_canonical(model)


def write(products: list[Product]) -> LXModel:
    production = LXVariable[Product, float]("production").from_data(products).indexed_by(lambda p: p.id)
    production.bounds(lower=0)
    model = LXModel("loop").add_variable(production)
    for current in products:
        made = LXLinearExpression().add_multi_term(
            production, lambda p, current=current: 1.0 if p.id == current.id else 0.0
        )
        model.add_constraint(LXConstraint(f"max_{current.id}").expression(made).le().rhs(current.max_demand))
    return model.maximize(LXLinearExpression().add_term(production, lambda p: p.profit))
