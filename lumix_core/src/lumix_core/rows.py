"""Where rows come from: lists, data frames and ORM queries; and the seam for an ORM.

A source is read once per compile, however many parts of the model use it: `Reading` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol, cast, runtime_checkable

from lumix_core.columns import Column
from lumix_core.errors import LXSourceError
from lumix_core.frames import is_frame, with_named_columns
from lumix_core.loading import Loaded
from lumix_core.mentions import Mentions
from lumix_core.projecting import projected
from lumix_core.snapshots import Snapshot
from lumix_core.standins import RowClass, row_class_of
from lumix_core.tables import FrameTable, LazyRows, Path, Table


class RowQuery(Protocol):
    """A query over an ORM's rows, not yet run."""

    @property
    def row_type(self) -> type | None:
        """The mapped class of the rows; None where the rows are plain columns."""
        ...

    @property
    def identity(self) -> Hashable:
        """Equal for queries that would return the same rows in the same transaction."""
        ...

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Run the query and return the rows, in the query's order or by primary key.

        Args:
            flush: whether pending changes may be written to the database first.
        """
        ...

    def __str__(self) -> str:
        """Return the query as a person would name it in a message."""
        ...


@runtime_checkable
class ColumnQuery(RowQuery, Protocol):
    """A query that can also read single columns, without making an object a row."""

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Sequence[Any] | Column] | None:
        """Read some columns of the rows, in one query.

        Args:
            paths: the attributes, each a name in `RowClass.columns`, after the names of the to-one relationships
                (`RowClass.related`) that lead there. A related row that is missing leaves None in its columns.
            flush: whether pending changes may be written to the database first.

        Returns:
            for each path the values as the attribute would have them, in the order and number of `rows`; None where
            only `rows` tells the truth: pending changes that are not flushed, a query whose rows are not its
            instances, attributes that are changed as they load.
        """
        ...


@runtime_checkable
class ReaderQuery(ColumnQuery, Protocol):
    """A query whose columns can be read in more than one way."""

    def with_reader(self, name: str) -> RowQuery:
        """Return the query with another reader of its columns.

        Raises:
            LXSourceError: there is no such reader, or it cannot read from this database; the message says why.
        """
        ...


@runtime_checkable
class KeepingQuery(ColumnQuery, Protocol):
    """A query that knows which of its rows are instances already, so that a copy may take columns for all others."""

    def kept(self) -> Mapping[tuple[Hashable, ...], Any] | None:
        """Return the instances of `row_type` that the session keeps, by primary key. Runs no query.

        Returns:
            None where these, and the columns of `row_type` for all others, would not be what `rows` returns: some
            may be of a subclass, or the query changes the instances that it finds.
        """
        ...


@runtime_checkable
class RowAdapter(Protocol):
    """What LumiX asks of one ORM."""

    @property
    def name(self) -> str:
        """The name under which the adapter is registered."""
        ...

    def owns(self, cls: type) -> bool:
        """Whether this ORM maps the class."""
        ...

    def is_handle(self, obj: object) -> bool:
        """Whether the object is a session, connection, engine or query of this ORM, which no copy may hold."""
        ...

    def primary_key(self, cls: type) -> tuple[str, ...]:
        """Return the names of the attributes that make the primary key of a mapped class."""
        ...

    def row_class(self, cls: type) -> RowClass:
        """Return what a copy must know of a mapped class."""
        ...

    def load(self, rows: Sequence[Any], names: Set[str] | None = None) -> None:
        """Load what is lazy or expired in the rows, in their own sessions and a few queries for all of them.

        Nothing is flushed, and no change that is pending is touched. Rows without a session stay as they are.

        Args:
            rows: instances, of any mapped classes.
            names: the attributes to load, those of them that a class has; None for all that is lazy. Of these the
                relationships must be loaded; columns are read one row at a time where they are not.

        Raises:
            LXCopyError: a row, all of which is to be loaded, was deleted meanwhile.
        """
        ...

    def values(self, row: Any) -> dict[str, Any]:
        """Return the attributes of a row that are loaded, by name. Runs no query."""
        ...

    def plain(self, value: Any) -> Any:
        """Return what a copy holds in place of a value of this ORM that is no row.

        A collection or value that reports its changes to a row becomes one that does not; a definition (a table, a
        mapped attribute) is returned as it is, to be shared; NotImplemented stands for a value of anyone else.
        """
        ...

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        """Turn the arguments of ``from_model`` into a query.

        Args:
            target: a mapped class, or a query object of the ORM.
            handle: a session, an alias, or None.

        Returns:
            the query, or None where ``target`` is nothing of this ORM.

        Raises:
            LXSourceError: it is, but the arguments do not suffice; the message says what to write.
        """
        ...


class Source(Protocol):
    """Rows that can be read; equal identities are read once."""

    @property
    def identity(self) -> Hashable:
        """Equal for sources that hold the same rows."""
        ...

    def read(self) -> Table:
        """Read the rows now."""
        ...


@dataclass(frozen=True, eq=False)
class DataSource:
    """Rows given as an iterable of objects or a data frame; read again at every compile."""

    data: Any

    @property
    def identity(self) -> Hashable:
        """One and the same collection is read once."""
        return ("data", id(self.data))

    def read(self) -> Table:
        """Return the rows as they are now."""
        if is_frame(self.data):
            return FrameTable.of(with_named_columns(self.data))
        rows = list(self.data)
        row_type = common_type(rows)
        return Table(rows, row_type, None if row_type is None else mapped_key(row_type))

    def __str__(self) -> str:
        return f"{type(self.data).__name__} given to from_data"


@dataclass(frozen=True, eq=False)
class QuerySource:
    """Rows that an ORM's query returns when the model is compiled."""

    adapter: RowAdapter
    query: RowQuery

    @property
    def identity(self) -> Hashable:
        """Equal queries of one adapter are run once."""
        return (self.adapter.name, self.query.identity)

    def read(self, flush: bool = True) -> Table:
        """Run the query; ``flush`` says whether pending changes may be written first."""
        row_type = self.query.row_type
        rows = self.query.rows(flush)
        if row_type is None:
            return Table(rows, None, tuples=True)
        return Table(rows, row_type, self.adapter.primary_key(row_type))

    def project(self, paths: Sequence[Path], flush: bool = True) -> Table | None:
        """Read only some columns of the rows; None where the adapter cannot, or says that only the rows are true."""
        row_type = self.query.row_type
        if row_type is None or not hasattr(self.query, "columns"):  # asking for the protocol is slow
            return None
        class_of = self.adapter.row_class
        return projected(cast(ColumnQuery, self.query), class_of(row_type), class_of, paths, flush)

    def with_reader(self, name: str, owner: str) -> QuerySource:
        """Return the source with another reader of its columns.

        Raises:
            LXSourceError: the query has no such reader.
        """
        if not isinstance(self.query, ReaderQuery):
            raise LXSourceError(
                f"{owner}.from_model(reader={name!r}): queries of {self.adapter.name} are read in one way only. "
                f"Leave out reader=."
            )
        try:
            return QuerySource(self.adapter, self.query.with_reader(name))
        except LXSourceError as error:
            raise LXSourceError(f"{owner}: {error}") from None

    def __str__(self) -> str:
        return str(self.query)


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


