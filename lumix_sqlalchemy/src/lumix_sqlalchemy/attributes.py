"""Which attributes of a mapped class a query can read without making an instance, and by which joins."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getattr_static
from typing import Any

from sqlalchemy import BinaryExpression, BooleanClauseList, Column, Index, Table, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import ColumnProperty, Mapper, QueryableAttribute, RelationshipProperty
from sqlalchemy.sql import operators

WRITTEN_ONLY = ("dynamic", "write_only")
NEVER_LOADED = ("raise", "raise_on_sql", "noload", *WRITTEN_ONLY)
# Listens for loaded rows too, but sets nothing except the composite itself.
COMPOSITES = "sqlalchemy.orm.descriptor_props"


def column_names(mapper: Mapper[Any]) -> frozenset[str]:
    """Return the attributes that hold one value a row, read by the class and its subclasses in the same way."""
    return frozenset(one.key for one in mapper.column_attrs if is_loadable(one) and _is_same_below(mapper, one))


def related_classes(mapper: Mapper[Any]) -> dict[str, type]:
    """Return the to-one relationships that a join can follow without repeating a row, each with its target."""
    return {
        one.key: one.mapper.class_ for one in mapper.relationships if _is_same_below(mapper, one) and _is_joinable(one)
    }


def is_loadable(column: ColumnProperty[Any]) -> bool:
    """Whether a column can be loaded without a query of its own kind, and its mapping does not forbid to."""
    return not column.raiseload and ("query_expression", True) not in column.strategy_key


def is_of_tables(mapper: Mapper[Any]) -> bool:
    """Whether a row of the class is a row of one table, or of those of its superclasses, joined by their keys."""
    return all(isinstance(one.local_table, Table) and not one.concrete for one in mapper.iterate_to_root())


def loads_plainly(mapper: Mapper[Any]) -> bool:
    """Whether there is an instance for each row, which holds just what was read.

    Nothing listens for it to be loaded or stands between, and no inner join of its mapping leaves rows out.
    """
    return all(_is_untouched(one) for one in mapper.self_and_descendants) and not _joins_inner(mapper, set())


def _is_untouched(mapper: Mapper[Any]) -> bool:
    dispatch: Any = mapper.class_manager.dispatch
    listeners = (*dispatch.load, *dispatch.refresh)
    heard = any(getattr(one, "__module__", None) != COMPOSITES for one in listeners)
    return not heard and getattr_static(mapper.class_, "__getattribute__") is object.__dict__["__getattribute__"]


def _joins_inner(mapper: Mapper[Any], seen: set[Any]) -> bool:
    """Whether loading the class joins, by its mapping, what a row may lack."""
    seen.add(mapper)
    joined = [one for below in mapper.self_and_descendants for one in below.relationships if one.lazy == "joined"]
    return any(one.innerjoin or (one.mapper not in seen and _joins_inner(one.mapper, seen)) for one in joined)


def _is_same_below(mapper: Mapper[Any], one: ColumnProperty[Any] | RelationshipProperty[Any]) -> bool:
    return all(
        isinstance(getattr_static(below.class_, one.key, None), QueryableAttribute)
        and _is_same(one, below.attrs.get(one.key))
        for below in mapper.self_and_descendants
    )


def _is_same(one: ColumnProperty[Any] | RelationshipProperty[Any], below: Any) -> bool:
    """Whether a subclass has the very attribute, or its own table's part of the shared key."""
    if below is one:
        return True
    if not isinstance(one, ColumnProperty) or not isinstance(below, ColumnProperty):
        return False
    return set(one.columns) <= set(below.columns) and set(one.columns) <= set(one.parent.primary_key)


def _is_joinable(one: RelationshipProperty[Any]) -> bool:
    plain = not one.uselist and one.secondary is None and one.lazy not in NEVER_LOADED
    return plain and not one.entity.is_aliased_class and is_of_tables(one.mapper) and _leads_to_one_row(one)


def _leads_to_one_row(one: RelationshipProperty[Any]) -> bool:
    """Whether what the join compares is a key of a table of the target."""
    compared = set(_compared(one))
    return any(key <= compared for table in one.mapper.tables if isinstance(table, Table) for key in _keys(table))


def _compared(one: RelationshipProperty[Any]) -> Iterator[Any]:
    pairs = list(one.local_remote_pairs or ())
    for clause in _conditions(one.primaryjoin):
        if isinstance(clause, BinaryExpression) and clause.operator is operators.eq:
            sides = {hash(clause.left), hash(clause.right)}
            yield from (remote for local, remote in pairs if {hash(local), hash(remote)} == sides)


def _conditions(clause: Any) -> Iterator[Any]:
    """Yield the conditions that must all hold."""
    if isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        for part in clause.clauses:
            yield from _conditions(part)
    else:
        yield clause


def _keys(table: Table) -> Iterator[set[Column[Any]]]:
    """Yield the sets of columns of which the database allows each combination once, at any time."""
    constraints: list[Any] = [
        one for one in table.constraints if isinstance(one, UniqueConstraint) and not one.deferrable
    ]
    indexes = [one for one in table.indexes if one.unique and not one.dialect_kwargs and _is_of_columns(one)]
    yield from filter(None, ({*one.columns} for one in (table.primary_key, *constraints, *indexes)))


def _is_of_columns(index: Index) -> bool:
    return all(isinstance(one, Column) for one in index.expressions)


def is_own_type(kind: Any) -> bool:
    """Whether a type is SQLAlchemy's own on every database, so that it is known what it makes of a value."""
    own = type(kind).__module__.startswith("sqlalchemy.") and not isinstance(kind, TypeDecorator)
    return own and not getattr(kind, "_variant_mapping", True)
