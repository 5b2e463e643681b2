"""A whole model in the notation of mathematics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.completeness import check_complete
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.notation.index_sets import domain_latex, family_conditions, indices_of, joined
from lumix_core.compiler.notation.rules import RELATIONS, RuleWriter
from lumix_core.compiler.notation.symbols import Index, Symbols
from lumix_core.compiler.notation.terms import SKIPPED, TermWriter, variable_latex
from lumix_core.compiler.plan import plan
from lumix_core.compiler.rules.outcomes import SKIPPED as LEFT_OUT
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.formulas.latex import CASES, SUM, Written, number_written
from lumix_core.formulas.latex_text import name_latex, text_latex
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.expressions import LXLinearExpression, Term
from lumix_core.language.term_overloads import Meaning
from lumix_core.language.variables import Domain

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.families import IndexedFamily
    from lumix_core.language.model import LXModel
    from lumix_core.language.variables import LXVariable

Line = tuple[str, str, str]
"""What a line begins with, its mathematics, and for which indices it is."""
_SETS = {Domain.CONTINUOUS: r"\mathbb{R}", Domain.INTEGER: r"\mathbb{Z}", Domain.BINARY: r"\{0, 1\}"}
LONGEST_NOTE = 300
"""The most characters of a note."""
_ZERO, _ONE = number_written(0.0), number_written(1.0)
_FONTS = "italic: variables; upright: attributes of rows; sans serif: parameters and other tables"


def model_latex(model: LXModel, families: int, terms: int) -> str:
    """Return a model in LaTeX, as `LXModel.to_latex` describes."""
    check_complete(model)
    with Evaluator() as evaluator:
        plan(model, evaluator.tracer, evaluator.reading)
        rules = evaluator.tracer.rules
        writer = _ModelWriter(model, Symbols(model, evaluator), rules, families, terms)
        lines = [*writer.objective(), *writer.constraints(), *writer.variables()]
    body = " \\\\\n".join(_aligned(line) for line in [*lines, *writer.notes(lines)])
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _aligned(line: Line) -> str:
    lead, text, domain = line
    return rf"{lead} & \quad {text}" + (rf" & & \quad {domain}" if domain else "")


def _between(middle: str, lower: Written | None, upper: Written | None) -> str:
    below = "" if lower is None else rf"{lower.within(SUM)} \le "
    return f"{below}{middle}" + ("" if upper is None else rf" \le {_right(upper)}")


def _right(written: Written) -> str:
    """Return what stands at the end of a line, where the cases of a function need no parentheses."""
    return written.text if written.level == CASES else written.within(SUM)


class _ModelWriter:
    def __init__(
        self, model: LXModel, symbols: Symbols, rules: Mapping[UserFunction, PlannedRule], families: int, terms: int
    ) -> None:
        self._rules = rules
        self._families = families
        self._terms = terms
        self._model = model
        self._symbols = symbols

    def objective(self) -> Iterator[Line]:
        direction = {None: "find", True: "maximize", False: "minimize"}[self._model.maximizing]
        if self._model.maximizing is None:
            yield text_latex(direction), text_latex("any feasible point"), ""
            return
        yield text_latex(direction), self._objective(), ""

    def _objective(self) -> str:
        objective = self._costs() if self._model.objective is None else self._model.objective
        if isinstance(objective, LXLinearExpression):
            return TermWriter(self._symbols, (), "the objective").expression(objective, self._terms)
        planned = self._rules[objective]
        if planned.traced is None:
            return self._symbols.rule(objective, (), planned.reason)
        return RuleWriter(self._symbols, planned, (), self._terms).sum()

    def _costs(self) -> LXLinearExpression:
        """Return the costs of the variables as an expression."""
        expression = LXLinearExpression()
        expression.terms = [
            Term(variable, cost, None, None, Meaning.SUM)
            for variable in self._model.variables
            for cost in variable.costs
        ]
        return expression

    def constraints(self) -> Iterator[Line]:
        lead = text_latex("subject to")
        for constraint in self._model.constraints[: self._families]:
            indices = indices_of(self._symbols, constraint)
            label = rf"{name_latex(constraint.name, 'mathbf')}\colon\; "
            for text, conditions in self._constraint(constraint, indices):
                yield (
                    lead,
                    f"{label}{text}{self._goal(constraint, indices)}",
                    self._for_all(constraint, indices, conditions),
                )
                lead = ""
        yield from self._more(len(self._model.constraints), "constraint")

    def _more(self, count: int, word: str) -> Iterator[Line]:
        if count > self._families:
            yield "", text_latex(f"... ({count - self._families:,} more of the families of {word}s)"), ""

    def _constraint(
        self, constraint: LXConstraint[Any], indices: Sequence[Index]
    ) -> Iterator[tuple[str, list[Written]]]:
        """Yield a comparison with the conditions under which there is one; several for a rule with several senses."""
        if constraint.function is None:
            yield self._comparison(constraint, indices), []
            return
        planned = self._rules[constraint.function]
        if planned.traced is None:
            yield self._symbols.rule(constraint.function, [index.row for index in indices], planned.reason), []
            return
        writer = RuleWriter(self._symbols, planned, indices, self._terms)
        for sense, condition in planned.senses.items():
            if sense != LEFT_OUT:
                yield writer.comparison(sense), [] if condition is None else [writer.condition(condition)]

    def _comparison(self, constraint: LXConstraint[Any], indices: Sequence[Index]) -> str:
        assert constraint.lhs is not None
        assert constraint.sense is not None
        left = TermWriter(self._symbols, indices, constraint.owner).expression(constraint.lhs, self._terms)
        if constraint.range is None:
            side = _right(self._number(constraint.right_hand_side, indices))
            return f"{left} {RELATIONS[constraint.sense]} {side}"
        lower, upper = constraint.range
        below = None if lower == -math.inf else self._number(lower, indices)
        above = None if upper == math.inf else self._number(upper, indices)
        return _between(left, below, above)

    def _goal(self, constraint: LXConstraint[Any], indices: Sequence[Index]) -> str:
        """Return what a constraint is as a goal; empty for one that is none."""
        if not constraint.is_goal():
            return ""
        priority, weight = (self._number(given, indices).text for given in constraint.goal_functions)
        return rf"\quad {text_latex('(goal, priority ')} {priority}{text_latex(', weight ')} {weight}{text_latex(')')}"

    def variables(self) -> Iterator[Line]:
        for variable in self._model.variables[: self._families]:
            indices = indices_of(self._symbols, variable)
            yield "", self._variable(variable, indices), self._for_all(variable, indices)
        yield from self._more(len(self._model.variables), "variable")

    def _variable(self, variable: LXVariable[Any, Any], indices: Sequence[Index]) -> str:
        symbol = variable_latex(variable.name, [index.symbol for index in indices])
        lower, upper = self._bound(variable, "lower", indices), self._bound(variable, "upper", indices)
        domain = variable.domain
        if domain is Domain.BINARY and (lower, upper) == (_ZERO, _ONE):
            return rf"{symbol} \in {_SETS[domain]}"
        kind = _SETS[Domain.INTEGER if domain.is_whole else Domain.CONTINUOUS]
        bounded = _between(symbol, lower, upper)
        if domain.is_semi:
            whole = rf",\; {symbol} \in {_SETS[Domain.INTEGER]}" if domain.is_whole else ""
            return rf"{symbol} = 0 \;\vee\; {bounded}{whole}"
        if bounded != symbol and domain is Domain.CONTINUOUS:
            return bounded
        return rf"{symbol} \in {kind}" if bounded == symbol else rf"{bounded},\; {symbol} \in {kind}"

    def _bound(self, variable: LXVariable[Any, Any], which: str, indices: Sequence[Index]) -> Written | None:
        """Return a bound, None where there is none; one of a variable that is or was binary stays within 0 and 1."""
        value = variable.lower if which == "lower" else variable.upper
        infinite, unit, extreme = (-math.inf, 0.0, "max") if which == "lower" else (math.inf, 1.0, "min")
        is_unit = which in variable.unit_bounds
        if value is None or value == infinite:
            return number_written(unit) if is_unit else None
        if is_unit and not isinstance(value, UserFunction):
            return number_written(max(value, unit) if which == "lower" else min(value, unit))
        number = self._number(value, indices)
        return Written(rf"\{extreme} \{{ {number.text}, {unit:g} \}}") if is_unit else number

    def _number(self, value: float | UserFunction | None, indices: Sequence[Index]) -> Written:
        if not isinstance(value, UserFunction):
            return number_written(value)
        axes = [index.axis for index in indices]
        value.arity(len(axes))
        return self._symbols.written(value, [index.row for index in indices], axes)

    def _for_all(self, family: IndexedFamily[Any], indices: Sequence[Index], more: Sequence[Written] = ()) -> str:
        if not indices:
            return rf"\text{{if }} {joined(more)}" if more else ""
        conditions = family_conditions(self._symbols, family, [index.row for index in indices])
        return rf"\forall\, {domain_latex(self._symbols, indices, [*conditions, *more])}"

    def notes(self, lines: Sequence[Line]) -> Iterator[Line]:
        """Yield what the symbols stand for."""
        written = " ".join(text for line in lines for text in line)
        signs = {
            SKIPPED: (r"\circ", "left out where the family has no such element"),
            r"\left[": (r"\left[ \cdot \right]", "1 where the condition holds, else 0"),
        }
        notes = {symbol: note for sign, (symbol, note) in signs.items() if sign in written}
        lead = text_latex("where")
        for symbol, note in {**self._symbols.notes, **notes}.items():
            yield lead, rf"{symbol}\colon\; {text_latex(note, LONGEST_NOTE)}", ""
            lead = ""
        yield lead, text_latex(_FONTS, LONGEST_NOTE), ""
