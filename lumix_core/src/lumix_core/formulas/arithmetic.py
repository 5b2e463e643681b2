"""Python's operators over columns: the same results bit for bit, or `NotVectorizable` where a row would raise.

Floats, ints of 64 bits and bools are computed by numpy where numpy does what Python does; all else value by value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np

from lumix_core.problem.arrays import BoolArray
from lumix_core.rows.columns import ABSENT, Column, column, has_nan, object_column

Value: TypeAlias = Any
"""A `Column`, or one Python object that stands for all rows."""
EXACT = 2**53
"""Up to here every int is a float."""
LIMIT = 2**63 - 1


class NotVectorizable(Exception):  # noqa: N818 - a signal, not an error
    """Columns do not determine what the rows give: only going row by row does."""


def apply(function: Callable[..., Any], operands: tuple[Value, ...], size: int) -> Value:
    """Return a function of operands for every row.

    Args:
        function: of one Python value an operand.
        operands: columns of ``size`` values, or single values.
        size: how many rows there are.

    Raises:
        NotVectorizable: it raises for a row.
    """
    rule = _RULES.get(function)
    result = None if rule is None else rule(*operands)
    return one_by_one(function, operands, size) if result is None else result


def one_by_one(function: Callable[..., Any], operands: tuple[Value, ...], size: int) -> Column:
    """Call a function for every row, with Python's own objects."""
    lists = [operand.tolist() if isinstance(operand, np.ndarray) else repeat(operand, size) for operand in operands]
    try:
        return column(list(map(function, *lists)))
    except Exception as error:
        raise NotVectorizable from error


def same_or_equal(left: Any, right: Any) -> bool:
    """Compare as collections compare what they hold: NaN equals itself where it is one object."""
    return left is right or bool(left == right)


def truth(value: Value, size: int) -> BoolArray:
    """Return whether each value is true, as ``if`` takes it."""
    if not isinstance(value, np.ndarray):
        return np.full(size, bool(value))
    if value.dtype == np.bool_:
        return value
    if value.dtype != np.object_:
        nonzero: BoolArray = value != 0
        return nonzero
    try:
        return np.fromiter(map(bool, value), dtype=np.bool_, count=len(value))
    except Exception as error:
        raise NotVectorizable from error


def present(values: Column) -> Column:
    """Return the values as they are; raises `NotVectorizable` where a row to read them off is missing."""
    if values.dtype == np.object_ and any(value is ABSENT for value in values):
        raise NotVectorizable
    return values


def filled(value: Value, size: int) -> Column:
    """Return a value as a column."""
    if isinstance(value, np.ndarray):
        return value
    return column([value]).repeat(size) if type(value) in (float, int, bool) else object_column([value] * size)


def merged(mask: BoolArray, yes: Column, no: Column) -> Column:
    """Return one column of those for the rows where ``mask`` is true and those for the others, in their order."""
    dtype = yes.dtype if yes.dtype == no.dtype else np.dtype(np.object_)
    result = np.empty(len(mask), dtype=dtype)
    result[mask] = yes
    result[~mask] = no
    return result


def _kind(value: Value) -> str:
    """Return f, i or b for what numpy computes with, and O for the rest."""
    if isinstance(value, np.ndarray):
        return str(value.dtype.kind)
    cls = type(value)
    if cls is float:
        return "f"
    if cls is bool:
        return "b"
    return "i" if cls is int and -LIMIT <= value <= LIMIT else "O"


def magnitude(value: Value) -> int:
    """Return the largest absolute value of ints."""
    if not isinstance(value, np.ndarray):
        return abs(int(value))
    return max(abs(int(value.max())), abs(int(value.min()))) if len(value) else 0


def _as_floats(value: Value) -> Value:
    return value.astype(np.float64) if isinstance(value, np.ndarray) else float(value)


def _as_ints(value: Value) -> Value:
    return value.astype(np.int64) if isinstance(value, np.ndarray) else int(value)


