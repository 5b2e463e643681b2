"""The numbers of a rule: the nonzeros and the sides of its constraints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.rules.found import Found
from lumix_core.compiler.rules.nonlinear_columns import NonLinearColumns, NonLinearNumbers
from lumix_core.compiler.rules.outcomes import INFINITE, LEFT, LOWER, MIDDLE, RIGHT, SKIPPED, SUM, UPPER
from lumix_core.compiler.rules.part_reading import PartReader
from lumix_core.compiler.rules.planning import PlannedRule
from lumix_core.errors import LXNumberError, sentence
from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray, without_noise
from lumix_core.problem.problem import LXSense

if TYPE_CHECKING:
    from lumix_core.compiler.columns import Columns


Nonzeros: TypeAlias = tuple[IntArray, IntArray, FloatArray]
"""Rows, columns and values, of one length."""


@dataclass(frozen=True, eq=False)
class RuleNumbers:
    """What a rule evaluates to.

    Args:
        family: the rows that there is a constraint for.
        nonzeros: rows, columns and values, in parts, not yet in order; several may be at one position.
        lower, upper: of each row.
        sense: of all rows; `LXSense.BETWEEN` where they have several.
        nonlinear: what is not linear; None where all is.
    """

    family: Family
    nonzeros: list[Nonzeros]
    lower: FloatArray
    upper: FloatArray
    sense: LXSense
    nonlinear: NonLinearNumbers | None = None


@dataclass(frozen=True, eq=False)
class ObjectiveNumbers:
    """What the rule of an objective evaluates to.

    Args:
        columns, values: of its nonzeros; several may be of one column.
        constant: its constant.
        nonlinear: what is not linear; None where all is.
    """

    columns: IntArray
    values: FloatArray
    constant: float
    nonlinear: NonLinearNumbers | None


def objective_of(sides: Sides, nonlinear: NonLinearColumns) -> ObjectiveNumbers:
    """Return an objective from the terms of its sum."""
    linear, rest = apart(sides.elements((SUM, 1.0)), nonlinear)
    _, found, values = stacked(linear)
    return ObjectiveNumbers(found, values, float(sides.constant((SUM, 1.0))[0]), rest)


def apart(parts: list[Nonzeros], nonlinear: NonLinearColumns) -> tuple[list[Nonzeros], NonLinearNumbers | None]:
    """Return the nonzeros in columns of the model, and what those in other columns stand for."""
    if not len(nonlinear):
        return parts, None
    rows, columns, values = stacked(parts)
    rows, columns, values = _added_up(rows, columns, values, columns >= nonlinear.first)
    beyond = columns >= nonlinear.first
    rest = nonlinear.numbers(rows[beyond], columns[beyond], values[beyond])
    return [(rows[~beyond], columns[~beyond], values[~beyond])], rest


def _added_up(
    rows: IntArray, columns: IntArray, values: FloatArray, which: BoolArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return nonzeros of which some are added up at each position, without those that are 0 then."""
    positions = rows[which] * (int(columns.max(initial=0)) + 1) + columns[which]
    unique, first, inverse = np.unique(positions, return_index=True, return_inverse=True)
    totals = _totals(inverse, values[which], np.bincount(inverse, minlength=len(unique)))
    kept = totals != 0.0
    return (
        np.concatenate([rows[~which], rows[which][first][kept]]),
        np.concatenate([columns[~which], columns[which][first][kept]]),
        np.concatenate([values[~which], totals[kept]]),
    )


