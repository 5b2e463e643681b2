"""Rows, families and solved models, for the tests of solutions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import inf
from typing import Any

from lumix_core import (
    LXConstraint,
    LXIndexDimension,
    LXLimit,
    LXLinearExpression,
    LXModel,
    LXOptimizer,
    LXSolution,
    LXStatus,
    LXVariable,
)
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions


@dataclass(frozen=True)
class Product:
    id: Any
    amount: float = 0.0


@dataclass(frozen=True)
class Chair(Product):
    pass


@dataclass
class Plan:
    """A row that cannot be hashed."""

    id: int
    amount: float = 0.0
    code: int | None = None


@dataclass(frozen=True)
class Machine:
    id: Any
    amount: float = 0.0


PRODUCTS = [Product(1, 3.5), Product(2, 5.0)]
MACHINES = [Machine("A", 1.0), Machine("B", 2.0)]
NUMBERED_MACHINES = [Machine(1, 7.0), Machine(2, 8.0)]


def of_id(row: Any) -> Any:
    return row.id


def solved(*variables: LXVariable[Any, Any]) -> LXSolution:
    """A solution in which every variable is at its lower bound."""
    total = LXLinearExpression()
    for variable in variables:
        total.add_term(variable)
    return LXOptimizer().solve(LXModel("plan").add_variables(*variables).minimize(total))


def production(rows: Any = PRODUCTS, kind: type = float) -> LXVariable[Any, Any]:
    """A family whose values are the amounts of its rows."""
    variable = LXVariable[Product, kind]("production").from_data(rows).indexed_by(of_id)
    return variable.bounds(lower=lambda row: row.amount)


def assignment(first: Any = PRODUCTS, second: Any = MACHINES) -> LXVariable[Any, Any]:
    """A family over two dimensions whose values are the sums of its rows' amounts."""
    dimensions = [LXIndexDimension(type(rows[0]), of_id).from_data(rows) for rows in (first, second)]
    variable = LXVariable[Any, float]("assignment").indexed_by_product(*dimensions)
    return variable.bounds(lower=lambda a, b: 10 * a.amount + b.amount)


def plan_model(
    maximize: bool = True,
    factor: float = 1.0,
    rhs: tuple[float, float, float] = (4.0, 6.0, 1.0),
    upper: float = inf,
    sense: str = "le",
) -> LXModel:
    """max 3x + 2y + 2z (or min of its negative), x + y <= r1, x + 3y <= r2, x <= r3, z <= upper, times a factor."""
    x, y = (LXVariable[None, float](name).bounds(lower=0) for name in "xy")
    z = LXVariable[None, float]("z").bounds(lower=0)
    if upper < inf:
        z.bounds(upper=upper)
    expressions = [
        LXLinearExpression().add_term(x).add_term(y).add_constant(5),
        LXLinearExpression().add_term(x).add_term(y, 3.0),
        LXLinearExpression().add_term(x).add_term(z, 0.25),
    ]
    model = LXModel("plan").add_variables(x, y, z)
    for name, expression, side in zip(("sum", "mix", "cap"), expressions, rhs, strict=True):
        constant = 5 if name == "sum" else 0
        constraint = LXConstraint[None](name).expression(factor * expression).rhs(factor * (side + constant))
        getattr(constraint, sense)()
        model.add_constraint(constraint)
    profit = LXLinearExpression().add_term(x, 3.0).add_term(y, 2.0).add_term(z, 2.0).add_constant(100)
    return model.maximize(profit) if maximize else model.minimize(-profit)


class Without:
    """HiGHS, less some of its features and what they bring."""

    name = "partial"

    def __init__(self, *lacking: LXFeature, limit: LXLimit | None = None) -> None:
        self.features = frozenset(LXFeature) - set(lacking)
        self.limit = limit

    def is_available(self) -> bool:
        return True

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        from lumix_solvers.highs import HighsSolver

        raw = HighsSolver().solve(problem, options)
        if LXFeature.DUALS not in self.features or self.limit:
            raw = dataclasses.replace(raw, duals=None, reduced_costs=None)
        if self.limit:
            raw = dataclasses.replace(raw, status=LXStatus.FEASIBLE, limit=self.limit)
        return raw


def impossible() -> LXModel:
    x = LXVariable[None, float]("x").bounds(lower=0, upper=1)
    y = LXVariable[None, float]("y").bounds(lower=0, upper=1)
    total = LXLinearExpression().add_term(x).add_term(y)
    limit = LXConstraint[None]("limit").expression(total).ge().rhs(3)
    return LXModel("plan").add_variables(x, y).add_constraint(limit).minimize(total)
