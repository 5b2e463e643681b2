"""Rules that are called with real rows, and traced ones checked against the same for a few rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lumix_core.compiler.evaluator import Evaluator, sample
from lumix_core.compiler.families import Family
from lumix_core.compiler.rules.evaluation import (
    ObjectiveNumbers,
    RuleNumbers,
    Sides,
    bounded,
    objective_of,
    taken,
)
from lumix_core.compiler.rules.nonlinear_columns import Argument, argument_of
from lumix_core.compiler.rules.outcomes import LOWER, RIGHT, SKIPPED, SUM, UPPER
from lumix_core.compiler.rules.parts import ArgumentPart, ElementPart, FunctionPart, RulePart, elements_of, is_needed
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.compiler.rules.real_runs import SKIPS, RealRun, Recorded, recorded
from lumix_core.language.elements import Element
from lumix_core.problem.keys import MISSING
from lumix_core.problem.problem import LXSense

if TYPE_CHECKING:
    from lumix_core.compiler.columns import Columns

Rows: TypeAlias = tuple[Any, ...]
FEW = 3
"""How many rows of each family a rule goes through where it is checked."""


def numbers_by_row(planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator) -> RuleNumbers:
    """Call a rule for each row of its constraint; raises as `recorded`."""
    run = RealRun(columns, evaluator, planned.rule.role)
    return _numbers(planned, family, recorded(planned, family.batch(), run), run)


def objective_by_row(planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator) -> ObjectiveNumbers:
    """Call an objective once."""
    run = RealRun(columns, evaluator, planned.rule.role)
    return objective_of(Sides(family, recorded(planned, family.batch(), run, sums=True).found()), run.nonlinear)


def _numbers(planned: PlannedRule, family: Family, given: Recorded, run: RealRun) -> RuleNumbers:
    kept = np.flatnonzero([sense != SKIPS for sense in given.senses])
    senses = [given.senses[i] for i in kept.tolist()]
    where = {sense: np.array([one == sense for one in senses]) for sense in dict.fromkeys(senses) if type(sense) is str}
    positions = np.full(family.size, -1)
    positions[kept] = np.arange(len(kept))
    found = {
        output: [replace(one, rows=positions[one.rows]) for one in parts] for output, parts in given.found().items()
    }
    numbers = bounded(Sides(taken(family, kept), found), where, planned, run.nonlinear)
    numbers.upper[[i for i, sense in enumerate(senses) if sense is False]] = -1.0  # numbers that are not so
    return numbers


def agrees(
    planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator, *, sums: bool = False
) -> bool | None:
    """Return whether a rule gives for a few real rows what was traced of it; None where it fails for them."""
    rows = np.array(sample(family.size), dtype=np.int64)
    some = taken(family, rows)
    run = RealRun(columns, evaluator, planned.rule.role, FEW)
    try:
        real = recorded(planned, some.batch(), run, sums=sums)
        traced = _interpreted(planned, some, run, sums)
    except Exception:  # noqa: BLE001 - going row by row reports it, if its columns do not
        return None
    pairs = zip(_by_row(real, len(rows)), _by_row(traced, len(rows)), strict=True)
    return all(_is_alike(mine, other) for mine, other in pairs)


@dataclass(eq=False)
class _Row:
    """What a rule gave for one row: its sense, the numbers of its elements, and those of its sides."""

    sense: str | bool
    elements: dict[int | None, list[float]] = field(default_factory=lambda: defaultdict(list))
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def numbers(self, sign: float = 1.0) -> Any:
        """Return what can be compared; the numbers at one place are added in the order of their values."""
        totals = {column: sign * sum(sorted(some)) for column, some in self.elements.items()}
        return {column: total for column, total in totals.items() if total}, sum(self.lower), sum(self.upper)

    def holds(self) -> bool | None:
        """Return whether numbers compare so; None where there are elements of variables."""
        elements, lower, upper = self.numbers()
        difference = elements.pop(None, 0.0)
        if elements:
            return None
        below, above = self.sense != LXSense.LE, self.sense != LXSense.GE
        if self.sense == LXSense.BETWEEN:
            return bool(lower <= difference <= upper)
        return not (below and difference < 0.0) and not (above and difference > 0.0)


def _by_row(given: Recorded, size: int) -> list[_Row]:
    """Return what a rule gave, with all variables and numbers of a comparison on its left."""
    rows = [_Row(given.senses[i] if given.senses else SUM) for i in range(size)]
    for output, terms in given.terms.items():
        sign = -1.0 if output == RIGHT else 1.0
        for i, column, value in terms:
            if output in (LOWER, UPPER):
                (rows[i].lower if output == LOWER else rows[i].upper).append(value)
            else:
                rows[i].elements[column].append(sign * value)
    return rows


def _is_alike(real: _Row, traced: _Row) -> bool:
    if type(real.sense) is bool:
        return traced.holds() is real.sense
    if real.sense != traced.sense:
        return False
    is_turned = real.sense == LXSense.EQ and real.numbers() == traced.numbers(-1.0)
    return real.numbers() == traced.numbers() or is_turned


def _interpreted(planned: PlannedRule, family: Family, run: RealRun, sums: bool) -> Recorded:
    """Compute what was traced of a rule for single rows, one after the other."""
    interpreter = _Interpreter(run)
    for total in planned.totals:
        total.rows_of = run.tuples
    for i, rows in enumerate(family.batch().calls()):
        found = [one for one, where in planned.senses.items() if where is None or where.call(*rows)]
        interpreter.result.senses += [] if sums else [SKIPS if one == SKIPPED else one for one in found]
        for part in () if found == [SKIPPED] else planned.parts:
            interpreter.add(part, i, rows, ())
    return interpreter.result


class _Interpreter:
    """Computes terms for single rows.

    Args:
        run: knows the rows of families, and their elements.
    """

    def __init__(self, run: RealRun) -> None:
        self.result = Recorded()
        self._run = run

    def add(self, part: RulePart, i: int, rows: Rows, inner: tuple[Rows, ...]) -> None:
        """Add a term, for what remains of its loops."""
        if len(inner) < len(part.scopes):
            for row in self._run.tuples(part.scopes[len(inner)].family):
                self.add(part, i, rows, (*inner, row))
            return
        flat = tuple(value for row in inner for value in row)
        own = rows if part.reads_rows else ()
        given = (*flat, *own) if part.is_plain else (*own, *flat)
        if part.condition is not None and not part.condition.call(*given):
            return
        coefficient = _number(part, given)
        if coefficient:
            column = self._column(part, given, rows, inner)
            if column != MISSING:
                self.result.terms[str(part.output)] += [(i, column, coefficient)] * part.count

    def _column(self, part: RulePart, given: Rows, rows: Rows, inner: tuple[Rows, ...]) -> int | None:
        """Return the column of what a term stands for; `MISSING` for an optional element that is not there."""
        if isinstance(part.element, FunctionPart):
            by_scope = dict(zip(part.scopes, inner, strict=True))
            return self._function(part.element, rows, tuple(by_scope[scope] for scope in part.element.scopes))
        columns: list[int] = []
        for element in sorted(elements_of(part.element), key=is_needed):
            columns.append(self._element(element, given, inner))
            if columns[-1] == MISSING:
                return MISSING
        if len(columns) == 2:
            return self._run.nonlinear.product(*columns)
        return columns[0] if columns else None

    def _element(self, element: ElementPart, given: Rows, inner: tuple[Rows, ...]) -> int:
        key: Hashable
        if element.key is not None:
            key = element.key.call(*given)
        else:
            rows = inner[element.scope] if element.scope is not None else tuple(given[i] for i in element.rows or ())
            key = rows[0] if len(rows) == 1 else rows
        return self._run.column(Element(element.variable, key, element.is_optional))

    def _function(self, function: FunctionPart, rows: Rows, around: tuple[Rows, ...]) -> int:
        outer = (*(rows if function.reads_rows else ()), *(value for row in around for value in row))
        arguments = [one for part in function.arguments for one in self._arguments(part, outer, ())]
        return self._run.nonlinear.function(function.kind, arguments)

    def _arguments(self, part: ArgumentPart, outer: Rows, inner: tuple[Rows, ...]) -> Iterator[Argument]:
        """Yield the arguments that a function has, for what remains of what it goes through."""
        if len(inner) < len(part.scopes):
            for row in self._run.tuples(part.scopes[len(inner)].family):
                yield from self._arguments(part, outer, (*inner, row))
            return
        given = (*outer, *(value for row in inner for value in row))
        if part.condition is None or part.condition.call(*given):
            inside = _Interpreter(self._run)
            for term in part.parts:
                inside.add(term, 0, given, ())
            yield argument_of([(column, value) for terms in inside.result.terms.values() for _, column, value in terms])


def _number(part: RulePart, given: Rows) -> float:
    return part.coefficient if isinstance(part.coefficient, float) else float(part.coefficient.call(*given))
