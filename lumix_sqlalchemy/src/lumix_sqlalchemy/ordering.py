"""The order of a query that has none of its own, so that a model compiles to the same problem every time.

Instances are ordered by primary key, other columns by their values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    CompoundSelect,
    False_,
    GenerativeSelect,
    Null,
    Select,
    TextClause,
    True_,
    inspect,
    literal_column,
)
from sqlalchemy.orm import Bundle, Mapper, Query

# Databases take a constant in ORDER BY for the number of a column, or refuse it.
CONSTANTS = (BindParameter, TextClause, Null, True_, False_)
# PostgreSQL cannot compare JSON.
INCOMPARABLE = JSON


def key_names(mapper: Mapper[Any]) -> tuple[str, ...]:
    """Return the attributes, not columns, of a mapper's primary key, in key order."""
    return tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)


def entity(description: Any) -> Any | None:
    """Return the mapped class or alias that a column description stands for; None for a mere column."""
    expression = description["expr"]
    return expression if description.get("entity") is expression else None


def is_ordered(statement: GenerativeSelect) -> bool:
    """Whether the statement has an ORDER BY: clearing it then takes parts away."""
    return _size(statement) != _size(statement.order_by(None))


def in_order(select: Select[Any]) -> Select[Any]:
    """Return the select with an order."""
    return select if is_ordered(select) else select.order_by(*_columns(select.column_descriptions))


def compound_in_order(select: CompoundSelect[Any]) -> CompoundSelect[Any]:
    """Return the union (or the like) with an order; it can only name the columns of its result."""
    return select if is_ordered(select) else select.order_by(*_positions(select))


def query_in_order(query: Query[Any]) -> Query[Any]:
    """Return the legacy query with an order; which it refuses after LIMIT, unless its assertions are disabled."""
    statement = query.statement
    if not isinstance(statement, GenerativeSelect) or is_ordered(statement):
        return query
    return query.enable_assertions(False).order_by(*_columns(query.column_descriptions))


def _size(statement: GenerativeSelect) -> int:
    return sum(1 for _ in statement.get_children())


def _columns(descriptions: Iterable[Any]) -> Iterator[Any]:
    for description in descriptions:
        mapped = entity(description)
        if mapped is not None:
            yield from (getattr(mapped, name) for name in key_names(inspect(mapped).mapper))
        else:
            yield from filter(_can_order, _parts(description["expr"]))


def _parts(expression: Any) -> Iterable[Any]:
    return expression.columns if isinstance(expression, Bundle) else (expression,)


def _positions(select: CompoundSelect[Any]) -> Iterator[Any]:
    for position, column in enumerate(select.selected_columns, start=1):
        if not isinstance(column.type, INCOMPARABLE):
            yield literal_column(str(position))


def _can_order(expression: Any) -> bool:
    constant = isinstance(expression, CONSTANTS) or getattr(expression, "is_literal", False)
    return not constant and not isinstance(getattr(expression, "type", None), INCOMPARABLE)
