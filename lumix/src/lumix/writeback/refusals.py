"""The row that the database refused, and the reason: looked up by the keys that rows refer to and those they have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lumix.writeback.input_rows import GivenRows
from lumix_core.errors import LXWriteError
from lumix_core.rows import Key, Reference, RowWriter, WrittenTable

NOTHING = "Nothing was written."


def refused(
    writer: RowWriter,
    table: WrittenTable,
    rows: GivenRows,
    columns: Mapping[str, list[Any]],
    error: Exception,
    *,
    new: Collection[int],
) -> LXWriteError:
    """Return the error for rows that the database refused to insert, naming the row where it can be found.

    Args:
        writer: asks the database as it was just before the rows.
        table: what was to be written.
        rows: the rows as given.
        columns: the same, as they were sent.
        error: the error of the database.
        new: those of the rows that were not there before; the others were to be changed.
    """
    try:
        refusal = _looked_up(writer, table, rows, columns, new=new)
    except writer.integrity_errors:  # a value that no column holds cannot be looked up either
        refusal = None
    return refusal or LXWriteError(f"{rows.title}: the database refused the rows: {error}. {NOTHING}")


def _looked_up(
    writer: RowWriter,
    table: WrittenTable,
    rows: GivenRows,
    columns: Mapping[str, list[Any]],
    *,
    new: Collection[int],
) -> LXWriteError | None:
    """Return the error for the first row whose references or keys the database refuses; None where none is found."""
    for reference in table.references:
        refusal = without_target(writer, table, rows, columns, reference)
        if refusal is not None:
            return refusal
    for names in (table.primary_key, *table.unique):
        refusal = _taken(writer, table, rows, columns, names, new=new)
        if refusal is not None:
            return refusal
    return None


def without_target(
    writer: RowWriter, table: WrittenTable, rows: GivenRows, columns: Mapping[str, list[Any]], reference: Reference
) -> LXWriteError | None:
    """Return the error for rows that refer to what the database does not have; None where all refer to something."""
    if not columns.keys() >= set(reference.names):
        return None
    keys = _keys(columns, reference.names)
    own = set()
    if reference.table == table.name and columns.keys() >= set(reference.target_names):
        own = set(_keys(columns, reference.target_names))
    wanted = [key for key in keys if key not in own]
    missing = set(wanted) - writer.existing(reference.target, reference.target_names, wanted)
    lost = sorted(i for key in missing for i in keys[key])
    if not lost:
        return None
    names = reference.names
    target = ", ".join(
        f"{reference.table}.{column} = {columns[name][lost[0]]!r}"
        for column, name in zip(reference.columns, names, strict=True)
    )
    return LXWriteError(
        f"{rows.row(lost[0])} refers by {' and '.join(map(repr, names))} to {target}, and there is no such row"
        f"{_more(lost, rows)}. Write the row that it refers to first, in the same write-back or before, or correct the "
        f"attribute. {NOTHING}"
    )


def _taken(
    writer: RowWriter,
    table: WrittenTable,
    rows: GivenRows,
    columns: Mapping[str, list[Any]],
    names: Sequence[str],
    *,
    new: Collection[int],
) -> LXWriteError | None:
    """Return the error for new rows with a key that another row of the table has already; None where there is none."""
    if not columns.keys() >= set(names):
        return None
    keys = {key: own for key, positions in _keys(columns, names).items() if (own := [i for i in positions if i in new])}
    held = writer.existing(table.cls, names, list(keys)) & keys.keys()
    taken = sorted(i for key in held for i in keys[key])
    if not taken:
        return None
    shown = ", ".join(f"{name}={columns[name][taken[0]]!r}" for name in names)
    return LXWriteError(
        f"{rows.row(taken[0])} has {shown}, which only one row of {table.name!r} may have, and a row that stays has it "
        f"already{_more(taken, rows)}. Leave the row out, or select the row that it replaces with where=. {NOTHING}"
    )


def _keys(columns: Mapping[str, list[Any]], names: Sequence[str]) -> dict[Key, list[int]]:
    """Return the rows of each key; a key with None in it refers to nothing."""
    positions: dict[Key, list[int]] = {}
    for i, key in enumerate(zip(*(columns[name] for name in names), strict=True)):
        if None not in key:
            positions.setdefault(key, []).append(i)
    return positions


def hidden(title: str, cls: type, verb: str, count: int, shown: int) -> LXWriteError:
    """Return the error for rows to be replaced that are not those that the user's session or manager shows.

    Args:
        title: the call, for messages.
        cls: the class.
        verb: what happens to the rows, such as "delete".
        count: the number of rows to which it happens.
        shown: the number of rows that the session or manager shows.
    """
    if count > shown:
        what = (
            f"would {verb} {count - shown:,} row(s) of {cls.__name__} that the session or manager hides, such as those "
            f"of another tenant or those marked as deleted. Select rows that it shows, where={{attribute: value}}, or "
            f"write where none is hidden."
        )
    else:
        what = (
            f"would not {verb} {shown - count:,} row(s) of {cls.__name__} that the session or manager shows: a filter "
            f"of the session applies to changes only. Select other rows with where=, or write without that filter."
        )
    return LXWriteError(f"{title} {what} {NOTHING}")


def unshown(title: str, cls: type, size: int, shown: int) -> LXWriteError:
    """Return the error for rows of which the user's session or manager would not show as many as were written."""
    return LXWriteError(
        f"{title}: {size:,} row(s) of {cls.__name__} are to be written, of which the session or manager then shows "
        f"{shown:,}: it filters by values that the rows do not have, and would not replace them the next time. Give "
        f"the rows these values, or write where none is hidden. {NOTHING}"
    )


def unlike_written(title: str, cls: type, size: int, stored: int) -> LXWriteError:
    """Return the error for a table that then holds other rows than those that were written.

    Args:
        title: the call, for messages.
        cls: the class.
        size: the number of rows written.
        stored: the number of rows that the table holds in their place.
    """
    if stored < size:
        what, why = "left out", "a trigger or a rule, or a value of where= that the column stores as another one"
    else:
        what, why = "kept", "a trigger, a rule, or another transaction that has added rows meanwhile"
    return LXWriteError(
        f"{title}: {size:,} row(s) of {cls.__name__} were written, and the database then holds {stored:,} in their "
        f"place: it has {what} {abs(stored - size):,}. The reason may be {why}. Correct the rows or the rule, or write "
        f"without it. {NOTHING}"
    )


def _more(positions: Sequence[int], rows: GivenRows) -> str:
    others = positions[1:6]
    if not others:
        return ""
    rest = f" and {len(positions) - 6:,} more" if len(positions) > 6 else ""
    return f" (likewise row{'s' if len(positions) > 2 else ''} {', '.join(map(rows.number, others))}{rest})"
