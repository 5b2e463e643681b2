"""What functions return, over columns or row by row: objects, truths and numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import numpy as np

from lumix_core.formulas import arithmetic
from lumix_core.formulas.arithmetic import NotVectorizable, Value, filled
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.numbers import is_real_type


@dataclass(frozen=True)
class Listed:
    """Returns values as Python objects, converted where a conversion is given."""

    convert: Callable[[Any], Any] | None

    def __call__(self, value: Value, size: int) -> list[Any]:
        """Return the objects; raises `NotVectorizable` where one cannot be converted."""
        objects: list[Any] = filled(value, size).tolist()
        try:
            return objects if self.convert is None else list(map(self.convert, objects))
        except Exception as error:
            raise NotVectorizable from error


def true_of(value: Value, size: int) -> BoolArray:
    """Return whether each value is true as a condition; raises `NotVectorizable` where one is neither."""
    values = filled(value, size)
    if values.dtype == np.bool_:
        return values
    if values.dtype == np.float64 and np.isnan(values).any():
        raise NotVectorizable
    if values.dtype != np.object_:
        return arithmetic.truth(values, size)
    try:
        return truths_of_rows(list(map(truth_of, values)))
    except Exception as error:
        raise NotVectorizable from error


def truths_of_rows(values: list[Any]) -> BoolArray:
    """Return truths as an array."""
    return np.array(values, dtype=np.bool_)


def truth_of(value: Any) -> bool:
    """Return the truth of what a condition returned; what is true by mistake only is refused."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, MethodType | BuiltinMethodType | FunctionType):
        raise TypeError(f"it returned the method {value.__name__!r}, which is always true; call it")
    differs = value != value  # noqa: PLR0124 - nothing but NaN, of whatever library, differs from itself
    if differs is True or (isinstance(differs, np.bool_) and differs):
        raise TypeError(f"it returned {value!r}, which is neither true nor false")
    return bool(value)


def numbers_of(value: Value, size: int, infinite: float | None = None) -> FloatArray:
    """Return each value as a float; raises `NotVectorizable` where one is not finite, nor the infinite one allowed."""
    values = filled(value, size)
    if values.dtype == np.object_:
        numbers = numbers_of_rows(values.tolist(), infinite)
        if numbers is None:
            raise NotVectorizable
        return numbers
    floats: FloatArray = values.astype(np.float64, copy=False)
    if values.dtype == np.float64 and not _are_numbers(floats, infinite):
        raise NotVectorizable
    return floats


def _are_numbers(values: FloatArray, infinite: float | None) -> bool:
    """Whether every value is finite, or the infinite one that is allowed."""
    finite = np.isfinite(values)
    return bool(finite.all()) or (infinite is not None and bool((finite | (values == infinite)).all()))


def numbers_of_rows(values: list[Any], infinite: float | None = None) -> FloatArray | None:
    """Return values as floats, None where one is not finite, nor the infinite one that is allowed."""
    types = set(map(type, values))
    if np.ndarray in types:
        values = list(map(single_value, values))
        types = set(map(type, values))
    if not all(map(is_real_type, types)):
        return None
    try:
        result = np.fromiter(map(float, values), dtype=np.float64, count=len(values))
    except (OverflowError, ValueError):
        return None
    return result if _are_numbers(result, infinite) else None


def single_value(value: Any) -> Any:
    """Return the one value of an array without dimensions, as ``np.where`` gives for one row; all else as it is."""
    return value[()] if type(value) is np.ndarray and value.ndim == 0 else value


def equal(left: Any, right: Any) -> bool:
    """Whether two results are the same, bit for bit."""
    left = left.item() if isinstance(left, np.generic) else left
    right = right.item() if isinstance(right, np.generic) else right
    if type(left) is not type(right) or not (left is right or bool(left == right)):
        return False
    return type(left) is not float or left != 0.0 or math.copysign(1.0, left) == math.copysign(1.0, right)
