"""What must be so for a formula to be true, or not zero: equal values, values in order, and keys that a table has.

This is where a function of pairs of rows becomes a join.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from lumix_core.formulas.arithmetic import same_or_equal
from lumix_core.formulas.lookup_table import NO_DEFAULT
from lumix_core.formulas.nodes import After, Apply, Choice, Constant, Element, Lookup, Node, same
from lumix_core.formulas.operators import operator_of


@dataclass(frozen=True, eq=False)
class Equal:
    """Two formulas that must have equal values; ``held``: as collections compare what they hold."""

    left: Node
    right: Node
    held: bool = False


@dataclass(frozen=True, eq=False)
class Order:
    """Two formulas of which one must have the smaller value; ``strict``: not the same value."""

    smaller: Node
    larger: Node
    strict: bool


@dataclass(frozen=True, eq=False)
class Has:
    """A key that a table must have."""

    table: Any
    key: Node


Need: TypeAlias = Equal | Order | Has
DefaultOf: TypeAlias = Callable[[Lookup], Any]
"""Returns what a lookup gives for a missing key, `NO_DEFAULT` where it raises."""


def conjuncts(condition: Node) -> list[Node]:
    """Return the conditions that a condition joins by ``and``, in order; none of its parts may raise."""
    if isinstance(condition, After):
        return conjuncts(condition.result)
    condition = _tested(condition)
    if isinstance(condition, Choice) and is_false_without(condition):
        return [*conjuncts(condition.condition), *conjuncts(condition.then)]
    return [condition]


def exact_need(condition: Node) -> Need | None:
    """Return the need that says all that a condition says, if there is one."""
    condition = _tested(condition)
    if isinstance(condition, Apply) and operator_of(condition.function).compares == "equal":
        left, right = condition.operands
        return Equal(left, right, held=condition.function is same_or_equal)
    if isinstance(condition, Apply) and operator_of(condition.function).compares == "order":
        known = operator_of(condition.function)
        return Order(condition.operands[known.smaller], condition.operands[1 - known.smaller], known.strict)
    return Has(condition.table, condition.key) if isinstance(condition, Element) else None


def needs(formula: Node, default_of: DefaultOf) -> Iterator[Need]:
    """Yield what must be so for a formula to be true, or not zero; none of its parts may raise."""
    exact = exact_need(formula)
    if isinstance(formula, After):
        yield from needs(formula.result, default_of)
    elif exact is not None and not isinstance(exact, Order):
        yield exact
    elif isinstance(formula, Lookup):
        if _is_zero(default_of(formula)):
            yield Has(formula.table, formula.key)
    elif isinstance(formula, Apply):
        yield from _needs_of_operator(formula, default_of)
    elif isinstance(formula, Choice):
        yield from _needs_of_choice(formula, default_of)


def _needs_of_operator(formula: Apply, default_of: DefaultOf) -> Iterator[Need]:
    known, exact = operator_of(formula.function), exact_need(formula)
    if exact is not None:
        yield exact
    if known.zero is not None:
        for operand in formula.operands if known.zero == "any" else formula.operands[:1]:
            yield from needs(operand, default_of)
    elif known.compares is not None and _is_false_by_default(formula, default_of):
        lookup = next(operand for operand in formula.operands if isinstance(operand, Lookup))
        yield Has(lookup.table, lookup.key)


def _needs_of_choice(formula: Choice, default_of: DefaultOf) -> Iterator[Need]:
    """``a and b`` needs both; ``x if a else 0`` needs a, and whatever x needs."""
    if is_false_without(formula):
        yield from needs(formula.condition, default_of)
        yield from needs(formula.then, default_of)
    elif _is_zero_node(formula.then):
        yield from needs(formula.otherwise, default_of)


def is_false_without(formula: Choice) -> bool:
    """Whether a choice is false, or zero, where its condition is false: ``a and b``, ``x if a else 0``."""
    return _is_zero_node(formula.otherwise) or same(_tested(formula.otherwise), _tested(formula.condition))


def _tested(node: Node) -> Node:
    """Return the formula that ``bool`` is called with; any other as it is."""
    return _tested(node.operands[0]) if isinstance(node, Apply) and node.function is bool else node


def _is_zero_node(node: Node) -> bool:
    return isinstance(node, Constant) and _is_zero(node.value)


def _is_zero(value: Any) -> bool:
    return type(value) in (int, float, bool) and value == 0


def _is_false_by_default(formula: Apply, default_of: DefaultOf) -> bool:
    """Whether a comparison of one lookup with a constant is false for a key that is missing."""
    values = [
        part.value if isinstance(part, Constant) else default_of(part) if isinstance(part, Lookup) else NO_DEFAULT
        for part in formula.operands
    ]
    lookups = sum(isinstance(operand, Lookup) for operand in formula.operands)
    if lookups != 1 or any(type(value) not in (int, float, bool) for value in values):
        return False
    return not formula.function(*values)
