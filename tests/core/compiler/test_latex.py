"""A model in mathematics says what the compiler makes of it: index sets, sums, own elements, lags, bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumix_core import (
    LXConstraint,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNonLinearExpression,
    LXParameter,
    LXVariable,
)
from lumix_core.errors import LXIncompleteError, LXLateBindingError, LXUnsupportedError
from tests.core.language_models import MACHINES, PRODUCTS, Machine, Product, assignment, model_of, of_id, production
from tests.core.latex import check_latex
from tests.shared.scale import examples

ALL = r"p \in \mathrm{Product}"
PAIRS = r"p \in \mathrm{Product},\, m \in \mathrm{Machine}"
hours = LXParameter("hours").from_data({(1, 1): 0.5}).default(0)
rates = {1: 0.5, 2: 1.5}


def lines_of(model: LXModel) -> list[str]:
    """The lines of a model in LaTeX, without the environment around them."""
    text = model.to_latex()
    check_latex(text)
    first, *lines, last = text.split("\n")
    assert (first, last) == (r"\begin{aligned}", r"\end{aligned}")
    return [line.removesuffix(r" \\") for line in lines]


def over_products(x: Any, *options: Any, **named: Any) -> str:
    return limit_of(LXLinearExpression().add_term(x, *options, **named), PRODUCTS)


def limit_of(expression: LXLinearExpression, rows: Any) -> str:
    """The left-hand side of a constraint over rows, or of a single one."""
    (line,) = [line for line in lines_of(model_of(expression, rows)) if r"\mathbf{limit}" in line]
    return line.partition(r"\colon\; ")[2].partition(r" \le 1")[0]


def line_with(part: str, model: LXModel) -> str:
    (line,) = [line for line in lines_of(model) if part in line]
    return line


def by_machine(p: Product, m: Machine, own: Machine) -> bool:
    return m.id == own.id


made, both, terms = production, assignment, LXLinearExpression
bent = LXNonLinearExpression
MADE, BOTH = r"\mathit{production}", r"\mathit{assignment}"
SUM = rf"\sum_{{{ALL}}}"
EXPENSIVE = r"\mathrm{price}_{p} > 3"
SUMS: list[tuple[str, Callable[[], str], str]] = [
    ("own element", lambda: over_products(made(), 2.5), rf"2.5 \, {MADE}_{{p}}"),
    ("weighed", lambda: over_products(made(), lambda p: p.price), rf"\mathrm{{price}}_{{p}} \, {MADE}_{{p}}"),
    (
        "where",
        lambda: over_products(made(), 2, where=lambda p: p.price > 3),
        rf"2 \, \left[ {EXPENSIVE} \right] \, {MADE}_{{p}}",
    ),
    ("keys", lambda: over_products(made(), keys=[1]), rf"\left[ p \in \{{ 1 \}} \right] \, {MADE}_{{p}}"),
    ("may be missing", lambda: over_products(made(), missing="skip"), rf"{MADE}^{{\circ}}_{{p}}"),
    ("lag", lambda: over_products(made(), at=lambda p: p.id - 1, missing="skip"), rf"{MADE}^{{\circ}}_{{p - 1}}"),
    (
        "row at a lag",
        lambda: over_products(made(), lambda p: p.price, at=lambda p: p.id - 1),
        rf"\mathrm{{price}}_{{p - 1}} \, {MADE}_{{p - 1}}",
    ),
    ("key of a pair", lambda: over_products(both(), at=lambda p: (p.id, 1)), rf"{BOTH}_{{p, 1}}"),
    ("sum of all", lambda: limit_of(terms().sum_over(made()), MACHINES), rf"{SUM} {MADE}_{{p}}"),
    (
        "sum weighed by the row",
        lambda: limit_of(terms().add_term(made(), lambda p, m: hours[p.id, m.id]), MACHINES),
        rf"{SUM} \mathsf{{hours}}_{{p, m}} \, {MADE}_{{p}}",
    ),
    (
        "sum over rows of the constraint's own kind",
        lambda: over_products(made(), where=lambda q, p: p.id - 2 <= q.id < p.id),
        rf"\sum_{{q' \in \mathrm{{Product}} \,:\, q - 2 \le q' < q}} {MADE}_{{q'}}",
    ),
    ("matching", lambda: limit_of(terms().sum_over(both(), matching=True), MACHINES), rf"{SUM} {BOTH}_{{p, m}}"),
    (
        "sum where",
        lambda: limit_of(terms().sum_over(both(), where=by_machine), MACHINES),
        rf"\sum_{{{ALL},\, m' \in \mathrm{{Machine}} \,:\, m' = m}} {BOTH}_{{p, m'}}",
    ),
    ("sum in one constraint", lambda: limit_of(terms().add_term(made(), 3), None), rf"{SUM} 3 \, {MADE}_{{p}}"),
    (
        "many keys",
        lambda: limit_of(terms().add_term(made(), keys=list(range(9))), None),
        rf"\sum_{{{ALL} \,:\, p \in K_{{1}}}} {MADE}_{{p}}",
    ),
    ("constant", lambda: limit_of(-terms().add_term(made()) / 2 - 3, PRODUCTS), rf"-0.5 \, {MADE}_{{p}} - 3"),
    ("nothing", lambda: limit_of(terms(), None), "0"),
    (
        "negative",
        lambda: over_products(made(), lambda p: -(p.price - 0)),
        rf"-\mathrm{{price}}_{{p}} \, {MADE}_{{p}}",
    ),
    (
        "table",
        lambda: over_products(made(), lambda p: rates[p.id] + 1),
        rf"\left( \mathsf{{rates}}_{{p}} + 1 \right) \, {MADE}_{{p}}",
    ),
    (
        "row by row",
        lambda: over_products(made(), lambda p: len(str(p.id))),
        rf"f_{{1}}\left( p \right) \, {MADE}_{{p}}",
    ),
]


@pytest.mark.parametrize(("written", "expected"), [case[1:] for case in SUMS], ids=[case[0] for case in SUMS])
def test_a_term_is_written_as_what_it_stands_for(written: Callable[[], str], expected: str) -> None:
    assert written() == expected


def test_filters_of_a_family_are_conditions_of_its_sums_and_its_bounds() -> None:
    x = production().where(lambda p: p.price > 3).bounds(0, lambda p: 2 * p.price)
    model = LXModel("m").add_variable(x).maximize(LXLinearExpression().add_term(x))

    lines = lines_of(model)

    assert (
        lines[0]
        == rf"\text{{maximize}} & \quad \sum_{{{ALL} \,:\, \mathrm{{price}}_{{p}} > 3}} \mathit{{production}}_{{p}}"
    )
    assert lines[1] == (
        r" & \quad 0 \le \mathit{production}_{p} \le 2 \, \mathrm{price}_{p}"
        rf" & & \quad \forall\, {ALL} \,:\, \mathrm{{price}}_{{p}} > 3"
    )


def test_a_constraint_over_a_variable_has_its_filters_and_those_of_the_variable() -> None:
    x = assignment().where_multi(lambda p, m: p.id != m.id)
    limit = (
        LXConstraint[Any]("limit")
        .over(x)
        .where_multi(lambda p, m: p.price > 1)
        .between(-math.inf, lambda p, m: m.hours)
    )
    limit.expression(LXLinearExpression().add_term(x))

    line = line_with("limit", LXModel("m").add_variable(x).add_constraint(limit))

    assert line == (
        r"\text{subject to} & \quad \mathbf{limit}\colon\; \mathit{assignment}_{p, m} \le \mathrm{hours}_{m}"
        rf" & & \quad \forall\, {PAIRS} \,:\, p \neq m,\, \mathrm{{price}}_{{p}} > 1"
    )


DOMAINS: list[tuple[Callable[[LXVariable[None, Any]], Any], str]] = [
    (lambda x: x, r"\mathit{x} \in \mathbb{R}"),
    (lambda x: x.bounds(-1, 2.5), r"-1 \le \mathit{x} \le 2.5"),
    (lambda x: x.bounds(upper=math.inf).integer(), r"\mathit{x} \in \mathbb{Z}"),
    (lambda x: x.bounds(lower=1).integer(), r"1 \le \mathit{x},\; \mathit{x} \in \mathbb{Z}"),
    (lambda x: x.binary(), r"\mathit{x} \in \{0, 1\}"),
    (lambda x: x.binary().bounds(1, 7), r"1 \le \mathit{x} \le 1,\; \mathit{x} \in \mathbb{Z}"),
    (lambda x: x.binary().continuous(), r"0 \le \mathit{x} \le 1"),
    (lambda x: x.semicontinuous().bounds(2, 9), r"\mathit{x} = 0 \;\vee\; 2 \le \mathit{x} \le 9"),
    (
        lambda x: x.semiinteger().bounds(2, 9),
        r"\mathit{x} = 0 \;\vee\; 2 \le \mathit{x} \le 9,\; \mathit{x} \in \mathbb{Z}",
    ),
]


@pytest.mark.parametrize(("declare", "expected"), DOMAINS, ids=[expected for _, expected in DOMAINS])
def test_a_domain_is_written_with_the_bounds(declare: Callable[[Any], Any], expected: str) -> None:
    model = LXModel("m").add_variable(declare(LXVariable[None, float]("x")))

    assert lines_of(model)[:2] == [r"\text{find} & \quad \text{any feasible point}", rf" & \quad {expected}"]


def test_costs_are_the_objective() -> None:
    model = LXModel("m").add_variable(production().cost(lambda p: p.price).cost(2)).minimize()

    assert lines_of(model)[0] == (
        rf"\text{{minimize}} & \quad \sum_{{{ALL}}} \mathrm{{price}}_{{p}} \, \mathit{{production}}_{{p}}"
        rf" + \sum_{{{ALL}}} 2 \, \mathit{{production}}_{{p}}"
    )


def test_notes_say_what_symbols_stand_for() -> None:
    x = production()
    expression = LXLinearExpression().add_term(
        x, lambda p: len(str(p.id)), missing="skip", where=lambda p: hours[p.id, 1] > 0
    )

    lines = lines_of(model_of(expression, PRODUCTS))

    note = r"\text{list given to from}\_\text{data; an index stands for the key .id}"
    assert rf"\text{{where}} & \quad \mathrm{{Product}}\colon\; {note}" in lines
    assert r" & \quad \mathsf{hours}\colon\; \text{parameter; 0 where it lacks a key}" in lines
    (function,) = [line for line in lines if r"f_{1}\colon" in line]
    assert (
        "the coefficient of 'production', a function that is no formula: it makes a text of a value of the row"
        in function
    )
    assert r"\text{ (test}\_\text{latex.py:" in function or "(test" in function
    assert any(r"\circ\colon" in line for line in lines)
    assert any(r"\left[ \cdot \right]\colon" in line for line in lines)


def test_two_collections_of_one_class_are_two_sets() -> None:
    others = [Product(7)]
    x, y = production(), LXVariable[Product, float]("y").from_data(others).indexed_by(of_id)

    first, second = lines_of(LXModel("m").add_variables(x, y))[1:3]

    assert first.endswith(rf"\forall\, {ALL}")
    assert second.endswith(rf"\forall\, {ALL}_{{2}}")


def test_rows_without_a_class_of_their_own_are_a_set_with_the_letter_of_their_index() -> None:
    x = LXVariable[int, float]("x").from_data([1, 2, 3]).bounds(0, lambda t: 2 * t)

    assert lines_of(LXModel("m").add_variable(x))[1] == (
        r" & \quad 0 \le \mathit{x}_{t} \le 2 \, t & & \quad \forall\, t \in \mathcal{T}"
    )


def test_an_index_is_not_called_like_a_variable() -> None:
    p = LXVariable[Product, float]("p").from_data(PRODUCTS).indexed_by(lambda p: p.id)

    assert lines_of(LXModel("m").add_variable(p))[1].startswith(r" & \quad \mathit{p}_{r}")


def test_a_key_of_another_kind_than_that_of_the_constraint_is_an_attribute() -> None:
    limit = LXConstraint[Product]("limit").from_data(PRODUCTS).indexed_by(lambda p: p.price).le().rhs(1)
    limit.expression(LXLinearExpression().add_term(production()))

    line = line_with("limit", LXModel("m").add_variable(production()).add_constraint(limit))

    assert r"\mathit{production}_{\mathrm{id}_{p}} \le 1" in line


def test_pairs_of_a_join_have_an_index_each() -> None:
    pairs = (
        LXVariable[Any, float]("pairs")
        .from_data(PRODUCTS)
        .indexed_by_join(Product, Machine, lambda p: MACHINES[: p.id])
    )
    line = lines_of(LXModel("m").add_variable(pairs))[1]

    assert r"\forall\, p \in \mathrm{Product},\, m \in f_{1}\left( p \right)" in line


x = production()
NONLINEAR: list[tuple[str, Callable[[], str], str]] = [
    ("absolute value", lambda: limit_of(bent().add_abs(x), PRODUCTS), rf"\left| {MADE}_{{p}} \right|"),
    (
        "absolute value for each element",
        lambda: limit_of(bent().add_abs(x, -2), None),
        rf"-{SUM} 2 \, \left| {MADE}_{{p}} \right|",
    ),
    (
        "maximum",
        lambda: limit_of(bent().add_max(terms().add_term(x) - 3, 1), PRODUCTS),
        rf"\max \left\{{ {MADE}_{{p}} - 3, 1 \right\}}",
    ),
    ("square", lambda: limit_of(bent().add_squared(x), PRODUCTS), rf"\left( {MADE}_{{p}} \right)^{{2}}"),
    (
        "product",
        lambda: limit_of(bent().add_product(x, terms().add_term(x) + 1, 3), PRODUCTS),
        rf"3 \, \left( {MADE}_{{p}} \right) \, \left( {MADE}_{{p}} + 1 \right)",
    ),
]


@pytest.mark.parametrize(("written", "expected"), [case[1:] for case in NONLINEAR], ids=[case[0] for case in NONLINEAR])
def test_what_is_not_linear_is_written(written: Callable[[], str], expected: str) -> None:
    assert written() == expected


def test_a_curve_is_refused() -> None:
    curve = bent().add_piecewise(x, lambda amount: amount * amount, num_segments=4, x_min=0, x_max=4)

    with pytest.raises(LXUnsupportedError, match=r"has piecewise\(\.\.\.\), which to_latex\(\) does not write"):
        limit_of(curve, PRODUCTS)


def test_the_rest_of_a_large_model_is_counted() -> None:
    x = production()
    each = [LXConstraint(f"c{key}").le().rhs(1) for key in range(5)]
    model = LXModel("m").add_variables(x, LXVariable[None, float]("y"))
    model.add_constraints(one.expression(LXLinearExpression().add_term(x).add_term(x, 2)) for one in each)

    text = model.to_latex(families=1, terms=1)

    check_latex(text)
    assert text.count(r"\mathbf{c") == 1
    assert rf"{SUM} {MADE}_{{p}} + \text{{... (1 more)}} \le 1" in text
    assert r"\text{... (4 more of the families of constraints)}" in text
    assert r"\text{... (1 more of the families of variables)}" in text
    with pytest.raises(LXModelError, match=r"families"):
        model.to_latex(families=0)


def test_an_incomplete_model_is_refused() -> None:
    with pytest.raises(LXIncompleteError, match=r"Constraint 'c' is incomplete: \.expression\(expr\)"):
        LXModel("m").add_constraint(LXConstraint[Any]("c")).to_latex()


@pytest.mark.parametrize(
    ("expression", "rows", "why"),
    [
        (lambda x: LXLinearExpression().add_term(x), MACHINES, "it would be the sum of the whole family in every row"),
        (
            lambda x: LXLinearExpression().add_term(x, at=lambda p: 1),
            None,
            "it needs the rows of an indexed",
        ),
        (lambda x: LXLinearExpression().sum_over(x, matching=True), MACHINES, "it has no dimension in common"),
    ],
)
def test_a_term_whose_elements_are_not_clear_is_refused(expression: Any, rows: Any, why: str) -> None:
    model = model_of(expression(production()), rows)

    with pytest.raises(LXModelError, match=rf"the term of 'production' cannot be written in mathematics.*{why}"):
        model.to_latex()
    with pytest.raises(LXModelError):
        model.compile()


def test_a_rebound_loop_variable_is_refused() -> None:
    x, expression = production(), LXLinearExpression()
    for factor in (1, 2):
        expression.add_term(x, lambda p: p.price * factor)

    with pytest.raises(LXLateBindingError, match="captures the loop variable 'factor'"):
        model_of(expression).to_latex()


@settings(max_examples=examples(200), deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_every_name_gives_latex_that_can_be_read(variable: str, constraint: str) -> None:
    x = LXVariable[Product, float](variable).from_data(PRODUCTS).indexed_by(of_id)
    limit = LXConstraint[Product](constraint).from_data(PRODUCTS).indexed_by(of_id).le().rhs(lambda p: len(str(p)))
    table = LXParameter(constraint).from_data({1: 2.0})
    limit.expression(LXLinearExpression().add_term(x, lambda p: table[p.id]))

    check_latex(LXModel("m").add_variable(x).add_constraint(limit).to_latex())
