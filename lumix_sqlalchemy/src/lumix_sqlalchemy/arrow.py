"""Reading columns as Arrow data, over a connection of its own: ADBC, where the database has a driver for it.

Numbers come as numpy arrays without a Python object for each. A connection of its own sees only what is committed, so
a session that has written anything is refused. What Arrow cannot be trusted to give exactly as the session would
(types that SQLAlchemy converts, columns of mixed types, listeners that change queries) is left to the session's reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary, finalize

from sqlalchemy import Boolean, Connection, Dialect, Select, Table, text
from sqlalchemy.exc import CompileError, InvalidRequestError
from sqlalchemy.orm import Session

from lumix_core.errors import LXSourceError
from lumix_core.rows import Column, Path, column, object_column
from lumix_sqlalchemy.projecting import Projection, project
from lumix_sqlalchemy.reading import changes_loaded, has_pending, processor

INSTALL = "pip install 'lumix-sqlalchemy[arrow]'"
# What ADBC sends as the very types that psycopg and sqlite3 send.
SENT = {int, float, str, Decimal, date, datetime}
# Whose parameters have the types of ADBC's; other drivers write them into the statement.
TYPED_PARAMETERS = ("psycopg", "psycopg_async", "pysqlite", "aiosqlite")
POSTGRESQL_TEXTS = ("text", "varchar", "bpchar")
# The types that Arrow gives as psycopg does, each with its number, which SQLAlchemy's processors ask for.
OIDS = {"int2": 21, "int4": 23, "int8": 20, "float8": 701, "bool": 16, "text": 25, "varchar": 1043, "bpchar": 1042}
# What two connections must agree on to read the same rows of the same tables.
POSTGRESQL_STATE = (
    "SELECT current_database(), current_user::text, current_schemas(true)::text, current_setting('TimeZone'), "
    "extract(epoch from pg_postmaster_start_time())::text"
)
POSTGRESQL_WRITTEN = "SELECT txid_current_if_assigned() IS NOT NULL"
# Policies for rows may ask for anything that a session has set.
POSTGRESQL_POLICIES = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relrowsecurity AND row_security_active(oid))"
OWN_CONNECTION = "The reader 'arrow' reads over a connection of its own"


_OPEN: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
"""The connections of transactions, by address."""


class UnfitError(Exception):
    """The data is not for Arrow; the session's reader takes it."""


@dataclass(frozen=True, eq=False)
class Database:
    """One kind of database that ADBC reads.

    Args:
        driver: the module of its driver.
        address: returns what the driver connects to, from a connection of the session.
        check: raises where the session has written; returns whether both connections see the same rows.
        values: turns one column of the result into one of LumiX.
    """

    driver: str
    address: Callable[[Connection], str]
    check: Callable[[Connection, Any], None]
    values: Callable[[Any, Any, Any, Connection], Column]


def check_database(dialect: Dialect) -> Database:
    """Return how ADBC reads a database.

    Raises:
        LXSourceError: there is no driver for it, or it is not installed.
    """
    known = DATABASES.get(dialect.name)
    if known is None:
        raise LXSourceError(
            f"The reader 'arrow' cannot read from {dialect.name}. It needs an ADBC driver, and has one for "
            f"{' and '.join(DATABASES)}. Use the reader 'session'."
        )
    missing = [name for name in ("pyarrow", "adbc_driver_manager", known.driver) if find_spec(name) is None]
    if missing:
        raise LXSourceError(
            f"The reader 'arrow' cannot read from {dialect.name}: {', '.join(missing)} cannot be found. "
            f"It comes with an extra of this package. Install it with {INSTALL}, or use the reader 'session'."
        )
    return known


def read_arrow(session: Session, statement: Select[Any], entity: Any, paths: Sequence[Path]) -> list[Column] | None:
    """Read some columns of the instances that a select would return, as they are committed.

    Args:
        session: says which database; its transaction is only asked whether it has written.
        statement: a select of one mapped class or alias, in order.
        entity: the class or alias.
        paths: the attributes, each after the relationships that lead there.

    Returns:
        None where only the session can tell the values.

    Raises:
        LXSourceError: the session has changes that are not committed, or ADBC cannot reach its database.
    """
    if has_pending(session):
        raise _uncommitted("the session holds changes that it has not saved")
    heard: Any = session.dispatch
    projection = None if heard.do_orm_execute or changes_loaded(session) else project(statement, entity, paths)
    if projection is None or not all(marker is None for marker in projection.markers):
        return None
    connection = session.connection(bind_arguments=projection.bind_arguments)
    try:
        return _read(session, connection, check_database(connection.dialect), projection)
    except UnfitError:
        return None


