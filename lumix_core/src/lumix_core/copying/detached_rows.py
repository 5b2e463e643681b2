"""Rows that need no database: columns that copies share, and the plain objects that were made of some of them."""

from __future__ import annotations

import datetime
import decimal
import enum
import pickle
import uuid
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import numpy as np

from lumix_core.copying.protocol import ATOMIC
from lumix_core.rows.columns import Column, column, object_column
from lumix_core.rows.gc_pause import Paused
from lumix_core.rows.standins import RowClass, new_standin, standin_class
from lumix_core.rows.tables import Path, Table

FEW = 100
"""How many objects are made one by one, before all are made at once."""
PLAIN = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, decimal.Decimal, uuid.UUID,
        datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone,
    }
)  # fmt: skip
"""Types whose values every pickler writes alike."""
Block: TypeAlias = tuple[str, Any]
"""A column as it is pickled: what kind of column, and its values."""


def can_be_shared(values: Column) -> bool:
    """Whether nothing in a column can change, so that any number of copies can hold it."""
    types = set(map(type, values)) if values.dtype == np.object_ else set()
    return all(cls in ATOMIC or issubclass(cls, enum.Enum) for cls in types)


class DetachedRows(Sequence[Any]):
    """The rows of one class: columns that nobody changes, and the objects that were made of them.

    An object is made when its row is first read, and once only. From then on it is the row. When
    all are made, the columns are released.

    Args:
        row_class: of the rows; columns are all that they have.
        columns: by attribute, each as long as there are rows.
        size: how many rows there are.
    """

    def __init__(self, row_class: RowClass, columns: Mapping[str, Column], size: int) -> None:
        self.row_class = row_class
        self.columns = columns
        self.size = size
        self.made: dict[int, Any] = {}

    @classmethod
    def of_table(cls, row_class: RowClass, table: Table) -> DetachedRows:
        """Return the rows whose columns a table holds; from now on these are read-only."""
        columns = {name: table.columns[name,] for name in row_class.attributes}
        for values in columns.values():
            values.setflags(write=False)
        return cls(row_class, columns, len(table))

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> list[Any]: ...
    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(self.size))]
        i = range(self.size)[position]
        known = self.made.get(i)
        return self._made_now(i) if known is None else known

    def __iter__(self) -> Iterator[Any]:
        self._make_all()
        return iter([self.made[i] for i in range(self.size)])

    @property
    def all_made(self) -> bool:
        """Whether there is an object for every row."""
        return len(self.made) == self.size

    def add(self, objects: Mapping[int, Any]) -> None:
        """Take objects that were made elsewhere for the rows at some positions."""
        self.made.update(objects)
        if self.all_made:
            self.columns = {}

    def positions(self) -> dict[tuple[Hashable, ...], int]:
        """Return the position of each row that the columns hold, by primary key."""
        keys = [self.columns[name].tolist() for name in self.row_class.primary_key if name in self.columns]
        return {key: position for position, key in enumerate(zip(*keys, strict=True))}

    def table(self) -> Table:
        """Return the rows as they are now, with those columns that every object still has."""
        made = dict(self.made)
        columns: dict[Path, Column] = {}
        for name, values in self.columns.items():
            if len(made) < self.size and all(name in row.__dict__ for row in made.values()):
                columns[name,] = _overlaid(values, {position: row.__dict__[name] for position, row in made.items()})
        row_class = self.row_class
        known = row_class if columns and _have_no_more(made, row_class) else None
        return Table(self, row_class.mapped, row_class.primary_key, detached=True, columns=columns, row_class=known)

    def _made_now(self, position: int) -> Any:
        if len(self.made) >= FEW:
            self._make_all()
            return self.made[position]
        values = {name: values.item(position) for name, values in self.columns.items()}
        made = self.made.setdefault(position, _standin(standin_class(self.row_class), values))
        self.add({})
        return made

    def _make_all(self) -> None:
        cls, names, made = standin_class(self.row_class), tuple(self.columns), self.made
        with Paused():
            rows = zip(*(values.tolist() for values in self.columns.values()), strict=True)
            for position, values in enumerate(rows):
                if position not in made:
                    made.setdefault(position, _standin(cls, zip(names, values, strict=True)))
        self.add({})

    def __reduce__(self) -> tuple[Any, ...]:
        made = dict(self.made)
        blocks = {} if len(made) == self.size else {name: _packed(values) for name, values in self.columns.items()}
        positions = np.array(list(made), dtype=np.int64)
        return _restored, (self.row_class, blocks, self.size, _packed(positions), list(made.values()))

    def __repr__(self) -> str:
        return f"<{self.size} detached rows of {self.row_class.mapped.__name__}, {len(self.made)} made>"


@dataclass(eq=False)
class DetachedSource:
    """Rows that were read when a model was copied; they need no database."""

    rows: Sequence[Any]
    row_type: type | None
    primary_key: tuple[str, ...] | None
    origin: str

    @property
    def identity(self) -> Hashable:
        """One and the same rows are read once."""
        return self

    def read(self) -> Table:
        """Return the rows."""
        if isinstance(self.rows, DetachedRows):
            return self.rows.table()
        return Table(list(self.rows), self.row_type, self.primary_key, detached=True)

    def __str__(self) -> str:
        return f"{self.origin}, detached"


def _standin(cls: type, values: Any) -> Any:
    made = new_standin(cls)
    made.__dict__.update(values)
    return made


def _have_no_more(made: Mapping[int, Any], row_class: RowClass) -> bool:
    """Whether objects have no other attributes than those of their class."""
    return all(row.__dict__.keys() <= row_class.columns for row in made.values())


def _overlaid(values: Column, others: Mapping[int, Any]) -> Column:
    """Return a column with other values at some positions."""
    if not others or (values.dtype == np.object_ and all(values[i] is value for i, value in others.items())):
        return values
    if set(map(type, others.values())) == {type(values.item(0))} and values.dtype != np.object_:
        twin = values.copy()
        try:
            twin[list(others)] = list(others.values())
        except OverflowError:  # an int of more than 64 bits
            return _listed(values, others)
        return twin
    return _listed(values, others)


def _listed(values: Column, others: Mapping[int, Any]) -> Column:
    listed = values.tolist()
    for position, value in others.items():
        listed[position] = value
    return column(listed)


def _packed(values: Column) -> Block:
    """Return a column as few objects, for which a pickler need not look at every value."""
    if values.dtype != np.object_:
        return values.dtype.str, values.tobytes()
    listed = values.tolist()
    if PLAIN.issuperset(map(type, listed)):
        return "pickled", pickle.dumps(listed, protocol=5)
    return "objects", listed


def _unpacked(block: Block) -> Column:
    """Return the column that was packed, read-only."""
    kind, data = block
    if kind in ("pickled", "objects"):
        values = object_column(pickle.loads(data) if kind == "pickled" else data)
    else:
        values = np.frombuffer(data, dtype=kind)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    values.setflags(write=False)
    return values


def _restored(
    row_class: RowClass, blocks: Mapping[str, Block], size: int, positions: Block, made: list[Any]
) -> DetachedRows:
    rows = DetachedRows(row_class, {name: _unpacked(block) for name, block in blocks.items()}, size)
    rows.add(dict(zip(_unpacked(positions).tolist(), made, strict=True)))
    return rows
