"""What adapters load for a while: relationships that functions go through, released when they have been called."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from lumix_core.rows.features import LXRowFeature, features_of

if TYPE_CHECKING:
    from lumix_core.rows.adapter import RowAdapter


@runtime_checkable
class ReleasingAdapter(Protocol):
    """An adapter whose ORM reads some relationships anew each time that someone asks a row for them."""

    def release(self, rows: Sequence[Any]) -> None:
        """Take from rows what ``load`` gave them and their ORM would not keep. Runs no query."""
        ...


class Loaded:
    """The rows that were loaded for one compile, or for one copy."""

    def __init__(self) -> None:
        self._batches: list[tuple[RowAdapter, Sequence[Any]]] = []

    def load(self, adapter: RowAdapter, rows: Sequence[Any], names: Set[str] | None = None) -> None:
        """Load rows, as `RowAdapter.load` describes."""
        if LXRowFeature.RELEASE in features_of(adapter):
            self._batches.append((adapter, rows))
        adapter.load(rows, names)

    def release(self) -> None:
        """Restore the rows as they were."""
        while self._batches:
            adapter, rows = self._batches.pop()
            cast(ReleasingAdapter, adapter).release(rows)
