"""The table of operators: what is known of each operator of Python, and of builtin functions that are like one.

Evaluation over columns, value ranges, joins and the methods of symbols follow from it. A function that is not in the
table is called value by value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lumix_core.formulas import column_rules as columns
from lumix_core.formulas import ranges
from lumix_core.formulas.arithmetic import Value, one_by_one, required, same_or_equal


@dataclass(frozen=True, eq=False)
class Operator:
    """What is known of an operator.

    Args:
        columns: computes it over columns; None for an operator that is computed value by value.
        range: returns what values it may have; None for an operator that may raise for any values.
        zero: it is zero, or false, where "any" operand is, or where the "first" one is.
        compares: the comparison that it is, if it is one.
        smaller: for an order, which operand must be the smaller one: 0 or 1.
        strict: for an order, whether equal values are out of order.
    """

    columns: columns.ColumnRule | None = None
    range: ranges.RangeRule | None = None
    zero: Literal["any", "first"] | None = None
    compares: Literal["equal", "unequal", "order"] | None = None
    smaller: int = 0
    strict: bool = False

    def over_columns(self, function: Callable[..., Any], operands: tuple[Value, ...], size: int) -> Value:
        """Return a function that has this operator for every row.

        Args:
            function: of one Python value an operand.
            operands: columns of ``size`` values, or single values.
            size: how many rows there are.

        Raises:
            NotVectorizable: it raises for a row.
        """
        result = None if self.columns is None else self.columns(*operands)
        return one_by_one(function, operands, size) if result is None else result


OPERATORS: dict[Callable[..., Any], Operator] = {
    operator.add: Operator(columns.computed(np.add, lambda left, right: left + right), ranges.range_of_sum),
    operator.sub: Operator(columns.computed(np.subtract, lambda left, right: left + right), ranges.range_of_sum),
    operator.mul: Operator(
        columns.computed(np.multiply, lambda left, right: left * right), ranges.range_of_product, zero="any"
    ),
    operator.truediv: Operator(columns.divided, ranges.range_of_quotient, zero="first"),
    operator.floordiv: Operator(columns.whole(np.floor_divide)),
    operator.mod: Operator(columns.whole(np.remainder)),
    operator.pow: Operator(),
    operator.matmul: Operator(),
    operator.lshift: Operator(),
    operator.rshift: Operator(),
    operator.and_: Operator(columns.bitwise(np.bitwise_and), ranges.range_of_and, zero="any"),
    operator.or_: Operator(columns.bitwise(np.bitwise_or), ranges.range_of_and),
    operator.xor: Operator(columns.bitwise(np.bitwise_xor)),
    operator.eq: Operator(columns.compared(np.equal), ranges.range_of_equality, compares="equal"),
    same_or_equal: Operator(columns.compared_as_held, ranges.range_of_equality, compares="equal"),
    operator.ne: Operator(columns.compared(np.not_equal), ranges.range_of_equality, compares="unequal"),
    operator.lt: Operator(columns.compared(np.less), ranges.range_of_order, compares="order", strict=True),
    operator.le: Operator(columns.compared(np.less_equal), ranges.range_of_order, compares="order"),
    operator.gt: Operator(
        columns.compared(np.greater), ranges.range_of_order, compares="order", smaller=1, strict=True
    ),
    operator.ge: Operator(columns.compared(np.greater_equal), ranges.range_of_order, compares="order", smaller=1),
    operator.neg: Operator(columns.unary(np.negative), ranges.same_range, zero="first"),
    operator.pos: Operator(columns.unary(np.positive), ranges.same_range, zero="first"),
    operator.abs: Operator(columns.unary(np.absolute), ranges.same_range, zero="first"),
    operator.invert: Operator(),
    operator.getitem: Operator(),
    abs: Operator(columns.unary(np.absolute), ranges.same_range, zero="first"),
    float: Operator(columns.to_float, ranges.range_of_float, zero="first"),
    bool: Operator(columns.to_bool, ranges.range_of_truth, zero="first"),
    required: Operator(columns.required_everywhere, ranges.range_of_required),
}
_UNKNOWN = Operator()


def operator_of(function: Callable[..., Any]) -> Operator:
    """Return what is known of a function of values."""
    return OPERATORS.get(function, _UNKNOWN)
