"""What writing has to know of a mapped class: its attributes, keys and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Enum,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    inspect,
)
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeDecorator, TypeEngine

from lumix_core.errors import LXWriteError
from lumix_core.rows import Kind, Reference, WrittenField, WrittenTable
from lumix_sqlalchemy.ordering import key_names

# The first class that a type is of says what its values are.
KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (TypeDecorator, "other"),
    (Enum, "other"),
    (String, "text"),
    (Boolean, "truth"),
    (Integer, "integer"),
    (Float, "number"),
    (Numeric, "number"),
    (Uuid, "uuid"),
)


def written_table(cls: type) -> WrittenTable:
    """Return what writing has to know of a mapped class.

    Raises:
        LXWriteError: it is part of an inheritance hierarchy, or not mapped to a table.
    """
    mapper: Mapper[Any] = inspect(cls)
    table = _only_table(mapper)
    names = {mapper.columns[one.key]: one.key for one in mapper.column_attrs if isinstance(one.columns[0], Column)}
    return WrittenTable(
        cls=cls,
        name=table.fullname,
        fields={name: _field(column, name) for column, name in names.items()},
        primary_key=key_names(mapper),
        unique=tuple(_unique(table, names)),
        references=tuple(_references(table, mapper, names)),
        advice={one.key: _advice(one, names) for one in mapper.attrs if one.key not in names.values()},
    )


def _only_table(mapper: Mapper[Any]) -> Table:
    name = mapper.class_.__name__
    if len(list(mapper.self_and_descendants)) > 1 or mapper.inherits is not None or mapper.polymorphic_on is not None:
        raise LXWriteError(
            f"{name} is part of an inheritance hierarchy: its rows share their table with those of other classes, or "
            f"are stored in several. Write a class of its own, mapped to one table."
        )
    if not isinstance(mapper.local_table, Table):
        raise LXWriteError(f"{name} is mapped to a query, not to a table. Write a class that is mapped to a table.")
    return mapper.local_table


def _field(column: Column[Any], name: str) -> WrittenField:
    always = isinstance(column.identity, Identity) and column.identity.always
    return WrittenField(
        name=name,
        kind=_kind(column.type),
        nullable=bool(column.nullable),
        filled=_is_filled(column),
        writable=column.computed is None and not always,
        length=getattr(column.type, "length", None) if _kind(column.type) == "text" else None,
    )


def _kind(kind: TypeEngine[Any]) -> Kind:
    found: Kind = next((found for cls, found in KINDS if isinstance(kind, cls)), "other")
    return "text" if isinstance(kind, Uuid) and not kind.as_uuid else found


def _is_filled(column: Column[Any]) -> bool:
    own = column.default, column.server_default, column.computed, column.identity
    return any(one is not None for one in own) or column.table.autoincrement_column is column


def _unique(table: Table, names: dict[Column[Any], str]) -> Iterator[tuple[str, ...]]:
    constraints: list[Any] = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes: list[Index] = [one for one in table.indexes if one.unique and not one.dialect_kwargs]
    for one in (*constraints, *indexes):
        if all(column in names for column in getattr(one, "expressions", one.columns)):
            yield tuple(names[column] for column in one.columns)


def _references(table: Table, mapper: Mapper[Any], names: dict[Column[Any], str]) -> Iterator[Reference]:
    for key in sorted(table.foreign_key_constraints, key=lambda one: list(one.column_keys)):
        if all(column in names for column in key.columns) and _is_known(key):
            target: Any = key.referred_table
            columns = [one.column for one in key.elements]
            own = target is table
            yield Reference(
                names=tuple(names[one.parent] for one in key.elements),
                table=target.fullname,
                columns=tuple(one.name for one in columns),
                target=mapper.class_ if own else target,
                target_names=tuple(names[one] if own else one.key for one in columns),
                deferred=(key.initially or "").upper() == "DEFERRED",
            )


def _is_known(key: ForeignKeyConstraint) -> bool:
    """Whether the table that a foreign key refers to is one that SQLAlchemy knows."""
    table = key.elements[0].target_fullname.rpartition(".")[0]
    return key.table.metadata.tables.get(table) is not None


def _advice(attribute: Any, names: dict[Column[Any], str]) -> str:
    local = getattr(attribute, "local_columns", ())
    held = sorted(names[column] for column in local if column in names)
    if held and not getattr(attribute, "uselist", False):
        return f"Give the column behind it: {' and '.join(map(repr, held))}."
    if held:
        return "It is stored in another table: write that class too."
    return "Give the columns that it is made of."
