"""Formulas: what a function of rows computes, as a tree over the rows' attributes.

A formula means exactly what the function means, row by row: its operators are Python's, its branches are taken only
where their condition holds. `operators` has the table of operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lumix_core.rows.tables import Path


class Node:
    """A part of a formula; a key of dicts by its identity.

    Args:
        parts: what it is made of.

    ``uses`` says which arguments of the function it reads, as bits: 1 for the first, 2 for the second, and so on.
    ``depth`` says how deep parts are within parts, and ``size`` how many there are, repeated ones each time.
    """

    __slots__ = ("depth", "size", "uses")

    def __init__(self, *parts: Node) -> None:
        uses, depth, size = 0, 0, 1
        for part in parts:
            uses |= part.uses
            size += part.size
            depth = max(depth, part.depth)
        self.uses: int = uses
        self.depth: int = depth + 1
        self.size: int = size

    def parts(self) -> tuple[Node, ...]:
        """Return the parts that this one is made of."""
        return ()


class Constant(Node):
    """A value that is the same for every row."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.uses, self.depth, self.size = 0, 1, 1
        self.value = value


class Attribute(Node):
    """An attribute of an argument, or the argument itself where the path is empty."""

    __slots__ = ("argument", "path")

    def __init__(self, argument: int, path: Path) -> None:
        self.uses, self.depth, self.size = 1 << argument, 1, 1
        self.argument = argument
        self.path = path


class Apply(Node):
    """A function of the values of other formulas: an operator, a conversion, a method."""

    __slots__ = ("function", "operands")

    def __init__(self, function: Callable[..., Any], operands: tuple[Node, ...]) -> None:
        super().__init__(*operands)
        self.function = function
        self.operands = operands

    def parts(self) -> tuple[Node, ...]:
        """Return the operands."""
        return self.operands


class Choice(Node):
    """``then if condition else otherwise``; a branch is evaluated only where it is taken."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, condition: Node, then: Node, otherwise: Node) -> None:
        super().__init__(condition, then, otherwise)
        self.condition = condition
        self.then = then
        self.otherwise = otherwise

    def parts(self) -> tuple[Node, ...]:
        """Return the condition and the branches."""
        return (self.condition, self.then, self.otherwise)


class Lookup(Node):
    """The value that a table (a parameter or a dict) has for a key.

    ``missing`` is a Constant where the lookup itself names the value of a key that the table lacks.
    """

    __slots__ = ("key", "missing", "table")

    def __init__(self, table: Any, key: Node, missing: Constant | None = None) -> None:
        super().__init__(key)
        self.table = table
        self.key = key
        self.missing = missing

    def parts(self) -> tuple[Node, ...]:
        """Return the key."""
        return (self.key,)


class Element(Node):
    """Whether a table (a parameter, a dict, a set) has a key."""

    __slots__ = ("key", "table")

    def __init__(self, table: Any, key: Node) -> None:
        super().__init__(key)
        self.table = table
        self.key = key

    def parts(self) -> tuple[Node, ...]:
        """Return the key."""
        return (self.key,)


class Tuple(Node):
    """A tuple of values, such as a key of several attributes."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Node, ...]) -> None:
        super().__init__(*items)
        self.items = items

    def parts(self) -> tuple[Node, ...]:
        """Return the items."""
        return self.items


class After(Node):
    """A value, and what the function computes before it without using it, which may raise all the same."""

    __slots__ = ("effects", "result")

    def __init__(self, effects: tuple[Node, ...], result: Node) -> None:
        super().__init__(*effects, result)
        self.effects = effects
        self.result = result

    def parts(self) -> tuple[Node, ...]:
        """Return what is computed before, and the value."""
        return (*self.effects, self.result)


class Computed(Node):
    """A value that is not made of parts here: something else computes it for the rows of a batch."""

    __slots__ = ()

    def column(self, batch: Any) -> Any:
        """Return the value for each element of a batch of arguments."""
        raise NotImplementedError

    def value(self, *rows: Any) -> Any:
        """Return the value for one element."""
        raise NotImplementedError


class Failure(Node):
    """A branch that raises."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def nodes(formula: Node) -> Iterator[Node]:
    """Yield a formula and all its parts, each once."""
    return _walked(formula, lambda node: node.parts())


def certain(formula: Node) -> Iterator[Node]:
    """Yield the parts of a formula that are evaluated whichever branches are taken, each once."""
    return _walked(formula, lambda node: (node.condition,) if isinstance(node, Choice) else node.parts())


def _walked(formula: Node, parts: Callable[[Node], tuple[Node, ...]]) -> Iterator[Node]:
    waiting: list[Node] = [formula]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting.extend(parts(node))


def same(left: Node, right: Node) -> bool:
    """Whether two formulas are written alike."""
    if left is right:
        return True
    if type(left) is not type(right) or left.uses != right.uses:
        return False
    if any(getattr(left, name) != getattr(right, name) for name in _OWN.get(type(left), ())):
        return False
    if isinstance(left, Lookup | Element) and left.table is not getattr(right, "table", None):
        return False
    if isinstance(left, Constant) and isinstance(right, Constant):
        return type(left.value) is type(right.value) and bool(left.value == right.value)
    mine, others = left.parts(), right.parts()
    return len(mine) == len(others) and not isinstance(left, Failure) and all(map(same, mine, others))


_OWN: dict[type, tuple[str, ...]] = {Attribute: ("argument", "path"), Apply: ("function",)}


def attribute_paths(formula: Node | None) -> tuple[tuple[Path, ...], bool] | None:
    """Return the attributes that a formula is made of, and whether as a tuple; None if it does anything else.

    Returns:
        ``((("id",),), False)`` for ``lambda p: p.id``; ``((("a",), ("b",)), True)`` for ``lambda p: (p.a, p.b)``.
    """
    compound = isinstance(formula, Tuple)
    parts = formula.items if isinstance(formula, Tuple) else (formula,)
    paths = tuple(part.path for part in parts if isinstance(part, Attribute))
    return (paths, compound) if paths and all(paths) and len(paths) == len(parts) else None
