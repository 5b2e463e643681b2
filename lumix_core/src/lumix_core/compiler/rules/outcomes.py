"""What one run of a rule gave, as terms that can be counted: a term is alike if it is so but for the turns of loops."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lumix_core.compiler.rules.runs import TERMS, Arguments, Path, SymbolicRun
from lumix_core.compiler.rules.shapes import shape_of
from lumix_core.formulas.nodes import Apply, Constant, Node
from lumix_core.formulas.recorder import Recorder, Untraceable
from lumix_core.formulas.symbolic_rows import Symbol, lifted, node_of
from lumix_core.language.linear_forms import SKIP, LXComparison, is_linear
from lumix_core.problem.numbers import is_real_type
from lumix_core.problem.problem import LXSense

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


class Like(NamedTuple):
    """Identifies a term within what a rule gives: the part of the result, and its shape."""

    output: Hashable
    shape: Hashable


@dataclass(frozen=True, eq=False)
class TermFormula:
    """A coefficient times an element; without an element it is a number."""

    coefficient: Node
    key: KeyFormula | None

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
        groups: the sums of numbers that were made.
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
        if sum(self._counts.values()) > TERMS:
            raise Untraceable(f"it gives more than {TERMS:,} terms without going through a family")
        return Outcome(sense, self._counts, self._terms, asked, frozenset(run.groups))

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

    def _shape(self, term: TermFormula) -> Hashable:
        name_of = self._arguments.canonical
        key: Hashable = ()
        if term.key is not None:
            parts = tuple([shape_of(part, name_of) for part in term.key.parts])
            key = id(term.key.variable), parts, term.key.is_optional
        return shape_of(term.coefficient, name_of), key

    def _terms_of(self, value: Any) -> list[TermFormula]:
        if is_linear(value):
            monomials = value.linear_form().monomials
            return [TermFormula(self._node(number), self._key(element)) for number, element in monomials]
        node = self._node(value)
        is_zero = isinstance(node, Constant) and type(node.value) in (int, float) and node.value == 0
        return [] if is_zero else [TermFormula(node, None)]

    def _node(self, number: Any) -> Node:
        return lifted(number, self._recorder)

    def _key(self, element: Any) -> KeyFormula | None:
        if element is None:
            return None
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
