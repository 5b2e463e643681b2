"""Reading the columns of an SQLite file as Arrow data, over a connection of its own (ADBC).

Numbers come as numpy arrays without a Python object for each. A connection of its own sees only what is committed, so
a session that has written anything is refused. What Arrow does not give exactly as the session would (types that
SQLAlchemy converts, columns of mixed types) is left to the session's reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary, finalize

from sqlalchemy import Boolean, Connection, Dialect, Select, Table
from sqlalchemy.exc import CompileError, InvalidRequestError
from sqlalchemy.orm import Session

from lumix_core.errors import LXSourceError
from lumix_core.rows import Column, Path, column
from lumix_sqlalchemy.projecting import Projection, project
from lumix_sqlalchemy.reading import has_pending, processor

INSTALL = "pip install 'lumix-sqlalchemy[arrow]'"
DATABASE, DRIVER = "sqlite", "adbc_driver_sqlite"
# What ADBC sends as the very types that sqlite3 sends.
SENT = {int, float, str, Decimal, date, datetime}
# How many rows ADBC makes into one array; its own 1,024 take longer to put together.
ROWS_A_BATCH = str(1 << 20)
# The databases of a connection, each with how much is temporary in it.
DATABASES = "SELECT name, file, (SELECT count(*) FROM sqlite_temp_master) FROM pragma_database_list"
# Whose parameters have the types of ADBC's; other drivers write them into the statement.
TYPED_PARAMETERS = ("pysqlite", "aiosqlite")
OWN_CONNECTION = "The reader 'arrow' reads over a connection of its own"


_OPEN: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
"""The connections of transactions, by address."""


class UnfitError(Exception):
    """The data is not for Arrow; the session's reader takes it."""


def check_database(dialect: Dialect) -> None:
    """Check that ADBC can read a database.

    Raises:
        LXSourceError: it is not SQLite, or the driver is not installed.
    """
    if dialect.name != DATABASE:
        raise LXSourceError(
            f"The reader 'arrow' cannot read from {dialect.name}. It reads SQLite files; the reader 'session' is as "
            f"fast on other databases. Leave out reader=, or use the reader 'session'."
        )
    missing = [name for name in ("pyarrow", "adbc_driver_manager", DRIVER) if find_spec(name) is None]
    if missing:
        raise LXSourceError(
            f"The reader 'arrow' cannot read from {dialect.name}: {', '.join(missing)} cannot be found. "
            f"It comes with an extra of this package. Install it with {INSTALL}, or use the reader 'session'."
        )


def read_arrow(session: Session, statement: Select[Any], entity: Any, paths: Sequence[Path]) -> list[Column] | None:
    """Read some columns of the instances that a select would return, as they are committed.

    Args:
        session: determines the database; its transaction is checked for changes only.
        statement: a select of one mapped class or alias, in order.
        entity: the class or alias.
        paths: the attributes, each after the relationships that lead there.

    Returns:
        None where only the session knows the values.

    Raises:
        LXSourceError: the session has changes that are not committed, or ADBC cannot reach its database.
    """
    if has_pending(session):
        raise _uncommitted("the session holds changes that it has not saved")
    projection = project(statement, entity, paths)
    if projection is None or not all(marker is None for marker in projection.markers):
        return None
    connection = session.connection(bind_arguments=projection.bind_arguments)
    check_database(connection.dialect)
    try:
        return _read(session, connection, projection)
    except UnfitError:
        return None


def _read(session: Session, connection: Connection, projection: Projection) -> list[Column]:
    sql, parameters = _compiled(projection.statement, connection)
    with closing(_connected(session, connection).cursor()) as cursor:
        _check_committed(connection)
        table = _table(cursor, sql, parameters)
    if table.num_columns != len(projection.columns):
        raise UnfitError
    types = _StoredTypes(connection)
    return [
        _values(table.field(position), table.column(position), projection.columns[position], types)
        for position in projection.positions
    ]


def _compiled(statement: Select[Any], connection: Connection) -> tuple[str, list[Any]]:
    """Return the SQL of a statement and its parameters, in order."""
    if any("schema_translate_map" in part.get_execution_options() for part in (statement, connection)):
        raise UnfitError
    dialect = connection.dialect
    try:
        compiled: Any = statement.compile(dialect=dialect)
        state = compiled.construct_expanded_state()
    except (CompileError, InvalidRequestError):
        raise UnfitError from None
    values = _sent(compiled, state, dialect)
    typed = dialect.driver in TYPED_PARAMETERS and dialect.paramstyle == "qmark"
    sent = typed and {type(value) for value in values} <= SENT
    if (values and not sent) or "\\" in state.statement:
        raise UnfitError
    return state.statement, values


