"""Batches: the arguments of a function for many index elements at once, as positions into tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lumix_core.problem.arrays import IntArray
from lumix_core.rows.columns import Column
from lumix_core.rows.tables import Path, Table


@dataclass(frozen=True, eq=False)
class Argument:
    """One argument of a function for every element of a batch: ``table.rows[positions[i]]`` for element ``i``.

    Args:
        table: holds the rows.
        find: returns the positions; called when a function first reads the argument, which few read all of.
        is_whole: whether the elements are the rows of the table, each once and in order.
    """

    table: Table
    find: Callable[[], IntArray]
    is_whole: bool = False

    @classmethod
    def whole(cls, table: Table) -> Argument:
        """Return the argument that is every row of a table once."""
        return cls(table, lambda: np.arange(len(table)), is_whole=True)

    @cached_property
    def positions(self) -> IntArray:
        """Where the row of each element is in the table."""
        return self.find()

    def column(self, path: Path) -> Column:
        """Return the value of an attribute for each element; raises what reading it off the rows raises."""
        values = self.table.column(path)
        return values if self.is_whole else values[self.positions]

    def take(self, picks: IntArray) -> Argument:
        """Return the argument for some elements."""
        return Argument(self.table, lambda: picks if self.is_whole else self.positions[picks])

    def rows(self) -> Iterator[Any]:
        """Return the rows, one an element."""
        return map(self.table.rows.__getitem__, self.positions.tolist())


@dataclass(frozen=True, eq=False)
class Batch:
    """The arguments of a function for many elements at once.

    Args:
        arguments: one for each parameter that gets a row.
        size: how many elements there are.
        element: names an element in messages: "key 3 of 'production'".
    """

    arguments: tuple[Argument, ...]
    size: int
    element: Callable[[int], str]

    def calls(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one call after the other."""
        if not self.arguments:
            return iter([()] * self.size)
        return zip(*(argument.rows() for argument in self.arguments), strict=True)

    def rows_of(self, i: int) -> tuple[Any, ...]:
        """Return the rows of one call."""
        return tuple(argument.table.rows[argument.positions[i]] for argument in self.arguments)

    def take(self, picks: IntArray) -> Batch:
        """Return the batch of some elements."""
        return Batch(
            tuple(argument.take(picks) for argument in self.arguments),
            len(picks),
            lambda i: self.element(int(picks[i])),
        )