@dataclass(frozen=True, eq=False)
class Read:
    """What it took to read one source: how many rows, and how many seconds."""

    source: Source
    rows: int
    seconds: float


@dataclass(eq=False)
class Reading:
    """The tables of one compile: each distinct source is read once.

    Args:
        tables: those read so far, by the identity of their source.
        wanted: what is wanted of each source; of one that is not named, the rows.
        reads: what it took to read each.
        loaded: the rows whose relationships were loaded.
        snapshot: the moment at which queries are read; None where each is read at its own.
    """

    tables: dict[Hashable, Table] = field(default_factory=dict)
    wanted: dict[Hashable, Wanted] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    loaded: Loaded = field(default_factory=Loaded)
    snapshot: Snapshot | None = None

    def table(self, source: Source) -> Table:
        """Return the rows of a source, reading it at the first call."""
        identity = source.identity
        if identity not in self.tables or (isinstance(source, QuerySource) and self._lacks(identity)):
            began = perf_counter()
            self.tables[identity] = table = self._read(source, self.wanted.get(identity))
            self.reads.append(Read(source, len(table), perf_counter() - began))
        return self.tables[identity]

    def _lacks(self, identity: Hashable) -> bool:
        """Whether more is wanted of a source meanwhile than the columns that were read."""
        table, wanted = self.tables[identity], self.wanted.get(identity)
        if wanted is None or not isinstance(table.rows, LazyRows):
            return False
        return wanted.whole is not None or not wanted.paths.keys() <= table.columns.keys()

    def _read(self, source: Source, wanted: Wanted | None) -> Table:
        if self.snapshot is not None and isinstance(source, QuerySource):
            self.snapshot.enter(source.query, source.adapter.name)
        if isinstance(source, QuerySource) and wanted is not None and wanted.whole is None:
            table = source.project(tuple(wanted.paths))
            if table is not None:
                return table
            wanted.whole = "the query's rows are not plain columns, or changes are pending"
        table = source.read()
        if wanted is not None:
            load_related(table, wanted, self.loaded)
        return table

    def load(self) -> None:
        """Load what the functions want of rows that were read before the functions were known."""
        for identity, table in self.tables.items():
            if identity in self.wanted:
                load_related(table, self.wanted[identity], self.loaded)


DECLARED: Any = object()
"""Stands for the class in ``LXVariable[Row, ...]``, where nothing else is given; None may be a mistake."""
DEPTH = 3
"""How many steps away from a row its relationships are loaded in bulk."""


