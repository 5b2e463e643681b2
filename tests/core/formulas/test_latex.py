"""Formulas are written as one writes them on paper."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumix_core.formulas.latex import FormulaLatex, RowSymbol, Written, number_written
from lumix_core.formulas.latex_text import name_latex, number_latex, text_latex
from lumix_core.formulas.nodes import Constant
from lumix_core.formulas.tracing import trace
from tests.core.latex import check_latex


class Kind(Enum):
    FAST = 1


class Names:
    def table(self, table: Any, missing: Constant | None) -> str:
        return r"\mathsf{table}"

    def captured(self, value: Any) -> str:
        return r"\mathsf{object}"


def cases(*lines: str) -> str:
    return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"


A, B, C = (rf"\mathrm{{{name}}}_{{p}}" for name in "abc")
ROWS = [RowSymbol(Written("p"), ("id",)), RowSymbol(Written("m"), ("id",))]
rates = {"A": 1.0}
costs = [1.0, 2.0]
wanted = {1, 2}


def latex(function: Callable[..., Any], condition: bool = False) -> str:
    count = function.__code__.co_argcount
    formula = trace(function, [None] * count).formula
    assert formula is not None
    writer = FormulaLatex(ROWS[:count], Names())
    text = (writer.condition(formula) if condition else writer.value(formula)).text
    check_latex(text)
    return text


VALUES: list[tuple[Callable[..., Any], str]] = [
    (lambda p: p.price, r"\mathrm{price}_{p}"),
    (lambda p: p.id, "p"),
    (lambda p: p, "p"),
    (lambda p: p.home.rate, r"{\text{home.rate}}_{p}"),
    (lambda p, m: p.id + m.id - 1, "p + m - 1"),
    (lambda p, m: p.id - (m.id - 1), r"p - \left( m - 1 \right)"),
    (lambda p: (p.a + 2) * p.b, rf"\left( {A} + 2 \right) \, {B}"),
    (lambda p: p.a * 2, rf"{A} \cdot 2"),
    (lambda p: 2 * p.a * p.b, rf"2 \, {A} \, {B}"),
    (lambda p: -p.a + 1, rf"-{A} + 1"),
    (lambda p: -(p.a + 1), rf"-\left( {A} + 1 \right)"),
    (lambda p: p.a / (p.b + 1), rf"\frac{{{A}}}{{{B} + 1}}"),
    (lambda p: (p.a / 2) ** 2, rf"\left( \frac{{{A}}}{{2}} \right)^{{2}}"),
    (lambda p: p.a // 7 + p.a % 7, rf"\left\lfloor \frac{{{A}}}{{7}} \right\rfloor + \left( {A} \bmod 7 \right)"),
    (lambda p: abs(p.a - 1), rf"\left| {A} - 1 \right|"),
    (lambda p: math.sqrt(p.a), rf"\sqrt{{{A}}}"),
    (lambda p: np.log(p.a), rf"\ln\left( {A} \right)"),
    (lambda p: float(p.a), rf"{A}"),
    (lambda p: round(p.a, 2), rf"\operatorname{{\mathrm{{round}}}}\left( {A}, 2 \right)"),
    (lambda p: max(p.a, 0), rf"\max \left\{{ {A}, 0 \right\}}"),
    (lambda p: min(p.a, p.b, p.c), rf"\min \left\{{ {A}, {B}, {C} \right\}}"),
    (lambda p: p.a if p.b > 1 else 0, cases(rf"{A} & \text{{if }} {B} > 1", r"0 & \text{otherwise}")),
    (
        lambda p: p.b + (p.a if p.fast else 0),
        cases(rf"{B} + {A} & \text{{if }} \mathrm{{fast}}_{{p}}", rf"{B} & \text{{otherwise}}"),
    ),
    (
        lambda p: 1 if p.a > 1 else 2 if p.a > 0 else 3,
        cases(rf"1 & \text{{if }} {A} > 1", rf"2 & \text{{otherwise, if }} {A} > 0", r"3 & \text{otherwise}"),
    ),
    (
        lambda p: 1 if p.a > 1 and p.b > 1 else 2,
        cases(rf"1 & \text{{if }} {A} > 1 \wedge {B} > 1", r"2 & \text{otherwise}"),
    ),
    (
        lambda p: 1 if p.a > 1 or p.b > 1 else 2,
        cases(rf"1 & \text{{if }} {A} > 1 \vee {B} > 1", r"2 & \text{otherwise}"),
    ),
    (lambda p, m: rates[p.line], r"\mathsf{table}_{\mathrm{line}_{p}}"),
    (lambda p: costs[p.a], rf"\mathsf{{table}}_{{{A}}}"),
    (lambda p: p.due.year, r"{\text{due.year}}_{p}"),
    (
        lambda p: p.name.startswith("C"),
        r"\operatorname{\mathrm{startswith}}\left( \mathrm{name}_{p}, \text{“C”} \right)",
    ),
]
CONDITIONS: list[tuple[Callable[..., Any], str]] = [
    (lambda p, m: p.id == m.id, "p = m"),
    (lambda p, m: p.id - 3 < m.id <= p.id, r"p - 3 < m \le p"),
    (
        lambda p, m: p.a > m.a >= p.b and p.fast,
        rf"{B} \le \mathrm{{a}}_{{m}} < {A} \wedge \mathrm{{fast}}_{{p}}",
    ),
    (lambda p: p.a == 1 or not (p.b == 2), rf"{A} = 1 \vee \neg \left( {B} = 2 \right)"),  # noqa: SIM201
    (lambda p: p.a != 1 and (p.b < 2 or p.c), rf"{A} \neq 1 \wedge \left( {B} < 2 \vee {C} \right)"),
    (lambda p: p.id in wanted, r"p \in \{ 1, 2 \}"),
    (lambda p: p.id not in wanted, r"p \notin \{ 1, 2 \}"),
    (lambda p, m: (p.id, m.id) in rates, r"\left( p, m \right) \in \operatorname{keys}\left( \mathsf{table} \right)"),
    (lambda p: p.kind == Kind.FAST, r"\mathrm{kind}_{p} = \text{Kind.FAST}"),
    (lambda p: p.day >= datetime.date(2026, 1, 31), r"\mathrm{day}_{p} \ge \text{2026-01-31}"),
    (lambda p: p.maker == object, r"\mathrm{maker}_{p} = \mathsf{object}"),  # noqa: E721
    (lambda p: p.note == None, r"\mathrm{note}_{p} = \text{NULL}"),  # noqa: E711
]


@pytest.mark.parametrize(("function", "expected"), VALUES, ids=[expected for _, expected in VALUES])
def test_a_value_is_written(function: Callable[..., Any], expected: str) -> None:
    assert latex(function) == expected


@pytest.mark.parametrize(("function", "expected"), CONDITIONS, ids=[expected for _, expected in CONDITIONS])
def test_a_condition_is_written(function: Callable[..., Any], expected: str) -> None:
    assert latex(function, condition=True) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2.0, "2"),
        (-0.1, "-0.1"),
        (1 / 3, "0.3333333333333333"),
        (1e-9, "10^{-9}"),
        (-2.5e30, r"-2.5 \cdot 10^{30}"),
        (10**20, "1" + 20 * "0"),
        (Decimal("1.50"), "1.50"),
        (Fraction(-1, 3), r"-\frac{1}{3}"),
        (math.inf, r"\infty"),
        (math.nan, r"\text{nan}"),
        (np.float64(3), "3"),
    ],
)
def test_a_number_has_all_its_digits(number: Any, expected: str) -> None:
    assert number_latex(number) == expected


def test_a_negative_number_is_a_sum_in_a_product() -> None:
    assert number_written(-2).within(6) == r"\left( -2 \right)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("made", r"\mathit{made}"),
        ("machine_hours", r"\mathit{machine\_hours}"),
        ("_x", r"{\_\text{x}}"),
        ("50% of $x^2$", r"{\text{50}\%\text{ of }\$\text{x}{\wedge}\text{2}\$}"),
        (r"\end{aligned}", r"{\backslash \text{end}\{\text{aligned}\}}"),
        ("<b>", r"{{<}\text{b}{>}}"),
        ("a\nb\u202e", r"{\text{a b }}"),
    ],
)
def test_a_name_is_escaped(name: str, expected: str) -> None:
    assert name_latex(name, "mathit") == expected


def test_a_long_text_is_cut() -> None:
    assert text_latex(500 * "x") == rf"\text{{{79 * 'x'}…}}"


@given(st.text(max_size=30))
def test_every_name_gives_latex_that_can_be_read(name: str) -> None:
    check_latex(name_latex(name, "mathit"))
    check_latex(text_latex(name))
