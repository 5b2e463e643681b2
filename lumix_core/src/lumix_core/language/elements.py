"""What the terms of a rule stand for: elements of variables, products of two of them, and functions of sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from lumix_core.problem.structures import FunctionKind


@dataclass(frozen=True, eq=False, slots=True)
class Element:
    """One element of a family of variables.

    Args:
        variable: the family.
        key: its key, or the row itself; ``()`` for a variable without an index.
        is_optional: whether it stands for nothing where the family has no such key.
    """

    variable: Any
    key: Any
    is_optional: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class ElementProduct:
    """The product of two elements."""

    left: Element
    right: Element


@dataclass(frozen=True, eq=False, slots=True)
class FunctionElement:
    """An absolute value, a minimum or a maximum of linear sums.

    Args:
        kind: which of them.
        arguments: the sums, `LXLinearForm`; none of a rule that is traced.
    """

    kind: FunctionKind
    arguments: tuple[Any, ...]


AnyElement: TypeAlias = Element | ElementProduct | FunctionElement


def elements_in(element: AnyElement | None) -> list[Element]:
    """Return the elements of variables that a term stands for."""
    if element is None:
        return []
    if isinstance(element, Element):
        return [element]
    if isinstance(element, ElementProduct):
        return [element.left, element.right]
    return [one for form in element.arguments for _, of in form.monomials for one in elements_in(of)]
