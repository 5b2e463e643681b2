"""What has been read of a file, and the problem that it makes."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from lumix_core.errors import LXFileError
from lumix_core.problem.arrays import BoolArray, IntArray
from lumix_core.problem.csr import compressed, rows_of
from lumix_core.problem.files.lines import Lines
from lumix_core.problem.files.names import blocks_of, keys_of
from lumix_core.problem.problem import LXBlock, LXProblem

VARIABLES = "variables"
CONSTRAINTS = "constraints"
"""The names of the families of a file without a table of names; the names in the file are their keys."""


@dataclass
class Parts:
    """The columns, rows and nonzeros that have been read.

    Args:
        lines: where they are read from.
        columns, rows: their positions by name.
        entries: the row, column and coefficient of each nonzero.
    """

    lines: Lines
    maximize: bool = False
    offset: float = 0.0
    columns: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    costs: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    rhs: list[float] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    entries: tuple[list[int], list[int], list[float]] = field(default_factory=lambda: ([], [], []))
    _priced: set[int] = field(default_factory=set)

    def add_column(self, name: str, integer: bool = False) -> int:
        """Add a column with a cost of 0 and bounds of 0 and infinity, and return its position."""
        if name in self.columns:
            self.lines.fail(f"column {name[:80]!r} is there twice")
        position = self.columns[self.lines.check_name(name)] = len(self.columns)
        self.costs.append(0.0)
        self.lower.append(0.0)
        self.upper.append(np.inf)
        self.integer.append(integer)
        return position

    def add_row(self, name: str) -> int:
        """Add a free row, and return its position."""
        if name in self.rows:
            self.lines.fail(f"row {name[:80]!r} is there twice")
        position = self.rows[self.lines.check_name(name)] = len(self.rows)
        self.rhs.append(0.0)
        self.row_lower.append(-np.inf)
        self.row_upper.append(np.inf)
        return position

    def add_cost(self, column: int, number: float) -> None:
        """Set the cost of a column, once."""
        if column in self._priced:
            self.lines.fail(f"column {self.column_name(column)!r} has two costs")
        self._priced.add(column)
        self.costs[column] = number

    def add_entry(self, row: int, column: int, number: float) -> None:
        """Add a coefficient."""
        rows, columns, numbers = self.entries
        rows.append(row)
        columns.append(column)
        numbers.append(number)

    def column_name(self, column: int) -> str:
        """Return the name of a column in the file, not longer than a message may be."""
        return list(self.columns)[column][:80]

    def refuse_negative_upper_bounds(self, bounded_below: Set[int]) -> None:
        """Refuse columns with an upper bound below 0 and no lower bound, which readers take for different things."""
        for column, upper in enumerate(self.upper):
            if upper < 0.0 and column not in bounded_below:
                name = self.column_name(column)
                self.lines.fail(
                    f"column {name!r} has an upper bound below 0 and no lower bound: readers differ in what it is"
                )

    def problem(self, name: str, table: dict[str, Any]) -> LXProblem:
        """Return the problem, with the families of a table of names where there is one.

        Raises:
            LXFileError: a coefficient is there twice, or the table does not fit.
        """
        rows, columns = (np.array(numbers, dtype=np.int64) for numbers in self.entries[:2])
        coefficients = np.array(self.entries[2], dtype=np.float64)
        self._check_once(rows, columns)
        kept = coefficients != 0.0
        made = LXProblem(
            maximize=self.maximize,
            objective=np.array(self.costs, dtype=np.float64),
            offset=self.offset,
            lower=np.array(self.lower, dtype=np.float64),
            upper=np.array(self.upper, dtype=np.float64),
            integer=np.array(self.integer, dtype=np.bool_),
            row_lower=np.array(self.row_lower, dtype=np.float64),
            row_upper=np.array(self.row_upper, dtype=np.float64),
            name=name,
            **compressed(rows[kept], columns[kept], coefficients[kept], len(self.rows)),
        )
        if not table:
            return self._with_own_names(made)
        try:
            return self._with_families(self._restored(made, table), table)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
            if isinstance(error, LXFileError):
                raise
            self.lines.fail(f"the table of names is damaged ({type(error).__name__}: {str(error)[:100]})")

    def _check_once(self, rows: IntArray, columns: IntArray) -> None:
        order = np.lexsort((columns, rows))
        same = (np.diff(rows[order]) == 0) & (np.diff(columns[order]) == 0)
        if same.any():
            k = order[np.flatnonzero(same)[0]]
            row = list(self.rows)[rows[k]]
            self.lines.fail(f"column {self.column_name(columns[k])!r} has two coefficients in row {row[:80]!r}")

    def _with_own_names(self, problem: LXProblem) -> LXProblem:
        rows = (LXBlock(CONSTRAINTS, 0, keys_of(list(self.rows))),) if self.rows else ()
        return replace(problem, variables=tuple(_runs(list(self.columns), problem.integer)), constraints=rows)

    def _restored(self, problem: LXProblem, table: dict[str, Any]) -> LXProblem:
        """Return what was written: the format has no exact ranges, no maximisation, and a second row for a range."""
        lower, upper = problem.row_lower.copy(), problem.row_upper.copy()
        for name, bounds in table.get("exact", {}).items():
            lower[self.rows[name]], upper[self.rows[name]] = map(float, bounds)
        if table.get("maximize", False) and not problem.maximize:
            problem = replace(problem, maximize=True, objective=0.0 - problem.objective, offset=0.0 - problem.offset)
        twins = {self.rows[name]: self.rows[twin] for name, twin in table.get("upper_rows", {}).items()}
        upper[list(twins)] = upper[list(twins.values())]
        kept = np.ones(problem.num_constraints, dtype=np.bool_)
        kept[list(twins.values())] = False
        rows, columns, coefficients = rows_of(problem, np.flatnonzero(kept))
        matrix = compressed(rows, columns, coefficients, int(kept.sum()))
        return replace(problem, row_lower=lower[kept], row_upper=upper[kept], **matrix)

    def _with_families(self, problem: LXProblem, table: dict[str, Any]) -> LXProblem:
        fail = self.lines.fail
        return replace(
            problem,
            name=str(table["name"]),
            variables=blocks_of(table["variables"], problem.num_variables, fail),
            constraints=blocks_of(table["constraints"], problem.num_constraints, fail),
        )


def _runs(names: list[str], integer: BoolArray) -> list[LXBlock]:
    """Return a family for each run of columns that are all whole, or all not."""
    ends = [0, *(np.flatnonzero(np.diff(integer)) + 1).tolist(), len(names)]
    return [
        LXBlock(
            VARIABLES if number == 1 else f"{VARIABLES} {number}",
            start,
            keys_of(names[start:stop]),
            bool(integer[start]),
        )
        for number, (start, stop) in enumerate(pairwise(ends), 1)
        if stop > start
    ]
