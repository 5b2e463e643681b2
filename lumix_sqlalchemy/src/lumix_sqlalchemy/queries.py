"""The queries of ``from_model``, run in the user's own session as SQLAlchemy itself would run them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self, TypeAlias

from sqlalchemy import CompoundSelect, Select, TextClause, TextualSelect, UpdateBase, inspect
from sqlalchemy.orm import FromStatement, Mapper, Query, Session

from lumix_core.errors import LXSourceError
from lumix_core.rows import AwaitedReading, Column, Path
from lumix_sqlalchemy.awaiting import awaited_reading, refuse_without_await
from lumix_sqlalchemy.handles import AnySession, resolved
from lumix_sqlalchemy.held_rows import kept
from lumix_sqlalchemy.interceptors import has_own_routing, interceptor, overrider, overrides, query_interceptor
from lumix_sqlalchemy.ordering import compound_in_order, entity, in_order, query_in_order
from lumix_sqlalchemy.readers import SESSION, read
from lumix_sqlalchemy.readers import checked as checked_reader
from lumix_sqlalchemy.refreshing import refresh
from lumix_sqlalchemy.schemas import identity_options
from lumix_sqlalchemy.snapshots import enter_snapshot

Statement: TypeAlias = Select[Any] | CompoundSelect[Any] | TextualSelect | FromStatement[Any] | TextClause
STATEMENTS = (Select, CompoundSelect, TextualSelect, FromStatement, TextClause)

# All rows are kept anyway, and fetching them in parts would forbid unique().
ALL_AT_ONCE = {"yield_per": None}


class _SessionQuery(ABC):
    """What both kinds of query have: the session to run them in, and the instances that it holds."""

    handle: AnySession
    reader: str
    owner: Any

    def awaited(self) -> AwaitedReading | None:
        """Return what an event loop waits in for the query; None where the session is not an asynchronous one."""
        return awaited_reading(resolved(self.handle), self.owner)

    def _refuse_without_await(self) -> None:
        arguments = _bind_arguments(self.row_type, self._statement)
        refuse_without_await(resolved(self.handle), self, arguments)

    @property
    @abstractmethod
    def row_type(self) -> type | None:
        """The class of the instances; None where the rows are tuples."""

    @property
    @abstractmethod
    def _statement(self) -> Any:
        """The statement as the user gave it."""

    @property
    @abstractmethod
    def _described(self) -> Sequence[Any]:
        """SQLAlchemy's descriptions of what a row holds."""

    @property
    @abstractmethod
    def _given_options(self) -> Mapping[str, Any]:
        """The execution options that the user gave."""

    @property
    @abstractmethod
    def _refreshes(self) -> bool:
        """Whether instances that the session holds are loaded anew."""

    def why_rows(self) -> str | None:
        """Return what may change queries on their way to the database, for which only `rows` tells the truth."""
        arguments = _bind_arguments(self.row_type, self._statement)
        return overrider(self.handle) or interceptor(resolved(self.handle), arguments)

    def with_reader(self, name: str) -> Self:
        """Return the query with another reader of its columns; `rows` stay the session's.

        Args:
            name: ``"session"``, the default; or ``"arrow"``, which reads the numbers of SQLite files faster, over a
                connection of its own (ADBC). That connection sees only what is committed, at the moment of reading
                and not of the session's transaction; listeners of the engine do not hear of it.

        Raises:
            LXSourceError: there is no such reader, or it cannot read from this database, or is not installed.
        """
        query: Any = self
        changed: Self = replace(query, reader=checked_reader(name, resolved(self.handle), self.row_type))
        return changed

    def snapshot(self, ends: ExitStack) -> Hashable:
        """Make this and all later reading in the session's transaction read one moment; return its connection.

        Args:
            ends: stays empty: the transaction is the session's, and its user ends it.

        Raises:
            LXSourceError: the transaction has begun with a weaker isolation level, the database has no such level, or
                the reader has a connection of its own.
        """
        self._refuse_without_await()
        return _snapshot(self.reader, resolved(self.handle), self.row_type, self._statement, ends)

    def refresh(self, done: set[Hashable]) -> str | None:
        """Have the session load anew what it holds and has not changed.

        Args:
            done: the sessions that do already; this one is added.

        Returns:
            why the session's transaction may see older rows all the same; None where it does not.
        """
        self._refuse_without_await()
        return refresh(resolved(self.handle), done)

    def kept(self) -> Mapping[tuple[Hashable, ...], Any] | None:
        """Return the instances of the class that the session keeps; None for subclasses, or if it refreshes them."""
        if self.row_type is None or self._refreshes:
            return None
        return kept(resolved(self.handle), self.row_type, self._token)

    def __str__(self) -> str:
        return _in_one_line(self._statement)

    def _read(
        self,
        statement: Select[Any],
        entity: Any,
        paths: Sequence[Path],
        *,
        flush: bool,
        options: dict[str, Any],
    ) -> Sequence[Column] | None:
        self._refuse_without_await()
        columns = read(
            self.reader,
            resolved(self.handle),
            statement,
            entity,
            paths,
            flush=flush,
            options=options,
            token=self._token,
            refreshes=self._refreshes,
        )
        # A transaction that has just begun may have got listeners of its own.
        return columns if self.why_rows() is None else None

    @property
    def _token(self) -> Hashable:
        return self._identity_options.get("identity_token", self._given_options.get("identity_token"))

    @property
    def _identity_options(self) -> dict[str, Any]:
        return identity_options(resolved(self.handle), _mappers(self._described), self._given_options)


