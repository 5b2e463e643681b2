"""Formulas in the notation of mathematics, as LaTeX."""

from __future__ import annotations

import datetime
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from numbers import Real
from typing import Any, Protocol

import numpy as np

from lumix_core.formulas.arithmetic import required
from lumix_core.formulas.captured_values import total
from lumix_core.formulas.latex_branches import (
    RELATIONS,
    Relation,
    ascending,
    conjuncts,
    ends,
    extreme,
    is_conjunction,
    is_logic,
    is_truth,
    is_zero,
    joins,
    settled,
)
from lumix_core.formulas.latex_text import name_latex, number_latex, text_latex
from lumix_core.formulas.nodes import (
    After,
    Apply,
    Attribute,
    Choice,
    Computed,
    Constant,
    Element,
    Failure,
    Lookup,
    Node,
    Tuple,
    same,
)
from lumix_core.formulas.recorder import Getter, Method
from lumix_core.rows.tables import PRESENT, Path

LONGEST_FORMULA = 200
"""How many parts a formula may have to be written out."""
CASES, OR, AND, NOT, RELATION, SUM, PRODUCT, POWER, ATOM = range(9)


@dataclass(frozen=True)
class Written:
    """A part of a formula in LaTeX.

    Args:
        text: in math mode.
        level: how tightly its outermost operator binds, from `CASES` to `ATOM`.
    """

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """Return the text as an operand of an operator that needs a level, in parentheses where it binds less."""
        return self.text if self.level >= level else rf"\left( {self.text} \right)"


@dataclass(frozen=True)
class RowSymbol:
    """How a row is written.

    Args:
        written: the symbol that stands for the row, and for its key.
        key: the path to its key, which is empty for a row that is its own key; None for any other key.
    """

    written: Written
    key: Path | None = None


class TableNames(Protocol):
    """Knows the symbols of the tables, lists and other objects that functions capture."""

    def table(self, table: Any, missing: Constant | None) -> str:
        """Return the symbol of a table; ``missing`` is what a lookup has for keys that the table lacks."""
        ...

    def captured(self, value: Any) -> str:
        """Return the symbol of another object."""
        ...

    def computed(self, node: Computed, rows: Sequence[RowSymbol]) -> Written:
        """Return a value that is not made of parts of the formula."""
        ...


