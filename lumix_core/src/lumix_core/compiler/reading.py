"""The tables of one compile: each distinct source is read once, with no more than its functions need."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from lumix_core.compiler.mentions import Mentions
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.loading import Loaded
from lumix_core.rows.refreshing import Refreshing
from lumix_core.rows.registry import adapter_for
from lumix_core.rows.snapshots import Snapshot
from lumix_core.rows.sources import QuerySource, Source
from lumix_core.rows.tables import PRESENT, LazyRows, Path, Table

DEPTH = 3
"""How many steps away from a row its relationships are loaded in bulk."""
NOT_COLUMNS = "the rows of the query are not plain columns, changes are pending, or the session holds other values"


@dataclass(eq=False)
class Wanted:
    """What a compile wants of one source.

    Args:
        paths: the attributes that its functions read.
        whole: why the rows themselves are needed; None where columns suffice.
        functions: those that are called row by row.
    """

    paths: dict[Path, None] = field(default_factory=dict)
    whole: str | None = None
    functions: list[Callable[..., Any]] = field(default_factory=list)

    def __str__(self) -> str:
        if self.whole is not None:
            return f"whole rows: {self.whole}"
        return f"columns {', '.join('.'.join(path).removesuffix(f'.{PRESENT}') for path in self.paths)}"


@dataclass(frozen=True, eq=False)
class Read:
    """What it took to read one source.

    Args:
        source: the source.
        rows: how many rows there were.
        seconds: how long it took.
        whole: why the rows themselves were read; None where columns were.
    """

    source: Source
    rows: int
    seconds: float
    whole: str | None = None


@dataclass(eq=False)
class Reading:
    """The tables of one compile: each distinct source is read once.

    Args:
        tables: those read so far, by the identity of their source.
        wanted: what is wanted of each source; of one that is not named, the rows.
        reads: what it took to read each.
        loaded: the rows whose relationships were loaded.
        snapshot: the moment at which queries are read; None where each is read at its own.
        refreshing: sees that rows are read anew which a session holds; None where those it holds will do.
    """

    tables: dict[Hashable, Table] = field(default_factory=dict)
    wanted: dict[Hashable, Wanted] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    loaded: Loaded = field(default_factory=Loaded)
    snapshot: Snapshot | None = None
    refreshing: Refreshing | None = None
    _identities: dict[Source, Hashable] = field(default_factory=dict, repr=False)

    def table(self, source: Source) -> Table:
        """Return the rows of a source, reading it at the first call."""
        identity = self._identity(source)
        if identity not in self.tables or (isinstance(source, QuerySource) and self._lacks(identity)):
            began = perf_counter()
            wanted = self.wanted.get(identity)
            self.tables[identity] = table = self._read(source, wanted)
            whole = None if wanted is None else wanted.whole
            self.reads.append(Read(source, len(table), perf_counter() - began, whole))
        return self.tables[identity]

    def _identity(self, source: Source) -> Hashable:
        """Return the identity of a source, which takes time to compute: it is asked for by every term."""
        identity = self._identities.get(source)
        if identity is None:
            identity = self._identities[source] = source.identity
        return identity

    def _lacks(self, identity: Hashable) -> bool:
        """Whether more is wanted of a source meanwhile than the columns that were read."""
        table, wanted = self.tables[identity], self.wanted.get(identity)
        if wanted is None or not isinstance(table.rows, LazyRows):
            return False
        return wanted.whole is not None or not wanted.paths.keys() <= table.columns.keys()

    def _read(self, source: Source, wanted: Wanted | None) -> Table:
        if isinstance(source, QuerySource):
            self._prepare(source)
        if isinstance(source, QuerySource) and wanted is not None and wanted.whole is None:
            table = source.project(tuple(wanted.paths))
            if table is not None:
                return table
            wanted.whole = source.why_rows() or NOT_COLUMNS
        table = source.read()
        if wanted is not None:
            load_related(table, wanted, self.loaded)
        return table

    def _prepare(self, source: QuerySource) -> None:
        if self.refreshing is not None:
            self.refreshing.enter(source)
        if self.snapshot is not None:
            self.snapshot.enter(source)

    def load(self) -> None:
        """Load what the functions want of rows that were read before the functions were known."""
        for identity, table in self.tables.items():
            if identity in self.wanted:
                load_related(table, self.wanted[identity], self.loaded)

    def __str__(self) -> str:
        return "\n".join(f"{read.source}: {read.rows:,} rows in {1000 * read.seconds:.1f} ms" for read in self.reads)


def load_related(table: Table, wanted: Wanted, loaded: Loaded) -> None:
    """Load what functions read of live rows and lead to from them, in bulk, so that nothing is loaded row by row."""
    adapter = None if table.row_type is None or table.detached else adapter_for(table.row_type)
    if adapter is None or not len(table):
        return
    names = {name for path in wanted.paths for name in path}
    level, mentions = list(table.rows), Mentions(wanted.functions)
    for _ in range(DEPTH):
        classes = [adapter.row_class(cls) for cls in set(map(type, level)) if adapter_for(cls) is adapter]
        named = {name for one in classes for name in one.attributes if name in mentions.of(one.mapped) | names}
        loaded.load(adapter, level, named)
        related = named - {name for one in classes for name in one.columns}
        if not related:
            return
        level = _related_rows(adapter, level, related)


def _related_rows(adapter: RowAdapter, rows: Sequence[Any], names: Set[str]) -> list[Any]:
    """Return the distinct rows that relationships lead to."""
    found: dict[int, Any] = {}
    for row in rows:
        values = adapter.values(row)
        for name in names & values.keys():
            value = values[name]
            several = value.values() if isinstance(value, dict) else value
            for one in several if isinstance(several, Iterable) else (value,):
                if adapter_for(type(one)) is adapter:
                    found[id(one)] = one
    return list(found.values())
