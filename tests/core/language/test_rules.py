"""Rules: what they mean, and that they become columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from lumix_core import (
    SKIP,
    LXConstraint,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXParameter,
    LXProblem,
    LXVariable,
    between,
)


@dataclass(frozen=True)
class Product:
    id: int
    line: int
    profit: float


@dataclass(frozen=True)
class Machine:
    id: int
    line: int
    hours: float


PRODUCTS = [Product(i, i % 2, 10.0 * i) for i in range(1, 6)]
MACHINES = [Machine(i, i % 2, 100.0 * i) for i in range(1, 4)]
HOURS = {(p.id, m.id): p.id + 0.5 * m.id for p in PRODUCTS for m in MACHINES if (p.id + m.id) % 3}


@dataclass(eq=False)
class Shop:
    """A model with two families of variables, and one without an index."""

    made: LXVariable[Product, float]
    over: LXVariable[Any, float]
    need: LXParameter[Any]
    model: LXModel

    def constraint(self, rule: Callable[..., Any], over: Any = (MACHINES,)) -> LXProblem:
        """Compile the model with one rule."""
        self.model.constraint(over=over, name="rule")(rule)
        return self.model.compile()

    def how(self) -> str:
        """Return how the rule was evaluated, and why."""
        (line,) = (one for one in self.model.explain().functions if one.function == "the rule 'rule'")
        return f"{line.way}: {line.reason}" if line.reason else line.way


@pytest.fixture
def shop() -> Shop:
    made = LXVariable[Product, float]("made").bounds(lower=0).indexed_by(lambda p: p.id).from_data(PRODUCTS)
    over = LXVariable[Any, float]("over")
    need = LXParameter[Any]("need").from_data(HOURS).default(0)
    return Shop(made, over, need, LXModel("shop").add_variables(made, over))


def rows(problem: LXProblem) -> list[tuple[dict[str, float], float, float]]:
    """Return each constraint: its coefficients by name and key, its least and its greatest value."""
    names = [f"{block.name}{'' if key == () else key}" for block in problem.variables for key in block.keys]
    starts = problem.row_starts
    return [
        (
            dict(zip([names[j] for j in problem.columns[a:b]], problem.coefficients[a:b].tolist(), strict=True)),
            float(problem.row_lower[i]),
            float(problem.row_upper[i]),
        )
        for i, (a, b) in enumerate(pairwise(starts))
    ]


def assert_same(one: LXProblem, other: LXProblem) -> None:
    for name in ("objective", "row_starts", "columns", "coefficients", "row_lower", "row_upper", "lower", "upper"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.offset == other.offset


def test_a_rule_gives_the_arrays_of_the_builders(shop: Shop) -> None:
    made, need = shop.made, shop.need
    used = LXLinearExpression().add_term(made, lambda p, m: need[p.id, m.id], where=lambda p, m: p.line == m.line)
    hours = LXConstraint[Machine]("rule").from_data(MACHINES).expression(used).le().rhs(lambda m: m.hours)
    profit = LXLinearExpression().add_term(made, lambda p: p.profit)
    built = LXModel("shop").add_variables(made, shop.over).add_constraint(hours).maximize(profit).compile()

    shop.model.maximize(lambda: sum(p.profit * made[p] for p in made))
    ruled = shop.constraint(lambda m: sum(need[p.id, m.id] * made[p] for p in made if p.line == m.line) <= m.hours)

    assert_same(ruled, built)
    assert shop.how() == "columns"


def test_a_filter_is_a_join(shop: Shop) -> None:
    made = shop.made
    shop.constraint(lambda m: sum(made[p] for p in made if p.line == m.line) <= 1)

    (line,) = (one for one in shop.model.explain().functions if "condition" in one.function)

    assert (line.way, line.count, line.possible) == ("join", 8, 15)


def accumulated(shop: Shop) -> Callable[[Machine], Any]:
    def rule(m: Machine) -> Any:
        total = shop.over + 3
        for p in shop.made:
            if p.id < 3:
                total = total + shop.made[p]
        return total <= 10

    return rule


def twice(shop: Shop) -> Callable[[Machine], Any]:
    def rule(m: Machine) -> Any:
        some = [shop.made[p] for p in shop.made if p.id < 3]
        return sum(some) + 2 * sum(some) <= 1

    return rule


MEANINGS: dict[str, tuple[Callable[[Shop], Callable[[Machine], Any]], tuple[dict[str, float], float, float]]] = {
    "a variable is counted once a row": (
        lambda s: lambda m: sum(s.made[p] + s.over for p in s.made if p.id < 3) <= 1,
        ({"made1": 1.0, "made2": 1.0, "over": 2.0}, -math.inf, 1.0),
    ),
    "a number is counted once a row": (
        lambda s: lambda m: sum(s.made[p] + 1 for p in s.made if p.id < 3) <= m.hours,
        ({"made1": 1.0, "made2": 1.0}, -math.inf, 98.0),
    ),
    "rows are counted": (
        lambda s: lambda m: s.over <= sum(1 for p in s.made if p.id > m.id),
        ({"over": 1.0}, -math.inf, 4.0),
    ),
    "a number in front of a loop is counted once": (
        accumulated,
        ({"made1": 1.0, "made2": 1.0, "over": 1.0}, -math.inf, 7.0),
    ),
    "sums of sums": (
        lambda s: lambda m: sum(sum(s.made[q] for q in s.made if q.id < p.id) for p in s.made if p.id < 4) <= 0,
        ({"made1": 2.0, "made2": 1.0}, -math.inf, 0.0),
    ),
    "a difference of sums": (
        lambda s: (
            lambda m: sum(s.made[p] for p in s.made if p.id < 3) - sum(s.made[p] for p in s.made if p.id == 2) == 0
        ),
        ({"made1": 1.0}, 0.0, 0.0),
    ),
    "a sum of numbers weighs": (
        lambda s: lambda m: sum(s.need[p.id, m.id] for p in s.made) * s.over <= 1,
        ({"over": 9.5}, -math.inf, 1.0),
    ),
    "a list is used twice": (
        twice,
        ({"made1": 3.0, "made2": 3.0}, -math.inf, 1.0),
    ),
    "choices between numbers of rows": (
        lambda s: lambda m: sum((2 if p.id == m.id else 1) * s.made[p] for p in s.made if p.id < 3) <= 1,
        ({"made1": 2.0, "made2": 1.0}, -math.inf, 1.0),
    ),
    "a number on the left": (
        lambda s: lambda m: m.hours >= s.over,
        ({"over": 1.0}, -math.inf, 100.0),
    ),
    "variables on both sides": (
        lambda s: lambda m: s.made[m.id] + 3 >= s.over + m.hours,
        ({"made1": 1.0, "over": -1.0}, 97.0, math.inf),
    ),
    "two sides, chained": (
        lambda s: lambda m: 0 <= s.made[m.id] - s.over <= m.hours,
        ({"made1": 1.0, "over": -1.0}, 0.0, 100.0),
    ),
    "two sides, chained downwards": (
        lambda s: lambda m: m.hours >= s.made[m.id] - s.over >= 1,
        ({"made1": 1.0, "over": -1.0}, 1.0, 100.0),
    ),
    "two sides by between": (
        lambda s: lambda m: between(-math.inf, s.made[m.id] + 1, m.hours),
        ({"made1": 1.0}, -math.inf, 99.0),
    ),
    "an infinite side": (
        lambda s: lambda m: s.over <= (math.inf if m.id == 1 else m.hours),
        ({"over": 1.0}, -math.inf, math.inf),
    ),
    "keys of a parameter": (
        lambda s: lambda m: sum(s.need[p, k] * s.made[p] for p, k in s.need if k == m.id and p < 4) <= 1,
        ({"made1": 1.5, "made3": 3.5}, -math.inf, 1.0),
    ),
    "a division": (
        lambda s: lambda m: (s.made[m.id] + s.over) / 4 <= 1,
        ({"made1": 0.25, "over": 0.25}, -math.inf, 1.0),
    ),
    "a variable without an index": (lambda s: lambda m: s.over == m.hours, ({"over": 1.0}, 100.0, 100.0)),
    "no variable at all": (
        lambda s: lambda m: sum(s.made[p] for p in s.made if p.id > 9) <= m.hours,
        ({}, -math.inf, 100.0),
    ),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_what_a_rule_means(shop: Shop, name: str) -> None:
    rule, expected = MEANINGS[name]

    problem = shop.constraint(rule(shop))

    assert rows(problem)[0] == expected
    assert shop.how() == "columns"


def broken_off(shop: Shop) -> Callable[[Machine], Any]:
    def rule(m: Machine) -> Any:
        total = shop.over
        for p in shop.made:
            if p.id > m.id:
                break
            total = total + shop.made[p]
        return total <= 1

    return rule


def recurring(shop: Shop) -> Callable[[Machine], Any]:
    def rule(m: Machine) -> Any:
        total = shop.over + 0
        for p in shop.made:
            total = 2 * total + shop.made[p]
        return total <= 1

    return rule


ROW_BY_ROW: dict[str, tuple[Callable[[Shop], Callable[[Machine], Any]], str, dict[str, float]]] = {
    "a loop that is left": (broken_off, "it leaves a loop before its end", {"made1": 1.0, "over": 1.0}),
    "a recurrence": (
        recurring,
        "it carries 'total' from one turn of a loop to the next",
        {"made1": 16.0, "made2": 8.0, "made3": 4.0, "made4": 2.0, "made5": 1.0, "over": 32.0},
    ),
    "any": (
        lambda s: lambda m: s.over * (2 if any(p.id == m.id for p in s.made) else 1) <= 1,
        "it leaves a loop before its end",
        {"over": 2.0},
    ),
    "zip": (
        lambda s: lambda m: sum(s.made[p] for p, _ in zip(s.made, range(2), strict=False)) <= 1,
        "it counts what it goes through, with zip()",
        {"made1": 1.0, "made2": 1.0},
    ),
    "how many there are": (
        lambda s: lambda m: len(s.made) * s.over <= 1,
        "it counts what it goes through, with len()",
        {"over": 5.0},
    ),
    "a key that may be there": (
        lambda s: lambda m: s.made[m.id + 4] + s.over <= 1 if m.id + 4 in s.made else s.over <= 1,
        "it asks whether 'made' has a key",
        {"made5": 1.0, "over": 1.0},
    ),
    "the largest": (
        lambda s: lambda m: max(p.profit for p in s.made) * s.over <= 1,
        "it takes the max over a family",
        {"over": 50.0},
    ),
    "a counter of turns": (
        lambda s: lambda m: sum(i * s.made[p] for i, p in enumerate(s.made)) <= 1,
        "it counts what it goes through, with enumerate()",
        {"made2": 1.0, "made3": 2.0, "made4": 3.0, "made5": 4.0},
    ),
}


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_what_is_no_sum_is_called_row_by_row(shop: Shop, name: str) -> None:
    rule, reason, expected = ROW_BY_ROW[name]

    problem = shop.constraint(rule(shop))

    assert rows(problem)[0][0] == expected
    assert shop.how() == f"row by row: {reason}"


def test_the_rows_of_dimensions_are_gone_through_as_tuples() -> None:
    items, weeks = [Product(1, 0, 1.0), Product(2, 1, 1.0)], [1, 2, 3]
    dimensions = LXIndexDimension(Product, lambda p: p.id).from_data(items), LXIndexDimension(int).from_data(weeks)
    stock = LXVariable[tuple[Product, int], float]("stock").indexed_by_product(*dimensions)
    model = LXModel("lots").add_variable(stock)

    @model.constraint(over=stock)
    def balance(i: Product, w: int) -> Any:
        return stock.get((i, w - 1), 0) - stock[i, w] == i.line

    @model.constraint(over=(weeks,))
    def total(w: int) -> Any:
        return sum(i.id * stock[i, v] for i, v in stock if v <= w) <= 9

    found = rows(model.compile())

    assert found[1] == ({"stock(1, 1)": 1.0, "stock(1, 2)": -1.0}, 0.0, 0.0)
    assert found[3] == ({"stock(2, 1)": -1.0}, 1.0, 1.0)
    assert found[7][0] == {"stock(1, 1)": 1.0, "stock(1, 2)": 1.0, "stock(2, 1)": 2.0, "stock(2, 2)": 2.0}
    assert all(line.way != "row by row" for line in model.explain().functions)


def test_skip_makes_no_constraint(shop: Shop) -> None:
    problem = shop.constraint(lambda m: SKIP if m.id == 2 else shop.over <= m.hours)

    assert list(problem.constraints[0].keys) == [MACHINES[0], MACHINES[2]]
    assert [upper for _, _, upper in rows(problem)] == [100.0, 300.0]
    assert shop.how() == "columns"


def test_rows_may_have_other_senses(shop: Shop) -> None:
    problem = shop.constraint(lambda m: shop.over == 1 if m.id == 1 else shop.over <= m.hours)

    assert rows(problem)[:2] == [({"over": 1.0}, 1.0, 1.0), ({"over": 1.0}, -math.inf, 200.0)]


@pytest.mark.parametrize("is_traced", [True, False])
def test_the_orientation_is_the_same_where_a_sum_is_empty(shop: Shop, is_traced: bool) -> None:
    made, over = shop.made, shop.over

    def rule(m: Machine) -> Any:
        some = [p for p in made if p.id == m.id and m.id != 2]
        return sum(made[p] for p in some) <= 3 * over

    def traced(m: Machine) -> Any:
        return sum(made[p] for p in made if p.id == m.id and m.id != 2) <= 3 * over

    problem = shop.constraint(traced if is_traced else lambda m: rule(m) if len(made) else SKIP)

    assert rows(problem)[:2] == [({"made1": 1.0, "over": -3.0}, -math.inf, 0.0), ({"over": -3.0}, -math.inf, 0.0)]
    assert shop.how().startswith("columns" if is_traced else "row by row")


def test_a_decorated_rule_stays_the_function(shop: Shop) -> None:
    @shop.model.constraint(over=shop.made)
    def cap(p: Product) -> Any:
        return shop.made[p] <= p.profit

    assert cap.__name__ == "cap"
    assert shop.model.get_constraint("cap").function is not None
    assert rows(shop.model.compile())[4] == ({"made5": 1.0}, -math.inf, 50.0)


def test_a_single_constraint_has_no_rows(shop: Shop) -> None:
    problem = shop.constraint(lambda: sum(shop.made[p] for p in shop.made if p.id < 3) <= 8, ())

    assert rows(problem) == [({"made1": 1.0, "made2": 1.0}, -math.inf, 8.0)]
    assert problem.constraints[0].keys.is_scalar


def test_an_objective_may_be_a_rule_with_a_constant(shop: Shop) -> None:
    problem = shop.model.minimize(lambda: sum(p.profit * shop.made[p] + 1 for p in shop.made) - shop.over).compile()

    assert problem.objective.tolist() == [10.0, 20.0, 30.0, 40.0, 50.0, -1.0]
    assert problem.offset == 5.0


def test_expressions_made_outside_are_shared(shop: Shop) -> None:
    outside = shop.made[1] + 2 * shop.over + 1

    problem = shop.constraint(lambda m: sum(outside for p in shop.made if p.id <= m.id) <= m.hours)

    assert rows(problem)[1] == ({"made1": 2.0, "over": 4.0}, -math.inf, 198.0)


def test_what_a_rule_became_is_told(shop: Shop) -> None:
    made, need = shop.made, shop.need
    shop.constraint(lambda m: sum(need[p.id, m.id] * made[p] for p in made if p.line == m.line) <= m.hours)

    (line,) = (one for one in shop.model.explain().functions if one.function == "the rule 'rule'")

    assert line.became == "sum(need[i.id, m.id] * made[i] for i in made if (i.line == m.line)) <= m.hours"
