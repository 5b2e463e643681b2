"""Where rows come from: lists, data frames and ORM queries."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Any, Protocol, cast

from lumix_core.errors import LXSourceError
from lumix_core.rows.adapter import ColumnQuery, ReaderQuery, ReasonedQuery, RowAdapter, RowQuery
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.rows.frames import is_frame, read_frame, require_narwhals
from lumix_core.rows.projection import projected
from lumix_core.rows.registry import adapter_for, add_adapter, hindrances, is_handle, registered_adapters
from lumix_core.rows.standins import row_class_of
from lumix_core.rows.tables import FrameTable, Path, Table

_LOG = logging.getLogger("lumix.rows")

DECLARED: Any = object()
"""Stands for the class in ``LXVariable[Row, ...]``, where nothing else is given; None may be a mistake."""


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
            return FrameTable.of(read_frame(self.data))
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

    @cached_property
    def features(self) -> frozenset[LXRowFeature]:
        """What the adapter can do with the query."""
        return features_of(self.adapter, self.query)

    def read(self, flush: bool = True) -> Table:
        """Run the query; with ``flush``, pending changes may be written first."""
        row_type = self.query.row_type
        began = perf_counter()
        rows = self.query.rows(flush)
        self._log("whole rows", len(rows), began)
        if row_type is None:
            return Table(rows, None, tuples=True)
        return Table(rows, row_type, self.adapter.primary_key(row_type))

    def project(self, paths: Sequence[Path], flush: bool = True) -> Table | None:
        """Read only some columns of the rows; None where only the rows are right."""
        row_type = self.query.row_type
        if row_type is None or LXRowFeature.COLUMNS not in self.features:
            return None
        class_of = self.adapter.row_class
        began = perf_counter()
        table = projected(cast(ColumnQuery, self.query), class_of(row_type), class_of, paths, flush)
        if table is not None:
            self._log("columns", len(table), began)
        return table

    def _log(self, read: str, rows: int, began: float) -> None:
        milliseconds = 1000 * (perf_counter() - began)
        _LOG.debug("%d rows (%s) in %.1f ms: %s", rows, read, milliseconds, self.query)

    def why_rows(self) -> str | None:
        """Return why columns of the query would not suffice, as far as its adapter knows before reading."""
        return cast(ReasonedQuery, self.query).why_rows() if LXRowFeature.REASONS in self.features else None

    def with_reader(self, name: str, owner: str) -> QuerySource:
        """Return the source with another reader of its columns.

        Raises:
            LXSourceError: the query has no such reader.
        """
        if LXRowFeature.READERS not in self.features:
            raise LXSourceError(
                f"{owner}.from_model(reader={name!r}): queries of {self.adapter.name} have one reader only. "
                f"Leave out reader=."
            )
        try:
            return QuerySource(self.adapter, cast(ReaderQuery, self.query).with_reader(name))
        except LXSourceError as error:
            raise LXSourceError(f"{owner}: {error}") from None

    def __str__(self) -> str:
        return str(self.query)


def data_source(data: Any, owner: str) -> DataSource:
    """Return the source for ``from_data``; an iterator is read at once, since it can be read only once.

    Raises:
        LXSourceError: ``data`` is not a collection of rows.
    """
    if is_frame(data):
        require_narwhals(f"{owner}.from_data()")
        return DataSource(data)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise LXSourceError(
            f"{owner}.from_data() got {data!r}, which is not a collection of rows. "
            f"Give a list of objects, one a row, or a data frame."
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
        adapter: the only one that is tried where given; else every adapter that is installed.
        owner: who asks, for messages.

    Raises:
        LXSourceError: no adapter knows the target, or it knows and misses something.
    """
    if target is DECLARED:
        target = _declared_or_error(declared, owner)
    if adapter is not None:
        add_adapter(adapter)
    adapters = [adapter] if adapter is not None else registered_adapters()
    source = _first_query(adapters, target, handle, owner)
    if source is None and (is_handle(target) if adapter is None else adapter.is_handle(target)):
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
        source = _first_query(adapters, target, handle, owner)
    if source is not None:
        _check_declared(source, declared, owner)
        return source
    shown = target.__name__ if isinstance(target, type) else f"an object of class {type(target).__name__}"
    known = ", ".join(candidate.name for candidate in adapters) or "none"
    raise LXSourceError(
        f"{owner}.from_model() got {shown}, which no installed row adapter maps (adapters in use: {known}). "
        f"Give a mapped class, a query or a session, install the adapter of its ORM "
        f"(such as lumix-sqlalchemy or lumix-django), or use from_data() for plain objects. {hindrances()}".strip()
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
    failure: Exception | None = None
    for adapter in adapters:
        try:
            query = adapter.query(target, handle)
        except LXSourceError as error:
            raise LXSourceError(f"{owner}: {error}") from None
        except Exception as error:  # noqa: BLE001 - the target may be of another adapter
            error.add_note(f"{owner}.from_model(): the row adapter {adapter.name!r} failed to make a query of this.")
            failure = failure or error
            continue
        if query is not None:
            return QuerySource(adapter, query)
    if failure is not None:
        raise failure
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
    detached = row_class_of(row_type)
    if detached is not None:
        return detached.primary_key
    adapter = adapter_for(row_type)
    return None if adapter is None else adapter.primary_key(row_type)
