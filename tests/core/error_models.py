"""Rows and small models, for the tests of what a wrong model gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable


@dataclass(frozen=True)
class Category:
    markup: Any = 1.0


@dataclass(frozen=True)
class Product:
    id: Any
    price: Any = 1.0
    category: Category | None = None
    recipes: Any = ()

    @property
    def margin(self) -> Any:
        return self.price

    def is_active(self) -> bool:
        return False


@dataclass(frozen=True)
class Machine:
    id: int
    hours: Any = 10.0


PRODUCTS = [Product(1, 3.0), Product(2, 5.0)]
MACHINES = [Machine(1, 10.0), Machine(2, 20.0), Machine(3, 30.0)]


def of_id(row: Any) -> Any:
    return row.id


def family(rows: Any = PRODUCTS, name: str = "production") -> LXVariable[Product, float]:
    return LXVariable[Product, float](name).from_data(rows).indexed_by(of_id)


def model_of(expression: LXLinearExpression, rows: Any = None) -> LXModel:
    limit = LXConstraint[Any]("limit").expression(expression).le().rhs(1)
    if rows is not None:
        limit.from_data(rows).indexed_by(of_id)
    variables = {id(term.variable): term.variable for term in expression.terms}
    return LXModel("plan").add_variables(*variables.values()).add_constraint(limit)


def compile_with(variable: LXVariable[Any, Any]) -> Any:
    return LXModel("plan").add_variable(variable).compile()


def limit_with(expression: LXLinearExpression, rhs: Any = 1.0) -> LXModel:
    model = model_of(expression, PRODUCTS)
    limit = model.get_constraint("limit")
    if callable(rhs):
        limit.rhs_func = rhs
    else:
        limit.rhs_value = rhs
    return model
