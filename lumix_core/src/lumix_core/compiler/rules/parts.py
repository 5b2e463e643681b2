"""The terms of a rule as functions of rows, each with what it goes through and the element that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.compiler.rules.outcomes import THERE, AnyFormula, FunctionFormula, KeyFormula, ProductFormula
from lumix_core.compiler.rules.runs import Path, Scope, Total
from lumix_core.compiler.rules.shapes import renamed, substituted, with_parts
from lumix_core.compiler.rules.totals import TotalContents
from lumix_core.compiler.rules.tracing import TracedRule, TracedTerm
from lumix_core.formulas.nodes import Attribute, Constant, Node, Tuple, nodes
from lumix_core.formulas.recorder import Untraceable
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.numbers import flaw
from lumix_core.problem.structures import FunctionKind


@dataclass(frozen=True, eq=False)
class Keys:
    """What is known of the keys of variables before rows are read.

    Args:
        formula: returns the formula of the key of a row, as argument 0, in a dimension of a variable.
        width: returns how many dimensions a variable has.
        is_row: returns whether an argument is a row of a dimension of a variable, and no key.
    """

    formula: Callable[[Any, int], Node]
    width: Callable[[Any], int]
    is_row: Callable[[Any, int, int], bool]


@dataclass(frozen=True, eq=False)
class ElementPart:
    """The element that a term stands for.

    Args:
        variable: the family.
        scope: the iteration whose own element it is; None for another one.
        rows: the arguments that are its rows, one a dimension; None where its key is computed.
        key: computes its key; None where its rows lead to it.
        is_optional: whether it stands for nothing where the family has no such key.
    """

    variable: Any
    scope: int | None
    rows: tuple[int, ...] | None
    key: FormulaFunction | None
    is_optional: bool


@dataclass(frozen=True, eq=False)
class ProductPart:
    """The product of two elements."""

    left: ElementPart
    right: ElementPart


@dataclass(frozen=True, eq=False)
class ArgumentPart:
    """An argument of a function, or one for each row of what the function goes through.

    Args:
        scopes: what the function goes through.
        condition: where there is an argument, a function of the rows around the function and those of the scopes;
            None for everywhere.
        parts: its terms, whose functions take the same rows first.
        arguments: the numbers of these rows in the rule.
    """

    scopes: tuple[Scope, ...]
    condition: FormulaFunction | None
    parts: list[RulePart]
    arguments: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FunctionPart:
    """A function of sums.

    Args:
        kind: which.
        scopes: the iterations that it is within, outer ones first.
        reads_rows: whether it is another one for each row of the rule.
        arguments: its arguments.
    """

    kind: FunctionKind
    scopes: tuple[Scope, ...]
    reads_rows: bool
    arguments: list[ArgumentPart]


AnyPart: TypeAlias = ElementPart | ProductPart | FunctionPart


def elements_of(part: AnyPart | None) -> list[ElementPart]:
    """Return the elements of a term; not those of the arguments of a function."""
    if isinstance(part, ProductPart):
        return [part.left, part.right]
    return [part] if isinstance(part, ElementPart) else []


def is_needed(element: ElementPart) -> bool:
    """Whether an element must be there; the others come first, since a product with nothing is nothing."""
    return not element.is_optional


@dataclass(frozen=True, eq=False)
class RulePart:
    """A term of a rule.

    Args:
        output: the part of the result that it is in.
        scopes: what it is summed over, outer iterations first.
        reads_rows: whether its functions read the rows of the rule, which are then their first arguments.
        is_plain: whether it is a sum over a family of its own elements, so that its functions take the rows of the
            element first, and those of the rule after them.
        condition: where it is; None for everywhere.
        coefficient: a number, or a function.
        element: what it stands for; None for a number.
        count: how often it is.
    """

    output: Hashable
    scopes: tuple[Scope, ...]
    reads_rows: bool
    is_plain: bool
    condition: FormulaFunction | None
    coefficient: float | FormulaFunction
    element: AnyPart | None
    count: int

    @property
    def functions(self) -> list[FormulaFunction]:
        """Its functions."""
        keys = [element.key for element in elements_of(self.element)]
        return [one for one in (self.condition, self.coefficient, *keys) if isinstance(one, FormulaFunction)]


class PartWriter:
    """Writes traced terms as functions of rows.

    Args:
        traced: the rule.
        rule: its function.
        title: how messages call the rule.
        keys: what is known of keys.
    """

    def __init__(self, traced: TracedRule, rule: UserFunction, title: str, keys: Keys) -> None:
        self._traced = traced
        self._rule = rule
        self._title = title
        self._keys = keys
        self._count = traced.arguments.count
        self.totals: dict[Path, TotalContents] = {}
        self.functions: dict[Path, FunctionPart] = {}

    def parts(self) -> list[RulePart]:
        """Return the terms of the result."""
        return [self._part(term) for term in self._traced.terms]

    def senses(self) -> dict[str, FormulaFunction | None]:
        """Return the condition for each sense of the result; None for everywhere."""
        names = {i: i for i in range(self._count)}
        return {
            sense: None if node is None else self._function(node, "a condition", names)
            for sense, node in self._traced.senses.items()
        }

    def _part(self, term: TracedTerm, outer: Sequence[int] | None = None) -> RulePart:
        """Return a term; ``outer`` are the rows around an argument of a function that it is in."""
        key = term.term.key
        for one in _elements_of(key):
            if term.condition is None and not term.scopes and not one.parts and self._keys.width(one.variable):
                raise Untraceable(f"it names no element of {one.variable.name!r}")
        reads_rows = outer is not None or self._reads_rows(term)
        own = self._own_scope(key, term.scopes) if isinstance(key, KeyFormula) else None
        is_plain = outer is None and own == 0 and len(term.scopes) == 1
        rows = range(self._count) if outer is None else outer
        names = _names(rows if reads_rows else (), term.scopes, is_plain=is_plain)
        titles = ", ".join(dict.fromkeys(repr(one.variable.name) for one in _elements_of(key)))
        return RulePart(
            term.output,
            term.scopes,
            reads_rows,
            is_plain,
            None if term.condition is None else self._function(term.condition, "a condition", names),
            self._coefficient(term.term.coefficient, f"the coefficient of {titles}" if titles else "a number", names),
            self._element(key, own, names),
            term.count,
        )

    def _reads_rows(self, term: TracedTerm) -> bool:
        if isinstance(term.term.key, FunctionFormula) and self._contents_of(term.term.key).reads_rows:
            return True
        return self._reads(term, range(self._count))

    def _reads(self, term: TracedTerm, rows: Iterable[int]) -> bool:
        """Whether a term reads some rows."""
        key = term.term.key
        nodes = [term.term.coefficient, *(() if key is None or isinstance(key, FunctionFormula) else key.parts)]
        nodes += [] if term.condition is None else [term.condition]
        uses = 0
        for node in nodes:
            uses |= self._final(node).uses
        return any(uses >> row & 1 for row in rows)

    def _contents_of(self, key: FunctionFormula) -> FunctionPart:
        """Return a function, written once for all calls of it."""
        known = self.functions.get(key.identity)
        if known is None:
            scopes = self._scopes_of(key.identity)
            names = self._traced.functions[key.identity]
            outputs = [output for name in names for output in (name, (*name, THERE))]
            terms = [term for output in outputs for term in self._traced.totals.get(output, ())]
            reads_rows = any(self._reads(term, range(self._count)) for term in terms)
            arguments = [self._argument(name, len(scopes), reads_rows=reads_rows) for name in names]
            known = self.functions[key.identity] = FunctionPart(key.kind, scopes, reads_rows, arguments)
        return known

    def _argument(self, name: Path, around: int, *, reads_rows: bool) -> ArgumentPart:
        scopes = self._scopes_of(name)
        rows = range(self._count) if reads_rows else ()
        outer = [*rows, *(argument for scope in scopes for argument in scope.arguments)]
        (there,) = self._traced.totals[(*name, THERE)]
        if there.scopes or there.count != 1:
            raise Untraceable("a function has an argument for each row of a loop that has ended")
        names = _names(outer, (), is_plain=False)
        condition = None if there.condition is None else self._function(there.condition, "a condition", names)
        parts = [self._part(term, outer) for term in self._traced.totals.get(name, ())]
        return ArgumentPart(scopes[around:], condition, parts, tuple(outer))

    def _scopes_of(self, path: Path) -> tuple[Scope, ...]:
        """Return the iterations that something is within, outer ones first."""
        return tuple(self._traced.arguments.scopes[path[:length]] for length in range(1, len(path)))

    def _coefficient(self, node: Node, what: str, names: dict[int, int]) -> float | FormulaFunction:
        if isinstance(node, Constant) and flaw(node.value) is None:
            return float(node.value)
        return self._function(node, what, names)

    def _function(self, node: Node, what: str, names: dict[int, int]) -> FormulaFunction:
        return FormulaFunction(renamed(self._final(node), names), f"{what} in {self._title}", len(names), self._rule)

    def _final(self, node: Node) -> Node:
        """Return a formula whose sums of numbers know what they add up."""
        return _with_totals(node, self._total)

    def _total(self, total: Total) -> Total:
        contents = self.totals.get(total.identity)
        if contents is None:
            contents = self.totals[total.identity] = self._contents(total)
        return Total(total.identity, tuple(total.arguments[i] for i in contents.outer), contents)

    def _contents(self, total: Total) -> TotalContents:
        terms = self._traced.totals.get(total.identity, [])
        scopes = terms[0].scopes if terms else ()
        if any(term.scopes != scopes or term.count != 1 for term in terms):
            raise Untraceable("it adds up numbers of several loops in one sum")
        canonical = [self._traced.arguments.canonical(argument) for argument in total.arguments]
        uses = 0
        for term in terms:
            uses |= self._final(term.term.coefficient).uses
            uses |= 0 if term.condition is None else self._final(term.condition).uses
        outer = [i for i, argument in enumerate(canonical) if uses >> argument & 1]
        inner = [argument for scope in scopes for argument in scope.arguments]
        names = {argument: i for i, argument in enumerate([*(canonical[i] for i in outer), *inner])}
        parts = [
            (
                None if term.condition is None else self._function(term.condition, "a condition", names),
                self._function(term.term.coefficient, "a number", names),
            )
            for term in terms
        ]
        return TotalContents(tuple(outer), tuple(canonical[i] for i in outer), scopes, parts)

    def _own_scope(self, key: KeyFormula, scopes: Sequence[Scope]) -> int | None:
        for i, scope in enumerate(scopes):
            rows = [(argument, ()) for argument in scope.arguments]
            read = [(part.argument, part.path) for part in key.parts if isinstance(part, Attribute)]
            if scope.family is key.variable and rows == read and len(read) == len(key.parts):
                return i
        return None

    def _element(self, key: AnyFormula | None, own: int | None, names: dict[int, int]) -> AnyPart | None:
        if isinstance(key, ProductFormula):
            return ProductPart(self._one(key.left, None, names), self._one(key.right, None, names))
        if isinstance(key, FunctionFormula):
            return self._contents_of(key)
        return None if key is None else self._one(key, own, names)

    def _one(self, key: KeyFormula, own: int | None, names: dict[int, int]) -> ElementPart:
        if own is not None:
            return ElementPart(key.variable, own, None, None, key.is_optional)
        width = self._keys.width(key.variable)
        rows = [
            part.argument
            for i, part in enumerate(key.parts)
            if isinstance(part, Attribute) and self._is_row_part(key.variable, i, part)
        ]
        if len(rows) == len(key.parts) == width:
            return ElementPart(key.variable, None, tuple(names[row] for row in rows), None, key.is_optional)
        if rows and len(key.parts) != width:
            raise Untraceable(f"it names an element of {key.variable.name!r} by rows of other dimensions")
        parts = [self._key_part(key.variable, i, part) for i, part in enumerate(key.parts)]
        node = parts[0] if len(parts) == 1 else Tuple(tuple(parts))
        function = self._function(node, f"the key of {key.variable.name!r}", names)
        return ElementPart(key.variable, None, None, function, key.is_optional)

    def _is_row_part(self, variable: Any, dimension: int, part: Node) -> bool:
        if not isinstance(part, Attribute) or part.path:
            return False
        return self._keys.is_row(variable, min(dimension, self._keys.width(variable) - 1), part.argument)

    def _key_part(self, variable: Any, dimension: int, part: Node) -> Node:
        if not isinstance(part, Attribute) or not self._is_row_part(variable, dimension, part):
            return part
        argument = part.argument
        return substituted(self._keys.formula(variable, dimension), lambda _, path: Attribute(argument, path))


def _names(rows: Sequence[int], scopes: Sequence[Scope], *, is_plain: bool) -> dict[int, int]:
    """Return the number of each argument within the functions of a term."""
    inner = [argument for scope in scopes for argument in scope.arguments]
    return {argument: i for i, argument in enumerate([*inner, *rows] if is_plain else [*rows, *inner])}


def _elements_of(key: AnyFormula | None) -> list[KeyFormula]:
    if isinstance(key, ProductFormula):
        return [key.left, key.right]
    return [key] if isinstance(key, KeyFormula) else []


def _with_totals(node: Node, final: Callable[[Total], Total]) -> Node:
    if isinstance(node, Total):
        return final(node) if node.contents is None else node
    if not any(isinstance(part, Total) for part in nodes(node)):
        return node
    return with_parts(node, lambda part: _with_totals(part, final))