@dataclass(eq=False)
class Sides:
    """What is known of the parts of a rule's result, before they are brought to one side.

    Args:
        family: the rows.
        found: the terms of each part.
    """

    family: Family
    found: dict[Hashable, list[Found]]

    def constant(self, *signed: tuple[Hashable, float]) -> FloatArray:
        """Return the sum of the numbers of some parts, each with a sign, for each row."""
        rows, values = [], []
        for output, sign in signed:
            for found in self.found.get(output, ()):
                if found.columns is None:
                    rows.append(found.rows)
                    values.append(found.values if sign > 0 else -found.values)
        return summed(rows, values, self.family.size)

    def elements(self, *signed: tuple[Hashable, float]) -> list[Nonzeros]:
        """Return the nonzeros of some parts, each with a sign; several may be at one position."""
        parts = [
            (found.rows, found.columns, found.values if sign > 0 else -found.values)
            for output, sign in signed
            for found in self.found.get(output, ())
            if found.columns is not None
        ]
        return [in_order_of_values(*stacked(parts))] if parts and self._comes_often(*signed) else parts

    def _comes_often(self, *signed: tuple[Hashable, float]) -> bool:
        """Whether an element may come more than twice in a row, so that the order of adding counts."""
        found = [one for output, _ in signed for one in self.found.get(output, ()) if one.columns is not None]
        counts = Counter(one.family for one in found)
        return any(one.repeats for one in found) or any(count > 2 for count in counts.values())

    def has_elements(self, output: Hashable) -> bool:
        """Whether a part has a variable in any row."""
        return any(found.columns is not None and found.values.any() for found in self.found.get(output, ()))


def stacked(parts: Sequence[Nonzeros]) -> Nonzeros:
    """Return several nonzeros as one."""
    if len(parts) == 1:
        return parts[0]
    rows, columns, values = zip(*parts, strict=True) if parts else ((), (), ())
    none: IntArray = np.empty(0, dtype=np.int64)
    return np.concatenate([none, *rows]), np.concatenate([none, *columns]), np.concatenate([np.empty(0), *values])


def summed(rows: list[IntArray], values: list[FloatArray], size: int) -> FloatArray:
    """Return the sum of numbers for each row, whatever order they come in; 0 where only rounding noise is left."""
    if not rows:
        return np.zeros(size)
    all_rows, all_values = np.concatenate(rows), np.concatenate(values)
    counts = np.bincount(all_rows, minlength=size)
    if counts.max(initial=0) > 2:
        order = np.lexsort((all_values, all_rows))
        all_rows, all_values = all_rows[order], all_values[order]
    return _totals(all_rows, all_values, counts) + 0.0


def _totals(groups: IntArray, values: FloatArray, counts: IntArray) -> FloatArray:
    """Return the sum of the values of each group, of which ``counts`` are how many; 0 where noise alone is left."""
    totals: FloatArray = np.bincount(groups, weights=values, minlength=len(counts)).astype(np.float64)
    if counts.max(initial=0) > 1:
        sizes = np.bincount(groups, weights=np.abs(values), minlength=len(counts))
        totals = np.where(counts > 1, without_noise(totals, sizes, counts), totals)
    return totals


