"""Parts of a rule as functions of rows: a formula, and the same computed for single rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lumix_core.formulas.lookup_table import NO_DEFAULT
from lumix_core.formulas.nodes import After, Apply, Attribute, Choice, Computed, Constant, Element, Lookup, Node, Tuple
from lumix_core.formulas.user_function import UserFunction
from lumix_core.rows.tables import PRESENT


class FormulaFunction(UserFunction):
    """A part of a rule, as a function of rows.

    Args:
        formula: what it computes.
        role: what that is, for messages.
        count: how many rows it takes.
        rule: the function that it is a part of.
    """

    formula: Node
    count: int
    rule: UserFunction

    def __init__(self, formula: Node, role: str, count: int, rule: UserFunction) -> None:
        values = {"call": _Call(formula), "role": role, "captures": (), "formula": formula, "count": count}
        for name, value in {**values, "rule": rule}.items():
            object.__setattr__(self, name, value)

    def arity(self, dimensions: int, rows: int = 0) -> int:
        """Return how many rows it takes."""
        return self.count

    @property
    def location(self) -> str:
        """Where the rule was written: file and line."""
        return self.rule.location


class _Call:
    """Computes a formula for single rows."""

    def __init__(self, formula: Node) -> None:
        self._formula = formula

    def __call__(self, *rows: Any) -> Any:
        """Return the value for these rows."""
        return value_of(self._formula, rows)


def value_of(node: Node, rows: Sequence[Any]) -> Any:
    """Return what a formula is for single rows, one an argument; raises whatever computing it raises."""
    return _VALUE[type(node)](node, rows) if type(node) in _VALUE else _computed(node, rows)


def _applied(node: Apply, rows: Sequence[Any]) -> Any:
    return node.function(*[value_of(operand, rows) for operand in node.operands])


def _chosen(node: Choice, rows: Sequence[Any]) -> Any:
    return value_of(node.then if value_of(node.condition, rows) else node.otherwise, rows)


def _after(node: After, rows: Sequence[Any]) -> Any:
    for effect in node.effects:
        value_of(effect, rows)
    return value_of(node.result, rows)


def _computed(node: Node, rows: Sequence[Any]) -> Any:
    assert isinstance(node, Computed)
    return node.value(*rows)


def _followed(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = bool(row) if name == PRESENT else getattr(row, name)
    return row


def _looked_up(node: Lookup, rows: Sequence[Any]) -> Any:
    key = value_of(node.key, rows)
    if node.missing is None:
        return node.table[key]
    found = node.table.get(key, NO_DEFAULT)
    return node.missing.value if found is NO_DEFAULT else found


_VALUE: dict[type, Callable[[Any, Sequence[Any]], Any]] = {
    Constant: lambda node, _: node.value,
    Attribute: lambda node, rows: _followed(rows[node.argument], node.path),
    Apply: _applied,
    Choice: _chosen,
    Lookup: _looked_up,
    Element: lambda node, rows: value_of(node.key, rows) in node.table,
    Tuple: lambda node, rows: tuple([value_of(item, rows) for item in node.items]),
    After: _after,
}
