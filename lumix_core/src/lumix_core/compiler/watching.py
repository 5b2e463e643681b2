"""What a function reads off its rows: found by calling it again, on rows that gave a wrong value and are watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