def _read(session: Session, connection: Connection, database: Database, projection: Projection) -> list[Column]:
    sql, parameters = _compiled(projection.statement, connection)
    with closing(_connected(session, connection, database).cursor()) as cursor:
        database.check(connection, cursor)
        found = _table(cursor, sql, parameters)
    if found.num_columns != len(projection.columns):
        raise UnfitError
    return [
        database.values(found.field(position), found.column(position), projection.columns[position], connection)
        for position in projection.positions
    ]


def _compiled(statement: Select[Any], connection: Connection) -> tuple[str, list[Any]]:
    """Return the SQL of a statement and what it is executed with, for a driver of numbered parameters."""
    if any("schema_translate_map" in one.get_execution_options() for one in (statement, connection)):
        raise UnfitError
    dialect = _numbered(connection.dialect)
    try:
        compiled: Any = statement.compile(dialect=dialect)
        state = compiled.construct_expanded_state()
    except (CompileError, InvalidRequestError):
        raise UnfitError from None
    values = _sent(compiled, state, dialect)
    typed = connection.dialect.driver in TYPED_PARAMETERS and {type(value) for value in values} <= SENT
    if (values and not typed) or "\\" in state.statement:
        raise UnfitError
    return state.statement, values


def _numbered(dialect: Dialect) -> Dialect:
    return dialect if dialect.paramstyle == "qmark" else type(dialect)(paramstyle="numeric_dollar")  # type: ignore[call-arg]


def _sent(compiled: Any, state: Any, dialect: Dialect) -> list[Any]:
    """Return the parameters as a driver is sent them: in order, and as their types make them."""
    whole = {part: name for name, parts in state.parameter_expansion.items() for part in parts}
    found = []
    for name in state.positiontup or ():
        bound = compiled.binds.get(whole.get(name, name))
        if bound is None:  # renamed on its way
            raise UnfitError
        process = bound.type.dialect_impl(dialect).bind_processor(dialect)
        found.append(state.parameters[name] if process is None else process(state.parameters[name]))
    return found


def _connected(session: Session, connection: Connection, database: Database) -> Any:
    """Return the one connection that is kept for as long as the session's transaction: to open one takes long."""
    transaction, address = session.get_transaction(), database.address(connection)
    kept = _OPEN.setdefault(transaction, {})
    if address not in kept:
        kept[address] = _opened(database, address)
        finalize(transaction, kept[address].close)
    return kept[address]


def _opened(database: Database, address: str) -> Any:
    driver = import_module(f"{database.driver}.dbapi")
    try:
        return driver.connect(address, autocommit=True)
    except driver.Error as error:
        shown = " ".join(str(error).split()).rstrip(".")
        raise LXSourceError(
            f"{OWN_CONNECTION}, which could not be opened: {shown}. It knows the URL of the engine, not what "
            f"connect_args, a creator or a listener add. Put all of it into the URL, or use the reader 'session'."
        ) from error


def _table(cursor: Any, sql: str, parameters: list[Any]) -> Any:
    """Return the result; what ADBC cannot read, such as a column of mixed types in SQLite, is for the session."""
    from adbc_driver_manager import Error

    try:
        cursor.execute(sql, parameters or None)
        return cursor.fetch_arrow_table()
    except (Error, OSError, ValueError, TypeError):  # pyarrow's own errors are among these
        raise UnfitError from None


def _uncommitted(what: str) -> LXSourceError:
    return LXSourceError(
        f"{OWN_CONNECTION}, which sees only what is committed, and {what}. Commit or roll back before the model is "
        f"compiled, or use the reader 'session', which reads in its transaction."
    )


