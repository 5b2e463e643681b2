"""The foreign keys that refer to a table, as the database has them, or as SQLAlchemy knows them."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, FromClause, Table, bindparam, column, table, text
from sqlalchemy.sql.expression import TableClause

from lumix_core.rows import REFERRING_KEYS, ReferringKey, referring_keys

CHANGING = ("CASCADE", "SET NULL", "SET DEFAULT")
"""The rules of foreign keys with which the database deletes or changes other rows."""
DIALECTS = {"mariadb": "mysql"}


CHECKS_REFERENCES = {
    "sqlite": "PRAGMA foreign_keys",
    "mysql": "SELECT @@foreign_key_checks",
    "mariadb": "SELECT @@foreign_key_checks",
}
"""The queries for whether foreign keys are checked, where that is a setting."""

_CHECKS: WeakKeyDictionary[object, bool] = WeakKeyDictionary()
"""Whether foreign keys are checked, by transaction: SQLite changes the setting outside of one only."""
_KEYS: WeakKeyDictionary[object, dict[Table, list[ReferringKey]]] = WeakKeyDictionary()
"""The foreign keys that refer to tables, by the transaction in which they were asked for."""


def checks_references(connection: Connection) -> bool:
    """Whether the database checks foreign keys: SQLite if someone turns it on, others unless someone turns it off."""
    name, transaction = connection.dialect.name, connection.get_transaction()
    if name not in CHECKS_REFERENCES:
        return True
    if transaction not in _CHECKS:
        checks = bool(connection.exec_driver_sql(CHECKS_REFERENCES[name]).scalar())
        if name != "sqlite":
            return checks
        _CHECKS[transaction] = checks
    return _CHECKS[transaction]


def referring_to(connection: Connection, target: Table) -> list[ReferringKey]:
    """Return the foreign keys that refer to a table: those of the database, and those that are declared to change rows.

    Where it is not known how to ask the database, these are all that are declared.
    """
    known = _KEYS.setdefault(connection.get_transaction(), {})
    if target not in known:
        keys, declared = _keys_in_database(connection, target), _declared_keys(target)
        names = {(key.table, key.columns) for key in keys or ()}
        more = [key for key in declared if (key.table, key.columns) not in names and (key.changes or keys is None)]
        known[target] = [*(keys or ()), *more]
    return known[target]


def _keys_in_database(connection: Connection, target: Table) -> list[ReferringKey] | None:
    """Return the foreign keys of the database that refer to a table; None where it is not known how to ask.

    Those of tables in other schemas are known on PostgreSQL only.
    """
    dialect = DIALECTS.get(connection.dialect.name, connection.dialect.name)
    schema = connection.schema_for_object(target)
    if dialect not in REFERRING_KEYS or (dialect == "sqlite" and schema is not None):
        return None
    query, values = REFERRING_KEYS[dialect], {"name": target.name}
    if dialect == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        values = {"name": ".".join(quote(name) for name in (schema, target.name) if name is not None)}
    statement = text(query.format(name=":name", schema=":schema"))
    if dialect == "mysql":
        statement = statement.bindparams(bindparam("schema", schema))
    rows = connection.execute(statement, values)
    return referring_keys(map(tuple, rows), [key.name for key in target.primary_key])


def _declared_keys(target: Table) -> list[ReferringKey]:
    """Return the foreign keys that refer to a table, as they are declared."""
    return [
        ReferringKey(
            schema=child.schema,
            table=child.name,
            columns=tuple(element.parent.name for element in key.elements),
            targets=tuple(element.target_fullname.rpartition(".")[2] for element in key.elements),
            changes=(key.ondelete or "").upper() in CHANGING,
        )
        for child in target.metadata.tables.values()
        for key in child.foreign_key_constraints
        if key.elements[0].target_fullname.rpartition(".")[0] == target.fullname
    ]


def named_table(key: ReferringKey) -> TableClause:
    """Return the table of a foreign key, by its name."""
    return table(key.table, *(column(name) for name in key.columns), schema=key.schema)


def column_named(source: FromClause, name: str) -> ColumnElement[Any]:
    """Return the column of a table, or an alias of it, that has a name in the database."""
    columns = {str(one.name).lower(): one for one in source.c}
    return columns.get(name.lower(), column(name, _selectable=source))
