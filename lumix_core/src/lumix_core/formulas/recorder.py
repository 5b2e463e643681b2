"""The record of one run of a function over symbolic rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lumix_core.formulas.nodes import After, Apply, Attribute, Node, certain
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import Path

BRANCHES = 32
"""How many paths through a function are followed."""
DEEPEST = 100
"""How deep the parts of a formula may be within each other."""
LARGEST = 10_000
"""How many parts a formula may have."""
TOO_LONG = "it computes too many steps from each other"


class Untraceable(Exception):  # noqa: N818 - a signal, not an error
    """The function does something that a symbolic row cannot stand for; the text says what."""


class Unwatched(Exception):  # noqa: N818 - a signal, not an error
    """Code of the row's class is to run, which has to be watched."""


@dataclass(frozen=True)
class ClassRead:
    """Something that a function reads off the class of a row, of which a row may have its own in place.

    Args:
        argument: of the function.
        path: from the argument to the row.
        name: of what is read.
    """

    argument: int
    path: Path
    name: str


class Recorder:
    """One run of a function over symbolic rows: the branches that it takes, and why it had to stop.

    Args:
        decisions: the branches to take, in order; beyond them every condition is taken as true.
        enter: returns a value of the user's code in a form that symbolic rows can be used with.
        row_class: returns what is known of a mapped class, None for a class that no ORM maps.
        watched: whether every call is looked at.
    """

    def __init__(
        self,
        decisions: tuple[bool, ...],
        enter: Callable[[Any], Any],
        row_class: Callable[[type], RowClass | None],
        watched: bool,
    ) -> None:
        self.decisions = decisions
        self.enter = enter
        self.row_class = row_class
        self.watched = watched
        self.taken: list[tuple[Node, bool]] = []
        self.unused: dict[Node, None] = {}
        self.left: list[tuple[Node, ...]] = []
        self.class_reads: list[ClassRead] = []
        self.refusal: str | None = None
        self.is_over = False

    def decide(self, condition: Node) -> bool:
        """Return which branch to take where a condition may hold for some rows only."""
        position = len(self.taken)
        if self.is_over:
            raise self.refuse("it keeps a value of the row")
        if position >= BRANCHES:  # a loop that a row has to end, too
            raise self.refuse(f"it has more than {BRANCHES} paths through its branches")
        decision = self.decisions[position] if position < len(self.decisions) else True
        self.taken.append((condition, decision))
        self.use(condition)
        self.left.append(tuple(self.unused))
        self.unused = {}
        return decision

    def note(self, node: Node) -> None:
        """Note that a value was made, of others."""
        if is_too_long(node):
            raise self.refuse(TOO_LONG)
        for part in node.parts():
            self.unused.pop(part, None)
        if not isinstance(node, Attribute) or node.path:
            self.unused[node] = None

    def use(self, node: Node) -> None:
        """Note that a value was used for something."""
        self.unused.pop(node, None)

    def completed(self, position: int, result: Node) -> Node:
        """Return a result, after what was computed with ``position`` decisions taken and not used for it."""
        left = self.left[position] if position < len(self.left) else tuple(self.unused)
        if not left:
            return result
        used, effects = _Used(result), []
        for node in reversed(left):
            if node not in used:
                effects.append(node)
                used.add(node)
        return After(tuple(reversed(effects)), result) if effects else result

    def refuse(self, why: str) -> Untraceable:
        """Note why the function cannot be traced; it holds even if someone swallows the error."""
        self.refusal = self.refusal or why
        return Untraceable(why)


def is_too_long(formula: Node) -> bool:
    """Whether a formula is made of more steps than are evaluated over columns."""
    return formula.depth > DEEPEST or formula.size > LARGEST


class _Used:
    """The formulas that are evaluated for others, whichever branches are taken."""

    def __init__(self, formula: Node) -> None:
        self._known: set[Any] = set()
        self.add(formula)

    def add(self, formula: Node) -> None:
        for node in certain(formula):
            self._known |= {node, *_readings(node)}

    def __contains__(self, node: Node) -> bool:
        own = _readings(node)[:1] if isinstance(node, Attribute) or _is_getter(node) else ()
        return node in self._known or not self._known.isdisjoint(own)


def _readings(node: Node) -> list[tuple[Any, ...]]:
    """Return what is read for a value: an attribute and those that lead to it; a method before it is called."""
    if isinstance(node, Attribute):
        return [(node.argument, node.path[:length]) for length in range(len(node.path), -1, -1)]
    if isinstance(node, Apply) and isinstance(node.function, Getter | Method):
        owner, name = node.operands[0], node.function.name
        path = [(owner.argument, (*owner.path, name))] if isinstance(owner, Attribute) else []
        return [(owner, name), *path]
    return []


def _is_getter(node: Node) -> bool:
    return isinstance(node, Apply) and isinstance(node.function, Getter)


class Method:
    """Calls a method of a value by its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, owner: Any, *arguments: Any) -> Any:
        """Call the method of a value."""
        return getattr(owner, self.name)(*arguments)


class Getter:
    """Reads an attribute of a value by its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, owner: Any) -> Any:
        """Return the attribute of a value."""
        return getattr(owner, self.name)
