"""The facts that writing needs of a mapped class: its attributes, keys and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

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

# The first class that a type is an instance of gives the kind of its values.
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


_WRITTEN: WeakKeyDictionary[type, tuple[tuple[int, ...], WrittenTable]] = WeakKeyDictionary()


def written_table(cls: type) -> WrittenTable:
    """Return the facts that writing needs of a mapped class; computed once for each class.

    Raises:
        LXWriteError: it is part of an inheritance hierarchy, or not mapped to a table.
    """
    mapper: Mapper[Any] = inspect(cls)
    table = _only_table(mapper)
    # They hold until an attribute or a column is added, or a table that foreign keys refer to becomes known.
    stamp = (
        len(mapper.attrs),
        len(table.columns),
        len(table.constraints),
        len(table.indexes),
        len(table.metadata.tables),
    )
    known = _WRITTEN.get(cls)
    if known is None or known[0] != stamp:
        known = _WRITTEN[cls] = (stamp, _read_table(cls, mapper, table))
    return known[1]


def _read_table(cls: type, mapper: Mapper[Any], table: Table) -> WrittenTable:
    names = {
        mapper.columns[attribute.key]: attribute.key
        for attribute in mapper.column_attrs
        if isinstance(attribute.columns[0], Column)
    }
    return WrittenTable(
        cls=cls,
        name=table.fullname,
        fields={name: _field(column, name) for column, name in names.items()},
        primary_key=key_names(mapper),
        unique=tuple(_unique(table, names)),
        references=tuple(_references(table, mapper, names)),
        advice={
            attribute.key: _advice(attribute, names)
            for attribute in mapper.attrs
            if attribute.key not in names.values()
        },
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
        comparable=not _is_changed(column.type),
    )


def _is_changed(kind: TypeEngine[Any]) -> bool:
    """Whether any database is sent an expression in place of a value, as for an encrypted column."""
    variants = kind._variant_mapping.values()
    return bool(kind._has_bind_expression) or (bool(variants) and any(map(_is_changed, variants)))


def _kind(kind: TypeEngine[Any]) -> Kind:
    known: Kind = next((known for cls, known in KINDS if isinstance(kind, cls)), "other")
    return "text" if isinstance(kind, Uuid) and not kind.as_uuid else known


def _is_filled(column: Column[Any]) -> bool:
    own = column.default, column.server_default, column.computed, column.identity
    return any(rule is not None for rule in own) or column.table.autoincrement_column is column


def _unique(table: Table, names: dict[Column[Any], str]) -> Iterator[tuple[str, ...]]:
    constraints: list[Any] = [
        constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)
    ]
    indexes: list[Index] = [index for index in table.indexes if index.unique and not index.dialect_kwargs]
    for key in (*constraints, *indexes):
        if all(column in names for column in getattr(key, "expressions", key.columns)):
            yield tuple(names[column] for column in key.columns)


def _references(table: Table, mapper: Mapper[Any], names: dict[Column[Any], str]) -> Iterator[Reference]:
    for key in sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys)):
        if all(column in names for column in key.columns) and _is_known(key):
            target: Any = key.referred_table
            columns = [element.column for element in key.elements]
            own = target is table
            yield Reference(
                names=tuple(names[element.parent] for element in key.elements),
                table=target.fullname,
                columns=tuple(column.name for column in columns),
                target=mapper.class_ if own else target,
                target_names=tuple(names[column] if own else column.key for column in columns),
                deferred=(key.initially or "").upper() == "DEFERRED",
            )


def _is_known(key: ForeignKeyConstraint) -> bool:
    """Whether SQLAlchemy knows the table that a foreign key refers to."""
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
