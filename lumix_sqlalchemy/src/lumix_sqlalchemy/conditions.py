"""Conditions that select rows by values exactly, whatever the collation of a column takes for equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Enum,
    FromClause,
    LargeBinary,
    String,
    Text,
    bindparam,
    cast,
    func,
    inspect,
    or_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from lumix_core.rows import OneOf, WrittenTable


class _Bytes(FunctionElement[bytes]):
    """The bytes of a text in UTF-8, by which MySQL and MariaDB compare trailing blanks too."""

    inherit_cache = True
    type = LargeBinary()


@compiles(_Bytes)
def _compile_bytes(element: _Bytes, compiler: Any, **options: Any) -> str:
    return f"CAST(CONVERT({compiler.process(element.clauses, **options)} USING utf8mb4) AS BINARY)"


def column_of(cls: type, name: str) -> Column[Any]:
    """Return the column that an attribute is stored in."""
    mapper: Mapper[Any] = inspect(cls)
    return mapper.columns[name]


def conditions(
    source: FromClause, table: WrittenTable, where: Mapping[str, Any], dialect: Dialect
) -> list[ColumnElement[bool]]:
    """Return the conditions on a table, or an alias of it; "= NULL" becomes IS NULL."""
    return [
        condition
        for name, value in where.items()
        for condition in _conditions(source.c[column_of(table.cls, name).key], value, dialect)
    ]


def _conditions(column: ColumnElement[Any], value: Any, dialect: Dialect) -> Iterator[ColumnElement[bool]]:
    values = list(value.values) if isinstance(value, OneOf) else [value]
    is_text = None not in values and _is_text(column.type, values, dialect)
    if is_text and dialect.name == "sqlite":
        yield _is_any_of(column.collate("BINARY"), values)
        return
    yield _is_any_of(column, values)
    if is_text:
        yield from _exactly(column, values, dialect)


def _is_any_of(expression: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    return expression == values[0] if len(values) == 1 else expression.in_(values)


def _is_text(declared: TypeEngine[Any], values: Sequence[Any], dialect: Dialect) -> bool:
    """Whether the column holds texts, which its collation may compare by other rules than equality."""
    kind: Any = declared.dialect_impl(dialect)
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(kind, UserDefinedType):
        return all(isinstance(value, str) for value in values)
    return isinstance(kind, String) and not isinstance(kind, Enum)


def _exactly(column: ColumnElement[Any], values: Sequence[Any], dialect: Dialect) -> Iterator[ColumnElement[bool]]:
    """Yield what holds for the very same texts only, beside a condition that can use an index of the column.

    Nothing is known of other databases.
    """
    bound: list[Any] = [bindparam(None, value, type_=column.type) for value in values]
    if dialect.name in ("mysql", "mariadb"):
        yield _is_any_of(_Bytes(column), [_Bytes(value) for value in bound])
    elif dialect.name == "postgresql":  # a cast strips the blanks at the end of CHAR, concat() keeps them
        texts = cast(column, Text), func.concat(column)
        yield or_(*(_is_any_of(text.collate("C"), [cast(value, Text) for value in bound]) for text in texts))
