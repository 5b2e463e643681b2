"""Products of two columns: exact where one of them is whole and bounded, else their envelope.

A binary times a bounded column is a column with four rows (Glover, Improved linear integer programming formulations of
nonlinear integer problems, 1975). A whole column is written in binary digits first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import Quadratics
from lumix_core.solver.reformulations.convexity import taken_products
from lumix_core.solver.reformulations.envelopes import add_envelopes
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.reformulations.rewriting import (
    LXReformulation,
    LXWay,
    Native,
    Product,
    Rewritten,
    Tangents,
    family_names,
)
from lumix_core.solver.reformulations.tangents import add_tangents, convex_side

WIDEST = 2**20
"""From here on the range of a whole column is too wide to be written in binary digits."""


def rewrite_products(problem: LXProblem, native: Native) -> Rewritten:
    """Rewrite the products that the solver does not take."""
    products = problem.structures.quadratics
    if not len(products):
        return Rewritten(problem)
    taken = taken_products(problem, native)
    steps: tuple[LXReformulation, ...] = ()
    if taken.any():
        how = f"given to {native.solver!r} as they are"
        steps = (LXReformulation(_named(problem, products, taken), int(taken.sum()), LXWay.NATIVE, how),)
    if taken.all():
        return Rewritten(problem, steps)
    problem, tangents, kept = _with_tangents(problem, taken, native)
    if tangents:
        how = "tangents, as many as it takes"
        steps += (LXReformulation("convex sums of products", len(tangents), LXWay.EXACT, how),)
    products, taken = problem.structures.quadratics, taken[kept]
    if taken.all():
        return Rewritten(problem, steps, tangents=tangents)
    pairs = _Pairs.of(problem, products.taken(~taken))
    made = pairs.rewritten(products.taken(taken), native)
    return replace(made, steps=steps + made.steps, tangents=tangents)


def _with_tangents(
    problem: LXProblem, taken: BoolArray, native: Native
) -> tuple[LXProblem, tuple[Tangents, ...], BoolArray]:
    """Let tangents keep the convex sums of products of which one could only be relaxed.

    Returns:
        The problem, what the tangents keep, and which products are left.
    """
    products = problem.structures.quadratics
    pairs = _Pairs.of(problem, products)
    whole, digits = pairs.kinds()
    relaxed = ~(whole | digits)[pairs.pair_of] & ~taken
    rows = np.array(
        [row for row in np.unique(products.rows[relaxed]) if convex_side(problem, int(row))], dtype=np.int64
    )
    kept = ~np.isin(products.rows, rows)
    if not len(rows):
        return problem, (), kept
    columns = np.concatenate([products.left[~kept], products.right[~kept]])
    if pairs.ranges.unbounded(columns) is not None:
        raise pairs.ranges.refusal(f"a product of {family_names(problem, columns)}", columns)
    grown = Extension(problem)
    tangents = tuple(add_tangents(grown, pairs.ranges, rows, native.points))
    return grown.finished(replace(problem.structures, quadratics=products.taken(kept))), tangents, kept


def _named(problem: LXProblem, products: Quadratics, chosen: BoolArray) -> str:
    columns = np.concatenate([products.left[chosen], products.right[chosen]])
    return f"products of {family_names(problem, columns)}"


@dataclass(eq=False)
class _Pairs:
    """Distinct products, and what is to stand for each: a sum of columns with coefficients."""

    problem: LXProblem
    products: Quadratics
    left: IntArray
    right: IntArray
    pair_of: IntArray
    ranges: Ranges
    parts: list[tuple[IntArray, IntArray, FloatArray]]

    @classmethod
    def of(cls, problem: LXProblem, products: Quadratics) -> _Pairs:
        codes = products.left.astype(np.int64) * problem.num_variables + products.right
        pairs, pair_of = np.unique(codes, return_inverse=True)
        left, right = np.divmod(pairs, problem.num_variables)
        return cls(problem, products, left, right, pair_of.reshape(-1), Ranges.of(problem), [])

    def rewritten(self, kept: Quadratics, native: Native) -> Rewritten:
        problem = self.problem
        grown = Extension(problem)
        whole, digits = self.kinds()
        left = ~(whole | digits)
        steps = self._exact(grown, whole, digits)
        relaxed = np.flatnonzero(left)
        if len(relaxed):
            self._check(relaxed)
            columns = add_envelopes(grown, self.ranges, self.left[relaxed], self.right[relaxed], native.segments)
            self.parts.append((relaxed, columns, np.ones(len(relaxed))))
            cut = f", in {native.segments} parts" if native.segments > 1 else ""
            how = f"their McCormick envelope{cut}"
            named = f"products of {family_names(problem, np.concatenate([self.left[relaxed], self.right[relaxed]]))}"
            steps += (LXReformulation(named, len(relaxed), LXWay.RELAXATION, how),)
        self._use(grown)
        made = grown.finished(replace(problem.structures, quadratics=kept))
        return Rewritten(made, steps, self._relaxed(relaxed, columns) if len(relaxed) else ())

    def _relaxed(self, pairs: IntArray, columns: IntArray) -> tuple[Product, ...]:
        found = zip(self.left[pairs].tolist(), self.right[pairs].tolist(), columns.tolist(), strict=True)
        return tuple(Product(*parts) for parts in found)

    def kinds(self) -> tuple[BoolArray, BoolArray]:
        """Return which pairs have a binary column, and which another whole one with a narrow enough range.

        The columns of each pair are exchanged where that brings the whole one to the left.
        """
        integer, lower, upper = self.problem.integer, self.ranges.lower, self.ranges.upper
        widths = np.where(integer, upper - lower, np.inf)
        swapped = widths[self.right] < widths[self.left]
        self.left, self.right = np.where(swapped, self.right, self.left), np.where(swapped, self.left, self.right)
        unit = integer & (lower >= 0.0) & (upper <= 1.0)
        bounded = np.isfinite(lower) & np.isfinite(upper)
        whole = unit[self.left] & bounded[self.right]
        narrow = (widths[self.left] < WIDEST) & bounded[self.right]
        return np.asarray(whole, dtype=np.bool_), np.asarray(narrow & ~whole, dtype=np.bool_)

    def _exact(self, grown: Extension, whole: BoolArray, digits: BoolArray) -> tuple[LXReformulation, ...]:
        squares = np.flatnonzero(whole & (self.left == self.right))
        if len(squares):  # the square of 0 or 1 is itself
            self.parts.append((squares, self.left[squares], np.ones(len(squares))))
        pairs = np.flatnonzero(whole & (self.left != self.right))
        self._add_switched(grown, pairs, self.left[pairs], self.right[pairs], np.ones(len(pairs)))
        self._add_digits(grown, np.flatnonzero(digits))
        ways = ((whole, "a column and four rows, since one factor is binary"), (digits, "binary digits of one factor"))
        return tuple(self._step(chosen, how) for chosen, how in ways if chosen.any())

    def _step(self, chosen: BoolArray, how: str) -> LXReformulation:
        columns = np.concatenate([self.left[chosen], self.right[chosen]])
        named = f"products of {family_names(self.problem, columns)}"
        return LXReformulation(named, int(chosen.sum()), LXWay.EXACT, how)

    def _add_switched(
        self, grown: Extension, pairs: IntArray, binaries: IntArray, columns: IntArray, weights: FloatArray
    ) -> None:
        """Add ``z = b x`` for binary ``b`` and bounded ``x``."""
        if not len(pairs):
            return
        low, high = self.ranges.lower[columns], self.ranges.upper[columns]
        size = len(pairs)
        values = grown.add_columns("product", size, np.minimum(low, 0.0), np.maximum(high, 0.0))
        for bounds, side in ((high, "upper"), (low, "lower")):
            rows = grown.add_rows("product, switched", size, **{side: 0.0})  # z - u b <= 0, z - l b >= 0
            grown.add_terms(rows, values, 1.0)
            grown.add_terms(rows, binaries, -bounds)
        for bounds, side in ((low, "upper"), (high, "lower")):
            rows = grown.add_rows("product, follows", size, **{side: -bounds})  # z - x - l b <= -l, and so on
            grown.add_terms(rows, values, 1.0)
            grown.add_terms(rows, columns, -1.0)
            grown.add_terms(rows, binaries, -bounds)
        self.parts.append((pairs, values, weights))

    def _add_digits(self, grown: Extension, pairs: IntArray) -> None:
        """Write the left columns in binary digits, and their products as those of the digits."""
        if not len(pairs):
            return
        columns, of_pair = np.unique(self.left[pairs], return_inverse=True)
        low = self.ranges.lower[columns]
        counts = np.array([int(width).bit_length() for width in (self.ranges.upper[columns] - low)], dtype=np.int64)
        digit_of = np.repeat(np.arange(len(columns)), counts)
        power = np.arange(len(digit_of)) - np.repeat(np.cumsum(counts) - counts, counts)
        digits = grown.add_columns("digit", len(digit_of), 0.0, 1.0, whole=True)
        rows = grown.add_rows("digits", len(columns), low, low)
        grown.add_terms(rows, columns, 1.0)
        grown.add_terms(rows[digit_of], digits, -np.exp2(power))
        firsts = np.cumsum(counts) - counts
        lengths = counts[of_pair.reshape(-1)]
        pair = np.repeat(np.arange(len(pairs)), lengths)
        within = np.arange(len(pair)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        digit = firsts[of_pair.reshape(-1)[pair]] + within
        self._add_switched(grown, pairs[pair], digits[digit], self.right[pairs[pair]], np.exp2(power[digit]))
        self.parts.append((pairs, self.right[pairs], self.ranges.lower[self.left[pairs]]))

    def _check(self, pairs: IntArray) -> None:
        columns = np.concatenate([self.left[pairs], self.right[pairs]]).astype(np.int32)
        if self.ranges.unbounded(columns) is not None:
            raise self.ranges.refusal(f"a product of {family_names(self.problem, columns)}", columns)

    def _use(self, grown: Extension) -> None:
        """Let the columns stand where the products stood."""
        pairs, columns, weights = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        order = np.argsort(pairs, kind="stable")
        counts = np.bincount(pairs, minlength=len(self.left))
        firsts = np.cumsum(counts) - counts
        lengths = counts[self.pair_of]
        use = np.repeat(np.arange(len(self.products)), lengths)
        within = np.arange(len(use)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = order[firsts[self.pair_of[use]] + within]
        rows = self.products.rows.astype(np.int64)
        grown.add_terms(rows[use], columns[places], self.products.values[use] * weights[places])
