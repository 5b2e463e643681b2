"""Rules in the notation of mathematics, written from the terms that they were traced into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lumix_core.compiler.notation.index_sets import among, family_conditions, fresh, membership
from lumix_core.compiler.notation.symbols import Axis, Index, Symbols
from lumix_core.compiler.notation.terms import SKIPPED, bracket, signed, sum_latex
from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.compiler.rules.outcomes import LEFT, LOWER, MIDDLE, RIGHT, SUM, UPPER
from lumix_core.compiler.rules.parts import ElementPart, FunctionPart, RulePart, elements_of
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.runs import Scope, Total
from lumix_core.formulas.latex import PRODUCT, RowSymbol, Written
from lumix_core.formulas.latex import SUM as SUM_LEVEL
from lumix_core.formulas.latex_text import name_latex
from lumix_core.formulas.nodes import Computed, Constant
from lumix_core.language.parameters import LXParameter
from lumix_core.problem.problem import LXSense
from lumix_core.problem.structures import FunctionKind

RELATIONS = {LXSense.LE: r"\le", LXSense.GE: r"\ge", LXSense.EQ: "="}


class RuleWriter:
    """Writes the terms of one rule.

    Args:
        symbols: of the model.
        planned: the rule, which was traced.
        rows: the indices of its constraint; none for an objective.
        shown: how many terms of each sum are written.
    """

    def __init__(self, symbols: Symbols, planned: PlannedRule, rows: Sequence[Index], shown: int) -> None:
        self._symbols = symbols
        self._planned = planned
        self._rows = [index.row for index in rows]
        self._shown = shown

    def comparison(self, sense: str) -> str:
        """Return the comparison of both sides, or of all three."""
        if sense == LXSense.BETWEEN:
            return r" \le ".join(map(self._side, (LOWER, MIDDLE, UPPER)))
        return f"{self._side(LEFT)} {RELATIONS[LXSense(sense)]} {self._side(RIGHT)}"

    def sum(self) -> str:
        """Return the sum of an objective."""
        return self._side(SUM)

    def condition(self, function: FormulaFunction) -> Written:
        """Return a condition on the rows of the rule."""
        return self._symbols.truth(function, self._rows, self)

    def table(self, table: Any, missing: Constant | None) -> str:
        """Return the symbol of a table."""
        return self._symbols.table(table, missing, self._planned.rule)

    def captured(self, value: Any) -> str:
        """Return the symbol of another object."""
        return self._symbols.captured(value, self._planned.rule)

    def computed(self, node: Computed, rows: Sequence[RowSymbol]) -> Written:
        """Return a sum of numbers."""
        assert isinstance(node, Total)
        contents = node.contents
        loops = _Loops(self, contents.scopes, rows)
        given = [*(rows[i] for i in node.arguments), *loops.rows]
        texts = []
        for condition, number in contents.parts:
            conditions = [*loops.conditions, *self._conditions(condition, given)]
            value = self._symbols.value(number, given, self).within(PRODUCT)
            texts.append(rf"\sum_{{{among(loops.members, conditions)}}} {value}")
        return Written(" + ".join(texts) or "0", SUM_LEVEL)

    def _side(self, output: str) -> str:
        parts = [part for part in self._planned.parts if part.output == output]
        return sum_latex([self._part(part) for part in parts[: self._shown]], len(parts))

    def _part(self, part: RulePart) -> tuple[str, str]:
        """Return the sign of a term, and the rest of it."""
        return self._term(part, self._rows, {})

    def _term(
        self, part: RulePart, rows: Sequence[RowSymbol], around: Mapping[Scope, Sequence[RowSymbol]]
    ) -> tuple[str, str]:
        """Return the sign of a term, which is given these rows before those of its loops, and the rest of it."""
        known = [*self._rows, *(row for group in around.values() for row in group)]
        loops = _Loops(self, part.scopes, known)
        mine = list(rows) if part.reads_rows else []
        given = [*loops.rows, *mine] if part.is_plain else [*mine, *loops.rows]
        size, factors = self._coefficient(part, given)
        if isinstance(part.element, FunctionPart):
            within = {**around, **dict(zip(part.scopes, loops.groups, strict=True))}
            factors.append(self._function(part.element, within))
        factors += [self._element(element, given, loops) for element in elements_of(part.element)]
        conditions = self._conditions(part.condition, given)
        if not part.scopes:
            return signed(size, [*map(bracket, conditions), *factors])
        sign, text = signed(size, factors)
        return sign, rf"\sum_{{{among(loops.members, [*loops.conditions, *conditions])}}} {text}"

    def _function(self, function: FunctionPart, within: Mapping[Scope, Sequence[RowSymbol]]) -> Written:
        """Return a function of sums; what it goes through is written below its name."""
        rows = self._rows if function.reads_rows else []
        around = {scope: within[scope] for scope in function.scopes}
        texts = []
        for argument in function.arguments:
            known = [*self._rows, *(row for group in around.values() for row in group)]
            loops = _Loops(self, argument.scopes, known)
            inside = {**around, **dict(zip(argument.scopes, loops.groups, strict=True))}
            given = [*rows, *(row for group in inside.values() for row in group)]
            terms = [self._term(part, given, inside) for part in argument.parts]
            text = sum_latex(terms[: self._shown], len(terms))
            conditions = [*loops.conditions, *self._conditions(argument.condition, given)]
            if argument.scopes:
                name = rf"\{function.kind.name.lower()}"
                text = rf"{name}_{{{among(loops.members, conditions)}}} \left( {text} \right)"
                if len(function.arguments) == 1:
                    return Written(text)
            elif conditions:
                text = f"{text} {' '.join(bracket(one).text for one in conditions)}"
            texts.append(text)
        if function.kind is FunctionKind.ABS:
            return Written(rf"\left| {texts[0]} \right|")
        return Written(rf"\{function.kind.name.lower()} \left( {', '.join(texts)} \right)")

    def _coefficient(self, part: RulePart, given: Sequence[RowSymbol]) -> tuple[float, list[Written]]:
        if not isinstance(part.coefficient, FormulaFunction):
            return part.coefficient * part.count, []
        direction, factor = self._symbols.factor_of(part.coefficient, given, self)
        return direction * part.count, [factor]

    def _conditions(self, condition: FormulaFunction | None, given: Sequence[RowSymbol]) -> list[Written]:
        return [] if condition is None else [self._symbols.truth(condition, given, self)]

    def _element(self, element: ElementPart, given: Sequence[RowSymbol], loops: _Loops) -> Written:
        name = f"{name_latex(element.variable.name, 'mathit')}{SKIPPED if element.is_optional else ''}"
        subscripts = self._subscripts(element, given, loops)
        return Written(f"{name}_{{{', '.join(subscripts)}}}" if subscripts else name)

    def _subscripts(self, element: ElementPart, given: Sequence[RowSymbol], loops: _Loops) -> list[str]:
        if element.key is not None:
            return [part.text for part in self._symbols.parts_of(element.key, given, self)]
        axes = self._symbols.axes(element.variable)
        rows = loops.groups[element.scope] if element.scope is not None else [given[i] for i in element.rows or ()]
        return [_key_of(axis, row) for axis, row in zip(axes, rows, strict=True)]

    def loop(self, scope: Scope, taken: set[str]) -> tuple[list[RowSymbol], list[str], list[Written]]:
        """Return the rows of an iteration, what they are among, and under which conditions."""
        if isinstance(scope.family, LXParameter):
            return self._keys(scope, taken)
        indices = [fresh(axis, taken) for axis in self._symbols.axes(scope.family)]
        rows = [index.row for index in indices]
        members = [membership(self._symbols, index) for index in indices]
        return rows, members, family_conditions(self._symbols, scope.family, rows)

    def _keys(self, scope: Scope, taken: set[str]) -> tuple[list[RowSymbol], list[str], list[Written]]:
        """Return the parts of the keys of a parameter, which are written k, k', ..."""
        letters = []
        for _ in scope.rows:
            letter = "k"
            while letter in taken:
                letter += "'"
            taken.add(letter)
            letters.append(letter)
        key = letters[0] if len(letters) == 1 else rf"\left( {', '.join(letters)} \right)"
        held = rf"\operatorname{{keys}}\left( {self.table(scope.family, None)} \right)"
        return [RowSymbol(Written(letter), ()) for letter in letters], [rf"{key} \in {held}"], []


class _Loops:
    """The iterations of a term, within those rows that have symbols already."""

    def __init__(self, writer: RuleWriter, scopes: Sequence[Scope], rows: Sequence[RowSymbol]) -> None:
        taken = {row.written.text for row in rows}
        written = [writer.loop(scope, taken) for scope in scopes]
        self.groups = [group for group, _, _ in written]
        self.rows = [row for group in self.groups for row in group]
        self.members = [member for _, members, _ in written for member in members]
        self.conditions = [condition for _, _, conditions in written for condition in conditions]


def _key_of(axis: Axis, row: RowSymbol) -> str:
    """Return the key that a row has in a dimension, which may be another than its own."""
    if not axis.key or axis.key == row.key:
        return row.written.text
    return f"{name_latex('.'.join(axis.key), 'mathrm')}_{{{row.written.text}}}"
