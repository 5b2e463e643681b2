"""Reading columns in place of rows: the query for them, and the table that is made of its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.rows.columns import ABSENT, Column, column, object_column
from lumix_core.rows.standins import RowClass, new_standin, standin_class
from lumix_core.rows.tables import PRESENT, LazyRows, Path, Table

if TYPE_CHECKING:
    from lumix_core.rows.adapter import ColumnQuery


def projected(
    query: ColumnQuery,
    row_class: RowClass,
    class_of: Callable[[type], RowClass],
    paths: Sequence[Path],
    flush: bool,
) -> Table | None:
    """Read the columns that paths lead to and return them as a table, whose rows are made when someone asks.

    Args:
        query: the query, not yet run.
        row_class: of its rows.
        class_of: returns what is known of the class of a related row.
        paths: to columns, or to `PRESENT` behind a to-one relationship.
        flush: whether pending changes may be written to the database first.

    Returns:
        None where only the rows are right.
    """
    classes = _classes_by_prefix(row_class, class_of, paths)
    keys = {prefix: tuple((*prefix, name) for name in cls.primary_key) for prefix, cls in classes.items()}
    own = [path for path in paths if path[-1] != PRESENT] or keys[()]
    wanted = list(dict.fromkeys([*own, *(key for prefix, found in keys.items() if prefix for key in found)]))
    values_of_each = query.columns(wanted, flush)
    if values_of_each is None:
        return None
    columns = {path: column(values) for path, values in zip(wanted, values_of_each, strict=True)}
    there = {prefix: _present([columns[key] for key in keys[prefix]]) for prefix in classes if prefix}
    complete = {path: _marked(values, there, path) for path, values in columns.items()}
    markers = {(*prefix, PRESENT): mask for prefix, mask in there.items()}
    rows = LazyRows(_Maker(classes, columns, there), len(columns[wanted[0]]))
    return Table(rows, row_class.mapped, row_class.primary_key, columns={**complete, **markers})


def _classes_by_prefix(
    row_class: RowClass, class_of: Callable[[type], RowClass], paths: Sequence[Path]
) -> dict[Path, RowClass]:
    """Return the class of the rows, and of each related row that a path goes through, by its prefix."""
    classes: dict[Path, RowClass] = {(): row_class}
    for path in paths:
        for length in range(1, len(path)):
            if path[:length] not in classes:
                classes[path[:length]] = class_of(classes[path[: length - 1]].related[path[length - 1]])
    return classes


def _present(keys: Sequence[Column]) -> Column:
    """Return for which rows there is a related row: one whose key is not NULL."""
    present = np.ones(len(keys[0]), dtype=np.bool_)
    for key in keys:
        if key.dtype == np.object_:
            present &= np.array([value is not None for value in key], dtype=np.bool_)
    return present


def _marked(values: Column, there: dict[Path, Column], path: Path) -> Column:
    """Return a column in which `ABSENT` stands where there is no row to read it off."""
    mask = there.get(path[:-1])
    if mask is None or mask.all():
        return values
    return object_column(
        [value if is_there else ABSENT for value, is_there in zip(values.tolist(), mask.tolist(), strict=True)]
    )


class _Maker:
    """Makes the plain object that stands for one row, with the columns that were read of it."""

    def __init__(self, classes: dict[Path, RowClass], columns: dict[Path, Column], there: dict[Path, Column]) -> None:
        self._classes = classes
        self._columns = columns
        self._there = there

    def __call__(self, position: int) -> Any:
        made: dict[Path, Any] = {}
        for prefix in sorted(self._classes, key=len):
            absent = prefix and (made[prefix[:-1]] is None or not self._there[prefix][position])
            made[prefix] = None if absent else new_standin(standin_class(self._classes[prefix]))
            if prefix and made[prefix[:-1]] is not None:
                made[prefix[:-1]].__dict__[prefix[-1]] = made[prefix]
        for path, values in self._columns.items():
            if made[path[:-1]] is not None:
                made[path[:-1]].__dict__[path[-1]] = values.item(position)
        return made[()]
