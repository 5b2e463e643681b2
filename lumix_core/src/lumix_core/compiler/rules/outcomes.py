"""What one run of a rule gave, as terms that can be counted: a term is alike if it is so but for the turns of loops."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from lumix_core.compiler.rules.runs import TERMS, Arguments, Path, SymbolicRun, TracedFunction
from lumix_core.compiler.rules.shapes import NameOf, shape_of
from lumix_core.formulas.nodes import Apply, Attribute, Constant, Node
from lumix_core.formulas.recorder import Recorder, Untraceable
from lumix_core.formulas.symbolic_rows import Symbol, lifted, node_of
from lumix_core.language.elements import AnyElement, Element, ElementProduct
from lumix_core.language.linear_forms import SKIP, LXComparison, LXLinearForm, is_linear
from lumix_core.problem.numbers import is_real_type
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import FunctionKind

LEFT, RIGHT = "left", "right"
LOWER, MIDDLE, UPPER = "lower", "middle", "upper"
SUM = "sum"
SKIPPED = "skipped"
"""In place of a sense: the rule makes no constraint."""
INFINITE: dict[tuple[LXSense, str], float] = {
    (LXSense.LE, RIGHT): math.inf,
    (LXSense.LE, LEFT): -math.inf,
    (LXSense.GE, RIGHT): -math.inf,
    (LXSense.GE, LEFT): math.inf,
    (LXSense.BETWEEN, LOWER): -math.inf,
    (LXSense.BETWEEN, UPPER): math.inf,
}
"""The infinite number on a side that never binds."""


@dataclass(frozen=True, eq=False)
class KeyFormula:
    """The element that a term stands for.

    Args:
        variable: the family.
        parts: of the key; each may be the row itself.
        is_optional: whether it stands for nothing where the family has no such key.
    """

    variable: Any
    parts: tuple[Node, ...]
    is_optional: bool

    def with_parts(self, parts: tuple[Node, ...]) -> KeyFormula:
        """Return the element for other rows."""
        return replace(self, parts=parts)

    def shape(self, name_of: NameOf) -> Hashable:
        """Return what is equal for elements that are written alike."""
        return id(self.variable), tuple([shape_of(part, name_of) for part in self.parts]), self.is_optional


@dataclass(frozen=True, eq=False)
class ProductFormula:
    """The product of two elements."""

    left: KeyFormula
    right: KeyFormula

    @property
    def parts(self) -> tuple[Node, ...]:
        """The parts of both keys."""
        return (*self.left.parts, *self.right.parts)

    def with_parts(self, parts: tuple[Node, ...]) -> ProductFormula:
        """Return the product for other rows."""
        count = len(self.left.parts)
        return ProductFormula(self.left.with_parts(parts[:count]), self.right.with_parts(parts[count:]))

    def shape(self, name_of: NameOf) -> Hashable:
        """Return what is equal for products that are written alike."""
        return "product", self.left.shape(name_of), self.right.shape(name_of)


@dataclass(frozen=True, eq=False)
class FunctionFormula:
    """A function of sums.

    Args:
        kind: which.
        identity: of the call in the text of the rule.
        parts: the rows that it may depend on.
    """

    kind: FunctionKind
    identity: Path
    parts: tuple[Node, ...]

    def with_parts(self, parts: tuple[Node, ...]) -> FunctionFormula:
        """Return the function for other rows."""
        return replace(self, parts=parts)

    def shape(self, name_of: NameOf) -> Hashable:
        """Return what is equal for calls of one function."""
        return "function", self.identity, tuple([shape_of(part, name_of) for part in self.parts])


AnyFormula: TypeAlias = KeyFormula | ProductFormula | FunctionFormula
THERE = "there"
"""The last part of what identifies where a function has an argument."""


class Like(NamedTuple):
    """Identifies a term within what a rule gives: the part of the result, and its shape."""

    output: Hashable
    shape: Hashable


@dataclass(frozen=True, eq=False)
class TermFormula:
    """A coefficient times an element, a product or a function; without any it is a number."""

    coefficient: Node
    key: AnyFormula | None

    @property
    def uses(self) -> int:
        """The arguments that it reads, as bits."""
        uses = self.coefficient.uses
        for part in self.key.parts if self.key is not None else ():
            uses |= part.uses
        return uses


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one run of a rule gave.

    Args:
        sense: of the comparison; `SKIPPED` for none, `SUM` for a rule that returns a sum.
        counts: how often it gave each term.
        terms: the formula of each.
        asked: the conditions on rows of iterations, in order, by the outermost of these.
        groups: the sums of numbers that were made, and the arguments of functions.
    """

    sense: str
    counts: Counter[Like]
    terms: dict[Like, TermFormula]
    asked: dict[Path, list[Hashable]]
    groups: frozenset[Path]