@dataclass(frozen=True, eq=False)
class StatementQuery(_SessionQuery):
    """A ``select(...)``, or another statement that returns rows, and the session to run it in.

    Args:
        statement: the statement.
        handle: the session.
        reader: who reads columns.
        owner: the ``AsyncSession`` that was given, if it was one: the session is the one within.
    """

    statement: Statement
    handle: AnySession
    reader: str = SESSION
    owner: Any = None

    @property
    def row_type(self) -> type | None:
        """The class of the instances; None where the rows are tuples."""
        return _only_class(self._described)

    @property
    def identity(self) -> Hashable:
        """Equal for one statement in one session, with the same parameters and options."""
        return _identity(resolved(self.handle), self._key, self.statement, self._ordered, self.reader)

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Run the statement; instances that a join repeats come once."""
        self._refuse_without_await()
        with nullcontext() if flush else resolved(self.handle).no_autoflush:
            return self._run({**ALL_AT_ONCE, **self._identity_options})

    def _run(self, options: dict[str, Any]) -> Sequence[Any]:
        if self.row_type is not None:
            rows: Sequence[Any] = _scalars(self.handle, self._ordered, options).unique().all()
            return rows
        result = self.handle.execute(self._ordered, execution_options=options)
        return result.unique().all() if _all_entities(self._described) else result.all()

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Column] | None:
        """Read some columns of the instances, in one query, which joins what the paths lead to.

        None is returned wherever the columns may not be those of the instances: see `why_rows`; and where an instance
        that the session holds has loaded other values than the database has now.
        """
        statement, entity = self._ordered, _only_entity(self._described)
        if entity is None or not isinstance(statement, Select) or self.why_rows() is not None:
            return None
        return self._read(statement, entity, paths, flush=flush, options=ALL_AT_ONCE)

    @property
    def _refreshes(self) -> bool:
        return bool(self._given_options.get("populate_existing", False))

    @property
    def _statement(self) -> Statement:
        return self.statement

    @property
    def _given_options(self) -> Mapping[str, Any]:
        return self.statement.get_execution_options()

    @cached_property
    def _described(self) -> Sequence[Any]:
        statement = self.statement
        return statement.column_descriptions if isinstance(statement, Select | FromStatement) else ()

    @cached_property
    def _key(self) -> Any:
        return self._ordered._generate_cache_key()

    @cached_property
    def _ordered(self) -> Statement:
        statement = self.statement
        if isinstance(statement, Select):
            return in_order(statement)
        return compound_in_order(statement) if isinstance(statement, CompoundSelect) else statement


@dataclass(frozen=True, eq=False)
class LegacyQuery(_SessionQuery):
    """A ``Query``, which knows its session; the arguments are those of `StatementQuery`."""

    query: Query[Any]
    handle: AnySession
    reader: str = SESSION
    owner: Any = None

    @property
    def row_type(self) -> type | None:
        """The class of the instances; None where the rows are tuples."""
        return _only_class(self._described) if self.query.is_single_entity else None

    @property
    def identity(self) -> Hashable:
        """Equal for one query in one session, with the same parameters and options."""
        query = query_in_order(self.query)
        session, statement = resolved(self.handle), query.statement
        # A listener, or a class of queries, may look at more than the statement.
        key = statement._generate_cache_key() if query_interceptor(query) is None else None
        return _identity(session, key, self.query, query.statement, self.reader, query.load_options)

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Run the query."""
        self._refuse_without_await()
        session = resolved(self.handle)
        query = query_in_order(self.query).execution_options(**self._identity_options)
        with nullcontext() if flush else session.no_autoflush:
            return query.with_session(session).all()

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Column] | None:
        """Read some columns of the instances in one query, as `StatementQuery.columns` does."""
        query = query_in_order(self.query)
        statement, entity = query.statement, _only_entity(query.column_descriptions)
        if entity is None or not query.is_single_entity or not isinstance(statement, Select):
            return None
        if self.why_rows() is not None:
            return None
        return self._read(statement, entity, paths, flush=flush, options={**ALL_AT_ONCE, **_own_flushing(query)})

    def why_rows(self) -> str | None:
        """Return what may change queries on their way to the database, for which only `rows` tells the truth."""
        return query_interceptor(self.query) or super().why_rows()

    @property
    def _refreshes(self) -> bool:
        return bool(getattr(self.query.load_options, "_populate_existing", False))

    @property
    def _statement(self) -> Any:
        return self.query.statement

    @property
    def _described(self) -> Sequence[Any]:
        return self.query.column_descriptions

    @property
    def _given_options(self) -> Mapping[str, Any]:
        return self.query.get_execution_options()