def in_order_of_values(rows: IntArray, columns: IntArray, values: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return nonzeros so that those at one position, if they are many, come in the order of their values."""
    positions = rows * (int(columns.max(initial=0)) + 1) + columns
    _, inverse, counts = np.unique(positions, return_inverse=True, return_counts=True)
    if counts.max(initial=0) <= 2:
        return rows, columns, values
    many = counts[inverse] > 2
    order = np.concatenate([np.flatnonzero(~many), np.flatnonzero(many)[np.lexsort((values[many], positions[many]))]])
    return rows[order], columns[order], values[order]


def rule_numbers(planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator) -> RuleNumbers:
    """Evaluate a traced rule for the rows of its constraint.

    Raises:
        LXModelError: a number is none, or an element is missing; the message names the rule, the row and the key.
    """
    senses = _senses(planned, family, evaluator)
    skipped = senses.pop(SKIPPED, None)
    if skipped is not None:
        kept = np.flatnonzero(~skipped)
        family = taken(family, kept)
        senses = {sense: where[kept] for sense, where in senses.items()}
    nonlinear = NonLinearColumns(columns.size)
    sides = Sides(family, _found(planned, family, columns, evaluator, senses=senses, nonlinear=nonlinear))
    return bounded(sides, senses, planned, nonlinear)


def objective_numbers(planned: PlannedRule, family: Family, columns: Columns, evaluator: Evaluator) -> ObjectiveNumbers:
    """Evaluate a traced objective."""
    nonlinear = NonLinearColumns(columns.size)
    return objective_of(
        Sides(family, _found(planned, family, columns, evaluator, senses={}, nonlinear=nonlinear)), nonlinear
    )


def taken(family: Family, kept: IntArray) -> Family:
    """Return some of the rows of a constraint."""
    from lumix_core.compiler.families import taken_elements

    return family if len(kept) == family.size else taken_elements(family, kept)


def _senses(planned: PlannedRule, family: Family, evaluator: Evaluator) -> dict[str, BoolArray]:
    """Return for which rows the rule has each sense."""
    found: dict[str, BoolArray] = {}
    for sense, condition in planned.senses.items():
        if condition is None:
            found[sense] = np.ones(family.size, dtype=np.bool_)
        else:
            found[sense] = evaluator.truths(condition, family.batch())
    return found


def _found(
    planned: PlannedRule,
    family: Family,
    columns: Columns,
    evaluator: Evaluator,
    *,
    senses: dict[str, BoolArray],
    nonlinear: NonLinearColumns,
) -> dict[Hashable, list[Found]]:
    found: dict[Hashable, list[Found]] = {}
    sense = LXSense(next(iter(senses))) if len(senses) == 1 else None
    for part in planned.parts:
        infinite = None if sense is None else INFINITE.get((sense, str(part.output)))
        reader = PartReader(part, family, columns, planned, evaluator, nonlinear)
        found.setdefault(part.output, []).append(reader.found(infinite))
    return found


def bounded(
    sides: Sides, senses: dict[str, BoolArray], planned: PlannedRule, nonlinear: NonLinearColumns
) -> RuleNumbers:
    """Bring all variables to one side, and all numbers to the other."""
    family = sides.family
    lower, upper = np.full(family.size, -np.inf), np.full(family.size, np.inf)
    is_turned = not sides.has_elements(LEFT) and sides.has_elements(RIGHT)
    here, there = (RIGHT, LEFT) if is_turned else (LEFT, RIGHT)
    least, greatest = (LXSense.LE, LXSense.GE) if is_turned else (LXSense.GE, LXSense.LE)
    rhs = sides.constant((there, 1.0), (here, -1.0))
    for sense, where in senses.items():
        if sense == LXSense.BETWEEN:
            lower[where] = sides.constant((LOWER, 1.0), (MIDDLE, -1.0))[where]
            upper[where] = sides.constant((UPPER, 1.0), (MIDDLE, -1.0))[where]
        if sense in (LXSense.EQ, least):
            lower[where] = rhs[where]
        if sense in (LXSense.EQ, greatest):
            upper[where] = rhs[where]
    _check_sides(lower, upper, family, planned)
    nonzeros, rest = apart(sides.elements((here, 1.0), (there, -1.0), (MIDDLE, 1.0)), nonlinear)
    return RuleNumbers(family, nonzeros, lower, upper, _single_sense(senses, is_turned), rest)


def _single_sense(senses: dict[str, BoolArray], is_turned: bool) -> LXSense:
    if len(senses) != 1:
        return LXSense.BETWEEN
    sense = LXSense(next(iter(senses)))
    return {LXSense.LE: LXSense.GE, LXSense.GE: LXSense.LE}.get(sense, sense) if is_turned else sense


def _check_sides(lower: FloatArray, upper: FloatArray, family: Family, planned: PlannedRule) -> None:
    wrong = np.isnan(lower) | np.isnan(upper) | (lower == np.inf) | (upper == -np.inf)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise LXNumberError(
            f"{sentence(planned.rule.role)} (the function at {planned.rule.location}), {family.element(i)}: a side is "
            f"infinite where nothing would satisfy it, or too large for floating point. Give finite numbers; math.inf "
            f"is no bound on the larger side only."
        )
