"""What a rule became, as text: sums over families with their conditions, as one would write them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.compiler.rules.outcomes import LEFT, LOWER, MIDDLE, RIGHT, SKIPPED, SUM, UPPER
from lumix_core.compiler.rules.parts import RulePart
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
        texts = [self.part(part) for part in self._planned.parts if part.output == output]
        return " + ".join(texts).replace("+ -", "- ") or "0"

    def part(self, part: RulePart) -> str:
        """Return one term."""
        loops = [self._loop(scope, part.scopes) for scope in part.scopes]
        inner = [name for names, _ in loops for name in names]
        rows = self.rows if part.reads_rows else []
        names = dict(enumerate([*inner, *rows] if part.is_plain else [*rows, *inner]))
        term = self._term(part, names, [names for names, _ in loops])
        condition = self.where(part.condition, names)
        if not loops:
            return f"({term}{condition})" if condition else term
        return f"sum({term} {' '.join(text for _, text in loops)}{condition})"

    def _term(self, part: RulePart, names: dict[int, str], loops: list[list[str]]) -> str:
        number = part.coefficient
        text = f"{number:g}" if isinstance(number, float) else self.node(number.formula, names)
        text = text if part.count == 1 else f"{part.count} * {text}"
        if part.element is None:
            return text
        element = self._element(part, names, loops)
        return {"1": element, "-1": f"-{element}"}.get(text, f"{text} * {element}")

    def _element(self, part: RulePart, names: dict[int, str], loops: list[list[str]]) -> str:
        element = part.element
        assert element is not None
        if element.key is not None:
            key = self.node(element.key.formula, names).removeprefix("(").removesuffix(")")
        else:
            rows = loops[element.scope] if element.scope is not None else [names[i] for i in element.rows or ()]
            key = ", ".join(rows)
        name = element.variable.name
        if element.is_optional:
            return f"{name}.get(({key}), 0)"
        return f"{name}[{key}]" if key else name

    def _loop(self, scope: Scope, scopes: Sequence[Scope]) -> tuple[list[str], str]:
        """Return the names of the rows of a loop, and the loop."""
        before = sum(len(other.rows) for other in scopes[: scopes.index(scope)])
        letters = [letter for letter in _LETTERS if letter not in self.rows]
        names = [letters[(before + i) % len(letters)] for i in range(len(scope.rows))]
        return names, f"for {', '.join(names)} in {scope.family.name}"

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
        scopes = node.contents.scopes
        loops = [self._loop(scope, scopes) for scope in scopes]
        inner = dict(enumerate([*(names[i] for i in node.arguments), *(name for some, _ in loops for name in some)]))
        through = " ".join(text for _, text in loops)
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
