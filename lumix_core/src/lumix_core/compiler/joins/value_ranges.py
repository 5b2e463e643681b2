"""What values a formula may have over all combinations of rows, so that a join may leave combinations out unseen.

A formula that might raise for some combination has no range: `NotVectorizable` says so.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.conditions import COMPARISONS, EQUALITIES
from lumix_core.compiler.vectorized import key_parts
from lumix_core.formulas.arithmetic import EXACT, NotVectorizable, filled
from lumix_core.formulas.lookup_table import NO_DEFAULT, LookupTable
from lumix_core.formulas.nodes import After, Apply, Choice, Constant, Element, Lookup, Node, Tuple
from lumix_core.rows.columns import Column


@dataclass(frozen=True)
class Range:
    """What values a formula may have: f, i, b or o for floats, ints, bools and other plain values.

    Args:
        kind: of the values.
        largest: absolute value; infinite where there is no bound.
        smallest: absolute value.
    """

    kind: str
    largest: float
    smallest: float = 0.0

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return self.kind != "o"


class AxisValues:
    """The values of formulas that read one axis only, evaluated once for each of its elements."""

    def __init__(self, evaluator: Evaluator, axes: Axes) -> None:
        self._evaluator = evaluator
        self._axes = axes
        self._wholes: dict[int, Batch] = {}
        self._known: dict[int, tuple[Column, Node]] = {}

    def of(self, node: Node, axis: int) -> Column:
        """Return the value for each element of an axis; raises `NotVectorizable` where one raises."""
        known = self._known.get(id(node))
        if known is None:
            whole = self._wholes.setdefault(axis, self._axes.whole(axis))
            known = self._known[id(node)] = (filled(self._evaluator.vectorized.value(node, whole), whole.size), node)
        return known[0]


class Ranges:
    """Works out what values a formula may have over all combinations; raises `NotVectorizable` where it might raise."""

    def __init__(self, evaluator: Evaluator, axes: Axes, values: AxisValues) -> None:
        self._evaluator = evaluator
        self._axes = axes
        self._values = values

    def of(self, node: Node) -> Range:
        """Return the range of a formula."""
        if isinstance(node, Constant):
            return _range_of(filled(node.value, 1))
        axis = self._axes.axis_of(node)
        if axis is not None and not isinstance(node, Tuple):
            return _range_of(self._values.of(node, axis))
        rule = _RANGES.get(type(node))
        if rule is None:
            raise NotVectorizable
        result: Range = rule(self, node)
        return result

    def _apply(self, node: Apply) -> Range:
        rule = _RANGE_RULES.get(node.function)
        if rule is None:
            raise NotVectorizable
        result: Range = rule(*map(self.of, node.operands))
        return result

    def _choice(self, node: Choice) -> Range:
        self.of(node.condition)
        then, otherwise = self.of(node.then), self.of(node.otherwise)
        kind = then.kind if then.kind == otherwise.kind else "f" if then.is_number and otherwise.is_number else "o"
        return Range(kind, max(then.largest, otherwise.largest), min(then.smallest, otherwise.smallest))

    def _after(self, node: After) -> Range:
        *_, result = map(self.of, node.parts())
        return result

    def _lookup(self, node: Lookup) -> Range:
        table = self._checked(node)
        default = default_of(self._evaluator, node)
        if default is NO_DEFAULT:
            raise NotVectorizable
        values, missing = _range_of(table.values), _range_of(filled(default, 1))
        return (
            Range(values.kind if values.kind == missing.kind else "f", max(values.largest, missing.largest))
            if (values.is_number and missing.is_number)
            else Range("o", math.inf)
        )

    def _element(self, node: Element) -> Range:
        self._checked(node)
        return Range("b", 1.0)

    def _checked(self, node: Lookup | Element) -> LookupTable:
        for part in key_parts(node.key):
            self.of(part)
        return self._evaluator.tables.table(node.table, node.key)


_RANGES: dict[type, Any] = {
    Apply: Ranges._apply,
    Choice: Ranges._choice,
    After: Ranges._after,
    Lookup: Ranges._lookup,
    Element: Ranges._element,
}
_PLAIN_OBJECTS = {str, int, float, bool, bytes, type(None), Decimal, date, datetime, UUID}


def _is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


def _range_of(values: Column) -> Range:
    kind = values.dtype.kind
    if kind == "O":
        if not set(map(type, values)) <= _PLAIN_OBJECTS or any(map(_is_nan, values)):
            raise NotVectorizable
        return Range("o", math.inf)
    if not len(values):
        return Range(kind, 0.0)
    low, high = values.min().item(), values.max().item()
    if kind == "f" and math.isnan(low):
        return Range(kind, math.inf)
    smallest = min(abs(low), abs(high)) if low > 0 or high < 0 else float(np.abs(values.astype(np.float64)).min())
    return Range(kind, float(max(abs(low), abs(high))), float(smallest))


def _range_of_sum(left: Range, right: Range) -> Range:
    return _computed_range(left, right, left.largest + right.largest)


def _range_of_product(left: Range, right: Range) -> Range:
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


def _range_of_quotient(left: Range, right: Range) -> Range:
    if not (left.is_number and right.is_number) or not right.smallest:
        raise NotVectorizable
    return Range("f", left.largest / right.smallest)


def _range_of_equality(left: Range, right: Range) -> Range:
    return Range("b", 1.0)


def _range_of_order(left: Range, right: Range) -> Range:
    if not (left.is_number and right.is_number):
        raise NotVectorizable
    return Range("b", 1.0)


def _range_of_and(left: Range, right: Range) -> Range:
    if left.kind != "b" or right.kind != "b":
        raise NotVectorizable
    return Range("b", 1.0)


def _same_range(operand: Range) -> Range:
    if not operand.is_number:
        raise NotVectorizable
    return Range("i" if operand.kind == "b" else operand.kind, operand.largest, operand.smallest)


def _range_of_float(operand: Range) -> Range:
    if not operand.is_number:
        raise NotVectorizable
    return Range("f", operand.largest, operand.smallest)


_RANGE_RULES: dict[Any, Any] = {
    operator.add: _range_of_sum,
    operator.sub: _range_of_sum,
    operator.mul: _range_of_product,
    operator.truediv: _range_of_quotient,
    operator.neg: _same_range,
    operator.pos: _same_range,
    operator.abs: _same_range,
    abs: _same_range,
    float: _range_of_float,
    operator.and_: _range_of_and,
    operator.or_: _range_of_and,
    **dict.fromkeys(COMPARISONS, _range_of_order),
    **dict.fromkeys(EQUALITIES, _range_of_equality),
    operator.ne: _range_of_equality,
}


def default_of(evaluator: Evaluator, lookup: Lookup) -> Any:
    """Return what a lookup gives for a missing key, `NO_DEFAULT` where it raises."""
    if lookup.missing is not None:
        return lookup.missing.value
    return evaluator.tables.table(lookup.table, lookup.key).default