def load_related(table: Table, wanted: Wanted, loaded: Loaded) -> None:
    """Load what functions read of live rows and lead to from them, in bulk, so that nothing is loaded row by row."""
    from lumix_core.plugins import adapter_for

    adapter = None if table.row_type is None or table.detached else adapter_for(table.row_type)
    if adapter is None or not len(table):
        return
    names = {name for path in wanted.paths for name in path}
    level, mentions = list(table.rows), Mentions(wanted.functions)
    for _ in range(DEPTH):
        classes = [adapter.row_class(cls) for cls in set(map(type, level)) if adapter.owns(cls)]
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
                if adapter.owns(type(one)):
                    found[id(one)] = one
    return list(found.values())


def data_source(data: Any, owner: str) -> DataSource:
    """Return the source for ``from_data``; an iterator is read at once, since it can be read only once.

    Raises:
        LXSourceError: ``data`` is not a collection of rows.
    """
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise LXSourceError(
            f"{owner}.from_data() got {data!r}, which is not a collection of rows. "
            f"Give a list of objects, one a row, or a pandas or polars DataFrame."
        )
    if isinstance(data, set | frozenset):
        raise LXSourceError(
            f"{owner}.from_data() got a {type(data).__name__}, which has no order of its own: the same model would "
            f"be compiled to other arrays in every process. Write .from_data(sorted(data, key=...)), or give a list."
        )
    if isinstance(data, dict):
        raise LXSourceError(
            f"{owner}.from_data() got a dict: its rows could be its keys, its values or its items. "
            f"Write .from_data(list(data.values())) or .from_data(list(data.items()))."
        )
    return DataSource(list(data) if isinstance(data, Iterator) else data)


def model_source(
    target: Any, handle: Any, declared: type | None, adapter: RowAdapter | None, owner: str
) -> QuerySource:
    """Return the source for ``from_model(target, handle)``.

    Args:
        target: a mapped class, a session (the class is then ``declared``), a query, or `DECLARED`.
        handle: a session or an alias, or None.
        declared: the row class from ``LXVariable[Row, ...]`` or ``LXIndexDimension(Row, ...)``.
        adapter: asked alone where given; else every adapter that is installed.
        owner: who asks, for messages.

    Raises:
        LXSourceError: no adapter knows the target, or it knows and misses something.
    """
    # Plugins are found at the first ORM model, not at import.
    from lumix_core.plugins import row_adapters

    if target is DECLARED:
        target = _declared_or_error(declared, owner)
    adapters = [adapter] if adapter is not None else row_adapters()
    found = _first_query(adapters, target, handle, owner)
    if found is None and any(one.is_handle(target) for one in adapters):
        if handle is not None:
            raise LXSourceError(
                f"{owner}.from_model() got a session first and then {handle!r:.60}: the session comes second. "
                f"Write .from_model(Row, session) or .from_model(query, session)."
            )
        if declared is None:
            raise LXSourceError(
                f"{owner}.from_model(session) does not say which class to read. "
                f"Write .from_model(Row, session), or name the class in LXVariable[Row, float](...)."
            )
        target, handle = declared, target
        found = _first_query(adapters, target, handle, owner)
    if found is not None:
        _check_declared(found, declared, owner)
        return found
    shown = target.__name__ if isinstance(target, type) else f"an object of class {type(target).__name__}"
    known = ", ".join(one.name for one in adapters) or "none"
    raise LXSourceError(
        f"{owner}.from_model() got {shown}, which no installed row adapter maps (adapters in use: {known}). "
        f"Give a mapped class, a query or a session, install the adapter of its ORM "
        f"(such as lumix-sqlalchemy or lumix-django), or use from_data() for plain objects."
    )


def _declared_or_error(declared: type | None, owner: str) -> type:
    if declared is None:
        raise LXSourceError(
            f"{owner}.from_model() does not say which class to read. "
            f"Give the class or a query, or name the class in LXVariable[Row, float](...)."
        )
    return declared


def _check_declared(source: QuerySource, declared: type | None, owner: str) -> None:
    row_type = source.query.row_type
    if declared in (None, Any) or row_type is None or getattr(declared, "_is_protocol", False):
        return
    if not (issubclass(row_type, declared) or issubclass(declared, row_type)):
        raise LXSourceError(
            f"{owner} was declared over {declared.__name__}, but from_model() reads {row_type.__name__}. "
            f"Correct the query, or the class in the square brackets."
        )


def _first_query(adapters: Sequence[RowAdapter], target: Any, handle: Any, owner: str) -> QuerySource | None:
    for adapter in adapters:
        try:
            query = adapter.query(target, handle)
        except LXSourceError as error:
            raise LXSourceError(f"{owner}: {error}") from None
        if query is not None:
            return QuerySource(adapter, query)
    return None


def common_type(rows: Sequence[Any]) -> type | None:
    """Return the one class that every row is an instance of, or None where there is no such class among theirs."""
    types = set(map(type, rows))
    for candidate in types:
        if all(issubclass(other, candidate) for other in types):
            return candidate
    return None


def mapped_key(row_type: type) -> tuple[str, ...] | None:
    """Return the primary key of a class that an ORM maps, or None."""
    from lumix_core.plugins import adapter_for

    detached = row_class_of(row_type)
    if detached is not None:
        return detached.primary_key
    adapter = adapter_for(row_type)
    return None if adapter is None else adapter.primary_key(row_type)
