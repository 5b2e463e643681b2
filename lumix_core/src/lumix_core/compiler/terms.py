"""Terms as nonzeros: which element of a family stands in which row of a constraint, with which coefficient."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.joins.key_filter import picked
from lumix_core.errors import LXMissingKeyError, LXModelError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.rows.columns import column
from lumix_core.rows.key_index import KeyIndex

if TYPE_CHECKING:
    from lumix_core.language.expressions import Term

FEW = 3
"""For so many elements, the check of a function's columns calls it as often as there are elements."""


@dataclass(frozen=True, eq=False)
class Entries:
    """Nonzeros of one term: row of the constraint, element of the variable, and coefficient (arrays of one length)."""

    rows: IntArray
    elements: IntArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class TermReader:
    """Reads one term against the family of its variable and the rows of its constraint.

    Args:
        term: as the user wrote it.
        family: of the term's variable.
        constraint: the family of the constraint (an indexed one has rows that functions may take), or
            of a single element for the objective.
        position: what the term is part of, for messages: "constraint 'hours'".
        evaluator: of this compile.
    """

    term: Term
    family: Family
    constraint: Family
    position: str
    evaluator: Evaluator

    def entries(self) -> Entries:
        """Return the nonzeros of the term.

        Raises:
            LXMissingKeyError: a constraint's row has no variable of its own, or ``keys=`` names none.
            LXNumberError: a coefficient is not a finite number.
        """
        found = self._own() if self._means_own() else self._summed()
        return Entries(found.rows, found.elements, self._scaled(found.values))

    def _scaled(self, values: FloatArray) -> FloatArray:
        if self.term.scale == 1.0:
            return values
        with np.errstate(over="ignore"):
            return values * self.term.scale

    @property
    def _dimensions(self) -> int:
        return len(self.family.arguments)

    def _takes_row(self, function: float | UserFunction | None) -> bool:
        """Whether a function of the term takes the constraint's row beside its own rows."""
        if not isinstance(function, UserFunction):
            return False
        return function.arity(self._dimensions, bool(self.constraint.arguments)) > self._dimensions

    def _means_own(self) -> bool:
        """Whether the term is for the constraint row's own variable, not for the whole family."""
        mine, others = self.constraint.kind, self.family.kind
        if not self.term.own or mine is None or others is None:
            return False
        if self._takes_row(self.term.coefficient) or self._takes_row(self.term.condition):
            return False
        same = mine.same(others)
        if same is None:
            raise LXModelError(
                f"{sentence(self.position)}: add_term({self.family.name!r}) could mean the row's own "
                f"variable or the sum of all, since both are made over rows of no class of their own, from different "
                f"sources. Write add_multi_term or sum_over for the sum; for the own variable make both over one "
                f"source, or give the rows a class (a dataclass or named tuple)."
            )
        return same

    def _own(self) -> Entries:
        rows = np.arange(self.constraint.size)
        batch = self._named(self.constraint.batch())
        if self.term.condition is not None:
            rows = np.flatnonzero(self.evaluator.truths(self.term.condition, batch))
        if self.term.keys is not None:
            self._check_keys(self.term.keys)
            chosen = set(self.term.keys)
            rows = rows[[key in chosen for key in self._own_keys(batch.take(rows))]]
        elements = self._own_members(batch, rows)
        return Entries(rows, elements, self.evaluator.numbers(self.term.coefficient, batch.take(rows)))

    def _own_keys(self, batch: Batch) -> list[Hashable]:
        assert self.family.reader is not None
        keys: list[Hashable] = self.family.reader.keys(batch, self.evaluator).tolist()
        return keys

    def _own_members(self, batch: Batch, rows: IntArray) -> IntArray:
        """Return the variable of each row: by its position where both are made over one source, else by its key."""
        (mine,), (others,) = self.constraint.arguments, self.family.arguments
        if mine.table is others.table:
            elements = np.full(len(mine.table), -1)
            elements[others.positions] = np.arange(self.family.size)
            found = elements[mine.positions[rows]]
            if (found >= 0).all():
                return found
        keys = self._own_keys(batch.take(rows))
        index = KeyIndex([column(self.family.keys.levels[0])])
        found = index.positions([column(keys)], len(keys)) if self.family.size else np.full(len(keys), -1)
        if (found < 0).any():
            at = int(np.argmax(found < 0))
            raise LXMissingKeyError(
                f"{sentence(self.position)}, {self.constraint.element(int(rows[at]))}: the row has no "
                f"variable of its own in {self.family.name!r} (no key {keys[at]!r}). "
                f"Leave such rows out with where=, or write add_multi_term to sum over the family."
            )
        return found

    def _summed(self) -> Entries:
        elements = self._chosen()
        condition, coefficient = self.term.condition, self.term.coefficient
        if condition is not None and not self._takes_row(condition):
            elements = self._narrowed(condition, elements)
            batch = self._named(self._batch(elements))
            elements = elements[self.evaluator.truths(condition, batch)]
            condition = None
        if condition is None and not self._takes_row(coefficient):
            elements, values = self._weighed(coefficient, elements)
            rows = self.constraint.size
            counts = values != 0.0
            if not counts.all():
                kept = np.flatnonzero(counts)
                elements, values = elements[kept], values[kept]
            if rows == 1:
                return Entries(np.zeros(len(elements), dtype=np.int64), elements, values)
            return Entries(np.repeat(np.arange(rows), len(elements)), np.tile(elements, rows), np.tile(values, rows))
        return self._paired(elements, condition, coefficient)

    def _weighed(self, coefficient: float | UserFunction, elements: IntArray) -> tuple[IntArray, FloatArray]:
        """Return those of the elements that may have a coefficient, and the coefficients."""
        narrowed = self._narrowed(coefficient, elements)
        batch = self._named(self._batch(narrowed))
        if isinstance(coefficient, UserFunction) and len(narrowed) <= FEW < len(elements):
            return narrowed, self.evaluator.numbers_by_row(coefficient, batch)
        return narrowed, self.evaluator.numbers(coefficient, batch)

    def _narrowed(self, function: float | UserFunction, elements: IntArray) -> IntArray:
        """Return those of the elements that a function selects by a key; all of them where it does not."""
        if not isinstance(function, UserFunction) or len(elements) < self.family.size:
            return elements
        function.check_captures()
        found = picked(self.evaluator, function, self.family.batch())
        return elements if found is None else elements[found]

    def _paired(self, elements: IntArray, condition: UserFunction | None, coefficient: float | UserFunction) -> Entries:
        """Evaluate functions that take the constraint's row, over the combinations of rows and elements."""
        dimensions = self._dimensions
        axes = Axes(
            (self.constraint.batch(), self._named(self._batch(elements))),
            (*((1, position) for position in range(dimensions)), (0, 0)),  # functions take the constraint's row last
        )
        weighs = self._takes_row(coefficient)
        found = matching(self.evaluator, axes, [] if condition is None else [condition], coefficient if weighs else 1.0)
        batch = axes.batch(found.picks, None if weighs else dimensions)
        rows, picks = found.picks
        return Entries(rows, elements[picks], self.evaluator.numbers(coefficient, batch, found.known))

    def _named(self, batch: Batch) -> Batch:
        """Name elements with the position of the term."""
        return Batch(batch.arguments, batch.size, lambda i: f"{batch.element(i)} in {self.position}")

    def _batch(self, elements: IntArray) -> Batch:
        batch = self.family.batch()
        return batch if len(elements) == batch.size else batch.take(elements)

    def _chosen(self) -> IntArray:
        if self.term.keys is None:
            return self.family.elements
        return np.unique(self._check_keys(self.term.keys))

    def _check_keys(self, keys: tuple[Hashable, ...]) -> IntArray:
        elements = [self.family.keys.find(key) for key in keys]
        if None in elements:
            raise LXMissingKeyError(
                f"{sentence(self.position)}: keys= names {keys[elements.index(None)]!r}, which "
                f"{self.family.name!r} does not have. Give keys of the family "
                f"(tuples, in the order of its dimensions, for several), or filter with where=."
            )
        return np.array(elements, dtype=np.int64)
