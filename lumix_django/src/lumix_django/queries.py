"""The queries behind ``from_model``: each runs as Django itself would run it, and leaves the user's queryset alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import EmptyResultSet
from django.db.models import Model, Prefetch, QuerySet
from django.db.models.manager import BaseManager
from django.db.models.query import (
    FlatValuesListIterable,
    NamedValuesListIterable,
    RawQuerySet,
    ValuesIterable,
    ValuesListIterable,
)

from lumix_core.errors import LXSourceError
from lumix_core.rows import AwaitedReading, Column, Path, Paused, row_class_of
from lumix_django.handles import check_ready, checked_alias, readable
from lumix_django.ordering import in_order, values_in_order
from lumix_django.projecting import READING, can_read, reads_plainly, selected
from lumix_django.routing import alias_of, bound
from lumix_django.snapshots import enter_snapshot, older_moment

VALUES = (ValuesIterable, ValuesListIterable, NamedValuesListIterable, FlatValuesListIterable)
T = TypeVar("T")
AnyQuery: TypeAlias = "ManagerQuery | ModelQuery | ValuesQuery | FetchedQuery"


def query_of(target: Any, handle: object | None) -> AnyQuery | None:
    """Return the query for a model, a manager or a queryset; None for anything of others.

    Raises:
        LXSourceError: it cannot be read; the message suggests what to write.
    """
    if isinstance(target, type):
        is_model = issubclass(target, Model) and target is not Model and row_class_of(target) is None
        return _query_of_model(target, handle) if is_model else None
    if issubclass(type(target), Model):
        raise LXSourceError(
            f"from_model() got one row of {type(target).__name__}, not a model or a queryset. "
            f"Write .from_model({type(target).__name__}), or .from_data([row]) for rows that you have."
        )
    if issubclass(type(target), BaseManager):
        check_ready(target.model)
        return ManagerQuery(target, checked_alias(handle, _name_of(target)))
    return _query_of_queryset(target, handle) if issubclass(type(target), QuerySet | RawQuerySet) else None


def _name_of(manager: Any) -> str:
    """Return how the user writes a manager; that of related rows has no name of its own."""
    return f"{manager.model.__name__}.{manager.name}" if manager.name else f"a manager of {manager.model.__name__} rows"


def _query_of_model(model: Any, handle: object | None) -> AnyQuery:
    if model._meta.abstract or model._meta.swapped:
        why = "abstract" if model._meta.abstract else f"swapped for {model._meta.swapped}"
        raise LXSourceError(
            f"from_model() got {model.__name__}, which is {why}, so that it has no table and no rows. "
            f"Give the model that has."
        )
    check_ready(model)
    return ManagerQuery(model._default_manager, checked_alias(handle, model.__name__))


def _query_of_queryset(queryset: Any, handle: object | None) -> ModelQuery | ValuesQuery | FetchedQuery:
    model = queryset.model
    check_ready(model)
    if handle is not None:
        queryset = queryset.using(checked_alias(handle, "queryset"))
    if isinstance(queryset, RawQuerySet):
        return FetchedQuery(queryset)
    values = issubclass(queryset._iterable_class, VALUES)
    if not values:
        _check_annotations(queryset)
    if queryset._result_cache is not None:
        return FetchedQuery(queryset)
    return ValuesQuery(values_in_order(queryset), queryset) if values else ModelQuery(in_order(queryset), queryset)


def _check_annotations(queryset: Any) -> None:
    lookups = (lookup for lookup in queryset._prefetch_related_lookups if isinstance(lookup, Prefetch))
    lists = (lookup.to_attr for lookup in lookups if lookup.to_attr)
    _check_hidden(queryset.model, [*queryset.query.annotations, *queryset.query.extra, *lists])


def _check_hidden(model: Any, names: Iterable[str]) -> None:
    """Refuse attributes of the rows that hide what functions would read of the class.

    Raises:
        LXSourceError: the class has a constant or a method of that name.
    """
    for name in names:
        element = next((vars(base)[name] for base in model.__mro__ if name in vars(base)), None)
        if element is not None and (callable(element) or not hasattr(type(element), "__get__")):
            raise LXSourceError(
                f"from_model() got a queryset that annotates {model.__name__} rows with {name!r}, which the "
                f"class has already: functions of rows could mean either. Give the annotation a name of its own."
            )


@dataclass(frozen=True, eq=False)
class ManagerQuery:
    """The rows of a manager. It is asked for its queryset at each reading, since it may follow the tenant of a request.

    Args:
        manager: of a model, or of the rows that are related to one.
        alias: the database that the user named; None leaves it to the manager and to the routers.
    """

    manager: Any
    alias: str | None

    @property
    def row_type(self) -> type | None:
        """The model of the manager."""
        model: type = self.manager.model
        return model

    @property
    def identity(self) -> Hashable:
        """One and the same manager is read once, whatever it shows at the moment."""
        return ("manager", id(self.manager), self.alias)  # managers of different models may be equal

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Run the query that the manager has now."""
        return self._query().rows(flush)

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Sequence[Any] | Column] | None:
        """Read some columns, as `ModelQuery.columns` does."""
        query = self._query()
        return query.columns(paths, flush) if isinstance(query, ModelQuery) else None

    def snapshot(self, ends: ExitStack) -> Hashable:
        """See that this and all later reading from the same database sees one moment; see `ModelQuery.snapshot`."""
        return self._query().snapshot(ends)

    def refresh(self, done: set[Hashable]) -> str | None:
        """Return why the transaction that is open may see older rows; see `ModelQuery.refresh`."""
        return self._query().refresh(done)

    def kept(self) -> Mapping[tuple[Hashable, ...], Any] | None:
        """Return no instance, or None where a copy must hold the query's own; see `ModelQuery.kept`."""
        query = self._query()
        return query.kept() if isinstance(query, ModelQuery) else None

    def awaited(self) -> AwaitedReading:
        """Return what an event loop waits in for the query."""
        return awaited_reading

    def _query(self) -> ModelQuery | FetchedQuery:
        with readable(self.manager.model.__name__):
            queryset = self.manager.all()
        if not isinstance(queryset, QuerySet | RawQuerySet):
            raise self._unusable(f"a {type(queryset).__name__}")
        if not issubclass(queryset.model, self.manager.model):
            raise self._unusable(f"rows of {queryset.model.__name__}")
        query = _query_of_queryset(queryset, self.alias)
        if isinstance(query, ValuesQuery):
            raise self._unusable("dicts, tuples or single values")
        return query

    def _unusable(self, shown: str) -> LXSourceError:
        return LXSourceError(
            f"from_model() got {_name_of(self.manager)}, whose all() returned {shown} in place of a queryset of "
            f"{self.manager.model.__name__} rows. Give from_model() a queryset, or correct get_queryset() of the "
            f"manager."
        )

    def __str__(self) -> str:
        return str(self._query())


