"""Value ranges: what values a formula may have, whatever the rows are, from the ranges of its operands.

A formula that might raise for some values has no range: `NotVectorizable` says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from lumix_core.formulas.arithmetic import NotVectorizable
from lumix_core.formulas.column_rules import EXACT
from lumix_core.rows.columns import Column


@dataclass(frozen=True)
class Range:
    """What values a formula may have: f, i, b or o for floats, ints, bools and other plain values.

    Args:
        kind: of the values.
        largest: absolute value; infinite where there is no bound.
        smallest: absolute value.
        ordered: for other values than numbers, what all of them are, where any two of such can be put in order.
    """

    kind: str
    largest: float
    smallest: float = 0.0
    ordered: Any = None

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return self.kind != "o"


RangeRule: TypeAlias = Callable[..., Range]
"""Returns the range of an operator, given those of its operands."""
_PLAIN_OBJECTS = {str, int, float, bool, bytes, type(None), Decimal, date, datetime, timedelta, UUID}


def _is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


def _ordered(values: list[Any], types: set[type]) -> Any:
    """Return what all values are, where any two of such can be put in order; None where they are not alike."""
    if len(types) != 1:
        return None
    (cls,) = types
    if cls is datetime:
        zones = set(map(attrgetter("tzinfo"), values))
        if zones == {None}:
            return cls
        return (cls, "with a zone") if all(type(zone) in (timezone, ZoneInfo) for zone in zones) else None
    return cls if cls in (str, bytes, date, timedelta, Decimal) else None


def range_of(values: Column) -> Range:
    """Return the range of values; raises `NotVectorizable` where they may be neither computed with nor compared."""
    kind = values.dtype.kind
    if kind == "O":
        objects = values.tolist()
        types = set(map(type, objects))
        if not types <= _PLAIN_OBJECTS or (types & {float, Decimal} and any(map(_is_nan, objects))):
            raise NotVectorizable
        return Range("o", math.inf, ordered=_ordered(objects, types))
    if not len(values):
        return Range(kind, 0.0)
    low, high = values.min().item(), values.max().item()
    if kind == "f" and math.isnan(low):
        return Range(kind, math.inf)
    smallest = min(abs(low), abs(high)) if low > 0 or high < 0 else float(np.abs(values.astype(np.float64)).min())
    return Range(kind, float(max(abs(low), abs(high))), float(smallest))


def range_of_sum(left: Range, right: Range) -> Range:
    """Return the range of ``+`` and ``-``."""
    return _computed_range(left, right, left.largest + right.largest)


def range_of_product(left: Range, right: Range) -> Range:
    """Return the range of ``*``."""
    if not (math.isfinite(left.largest) and math.isfinite(right.largest)):
        raise NotVectorizable  # a product with NaN or infinity is no zero, even of a zero
    return _computed_range(left, right, left.largest * right.largest)


def _computed_range(left: Range, right: Range, largest: float) -> Range:
    if not (left.is_number and right.is_number) or math.isnan(largest):
        raise NotVectorizable
    if "f" in (left.kind, right.kind):
        return Range("f", largest)
    if largest > EXACT:
        raise NotVectorizable
    return Range("i", largest)


def range_of_quotient(left: Range, right: Range) -> Range:
    """Return the range of ``/``."""
    if not (left.is_number and right.is_number) or not right.smallest:
        raise NotVectorizable
    return Range("f", left.largest / right.smallest)


def range_of_equality(left: Range, right: Range) -> Range:
    """Return the range of ``==`` and ``!=``."""
    return Range("b", 1.0)


def range_of_order(left: Range, right: Range) -> Range:
    """Return the range of ``<``, ``<=``, ``>`` and ``>=``."""
    alike = left.ordered is not None and left.ordered == right.ordered
    if not (alike or (left.is_number and right.is_number)):
        raise NotVectorizable
    return Range("b", 1.0)


def range_of_and(left: Range, right: Range) -> Range:
    """Return the range of ``&`` and ``|``."""
    if left.kind != "b" or right.kind != "b":
        raise NotVectorizable
    return Range("b", 1.0)


def range_of_required(operand: Range) -> Range:
    """Return the range of `required`."""
    if not operand.is_number or not operand.smallest:
        raise NotVectorizable
    return Range("b", 1.0, 1.0)


def range_of_truth(operand: Range) -> Range:
    """Return the range of ``bool``."""
    return Range("b", 1.0)


def same_range(operand: Range) -> Range:
    """Return the range of an operator that changes the sign at most."""
    if not operand.is_number:
        raise NotVectorizable
    return Range("i" if operand.kind == "b" else operand.kind, operand.largest, operand.smallest)


def range_of_float(operand: Range) -> Range:
    """Return the range of ``float``."""
    if not operand.is_number:
        raise NotVectorizable
    return Range("f", operand.largest, operand.smallest)
