"""One moment for all that a compile reads: queries that can be read from one snapshot of their database."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

from lumix_core.errors import LXSourceError
from lumix_core.rows.features import LXRowFeature
from lumix_core.rows.sources import QuerySource


@runtime_checkable
class SnapshotQuery(Protocol):
    """A query of an ORM that can be one of several which all see the database as it was at one moment."""

    def snapshot(self, ends: ExitStack) -> Hashable:
        """See that all reading from now on, in the transaction of this query, sees the same moment.

        A transaction is begun where there is none; one that has begun is left as it is.

        Args:
            ends: closed when all is read. Where no user of the ORM would end the transaction that is begun here, what
                ends it is put into it.

        Returns:
            what stands for the transaction: equal for queries that are read in the same one.

        Raises:
            LXSourceError: the transaction that has begun, the database or the reader does not allow it; the message
                suggests what to write.
        """
        ...


@dataclass(eq=False)
class Snapshot:
    """The moment at which all sources of one compile are read.

    Args:
        ends: what is to be ended when all is read.
        first: the query that was read first, and its transaction.
    """

    ends: ExitStack
    first: tuple[object, Hashable] | None = None

    def enter(self, source: QuerySource) -> None:
        """Have a query read at this moment.

        Raises:
            LXSourceError: it cannot be.
        """
        query, name = source.query, source.adapter.name
        if LXRowFeature.SNAPSHOTS not in source.features:
            raise LXSourceError(
                f"snapshot=True: the row adapter {name!r} has no way to read {query} from a snapshot. Leave "
                f"out snapshot=True, and read in a transaction that you begin as your database asks for it."
            )
        transaction = cast(SnapshotQuery, query).snapshot(self.ends)
        first = self.first or (query, transaction)
        if first[1] != transaction:
            raise LXSourceError(
                f"snapshot=True: the model reads in two transactions, which see different moments: {first[0]} in one, "
                f"{query} in the other. Give all of its sources the same session, or the same database."
            )
        self.first = first
