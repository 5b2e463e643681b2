"""Values of formulas: columns, or single values that stand for all rows, and what the evaluation does with them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np

from lumix_core.problem.arrays import BoolArray
from lumix_core.rows.columns import ABSENT, Column, column, object_column

Value: TypeAlias = Any
"""A `Column`, or one Python object that stands for all rows."""


class NotVectorizable(Exception):  # noqa: N818 - a signal, not an error
    """Columns do not determine what the rows give: only going row by row does."""


def one_by_one(function: Callable[..., Any], operands: tuple[Value, ...], size: int) -> Column:
    """Call a function for every row, with Python's own objects."""
    lists = [operand.tolist() if isinstance(operand, np.ndarray) else repeat(operand, size) for operand in operands]
    try:
        return column(list(map(function, *lists)))
    except Exception as error:
        raise NotVectorizable from error


def same_or_equal(left: Any, right: Any) -> bool:
    """Compare where Python may look for the same object first, as collections do.

    Raises:
        ValueError: it makes a difference, as for NaN, which does not equal itself.
    """
    equals = bool(left == right)
    if left is right and not equals:
        raise ValueError("this value does not equal itself")
    return equals


def required(is_there: Any) -> bool:
    """Raise LookupError where a row is not there."""
    if not is_there:
        raise LookupError("there is no row to read this attribute of")
    return True


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
    if values.dtype == np.object_ and type(ABSENT) in set(map(type, values.tolist())):
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
