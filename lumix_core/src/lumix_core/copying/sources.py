"""How the rows of a source are copied: as columns where these hold all there is to them, else as objects.

Columns are read last, when the copy has made all other objects. A row that the session keeps an instance of becomes an
object, made of that instance; so what functions capture, and what other rows lead to, is the row of the source.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, ItemsView, KeysView, Mapping, ValuesView
from typing import Any, cast

from lumix_core.copying.detached_rows import DetachedRows, DetachedSource, can_be_shared
from lumix_core.copying.protocol import ActiveCopier, Copying, Request
from lumix_core.rows.adapter import KeepingQuery
from lumix_core.rows.features import LXRowFeature
from lumix_core.rows.frames import collected_frame
from lumix_core.rows.registry import is_handle, row_adapters
from lumix_core.rows.sources import DataSource, QuerySource

DATA = "the data of from_data()"


class Sources:
    """The sources that are copied with one memo.

    Attributes:
        known: what each query has become, by its identity: equal queries run once.
        lists: the rows of data that only lead to them, by the identity of the source; of a lazy frame a frame.
        waiting: those that may become columns.
        columnar: those that did; one for each class, since two of them may share rows.
    """

    def __init__(self) -> None:
        self.known: dict[Hashable, DetachedSource] = {}
        self.lists: dict[Hashable, Any] = {}
        self.waiting: list[tuple[QuerySource, DetachedSource]] = []
        self.columnar: dict[type | None, tuple[QuerySource, DetachedRows]] = {}


def copy_data_source(copier: ActiveCopier, value: DataSource) -> Copying:
    """Copy the rows that were given as they are; of what only leads to rows, the copy has a list."""
    lists, identity = copier.sources.lists, value.identity
    if identity not in lists:
        rows = _rows_behind(value.data)
        if rows is None:
            return copier.remember(value, DataSource((yield Request(value.data, DATA))))
        lists[identity] = yield Request(rows, DATA)
    return copier.remember(value, DataSource(lists[identity]))


def _rows_behind(data: Any) -> Any:
    """Return the rows of a view of a dict, a lazy frame, or a query of an ORM; None for data that can be copied."""
    frame = collected_frame(data)
    if frame is not None:
        return frame
    if isinstance(data, KeysView | ValuesView | ItemsView):
        return list(data)
    if not is_handle(data):
        return None
    plain = (adapter.plain(data) for adapter in row_adapters())
    return next((rows for rows in plain if isinstance(rows, list)), None)


def copy_query_source(copier: ActiveCopier, value: QuerySource) -> Any:
    """Keep the rows of a query detached; equal queries run once."""
    known, identity = copier.sources.known, value.identity
    if identity in known:
        return copier.remember(value, known[identity])
    if _may_be_columns(value):
        return _copied_later(copier, value)
    table = value.read(flush=False)
    known[identity] = source = DetachedSource([], table.row_type, table.primary_key, str(value))
    return _with_rows(copier.remember(value, source), list(table.rows))


def _with_rows(source: DetachedSource, rows: list[Any]) -> Copying:
    source.rows = yield Request(rows)
    return source


def _copied_later(copier: ActiveCopier, value: QuerySource) -> DetachedSource:
    row_type = value.query.row_type
    assert row_type is not None
    source = DetachedSource([], row_type, value.adapter.primary_key(row_type), str(value))
    copier.sources.known[value.identity] = source
    copier.sources.waiting.append((value, source))
    return copier.remember(value, source)


def copy_detached_rows(copier: ActiveCopier, value: DetachedRows) -> Copying:
    """Share the columns, and copy the objects that were made."""
    made = dict(value.made)
    twin = copier.remember(value, DetachedRows(value.row_class, value.columns, value.size))
    objects = yield Request(list(made.values()))
    twin.add(dict(zip(made, objects, strict=True)))
    return twin


def read_waiting(copier: ActiveCopier) -> None:
    """Read the sources that wait, and join what they share with the rest of the copy."""
    sources = copier.sources
    while sources.waiting:
        value, source = sources.waiting.pop(0)
        rows = None if value.query.row_type in sources.columnar else _rows_of_columns(value)
        if rows is None:
            source.rows = copier.copies_of(list(value.read(flush=False).rows), value.adapter)
        else:
            source.rows = rows
            sources.columnar[value.query.row_type] = (value, rows)
    while any(_join(copier, value, rows) for value, rows in sources.columnar.values()):
        pass


def _may_be_columns(value: QuerySource) -> bool:
    """Whether the attributes of the rows are columns, and no more."""
    row_type = value.query.row_type
    if row_type is None or _kept(value) is None:
        return False
    known = value.adapter.row_class(row_type)
    return known.columns.issuperset(known.attributes)


def _kept(value: QuerySource) -> Mapping[tuple[Hashable, ...], Any] | None:
    return cast(KeepingQuery, value.query).kept() if LXRowFeature.KEEPING in value.features else None


def _rows_of_columns(value: QuerySource) -> DetachedRows | None:
    """Read the rows of a source as columns; None where these do not hold all, or could be changed."""
    assert value.query.row_type is not None
    known = value.adapter.row_class(value.query.row_type)
    table = value.project([(name,) for name in known.attributes], flush=False)
    if table is None or not all(map(can_be_shared, table.columns.values())):
        return None
    return DetachedRows.of_table(known, table)


def _join(copier: ActiveCopier, value: QuerySource, rows: DetachedRows) -> bool:
    """Let instances that the session keeps be the rows; returns whether there were any that were not known."""
    kept = _kept(value)
    positions = rows.positions() if kept else {}
    known = {positions[key]: row for key, row in (kept or {}).items() if key in positions}
    fresh = {position: row for position, row in known.items() if position not in rows.made}
    rows.add(dict(zip(fresh, copier.copies_of(list(fresh.values()), value.adapter), strict=True)))
    return bool(fresh)


SOURCE_HANDLERS: dict[type, Callable[[ActiveCopier, Any], Any]] = {
    DataSource: copy_data_source,
    QuerySource: copy_query_source,
    DetachedRows: copy_detached_rows,
}
