"""What values a formula may have over all combinations of rows, so that a join may leave combinations out unseen.

A formula that might raise for some combination has no range: `NotVectorizable` says so.
"""

from __future__ import annotations

import math
from typing import Any

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.vectorized import key_parts
from lumix_core.formulas.arithmetic import NotVectorizable, filled
from lumix_core.formulas.lookup_table import NO_DEFAULT, LookupTable
from lumix_core.formulas.nodes import After, Apply, Choice, Constant, Element, Lookup, Node, Tuple
from lumix_core.formulas.operators import operator_of
from lumix_core.formulas.ranges import Range, range_of
from lumix_core.rows.columns import Column


class AxisValues:
    """The values of formulas that read one axis only, evaluated once for each of its elements."""

    def __init__(self, evaluator: Evaluator, axes: Axes) -> None:
        self._evaluator = evaluator
        self._axes = axes
        self._wholes: dict[int, Batch] = {}
        self._known: dict[Node, Column] = {}

    def of(self, node: Node, axis: int) -> Column:
        """Return the value for each element of an axis; raises `NotVectorizable` where one raises."""
        known = self._known.get(node)
        if known is None:
            whole = self._wholes.setdefault(axis, self._axes.whole(axis))
            known = self._known[node] = filled(self._evaluator.vectorized.value(node, whole), whole.size)
        return known


class Ranges:
    """Works out what values a formula may have over all combinations; raises `NotVectorizable` where it might raise."""

    def __init__(self, evaluator: Evaluator, axes: Axes, values: AxisValues) -> None:
        self._evaluator = evaluator
        self._axes = axes
        self._values = values

    def of(self, node: Node) -> Range:
        """Return the range of a formula."""
        if isinstance(node, Constant):
            return range_of(filled(node.value, 1))
        axis = self._axes.axis_of(node)
        if axis is not None and not isinstance(node, Tuple):
            return range_of(self._values.of(node, axis))
        rule = _RANGES.get(type(node))
        if rule is None:
            raise NotVectorizable
        result: Range = rule(self, node)
        return result

    def _apply(self, node: Apply) -> Range:
        rule = operator_of(node.function).range
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
        values, missing = range_of(table.values), range_of(filled(default, 1))
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


def default_of(evaluator: Evaluator, lookup: Lookup) -> Any:
    """Return what a lookup gives for a missing key, `NO_DEFAULT` where it raises."""
    if lookup.missing is not None:
        return lookup.missing.value
    return evaluator.tables.table(lookup.table, lookup.key).default
