"""A model whose points are easy to find, whose optimum takes hours to find, and is proved once it is found."""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable

MARKETS, SHOPS = range(5), range(40)
OFFSET = 100.0
"""The objective of the optimum."""


def hidden_plan(*, maximize: bool = False, scale: float = 1.0) -> tuple[LXModel, dict[str, dict[int, Any]]]:
    """Return the model, which splits shops so that each market is met, and the values of its optimum.

    Args:
        maximize: the sense.
        scale: of the costs, which LumiX scales before it solves where they are small.
    """
    random = np.random.default_rng(7)
    sales = random.integers(0, 100, (len(MARKETS), len(SHOPS))).astype(float)
    chosen = (random.random(len(SHOPS)) < 0.5).astype(int)
    targets = (sales @ chosen).tolist()
    sold = LXParameter[Any]("sold").from_data({(i, j): sales[i, j] for i in MARKETS for j in SHOPS})
    ours = LXVariable[int, int]("ours").binary().from_data(SHOPS)
    over, under = (LXVariable[int, float](name).bounds(lower=0).from_data(MARKETS) for name in ("over", "under"))
    split = LXLinearExpression().add_term(ours, lambda shop, market: sold[market, shop])
    split.add_term(under).add_term(over, -1.0)
    met = LXConstraint[int]("met").from_data(MARKETS).expression(split).eq().rhs(lambda market: targets[market])
    cost = -scale if maximize else scale
    missed = LXLinearExpression().sum_over(over, cost).sum_over(under, cost).add_constant(OFFSET)
    model = LXModel("split").add_variables(ours, over, under).add_constraint(met)
    optimum: dict[str, dict[int, Any]] = {
        "ours": dict(enumerate(chosen.tolist())),
        "over": dict.fromkeys(MARKETS, 0.0),
        "under": dict.fromkeys(MARKETS, 0.0),
    }
    return (model.maximize if maximize else model.minimize)(missed), optimum
