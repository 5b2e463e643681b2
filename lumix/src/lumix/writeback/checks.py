"""The checks of rows before the first statement is sent: names, values and keys; and the values that are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np

from lumix.writeback.input_rows import GivenRows, Values, as_list
from lumix.writeback.instants import with_instants
from lumix_core.errors import LXWriteError, did_you_mean, listed
from lumix_core.problem import flaw, is_real_type
from lumix_core.rows import Kind, WrittenField, WrittenTable, has_nan


class Unfit(Exception):  # noqa: N818 - it never reaches a user
    """A value that the column cannot hold; the text follows the name of the attribute."""


def checked_values(table: WrittenTable, rows: GivenRows) -> dict[str, list[Any]]:
    """Return the columns as they are sent: Python's own objects, of the kinds that the attributes hold.

    Raises:
        LXWriteError: an attribute is unknown, missing or not to be written, a value does not fit, or two rows have
            the same key.
    """
    _check_names(table, rows)
    columns = {}
    for name, values in rows.columns.items():
        field = table.fields[name]
        if not (field.filled and not field.nullable and _all_null(values)):
            columns[name] = checked_column(field, values, lambda i: f"{rows.row(i)}: ")
    _check_missing(table, columns, rows)
    for names in (table.primary_key, *table.unique):
        if columns.keys() >= set(names):
            _check_unique(names, columns, rows)
    return columns


def _check_names(table: WrittenTable, rows: GivenRows) -> None:
    for name in rows.columns:
        check_name(table, name, rows.title)
        if not table.fields[name].writable:
            raise LXWriteError(
                f"{rows.title}: {table.cls.__name__}.{name} is computed by the database and cannot be written. "
                f"Leave it out of the rows."
            )


def check_name(table: WrittenTable, name: Any, title: str) -> None:
    """Refuse a name that is not an attribute stored in a column."""
    if name in table.fields:
        return
    if name in table.advice:
        raise LXWriteError(f"{title}: {table.cls.__name__}.{name} is no column. {table.advice[name]}")
    raise LXWriteError(
        f"{title}: {table.cls.__name__} has no attribute {name!r}; its columns are {listed(table.fields, limit=20)}."
        f"{did_you_mean(str(name), table.fields)} Rename the attribute or leave it out of the rows."
    )


def _check_missing(table: WrittenTable, columns: Iterable[str], rows: GivenRows) -> None:
    given = set(columns)
    missing = [
        field.name for field in table.fields.values() if not (field.nullable or field.filled or field.name in given)
    ]
    if missing and rows.size:
        raise LXWriteError(
            f"{rows.title}: the rows have no {listed(missing)}, which {table.cls.__name__} needs: it may not be NULL "
            f"and has no default. Give it in every row."
        )


def _all_null(values: Values) -> bool:
    return isinstance(values, list) and bool(values) and values[0] is None and set(map(type, values)) == {type(None)}


def checked_column(field: WrittenField, values: Values, position: Callable[[int], str]) -> list[Any]:
    """Return the values of one attribute as they are sent.

    Args:
        field: the attribute.
        values: what was given.
        position: names the i-th row, for messages.
    """
    if _fits(field, values):
        return as_list(values)
    return [_checked(field, value, i, position) for i, value in enumerate(as_list(values))]


def _fits(field: WrittenField, values: Values) -> bool:
    """Whether all values can be sent as they are, decided without a loop over them."""
    types = set(map(type, values)) if isinstance(values, list) else {_TYPES[values.dtype.kind]}
    if not types <= FITTING[field.kind]:
        return False
    if float in types:
        return _all_finite(values)
    return field.length is None or not values or max(map(len, values)) <= field.length


def _all_finite(values: Values) -> bool:
    try:
        return bool(np.isfinite(np.asarray(values, dtype=np.float64)).all())
    except OverflowError:  # an integer too large
        return False


_TYPES = {"f": float, "i": int, "b": bool}
# The types whose values need no conversion, if numbers are finite and texts not too long.
FITTING: Mapping[Kind, set[type]] = {
    "number": {float, int},
    "integer": {int},
    "text": {str},
    "truth": {bool},
    "uuid": {UUID},
    "other": {int, bool, str, bytes, date, datetime, time, timedelta, UUID},
}


def _checked(field: WrittenField, value: Any, i: int, position: Callable[[int], str]) -> Any:
    if value is None and field.nullable:
        return None
    try:
        if value is None:
            raise Unfit("is NULL (None), and may not be. Give a value, or leave the row out")
        converted = CONVERT[field.kind](value)
        if field.length is not None and isinstance(converted, str) and len(converted) > field.length:
            raise Unfit(f"has {len(converted)} characters, and the column holds {field.length}. Shorten the text")
    except Unfit as error:
        raise LXWriteError(f"{position(i)}{field.name!r} {error}.") from None
    return converted


def _number(value: Any) -> Any:
    wrong = flaw(value)
    if wrong is not None:
        raise Unfit(f"{wrong}. Give a finite number, or None where NULL is allowed")
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, bool):
        return int(plain)
    return float(plain) if isinstance(plain, Fraction | np.generic) else plain


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise Unfit(f"is {number!r}, and the column holds whole numbers. Round it as the plan allows before writing")
    return int(number)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit(f"is {value!r:.60} ({type(value).__name__}), not text. Write str(...) in the rows")
    return str.__str__(value)


def _truth(value: Any) -> bool:
    if not is_real_type(type(value)) or value not in (0, 1):
        raise Unfit(f"is {value!r:.60}; expected True or False")
    return bool(value)


def _uuid(value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise Unfit(f"is {value!r:.60}, not a UUID. Give a uuid.UUID") from None


def _other(value: Any) -> Any:
    if has_nan(value):
        raise Unfit(f"is {value!r:.60}, which is not NULL. Give None where there is no value")
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value


CONVERT: Mapping[Kind, Callable[[Any], Any]] = {
    "number": _number,
    "integer": _integer,
    "text": _text,
    "truth": _truth,
    "uuid": _uuid,
    "other": _other,
}


def checked_value(table: WrittenTable, name: str, value: Any, title: str) -> Any:
    """Return one value that rows are chosen by, as it is sent."""
    check_name(table, name, title)
    if isinstance(value, list | tuple | set | frozenset | dict | np.ndarray):
        raise LXWriteError(
            f"{title} got {value!r:.60} for {name!r}, which is not a single value. Write a step for one value and "
            f"write() once for each."
        )
    if not table.fields[name].comparable:
        raise LXWriteError(
            f"{title}: the database changes what it is given for {table.cls.__name__}.{name}, as for an encrypted "
            f"column, so rows cannot be selected by a value of it. Select them by another attribute."
        )
    return checked_column(table.fields[name], [value], lambda _: f"{title}: ")[0]


def _check_unique(names: Sequence[str], columns: Mapping[str, list[Any]], rows: GivenRows) -> None:
    """Refuse two rows with the same unique key."""
    parts = [with_instants(columns[name]) for name in names]
    keys = parts[0] if len(names) == 1 else list(zip(*parts, strict=True))
    try:
        if len(set(keys)) == len(keys):
            return
    except TypeError:  # what cannot be hashed is left to the database
        return
    seen: dict[Any, int] = {}
    for i, key in enumerate(keys):
        null = key is None or (len(names) > 1 and None in key)
        if not null and key in seen:
            shown = ", ".join(f"{name}={columns[name][i]!r}" for name in names)
            raise LXWriteError(
                f"{rows.title}: rows {rows.number(seen[key])} and {rows.number(i)} both have {shown}, which only one "
                f"row may have. Leave one of them out, or add them up before writing."
            )
        seen[key] = i
