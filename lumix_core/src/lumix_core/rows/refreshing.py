"""Reading anew: queries whose session holds rows of an earlier reading, or sees the database as it was then."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol, cast, runtime_checkable

from lumix_core.rows.features import LXRowFeature
from lumix_core.rows.sources import QuerySource


@runtime_checkable
class RefreshingQuery(Protocol):
    """A query of an ORM whose rows may be others than the database has now, and that can be read anew."""

    def refresh(self, done: set[Hashable]) -> str | None:
        """See that reading from now on shows the rows as they are now, also those that the session holds.

        Changes that are pending stay.

        Args:
            done: what this was done for already, such as a session; it has to be added.

        Returns:
            why older rows may be read all the same, and what to do, in sentences; None where they are not.
        """
        ...


@dataclass(eq=False)
class Refreshing:
    """What was done so that the sources of one compile are read anew.

    Args:
        done: the sessions, or the like, whose rows are read anew.
        reasons: why older rows may have been read all the same.
    """

    done: set[Hashable] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)

    def enter(self, source: QuerySource) -> None:
        """Have a query read anew; one without the feature reads the database each time."""
        if LXRowFeature.REFRESHING not in source.features:
            return
        reason = cast(RefreshingQuery, source.query).refresh(self.done)
        if reason is not None and reason not in self.reasons:
            self.reasons.append(reason)
