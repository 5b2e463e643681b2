"""The seam for an ORM: what LumiX requires of its adapter, and of a query that the adapter makes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence, Set
from typing import Any, Protocol, runtime_checkable

from lumix_core.rows.columns import Column
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import Path


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
            only `rows` is right: pending changes that are not flushed, a query whose rows are not its
            instances, attributes that are changed as they load.
        """
        ...


@runtime_checkable
class ReaderQuery(ColumnQuery, Protocol):
    """A query that has several readers of its columns."""

    def with_reader(self, name: str) -> RowQuery:
        """Return the query with another reader of its columns.

        Raises:
            LXSourceError: there is no such reader, or it cannot read from this database; the message gives the reason.
        """
        ...


@runtime_checkable
class ReasonedQuery(ColumnQuery, Protocol):
    """A query that says why its columns do not suffice."""

    def why_rows(self) -> str | None:
        """Return why only `rows` tells the truth, as far as is known before reading; None where nothing is known.

        The text completes "whole rows: ...". Runs no query.
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
    """What LumiX requires of the adapter of one ORM."""

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
        mapped attribute) is returned as it is, to be shared; NotImplemented stands for a value of anyone else. A handle
        is passed only where it was given to ``from_data``: a query over which one can iterate becomes a list of its
        rows, and NotImplemented has it refused.
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
            LXSourceError: it is, but the arguments do not suffice; the message suggests what to write.
        """
        ...
