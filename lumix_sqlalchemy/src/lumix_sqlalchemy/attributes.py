"""Which attributes of a mapped class a query can read without making an instance, and by which joins."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getattr_static
from typing import Any

from sqlalchemy import (
    BinaryExpression,
    Boolean,
    BooleanClauseList,
    Column,
    Date,
    DateTime,
    Enum,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Time,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import (
    ClassManager,
    ColumnProperty,
    InstrumentedAttribute,
    Mapper,
    QueryableAttribute,
    RelationshipProperty,
)
from sqlalchemy.sql import operators

WRITTEN_ONLY = ("dynamic", "write_only")
MATCHING = ("selectin", "subquery")
"""The strategies of loading that match related rows in Python."""
EXACT = (Boolean, Date, DateTime, Enum, Integer, LargeBinary, Numeric, Time, Uuid)
"""The types whose values are equal to a database and in Python alike."""
NEVER_LOADED = ("raise", "raise_on_sql", "noload", *WRITTEN_ONLY)
# Its listeners for loading set only the composite itself.
COMPOSITES = "sqlalchemy.orm.descriptor_props"


def column_names(mapper: Mapper[Any]) -> frozenset[str]:
    """Return the attributes that hold one value a row, read by the class and its subclasses in the same way."""
    return frozenset(
        attribute.key
        for attribute in mapper.column_attrs
        if is_loadable(attribute) and _is_same_below(mapper, attribute)
    )


def related_classes(mapper: Mapper[Any]) -> dict[str, type]:
    """Return the to-one relationships that a join can follow without repeating a row, each with its target."""
    return {
        relationship.key: relationship.mapper.class_
        for relationship in mapper.relationships
        if _is_same_below(mapper, relationship) and _is_joinable(relationship)
    }


def is_loadable(column: ColumnProperty[Any]) -> bool:
    """Whether a column can be loaded without a query of its own kind, and its mapping does not forbid to."""
    return not column.raiseload and ("query_expression", True) not in column.strategy_key


def is_of_tables(mapper: Mapper[Any]) -> bool:
    """Whether a row of the class is a row of one table, or of those of its superclasses, joined by their keys."""
    return all(isinstance(base.local_table, Table) and not base.concrete for base in mapper.iterate_to_root())


def loads_plainly(mapper: Mapper[Any]) -> bool:
    """Whether there is an instance for each row, which holds the values of the database.

    No listener hears of its loading, nothing intercepts reading it, and no inner join of its mapping leaves rows out.
    """
    return all(map(_is_untouched, mapper.self_and_descendants)) and not _joins_inner(mapper, set())


def _is_untouched(mapper: Mapper[Any]) -> bool:
    dispatch: Any = mapper.class_manager.dispatch
    listeners = (*dispatch.load, *dispatch.refresh)
    has_listeners = any(getattr(listener, "__module__", None) != COMPOSITES for listener in listeners)
    if has_listeners or type(mapper.class_manager) is not ClassManager:
        return False
    return getattr_static(mapper.class_, "__getattribute__") is object.__dict__["__getattribute__"]


def _joins_inner(mapper: Mapper[Any], seen: set[Any]) -> bool:
    """Whether loading the class joins, by its mapping, what a row may lack."""
    seen.add(mapper)
    relationships = (each for below in mapper.self_and_descendants for each in below.relationships)
    joined = [relationship for relationship in relationships if relationship.lazy == "joined"]
    return any(
        relationship.innerjoin or (relationship.mapper not in seen and _joins_inner(relationship.mapper, seen))
        for relationship in joined
    )


def _is_same_below(mapper: Mapper[Any], attribute: ColumnProperty[Any] | RelationshipProperty[Any]) -> bool:
    return all(
        _is_plain(getattr_static(below.class_, attribute.key, None), attribute)
        and _is_same(attribute, below.attrs.get(attribute.key))
        for below in mapper.self_and_descendants
    )


def _is_plain(descriptor: Any, attribute: Any) -> bool:
    """Whether an attribute is loaded and read by SQLAlchemy's own code."""
    if not isinstance(descriptor, QueryableAttribute):
        return False
    return _is_sqlalchemys(attribute) and type(descriptor).__get__ is InstrumentedAttribute.__get__


def _is_sqlalchemys(part: Any) -> bool:
    return type(part).__module__.startswith("sqlalchemy.")


def _is_same(attribute: ColumnProperty[Any] | RelationshipProperty[Any], below: Any) -> bool:
    """Whether a subclass has the very attribute, or its own table's part of the shared key."""
    if below is attribute:
        return True
    if not isinstance(attribute, ColumnProperty) or not isinstance(below, ColumnProperty):
        return False
    columns = set(attribute.columns)
    return columns <= set(below.columns) and columns <= set(attribute.parent.primary_key)


def compares_exactly(relationship: RelationshipProperty[Any]) -> bool:
    """Whether what a relationship compares is equal in Python too where it is to the database.

    Texts need not be: a collation may ignore case, accents or trailing blanks.
    """
    columns = relationship.local_columns | relationship.remote_side
    return all(is_own_type(column.type) and isinstance(column.type, EXACT) for column in columns)


def is_matched_in_python(relationship: RelationshipProperty[Any]) -> bool:
    """Whether the mapping lets SQLAlchemy match related rows to their keys in Python, and that finds others."""
    return relationship.lazy in MATCHING and not compares_exactly(relationship)


def _is_joinable(relationship: RelationshipProperty[Any]) -> bool:
    if relationship.uselist or relationship.secondary is not None or relationship.lazy in NEVER_LOADED:
        return False
    if not _is_sqlalchemys(relationship.strategy):  # which may load what it likes
        return False
    if relationship.entity.is_aliased_class or not is_of_tables(relationship.mapper):
        return False
    if is_matched_in_python(relationship):
        return False
    return _leads_to_one_row(relationship)


def _leads_to_one_row(relationship: RelationshipProperty[Any]) -> bool:
    """Whether the columns that the join compares contain a key of a table of the target."""
    compared = set(_compared(relationship))
    return any(
        key <= compared for table in relationship.mapper.tables if isinstance(table, Table) for key in _keys(table)
    )


def _compared(relationship: RelationshipProperty[Any]) -> Iterator[Any]:
    pairs = list(relationship.local_remote_pairs or ())
    for clause in _conditions(relationship.primaryjoin):
        if isinstance(clause, BinaryExpression) and clause.operator is operators.eq:
            operands = {hash(clause.left), hash(clause.right)}
            yield from (remote for local, remote in pairs if {hash(local), hash(remote)} == operands)


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
        constraint
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and not constraint.deferrable
    ]
    indexes = [index for index in table.indexes if index.unique and not index.dialect_kwargs and _is_of_columns(index)]
    yield from filter(None, ({*key.columns} for key in (table.primary_key, *constraints, *indexes)))


def _is_of_columns(index: Index) -> bool:
    return all(isinstance(expression, Column) for expression in index.expressions)


def is_own_type(kind: Any) -> bool:
    """Whether a type is SQLAlchemy's own on every database, so that it is known what it makes of a value."""
    own = type(kind).__module__.startswith("sqlalchemy.") and not isinstance(kind, TypeDecorator)
    return own and not getattr(kind, "_variant_mapping", True)
