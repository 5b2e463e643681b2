"""Functions over many rows at once: conditions, numbers and keys for a batch of combinations of rows.

A batch is positions into tables, so that a function can be evaluated over columns or, as here, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import numpy as np

from lumix_core.errors import LXFunctionError, LXNumberError, did_you_mean
from lumix_core.functions import UserFunction
from lumix_core.keys import IntArray
from lumix_core.numbers import flaw, is_real_type, remedy
from lumix_core.problem import BoolArray, FloatArray
from lumix_core.tables import Table
from lumix_core.tracing import attributes_read

BLOCK = 1 << 18
"""How many combinations of rows are looked at in one go."""


@dataclass(frozen=True, eq=False)
class Argument:
    """One argument of a function for every member of a batch: ``table.rows[positions[i]]`` for member ``i``."""

    table: Table
    positions: IntArray

    def take(self, picks: IntArray) -> Argument:
        """Return the argument for some members."""
        return Argument(self.table, self.positions[picks])

    def rows(self) -> Iterator[Any]:
        """Return the rows, one a member."""
        return map(self.table.rows.__getitem__, self.positions.tolist())


@dataclass(frozen=True, eq=False)
class Batch:
    """The arguments of a function for many members at once.

    Args:
        arguments: one for each parameter that gets a row.
        size: how many members there are.
        member: names a member in messages: "key 3 of 'production'".
    """

    arguments: tuple[Argument, ...]
    size: int
    member: Callable[[int], str]

    def calls(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one call after the other."""
        if not self.arguments:
            return iter([()] * self.size)
        return zip(*(argument.rows() for argument in self.arguments), strict=True)

    def rows_of(self, i: int) -> tuple[Any, ...]:
        """Return the rows of one call."""
        return tuple(one.table.rows[one.positions[i]] for one in self.arguments)

    def take(self, picks: IntArray) -> Batch:
        """Return the batch of some members."""
        return Batch(
            tuple(one.take(picks) for one in self.arguments),
            len(picks),
            lambda i: self.member(int(picks[i])),
        )

    def first_arguments(self, count: int) -> Batch:
        """Return the batch for a function that takes fewer arguments."""
        return Batch(self.arguments[:count], self.size, self.member)


def objects(function: UserFunction, batch: Batch, convert: Callable[[Any], Any] | None = None) -> list[Any]:
    """Return what the function returns for each member, converted if asked.

    Raises:
        LXLateBindingError: it captures a loop variable that was rebound.
        LXNumberError: it failed on a value that is NULL or no number.
        LXFunctionError: it failed for another reason.
    """
    function.check_captures()
    call = function.call
    values: list[Any] = []
    try:
        if convert is None:
            for rows in batch.calls():
                values.append(call(*rows))
        else:
            for rows in batch.calls():
                values.append(convert(call(*rows)))
    except Exception as error:
        raise _failure(function, batch, len(values), error) from error
    return values


def truths(function: UserFunction, batch: Batch) -> BoolArray:
    """Return for which members a condition is true, shape ``(size,)``; raises as `objects` does."""
    return np.array(objects(function, batch, _truth), dtype=np.bool_)


