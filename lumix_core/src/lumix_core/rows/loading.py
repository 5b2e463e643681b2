"""What adapters load for a while: relationships that functions go through, released when they have been called."""

from __future__ import annotations

import logging
from collections.abc import Sequence, Set
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from lumix_core.rows.features import LXRowFeature, features_of

if TYPE_CHECKING:
    from lumix_core.rows.adapter import RowAdapter

_LOG = logging.getLogger("lumix.rows")


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
        began = perf_counter()
        adapter.load(rows, names)
        if rows and names != set():
            wanted = "all attributes" if names is None else ", ".join(sorted(names))
            milliseconds, name = 1000 * (perf_counter() - began), type(rows[0]).__name__
            _LOG.debug("%d rows of %s: %s loaded in %.1f ms", len(rows), name, wanted, milliseconds)

    def release(self) -> None:
        """Restore the rows as they were."""
        while self._batches:
            adapter, rows = self._batches.pop()
            cast(ReleasingAdapter, adapter).release(rows)