class FormulaLatex:
    """Writes formulas.

    Args:
        rows: how each argument of the function is written.
        names: knows symbols of what functions capture.
    """

    def __init__(self, rows: Sequence[RowSymbol], names: TableNames) -> None:
        self._rows = rows
        self._names = names
        self._writers: dict[type, Callable[[Any], Written]] = {
            Constant: lambda node: self._constant(node.value),
            Attribute: self._attribute,
            Apply: self._apply,
            Choice: lambda node: self._choice(settled(node)),
            Lookup: lambda node: self._subscripted(self._names.table(node.table, node.missing), node.key),
            Element: lambda node: self._element(node, r"\in"),
            Tuple: lambda node: Written(rf"\left( {self._listed(node.items)} \right)"),
            After: lambda node: self.value(node.result),
            Failure: lambda node: Written(r"\text{undefined}"),
        }

    def value(self, node: Node) -> Written:
        """Return what a formula computes."""
        if isinstance(node, Computed):
            return self._names.computed(node, self._rows)
        return self._writers[type(node)](node)

    def condition(self, node: Node) -> Written:
        """Return the truth of what a formula computes."""
        node = settled(node)
        return self._logic(node) if isinstance(node, Choice) else self.value(node)

    def key_parts(self, node: Node) -> list[Written]:
        """Return the parts of a key, which is one part unless it is a tuple."""
        if isinstance(node, Tuple):
            return [self.value(item) for item in node.items]
        if isinstance(node, Constant) and type(node.value) is tuple:
            return [self._constant(item) for item in node.value]
        return [self.value(node)]

    def _listed(self, items: Sequence[Node]) -> str:
        return ", ".join(self.value(item).text for item in items)

    def _subscripted(self, symbol: str, key: Node) -> Written:
        return Written(f"{symbol}_{{{', '.join(part.text for part in self.key_parts(key))}}}")

    def _constant(self, value: Any) -> Written:
        if isinstance(value, bool | np.bool_):
            return Written(r"\text{true}" if value else r"\text{false}")
        if isinstance(value, Real | Decimal):
            return number_written(value)
        if isinstance(value, tuple):
            return Written(rf"\left( {', '.join(self._constant(item).text for item in value)} \right)")
        plain = _plain_text(value)
        return Written(self._names.captured(value) if plain is None else text_latex(plain))

    def _attribute(self, node: Attribute) -> Written:
        row = self._rows[node.argument]
        if node.path == row.key:
            return row.written
        if not node.path:
            return Written(row.written.within(ATOM))
        if node.path[-1] == PRESENT:
            return Written(rf"\exists\, {self._attribute(Attribute(node.argument, node.path[:-1])).text}", NOT)
        return Written(f"{name_latex('.'.join(node.path), 'mathrm')}_{{{row.written.text}}}")

    def _element(self, node: Element, sign: str) -> Written:
        table = node.table
        if isinstance(table, set | frozenset | list | tuple) and len(table) <= FEW:
            items = table if isinstance(table, list | tuple) else sorted(table, key=repr)
            held = rf"\{{ {', '.join(self._constant(item).text for item in items)} \}}"
        else:
            held = self._names.table(table, None)
            held = held if isinstance(table, set | frozenset) else rf"\operatorname{{keys}}\left( {held} \right)"
        return Written(f"{self.value(node.key).within(SUM)} {sign} {held}", RELATION)

    def _apply(self, node: Apply) -> Written:
        function, operands = node.function, node.operands
        if function in _AS_THEY_ARE:
            return self.value(operands[0])
        if function is operator.mul:
            return times(self.value(operands[0]), Written(self.value(operands[1]).within(POWER)))
        if function in _NEUTRAL and is_zero(operands[1]):
            return self.value(operands[0])
        infix = _INFIX.get(function)
        if infix is not None:
            sign, level, left, right = infix
            first, second = self.value(operands[0]), self.value(operands[1])
            return Written(f"{first.within(left)} {sign} {second.within(right)}", level)
        form = _FORMS.get(function)
        if form is not None and len(operands) == form[0]:
            _, level, needed, pattern = form
            texts = [self.value(operand).within(needed) for operand in operands]
            return Written(pattern(*texts), level)
        return self._called(function, operands)

    def _called(self, function: Any, operands: tuple[Node, ...]) -> Written:
        if function is operator.pow:
            base, exponent = map(self.value, operands)
            return Written(f"{base.within(ATOM)}^{{{exponent.text}}}", POWER)
        if function is total:
            return Written(" + ".join(self.value(operand).within(PRODUCT) for operand in operands), SUM)
        if function is required:
            return self.condition(operands[0])
        if isinstance(function, Getter):
            return Written(f"{name_latex(function.name, 'mathrm')}_{{{self.value(operands[0]).text}}}")
        held = getattr(function, "__self__", None)
        if isinstance(held, list | tuple) and getattr(function, "__name__", "") == "__getitem__":
            return self._subscripted(self._names.table(held, None), operands[0])
        name = function.name if isinstance(function, Method) else getattr(function, "__name__", "")
        symbol = _function_name(name) if name else self._names.captured(function)
        return Written(rf"{symbol}\left( {self._listed(operands)} \right)")

    def _choice(self, node: Node) -> Written:
        if not isinstance(node, Choice):
            return self.value(node)
        found = extreme(node)
        if found is not None:
            word, items = found
            return Written(rf"\{word} \left\{{ {self._listed(items)} \right\}}")
        if is_logic(node):
            return self._logic(node)
        lines = [_case_line(value, condition, not i) for i, (value, condition) in enumerate(self._case_lines(node))]
        body = r" \\ ".join(lines)
        return Written(rf"\begin{{cases}} {body} \end{{cases}}", CASES)

    def _case_lines(self, node: Node) -> list[tuple[Written, Written | None]]:
        """Return the values of branches, each with the condition under which the ones before do not apply."""
        lines: list[tuple[Written, Written | None]] = []
        while isinstance(node, Choice) and not is_logic(node) and extreme(node) is None:
            condition, then, otherwise = self.condition(node.condition), node.then, node.otherwise
            while isinstance(then, Choice) and same(then.otherwise, otherwise):  # if a and b
                condition, then = _both(condition, self.condition(then.condition)), then.then
            while isinstance(otherwise, Choice) and same(otherwise.then, then):  # if a or b
                condition, otherwise = _either(condition, self.condition(otherwise.condition)), otherwise.otherwise
            lines.append((self.value(then), condition))
            node = otherwise
        return [*lines, (self.value(node), None)]

    def _logic(self, node: Choice) -> Written:
        condition, then, otherwise = node.condition, node.then, node.otherwise
        if is_truth(then, False) and is_truth(otherwise, True):
            return self._negated(condition)
        if is_conjunction(node):
            return self._conjunction(list(conjuncts(node)))
        if is_truth(then, True) or same(then, condition):
            return _either(self.condition(condition), self.condition(otherwise))
        if is_truth(then, False):
            return _both(self._negated(condition), self.condition(otherwise))
        if is_truth(otherwise, True):
            return _either(self._negated(condition), self.condition(then))
        yes = _both(self.condition(condition), self.condition(then))
        return _either(yes, _both(self._negated(condition), self.condition(otherwise)))

    def _negated(self, node: Node) -> Written:
        if isinstance(node, Element):
            return self._element(node, r"\notin")
        return Written(rf"\neg {self.condition(node).within(ATOM)}", NOT)

    def _conjunction(self, conditions: list[Node]) -> Written:
        """Return ``a < b and b <= c and d`` with ``a < b <= c`` as one relation."""
        written: list[Written] = []
        chain: tuple[Node, Node] | None = None
        for condition, following in zip(conditions, [*conditions[1:], None], strict=True):
            relation = ascending(condition)
            if relation is None or not (joins(chain, relation) or joins(ends(relation), ascending(following))):
                written.append(self.condition(condition))
                chain = None
                continue
            (smaller, sign, larger), text = relation, self._relation(relation)
            if chain is not None and same(chain[1], smaller):
                text = f"{written.pop().text} {sign} {self.value(larger).within(SUM)}"
                chain = chain[0], larger
            elif chain is not None and same(chain[0], larger):
                text = f"{self.value(smaller).within(SUM)} {sign} {written.pop().text}"
                chain = smaller, chain[1]
            else:
                chain = smaller, larger
            written.append(Written(text, RELATION))
        return written[0] if len(written) == 1 else Written(r" \wedge ".join(part.within(AND) for part in written), AND)

    def _relation(self, relation: Relation) -> str:
        left, sign, right = relation
        return f"{self.value(left).within(SUM)} {sign} {self.value(right).within(SUM)}"


