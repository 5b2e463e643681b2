"""Rows, families and small models, for the tests of what each sentence of the language means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lumix_core import LXConstraint, LXIndexDimension, LXLinearExpression, LXModel, LXVariable


@dataclass(frozen=True)
class Product:
    id: int
    price: float = 1.0


@dataclass(frozen=True)
class Machine:
    id: int
    hours: float = 10.0


@dataclass(frozen=True)
class Recipe:
    machine: int
    hours: float


@dataclass
class Plan:
    """A row that cannot be hashed."""

    id: int
    recipes: tuple[Recipe, ...] = ()


PRODUCTS = [Product(1, 3.0), Product(2, 5.0)]
MACHINES = [Machine(1, 10.0), Machine(2, 20.0)]


def of_id(row: Any) -> Any:
    return row.id


def production(rows: Any = PRODUCTS) -> LXVariable[Product, float]:
    return LXVariable[Product, float]("production").from_data(rows).indexed_by(of_id)


def assignment() -> LXVariable[tuple[Product, Machine], float]:
    products = LXIndexDimension(Product, of_id).from_data(PRODUCTS)
    machines = LXIndexDimension(Machine, of_id).from_data(MACHINES)
    return LXVariable[tuple[Product, Machine], float]("assignment").indexed_by_product(products, machines)


def limit_over(rows: Any) -> LXConstraint[Any]:
    return LXConstraint[Any]("limit").from_data(rows).indexed_by(of_id).le().rhs(1)


def model_of(expression: LXLinearExpression, rows: Any = None) -> LXModel:
    """A model with the expression as its constraint "limit", indexed by the rows if there are any."""
    limit = LXConstraint[Any]("limit").le().rhs(1) if rows is None else limit_over(rows)
    return LXModel("m").add_variables(*expression.variables()).add_constraint(limit.expression(expression))