class OutcomeReader:
    """Reads the results of runs.

    Args:
        arguments: the numbers of rows.
        recorder: of the run.
    """

    def __init__(self, arguments: Arguments, recorder: Recorder) -> None:
        self._arguments = arguments
        self._recorder = recorder
        self._counts: Counter[Like] = Counter()
        self._terms: dict[Like, TermFormula] = {}

    def outcome(self, result: Any, run: SymbolicRun, asked: dict[Path, list[Hashable]], sums: bool) -> Outcome:
        """Return what a run gave, from its result; raises `Untraceable` for anything but a comparison or a sum."""
        sense, outputs = self._sum(result) if sums else self._compared(result)
        for output, value in outputs.items():
            for term in self._terms_of(value):
                self._note(output, term)
        for identity, turns in run.groups.items():
            self._note_total(identity, list(turns.values()))
        for name, forms in run.arguments.items():
            self._note_argument(name, list(forms.values()))
        if sum(self._counts.values()) > TERMS:
            raise Untraceable(f"it gives more than {TERMS:,} terms without going through a family")
        return Outcome(sense, self._counts, self._terms, asked, self._groups(run))

    def _groups(self, run: SymbolicRun) -> frozenset[Path]:
        return frozenset([*run.groups, *run.arguments, *((*name, THERE) for name in run.arguments)])

    def _note(self, output: Hashable, term: TermFormula) -> None:
        self._arguments.paths(term.uses)
        like = Like(output, self._shape(term))
        self._counts[like] += 1
        self._terms.setdefault(like, term)

    def _note_total(self, identity: Path, groups: list[list[Node]]) -> None:
        """Note what a sum of numbers adds up; in each turn of the loops around it that must be alike."""
        shapes = [Counter(shape_of(node, self._arguments.canonical) for node in nodes) for nodes in groups]
        if any(others != shapes[0] for others in shapes):
            raise Untraceable("it adds up other numbers in each turn of a loop")
        for node in groups[0]:
            self._note(identity, TermFormula(node, None))

    def _note_argument(self, name: Path, forms: list[LXLinearForm]) -> None:
        """Note the terms of an argument of a function; in each turn of the loops around it they must be alike."""
        terms = [self._terms_of(form) for form in forms]
        shapes = [Counter(map(self._shape, some)) for some in terms]
        if any(others != shapes[0] for others in shapes):
            raise Untraceable("an argument of a function is another one in each turn of a loop")
        for term in terms[0]:
            self._note(name, term)
        self._note((*name, THERE), TermFormula(Constant(1.0), None))

    def _shape(self, term: TermFormula) -> Hashable:
        name_of = self._arguments.canonical
        return shape_of(term.coefficient, name_of), () if term.key is None else term.key.shape(name_of)

    def _terms_of(self, value: Any) -> list[TermFormula]:
        if is_linear(value):
            monomials = value.linear_form().monomials
            return [TermFormula(self._node(number), self._formula(element)) for number, element in monomials]
        node = self._node(value)
        is_zero = isinstance(node, Constant) and type(node.value) in (int, float) and node.value == 0
        return [] if is_zero else [TermFormula(node, None)]

    def _node(self, number: Any) -> Node:
        return lifted(number, self._recorder)

    def _formula(self, element: AnyElement | None) -> AnyFormula | None:
        if element is None or isinstance(element, Element):
            return None if element is None else self._key(element)
        if isinstance(element, ElementProduct):
            return ProductFormula(self._key(element.left), self._key(element.right))
        if isinstance(element, TracedFunction):
            rows: tuple[Node, ...] = tuple(Attribute(argument, ()) for argument in element.around)
            return FunctionFormula(element.kind, element.identity, rows)
        raise Untraceable("it holds a function that was made outside of it")

    def _key(self, element: Element) -> KeyFormula:
        key = element.key
        parts = tuple([self._node(part) for part in (key if type(key) is tuple else (key,))])
        return KeyFormula(element.variable, parts, element.is_optional)

    def _sum(self, result: Any) -> tuple[str, dict[str, Any]]:
        if isinstance(result, Symbol) or is_linear(result) or is_real_type(type(result)):
            return SUM, {SUM: result}
        raise Untraceable(f"it returns {result!r:.60}, which is no sum")

    def _compared(self, result: Any) -> tuple[str, dict[str, Any]]:
        if result is SKIP:
            return SKIPPED, {}
        if isinstance(result, Symbol):
            return self._compared_numbers(node_of(result))
        if not isinstance(result, LXComparison):
            raise Untraceable(f"it returns {result!r:.60}, which is no comparison of expressions")
        names = (LOWER, MIDDLE, UPPER) if result.sense is LXSense.BETWEEN else (LEFT, RIGHT)
        return str(result.sense), dict(zip(names, result.parts, strict=True))

    def _compared_numbers(self, node: Node) -> tuple[str, dict[str, Any]]:
        """Return a comparison without a variable, such as ``0 <= m.hours``."""
        sense = _SENSES.get(node.function) if isinstance(node, Apply) else None
        if sense is None or not isinstance(node, Apply):
            raise Untraceable("it returns a number or a truth, and no comparison of expressions")
        self._recorder.use(node)
        left, right = (Symbol(part, self._recorder) for part in node.operands)
        return str(sense), {LEFT: left, RIGHT: right}


_SENSES = {operator.le: LXSense.LE, operator.ge: LXSense.GE, operator.eq: LXSense.EQ}
