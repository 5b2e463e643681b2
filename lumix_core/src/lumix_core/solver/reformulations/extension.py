"""Problems with further columns and rows behind their own, and further terms in their rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray, Tuples, sorted_together, starts_of
from lumix_core.problem.keys import Keys, RowKey
from lumix_core.problem.problem import LXBlock, LXProblem
from lumix_core.problem.structures import OBJECTIVE, Structures

Numbers = FloatArray | float


@dataclass(eq=False)
class Extension:
    """A problem that grows: its own columns and rows keep their positions, others are added behind them.

    Args:
        problem: what to start from; it stays as it is.
    """

    problem: LXProblem
    _columns: list[tuple[str, FloatArray, FloatArray, BoolArray]] = field(default_factory=list)
    _rows: list[tuple[str, FloatArray, FloatArray]] = field(default_factory=list)
    _entries: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    _bounds: dict[str, FloatArray] = field(default_factory=dict)

    @property
    def num_columns(self) -> int:
        """The number of columns so far."""
        return self.problem.num_variables + sum(len(lower) for _, lower, _, _ in self._columns)

    @property
    def num_rows(self) -> int:
        """The number of rows so far."""
        return self.problem.num_constraints + sum(len(lower) for _, lower, _ in self._rows)

    def add_columns(
        self, name: str, size: int, lower: Numbers = 0.0, upper: Numbers = np.inf, *, whole: bool = False
    ) -> IntArray:
        """Add columns, and return their positions."""
        first = self.num_columns
        self._columns.append((name, _filled(lower, size), _filled(upper, size), np.full(size, whole, dtype=np.bool_)))
        return np.arange(first, first + size)

    def add_rows(self, name: str, size: int, lower: Numbers = -np.inf, upper: Numbers = np.inf) -> IntArray:
        """Add rows without terms, and return their positions."""
        first = self.num_rows
        self._rows.append((name, _filled(lower, size), _filled(upper, size)))
        return np.arange(first, first + size)

    def add_terms(self, rows: NDArray[Any], columns: NDArray[Any] | int, values: Numbers) -> None:
        """Add a coefficient in each of some rows (or the objective, for `OBJECTIVE`); to one that is there, add it."""
        size = len(rows)
        placed = np.broadcast_to(np.asarray(columns, dtype=np.int64), size)
        self._entries.append((rows.astype(np.int64), placed, _filled(values, size)))

    def change(self, array: str) -> FloatArray:
        """Return bounds of the problem's own columns or rows (``lower``, ``row_upper``, ...), to be changed."""
        if array not in self._bounds:
            self._bounds[array] = getattr(self.problem, array).copy()
        return self._bounds[array]

    def finished(self, structures: Structures) -> LXProblem:
        """Return the problem with all that was added."""
        problem = self.problem
        rows, columns, values = self._all_entries()
        costs = rows == OBJECTIVE
        objective = np.concatenate([problem.objective, np.zeros(self.num_columns - problem.num_variables)])
        np.add.at(objective, columns[costs], values[costs])
        own = {name: self._bounds.get(name, getattr(problem, name)) for name in ("lower", "upper")}
        sides = {name: self._bounds.get(name, getattr(problem, name)) for name in ("row_lower", "row_upper")}
        return replace(
            problem,
            objective=objective,
            lower=np.concatenate([own["lower"], *(lower for _, lower, _, _ in self._columns)]),
            upper=np.concatenate([own["upper"], *(upper for _, _, upper, _ in self._columns)]),
            integer=np.concatenate([problem.integer, *(whole for _, _, _, whole in self._columns)]),
            row_lower=np.concatenate([sides["row_lower"], *(lower for _, lower, _ in self._rows)]),
            row_upper=np.concatenate([sides["row_upper"], *(upper for _, _, upper in self._rows)]),
            variables=self._blocks(problem.variables, problem.num_variables, self._columns),
            constraints=self._blocks(problem.constraints, problem.num_constraints, self._rows),
            structures=self._widened(structures),
            **_summed(rows[~costs], columns[~costs], values[~costs], self.num_rows),
        )

    def _all_entries(self) -> tuple[IntArray, IntArray, FloatArray]:
        problem = self.problem
        own = (problem.row_numbers(), problem.columns.astype(np.int64), problem.coefficients)
        parts = list(zip(own, *self._entries, strict=True))
        return np.concatenate(parts[0]), np.concatenate(parts[1]), np.concatenate(parts[2])

    @staticmethod
    def _blocks(blocks: tuple[LXBlock, ...], start: int, added: list[Any]) -> tuple[LXBlock, ...]:
        found = list(blocks)
        for name, values, *_ in added:
            found.append(LXBlock(name, start, _numbered(len(values))))
            start += len(values)
        return tuple(found)

    def _widened(self, structures: Structures) -> Structures:
        if not structures.has_semi:
            return structures
        more = self.num_columns - len(structures.semi)
        return replace(structures, semi=np.concatenate([structures.semi, np.zeros(more, dtype=np.bool_)]))


def _numbered(size: int) -> Keys:
    """Return the keys 1, 2, ..."""
    return Keys((tuple(range(1, size + 1)),), (np.arange(size),), ("number",), (RowKey(),))


def _filled(values: Numbers, size: int) -> FloatArray:
    return np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), size))


def _summed(rows: IntArray, columns: IntArray, values: FloatArray, size: int) -> dict[str, Any]:
    """Return a matrix by the names of its arrays; several coefficients at one position are added up."""
    width = int(columns.max(initial=0)) + 1
    order, (rows, columns) = sorted_together([Tuples((rows, columns), (0, 0))], (size, width))
    values = values if order is None else values[order]
    if len(rows):
        firsts = np.flatnonzero(np.concatenate([[True], (np.diff(rows) != 0) | (np.diff(columns) != 0)]))
        rows, columns, values = rows[firsts], columns[firsts], np.add.reduceat(values, firsts)
    kept = values != 0.0
    if not kept.all():
        rows, columns, values = rows[kept], columns[kept], values[kept]
    return {"row_starts": starts_of(rows, size), "columns": columns.astype(np.int32), "coefficients": values}
