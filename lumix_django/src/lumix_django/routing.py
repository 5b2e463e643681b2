"""Which database is read: what Django's routers choose, and within a snapshot the database of the snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from django.db import router
from django.db.models import QuerySet
from django.db.models.base import ModelState
from django.db.models.query import RawQuerySet

SNAPSHOT: ContextVar[str | None] = ContextVar("lumix_django_snapshot", default=None)
"""The database of the snapshot that is being read; None outside of one."""
CHOICES = 200
"""How often a router is asked whether it ever chooses a database: one that chooses replicas at random does."""
NO_HINTS: Mapping[str, Any] = {}


def alias_of(queryset: Any) -> str:
    """Return the database that a queryset is read from: that of the snapshot, where the routers may choose it."""
    is_own = type(queryset).db not in (QuerySet.db, RawQuerySet.db)
    if queryset._db is not None or is_own or getattr(queryset, "_for_write", False):
        alias: str = queryset.db
        return alias
    return alias_for(queryset.model, queryset._hints)


def alias_for(model: Any, hints: Mapping[str, Any] = NO_HINTS) -> str:
    """Return the database from which the routers have a model read; see `alias_of`."""
    alias: str = router.db_for_read(model, **hints)
    snapshot = SNAPSHOT.get()
    if snapshot is None or alias == snapshot or not router.routers:
        return alias
    return snapshot if any(router.db_for_read(model, **hints) == snapshot for _ in range(CHOICES)) else alias


def bound(queryset: Any) -> Any:
    """Return a copy of a queryset that is read from one database, even where a router chooses anew each time."""
    return queryset.using(alias_of(queryset))


def by_database(rows: Sequence[Any], related: Callable[[], Any]) -> dict[str | None, list[Any]]:
    """Return rows by the database from which their related rows are read; None leaves that to Django.

    Args:
        rows: of one model, and of one database.
        related: returns the model of the related rows.
    """
    if not router.routers:
        return {None: list(rows)}
    model = related()
    groups: dict[str | None, list[Any]] = {}
    for row in rows:
        groups.setdefault(alias_for(model, {"instance": row}), []).append(row)
    return groups


def is_read_beside(alias: str, owner: Any, model: Any) -> bool:
    """Whether related rows of a model are read from the database of their owners, whichever rows these are."""
    if not router.routers:
        return True
    wanted: list[str] = []
    try:
        chosen = alias_for(model, {"instance": _any_row(owner, alias, wanted)})
    except _RowWantedError:
        return False
    return chosen == alias and not wanted


class _RowWantedError(Exception):
    """A router chooses by the attributes of a row, so that no database can be named for all rows."""


def _any_row(model: Any, alias: str, wanted: list[str]) -> Any:
    """Return what stands for any row of a model in a database; the attributes that are read of it are noted."""
    state = ModelState()
    state.adding, state.db = False, alias
    known = {"__class__": model, "_meta": model._meta, "_state": state}

    class AnyRow:
        def __getattribute__(self, name: str) -> Any:
            if name in known:
                return known[name]
            wanted.append(name)
            raise _RowWantedError(name)

    return AnyRow()
