"""What branches mean: ``and``, ``or`` and ``not``, chains of comparisons, the larger or smaller of values."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

from lumix_core.formulas.arithmetic import same_or_equal
from lumix_core.formulas.nodes import Apply, Choice, Constant, Element, Node, same

Relation = tuple[Node, str, Node]
"""What is smaller, the sign of the order, and what is larger."""
RELATIONS: dict[Any, str] = {
    operator.eq: "=",
    same_or_equal: "=",
    operator.ne: r"\neq",
    operator.lt: "<",
    operator.le: r"\le",
    operator.gt: ">",
    operator.ge: r"\ge",
}
_ORDERS: dict[Any, tuple[str, bool]] = {
    operator.lt: ("<", False),
    operator.le: (r"\le", False),
    operator.gt: ("<", True),
    operator.ge: (r"\le", True),
}


def settled(node: Node, known: tuple[tuple[Node, bool], ...] = ()) -> Node:
    """Return a formula whose branches do not ask again for what an earlier branch has decided."""
    if not isinstance(node, Choice):
        return node
    for condition, holds in known:
        if same(condition, node.condition):
            return settled(node.then if holds else node.otherwise, known)
    condition = node.condition
    then, otherwise = (
        settled(branch, (*known, (condition, holds))) for branch, holds in ((node.then, True), (node.otherwise, False))
    )
    return node if (then, otherwise) == (node.then, node.otherwise) else Choice(condition, then, otherwise)


def is_truth(node: Node, value: bool) -> bool:
    """Whether a formula is true, or false, for every row."""
    return isinstance(node, Constant) and node.value is value


def is_zero(node: Node) -> bool:
    """Whether a formula is the number 0 for every row."""
    return isinstance(node, Constant) and type(node.value) in (int, float) and node.value == 0


def _is_relation(node: Node) -> bool:
    return isinstance(node, Apply) and node.function in RELATIONS


def is_conjunction(node: Choice) -> bool:
    """Whether a choice is an ``and`` of its condition and what follows where that holds."""
    return is_truth(node.otherwise, False) or same(node.otherwise, node.condition)


def conjuncts(node: Node) -> Iterator[Node]:
    """Yield the conditions of an ``and``."""
    while isinstance(node, Choice) and is_conjunction(node):
        yield from conjuncts(node.condition)
        node = node.then
    if not is_truth(node, True):
        yield node


def ascending(node: Node | None) -> Relation | None:
    """Return an order as its smaller side, its sign and its larger side; None for anything else."""
    if not isinstance(node, Apply) or node.function not in _ORDERS:
        return None
    sign, descends = _ORDERS[node.function]
    left, right = reversed(node.operands) if descends else node.operands
    return left, sign, right


def ends(relation: Relation) -> tuple[Node, Node]:
    """Return the smaller and the larger side of an order."""
    return relation[0], relation[2]


def joins(chain: tuple[Node, Node] | None, relation: Relation | None) -> bool:
    """Whether an order goes on at one of the ends of a chain of orders."""
    if chain is None or relation is None:
        return False
    return same(chain[1], relation[0]) or same(chain[0], relation[2])


def _is_condition(node: Node) -> bool:
    """Whether a formula computes true or false, and nothing else."""
    if isinstance(node, Constant):
        return isinstance(node.value, bool)
    return isinstance(node, Element) or _is_relation(node) or (isinstance(node, Choice) and is_logic(node))


def is_logic(node: Choice) -> bool:
    """Whether a choice is an ``and``, ``or`` or ``not`` of conditions."""
    return _is_condition(node.condition) and _is_condition(node.then) and _is_condition(node.otherwise)


def extreme(node: Node) -> tuple[str, list[Node]] | None:
    """Return "min" or "max" and what it is of, where a choice is the larger or smaller of its branches."""
    if not isinstance(node, Choice) or not isinstance(node.condition, Apply):
        return None
    relation = ascending(node.condition)
    if relation is None:
        return None
    smaller, _, larger = relation
    for word, new, old in (("min", smaller, larger), ("max", larger, smaller)):
        then, otherwise = _extreme_items(node.then, word), _extreme_items(node.otherwise, word)
        known = [*then, old]
        if _is_among(new, then) and _is_among(old, otherwise) and all(_is_among(item, known) for item in otherwise):
            return word, [old, *then]
    return None


def _extreme_items(node: Node, word: str) -> list[Node]:
    found = extreme(node)
    return found[1] if found is not None and found[0] == word else [node]


def _is_among(node: Node, items: Sequence[Node]) -> bool:
    return any(same(node, item) for item in items)
