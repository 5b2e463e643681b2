"""Formulas compared by how they are written, and written for other arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from lumix_core.formulas.nodes import (
    After,
    Apply,
    Attribute,
    Choice,
    Computed,
    Constant,
    Element,
    Lookup,
    Node,
    Tuple,
)
from lumix_core.formulas.recorder import Getter, Method, Untraceable

NameOf = Callable[[int], Hashable]
"""Returns what stands for an argument in a shape."""


def shape_of(node: Node, name_of: NameOf) -> Hashable:
    """Return a formula as something that is equal for formulas that are written alike."""
    if isinstance(node, Constant):
        return _constant_shape(node.value)
    if isinstance(node, Attribute):
        return "attribute", name_of(node.argument), node.path
    parts = tuple([shape_of(part, name_of) for part in node.parts()])
    if isinstance(node, Apply):
        return "apply", _function_shape(node.function), parts
    if isinstance(node, Lookup | Element):
        missing = _constant_shape(node.missing.value) if isinstance(node, Lookup) and node.missing is not None else ()
        return type(node).__name__, id(node.table), missing, parts
    if isinstance(node, Tuple | Choice | After):
        return type(node).__name__, len(parts), parts
    if isinstance(node, Computed):
        computed: Any = node
        return "computed", computed.identity, tuple(name_of(argument) for argument in computed.arguments)
    raise Untraceable("it does what cannot be compared with itself")


def _constant_shape(value: Any) -> Hashable:
    if type(value) in (int, str, bool, bytes, type(None)):
        return "constant", type(value), value
    if type(value) is float:
        return "constant", float, repr(value)
    return "constant", type(value), id(value)


def _function_shape(function: Any) -> Hashable:
    if isinstance(function, Getter | Method):
        return type(function).__name__, function.name
    owner = getattr(function, "__self__", None)
    return function if owner is None or isinstance(owner, type) else (id(owner), getattr(function, "__name__", ""))


def renamed(node: Node, names: Mapping[int, int]) -> Node:
    """Return a formula with other numbers for its arguments."""
    return substituted(node, lambda argument, path: Attribute(names[argument], path))


def substituted(node: Node, attribute: Callable[[int, tuple[str, ...]], Node]) -> Node:
    """Return a formula with something else for what it reads off its arguments."""
    if isinstance(node, Attribute):
        return attribute(node.argument, node.path)
    if isinstance(node, Computed):
        computed: Any = node
        return computed.renamed(attribute)  # type: ignore[no-any-return]
    return with_parts(node, lambda part: substituted(part, attribute))


def with_parts(node: Node, of: Callable[[Node], Node]) -> Node:
    """Return a formula with something else for each of its parts."""
    made = _MADE_OF.get(type(node))
    return node if made is None else made(node, tuple([of(part) for part in node.parts()]))


_MADE_OF: dict[type, Callable[[Any, tuple[Node, ...]], Node]] = {
    Apply: lambda node, parts: Apply(node.function, parts),
    Choice: lambda _, parts: Choice(*parts),
    Lookup: lambda node, parts: Lookup(node.table, parts[0], node.missing),
    Element: lambda node, parts: Element(node.table, parts[0]),
    Tuple: lambda _, parts: Tuple(parts),
    After: lambda _, parts: After(parts[:-1], parts[-1]),
}


def arguments_in(uses: int) -> list[int]:
    """Return the arguments of which ``uses`` is the mask of bits."""
    return [argument for argument in range(uses.bit_length()) if uses >> argument & 1]
