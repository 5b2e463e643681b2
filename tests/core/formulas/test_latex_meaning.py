"""A formula in LaTeX means what the function computes: read as mathematics, it has the values that Python gives."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from lumix_core.formulas.latex import FormulaLatex, RowSymbol, Written
from lumix_core.formulas.nodes import Constant
from lumix_core.formulas.tracing import trace
from tests.core.formulas.latex_reader import LatexReader
from tests.core.latex import check_latex
from tests.shared.scale import examples

LEAVES = ["p.a", "p.b", "p.c", "0", "1", "2", "3", "7"]
NUMBERS = [
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "((p.a + {}) / {})",
    "((p.b + {}) // {})",
    "((p.c + {}) % {})",
    "({} ** 2)",
    "(-{})",
    "abs({})",
    "min({}, {})",
    "max({}, {})",
    "min({}, {}, {})",
    "({} if ? else {})",
    "({} if ? else {} if ? else {})",
]
CONDITIONS = ["({} < {})", "({} == {})", "({} != {})", "({} > {})", "({} < {} <= {})", "({} > {} >= {})"]
LOGIC = ["(? and ?)", "(? or ?)", "(not ?)"]


def filled(draw: st.DrawFn, form: str, depth: int) -> str:
    """A form of an expression with numbers and conditions in its places."""
    while "{}" in form:
        form = form.replace("{}", number(draw, depth - 1), 1)
    while "?" in form:
        form = form.replace("?", condition(draw, depth - 1), 1)
    return form


def number(draw: st.DrawFn, depth: int) -> str:
    return filled(draw, draw(st.sampled_from(NUMBERS if depth > 0 else LEAVES)), depth)


def condition(draw: st.DrawFn, depth: int) -> str:
    return filled(draw, draw(st.sampled_from([*CONDITIONS, *(LOGIC if depth > 0 else [])])), depth)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    return number(draw, draw(st.integers(1, 3)))


@st.composite
def conditions(draw: st.DrawFn) -> str:
    return condition(draw, draw(st.integers(1, 3)))


VALUES = st.fixed_dictionaries({name: st.integers(-3, 3).map(Fraction) for name in "abc"})


class NoNames:
    def table(self, table: Any, missing: Constant | None) -> str:
        raise AssertionError

    def captured(self, value: Any) -> str:
        raise AssertionError


def compared(source: str, values: dict[str, Fraction]) -> None:
    function = eval(f"lambda p: {source}")
    try:
        expected = function(SimpleNamespace(**values))
    except ZeroDivisionError:
        assume(False)
    formula = trace(function, [None]).formula
    assume(formula is not None and formula.size <= 400)

    text = FormulaLatex([RowSymbol(Written("p"))], NoNames()).value(formula).text

    check_latex(text)
    try:
        read = LatexReader(text, values).read()
    except ZeroDivisionError:  # in a case that does not apply, which the reader computes all the same
        assume(False)
    assert read == expected, text


@settings(max_examples=examples(1500), deadline=None, suppress_health_check=list(HealthCheck))
@given(numbers(), VALUES)
@example("(p.a - (p.b - p.c))", {"a": Fraction(1), "b": Fraction(2), "c": Fraction(3)})
@example("(-(p.a + p.b))", {"a": Fraction(1), "b": Fraction(2), "c": Fraction(3)})
@example("(p.a if (p.a < p.b < p.c) else 2)", {"a": Fraction(1), "b": Fraction(2), "c": Fraction(3)})
def test_a_value_is_what_mathematics_reads(source: str, values: dict[str, Fraction]) -> None:
    compared(source, values)


@settings(max_examples=examples(600), deadline=None, suppress_health_check=list(HealthCheck))
@given(conditions(), VALUES)
def test_a_condition_is_what_mathematics_reads(source: str, values: dict[str, Fraction]) -> None:
    compared(source, values)