def _truth(value: Any) -> bool:
    """Return the truth of what a condition returned; what is true by mistake only is refused."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, MethodType | BuiltinMethodType | FunctionType):
        raise TypeError(f"it returned the method {value.__name__!r}, which is always true; call it")
    differs = value != value  # noqa: PLR0124 - nothing but NaN, of whatever library, differs from itself
    if differs is True or (isinstance(differs, np.bool_) and differs):
        raise TypeError(f"it returned {value!r}, which is neither true nor false")
    return bool(value)


def numbers(value: float | UserFunction, batch: Batch) -> FloatArray:
    """Return a number for each member, float64, shape ``(size,)``.

    Raises:
        LXNumberError: one is NULL, NaN, infinite or no number; the message names family, key and attribute.
    """
    if not isinstance(value, UserFunction):
        return np.full(batch.size, value)
    values = objects(value, batch)
    if all(map(is_real_type, set(map(type, values)))):
        try:
            result = np.fromiter(map(float, values), dtype=np.float64, count=len(values))
        except (OverflowError, ValueError):
            pass
        else:
            if np.isfinite(result).all():
                return result
    raise _wrong_number(value, batch, values)


def matching(
    axes: Sequence[Batch],
    conditions: Sequence[UserFunction],
    arrange: Callable[[Batch], Batch] = lambda batch: batch,
) -> tuple[IntArray, ...]:
    """Return which combinations of the axes' members satisfy every condition, in lexicographic order.

    At most `BLOCK` combinations are held at once, beside the ones that match.

    Args:
        axes: one batch an axis; the last varies fastest.
        conditions: functions of the arguments of all axes.
        arrange: puts the arguments into the order in which the conditions take them.

    Returns:
        for each axis, the member of each combination.
    """
    shape = tuple(axis.size for axis in axes)
    found: list[tuple[IntArray, ...]] = []
    for start in range(0, math.prod(shape), BLOCK):
        flat = np.arange(start, min(start + BLOCK, math.prod(shape)))
        picks = tuple(np.unravel_index(flat, shape))
        for condition in conditions:
            kept = truths(condition, arrange(combined(axes, picks)))
            picks = tuple(pick[kept] for pick in picks)
        found.append(picks)
    return tuple(_joined([picks[axis] for picks in found]) for axis in range(len(axes)))


def combined(axes: Sequence[Batch], picks: Sequence[IntArray]) -> Batch:
    """Return the batch of combinations: member ``picks[a][i]`` of each axis ``a``."""
    arguments = tuple(one.take(pick) for axis, pick in zip(axes, picks, strict=True) for one in axis.arguments)

    def member(i: int) -> str:
        return " and ".join(axis.member(int(pick[i])) for axis, pick in zip(axes, picks, strict=True))

    return Batch(arguments, len(picks[0]), member)


def _joined(arrays: list[IntArray]) -> IntArray:
    return np.concatenate(arrays).astype(np.int64) if arrays else np.empty(0, dtype=np.int64)


def _failure(function: UserFunction, batch: Batch, i: int, error: Exception) -> Exception:
    place = f"{function.title} failed for {batch.member(i)}: {type(error).__name__}: {error}"
    read = attributes_read(function.call, batch.rows_of(i))
    null = [path for path, value in read.items() if value is None]
    if null:
        null_text = f"It reads {' and '.join(null)}, which is NULL (None)."
        return LXNumberError(f"{place}.{_hint(error)} {null_text} {remedy(function.role)}")
    return LXFunctionError(f"{place}.{_hint(error)}{_reading(read)} Correct the function or the row.")


def _hint(error: Exception) -> str:
    """Return the question that Python itself asks of a misspelt attribute."""
    if not isinstance(error, AttributeError) or not error.name or error.obj is None:
        return ""
    return did_you_mean(error.name, dir(error.obj))


def _wrong_number(function: UserFunction, batch: Batch, values: list[Any]) -> LXNumberError:
    i, wrong = next((i, wrong) for i, value in enumerate(values) if (wrong := flaw(value)) is not None)
    read = attributes_read(function.call, batch.rows_of(i))
    returned = {path: value for path, value in read.items() if value is values[i]}
    flawed = {path: value for path, value in read.items() if flaw(value) is not None and not _is_row(value)}
    return LXNumberError(
        f"{function.title} {wrong} for {batch.member(i)}.{_reading(flawed | returned or read, returned)} "
        f"{remedy(function.role)}"
    )


def _is_row(value: Any) -> bool:
    return hasattr(value, "__dict__")


def _reading(read: dict[str, Any], always: Container[str] = ()) -> str:
    shown = [f"{path} = {value!r:.60}" for path, value in read.items() if path in always or not _is_row(value)]
    return f" It read {', '.join(shown[:6])}." if shown else ""