FEW = 6
"""How many elements of a set are written out."""


def number_written(value: Any) -> Written:
    """Return a number."""
    text = number_latex(value)
    if text.startswith("-"):
        return Written(text, SUM)
    return Written(text, PRODUCT if r"\cdot" in text else POWER if "^" in text or "frac" in text else ATOM)


def times(*factors: Written) -> Written:
    """Return a product, with a dot before a number."""
    first, *rest = (factor.within(PRODUCT) for factor in factors)
    signed = (rf"\cdot {text}" if text[:1].isdigit() else rf"\, {text}" for text in rest)
    return factors[0] if not rest else Written(" ".join([first, *signed]), PRODUCT)


def _both(left: Written, right: Written) -> Written:
    return Written(rf"{left.within(AND)} \wedge {right.within(AND)}", AND)


def _either(left: Written, right: Written) -> Written:
    return Written(rf"{left.within(OR)} \vee {right.within(OR)}", OR)


def _case_line(value: Written, condition: Written | None, first: bool) -> str:
    if condition is None:
        return rf"{value.text} & \text{{otherwise}}"
    return rf"{value.text} & \text{{{'if' if first else 'otherwise, if'} }} {condition.text}"


def _plain_text(value: Any) -> str | None:
    """Return a constant that is no number as text; None for an object that has no short one."""
    if value is None:
        return "NULL"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, str):
        return f"“{value}”"
    return str(value) if isinstance(value, datetime.date | datetime.time | datetime.timedelta) else None


def _function_name(name: str) -> str:
    return _KNOWN.get(name) or rf"\operatorname{{{name_latex(name, 'mathrm')}}}"


_KNOWN = {name: rf"\{name}" for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos")}
_KNOWN |= {"arctan": r"\arctan", "log": r"\ln", "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}

_INFIX: dict[Any, tuple[str, int, int, int]] = {
    **{function: (sign, RELATION, SUM, SUM) for function, sign in RELATIONS.items()},
    operator.add: ("+", SUM, SUM, PRODUCT),
    operator.sub: ("-", SUM, SUM, PRODUCT),
    operator.mod: (r"\bmod", RELATION, PRODUCT, POWER),
    operator.matmul: (r"\mathbin{@}", PRODUCT, PRODUCT, POWER),
    operator.and_: (r"\mathbin{\&}", PRODUCT, ATOM, ATOM),
    operator.or_: (r"\mathbin{|}", PRODUCT, ATOM, ATOM),
    operator.xor: (r"\oplus", PRODUCT, ATOM, ATOM),
    operator.lshift: (r"\ll", PRODUCT, ATOM, ATOM),
    operator.rshift: (r"\gg", PRODUCT, ATOM, ATOM),
}


def _absolute(value: str) -> str:
    return rf"\left| {value} \right|"


def _floor(value: str) -> str:
    return rf"\left\lfloor {value} \right\rfloor"


def _root(value: str) -> str:
    return rf"\sqrt{{{value}}}"


_NEUTRAL = (operator.add, operator.sub)
_AS_THEY_ARE = (operator.pos, float, Fraction, Decimal)
Form = tuple[int, int, int, Callable[..., str]]
_FORMS: dict[Any, Form] = {
    operator.truediv: (2, POWER, CASES, lambda left, right: rf"\frac{{{left}}}{{{right}}}"),
    operator.floordiv: (2, ATOM, CASES, lambda left, right: _floor(rf"\frac{{{left}}}{{{right}}}")),
    operator.getitem: (2, ATOM, ATOM, lambda held, key: f"{held}_{{{key}}}"),
    operator.neg: (1, SUM, PRODUCT, lambda value: f"-{value}"),
    operator.invert: (1, NOT, ATOM, lambda value: rf"\mathord{{\sim}} {value}"),
    **dict.fromkeys((operator.abs, abs, math.fabs, np.absolute), (1, ATOM, CASES, _absolute)),
    **dict.fromkeys((math.floor, np.floor), (1, ATOM, CASES, _floor)),
    **dict.fromkeys((math.ceil, np.ceil), (1, ATOM, CASES, lambda value: rf"\left\lceil {value} \right\rceil")),
    **dict.fromkeys((math.sqrt, np.sqrt), (1, ATOM, CASES, _root)),
}
