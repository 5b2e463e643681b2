"""The rows of one source, as read for one compile: by row, by column, or both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any, TypeAlias, overload

import numpy as np

from lumix_core.problem.numbers import is_real_type
from lumix_core.rows.columns import ABSENT, Column, column
from lumix_core.rows.frames import Frame, FrameRow, row_class
from lumix_core.rows.standins import RowClass

Path: TypeAlias = tuple[str, ...]
"""The attributes from a row to a value, such as ``("category", "markup")``; the empty path leads to the row itself."""
PRESENT = "?"
"""The last step of a path that asks whether there is a related row: ``("category", "?")``."""


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of one source, as read for one compile.

    Args:
        rows: the user's objects, in order.
        row_type: their class, where they share one.
        primary_key: the attributes of their key, for an ORM's rows.
        tuples: whether the rows are tuples of a query's columns, of no class of their own.
        detached: whether they are plain objects that stand in for an ORM's.
        columns: the columns read so far, or given in place of the rows.
        row_class: what is known of the class of detached rows that columns stand for.
    """

    rows: Sequence[Any]
    row_type: type | None
    primary_key: tuple[str, ...] | None = None
    tuples: bool = False
    detached: bool = False
    columns: dict[Path, Column] = field(default_factory=dict, repr=False)
    row_class: RowClass | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, path: Path) -> Column:
        """Return one value a row; raises whatever reading the attribute off a row raises."""
        known = self.columns.get(path)
        if known is None:
            known = self.columns[path] = self._read(path)
        return known

    def _read(self, path: Path) -> Column:
        if not path:
            return column(self.rows)
        if path[-1] == PRESENT:
            return column(list(map(bool, self.column(path[:-1]))))
        try:
            return column(list(map(attrgetter(".".join(path)), self.rows)))
        except AttributeError:
            if len(path) == 1:
                raise
            return column([_follow(row, path) for row in self.rows])

    def kind(self, declared: type | None) -> Kind:
        """Return what kind of row this holds; that of no rows is what was declared."""
        types = set(map(type, self.rows)) if self.row_type is None or not len(self) else {self.row_type}
        anonymous = self.tuples or any(map(_is_anonymous, types))
        return Kind(id(self), frozenset(types or ({declared} if declared else ())), anonymous)


@dataclass(frozen=True, eq=False)
class FrameTable(Table):
    """The rows of a data frame: columns are read off the frame, and rows are made when someone asks.

    Args:
        frame: the frame.
    """

    frame: Any = None

    @property
    def may_change(self) -> bool:
        """Whether the rows may be others when they are read again, without a query."""
        return not self.frame.is_collected

    @classmethod
    def of(cls, frame: Frame) -> Table:
        """Return a frame as a table."""
        made: list[Sequence[FrameRow]] = []

        def row(position: int) -> FrameRow:
            if not made:
                made.append(frame.rows())
            return made[0][position]

        return cls(LazyRows(row, len(frame)), row_class(frame.names) if len(frame) else None, frame=frame)

    def _read(self, path: Path) -> Column:
        if len(path) == 1 and path[0] in self.frame.names:
            return column(self.frame.values(path[0]))
        return super()._read(path)


def _follow(row: Any, path: Path) -> Any:
    """Return what a path leads to; `ABSENT` where a row on the way is None."""
    for name in path:
        if row is None:
            return ABSENT
        row = getattr(row, name)
    return row


class LazyRows(Sequence[Any]):
    """Rows that are made when someone asks for them, each once."""

    def __init__(self, make: Callable[[int], Any], count: int) -> None:
        self._make = make
        self._count = count
        self._made: dict[int, Any] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> list[Any]: ...
    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(self._count))]
        i = range(self._count)[position]
        if i not in self._made:
            self._made[i] = self._make(int(i))
        return self._made[i]


@dataclass(frozen=True)
class Kind:
    """What kind of row a family is made over.

    Args:
        table: identifies the table that holds the rows.
        types: the classes of the rows.
        anonymous: whether a class is none of their own: a number, a text, a tuple, a dict, a frame's row.
    """

    table: int
    types: frozenset[type]
    anonymous: bool

    def __str__(self) -> str:
        names = sorted({_kind_name(one) for one in self.types})
        return " or ".join(names) or "no rows"

    def same(self, other: Kind) -> bool | None:
        """Whether both are the same kind: of one class, or of a class and its subclass.

        Numbers of any type are one kind, texts are another, and dates are a third.

        Returns:
            None where it cannot be known: rows of no class of their own, from different sources.
        """
        if self.table == other.table:
            return True
        pairs = [(own, others) for own in self.types for others in other.types]
        if any(_count_alike(own, others) for own, others in pairs):
            return True
        if any(issubclass(own, others) or issubclass(others, own) for own, others in pairs):
            return None if self.anonymous or other.anonymous else True
        return None if any(_look_alike(own, others) for own, others in pairs) else False


def _kind_name(row_type: type) -> str:
    if is_real_type(row_type):
        return "numbers"
    if issubclass(row_type, str):
        return "texts"
    return "dates" if issubclass(row_type, _DATES) else row_type.__name__


def _count_alike(one: type, other: type) -> bool:
    """Whether values of two classes count the same: numbers, texts or dates."""
    if is_real_type(one) or is_real_type(other):
        return is_real_type(one) and is_real_type(other)
    return any(issubclass(one, kind) and issubclass(other, kind) for kind in (str, _DATES))


_DATES = (date, np.datetime64)


def _is_anonymous(row_type: type) -> bool:
    """Whether a class is Python's own or a library's, and so does not identify what its rows are."""
    root = row_type.__module__.partition(".")[0]
    return root in sys.stdlib_module_names or root in _LIBRARIES or issubclass(row_type, FrameRow)


_LIBRARIES = ("numpy", "pandas", "polars", "pyarrow")


def _look_alike(first: type, second: type) -> bool:
    """Whether two classes were made for the rows of two frames, one of which has all the columns of the other."""
    columns, others = set(_columns_of(first)), set(_columns_of(second))
    made_alike = first.__name__ == second.__name__ and bool(columns and others)
    return made_alike and (columns <= others or others <= columns)


def _columns_of(row_type: type) -> tuple[str, ...]:
    """Return the fields of a frame's rows or of named tuples; each ``itertuples()`` makes a class of its own."""
    if issubclass(row_type, FrameRow):
        return row_type._lx_columns
    fields = getattr(row_type, "_fields", ())
    return fields if isinstance(fields, tuple) else ()  # rows of a query have them each by itself
