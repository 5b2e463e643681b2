"""Texts of values for COPY, PostgreSQL's statement that inserts many rows at once.

A text is sent for each value, so only values are sent whose text is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

Writer: TypeAlias = Callable[[Any], str]
"""Returns one value as COPY reads it."""
ROWS_AT_LEAST = 200
"""The least number of rows for COPY, which needs a query of its own to find out whether it may be used."""
ROWS_A_BLOCK = 5_000
# COPY knows no views, rules or policies for rows.
MAY_COPY = (
    "SELECT relkind IN ('r', 'p') AND NOT relhasrules AND NOT row_security_active(oid) "
    "FROM pg_class WHERE oid = to_regclass({name})"
)
"""The query of PostgreSQL for whether rows may be copied into a table: no rule or policy would change them."""
NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"})


def _needs_escapes(values: Sequence[str]) -> bool:
    together = "".join(values)
    return any(chr(character) in together for character in ESCAPES)


def _escaped(value: str) -> str:
    return value.translate(ESCAPES)


TEXTS: dict[type, Writer] = {
    int: int.__repr__,
    float: float.__repr__,
    Decimal: str,
    str: _escaped,
    bool: lambda value: "t" if value else "f",
    date: date.isoformat,
    datetime: datetime.isoformat,
    UUID: str,
}


def text_writer(values: Sequence[Any], allowed: Set[type]) -> Writer | None:
    """Return the function that makes the text of each value; None where a value is of another type.

    Args:
        values: those of one column; None is NULL.
        allowed: the types whose text is exact for that column.
    """
    types = set(map(type, values)) - {type(None)}
    if not types <= allowed & TEXTS.keys():
        return None
    if types == {str} and None not in values and not _needs_escapes(values):
        return str
    if len(types) == 1 and None not in values:
        return TEXTS[types.pop()]
    return lambda value: NULL if value is None else TEXTS[type(value)](value)


def blocks(columns: Sequence[Sequence[Any]], writers: Sequence[Writer], size: int) -> Iterator[str]:
    """Yield the text of columns of one size, some rows at a time."""
    for start in range(0, size, ROWS_A_BLOCK):
        texts = [
            map(write, values[start : start + ROWS_A_BLOCK]) for write, values in zip(writers, columns, strict=True)
        ]
        yield "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"
