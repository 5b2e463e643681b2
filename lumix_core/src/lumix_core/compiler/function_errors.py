"""The errors of functions that fail or return no number: what it read, found by calling it on watched rows."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from lumix_core.compiler.batches import Batch
from lumix_core.errors import LXFunctionError, LXModelError, LXNotLinearError, LXNumberError, did_you_mean
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.numbers import flaw, remedy

_SCALARS = (str, bytes, int, float, complex, bool, type(None))


class _Watcher:
    """Stands in front of an object and writes down every attribute that is read, with its value."""

    def __init__(self, target: Any, path: str, seen: dict[str, Any]) -> None:
        self.__dict__.update(_target=target, _path=path, _seen=seen)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name.startswith("__") or callable(value):
            return value
        path = f"{self._path}.{name}"
        self._seen[path] = value
        plain = isinstance(value, _SCALARS) or not hasattr(value, "__dict__")
        return value if plain else _Watcher(value, path, self._seen)

    def __getitem__(self, item: Any) -> Any:
        value = self._target[item]
        self._seen[f"{self._path}[{item!r}]"] = value
        return value


def attributes_read(function: Callable[..., Any], rows: tuple[Any, ...]) -> dict[str, Any]:
    """Return what a function reads off its rows, as ``{"Product.price": None}``, in the order of reading."""
    seen: dict[str, Any] = {}
    watchers = tuple(row if isinstance(row, _SCALARS) else _Watcher(row, type(row).__name__, seen) for row in rows)
    try:
        function(*watchers)
    except Exception:  # noqa: BLE001 - the same failure is being reported already; only the reading counts here
        return seen
    return seen


def failure(function: UserFunction, batch: Batch, i: int, error: Exception) -> Exception:
    """Return the error to raise for a function that raised one for an index element."""
    position = f"{function.title} failed for {batch.element(i)}: "
    if isinstance(
        error, LXModelError | LXNotLinearError
    ):  # a parameter that it looks up says what is wrong, and what to do
        return type(error)(f"{position}{error}")
    position += f"{type(error).__name__}: {error}"
    read = attributes_read(function.call, batch.rows_of(i))
    null = [path for path, value in read.items() if value is None]
    if null:
        null_text = f"It reads {' and '.join(null)}, which is NULL (None)."
        return LXNumberError(f"{position}.{_hint(error)} {null_text} {remedy(function.role)}")
    return LXFunctionError(f"{position}.{_hint(error)}{_reading(read)} Correct the function or the row.")


def _hint(error: Exception) -> str:
    """Return the suggestion that Python itself makes for a misspelt attribute."""
    if not isinstance(error, AttributeError) or not error.name or error.obj is None:
        return ""
    return did_you_mean(error.name, dir(error.obj))


def wrong_number(
    function: UserFunction, batch: Batch, values: list[Any], infinite: float | None = None
) -> LXNumberError:
    """Return the error to raise where one of the values is no finite number, nor the infinite one that is allowed."""
    i, wrong = next(
        (i, wrong)
        for i, value in enumerate(values)
        if (wrong := flaw(value)) is not None and not (wrong == "is infinite" and float(value) == infinite)
    )
    read = attributes_read(function.call, batch.rows_of(i))
    returned = {path: value for path, value in read.items() if value is values[i]}
    flawed = {path: value for path, value in read.items() if flaw(value) is not None and not _is_row(value)}
    return LXNumberError(
        f"{function.title} {wrong} for {batch.element(i)}.{_reading(flawed | returned or read, returned)} "
        f"{remedy(function.role)}"
    )


def _is_row(value: Any) -> bool:
    return hasattr(value, "__dict__")


def _reading(read: dict[str, Any], always: Container[str] = ()) -> str:
    shown = [f"{path} = {value!r:.60}" for path, value in read.items() if path in always or not _is_row(value)]
    return f" It read {', '.join(shown[:6])}." if shown else ""
