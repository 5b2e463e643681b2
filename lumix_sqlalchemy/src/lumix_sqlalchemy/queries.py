"""The queries of ``from_model``, run in the user's own session as SQLAlchemy itself would run them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import CompoundSelect, Select, TextClause, TextualSelect, UpdateBase, inspect
from sqlalchemy.orm import FromStatement, Query, Session

from lumix_core.errors import LXSourceError
from lumix_core.rows import Column, Path
from lumix_sqlalchemy.handles import AnySession, resolved
from lumix_sqlalchemy.ordering import compound_in_order, entity, in_order, query_in_order
from lumix_sqlalchemy.readers import SESSION, read
from lumix_sqlalchemy.readers import checked as checked_reader
from lumix_sqlalchemy.reading import kept
from lumix_sqlalchemy.snapshots import enter_snapshot

Statement: TypeAlias = Select[Any] | CompoundSelect[Any] | TextualSelect | FromStatement[Any] | TextClause
STATEMENTS = (Select, CompoundSelect, TextualSelect, FromStatement, TextClause)

# All rows are kept anyway, and fetching them in parts would forbid unique().
ALL_AT_ONCE = {"yield_per": None}


@dataclass(frozen=True, eq=False)
class StatementQuery:
    """A ``select(...)``, or another statement that returns rows, and the session to run it in."""

    statement: Statement
    handle: AnySession
    reader: str = SESSION

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
        session, statement = resolved(self.handle), self._ordered
        with nullcontext() if flush else session.no_autoflush:
            return self._run(session, statement)

    def _run(self, session: Session, statement: Statement) -> Sequence[Any]:
        if self.row_type is not None:
            return session.scalars(statement, execution_options=ALL_AT_ONCE).unique().all()
        result = session.execute(statement, execution_options=ALL_AT_ONCE)
        return result.unique().all() if _all_entities(self._described) else result.all()

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Column] | None:
        """Read some columns of the instances, in one query, which joins what the paths lead to.

        It reads the database, in the session's own transaction. An instance that the session already holds keeps what
        it has loaded: `rows` returns that, and this what the database says, where another has changed it meanwhile.
        Changes of the session itself are the same in both: flushed first, or else only `rows` knows of them.
        """
        statement, entity = self._ordered, _only_entity(self._described)
        if entity is None or not isinstance(statement, Select):
            return None
        session = resolved(self.handle)
        return read(self.reader, session, statement, entity, paths, flush=flush, options=ALL_AT_ONCE)

    def with_reader(self, name: str) -> StatementQuery:
        """Return the query with another reader of its columns; `rows` stay the session's.

        Args:
            name: ``"session"``, the default; or ``"arrow"``, which reads the numbers of SQLite files faster, over a
                connection of its own (ADBC). That connection sees only what is committed, at the moment of reading
                and not of the session's transaction; listeners of the engine do not hear of it.

        Raises:
            LXSourceError: there is no such reader, or it cannot read from this database, or is not installed.
        """
        return replace(self, reader=checked_reader(name, resolved(self.handle), self.row_type))

    def snapshot(self, ends: ExitStack) -> Hashable:
        """Make this and all later reading in the session's transaction read one moment; return its connection.

        Args:
            ends: stays empty: the transaction is the session's, and its user ends it.

        Raises:
            LXSourceError: the transaction has begun with a weaker isolation level, the database has no such level, or
                the reader has a connection of its own.
        """
        return _snapshot(self.reader, resolved(self.handle), self.row_type, self.statement)

    def kept(self) -> Mapping[tuple[Hashable, ...], Any] | None:
        """Return the instances of the class that the session keeps; None for subclasses, or if it refreshes them."""
        refreshes = self.statement.get_execution_options().get("populate_existing", False)
        return None if self.row_type is None or refreshes else kept(resolved(self.handle), self.row_type)

    def __str__(self) -> str:
        return _in_one_line(self.statement)

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
class LegacyQuery:
    """A ``Query``, which knows its session."""

    query: Query[Any]
    handle: AnySession
    reader: str = SESSION

    @property
    def row_type(self) -> type | None:
        """The class of the instances; None where the rows are tuples."""
        return _only_class(self.query.column_descriptions) if self.query.is_single_entity else None

    @property
    def identity(self) -> Hashable:
        """Equal for one query in one session, with the same parameters and options."""
        query = query_in_order(self.query)
        key, session = query.statement._generate_cache_key(), resolved(self.handle)
        return _identity(session, key, self.query, query.statement, self.reader, query.load_options)

    def rows(self, flush: bool = True) -> Sequence[Any]:
        """Run the query."""
        session = resolved(self.handle)
        with nullcontext() if flush else session.no_autoflush:
            return query_in_order(self.query).with_session(session).all()

    def columns(self, paths: Sequence[Path], flush: bool = True) -> Sequence[Column] | None:
        """Read some columns of the instances in one query, as `StatementQuery.columns` does."""
        query = query_in_order(self.query)
        statement, entity = query.statement, _only_entity(query.column_descriptions)
        if entity is None or not query.is_single_entity or not isinstance(statement, Select):
            return None
        if type(query) is not Query:  # a subclass may make of its rows what it likes
            return None
        options = {**ALL_AT_ONCE, **_own_flushing(query)}
        session = resolved(self.handle)
        return read(self.reader, session, statement, entity, paths, flush=flush, options=options)

    def with_reader(self, name: str) -> LegacyQuery:
        """Return the query with another reader of its columns, as `StatementQuery.with_reader` does."""
        return replace(self, reader=checked_reader(name, resolved(self.handle), self.row_type))

    def snapshot(self, ends: ExitStack) -> Hashable:
        """Make this and all later reading read one moment, as `StatementQuery.snapshot` does."""
        return _snapshot(self.reader, resolved(self.handle), self.row_type, self.query.statement)

    def kept(self) -> Mapping[tuple[Hashable, ...], Any] | None:
        """Return the instances of the class that the session keeps; None for subclasses, or if it refreshes them."""
        refreshes = getattr(self.query.load_options, "_populate_existing", False)
        return None if self.row_type is None or refreshes else kept(resolved(self.handle), self.row_type)

    def __str__(self) -> str:
        return _in_one_line(self.query.statement)


def _snapshot(reader: str, session: Session, row_type: type | None, statement: Any) -> Hashable:
    if reader != SESSION:
        raise LXSourceError(
            f"snapshot=True: the reader {reader!r} reads over a connection of its own, which does not see the moment "
            f"of the session's transaction. Use the reader {SESSION!r}, or leave out snapshot=True."
        )
    arguments: dict[str, Any] = {"clause": statement}
    if row_type is not None:
        arguments["mapper"] = inspect(row_type)
    return enter_snapshot(session, arguments)


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
    return _Identity(session, structure, (values, others, statement.get_execution_options(), more))


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