async def awaited_reading(call: Callable[[], T], /) -> T:
    """Call a function on the thread that Django keeps for its connections while an event loop runs."""
    return await sync_to_async(call)()


class _Readable:
    """What all querysets have in common.

    Attributes:
        queryset: what is read.
    """

    queryset: Any

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Run the query; Django has no pending changes, and its instances are new ones each time."""
        with readable(self.queryset.model.__name__):
            return list(bound(self.queryset))

    def snapshot(self, ends: ExitStack) -> Hashable:
        """See that this and all later reading from the same database sees one moment.

        Raises:
            LXSourceError: a transaction is open, with a weaker isolation level.
        """
        with readable(self.queryset.model.__name__):
            return enter_snapshot(alias_of(self.queryset), ends)

    def refresh(self, done: set[Hashable]) -> str | None:
        """Return why the transaction that is open may see older rows; Django holds none, and reads anew each time.

        Args:
            done: the databases that were looked at already; this one is added.
        """
        with readable(self.queryset.model.__name__):
            return older_moment(alias_of(self.queryset), done)

    def awaited(self) -> AwaitedReading:
        """Return what an event loop waits in for the query."""
        return awaited_reading

    def __str__(self) -> str:
        return _shown(self.queryset)


@dataclass(frozen=True, eq=False)
class ModelQuery(_Readable):
    """A queryset of instances.

    Args:
        queryset: a copy, in order, so that each reading asks the database.
        origin: what the user gave.
    """

    queryset: Any
    origin: Any

    @property
    def row_type(self) -> type | None:
        """The model."""
        model: type = self.queryset.model
        return model

    @cached_property
    def identity(self) -> Hashable:
        """Equal for querysets that send the same SQL and make the same of its rows."""
        return _identity(self.queryset, self.origin, tuple(self.queryset._prefetch_related_lookups))

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Sequence[Any] | Column] | None:
        """Read some columns in one query, which joins what the paths lead to; None where only instances are right."""
        if not (paths and reads_plainly(self.queryset)):
            return None if paths else []
        queryset = bound(self.queryset)
        if not can_read(queryset, paths):
            return None
        with readable(self.queryset.model.__name__), Paused():
            return selected(queryset, paths)

    def kept(self) -> Mapping[tuple[Hashable, ...], Any] | None:
        """Return no instance, since Django keeps none; None where a copy must hold the query's own."""
        plain = reads_plainly(self.queryset) and not self.queryset._known_related_objects
        return {} if plain and not self.queryset._prefetch_related_lookups else None


