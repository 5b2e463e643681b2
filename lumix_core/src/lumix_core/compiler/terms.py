"""Terms as nonzeros: which element of a family stands in which row of a constraint, with which coefficient."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.elements import (
    Asked,
    Shared,
    elements_at,
    matching_elements,
    own_elements,
    row_keys,
    shared_dimensions,
)
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.joins.key_filter import picked
from lumix_core.errors import LXMissingKeyError, LXModelError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.term_overloads import Meaning
from lumix_core.problem.arrays import FloatArray, IntArray

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


NOTHING = Entries(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))


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
            LXModelError: it would sum the whole family in every row, or which element it stands for is unclear.
            LXMissingKeyError: a constraint's row has no variable of its own, or ``keys=`` names none.
            LXNumberError: a coefficient is not a finite number.
        """
        found = self._chosen_entries()
        return Entries(found.rows, found.elements, self._scaled(found.values))

    def _chosen_entries(self) -> Entries:
        term, meaning = self.term, self.term.meaning
        if not self.constraint.arguments:
            if term.at is not None or term.skips or meaning is Meaning.MATCHING:
                raise self._without_rows()
            return self._summed()
        if term.at is not None:
            return self._at(term.at)
        if meaning is Meaning.MATCHING:
            return self._matching()
        takes_row = self._takes_row(term.coefficient) or self._takes_row(term.condition)
        if not self.family.arguments:  # a scalar stands in every row
            return self._summed()
        if meaning is Meaning.SUM or takes_row:
            if term.skips:
                raise self._skips_nothing()
            return self._summed()
        return self._own()

    def _scaled(self, values: FloatArray) -> FloatArray:
        if self.term.scale == 1.0:
            return values
        with np.errstate(over="ignore"):
            return values * self.term.scale

    @property
    def _dimensions(self) -> int:
        return len(self.family.arguments)

    def _takes_row(self, function: float | UserFunction | None) -> bool:
        """Whether a function of the term takes the constraint's rows beside its own rows."""
        if not isinstance(function, UserFunction):
            return False
        return function.arity(self._dimensions, len(self.constraint.arguments)) > self._dimensions

    def _own(self) -> Entries:
        """Return the own element of each row; functions are given the constraint's rows where it has none."""
        shared = shared_dimensions(self.family.kinds, self.constraint.kinds)
        if not shared.is_complete:
            if shared.is_empty:  # of what kind its rows would be, nobody knows
                return NOTHING
            raise self._unclear(shared) if shared.unclear else self._sums_all(shared)
        own = [self.constraint.arguments[position] for position in shared.positions if position is not None]
        batch = self._named(Batch(tuple(own), self.constraint.size, self.constraint.element))
        rows = np.arange(self.constraint.size)
        if self.term.condition is not None:
            rows = np.flatnonzero(self.evaluator.truths(self.term.condition, batch))
            batch = batch.take(rows)
        elements = own_elements(self.family, batch.arguments, len(rows), self.evaluator)
        rows, elements, kept = self._present(rows, elements, batch)
        if all(mine.table is other.table for mine, other in zip(self.family.arguments, own, strict=True)):
            values = batch if len(kept) == batch.size else batch.take(kept)
        else:  # rows that are equal by their keys may differ in other attributes
            values = self._named(self._batch_of(elements))
        return Entries(rows, elements, self.evaluator.numbers(self.term.coefficient, values))

    def _present(self, rows: IntArray, elements: IntArray, batch: Batch) -> tuple[IntArray, IntArray, IntArray]:
        """Return the rows that have an element which ``keys=`` names, their elements, and which rows they are."""
        if self.term.keys is None:
            kept = np.arange(len(rows))
            if elements.min(initial=0) >= 0:
                return rows, elements, kept
        else:  # a row whose key is not named has no element to miss
            named = self._check_keys(self.term.keys)
            kept = np.flatnonzero(np.isin(elements, named))
        absent = np.flatnonzero(elements[kept] < 0)
        if len(absent) and not self.term.skips:
            at = int(kept[absent[0]])
            key = self._own_key(batch.take(np.array([at])))
            raise LXMissingKeyError(
                f"{sentence(self.position)}, {self.constraint.element(int(rows[at]))}: the row has no "
                f"variable of its own in {self.family.name!r} (no key {key!r}). "
                f"Leave such rows out with where= or missing='skip', or write sum_over to sum over the family."
            )
        kept = kept[elements[kept] >= 0]
        return rows[kept], elements[kept], kept

    def _own_key(self, batch: Batch) -> Hashable:
        """Return the key that the family would have for a single row of the constraint."""
        key: Hashable
        if self.family.pair_key is not None:
            key = self.family.pair_key.keys(batch, self.evaluator).tolist()[0]
            return key
        parts = [
            row_keys(self.family, dimension, argument, 1, self.evaluator).tolist()[0]
            for dimension, argument in enumerate(batch.arguments)
        ]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _at(self, at: UserFunction) -> Entries:
        """Return the element with the key that a function computes from each row."""
        batch = self._named(self.constraint.batch())
        at.arity(len(self.constraint.arguments))
        elements, asked = elements_at(at, self.family, batch, self.evaluator)
        rows = np.arange(self.constraint.size)
        if self.term.keys is not None:
            rows = np.flatnonzero(np.isin(elements, self._check_keys(self.term.keys)))
            elements = elements[rows]
        absent = np.flatnonzero(elements < 0)
        if len(absent) and not self.term.skips:
            self._check_excluded(rows[absent], asked)
        kept = elements >= 0
        return self._of_pairs(rows[kept], elements[kept])

    def _check_excluded(self, rows: IntArray, asked: Asked) -> None:
        """Refuse rows for which the key of ``at=`` is not one of the family."""
        row = int(rows[0])
        hint = ""
        if self.family.keys.find_row(asked.key(row)) is not None:
            hint = " That is a row of the family: return its key."
        raise LXMissingKeyError(
            f"{sentence(self.position)}, {self.constraint.element(row)}: {self.family.name!r} has no key "
            f"{asked.key(row)!r:.80}, which at= returned.{hint} Return a key of the family, or leave the term out of "
            f"such rows with missing='skip'."
        )

    def _matching(self) -> Entries:
        """Return the elements that agree with each row in every dimension that both have."""
        shared = shared_dimensions(self.family.kinds, self.constraint.kinds)
        if shared.unclear and not shared.is_empty:
            raise self._unclear(shared)
        if all(position is None for position in shared.positions):
            if shared.is_empty:  # of what kind its rows would be, nobody knows
                return NOTHING
            raise LXModelError(
                f"{sentence(self.position)}: sum_over({self.family.name!r}, matching=True), but they have no dimension "
                f"in common: {self._made_over}. Leave matching= out to sum all elements in every row, or match with "
                f"where=lambda {self._parameters}: ..."
            )
        rows, elements = matching_elements(self.family, self.constraint, shared, self.evaluator)
        if self.term.keys is not None:
            kept = np.isin(elements, self._check_keys(self.term.keys))
            rows, elements = rows[kept], elements[kept]
        return self._of_pairs(rows, elements)

    def _of_pairs(self, rows: IntArray, elements: IntArray) -> Entries:
        """Evaluate condition and coefficient for pairs of a row and an element."""
        condition = self.term.condition
        if condition is not None:
            kept = self.evaluator.truths(condition, self._pair_batch(condition, rows, elements))
            rows, elements = rows[kept], elements[kept]
        coefficient = self.term.coefficient
        if not isinstance(coefficient, UserFunction):
            return Entries(rows, elements, np.full(len(rows), coefficient))
        return Entries(
            rows, elements, self.evaluator.numbers(coefficient, self._pair_batch(coefficient, rows, elements))
        )

    def _pair_batch(self, function: UserFunction, rows: IntArray, elements: IntArray) -> Batch:
        batch = self._batch_of(elements)
        if not self._takes_row(function):
            return self._named(batch)
        of_rows = self.constraint.batch().take(rows)
        return Batch(
            (*batch.arguments, *of_rows.arguments),
            len(rows),
            lambda i: f"{of_rows.element(i)} and {batch.element(i)}",
        )

    def _batch_of(self, elements: IntArray) -> Batch:
        """Return some elements as arguments, an element perhaps several times."""
        return self.family.batch().take(elements)

    @property
    def _made_over(self) -> str:
        """What both are made over, for messages."""
        mine, others = (" and ".join(map(str, family.kinds)) for family in (self.family, self.constraint))
        return f"{self.family.name!r} is made over {mine}, the constraint over {others}"

    @property
    def _parameters(self) -> str:
        """The parameters of a function that takes the constraint's rows, for messages."""
        mine = [f"x{i}" for i in range(1, self._dimensions + 1)] if self._dimensions > 1 else ["x"]
        rows = len(self.constraint.arguments)
        return ", ".join([*mine, *([f"row{i}" for i in range(1, rows + 1)] if rows > 1 else ["row"])])

    def _sums_all(self, shared: Shared) -> LXModelError:
        name = self.family.name
        rows = ", ".join(f"row{i}" for i in range(1, len(self.constraint.arguments) + 1))
        common = any(position is not None for position in shared.positions)
        matching = f"For the elements that agree with the row write .sum_over({name}, ..., matching=True). " * common
        return LXModelError(
            f"{sentence(self.position)}: add_term({name}) would sum all {self.family.size} elements of {name!r} again "
            f"in every row, since no function of the term takes the constraint's row, and {self._made_over}. "
            f"For that sum write .sum_over({name}, ...). {matching}"
            f"For one element a row write .add_term({name}, ..., at=lambda {rows if ',' in rows else 'row'}: key), or "
            f"make the constraint .over({name}). For a sum weighed by the row take it in the coefficient or where=: "
            f"lambda {self._parameters}: ..."
        )

    def _unclear(self, shared: Shared) -> LXModelError:
        name = self.family.name
        of_row = self.term.meaning is Meaning.ROW
        if of_row and self._dimensions == 1 and len(self.constraint.arguments) == 1:
            return LXModelError(
                f"{sentence(self.position)}: add_term({name!r}) could mean the row's own "
                f"variable or the sum of all, since both are made over rows of no class of their own, from different "
                f"sources. Write add_multi_term or sum_over for the sum; for the own variable write "
                f"at=lambda row: key, make both over one source, or give the rows a class (a dataclass or named tuple)."
            )
        numbers = " and ".join(str(position + 1) for position in shared.unclear)
        rows = ", ".join(f"row{i}" for i in range(1, len(self.constraint.arguments) + 1))
        return LXModelError(
            f"{sentence(self.position)}: it is unclear which dimension of the constraint is dimension {numbers} of "
            f"{name!r}: {self._made_over}, and their sources do not tell them apart. "
            f"Write .add_term({name}, ..., at=lambda {rows}: key) for one element a row, .sum_over({name}, "
            f"where=lambda {self._parameters}: ...) for a sum, or make the constraint .over({name})."
        )

    def _without_rows(self) -> LXModelError:
        option = "matching=True" if self.term.meaning is Meaning.MATCHING else "at="
        if self.term.at is None and self.term.skips:
            option = "missing='skip'"
        return LXModelError(
            f"{sentence(self.position)}: {option} of the term of {self.family.name!r} needs the rows of an indexed "
            f"constraint, and there are none here. Choose elements with keys= or where=, or index the constraint."
        )

    def _skips_nothing(self) -> LXModelError:
        return LXModelError(
            f"{sentence(self.position)}: missing='skip' of the term of {self.family.name!r} has no meaning for a sum, "
            f"in which no element is missing. Leave it out, or choose the row's element with at=."
        )

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
        rows_of = range(len(self.constraint.arguments))
        axes = Axes(
            (self.constraint.batch(), self._named(self._batch(elements))),
            # functions take the constraint's rows last
            (*((1, position) for position in range(dimensions)), *((0, position) for position in rows_of)),
        )
        weighs = self._takes_row(coefficient)
        found = matching(self.evaluator, axes, [] if condition is None else [condition], coefficient if weighs else 1.0)
        batch = axes.batch(found.picks, None if weighs else dimensions)
        rows, picks = found.picks
        picked = picks if elements is self.family.elements else elements[picks]
        return Entries(rows, picked, self.evaluator.numbers(coefficient, batch, found.known))

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
