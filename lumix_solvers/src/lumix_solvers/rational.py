"""Numbers as fractions, and rows of them as whole numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem import FloatArray

SIMPLE = 10**6
"""Up to this denominator, the fraction that a number is the nearest float of is what was meant."""
EXACT = 2.0**53
"""Up to here floats hold every whole number."""


def as_fraction(value: float, max_denom: int | None) -> Fraction:
    """Return a finite number as the fraction that it stands for: 0.1 as 1/10, and 0.3333333333333333 as 1/3.

    Args:
        value: the number.
        max_denom: the largest denominator, to which others are rounded; None where nothing is rounded: such a number is
            the decimal fraction that it is written as.
    """
    simple = Fraction(value).limit_denominator(SIMPLE if max_denom is None else max_denom)
    return simple if max_denom is not None or float(simple) == value else Fraction(repr(value))


def whole_multiples(
    values: FloatArray, groups: NDArray[np.int64], size: int, max_denom: int | None
) -> tuple[list[int], list[int]]:
    """Return numbers in groups times the least factor of their group that makes all of them whole, and the factors.

    Args:
        values: the numbers, shape ``(k,)``.
        groups: the group of each, shape ``(k,)``.
        size: how many groups there are.
        max_denom: see `as_fraction`.
    """
    if (values == np.round(values)).all() and (np.abs(values) < EXACT).all():
        return values.astype(np.int64).tolist(), [1] * size
    different, position = np.unique(values, return_inverse=True)
    fractions = [as_fraction(value, max_denom) for value in different.tolist()]
    chosen = [fractions[k] for k in position.tolist()]
    factors = [1] * size
    for group, fraction in zip(groups.tolist(), chosen, strict=True):
        factors[group] = math.lcm(factors[group], fraction.denominator)
    return [int(fraction * factors[group]) for group, fraction in zip(groups.tolist(), chosen, strict=True)], factors
