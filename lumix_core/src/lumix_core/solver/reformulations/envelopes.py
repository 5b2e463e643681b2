"""The envelope of the product of two continuous columns, which every value of the product satisfies, and others too.

Four rows bound the product by the bounds of its factors (McCormick, Computability of global solutions to factorable
nonconvex programs, 1976). Cut into parts, of which a binary column chooses one, the envelope is narrower in each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import IntArray
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import Ends, Ranges


@dataclass(frozen=True, eq=False)
class _Products:
    """Columns that stand for products, and their factors with the ends of these.

    Args:
        values: the columns.
        left, right: the factors.
        ends, others: the least and the most of the left factors, and of the right ones.
    """

    values: IntArray
    left: IntArray
    right: IntArray
    ends: Ends
    others: Ends

    def bound(self, grown: Extension, chosen: IntArray | None = None) -> None:
        """Add ``w >= l y + x l' - l l'`` and its three like; with a binary, all constants are times it."""
        (low, high), (least, most) = self.ends, self.others
        for x, y, side in ((low, least, "lower"), (high, most, "lower"), (high, least, "upper"), (low, most, "upper")):
            constant = -x * y if chosen is None else np.zeros(len(x))
            rows = grown.add_rows("product, envelope", len(x), **{side: constant})
            grown.add_terms(rows, self.values, 1.0)
            grown.add_terms(rows, self.left, -y)
            grown.add_terms(rows, self.right, -x)
            if chosen is not None:
                grown.add_terms(rows, chosen, x * y)

    def switch(self, grown: Extension, chosen: IntArray) -> None:
        """Keep the factors between their ends where a binary is 1, and at 0 where it is 0."""
        for columns, ends in ((self.left, self.ends), (self.right, self.others)):
            for bounds, side in zip(ends, ("lower", "upper"), strict=True):
                rows = grown.add_rows("product, part's ends", len(columns), **{side: 0.0})
                grown.add_terms(rows, columns, 1.0)
                grown.add_terms(rows, chosen, -bounds)


def add_envelopes(grown: Extension, ranges: Ranges, left: IntArray, right: IntArray, parts: int) -> IntArray:
    """Add a column for each product and the rows of its envelope; return the columns.

    Args:
        grown: what they are added to.
        ranges: finite for all factors.
        left, right: the factors.
        parts: into how many parts of one width the range of the left factor is cut.
    """
    ends, others = ((ranges.lower[factor], ranges.upper[factor]) for factor in (left, right))
    corners = np.array([x * y for x in ends for y in others])
    values = grown.add_columns("product", len(left), corners.min(axis=0), corners.max(axis=0))
    products = _Products(values, left, right, ends, others)
    if parts == 1:
        products.bound(grown)
    else:
        _cut(grown, products, parts)
    return values


def _cut(grown: Extension, whole: _Products, parts: int) -> None:
    """Write both factors and the product as sums over the parts, of which only the chosen one is not 0."""
    size = len(whole.left)
    ones = grown.add_rows("product, one part", size, 1.0, 1.0)
    sums = [grown.add_rows("product, sum of parts", size, 0.0, 0.0) for _ in range(3)]
    for row, column in zip(sums, (whole.values, whole.left, whole.right), strict=True):
        grown.add_terms(row, column, -1.0)
    for number in range(parts):
        chosen = grown.add_columns("product, part is chosen", size, 0.0, 1.0, whole=True)
        grown.add_terms(ones, chosen, 1.0)
        part = _part(grown, whole, number, parts)
        for row, column in zip(sums, (part.values, part.left, part.right), strict=True):
            grown.add_terms(row, column, 1.0)
        part.switch(grown, chosen)
        part.bound(grown, chosen)


def _part(grown: Extension, whole: _Products, number: int, parts: int) -> _Products:
    low, high = whole.ends
    start = low + (high - low) * number / parts
    stop = high if number == parts - 1 else low + (high - low) * (number + 1) / parts
    squares = whole.left == whole.right  # of which both factors are in the same part
    least, most = whole.others
    within = np.where(squares, start, least), np.where(squares, stop, most)
    columns = [grown.add_columns("product, part", len(low), -np.inf, np.inf) for _ in range(3)]
    return _Products(columns[0], columns[1], columns[2], (start, stop), within)
