"""Writing rows of mapped classes: the transaction in which they are written, and new instances as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, inspect, text
from sqlalchemy.orm import RelationshipDirection, RelationshipProperty, Session, sessionmaker

from lumix_core.errors import LXWriteError
from lumix_core.rows import (
    NOT_TRANSACTIONAL,
    SQL_MODE,
    WrittenTable,
    refuse_without_strictness,
    refuse_without_transactions,
)
from lumix_sqlalchemy.expiry import expire
from lumix_sqlalchemy.handles import SESSIONS, async_handles, resolved
from lumix_sqlalchemy.interceptors import interceptor, query_interceptor
from lumix_sqlalchemy.routing import bind_of, bound_to
from lumix_sqlalchemy.row_writer import ConnectionWriter
from lumix_sqlalchemy.savepoints import begin_for_real, savepoint
from lumix_sqlalchemy.session_writer import SessionWriter

UNSAFE = NOT_TRANSACTIONAL.format(schema="coalesce(:schema, database())", names=":names")


@contextmanager
def writing(handle: object, tables: Sequence[WrittenTable]) -> Iterator[ConnectionWriter]:
    """Return a writer in a transaction of its own, or in a savepoint of the one that a session or connection has.

    Raises:
        LXWriteError: the handle is not valid, or has no transaction for all of the tables.
    """
    if isinstance(handle, SESSIONS):
        with _in_session(resolved(handle), tables) as writer:
            yield writer
    elif isinstance(handle, sessionmaker):
        with handle.begin() as session, _in_session(session, tables) as writer:
            yield writer
    elif isinstance(handle, Connection) and handle.in_transaction():
        transaction = handle.get_transaction()
        assert transaction is not None
        with _in_savepoint(handle, tables, transaction.rollback):
            yield ConnectionWriter(handle)
    elif isinstance(handle, Connection | Engine):
        with _begun(handle) as connection, _in_savepoint(connection, tables, _nothing):
            yield ConnectionWriter(connection)
    else:
        raise _no_handle(handle)


@contextmanager
def _begun(handle: Connection | Engine) -> Iterator[Connection]:
    if isinstance(handle, Engine):
        with handle.begin() as connection:
            yield connection
    else:
        with handle.begin():
            yield handle


def _nothing() -> None:
    """A transaction of our own is rolled back where it was begun."""


@contextmanager
def _in_session(session: Session, tables: Sequence[WrittenTable]) -> Iterator[ConnectionWriter]:
    """Write in the session's own transaction; pending changes are flushed first, as by a query of the session."""
    if session.autoflush:
        session.flush()
    _check_flushed(session, tables)
    bind = bind_of(session, tables)
    connection = session.connection(bind_arguments={"bind": bind})
    with bound_to(session, bind), _in_savepoint(connection, tables, session.rollback):
        plain = _is_plain(session, bind, tables)
        writer = ConnectionWriter(connection) if plain else SessionWriter(session, connection)
        yield writer
    expire(session, writer.changed)


def _is_plain(session: Session, bind: Engine | Connection, tables: Sequence[WrittenTable]) -> bool:
    """Whether the session does nothing to statements, and hides no rows from any of its queries."""
    if interceptor(session, {"bind": bind}) is not None or getattr(session, "execution_options", None):
        return False
    return all(query_interceptor(session.query(table.cls)) is None for table in tables)


@contextmanager
def _in_savepoint(
    connection: Connection, tables: Sequence[WrittenTable], on_lost: Callable[[], object]
) -> Iterator[None]:
    if connection._is_autocommit_isolation():
        raise LXWriteError(
            "write() got a connection in AUTOCOMMIT, where each statement is committed by itself, and a "
            "failure would leave half of the rows. Use an engine or a session without isolation_level='AUTOCOMMIT'."
        )
    _check_engines(connection, tables)
    begin_for_real(connection)
    with savepoint(connection, on_lost):
        yield


def _check_flushed(session: Session, tables: Sequence[WrittenTable]) -> None:
    """Refuse changes of the very classes that would reach the database later, among or over what is written."""
    classes = tuple(table.cls for table in tables)
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, classes):
            raise LXWriteError(
                f"The session holds changes of {type(row).__name__} that are not flushed, and its autoflush is off: "
                f"they would be written after the rows of this write-back, or be lost. Call session.flush() first, or "
                f"session.expunge() them."
            )


def _check_engines(connection: Connection, tables: Sequence[WrittenTable]) -> None:
    """Refuse MySQL and MariaDB where they change values, and their tables without transactions, such as MyISAM's."""
    if connection.dialect.name not in ("mysql", "mariadb"):
        return
    refuse_without_strictness(str(connection.exec_driver_sql(SQL_MODE).scalar()))
    by_schema: dict[str | None, list[str]] = {}
    for written in tables:
        table: Any = inspect(written.cls).local_table
        by_schema.setdefault(table.schema, []).append(table.name)
    for schema, names in by_schema.items():
        query = text(UNSAFE).bindparams(bindparam("names", expanding=True))
        refuse_without_transactions(map(tuple, connection.execute(query, {"schema": schema, "names": names})))


def _no_handle(handle: object) -> LXWriteError:
    if isinstance(handle, async_handles()):
        what = "an asynchronous session or engine"
        cure = "Write inside `await async_session.run_sync(lambda session: write_back.write(session))`."
    else:
        what = "nothing" if handle is None else f"{handle!r:.80}"
        cure = "Give a session, to write in its transaction, or an engine, to write in one that is committed."
    return LXWriteError(f"write() got {what}; expected a session or an engine. {cure}")


def mapped_values(row: Any) -> Mapping[str, Any]:
    """Return the attributes that are set on a new instance; of a to-one relationship the foreign key.

    Raises:
        LXWriteError: the instance is not new; the text follows its name.
    """
    state = inspect(row)
    if not state.transient:
        raise LXWriteError(
            f"is an instance of {type(row).__name__} that is in a session or was read from the database, and would "
            f"be written twice. Make new instances and do not add them to the session, or give mappings."
        )
    values = {name: state.dict[name] for name in state.mapper.attrs.keys() if name in state.dict}  # noqa: SIM118
    for relationship in state.mapper.relationships:
        if relationship.key in values and (
            relationship.direction is RelationshipDirection.MANYTOONE or not values[relationship.key]
        ):
            _resolve(values, relationship, values.pop(relationship.key))
    return values


def _resolve(values: dict[str, Any], relationship: RelationshipProperty[Any], related: Any) -> None:
    """Set the foreign key of an instance whose relationship was set in its place."""
    if related is None or relationship.uselist:
        return
    for local, remote in relationship.local_remote_pairs or ():
        name = relationship.parent.get_property_by_column(local).key
        key = getattr(related, relationship.mapper.get_property_by_column(remote).key)
        if key is None:
            raise LXWriteError(f"leads by {relationship.key!r} to a row that has no key yet. Flush that row before.")
        if values.setdefault(name, key) != key:
            raise LXWriteError(f"has {name!r} = {values[name]!r}, but {relationship.key!r} leads to {key!r}. Set one.")
