"""The row adapter for SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import FromClause, inspect, select
from sqlalchemy.orm import Query, class_mapper
from sqlalchemy.orm.util import AliasedClass

from lumix_core.errors import LXSourceError
from lumix_core.rows import BaseRowAdapter, LXRowFeature, RowClass, RowQuery, RowWriter, WrittenTable
from lumix_sqlalchemy import detaching, loading, table_facts, writing
from lumix_sqlalchemy.handles import async_handles, checked, is_handle
from lumix_sqlalchemy.ordering import key_names
from lumix_sqlalchemy.queries import STATEMENTS, LegacyQuery, StatementQuery
from lumix_sqlalchemy.readers import SESSION


class SQLAlchemyAdapter(BaseRowAdapter):
    """Rows of mapped classes, read in the user's own session and transaction.

    Args:
        reader: how the columns of queries are read: ``"session"``, or ``"arrow"`` with a connection of its own; see
            `StatementQuery.with_reader`.
    """

    name = "sqlalchemy"
    features = frozenset(
        {
            LXRowFeature.COLUMNS,
            LXRowFeature.READERS,
            LXRowFeature.KEEPING,
            LXRowFeature.REASONS,
            LXRowFeature.SNAPSHOTS,
            LXRowFeature.REFRESHING,
            LXRowFeature.AWAITED,
            LXRowFeature.WRITING,
        }
    )

    def __init__(self, reader: str = SESSION) -> None:
        self.reader = reader

    def owns(self, cls: type) -> bool:
        """Whether the class is mapped; abstract bases and unmapped subclasses of mapped classes are not."""
        return inspect(cls, raiseerr=False) is not None

    def is_handle(self, obj: object) -> bool:
        """Whether the object is a session, a maker of sessions, an engine, a connection, a query or a result."""
        return is_handle(obj)

    def primary_key(self, cls: type) -> tuple[str, ...]:
        """Return the attributes (whatever their columns are called) of the key, in its order."""
        return key_names(class_mapper(cls, configure=False))

    def row_class(self, cls: type) -> RowClass:
        """Return the attributes of a mapped class, as plain data."""
        return detaching.row_class(cls)

    def load(self, rows: Sequence[Any], names: Set[str] | None = None) -> None:
        """Load the columns and relationships that the rows lack, or those named, in a few queries for all of them."""
        loading.load(rows, names)

    def values(self, row: Any) -> dict[str, Any]:
        """Return the attributes of a row that are loaded; runs no query."""
        return detaching.values(row)

    def plain(self, value: Any) -> Any:
        """Return a collection or tracked value that is not bound to its row; a definition unchanged."""
        return detaching.plain(value)

    def query(self, target: object, handle: object | None) -> RowQuery | None:
        """Turn the arguments of ``from_model`` into a query.

        Args:
            target: a mapped class or an alias of one, a ``select(...)`` or other statement, or a ``Query``.
            handle: a ``Session``, ``scoped_session`` or ``AsyncSession``; a ``Query`` that has its own needs none.

        Raises:
            LXSourceError: the session is missing or something else, or the two are swapped; or the
                adapter's reader cannot read from its database.
        """
        query = self._query(target, handle)
        return query if query is None or self.reader == SESSION else query.with_reader(self.reader)

    def written_table(self, cls: type) -> WrittenTable:
        """Return the attributes, keys and foreign keys of a class that is mapped to a table of its own.

        Raises:
            LXWriteError: it is part of an inheritance hierarchy, or mapped to a query.
        """
        return table_facts.written_table(cls)

    def instance_values(self, row: Any) -> Mapping[str, Any]:
        """Return the attributes that are set on a new instance, which no session has."""
        return writing.mapped_values(row)

    def writing(self, handle: object | None, tables: Sequence[WrittenTable]) -> AbstractContextManager[RowWriter]:
        """Return a savepoint in a session or a connection's transaction, or a transaction of an engine's own.

        Args:
            handle: a ``Session`` or ``scoped_session``, an ``Engine``, a ``sessionmaker`` or a ``Connection``.
            tables: the tables that will be written.

        Raises:
            LXWriteError: the handle is not one of these, or has no transaction for all of the tables.
        """
        return writing.writing(handle, tables)

    def _query(self, target: object, handle: object | None) -> StatementQuery | LegacyQuery | None:
        if isinstance(target, Query):
            handle = target.session if handle is None else handle
            return LegacyQuery(target, checked(handle, "query"), owner=_asynchronous(handle))
        if isinstance(target, STATEMENTS):
            return StatementQuery(target, checked(handle, "query"), owner=_asynchronous(handle))
        if isinstance(target, AliasedClass) or (isinstance(target, type) and self.owns(target)):
            return StatementQuery(select(target), checked(handle, _shown(target)), owner=_asynchronous(handle))
        if isinstance(target, FromClause):
            raise LXSourceError(
                f"from_model() got {_table_text(target)}, which is no class and no query. "
                f"Write .from_model(select(table), session): its rows have the columns as attributes."
            )
        if is_handle(target):
            _check_alone(target, handle)
        return None


def _asynchronous(handle: object) -> object | None:
    """Return a session that is an asynchronous one; None for another."""
    return handle if isinstance(handle, async_handles()) else None


def _check_alone(target: object, handle: object | None) -> None:
    checked(target, "Row")
    if handle is not None:
        raise LXSourceError(
            f"from_model() got a session as its first argument. The session comes second, after the class or query. "
            f"Write .from_model({_shown(handle)}, session)."
        )


def _table_text(target: FromClause) -> str:
    name = getattr(target, "name", None)
    return f"the {type(target).__name__.lower()} {name!r}" if name else f"a {type(target).__name__.lower()}"


def _shown(target: object) -> str:
    return target.__name__ if isinstance(target, type) else "query"
