"""Trees of decisions: for each way through the conditions of a rule, whether something holds there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Branch:
    """A condition, and what holds where it is true and where it is not."""

    condition: Hashable
    then: Tree
    otherwise: Tree


Tree: TypeAlias = "bool | Branch"
Leaves: TypeAlias = Sequence[tuple[dict[Hashable, bool], Any]]
"""Ways through conditions, in the order in which they are asked for, each with what was found at its end."""


def branch(leaves: Leaves, holds: Callable[[Any], Tree | None]) -> Tree:
    """Return the tree of what holds at the end of each way, without conditions that change nothing.

    Args:
        leaves: all ways through the conditions.
        holds: returns what holds at an end; None where it does not matter.
    """
    return _tree([(list(decisions.items()), holds(end)) for decisions, end in leaves]) or False


def _tree(ways: list[tuple[list[tuple[Hashable, bool]], Tree | None]]) -> Tree | None:
    if len(ways) == 1 and not ways[0][0]:
        return ways[0][1]
    condition = ways[0][0][0][0]
    then, otherwise = (
        _tree([(decisions[1:], end) for decisions, end in ways if decisions[0] == (condition, truth)])
        for truth in (True, False)
    )
    if then is None or otherwise is None or then == otherwise:
        return otherwise if then is None else then
    return Branch(condition, then, otherwise)


def conditions_of(tree: Tree) -> Iterator[Hashable]:
    """Yield the conditions of a tree."""
    if isinstance(tree, Branch):
        yield tree.condition
        yield from conditions_of(tree.then)
        yield from conditions_of(tree.otherwise)
