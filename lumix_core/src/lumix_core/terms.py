"""Terms as nonzeros: which member of a family stands in which row of a constraint, with which coefficient."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.errors import LXMissingKeyError, LXModelError, sentence
from lumix_core.families import Family
from lumix_core.formulas import Batch, combined, matching, numbers, truths
from lumix_core.functions import UserFunction
from lumix_core.keys import IntArray
from lumix_core.problem import FloatArray

if TYPE_CHECKING:
    from lumix_core.expressions import Term


@dataclass(frozen=True, eq=False)
class Entries:
    """Nonzeros of one term: row of the constraint, member of the variable, and coefficient (arrays of one length)."""

    rows: IntArray
    members: IntArray
    values: FloatArray


@dataclass(frozen=True, eq=False)
class TermReader:
    """Reads one term against the family of its variable and the rows of its constraint.

    Args:
        term: as the user wrote it.
        family: of the term's variable.
        constraint: the family of the constraint (an indexed one has rows that functions may take), or
            of a single member for the objective.
        place: what the term is part of, for messages: "constraint 'hours'".
    """

    term: Term
    family: Family
    constraint: Family
    place: str

    def entries(self) -> Entries:
        """Return the nonzeros of the term.

        Raises:
            LXMissingKeyError: a constraint's row has no variable of its own, or ``keys=`` names none.
            LXNumberError: a coefficient is not a finite number.
        """
        found = self._own() if self._means_own() else self._summed()
        return Entries(found.rows, found.members, self._scaled(found.values))

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
                f"{sentence(self.place)}: add_term({self.family.name!r}) could mean the row's own "
                f"variable or the sum of all, since both are made over rows of no class of their own, from different "
                f"sources. Write add_multi_term or sum_over for the sum; for the own variable make both over one "
                f"source, or give the rows a class (a dataclass or named tuple)."
            )
        return same

    def _own(self) -> Entries:
        rows = np.arange(self.constraint.size)
        batch = self._named(self.constraint.batch())
        if self.term.condition is not None:
            rows = np.flatnonzero(truths(self.term.condition, batch))
        assert self.family.reader is not None
        keys = self.family.reader.keys(batch.take(rows))
        if self.term.keys is not None:
            self._check_keys(self.term.keys)
            chosen = set(self.term.keys)
            kept = [i for i, key in enumerate(keys) if key in chosen]
            rows, keys = rows[kept], [keys[i] for i in kept]
        members = self._members_of(keys, rows)
        return Entries(rows, members, numbers(self.term.coefficient, batch.take(rows)))

    def _members_of(self, keys: list[Hashable], rows: IntArray) -> IntArray:
        members = [self.family.keys.find(key) for key in keys]
        if None in members:
            at = members.index(None)
            raise LXMissingKeyError(
                f"{sentence(self.place)}, {self.constraint.member(int(rows[at]))}: the row has no "
                f"variable of its own in {self.family.name!r} (no key {keys[at]!r}). "
                f"Leave such rows out with where=, or write add_multi_term to sum over the family."
            )
        return np.array(members, dtype=np.int64)

    def _summed(self) -> Entries:
        members = self._chosen()
        condition, coefficient = self.term.condition, self.term.coefficient
        if condition is not None and not self._takes_row(condition):
            members = members[truths(condition, self._named(self.family.batch().take(members)))]
            condition = None
        if condition is None and not self._takes_row(coefficient):
            values = numbers(coefficient, self._named(self.family.batch().take(members)))
            rows = self.constraint.size
            return Entries(np.repeat(np.arange(rows), len(members)), np.tile(members, rows), np.tile(values, rows))
        return self._paired(members, condition, coefficient)

    def _paired(self, members: IntArray, condition: UserFunction | None, coefficient: float | UserFunction) -> Entries:
        """Evaluate functions that take the constraint's row, over the combinations of rows and members."""
        axes = [self.constraint.batch(), self.family.batch().take(members)]
        rows, picks = matching(axes, [] if condition is None else [condition], self._arranged)
        batch = self._arranged(combined(axes, (rows, picks)))
        if isinstance(coefficient, UserFunction) and not self._takes_row(coefficient):
            batch = batch.first_arguments(self._dimensions)
        return Entries(rows, members[picks], numbers(coefficient, batch))

    def _arranged(self, batch: Batch) -> Batch:
        """Put the constraint's row, which varies slowest, behind the rows of the member, as functions take them."""
        return self._named(Batch((*batch.arguments[1:], batch.arguments[0]), batch.size, batch.member))

    def _named(self, batch: Batch) -> Batch:
        """Name members with the place of the term."""
        return Batch(batch.arguments, batch.size, lambda i: f"{batch.member(i)} in {self.place}")

    def _chosen(self) -> IntArray:
        if self.term.keys is None:
            return np.arange(self.family.size)
        return np.unique(self._check_keys(self.term.keys))

    def _check_keys(self, keys: tuple[Hashable, ...]) -> IntArray:
        members = [self.family.keys.find(key) for key in keys]
        if None in members:
            raise LXMissingKeyError(
                f"{sentence(self.place)}: keys= names {keys[members.index(None)]!r}, which "
                f"{self.family.name!r} does not have. Give keys of the family "
                f"(tuples, in the order of its dimensions, for several), or filter with where=."
            )
        return np.array(members, dtype=np.int64)
