"""Matrices in compressed sparse rows: put together, taken apart, and changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lumix_core.problem.arrays import FloatArray, IntArray, starts_of
from lumix_core.problem.problem import LXProblem


def compressed(rows: IntArray, columns: IntArray, coefficients: FloatArray, size: int) -> dict[str, Any]:
    """Return the matrix with so many rows, by the names of the arrays of a problem; no two nonzeros at one position."""
    order = np.lexsort((columns, rows))
    return {
        "row_starts": starts_of(rows, size),
        "columns": columns[order].astype(np.int32),
        "coefficients": coefficients[order],
    }


def rows_of(problem: LXProblem, chosen: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the nonzeros of some rows, which are numbered anew: row, column and coefficient of each."""
    lengths = np.diff(problem.row_starts)[chosen].astype(np.int64)
    rows = np.repeat(np.arange(len(chosen)), lengths)
    skipped = problem.row_starts[chosen] - (np.cumsum(lengths) - lengths)
    positions = np.repeat(skipped, lengths) + np.arange(len(rows))
    return rows, problem.columns[positions].astype(np.int64), problem.coefficients[positions]


def inserted(problem: LXProblem, row: int, column: int, value: float) -> dict[str, Any]:
    """Return the matrix with one more nonzero, by the names of its arrays."""
    first, last = problem.row_starts[row], problem.row_starts[row + 1]
    position = int(first + np.searchsorted(problem.columns[first:last], column))
    starts = problem.row_starts.copy()
    starts[row + 1 :] += 1
    return {
        "row_starts": starts,
        "columns": np.insert(problem.columns, position, column),
        "coefficients": np.insert(problem.coefficients, position, value),
    }


def with_rows(problem: LXProblem, columns: list[IntArray], coefficients: list[FloatArray]) -> dict[str, Any]:
    """Return the matrix with further rows behind its own, by the names of its arrays; columns rise within a row."""
    ends = problem.num_nonzeros + np.cumsum([len(one) for one in columns])
    return {
        "row_starts": np.concatenate([problem.row_starts, ends]).astype(np.int32),
        "columns": np.concatenate([problem.columns, *columns]).astype(np.int32),
        "coefficients": np.concatenate([problem.coefficients, *coefficients]),
    }


def without_zeros(problem: LXProblem) -> dict[str, Any]:
    """Return the matrix without the coefficients that are 0, by the names of its arrays."""
    kept = problem.coefficients != 0.0
    return {
        "row_starts": starts_of(problem.row_numbers()[kept], problem.num_constraints),
        "columns": problem.columns[kept],
        "coefficients": problem.coefficients[kept],
    }