def _computed(ufunc: np.ufunc, bound: Callable[[int, int], int]) -> Callable[[Value, Value], Column | None]:
    """Make a rule for ``+ - *``: floats as they are, ints where the result has 64 bits."""

    def rule(left: Value, right: Value) -> Column | None:
        kinds = _kind(left) + _kind(right)
        if "O" in kinds:
            return None
        if "f" in kinds:
            with np.errstate(all="ignore"):
                result: Column = ufunc(_as_floats(left), _as_floats(right))
            return result
        if bound(magnitude(left), magnitude(right)) > LIMIT:
            return None
        whole: Column = ufunc(_as_ints(left), _as_ints(right))
        return whole

    return rule


def _divided(left: Value, right: Value) -> Column | None:
    kinds = _kind(left) + _kind(right)
    if "O" in kinds or not (_is_exact(left) and _is_exact(right)):
        return None
    if not np.all(right):
        raise NotVectorizable
    with np.errstate(all="ignore"):
        result: Column = np.true_divide(_as_floats(left), _as_floats(right))
    return result


def _whole(ufunc: np.ufunc) -> Callable[[Value, Value], Column | None]:
    """Make a rule for ``//`` and ``%`` of ints; those of floats are computed value by value."""

    def rule(left: Value, right: Value) -> Column | None:
        if not set(_kind(left) + _kind(right)) <= set("ib") or magnitude(left) > LIMIT:
            return None
        if not np.all(right):
            raise NotVectorizable
        result: Column = ufunc(_as_ints(left), _as_ints(right))
        return result

    return rule


def _is_exact(value: Value) -> bool:
    return _kind(value) != "i" or magnitude(value) <= EXACT


def _compared(ufunc: np.ufunc) -> Callable[[Value, Value], Column | None]:
    def rule(left: Value, right: Value) -> Column | None:
        kinds = _kind(left) + _kind(right)
        if "O" in kinds:
            return None
        if "f" in kinds and not (_is_exact(left) and _is_exact(right)):
            return None
        with np.errstate(invalid="ignore"):
            result: Column = ufunc(left, right)
        return result

    return rule


def _compared_as_held(left: Value, right: Value) -> Column | None:
    if "f" in _kind(left) + _kind(right) and has_nan(left) and has_nan(right):
        raise NotVectorizable  # whether they are one object
    return _compared(np.equal)(left, right)


def _bitwise(ufunc: np.ufunc) -> Callable[[Value, Value], Column | None]:
    def rule(left: Value, right: Value) -> Column | None:
        if _kind(left) + _kind(right) not in ("bb", "ii"):
            return None
        result: Column = ufunc(left, right)
        return result

    return rule


def _unary(ufunc: np.ufunc) -> Callable[[Value], Column | None]:
    def rule(value: Value) -> Column | None:
        kind = _kind(value)
        if kind == "O" or (kind == "i" and magnitude(value) > LIMIT):
            return None
        result: Column = ufunc(_as_ints(value) if kind == "b" else value)
        return result

    return rule


def _to_float(value: Value) -> Column | None:
    return None if _kind(value) == "O" else _as_floats(value)


def _to_bool(value: Value) -> Column | None:
    return truth(value, len(value)) if isinstance(value, np.ndarray) and value.dtype != np.object_ else None


_RULES: dict[Callable[..., Any], Callable[..., Column | None]] = {
    operator.add: _computed(np.add, lambda left, right: left + right),
    operator.sub: _computed(np.subtract, lambda left, right: left + right),
    operator.mul: _computed(np.multiply, lambda left, right: left * right),
    operator.truediv: _divided,
    operator.floordiv: _whole(np.floor_divide),
    operator.mod: _whole(np.remainder),
    operator.eq: _compared(np.equal),
    operator.ne: _compared(np.not_equal),
    same_or_equal: _compared_as_held,
    operator.lt: _compared(np.less),
    operator.le: _compared(np.less_equal),
    operator.gt: _compared(np.greater),
    operator.ge: _compared(np.greater_equal),
    operator.and_: _bitwise(np.bitwise_and),
    operator.or_: _bitwise(np.bitwise_or),
    operator.xor: _bitwise(np.bitwise_xor),
    operator.neg: _unary(np.negative),
    operator.pos: _unary(np.positive),
    operator.abs: _unary(np.absolute),
    abs: _unary(np.absolute),
    float: _to_float,
    bool: _to_bool,
}
