"""Which element of a family belongs to a row of a constraint: by the dimensions that both have, or by a key."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.errors import LXIndexKeyError, sentence
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import IntArray
from lumix_core.problem.keys import MISSING
from lumix_core.rows.columns import Column, column, together
from lumix_core.rows.key_index import KeyIndex
from lumix_core.rows.tables import Kind

Pairs = tuple[IntArray, IntArray]
"""Rows of a constraint and elements of a family, of one length."""


@dataclass(frozen=True)
class Shared:
    """Which dimensions a family has in common with a constraint.

    Args:
        positions: for each dimension of the family that of the constraint, None where it has no such dimension.
        unclear: the dimensions of the family that could be one of several of the constraint's, or of which nobody
            can know.
        is_empty: whether nothing is known of the rows of a dimension, since there are none.
    """

    positions: tuple[int | None, ...]
    unclear: tuple[int, ...] = ()
    is_empty: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every dimension of the family is one of the constraint's."""
        return None not in self.positions


def shared_dimensions(family: Sequence[Kind], constraint: Sequence[Kind]) -> Shared:
    """Return which dimensions are made over the same kind of row, each once.

    Rows of one source are the same. Beyond that, rows of one class are; several dimensions of a class correspond in
    their order, where both have as many. Numbers, texts and dates have no class to tell them apart: several of them
    are unclear.
    """
    positions: list[int | None] = [None] * len(family)
    unclear: set[int] = set()
    for same in (_is_one_source, _is_one_kind):
        mine = [i for i in range(len(family)) if positions[i] is None and i not in unclear]
        others = [j for j in range(len(constraint)) if j not in positions]
        for i in mine:
            candidates = [j for j in others if same(family[i], constraint[j])]
            rivals = [k for k in mine if any(same(family[k], constraint[j]) for j in candidates)]
            if not candidates:
                continue
            ordered = len(rivals) == len(candidates) and (
                len(rivals) == 1 or same is _is_one_source or not family[i].anonymous
            )
            if ordered:
                positions[i] = candidates[rivals.index(i)]
            else:
                unclear.add(i)
    rest = [j for j in range(len(constraint)) if j not in positions]
    unknown = {
        i
        for i in range(len(family))
        if positions[i] is None and any(family[i].same(constraint[j]) is None for j in rest)
    }
    is_empty = any(not kind.types for kind in (*family, *constraint))
    return Shared(tuple(positions), tuple(sorted(unclear | unknown)), is_empty)


def _is_one_source(one: Kind, other: Kind) -> bool:
    return one.table == other.table


def _is_one_kind(one: Kind, other: Kind) -> bool:
    return one.same(other) is True


def own_elements(family: Family, arguments: Sequence[Argument], size: int, evaluator: Evaluator) -> IntArray:
    """Return the element with the key of each row, `MISSING` where there is none.

    Args:
        family: of the elements.
        arguments: the rows, one for each dimension of the family.
        size: how many rows of each there are.
        evaluator: of this compile.
    """
    if size == family.size and all(map(_are_same_rows, family.arguments, arguments)):
        return family.elements
    if family.pair_key is not None:
        keys = family.pair_key.keys(Batch(tuple(arguments), size, str), evaluator)
        return family.keys.positions([_positions(column(family.keys.levels[0]), keys, size)])
    codes = [_codes(family, i, argument, size, evaluator) for i, argument in enumerate(arguments)]
    return family.keys.positions(codes)


def _are_same_rows(mine: Argument, other: Argument) -> bool:
    """Whether two arguments are the same row for every element."""
    return mine.table is other.table and (mine is other or np.array_equal(mine.positions, other.positions))


def _codes(family: Family, dimension: int, argument: Argument, size: int, evaluator: Evaluator) -> IntArray:
    """Return the position of each row's key among those of a dimension: by the row itself where it is of one source."""
    level = family.level_rows[dimension]
    if level.table is argument.table:
        by_row = np.full(len(level.table), MISSING)
        by_row[level.positions] = np.arange(len(family.keys.levels[dimension]))
        codes: IntArray = by_row[argument.positions]
        if (codes >= 0).all():
            return codes
    keys = row_keys(family, dimension, argument, size, evaluator)
    return _positions(column(family.keys.levels[dimension]), keys, size)


def row_keys(family: Family, dimension: int, argument: Argument, size: int, evaluator: Evaluator) -> Column:
    """Return the key that rows have in a dimension of a family."""
    return family.readers[dimension].keys(Batch((argument,), size, str), evaluator)


def matching_elements(family: Family, constraint: Family, shared: Shared, evaluator: Evaluator) -> Pairs:
    """Return each row with the elements that agree with it in every dimension that both have."""
    mine, others = [], []
    for dimension, position in enumerate(shared.positions):
        if position is not None:
            mine.append(_dimension_keys(family, dimension, evaluator))
            others.append(row_keys(family, dimension, constraint.arguments[position], constraint.size, evaluator))
    if not family.size or not constraint.size:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    rows, elements = KeyIndex(mine).matches(others, constraint.size)
    return np.arange(constraint.size) if rows is None else rows, elements


def _dimension_keys(family: Family, dimension: int, evaluator: Evaluator) -> Column:
    """Return the key of each element in a dimension."""
    if family.pair_key is not None:
        return row_keys(family, dimension, family.arguments[dimension], family.size, evaluator)
    return column(family.keys.levels[dimension])[family.keys.codes[dimension]]


@dataclass(frozen=True, eq=False)
class Asked:
    """The keys that a function returned, by their parts, and whether a key is the tuple of them."""

    parts: tuple[Column, ...]
    compound: bool

    def key(self, i: int) -> Hashable:
        """Return one of them."""
        key = tuple(part.item(i) for part in self.parts)
        return key if self.compound else key[0]

    def whole(self) -> Column:
        """Return them as one column."""
        return together(self.parts) if self.compound else self.parts[0]


def elements_at(key: UserFunction, family: Family, batch: Batch, evaluator: Evaluator) -> tuple[IntArray, Asked]:
    """Return the element with the key that a function returns for each row, or `MISSING`; and these keys.

    Raises:
        LXIndexKeyError: a key cannot be hashed, or is made of other kinds of values than the keys of the family.
    """
    asked, levels = Asked(*evaluator.parts(key, batch)), family.keys.levels
    parts = asked.parts
    if len(levels) == 1:
        parts = (asked.whole(),)
    elif not asked.compound or len(parts) != len(levels):
        raise _unlike(key, family, batch, asked)
    codes = []
    for part, level in zip(parts, levels, strict=True):
        table = LookupTable((column(level),), np.arange(len(level)), compound=False, typed=True)
        try:
            codes.append(table.find((part,), batch.size))
        except TypeError:
            raise _unlike(key, family, batch, asked) from None
    return family.keys.positions(codes), asked


def _unlike(key: UserFunction, family: Family, batch: Batch, asked: Asked) -> LXIndexKeyError:
    known = f"they are like {family.keys[0]!r:.80}" if family.size else "it has none"
    shown = f"returned {asked.key(0)!r:.80} for {batch.element(0)}" if batch.size else "returned nothing"
    return LXIndexKeyError(
        f"{sentence(key.title)} {shown}, which cannot be a key of {family.name!r}: {known}. "
        f"Return a key of their kind, its parts in the same order, or None (with missing='skip') where there is none."
    )


def _positions(level: Column, keys: Column, size: int) -> IntArray:
    return KeyIndex([level]).positions([keys], size) if len(level) else np.full(size, MISSING)
