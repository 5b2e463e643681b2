"""What a rule became, as text: sums over families with their conditions, as one would write them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.compiler.rules.outcomes import LEFT, LOWER, MIDDLE, RIGHT, SKIPPED, SUM, UPPER
from lumix_core.compiler.rules.parts import ArgumentPart, ElementPart, FunctionPart, RulePart, elements_of
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.runs import Scope, Total
from lumix_core.formulas.arithmetic import same_or_equal
from lumix_core.formulas.nodes import After, Apply, Attribute, Choice, Constant, Element, Lookup, Node, Tuple
from lumix_core.formulas.recorder import Getter, Method
from lumix_core.formulas.user_function import code_of

SIGNS: dict[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.eq: "==",
    same_or_equal: "==",
    operator.ne: "!=",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
}
_LETTERS = "ijklabcdefgh"


def rule_text(planned: PlannedRule) -> str:
    """Return what a rule became, in one line for each of its senses; empty for one that is called row by row."""
    if planned.traced is None:
        return ""
    texts = _Texts(planned)
    names = dict(enumerate(texts.rows))
    return "\n".join(
        texts.comparison(sense) + texts.where(condition, names) for sense, condition in planned.senses.items()
    )


class _Texts:
    """Writes the parts of one rule."""

    def __init__(self, planned: PlannedRule) -> None:
        assert planned.traced is not None
        self._planned = planned
        code, count = code_of(planned.rule.call), planned.traced.arguments.count
        names = () if code is None else code.co_varnames[: code.co_argcount]
        self.rows = [*names[-count:]] if count and len(names) >= count else list(_LETTERS[-count:] if count else "")

    def comparison(self, sense: str) -> str:
        """Return a comparison."""
        if sense in (SKIPPED, SUM):
            return "no constraint" if sense == SKIPPED else self.side(SUM)
        if sense == "between":
            return " <= ".join(map(self.side, (LOWER, MIDDLE, UPPER)))
        return f"{self.side(LEFT)} {sense} {self.side(RIGHT)}"

    def where(self, condition: FormulaFunction | None, names: dict[int, str]) -> str:
        """Return a condition behind what it is for."""
        return "" if condition is None else f" if {self.node(condition.formula, names)}"

    def side(self, output: str) -> str:
        """Return the terms of a part of the result."""
        parts = [part for part in self._planned.parts if part.output == output]
        return self._sum([self.part(part, self.rows, {}) for part in parts])

    def _sum(self, terms: Sequence[str]) -> str:
        return " + ".join(terms).replace("+ -", "- ") or "0"

    def part(self, part: RulePart, rows: Sequence[str], around: Mapping[Scope, list[str]]) -> str:
        """Return one term.

        Args:
            part: the term.
            rows: the names of the rows that it is given before those of its loops.
            around: the names of the rows of each loop around it.
        """
        names_of, loops = self._loops(part.scopes, around)
        inner = [name for scope in part.scopes for name in names_of[scope]]
        mine = list(rows) if part.reads_rows else []
        names = dict(enumerate([*inner, *mine] if part.is_plain else [*mine, *inner]))
        term = self._term(part, names, {**around, **names_of})
        condition = self.where(part.condition, names)
        if not loops:
            return f"({term}{condition})" if condition else term
        return f"sum({term} {loops}{condition})"

    def _term(self, part: RulePart, names: dict[int, str], loops: Mapping[Scope, list[str]]) -> str:
        number = part.coefficient
        text = f"{number:g}" if isinstance(number, float) else self.node(number.formula, names)
        text = text if part.count == 1 else f"{part.count} * {text}"
        if part.element is None:
            return text
        if isinstance(part.element, FunctionPart):
            element = self._function(part.element, loops)
        else:
            element = " * ".join(self._element(one, part, names, loops) for one in elements_of(part.element))
        return {"1": element, "-1": f"-{element}"}.get(text, f"{text} * {element}")

    def _element(
        self, element: ElementPart, part: RulePart, names: dict[int, str], loops: Mapping[Scope, list[str]]
    ) -> str:
        if element.key is not None:
            key = self.node(element.key.formula, names).removeprefix("(").removesuffix(")")
        elif element.scope is not None:
            key = ", ".join(loops[part.scopes[element.scope]])
        else:
            key = ", ".join(names[i] for i in element.rows or ())
        name = element.variable.name
        if element.is_optional:
            return f"{name}.get(({key}), 0)"
        return f"{name}[{key}]" if key else name

    def _function(self, function: FunctionPart, around: Mapping[Scope, list[str]]) -> str:
        rows = self.rows if function.reads_rows else []
        outer = {scope: around[scope] for scope in function.scopes}
        texts = [self._argument(argument, rows, outer) for argument in function.arguments]
        return f"{function.kind.name.lower()}({', '.join(texts)})"

    def _argument(self, argument: ArgumentPart, rows: Sequence[str], outer: Mapping[Scope, list[str]]) -> str:
        names_of, loops = self._loops(argument.scopes, outer)
        within = {**outer, **names_of}
        given = [*rows, *(name for names in within.values() for name in names)]
        text = self._sum([self.part(part, given, within) for part in argument.parts])
        condition = self.where(argument.condition, dict(enumerate(given)))
        return f"{text} {loops}{condition}" if loops else f"{text}{condition}"

    def _loops(self, scopes: Sequence[Scope], around: Mapping[Scope, list[str]]) -> tuple[dict[Scope, list[str]], str]:
        """Return the names of the rows of each loop, and the loops."""
        letters = [letter for letter in _LETTERS if letter not in self.rows]
        count = sum(map(len, around.values()))
        names_of: dict[Scope, list[str]] = {}
        for scope in scopes:
            names_of[scope] = [letters[(count + i) % len(letters)] for i in range(len(scope.rows))]
            count += len(scope.rows)
        return names_of, " ".join(f"for {', '.join(names)} in {one.family.name}" for one, names in names_of.items())

    def node(self, node: Node, names: dict[int, str]) -> str:
        """Return a formula."""
        write = _TEXTS.get(type(node))
        return "..." if write is None else write(self, node, names)

    def _apply(self, node: Apply, names: dict[int, str]) -> str:
        operands = [self.node(operand, names) for operand in node.operands]
        sign = SIGNS.get(node.function)
        if sign is not None:
            return f"({f' {sign} '.join(operands)})"
        if node.function is float:
            return operands[0]
        if node.function is operator.neg:
            return f"-{operands[0]}"
        if isinstance(node.function, Getter):
            return f"{operands[0]}.{node.function.name}"
        if isinstance(node.function, Method):
            return f"{operands[0]}.{node.function.name}({', '.join(operands[1:])})"
        return f"{getattr(node.function, '__name__', 'f')}({', '.join(operands)})"

    def _choice(self, node: Choice, names: dict[int, str]) -> str:
        condition, then, otherwise = (self.node(part, names) for part in node.parts())
        if _is_constant(node.otherwise, False):
            return condition if _is_constant(node.then, True) else f"({condition} and {then})"
        if _is_constant(node.then, True):
            return f"({condition} or {otherwise})"
        if _is_constant(node.then, False):
            negated = f"not {condition}"
            return negated if _is_constant(node.otherwise, True) else f"({negated} and {otherwise})"
        return f"({then} if {condition} else {otherwise})"

    def _total(self, node: Total, names: dict[int, str]) -> str:
        names_of, through = self._loops(node.contents.scopes, {})
        mine = [name for some in names_of.values() for name in some]
        inner = dict(enumerate([*(names[i] for i in node.arguments), *mine]))
        return (
            " + ".join(
                f"sum({self.node(number.formula, inner)} {through}{self.where(condition, inner)})"
                for condition, number in node.contents.parts
            )
            or "0"
        )


def _is_constant(node: Node, value: bool) -> bool:
    return isinstance(node, Constant) and node.value is value


def _attribute(node: Attribute, names: dict[int, str]) -> str:
    return ".".join([names[node.argument], *node.path])


def _table_name(table: Any) -> str:
    return str(getattr(table, "name", f"<{type(table).__name__}>"))


_TEXTS: dict[type, Callable[[Any, Any, dict[int, str]], str]] = {
    Constant: lambda _, node, names: repr(node.value),
    Attribute: lambda _, node, names: _attribute(node, names),
    Apply: _Texts._apply,
    Choice: _Texts._choice,
    Total: _Texts._total,
    Lookup: lambda texts, node, names: (
        f"{_table_name(node.table)}[{texts.node(node.key, names).removeprefix('(').removesuffix(')')}]"
    ),
    Element: lambda texts, node, names: f"{texts.node(node.key, names)} in {_table_name(node.table)}",
    Tuple: lambda texts, node, names: f"({', '.join(texts.node(item, names) for item in node.items)})",
    After: lambda texts, node, names: texts.node(node.result, names),
}
