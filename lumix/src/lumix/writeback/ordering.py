"""The order of writing: what is referred to comes before what refers to it, between classes and between rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, Protocol, TypeVar

from lumix.writeback.input_rows import GivenRows
from lumix.writeback.instants import with_instants
from lumix_core.errors import LXWriteError
from lumix_core.rows import Reference, WrittenTable


class HasTable(Protocol):
    """What is written of one class."""

    @property
    def table(self) -> WrittenTable:
        """The class's table."""
        ...


Written = TypeVar("Written", bound=HasTable)


def in_order(steps: Sequence[Written]) -> list[Written]:
    """Return what is written so that each comes after those that it refers to.

    Raises:
        LXWriteError: two classes have one table, or classes refer to each other in a circle.
    """
    by_table: dict[str, Written] = {}
    for step in steps:
        other = by_table.setdefault(step.table.name, step)
        if other is not step:
            raise LXWriteError(
                f"{step.table.cls.__name__} and {other.table.cls.__name__} are both stored in {step.table.name!r}. "
                f"Write one of them."
            )
    graph = {
        name: [other.table for other in step.table.references if other.table in by_table and other.table != name]
        for name, step in by_table.items()
    }
    try:
        return [by_table[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(by_table[name].table.cls.__name__ for name in reversed(error.args[1]))
        raise LXWriteError(
            f"These classes refer to each other in a circle, so that none of them can be written first: {circle}. "
            f"Write one of them by itself first, in the same transaction, with None in the attributes that refer on."
        ) from None


def parents_first(table: WrittenTable, columns: Mapping[str, list[Any]], rows: GivenRows) -> Mapping[str, list[Any]]:
    """Return the columns with rows that other rows refer to before those.

    Raises:
        LXWriteError: rows refer to each other in a circle.
    """
    for reference in own_references(table):
        if columns.keys() >= {*reference.names, *reference.target_names}:
            order = _row_order(reference, columns, rows)
            columns = {name: [values[i] for i in order] for name, values in columns.items()}
    return columns


def own_references(table: WrittenTable) -> list[Reference]:
    """Return the foreign keys by which rows of a table refer to rows of the same table."""
    return [reference for reference in table.references if reference.table == table.name]


def _row_order(reference: Reference, columns: Mapping[str, list[Any]], rows: GivenRows) -> list[int]:
    own = _tuples(reference.target_names, columns)
    positions = {key: i for i, key in enumerate(own)}
    parents = {i: positions.get(key) for i, key in enumerate(_tuples(reference.names, columns))}
    graph = {i: [] if parent is None or parent == i else [parent] for i, parent in parents.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        i, j, *_ = error.args[1]
        raise LXWriteError(
            f"{rows.row(i)} and row {j} refer to each other in a circle by {' and '.join(map(repr, reference.names))}, "
            f"so that none of them can be written first. Correct the rows."
        ) from None


def _tuples(names: Sequence[str], columns: Mapping[str, list[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*(with_instants(columns[name]) for name in names), strict=True))
