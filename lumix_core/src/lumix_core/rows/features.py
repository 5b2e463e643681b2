"""What a row adapter can do besides reading rows, as data: the core checks a feature, and never a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum


class LXRowFeature(StrEnum):
    """What a row adapter can do. Whatever needs a feature that an adapter lacks is left out, or refused."""

    COLUMNS = "columns"
    """Its queries read single columns, without making an object a row: `lumix_core.rows.ColumnQuery`."""
    READERS = "readers"
    """Its queries have several readers of their columns: `lumix_core.rows.ReaderQuery`. Needs COLUMNS."""
    KEEPING = "keeping"
    """Its queries know which rows the session keeps as instances: `lumix_core.rows.KeepingQuery`. Needs COLUMNS."""
    REASONS = "reasons"
    """Its queries say why their columns do not suffice: `lumix_core.rows.ReasonedQuery`. Needs COLUMNS."""
    SNAPSHOTS = "snapshots"
    """Several of its queries can be read at one moment: `lumix_core.rows.SnapshotQuery`."""
    REFRESHING = "refreshing"
    """Its queries see that rows are read anew which the session holds: `lumix_core.rows.RefreshingQuery`."""
    AWAITED = "awaited"
    """Its queries say what they are to be read in while an event loop runs: `lumix_core.rows.AwaitedQuery`."""
    RELEASE = "release"
    """It takes from rows again what it loaded for a while: `lumix_core.rows.ReleasingAdapter`."""
    WRITING = "writing"
    """It writes rows: `lumix_core.rows.WritingAdapter`."""


OF_QUERIES: Mapping[LXRowFeature, tuple[str, ...]] = {
    LXRowFeature.COLUMNS: ("columns",),
    LXRowFeature.READERS: ("columns", "with_reader"),
    LXRowFeature.KEEPING: ("columns", "kept"),
    LXRowFeature.REASONS: ("columns", "why_rows"),
    LXRowFeature.SNAPSHOTS: ("snapshot",),
    LXRowFeature.REFRESHING: ("refresh",),
    LXRowFeature.AWAITED: ("awaited",),
}
"""What the queries of an adapter with a feature have."""
OF_ADAPTERS: Mapping[LXRowFeature, tuple[str, ...]] = {
    LXRowFeature.RELEASE: ("release",),
    LXRowFeature.WRITING: ("written_table", "instance_values", "writing"),
}
"""What an adapter with a feature has itself."""


def features_of(adapter: object, query: object | None = None) -> frozenset[LXRowFeature]:
    """Return what an adapter can do.

    Features of queries count only for a query that has what they promise: a class derived from an adapter may make
    queries of its own, and queries of one adapter may differ.

    Args:
        adapter: one that declares ``features``, or one without them, which is taken at the names that it has.
        query: of the adapter; None where no feature of queries is needed.
    """
    known = frozenset((*_present(OF_ADAPTERS, adapter), *_present(OF_QUERIES, query)))
    declared: frozenset[LXRowFeature] | None = getattr(adapter, "features", None)
    return known if declared is None else known & declared


def lacking(adapter: object) -> list[str]:
    """Return what the features that an adapter declares promise of it, and it does not have."""
    declared = getattr(adapter, "features", None) or ()
    names = (name for feature, needed in OF_ADAPTERS.items() if feature in declared for name in needed)
    return [name for name in names if not hasattr(adapter, name)]


def _present(table: Mapping[LXRowFeature, tuple[str, ...]], owner: object) -> Iterator[LXRowFeature]:
    return (feature for feature, names in table.items() if all(hasattr(owner, name) for name in names))
