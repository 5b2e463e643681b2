"""Small random models with goals, and their optima by enumeration of all points."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from typing import Any

from lumix import LXConstraint, LXLinearExpression, LXModel, LXVariable

SENSES = ("<=", ">=", "==", "between")


@dataclass
class Row:
    """One row of a family of constraints: coefficients, both sides, and what it costs to miss it."""

    id: int
    coefficients: tuple[int, ...]
    lower: float
    upper: float
    priority: int = 0
    weight: float = 0.0

    def activity(self, x: tuple[int, ...]) -> float:
        return float(sum(a * b for a, b in zip(self.coefficients, x, strict=True)))

    def missed(self, x: tuple[int, ...]) -> float:
        return max(self.lower - self.activity(x), self.activity(x) - self.upper, 0.0)


@dataclass
class Case:
    """A model, and the numbers that it was made of."""

    tops: tuple[int, ...]
    costs: tuple[int, ...]
    maximizing: bool | None
    hard: list[Row]
    goals: list[list[Row]]
    senses: list[str]

    def points(self) -> list[tuple[int, ...]]:
        boxes = itertools.product(*(range(top + 1) for top in self.tops))
        return [x for x in boxes if all(row.missed(x) == 0 for row in self.hard)]

    def objective(self, x: tuple[int, ...]) -> float:
        return 0.0 if self.maximizing is None else float(sum(a * b for a, b in zip(self.costs, x, strict=True)))

    def own(self, x: tuple[int, ...]) -> float:
        """The objective as something to be minimised."""
        return -self.objective(x) if self.maximizing else self.objective(x)

    def prices(self, x: tuple[int, ...]) -> dict[int, float]:
        found: dict[int, float] = {}
        for row in itertools.chain(*self.goals):
            found[row.priority] = found.get(row.priority, 0.0) + row.weight * row.missed(x)
        return dict(sorted(found.items()))

    def lexicographic(self, x: tuple[int, ...]) -> tuple[float, ...]:
        return (*(round(price, 9) for price in self.prices(x).values()), self.own(x))

    def total(self, x: tuple[int, ...]) -> float:
        lowest = max(6, *self.prices(x)) if self.prices(x) else 6
        return self.own(x) + sum(10.0 ** (lowest + 1 - p) * price for p, price in self.prices(x).items())


def random_case(seed: int) -> Case:
    """Return a model of two to four whole variables with one to four goals, some of several rows."""
    rng = random.Random(seed)
    count = rng.randint(2, 4)
    case = Case(
        tops=tuple(rng.randint(1, 4) for _ in range(count)),
        costs=tuple(rng.randint(-5, 5) for _ in range(count)),
        maximizing=rng.choice([None, True, False]),
        hard=[_row(rng, count, i, "<=", rng.randint(-3, 9)) for i in range(rng.randint(0, 2))],
        goals=[],
        senses=[],
    )
    if not any(case.costs):
        case.maximizing = None
    for _ in range(rng.randint(1, 4)):
        sense = rng.choice(SENSES)
        rows = [_row(rng, count, i, sense, rng.randint(-6, 14)) for i in range(rng.randint(1, 3))]
        for row in rows:
            row.priority, row.weight = rng.randint(1, 4), rng.choice([0.0, 0.5, 1.0, 2.0, 3.0, 7.0])
        case.goals.append(rows)
        case.senses.append(sense)
    return case


def _row(rng: random.Random, count: int, i: int, sense: str, target: int) -> Row:
    coefficients = tuple(rng.randint(-3, 3) for _ in range(count))
    lower = -math.inf if sense == "<=" else float(target)
    upper = math.inf if sense == ">=" else float(target + (rng.randint(0, 3) if sense == "between" else 0))
    return Row(i, coefficients, lower, upper)


def model_of(case: Case, mode: str) -> LXModel:
    """Return the case as a model."""
    xs = [LXVariable[Any, int](f"x{j}").integer().bounds(lower=0, upper=top) for j, top in enumerate(case.tops)]
    model = LXModel("goals").add_variables(*xs).set_goal_mode(mode)
    families = [("<=", case.hard)] if case.hard else []
    for number, (sense, rows) in enumerate([*families, *zip(case.senses, case.goals, strict=True)]):
        expression = LXLinearExpression()
        for j, x in enumerate(xs):
            expression.add_term(x, lambda row, j=j: row.coefficients[j])
        constraint = LXConstraint[Row](f"c{number}").from_data(rows).indexed_by(lambda row: row.id)
        constraint.expression(expression)
        if sense == "<=":
            constraint.le().rhs(lambda row: row.upper)
        elif sense == ">=":
            constraint.ge().rhs(lambda row: row.lower)
        elif sense == "==":
            constraint.eq().rhs(lambda row: row.lower)
        else:
            constraint.between(lambda row: row.lower, lambda row: row.upper)
        if rows is not case.hard:
            constraint.as_goal(priority=lambda row: row.priority, weight=lambda row: row.weight)
        model.add_constraint(constraint)
    if case.maximizing is not None:
        objective = LXLinearExpression()
        for x, cost in zip(xs, case.costs, strict=True):
            objective.add_term(x, cost)
        model.maximize(objective) if case.maximizing else model.minimize(objective)
    return model


def fault(case: Case, mode: str, solution: Any) -> str:
    """Return what is wrong with a solution of a case; empty where nothing is."""
    points = case.points()
    if not points:
        return "" if solution.status == "infeasible" else f"no point, and {solution.status}"
    if not solution.is_optimal():
        return f"{solution.status}: {solution.raw_status}"
    x = tuple(solution.variables[f"x{j}"] for j in range(len(case.tops)))
    if x not in points:
        return f"{x} breaks a constraint"
    return _wrong_number(case, solution, x) or _better(case, mode, x, points)


def _wrong_number(case: Case, solution: Any, x: tuple[int, ...]) -> str:
    if abs(solution.objective_value - case.objective(x)) > 1e-9:
        return f"objective {solution.objective_value}, not {case.objective(x)}"
    for number, rows in enumerate(case.goals, 1 if case.hard else 0):
        told, total = solution.get_total_deviation(f"c{number}"), sum(row.missed(x) for row in rows)
        if abs(told - total) > 1e-9:
            return f"deviation {told} of c{number}, not {total}"
    return ""


def _better(case: Case, mode: str, x: tuple[int, ...], points: list[tuple[int, ...]]) -> str:
    if mode == "sequential":
        best, own = min(map(case.lexicographic, points)), case.lexicographic(x)
        return "" if own == best else f"{x} has {own}, and {best} is possible"
    least, total = min(map(case.total, points)), case.total(x)
    return "" if total - least <= 1e-12 * max(1.0, abs(least)) else f"{x} has {total}, and {least} is possible"
