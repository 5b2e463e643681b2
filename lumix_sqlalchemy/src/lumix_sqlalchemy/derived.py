"""Attributes of a mapped class whose values follow from others of the same row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, TextClause
from sqlalchemy.orm import Mapper, RelationshipDirection
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause


def derived_attributes(mapper: Mapper[Any]) -> dict[str, frozenset[str]]:
    """Return the derived attributes of a class, each with the names of those that it follows from.

    These are columns that the database computes, properties of SQL expressions, composites, and many-to-one
    relationships.
    """
    keys = {column.name.lower(): one.key for one in mapper.column_attrs for column in one.columns if _is_named(column)}
    found: dict[str, set[str]] = defaultdict(set)
    for one in mapper.column_attrs:
        if ("query_expression", True) in one.strategy_key:  # a query gives it, of whatever columns
            found[one.key] |= set(keys.values())
        computed = _expression(one.columns[0])
        if computed is not None:
            found[one.key] |= {keys[name] for name in _names_in(computed) if name in keys} - {one.key}
    for relationship in mapper.relationships:
        if relationship.direction is RelationshipDirection.MANYTOONE:
            found[relationship.key] |= _keys_of(relationship.local_columns, keys)
    for composite in mapper.composites:
        found[composite.key] |= {part.key for part in composite.props}
    return {name: frozenset(sources) for name, sources in found.items() if sources}


def _is_named(column: Any) -> bool:
    return isinstance(column, Column)


def _keys_of(columns: Iterable[Any], keys: dict[str, str]) -> set[str]:
    return {keys[column.name.lower()] for column in columns if column.name.lower() in keys}


def _expression(column: Any) -> ColumnElement[Any] | TextClause | None:
    """Return the SQL that a column is computed by; None for one that holds what was written."""
    if not isinstance(column, Column):
        expression: ColumnElement[Any] = column
        return expression
    return None if column.computed is None else column.computed.sqltext


def _names_in(expression: Any) -> set[str]:
    """Return the names of columns in SQL, in lower case; in text, every word that may be one."""
    found: set[str] = set()
    for part in visitors.iterate(expression):
        if isinstance(part, TextClause):
            found.update(re.findall(r"\w+", part.text.lower()))
        elif isinstance(part, ColumnClause):
            found.update(re.findall(r"\w+", part.name.lower()) if part.is_literal else [part.name.lower()])
    return found
