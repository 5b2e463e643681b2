"""Rules in mathematics: the same lines as those of the builders, from the terms that a rule was traced into."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from lumix_core import (
    SKIP,
    LXConstraint,
    LXIndexDimension,
    LXLinearExpression,
    LXModel,
    LXParameter,
    LXVariable,
    between,
)
from tests.core.language_models import MACHINES, PRODUCTS, Machine, Product, assignment, of_id, production
from tests.core.latex import check_latex

made, both = production(), assignment()
overtime = LXVariable[None, float]("overtime")
hours = LXParameter("hours").from_data({(1, 1): 0.5}).default(0)
priced = LXIndexDimension(Product, of_id).from_data(PRODUCTS).where(lambda p: p.price > 1)
rates = {1: 0.5, 2: 1.5}
MADE, BOTH = r"\mathit{production}", r"\mathit{assignment}"
KEYS = r"\left( k, k' \right) \in \operatorname{keys}\left( \mathsf{hours} \right)"
IF, IF_NOT = r"\left[ p > 1 \right]", r"\left[ \neg \left( p > 1 \right) \right]"
PRODUCT = r"p \in \mathrm{Product}"


def written(rule: Callable[..., Any], constraint: LXConstraint[Any]) -> list[tuple[str, str]]:
    """The comparisons that a rule is written as, each with what it is for."""
    model = LXModel("m").add_variables(made, both, overtime).add_constraint(constraint.rule(rule))
    text = model.to_latex()
    check_latex(text)
    lines = [line.partition(r"\mathbf{limit}\colon\; ")[2] for line in text.split("\n") if r"\mathbf{limit}" in line]
    parts = [line.removesuffix(r" \\").partition(r" & & \quad ") for line in lines]
    return [(left, domain) for left, _, domain in parts]


def over_machines() -> LXConstraint[Machine]:
    return LXConstraint[Machine]("limit").from_data(MACHINES).indexed_by(of_id)


def over_products() -> LXConstraint[Product]:
    return LXConstraint[Product]("limit").from_data(PRODUCTS).indexed_by(of_id)


def alone() -> LXConstraint[Any]:
    return LXConstraint[Any]("limit")


EACH: list[tuple[Callable[..., Any], Callable[[], LXConstraint[Any]], str]] = [
    (lambda p: made[p] <= p.price, over_products, rf"{MADE}_{{p}} \le \mathrm{{price}}_{{p}}"),
    (
        lambda p: -2 * made[p] + 3 >= made[p.id] - p.price,
        over_products,
        rf"-2 \, {MADE}_{{p}} + 3 \ge {MADE}_{{p}} - \mathrm{{price}}_{{p}}",
    ),
    (
        lambda m: sum(made[p] for p in priced if p.id == m.id) <= 2,
        over_machines,
        rf"\sum_{{{PRODUCT} \,:\, \mathrm{{price}}_{{p}} > 1,\, p = m}} {MADE}_{{p}} \le 2",
    ),
    (lambda p: made.get(p.id - 1, 0) + made[p] == 1, over_products, rf"{MADE}^{{\circ}}_{{p - 1}} + {MADE}_{{p}} = 1"),
    (
        lambda m: sum(hours[p.id, m.id] * made[p] for p in made) <= m.hours + 2,
        over_machines,
        rf"\sum_{{{PRODUCT}}} \mathsf{{hours}}_{{p, m}} \, {MADE}_{{p}} \le \mathrm{{hours}}_{{m}} + 2",
    ),
    (
        lambda m: sum(both[p, n] for p, n in both if n.id == m.id) <= 1,
        over_machines,
        rf"\sum_{{{PRODUCT},\, m' \in \mathrm{{Machine}} \,:\, m' = m}} {BOTH}_{{p, m'}} \le 1",
    ),
    (
        lambda: sum(made[p] for p in made) + overtime <= 7,
        alone,
        rf"\sum_{{{PRODUCT}}} {MADE}_{{p}} + \mathit{{overtime}} \le 7",
    ),
    (
        lambda: sum(hours[k] * overtime for k in hours) >= 0,
        alone,
        rf"\sum_{{{KEYS}}} \mathsf{{hours}}_{{k, k'}} \, \mathit{{overtime}} \ge 0",
    ),
    (
        lambda: overtime <= 2 * sum(p.price for p in made),
        alone,
        rf"\mathit{{overtime}} \le 2 \, \left( \sum_{{{PRODUCT}}} \mathrm{{price}}_{{p}} \right)",
    ),
    (lambda p: rates[p.id] * made[p] <= 1, over_products, rf"\mathsf{{rates}}_{{p}} \, {MADE}_{{p}} \le 1"),
    (lambda p: between(1, made[p], p.price), over_products, rf"1 \le {MADE}_{{p}} \le \mathrm{{price}}_{{p}}"),
    (
        lambda p: made[p] <= (p.price if p.id > 1 else math.inf),
        over_products,
        rf"{MADE}_{{p}} \le {IF} \, \mathrm{{price}}_{{p}} + {IF_NOT} \, \infty",
    ),
    (lambda p: made[p] <= len(str(p.id)), over_products, r"f_{1}\left( p \right)"),
]


@pytest.mark.parametrize(("rule", "constraint", "expected"), EACH, ids=[case[2] for case in EACH])
def test_a_rule_is_written_as_its_terms(
    rule: Callable[..., Any], constraint: Callable[[], LXConstraint[Any]], expected: str
) -> None:
    assert [left for left, _ in written(rule, constraint())] == [expected]


def test_rows_that_are_skipped_are_a_condition() -> None:
    found = written(lambda p: SKIP if p.price > 3 else made[p] <= 1, over_products())

    assert found == [
        (rf"{MADE}_{{p}} \le 1", rf"\forall\, {PRODUCT} \,:\, \neg \left( \mathrm{{price}}_{{p}} > 3 \right)")
    ]


def test_a_rule_that_is_called_with_rows_has_a_note() -> None:
    model = LXModel("m").add_variable(made).add_constraint(over_products().rule(lambda p: made[p] <= len(str(p.id))))

    text = model.to_latex()

    assert r"f_{1}\colon\; \text{the rule 'limit', a function that is no formula: it makes a text of a value" in text


def test_an_objective_may_be_a_rule() -> None:
    model = LXModel("m").add_variable(made).minimize(lambda: sum(p.price * made[p] for p in made) + 3)
    traced = model.to_latex()
    model.minimize(lambda: float(str(3)) * sum(made[p] for p in made) if repr(made) else 0)

    assert rf"\text{{minimize}} & \quad \sum_{{{PRODUCT}}} \mathrm{{price}}_{{p}} \, {MADE}_{{p}} + 3 \\" in traced
    check_latex(model.to_latex())


def test_a_model_of_rules_is_written_like_the_same_of_builders() -> None:
    ruled, built = (LXModel("m").add_variable(both) for _ in range(2))
    ruled.add_constraint(
        over_machines().rule(lambda m: sum(p.price * both[p, n] for p, n in both if n.id == m.id) <= m.hours)
    )
    expression = LXLinearExpression().sum_over(both, lambda p, n: p.price, where=lambda p, n, m: n.id == m.id)
    built.add_constraint(over_machines().expression(expression).le().rhs(lambda m: m.hours))
    ruled.maximize(lambda: sum(both[p, m] for p, m in both))
    built.maximize(LXLinearExpression().add_term(both))

    assert ruled.to_latex() == built.to_latex()