def _sent(compiled: Any, state: Any, dialect: Dialect) -> list[Any]:
    """Return the parameters as a driver is sent them: in order, converted by their types."""
    whole = {part: name for name, parts in state.parameter_expansion.items() for part in parts}
    values = []
    for name in state.positiontup or ():
        bound = compiled.binds.get(whole.get(name, name))
        if bound is None:  # renamed by the compiler
            raise UnfitError
        process = bound.type.dialect_impl(dialect).bind_processor(dialect)
        values.append(state.parameters[name] if process is None else process(state.parameters[name]))
    return values


def _connected(session: Session, connection: Connection) -> Any:
    """Return the one connection that is kept for as long as the session's transaction: to open one takes long."""
    transaction, address = session.get_transaction(), _address(connection)
    kept = _OPEN.setdefault(transaction, {})
    if address not in kept:
        kept[address] = _opened(address)
        finalize(transaction, kept[address].close)
    return kept[address]


def _opened(address: str) -> Any:
    import adbc_driver_sqlite.dbapi as driver

    try:
        return driver.connect(address, autocommit=True)
    except driver.Error as error:
        shown = " ".join(str(error).split()).rstrip(".")
        raise LXSourceError(
            f"{OWN_CONNECTION}, which could not be opened: {shown}. It reads the file of the session's database. "
            f"Check that the file can be opened for reading, or use the reader 'session'."
        ) from error


def _table(cursor: Any, sql: str, parameters: list[Any]) -> Any:
    """Return the result; what ADBC cannot read, such as a column of mixed types, is for the session."""
    from adbc_driver_manager import Error

    try:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": ROWS_A_BATCH})
        cursor.execute(sql, parameters or None)
        return cursor.fetch_arrow_table()
    except (Error, OSError, ValueError, TypeError):  # pyarrow's own errors are among these
        raise UnfitError from None


def _uncommitted(what: str) -> LXSourceError:
    return LXSourceError(
        f"{OWN_CONNECTION}, which sees only what is committed, and {what}. Commit or roll back before the model is "
        f"compiled, or use the reader 'session', which reads in its transaction."
    )


def _address(connection: Connection) -> str:
    known = _asked(connection, DATABASES)
    files = {name: file for name, file, _ in known}
    if not files["main"]:
        raise LXSourceError(
            f"{OWN_CONNECTION}, and this SQLite database is in memory, where another connection finds another "
            f"database. Keep it in a file, or use the reader 'session'."
        )
    if files.keys() - {"main", "temp"} or any(temporary for _, _, temporary in known):
        raise UnfitError  # attached or temporary tables, which only this connection has
    return f"file:{quote(files['main'])}?mode=ro"


def _asked(connection: Connection, sql: str, *parameters: str) -> list[Any]:
    """Ask SQLite about itself, by the driver alone: it takes as long as SQLAlchemy takes to begin."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _check_committed(connection: Connection) -> None:
    if getattr(connection.connection.driver_connection, "in_transaction", True):
        raise _uncommitted("the session's transaction has written, or was begun with BEGIN")


@dataclass(frozen=True, eq=False)
class _StoredTypes:
    """The types that columns have in SQLite itself, asked for once a table."""

    connection: Connection
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def is_float(self, expression: Any) -> bool:
        """Whether SQLite itself makes a float of each number in a column; ADBC does so in any column that has one."""
        stored = expression.property.columns[0]
        if not isinstance(getattr(stored, "table", None), Table) or stored.table.schema is not None:
            return False
        declared = self._of_table(stored.table.name).get(stored.name, "")
        others = ("INT", "CHAR", "CLOB", "TEXT", "BLOB")
        is_real = any(part in declared for part in ("REAL", "FLOA", "DOUB"))
        return is_real and not any(part in declared for part in others)

    def _of_table(self, name: str) -> dict[str, str]:
        if name not in self.known:
            rows = _asked(self.connection, "SELECT name, type FROM pragma_table_info(?)", name)
            self.known[name] = {column: declared.upper() for column, declared in rows}
        return self.known[name]


def _values(described: Any, values: Any, expression: Any, types: _StoredTypes) -> Column:
    """Return integers, whatever they are mapped as, and the numbers of a column that stores nothing but floats."""
    kind, process = expression.type, processor(expression, types.connection.dialect, None)
    truths = isinstance(kind, Boolean) and process is not None
    if str(described.type) == "int64" and (process is None or truths):
        return _truths(values) if truths else _numbers(values)
    if str(described.type) == "double" and process is None and types.is_float(expression):
        return _numbers(values)
    raise UnfitError


def _numbers(values: Any) -> Column:
    """Return numbers as numpy's; with NULL among them they are Python's."""
    if values.null_count or not len(values):
        return column(values.to_pylist())
    numbers: Column = values.to_numpy()
    return numbers.astype("int64", copy=False) if numbers.dtype.kind == "i" else numbers


def _truths(values: Any) -> Column:
    """Return the integers of a Boolean column as truths."""
    if values.null_count or not len(values):
        return column([None if value is None else bool(value) for value in values.to_pylist()])
    truths: Column = values.to_numpy() != 0
    return truths
