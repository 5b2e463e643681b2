"""Problems as files in free MPS format, every number with all its digits.

The format: CPLEX file formats reference, "MPS file format"; the objective's constant is the negative
right-hand side of the objective row. Every bound is written, since readers differ in their defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lumix_core.problem import LXProblem
from lumix_solvers.onesided import OneSidedRows


def write_mps(problem: LXProblem, rows: OneSidedRows, path: Path) -> None:
    """Write a problem as a minimisation, with rows ``R0, R1, ...`` and columns ``C0, C1, ...``."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in _lines(problem, rows))


def _lines(problem: LXProblem, rows: OneSidedRows) -> Iterator[str]:
    sign = -1.0 if problem.maximize else 1.0
    yield from ("NAME lumix FREE", "ROWS", " N COST")
    yield from (f" {sense} R{i}" for i, sense in enumerate(rows.senses.tolist()))
    yield "COLUMNS"
    yield from _columns(problem, rows, sign)
    yield "RHS"
    yield f" RHS COST {-sign * problem.offset!r}"
    yield from (f" RHS R{i} {rhs!r}" for i, rhs in enumerate(rows.rhs.tolist()))
    yield "BOUNDS"
    for j, bounds in enumerate(zip(problem.lower.tolist(), problem.upper.tolist(), strict=True)):
        yield from _bounds(f"C{j}", *bounds)
    yield "ENDATA"


def _columns(problem: LXProblem, rows: OneSidedRows, sign: float) -> Iterator[str]:
    row_of, column_of, coefficients = rows.entries(problem)
    order = np.argsort(column_of, kind="stable")
    starts = np.searchsorted(column_of[order], np.arange(problem.num_variables + 1)).tolist()
    entries = list(zip(row_of[order].tolist(), coefficients[order].tolist(), strict=True))
    costs = (sign * problem.objective).tolist()
    integer = problem.integer.tolist()
    for j, cost in enumerate(costs):
        if integer[j] != (j > 0 and integer[j - 1]):
            yield _marker(j, integer[j])
        yield f" C{j} COST {cost!r}"
        yield from (f" C{j} R{i} {value!r}" for i, value in entries[starts[j] : starts[j + 1]])
    if integer[-1]:
        yield _marker(len(costs), False)


def _marker(j: int, begins: bool) -> str:
    return f" M{j} 'MARKER' '{'INTORG' if begins else 'INTEND'}'"


def _bounds(column: str, lower: float, upper: float) -> Iterator[str]:
    if lower == upper:
        yield f" FX BND {column} {lower!r}"
        return
    yield f" MI BND {column}" if lower == -np.inf else f" LO BND {column} {lower!r}"
    yield f" PL BND {column}" if upper == np.inf else f" UP BND {column} {upper!r}"
