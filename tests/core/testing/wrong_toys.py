"""Toys that do one thing wrong, made from the right ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lumix_core.rows import registry as rows_registry
from tests.core.testing.query_toy import QueryToyAdapter


class Wrong:
    """A query, a writer or an adapter that does one thing wrong, and all else as the right one does it."""

    def __init__(self, right: Any, **wrong: Any) -> None:
        self._right, self._wrong = right, wrong

    def __getattr__(self, name: str) -> Any:
        return self._wrong[name] if name in self._wrong else getattr(self._right, name)

    def __str__(self) -> str:
        return str(self._wrong.get("text", self._right))


def adapter(**wrong: Callable[..., Any]) -> type[Any]:
    """Return an adapter with changed methods; each change is given what the right one returns, and its arguments."""

    def method(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        right = getattr(QueryToyAdapter, name)
        return lambda self, *arguments: change(right(self, *arguments), *arguments)

    return type("WrongAdapter", (QueryToyAdapter,), {name: method(name, change) for name, change in wrong.items()})


def replacing(**methods: Any) -> type[Any]:
    """Return an adapter with other methods."""
    return type("ReplacedAdapter", (QueryToyAdapter,), methods)


def query(**wrong: Callable[[Any], Any]) -> type[Any]:
    """Return an adapter of whose queries some attributes are replaced, each by what a function makes of the query."""

    def changed(right: Any, *_: Any) -> Any:
        return None if right is None else Wrong(right, **{name: change(right) for name, change in wrong.items()})

    return adapter(query=changed)


def columns(change: Callable[[list[Any]], Any]) -> type[Any]:
    """Return an adapter whose columns are changed once they are read."""

    def reading(right: Any) -> Callable[..., Any]:
        def read(*arguments: Any, **options: Any) -> Any:
            read_columns = right.columns(*arguments, **options)
            return None if read_columns is None else change(read_columns)

        return read

    return query(columns=reading)


def rows(change: Callable[[list[Any]], Any]) -> type[Any]:
    """Return an adapter whose rows are changed once they are read."""
    return query(rows=lambda right: lambda flush=True: change(right.rows(flush)))


class OnlyTheToy:
    """What stands for the registry: one adapter for every class that it owns."""

    def __init__(self, toy: Any) -> None:
        self._toy = toy

    def in_use(self) -> tuple[Any, ...]:
        return (self._toy,)

    def owner_of(self, cls: type) -> Any:
        return self._toy if self._toy.owns(cls) else None


def register(toy: Any, monkeypatch: Any) -> None:
    """Let the toy be the one that is registered."""
    shared: Any = OnlyTheToy(toy)
    monkeypatch.setattr(rows_registry, "_SHARED", shared)


def changed_row_class(**parts: Any) -> type[Any]:
    """Return an adapter that describes classes wrongly: each part is made of the right description."""
    return adapter(row_class=lambda known, cls: replace(known, **{name: make(known) for name, make in parts.items()}))
