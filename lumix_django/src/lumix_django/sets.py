"""The sets of related rows that a detached row has: they answer what needs no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, overload

from lumix_core.errors import LXDetachedError


class DetachedSet(Sequence[Any]):
    """The rows that a related manager had, when its row was detached.

    It reads as the manager and as the queryset of its ``all()``: ``row.parts.all()``, ``row.parts.count()``.

    Args:
        name: of the attribute, with its class.
        rows: the related rows.
        ordered: whether the queryset had an order, its own or that of the model.
    """

    def __init__(self, name: str, rows: list[Any], ordered: bool) -> None:
        self._name = name
        self._rows = rows
        self._ordered = ordered

    def all(self) -> DetachedSet:
        """Return the rows."""
        return self

    get_queryset = all

    def iterator(self, chunk_size: int | None = None) -> Iterator[Any]:
        """Return an iterator of the rows."""
        return iter(self._rows)

    def count(self, *value: Any) -> int:
        """Return how many rows there are."""
        if value:
            return self._rows.count(*value)
        return len(self._rows)

    def exists(self) -> bool:
        """Whether there is a row."""
        return bool(self._rows)

    def contains(self, row: Any) -> bool:
        """Whether a row is among them."""
        return row in self._rows

    def first(self) -> Any:
        """Return the first row, by primary key where they have no order; None where there is none."""
        return next(iter(self._in_order("first")), None)

    def last(self) -> Any:
        """Return the last row, by primary key where they have no order; None where there is none."""
        return next(reversed(self._in_order("last")), None)

    def _in_order(self, name: str) -> list[Any]:
        if self._ordered or len(self._rows) < 2:
            return self._rows
        if any(isinstance(row.pk, str) for row in self._rows):
            raise LXDetachedError(
                f"{self._name}.{name}() asks for the order of texts, which only the database knows: its collation "
                f"is not Python's. Give the model an order (Meta.ordering), or take {name} of sorted(...)."
            )
        return sorted(self._rows, key=lambda row: row.pk)

    @property
    def ordered(self) -> bool:
        """Whether the queryset had an order."""
        return self._ordered

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> list[Any]: ...
    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, int) and position < 0:
            raise ValueError("Negative indexing is not supported.")  # as Django's own querysets say
        return self._rows[position]

    def __call__(self, **manager: Any) -> NoReturn:
        """Refuse another manager: it asks the database."""
        raise LXDetachedError(f"{self._name}(...) asks the database, and a detached row runs no query. Use .all().")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise LXDetachedError(
            f"{self._name}.{name}() asks the database, and a detached row runs no query. Use .all(), .count(), "
            f".exists(), .first() or .last(), and let Python do the rest: "
            f"[part for part in row.{self._name.rpartition('.')[2]}.all() if ...]."
        )

    def __repr__(self) -> str:
        return f"<{len(self)} detached rows of {self._name}>"
