"""Products, machines and the hours between them, for the tests of parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXParameter, LXVariable

HERE = __file__
"""Where the functions of `hours_of` are."""


@dataclass(frozen=True)
class Product:
    id: int


@dataclass(frozen=True)
class Machine:
    id: int


@dataclass
class Recipe:
    product_id: Any
    machine_id: Any
    hours: Any = 1.0


PRODUCTS = [Product(1), Product(2), Product(3)]
MACHINES = [Machine(1), Machine(2)]


def recipes() -> list[Recipe]:
    return [Recipe(1, 1, 0.5), Recipe(1, 2, 1.0), Recipe(3, 2, 3.5)]


def hours_of(rows: Any) -> LXParameter[Any]:
    """The parameter of most tests, without a default."""
    return (
        LXParameter[Recipe]("hours")
        .indexed_by(lambda r: (r.product_id, r.machine_id))
        .value(lambda r: r.hours)
        .from_data(rows)
    )


def amounts() -> LXVariable[Product, float]:
    return LXVariable[Product, float]("x").bounds(lower=0).indexed_by(lambda p: p.id).from_data(PRODUCTS)


def plan(coefficient: Any = 1.0, where: Any = None) -> LXModel:
    """A model with a term over products in a constraint over machines."""
    x = amounts()
    used = LXLinearExpression().add_term(x, coefficient, where=where)
    limit = LXConstraint[Machine]("limit").from_data(MACHINES).indexed_by(lambda m: m.id)
    return LXModel("plan").add_variable(x).add_constraint(limit.expression(used).le().rhs(10))


EXPECTED = {"limit[1]": {"x[1]": 0.5}, "limit[2]": {"x[1]": 1.0, "x[3]": 3.5}}
"""The rows of the plan with the hours as coefficients."""

SOURCES = {
    "list": recipes,
    "tuple": lambda: tuple(recipes()),
    "generator": lambda: (one for one in recipes()),
    "dict": lambda: {(one.product_id, one.machine_id): one.hours for one in recipes()},
    "pandas": lambda: pd.DataFrame([vars(one) for one in recipes()]),
    "pandas with an index": lambda: pd.DataFrame([vars(one) for one in recipes()]).set_index("product_id"),
    "polars": lambda: pl.DataFrame([vars(one) for one in recipes()]),
}


def of_source(data: Any) -> LXParameter[Any]:
    return LXParameter[Any]("hours").from_data(data) if isinstance(data, dict) else hours_of(data)
