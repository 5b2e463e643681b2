"""Rows to be written, in any form that users have them in, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

import numpy as np

from lumix_core.errors import LXSourceError, LXWriteError, listed
from lumix_core.rows import (
    TYPED,
    Column,
    WritingAdapter,
    adapter_for,
    column,
    is_frame,
    read_frame,
)
from lumix_core.solver import FamilyValues

Names: TypeAlias = str | Sequence[str]
Values: TypeAlias = list[Any] | Column
"""The values of one attribute: a list, or an array of numbers or truths."""
FORMS = (
    "a list of mappings {attribute: value}, dataclasses, named tuples or new instances of the class, a DataFrame, "
    "a mapping of columns {attribute: values}, or the values of a family with key= and value="
)


@dataclass(frozen=True, eq=False)
class GivenRows:
    """Rows as columns.

    Args:
        title: the call, for messages.
        columns: the values of each attribute.
        size: the number of rows.
    """

    title: str
    columns: Mapping[str, Values]
    size: int

    def row(self, i: int) -> str:
        """Name a row in messages: its position and values."""
        shown = [f"{name}={as_list(values[i : i + 1])[0]!r:.40}" for name, values in self.columns.items()]
        return f"{self.title}: row {i} ({', '.join(shown[:8])}{', ...' if len(shown) > 8 else ''})"

    def number(self, i: int) -> str:
        """Name a row in messages that have named the call: its position."""
        return str(i)

    def with_values(self, values: Mapping[str, Any]) -> GivenRows:
        """Return the rows with attributes that have one value in all of them."""
        added = {name: list(repeat(value, self.size)) for name, value in values.items()}
        return GivenRows(self.title, {**self.columns, **added}, self.size)


@dataclass(frozen=True, eq=False)
class JoinedRows(GivenRows):
    """Rows of several runs, each named as in its own run.

    Args:
        parts: the rows of each.
    """

    parts: Sequence[GivenRows] = ()

    def row(self, i: int) -> str:
        """Name a row in messages: its run, its position there, and values."""
        part, position = self._position(i)
        return part.row(position)

    def number(self, i: int) -> str:
        """Name a row in messages that have named the call: its position and run."""
        part, position = self._position(i)
        return f"{position} ({_run_named(part, self.title)})"

    def _position(self, i: int) -> tuple[GivenRows, int]:
        for part in self.parts:
            if i < part.size:
                return part, i
            i -= part.size
        raise IndexError(i)


def _run_named(part: GivenRows, title: str) -> str:
    """Return what the title of a part says beside that of the call, which is its run."""
    return part.title.removeprefix(title).lstrip(", ")


def joined(title: str, parts: Sequence[GivenRows]) -> GivenRows:
    """Return the rows of one or more runs as those of one table.

    Raises:
        LXWriteError: the rows of the runs have different attributes.
    """
    if len(parts) == 1:
        return parts[0]
    first, *others = [part for part in parts if part.size] or parts[:1]
    for part in others:
        if part.columns.keys() != first.columns.keys():
            other = f"a row of {_run_named(first, title)}"
            raise _unlike(first.columns, part.columns, f"{part.title}: a row", other)
    columns = {name: _joined([part.columns[name] for part in (first, *others)]) for name in first.columns}
    return JoinedRows(title, columns, sum(part.size for part in parts), parts)


def _joined(columns: Sequence[Values]) -> Values:
    arrays = [column for column in columns if not isinstance(column, list)]
    if len(arrays) == len(columns) and len({column.dtype for column in arrays}) == 1:
        return np.concatenate(arrays)
    return [value for column in columns for value in as_list(column)]


def given_rows(rows: Any, key: Names | None, value: str | None, title: str, adapter: WritingAdapter) -> GivenRows:
    """Return rows as columns.

    Args:
        rows: the rows; with ``key`` a mapping from keys to values, or a collection of keys.
        key: the attribute that holds the key, or those that hold its parts.
        value: the attribute that holds the values of the mapping.
        title: the call, for messages.
        adapter: knows the instances of mapped classes.

    Raises:
        LXWriteError: it is not a collection of rows, or not all have the same attributes.
    """
    columns = _columns(rows, key, value, title, adapter)
    sizes = {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        raise LXWriteError(
            f"{title}: the columns differ in length: {', '.join(f'{name!r} has {n}' for name, n in sizes.items())}. "
            f"Give one value for each row in every column."
        )
    return GivenRows(title, columns, next(iter(sizes.values()), 0))


def _columns(
    rows: Any, key: Names | None, value: str | None, title: str, adapter: WritingAdapter
) -> Mapping[str, Values]:
    if key is not None:
        return _family(rows, (key,) if isinstance(key, str) else tuple(key), value, title)
    if isinstance(rows, FamilyValues) or value is not None:
        raise LXWriteError(
            f"{title} got values by key, but not the attributes that are to hold them. "
            f'Write key="product_id", value="quantity"; for keys of several parts key=("product_id", "machine_id").'
        )
    if is_frame(rows):
        return _frame(rows, title)
    if isinstance(rows, Mapping):
        return {name: _array(values, name, title) for name, values in rows.items()}
    if isinstance(rows, str | bytes) or not isinstance(rows, Iterable):
        raise LXWriteError(f"{title} got {rows!r:.80}, which are no rows. Give {FORMS}.")
    listed_rows = list(rows)
    return _of_rows(listed_rows, title, adapter) if listed_rows else {}


def _family(given: Any, names: tuple[str, ...], value: str | None, title: str) -> dict[str, Values]:
    """Return keys and values as columns."""
    rows: Any = given
    if not isinstance(given, Iterable) or isinstance(given, str | bytes) or is_frame(given):
        raise LXWriteError(
            f"{title} got {rows!r:.80} with key=; expected values by key. Give the values of a family, such as "
            f'solution.variables["production"], a dict, or a list of keys.'
        )
    if isinstance(rows, Mapping) == (value is None):
        raise LXWriteError(
            f"{title} got key={names!r} {'without' if value is None else 'and'} value=, and "
            f"{'values' if isinstance(rows, Mapping) else 'keys alone'}. Write value= where the rows are a mapping "
            f"from keys to values; leave it out where they are keys alone."
        )
    columns: dict[str, Values] = dict(zip(names, _key_columns(rows, names, title), strict=True))
    if value is not None:
        if value in columns:
            raise LXWriteError(f"{title}: {value!r} is both in key= and in value=. Name another attribute.")
        columns[value] = rows.numbers() if isinstance(rows, FamilyValues) else list(rows.values())
    return columns


def _key_columns(rows: Any, names: tuple[str, ...], title: str) -> list[Values]:
    keys: Any = rows.block.keys if isinstance(rows, FamilyValues) else list(rows)
    if isinstance(rows, FamilyValues) and len(keys.levels) == len(names):
        return [_typed(column(level)[codes]) for level, codes in zip(keys.levels, keys.codes, strict=True)]
    if len(names) == 1:
        return [list(keys)]
    flat = [key if type(key) is tuple and len(key) == len(names) else _flat(key) for key in keys]
    for i, (key, parts) in enumerate(zip(keys, flat, strict=True)):
        if not isinstance(parts, tuple) or len(parts) != len(names):
            raise LXWriteError(
                f"{title}: the key {key!r} (number {i}) does not have {len(names)} parts for key={names!r}. "
                f"Name as many attributes as a key has parts."
            )
    return [list(part) for part in zip(*flat, strict=True)] or [[] for _ in names]


def _flat(key: Any) -> Any:
    """Return a key of several dimensions with the parts of each; that of a composite key is a tuple of its own."""
    if not isinstance(key, tuple):
        return key
    return tuple(part for item in key for part in (item if isinstance(item, tuple) else (item,)))


def _frame(frame: Any, title: str) -> dict[str, Values]:
    try:
        read = read_frame(frame)
    except LXSourceError as error:
        raise LXWriteError(f"{title}: {error}") from None
    return {name: read.values(name) for name in read.names}


def _array(values: Any, name: Any, title: str) -> Values:
    """Return one column of a mapping of columns."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise LXWriteError(
            f"{title} got a mapping in which {name!r} is {values!r:.60}, no column of values. For one row write "
            f"[{{...}}]; for values by key add key= and value=. A mapping alone is {{attribute: values}}."
        )
    array = np.asarray(values) if hasattr(values, "__array__") else None
    if array is None:
        return list(values)
    if array.ndim != 1:
        raise LXWriteError(f"{title}: the column {name!r} has the shape {array.shape}. Give one value for each row.")
    if array.dtype.kind in "mM":
        return _moments(array, name, title)
    return _typed(array)