def _bind_arguments(row_type: type | None, statement: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"clause": statement}
    if row_type is not None:
        arguments["mapper"] = inspect(row_type)
    return arguments


def _scalars(handle: AnySession, statement: Statement, options: dict[str, Any]) -> Any:
    """Return the instances of a statement, by the method that the application has overridden."""
    if overrides(handle, "scalars"):
        return handle.scalars(statement, execution_options=options)
    return handle.execute(statement, execution_options=options).scalars()


def _mappers(described: Sequence[Any]) -> list[Mapper[Any]]:
    """Return the classes whose instances are read."""
    return [inspect(found).mapper for description in described if (found := entity(description)) is not None]


def _snapshot(reader: str, session: Session, row_type: type | None, statement: Any, ends: ExitStack) -> Hashable:
    if reader != SESSION:
        raise LXSourceError(
            f"snapshot=True: the reader {reader!r} reads over a connection of its own, which does not see the moment "
            f"of the session's transaction. Use the reader {SESSION!r}, or leave out snapshot=True."
        )
    if has_own_routing(session):
        raise LXSourceError(
            f"snapshot=True: {type(session).__name__} chooses a database for each query by its own get_bind(), and two "
            f"databases have no moment in common. Give the model a session on one connection, such as "
            f"Session(connection), or leave out snapshot=True."
        )
    return enter_snapshot(session, _bind_arguments(row_type, statement), ends)


@dataclass(frozen=True)
class _Identity:
    session: Session
    structure: Hashable
    values: object = field(hash=False)


def _identity(
    session: Session, key: Any, origin: object, statement: Statement | UpdateBase, *more: object
) -> _Identity:
    """Return an identity that is equal for equal statements; where SQLAlchemy cannot compare them, each has its own.

    Args:
        session: where it is run.
        key: that of SQLAlchemy's own cache: ClauseElement.compare() is blind to the parameters of loader options, and
            fails on joins along relationships. The values of parameters may be another each time.
        origin: the object that the user gave.
        statement: the statement that is run.
        more: all else that its rows depend on.
    """
    if key is None:
        return _Identity(session, id(origin), (origin, more))
    structure, bound, *others = key
    values = [parameter.effective_value for parameter in bound]
    return _Identity(session, structure, (values, others, statement.get_execution_options(), _own(statement), more))


def _own(statement: Any) -> list[Any]:
    """Return the options of which SQLAlchemy's key does not tell: those of the application, and of shards."""
    options = getattr(statement, "_with_options", ())
    return [option for option in options if not getattr(option, "_is_has_cache_key", False)]


def _only_class(described: Sequence[Any]) -> type | None:
    if len(described) == 1 and entity(described[0]) is not None:
        row_type: type = described[0]["type"]
        return row_type
    return None


def _only_entity(described: Sequence[Any]) -> Any | None:
    """Return the one class or alias whose instances are read; None for tuples and mere columns."""
    return entity(described[0]) if len(described) == 1 else None


def _own_flushing(query: Query[Any]) -> dict[str, Any]:
    """Return the execution option for what ``Query.autoflush()`` has set."""
    return {} if getattr(query.load_options, "_autoflush", True) else {"autoflush": False}


def _all_entities(described: Sequence[Any]) -> bool:
    return len(described) > 0 and all(entity(description) is not None for description in described)


def _in_one_line(statement: Statement | UpdateBase) -> str:
    apart = statement.execution_options()  # a copy: to print a statement changes the key of SQLAlchemy's cache
    return " ".join(str(apart).split())
