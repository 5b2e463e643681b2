"""What to say of a function that fails, or returns what is no number: what it read, and what to do."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.watching import attributes_read
from lumix_core.errors import LXFunctionError, LXModelError, LXNumberError, did_you_mean
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.numbers import flaw, remedy


def failure(function: UserFunction, batch: Batch, i: int, error: Exception) -> Exception:
    """Return the error to raise for a function that raised one for a member."""
    place = f"{function.title} failed for {batch.member(i)}: "
    if isinstance(error, LXModelError):  # a parameter that it looks up says what is wrong, and what to do
        return type(error)(f"{place}{error}")
    place += f"{type(error).__name__}: {error}"
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


def wrong_number(function: UserFunction, batch: Batch, values: list[Any]) -> LXNumberError:
    """Return the error to raise where one of the values is no finite number."""
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
