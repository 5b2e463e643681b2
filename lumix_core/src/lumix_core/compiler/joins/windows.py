"""Joins by order: the elements of an axis whose values lie within the bounds that each combination sets.

The values are sorted once. What lies within bounds is then one span of them, found by two searches, so that
``own - 4 < t <= own`` takes time for the pairs that it keeps, and not for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from lumix_core.compiler.joins.instants import as_ordered
from lumix_core.formulas.column_rules import is_exact
from lumix_core.problem.arrays import MANY, BoolArray, IntArray, stable_order
from lumix_core.rows.columns import Column
from lumix_core.rows.key_index import spread

LOOKED_AT = 100
"""How many values, and how many combinations, are looked at to know which part of the pairs a window leaves."""


@dataclass(frozen=True, eq=False)
class Bound:
    """A bound that each combination sets for a value.

    Args:
        values: one a combination.
        is_lower: whether the value must be larger than the bound, or else smaller.
        strict: whether it may not be equal to it.
    """

    values: Column
    is_lower: bool
    strict: bool

    def keeps(self, values: Column, picks: IntArray) -> BoolArray:
        """Return which values are kept by which of some combinations, shape ``(len(picks), len(values))``."""
        bounds = self.values[picks, np.newaxis]
        smaller, larger = (bounds, values) if self.is_lower else (values, bounds)
        kept: BoolArray = (smaller < larger if self.strict else smaller <= larger).astype(np.bool_)
        return kept

    def ranks(self, levels: Column) -> IntArray:
        """Return the rank among sorted values at which what keeps the bound begins, or, for an upper bound, ends."""
        side: Any = "right" if self.is_lower == self.strict else "left"
        ranks: IntArray = np.searchsorted(levels, self.values, side=side)
        if self.values.dtype == np.float64:  # nothing is smaller or larger than NaN
            ranks[np.isnan(self.values)] = len(levels) if self.is_lower else 0
        return ranks


@dataclass(frozen=True, eq=False)
class Groups:
    """What must be equal, too: the group of each value, and that of each combination; -1 for none."""

    values: IntArray
    combinations: IntArray
    count: int


@dataclass(frozen=True, eq=False)
class Windows:
    """The positions of the values within their bounds: for combination ``i``, ``counts[i]`` of the ``order``.

    Args:
        order: positions of values, sorted.
        starts: where those of each combination start.
        counts: how many they are.
    """

    order: IntArray
    starts: IntArray
    counts: IntArray

    @property
    def total(self) -> int:
        """How many pairs there are."""
        return int(self.counts.sum())

    def pairs(self, block: int) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield pairs of a combination and a value within its bounds, about ``block`` at a time."""
        blocks = np.cumsum(self.counts) // block
        cuts = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), len(self.counts)]
        for start, end in pairwise(cuts):
            counts = self.counts[start:end]
            combinations = np.repeat(np.arange(start, end), counts)
            yield combinations, self.order[spread(self.starts[start:end], counts)]


def share(values: Column, bounds: Sequence[Bound]) -> float:
    """Return about which part of all pairs lies within all bounds, by a few of them."""
    picks = _spread_out(len(bounds[0].values))
    few = values[_spread_out(len(values))]
    return float(np.logical_and.reduce([bound.keeps(few, picks) for bound in bounds]).mean())


def _spread_out(count: int) -> IntArray:
    return np.arange(0, count, max(count // LOOKED_AT, 1))


def windows(values: Column, bounds: Sequence[Bound], groups: Groups | None = None) -> Windows:
    """Return which values lie within all bounds of each combination.

    Args:
        values: to be searched, comparable with those of the bounds.
        bounds: at least one.
        groups: of values and combinations, where only those of one group go together.

    Raises:
        OverflowError: there are more groups and values than can be numbered.
    """
    kept = np.ones(len(values), dtype=np.bool_) if values.dtype != np.float64 else ~np.isnan(values)
    if groups is not None:
        kept &= groups.values >= 0
    positions = np.flatnonzero(kept)
    levels, ranks = np.unique(values[positions], return_inverse=True)
    starts = np.zeros(len(bounds[0].values), dtype=np.int64)
    ends = np.full(len(starts), len(levels))
    for bound in bounds:
        if bound.is_lower:
            starts = np.maximum(starts, bound.ranks(levels))
        else:
            ends = np.minimum(ends, bound.ranks(levels))
    if groups is not None:
        if groups.count * (len(levels) + 1) > MANY:
            raise OverflowError("these are more groups and values than can be numbered")
        ranks = groups.values[positions] * len(levels) + ranks
        offsets = groups.combinations * len(levels)
        starts, ends = np.where(groups.combinations < 0, [[0]], [starts + offsets, ends + offsets])
    order = stable_order(ranks)
    first, last = (np.searchsorted(ranks[order], ranked) for ranked in (starts, ends))
    return Windows(positions[order], first, np.maximum(last - first, 0))


def comparable(left: Column, right: Column) -> tuple[Column, Column] | None:
    """Return two columns as arrays that numpy puts in order as Python does; None where it does not."""
    if np.object_ in (left.dtype, right.dtype):
        return as_ordered(left, right) if left.dtype == right.dtype else None
    if is_exact(left) and is_exact(right):
        return left.astype(np.float64, copy=False), right.astype(np.float64, copy=False)
    return (left, right) if left.dtype == right.dtype == np.int64 else None
