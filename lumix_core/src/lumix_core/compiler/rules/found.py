"""A term of a rule, found for all rows."""

from __future__ import annotations

from dataclasses import dataclass

from lumix_core.problem.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Found:
    """A term for all rows of a rule.

    Args:
        rows: of the constraint.
        columns: of the elements; None for numbers.
        values: the coefficients, or the numbers.
        repeats: whether a row may have an element several times.
        family: identifies the family of the elements.
    """

    rows: IntArray
    columns: IntArray | None
    values: FloatArray
    repeats: bool = False
    family: int = 0
