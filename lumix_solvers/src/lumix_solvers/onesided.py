"""Rows with one row bound each, for solvers and file formats without ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem import FloatArray, IntArray, LXProblem

EQUAL, AT_LEAST, AT_MOST = "E", "G", "L"
"""The senses, by the letters of the MPS format."""


@dataclass(frozen=True, eq=False)
class OneSidedRows:
    """The rows of a problem, a range taken apart into two, a row without rhs left out.

    Args:
        source: the row of the problem that each row comes from, shape ``(r,)``.
        senses: `EQUAL`, `AT_LEAST` or `AT_MOST` for each row, shape ``(r,)``.
        rhs: the right-hand side of each row, shape ``(r,)``.
    """

    source: IntArray
    senses: NDArray[np.str_]
    rhs: FloatArray

    def __len__(self) -> int:
        return len(self.source)

    def entries(self, problem: LXProblem) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the nonzeros by row: the number of the one-sided row, the column, the coefficient."""
        lengths = np.diff(problem.row_starts)[self.source]
        rows = np.repeat(np.arange(len(self)), lengths)
        position_in_row = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        positions = problem.row_starts[self.source][rows] + position_in_row
        return rows, problem.columns[positions].astype(np.int64), problem.coefficients[positions]

    def merged(self, duals: FloatArray, size: int) -> FloatArray:
        """Return the duals of the problem's ``size`` rows: the sum over their one-sided rows."""
        return np.bincount(self.source, weights=duals, minlength=size).astype(np.float64)


def one_sided(problem: LXProblem) -> OneSidedRows:
    """Return the rows of a problem with one row bound each."""
    equal = problem.row_lower == problem.row_upper
    parts = (
        (EQUAL, equal, problem.row_lower),
        (AT_LEAST, np.isfinite(problem.row_lower) & ~equal, problem.row_lower),
        (AT_MOST, np.isfinite(problem.row_upper) & ~equal, problem.row_upper),
    )
    return OneSidedRows(
        source=np.concatenate([np.flatnonzero(chosen) for _, chosen, _ in parts]),
        senses=np.repeat([sense for sense, _, _ in parts], [int(chosen.sum()) for _, chosen, _ in parts]),
        rhs=np.concatenate([rhs[chosen] for _, chosen, rhs in parts]),
    )