def _sqlite_address(connection: Connection) -> str:
    files = {name: file for _, name, file in connection.execute(text("PRAGMA database_list"))}
    if not files["main"]:
        raise LXSourceError(
            f"{OWN_CONNECTION}, and this SQLite database is in memory, where another connection finds another "
            f"database. Keep it in a file, or use the reader 'session'."
        )
    if files.keys() - {"main", "temp"} or connection.scalar(text("SELECT count(*) FROM sqlite_temp_master")):
        raise UnfitError  # attached or temporary tables, which only this connection has
    return f"file:{quote(files['main'])}?mode=ro"


def _check_sqlite(connection: Connection, cursor: Any) -> None:
    if getattr(connection.connection.driver_connection, "in_transaction", True):
        raise _uncommitted("the session's transaction has written, or was begun with BEGIN")


def _sqlite_values(field: Any, values: Any, expression: Any, connection: Connection) -> Column:
    """Return integers, whatever they are mapped as, and the numbers of a column that stores nothing but floats."""
    kind, process = expression.type, processor(expression, connection.dialect, None)
    truths = isinstance(kind, Boolean) and process is not None
    if str(field.type) == "int64" and (process is None or truths):
        return _truths(values) if truths else _numbers(values)
    if str(field.type) == "double" and process is None and _is_float_column(expression, connection):
        return _numbers(values)
    raise UnfitError


def _is_float_column(expression: Any, connection: Connection) -> bool:
    """Whether SQLite itself makes a float of each number in the column; ADBC does so in any column that has one."""
    stored = expression.property.columns[0]
    if not isinstance(getattr(stored, "table", None), Table) or stored.table.schema is not None:
        return False
    query = text("SELECT upper(type) FROM pragma_table_info(:name) WHERE name = :column")
    declared = connection.scalar(query, {"name": stored.table.name, "column": stored.name}) or ""
    texts = ("INT", "CHAR", "CLOB", "TEXT", "BLOB")
    return any(part in declared for part in ("REAL", "FLOA", "DOUB")) and not any(part in declared for part in texts)


def _postgresql_address(connection: Connection) -> str:
    _, named = connection.dialect.create_connect_args(connection.engine.url)
    return "postgresql:///?" + urlencode({name: one for name, one in named.items() if isinstance(one, str | int)})


def _check_postgresql(connection: Connection, cursor: Any) -> None:
    if connection.scalar(text(POSTGRESQL_WRITTEN)):
        raise _uncommitted("the session's transaction has written")
    if connection.scalar(text(POSTGRESQL_POLICIES)):
        raise UnfitError
    mine = tuple(connection.execute(text(POSTGRESQL_STATE)).one())
    cursor.execute(POSTGRESQL_STATE)
    if cursor.fetchone() != mine:
        raise LXSourceError(
            f"{OWN_CONNECTION}, which reached another database, user, schema or time zone than the session's: it "
            f"knows the URL of the engine, not what connect_args, a creator, a listener or SET add. Put all of it into "
            f"the URL, or use the reader 'session'."
        )


def _postgresql_values(field: Any, values: Any, expression: Any, connection: Connection) -> Column:
    kind = ((field.metadata or {}).get(b"POSTGRESQL:type") or b"").decode()
    if kind not in OIDS or processor(expression, connection.dialect, OIDS[kind]) is not None:
        raise UnfitError
    return object_column(values.to_pylist()) if kind in POSTGRESQL_TEXTS else _numbers(values)


def _numbers(values: Any) -> Column:
    """Return numbers as numpy's; with NULL among them they are Python's."""
    if values.null_count or not len(values):
        return column(values.to_pylist())
    found: Column = values.to_numpy()
    return found.astype("int64", copy=False) if found.dtype.kind == "i" else found


def _truths(values: Any) -> Column:
    """Return the integers that stand for truths as such."""
    if values.null_count or not len(values):
        return column([None if value is None else bool(value) for value in values.to_pylist()])
    found: Column = values.to_numpy() != 0
    return found


DATABASES = {
    "sqlite": Database("adbc_driver_sqlite", _sqlite_address, _check_sqlite, _sqlite_values),
    "postgresql": Database("adbc_driver_postgresql", _postgresql_address, _check_postgresql, _postgresql_values),
}
