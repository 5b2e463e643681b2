"""Axes: the index elements that are combined with each other, and the combinations of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.formulas.nodes import Node
from lumix_core.problem.arrays import MANY, IntArray
from lumix_core.rows.columns import Column


@dataclass(frozen=True, eq=False)
class Axes:
    """The elements that are combined, and which of their rows are the arguments of the functions.

    Args:
        batches: one an axis; the last varies fastest.
        positions: for each argument of a function, the axis and the position among its arguments.
    """

    batches: tuple[Batch, ...]
    positions: tuple[tuple[int, int], ...]

    @classmethod
    def in_order(cls, batches: Sequence[Batch]) -> Axes:
        """Return the axes for functions of one argument an axis."""
        return cls(tuple(batches), tuple((axis, 0) for axis in range(len(batches))))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many elements each axis has."""
        return tuple(batch.size for batch in self.batches)

    def batch(self, picks: Sequence[IntArray], arguments: int | None = None) -> Batch:
        """Return the combinations with element ``picks[a][i]`` of each axis ``a``, as the arguments of functions."""

        def element(i: int) -> str:
            return " and ".join(axis.element(int(pick[i])) for axis, pick in zip(self.batches, picks, strict=True))

        taken = tuple(
            self.batches[axis].arguments[position].take(picks[axis]) for axis, position in self.positions[:arguments]
        )
        return Batch(taken, len(picks[0]), element)

    def whole(self, axis: int) -> Batch:
        """Return every element of one axis, as the arguments of functions that read no other."""
        size = self.batches[axis].size
        nothing = np.zeros(size, dtype=np.int64)
        arguments = (
            self.batches[other].arguments[position]
            if other == axis
            else self.batches[other].arguments[position].take(nothing)
            for other, position in self.positions
        )
        return Batch(tuple(arguments), size, self.batches[axis].element)

    def codes(self, picks: Sequence[IntArray]) -> IntArray:
        """Return combinations as numbers, in lexicographic order; raises OverflowError where there are too many."""
        if math.prod(self.shape) > MANY:
            raise OverflowError("these are more combinations than can be numbered")
        codes = np.zeros(len(picks[0]), dtype=np.int64)
        for size, pick in zip(self.shape, picks, strict=True):
            codes = codes * size + pick
        return codes

    def mask(self, axis: int) -> int:
        """Return the arguments that are rows of an axis, as bits."""
        return sum(1 << argument for argument, (of, _) in enumerate(self.positions) if of == axis)

    def axis_of(self, node: Node) -> int | None:
        """Return the one axis that a formula reads; None for a formula of several, or of none."""
        if not node.uses:
            return None
        return next((axis for axis in range(len(self.batches)) if not node.uses & ~self.mask(axis)), None)


@dataclass(frozen=True, eq=False)
class Combinations:
    """Combinations of elements, in lexicographic order: ``picks[a][i]`` of each axis ``a``.

    Args:
        picks: arrays of one length.
        known: the values of lookups that a join has computed, by their formulas.
        joined: whether a join has found them.
    """

    picks: tuple[IntArray, ...]
    known: dict[Node, Column] = field(default_factory=dict)
    joined: bool = False

    @property
    def mode(self) -> str:
        """How they were found, in a word."""
        return "join" if self.joined else "columns"

    def filtered(self, kept: IntArray) -> Combinations:
        """Return some of the combinations."""
        known = {lookup: values[kept] for lookup, values in self.known.items()}
        return Combinations(tuple(pick[kept] for pick in self.picks), known, self.joined)
