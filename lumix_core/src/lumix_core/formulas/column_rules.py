"""Rules of operators over columns: the same results as Python's bit for bit, or `NotVectorizable` where a row raises.

Floats, ints of 64 bits and bools are computed by numpy where numpy does what Python does. A rule returns None for all
else, which is computed value by value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lumix_core.formulas.arithmetic import NotVectorizable, Value, truth
from lumix_core.rows.columns import Column, has_nan

ColumnRule: TypeAlias = Callable[..., Column | None]
"""Computes an operator, given a column or a single value for each operand."""
EXACT = 2**53
"""Up to here every int is a float."""
LIMIT = 2**63 - 1


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


def _magnitude(value: Value) -> int:
    """Return the largest absolute value of ints."""
    if not isinstance(value, np.ndarray):
        return abs(int(value))
    return max(abs(int(value.max())), abs(int(value.min()))) if len(value) else 0


def _as_floats(value: Value) -> Value:
    return value.astype(np.float64) if isinstance(value, np.ndarray) else float(value)


def _as_ints(value: Value) -> Value:
    return value.astype(np.int64) if isinstance(value, np.ndarray) else int(value)


def computed(ufunc: np.ufunc, bound: Callable[[int, int], int]) -> ColumnRule:
    """Make a rule for ``+ - *``: floats as they are, ints where the result has 64 bits."""

    def rule(left: Value, right: Value) -> Column | None:
        kinds = _kind(left) + _kind(right)
        if "O" in kinds:
            return None
        if "f" in kinds:
            with np.errstate(all="ignore"):
                result: Column = ufunc(_as_floats(left), _as_floats(right))
            return result
        if bound(_magnitude(left), _magnitude(right)) > LIMIT:
            return None
        whole: Column = ufunc(_as_ints(left), _as_ints(right))
        return whole

    return rule


def divided(left: Value, right: Value) -> Column | None:
    """Compute ``/``."""
    kinds = _kind(left) + _kind(right)
    if "O" in kinds or not (is_exact(left) and is_exact(right)):
        return None
    if not np.all(right):
        raise NotVectorizable
    with np.errstate(all="ignore"):
        result: Column = np.true_divide(_as_floats(left), _as_floats(right))
    return result


def whole(ufunc: np.ufunc) -> ColumnRule:
    """Make a rule for ``//`` and ``%`` of ints; those of floats are computed value by value."""

    def rule(left: Value, right: Value) -> Column | None:
        if not set(_kind(left) + _kind(right)) <= set("ib") or _magnitude(left) > LIMIT:
            return None
        if not np.all(right):
            raise NotVectorizable
        result: Column = ufunc(_as_ints(left), _as_ints(right))
        return result

    return rule


def is_exact(value: Value) -> bool:
    """Whether a float can stand for each number."""
    return _kind(value) != "i" or _magnitude(value) <= EXACT


def compared(ufunc: np.ufunc) -> ColumnRule:
    """Make a rule for a comparison."""

    def rule(left: Value, right: Value) -> Column | None:
        kinds = _kind(left) + _kind(right)
        if "O" in kinds:
            return None
        if "f" in kinds and not (is_exact(left) and is_exact(right)):
            return None
        with np.errstate(invalid="ignore"):
            result: Column = ufunc(left, right)
        return result

    return rule


def compared_as_held(left: Value, right: Value) -> Column | None:
    """Compute `same_or_equal`."""
    if "f" in _kind(left) + _kind(right) and has_nan(left) and has_nan(right):
        raise NotVectorizable  # whether they are one object
    return compared(np.equal)(left, right)


def bitwise(ufunc: np.ufunc) -> ColumnRule:
    """Make a rule for ``& | ^`` of two ints or two bools."""

    def rule(left: Value, right: Value) -> Column | None:
        if _kind(left) + _kind(right) not in ("bb", "ii"):
            return None
        result: Column = ufunc(left, right)
        return result

    return rule


def unary(ufunc: np.ufunc) -> ColumnRule:
    """Make a rule for an operator of one number."""

    def rule(value: Value) -> Column | None:
        kind = _kind(value)
        if kind == "O" or (kind == "i" and _magnitude(value) > LIMIT):
            return None
        result: Column = ufunc(_as_ints(value) if kind == "b" else value)
        return result

    return rule


def to_float(value: Value) -> Column | None:
    """Compute ``float``."""
    return None if _kind(value) == "O" else _as_floats(value)


def to_bool(value: Value) -> Column | None:
    """Compute ``bool``."""
    return truth(value, len(value)) if isinstance(value, np.ndarray) and value.dtype != np.object_ else None


def required_everywhere(is_there: Value) -> Column | None:
    """Compute `required`."""
    if not isinstance(is_there, np.ndarray) or is_there.dtype != np.bool_:
        return None
    if not is_there.all():
        raise NotVectorizable
    return is_there