@dataclass(frozen=True, eq=False)
class ValuesQuery(_Readable):
    """A queryset of dicts, tuples or single values; the arguments are those of `ModelQuery`."""

    queryset: Any
    origin: Any
    row_type: None = None

    @cached_property
    def identity(self) -> Hashable:
        """Equal for querysets that send the same SQL and make the same of its rows."""
        return _identity(self.queryset, self.origin, tuple(self.queryset._fields or ()))


@dataclass(frozen=True, eq=False)
class FetchedQuery(_Readable):
    """A queryset that holds its rows already, with what the user changed in them; or one of raw SQL."""

    queryset: Any

    @property
    def row_type(self) -> type | None:
        """The model; None where the rows are dicts, tuples or single values."""
        values = issubclass(getattr(self.queryset, "_iterable_class", object), VALUES)
        return None if values else self.queryset.model

    @property
    def identity(self) -> Hashable:
        """One and the same queryset is read once."""
        return ("fetched", self.queryset)

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Return the rows that the queryset holds; raw SQL is run anew."""
        with readable(self.queryset.model.__name__):
            rows = list(self.queryset if self.queryset._result_cache is not None else _again(self.queryset))
        if rows and isinstance(self.queryset, RawQuerySet):
            _check_hidden(self.queryset.model, vars(rows[0]).keys() - {"_state"})
        return rows

    def snapshot(self, ends: ExitStack) -> Hashable:
        """See that raw SQL is run at the moment of all other reading.

        Raises:
            LXSourceError: the rows were read before; or a transaction is open, with a weaker isolation level.
        """
        if self.queryset._result_cache is not None:
            raise LXSourceError(
                f"snapshot=True: {self}, which may be of another moment. Give the queryset anew, by queryset.all(), or "
                f"its rows as they are by from_data(list(queryset))."
            )
        return super().snapshot(ends)

    def refresh(self, done: set[Hashable]) -> str | None:
        """Return why rows are older: they were read before, or the transaction that is open sees older ones."""
        if self.queryset._result_cache is not None:
            return f"The model is given {self}, and they are not read anew. Give it the queryset by queryset.all()."
        return super().refresh(done)

    def __str__(self) -> str:
        if self.queryset._result_cache is None:
            return " ".join(str(self.queryset.query).split())
        return f"{len(self.queryset)} rows of {self.queryset.model.__name__} that a queryset holds already"


def _again(raw: Any) -> Any:
    """Return a copy of a raw queryset that has not been run."""
    return bound(raw).prefetch_related(*raw._prefetch_related_lookups)


def _identity(queryset: Any, origin: Any, more: tuple[Any, ...]) -> Hashable:
    """Return what is equal for equal querysets; one that cannot be compared is equal to itself only."""
    kind = type(queryset)
    own = any(getattr(kind, name) is not getattr(QuerySet, name) for name in READING)
    if own or queryset._known_related_objects or any(isinstance(lookup, Prefetch) for lookup in more):
        return ("one", origin)
    sql, parameters = _sql(queryset)
    values = (sql, parameters, tuple(map(type, parameters)), tuple(queryset.query.annotations.items()), more)
    database = (queryset._db, *queryset._hints.items())
    identity = (kind, queryset.model, database, queryset._iterable_class, values)
    try:
        hash(identity)
    except TypeError:
        return ("one", origin)
    return identity


def _sql(queryset: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of a queryset and its parameters; of one that has no rows nothing needs to be sent."""
    try:
        with readable(queryset.model.__name__):  # to write SQL, Django may ask the database for its version
            sql, parameters = queryset.query.get_compiler(using=queryset.db).as_sql()
    except EmptyResultSet:
        return f"no rows of {queryset.model.__name__}", ()
    return sql, tuple(parameters)


def _shown(queryset: Any) -> str:
    sql, parameters = _sql(queryset)
    return " ".join((sql % parameters if parameters else sql).split())