def _typed(array: Column) -> Values:
    """Return an array of numbers or truths as it is, any other as a list."""
    values: list[Any] | None = None if array.dtype in TYPED else array.tolist()
    return array if values is None else values


def _moments(array: Any, name: str, title: str) -> list[Any]:
    """Return numpy's dates and durations as Python's, which know no nanoseconds."""
    if np.isnat(array).any():
        raise LXWriteError(
            f"{title}: row {int(np.argmax(np.isnat(array)))}: {name!r} is NaT, which is neither a date nor NULL. "
            f"Give None where there is no value, or leave the row out."
        )
    in_microseconds = array.astype(f"{array.dtype.kind}8[us]")
    if (in_microseconds != array).any():
        raise LXWriteError(f"{title}: {name!r} holds nanoseconds, which Python's dates do not. Round the column.")
    moments: list[Any] = in_microseconds.tolist()
    return moments


def _of_rows(rows: list[Any], title: str, adapter: WritingAdapter) -> dict[str, Values]:
    """Return the columns of objects, one a row."""
    first, cls = rows[0], type(rows[0])
    if isinstance(first, Mapping):
        return _of_mappings(rows, title)
    _check_one_class(rows, title)
    if adapter_for(cls) is not None:
        return _of_mappings([_instance(row, i, title, adapter) for i, row in enumerate(rows)], title)
    names = _attributes(first)
    if names is None:
        raise LXWriteError(
            f"{title}: row 0 is {first!r:.80}, of class {cls.__name__}, whose attributes are not known. Give {FORMS}."
        )
    if isinstance(first, tuple):
        return {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    return {name: list(map(attrgetter(name), rows)) for name in names}


def _check_one_class(rows: list[Any], title: str) -> None:
    first = type(rows[0])
    if set(map(type, rows)) != {first}:
        i, other = next((i, type(row)) for i, row in enumerate(rows) if type(row) is not first)
        raise LXWriteError(
            f"{title}: row 0 is of class {first.__name__} and row {i} of class {other.__name__}. Give rows of one kind."
        )


def _attributes(row: Any) -> tuple[str, ...] | None:
    named: tuple[str, ...] | None = getattr(row, "_fields", None) or getattr(row, "_lx_columns", None)
    if named is None and is_dataclass(row):
        return tuple(field.name for field in fields(row))
    return named


def _instance(row: Any, i: int, title: str, adapter: WritingAdapter) -> Mapping[str, Any]:
    try:
        return adapter.instance_values(row)
    except LXWriteError as error:
        raise LXWriteError(f"{title}: row {i} {error}") from None


def _of_mappings(rows: list[Any], title: str) -> dict[str, Values]:
    names = list(rows[0])
    if set(map(type, rows)) == {dict} and set(map(len, rows)) == {len(names)}:
        try:
            return {name: list(map(itemgetter(name), rows)) for name in names}
        except KeyError:
            pass  # which row it is, is found below
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise LXWriteError(f"{title}: row 0 is a mapping, and row {i} is {row!r:.60}. Give rows of one kind.")
        if row.keys() != rows[0].keys():
            raise _unlike(rows[0], row, f"{title}: row {i}", "row 0")
    return {name: [row[name] for row in rows] for name in names}


def _unlike(first: Mapping[str, Any], row: Mapping[str, Any], position: str, other: str) -> LXWriteError:
    lacking, more = [n for n in first if n not in row], [n for n in row if n not in first]
    what = f"lacks {listed(lacking)}, which {other} has" if lacking else f"has {listed(more)}, which {other} lacks"
    return LXWriteError(
        f"{position} {what}, and nothing is filled in for it. Give every row the same attributes, "
        f"None where there is no value."
    )


def as_list(values: Values) -> list[Any]:
    """Return values as Python's own objects."""
    return values if isinstance(values, list) else values.tolist()
