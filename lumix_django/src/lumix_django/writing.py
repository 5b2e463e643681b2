"""Writing rows of models: the database and the transaction in which they are written, and new instances as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation
from django.core.files import File
from django.db import IntegrityError, connections, router, transaction
from django.db.models import AutoField

from lumix_core.errors import LXWriteError, listed
from lumix_core.rows import (
    NOT_TRANSACTIONAL,
    SQL_MODE,
    WrittenTable,
    refuse_without_strictness,
    refuse_without_transactions,
)
from lumix_django.attributes import names_of
from lumix_django.managers import queryset_of
from lumix_django.row_writer import DatabaseWriter
from lumix_django.table_facts import is_generated, is_moment
from lumix_django.transactions import begin_for_real, is_open, repeat_reads


@contextmanager
def writing(handle: object, tables: Sequence[WrittenTable]) -> Iterator[DatabaseWriter]:
    """Return a writer in a transaction of its own, or in a savepoint of the one that is open.

    Raises:
        LXWriteError: there is no such database, or the routers choose several, or an event loop runs in this thread.
    """
    alias = _alias(handle, tables)
    with _outside_of_event_loops():
        connection = connections[alias]
        if is_open(connection):
            begin_for_real(connection)
        elif connection.vendor == "mysql":
            repeat_reads(connection)
        with _committed(alias):
            _check_engines(connection, tables)
            yield DatabaseWriter(connection)


@contextmanager
def _committed(alias: str) -> Iterator[None]:
    """Return a block of Django's, whose commit may fail on constraints that the database checks only then."""
    done = False
    try:
        with transaction.atomic(using=alias):
            yield
            done = True
    except IntegrityError as error:
        if not done:
            raise
        reason = str(error).rstrip(".")
        raise LXWriteError(
            f"The database refused the rows when they were to be committed: {reason}. Correct them, or write what they "
            f"refer to and what refers to those that they replace in the same write-back. Nothing was written."
        ) from error


def _alias(handle: object, tables: Sequence[WrittenTable]) -> str:
    if handle is None:
        return _by_routers(tables)
    if isinstance(handle, str) and handle in connections:
        return handle
    raise LXWriteError(
        f"write() got {handle!r:.80}; expected the alias of a database. The aliases in "
        f'settings.DATABASES are {listed(connections)}. Write .write("default"), or .write() to let the routers '
        f"choose; in a block of transaction.atomic(using=...) that database's transaction is used."
    )


def _by_routers(tables: Sequence[WrittenTable]) -> str:
    aliases = {table.cls: _by_router(table.cls) for table in tables}
    first, *others = dict.fromkeys(aliases.values())
    if others:
        names = ", ".join(f"{cls.__name__} in {alias!r}" for cls, alias in aliases.items())
        raise LXWriteError(
            f"The routers keep these models in different databases, which have no transaction in common: {names}. "
            f"Write those of each database by themselves, or name one database: .write({first!r})."
        )
    return str(first)


def _by_router(model: Any) -> str:
    """Return the database that the routers choose, which has to be the one that the default manager writes to."""
    chosen, named = str(router.db_for_write(model)), queryset_of(model)._db
    if named not in (None, chosen):
        raise LXWriteError(
            f"The default manager of {model.__name__} writes to the database {named!r}, and the routers choose "
            f"{chosen!r}. Name the database: .write({named!r})."
        )
    return chosen


@contextmanager
def _outside_of_event_loops() -> Iterator[None]:
    try:
        yield
    except SynchronousOnlyOperation as error:
        raise LXWriteError(
            "write() cannot write here: an event loop runs in this thread, and Django writes outside of "
            "one only. Write in a thread of its own: `await sync_to_async(write_back.write)()`."
        ) from error


def _check_engines(connection: Any, tables: Sequence[WrittenTable]) -> None:
    """Refuse MySQL and MariaDB where they change values, and their tables without transactions, such as MyISAM's."""
    if connection.vendor != "mysql":
        return
    marks = ", ".join(["%s"] * len(tables))
    with connection.cursor() as cursor:
        cursor.execute(SQL_MODE)
        refuse_without_strictness(cursor.fetchone()[0])
        query = NOT_TRANSACTIONAL.format(schema="database()", names=f"({marks})")
        cursor.execute(query, [table.name for table in tables])
        refuse_without_transactions(cursor.fetchall())


def instance_values(row: Any) -> Mapping[str, Any]:
    """Return the attributes that are set on a new instance; of a foreign key the value of its column.

    Raises:
        LXWriteError: the instance is not new; the text follows its name.
    """
    if not row._state.adding:
        raise LXWriteError(
            f"is an instance of {type(row).__name__} that was saved or read from the database, and would be written "
            f"twice. Make new instances and do not save them, or give mappings."
        )
    values = {field.attname: row.__dict__[field.attname] for field in row._meta.concrete_fields if _is_set(field, row)}
    for name, field in names_of(type(row)).forward.items():
        if field.is_cached(row) and field.attname in row._meta._forward_fields_map:
            _resolve(values, name, field, field.get_cached_value(row))
    return {name: _name_of_file(name, value) for name, value in values.items()}


def _is_set(field: Any, row: Any) -> bool:
    """Whether the instance has a value, and not a placeholder of Django's until the database fills it in."""
    if field.attname not in row.__dict__ or is_generated(field):
        return False
    value = row.__dict__[field.attname]
    if value is None and (is_moment(field) or isinstance(field, AutoField)):
        return False
    return type(value).__name__ != "DatabaseDefault"


def _resolve(values: dict[str, Any], name: str, field: Any, related: Any) -> None:
    """Take the key of a row that got one after it was assigned."""
    if related is None:
        return
    key = getattr(related, field.target_field.attname)
    if key is None:
        raise LXWriteError(f"leads by {name!r} to a row that has no key yet. Save that row before.")
    if values.get(field.attname) is None:
        values[field.attname] = key
    if values[field.attname] != key:
        raise LXWriteError(
            f"has {field.attname!r} = {values[field.attname]!r}, but {name!r} leads to {key!r}. Set one."
        )


def _name_of_file(name: str, value: Any) -> Any:
    """Return the name of a stored file; other values as they are."""
    if not isinstance(value, File):
        return value
    if value and not getattr(value, "_committed", False):
        raise LXWriteError(f"has a file in {name!r} that is not stored yet. Store it first, and give its name.")
    return value.name
