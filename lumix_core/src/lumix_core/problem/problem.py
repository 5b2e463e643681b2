"""The compiled problem: what a model becomes, what solvers read, what copies reproduce."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import BoolArray, FloatArray, IndexArray, IntArray, stable_order, starts_of
from lumix_core.problem.keys import Keys


class LXSense(StrEnum):
    """The relation of the left-hand side to the right-hand side."""

    LE = "<="
    GE = ">="
    EQ = "=="
    BETWEEN = "between"


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class LXBlock:
    """The position of one family in a problem: its name, where its columns (or rows) start, and their keys.

    Args:
        name: the family's name, as the user wrote it.
        start: the position of its first element in the problem.
        keys: the keys of its elements, in order.
        integral: whether the user is given ``int`` values (variables only).
        constant: of the user's expression, which the row bounds in the problem are less (constraints only).
    """

    name: str
    start: int
    keys: Keys
    integral: bool = False
    constant: float = 0.0

    @property
    def stop(self) -> int:
        """The position after its last element."""
        return self.start + len(self.keys)

    @property
    def span(self) -> slice:
        """The positions of its elements."""
        return slice(self.start, self.stop)

    def element(self, position: int) -> str:
        """Return the name of the element at ``position`` of the problem, as ``family[key]``."""
        if self.keys.is_scalar:
            return self.name
        return f"{self.name}[{self.key(position)!r}]"

    def __repr__(self) -> str:
        return f"<LXBlock {self.name:.80}: {len(self.keys)} from position {self.start}>"

    def key(self, position: int) -> Any:
        """Return the key of the element at ``position`` of the problem; ``()`` in a family without an index."""
        return self.keys[position - self.start]


def same_families(blocks: tuple[LXBlock, ...], others: tuple[LXBlock, ...]) -> bool:
    """Whether two problems have the same families at the same positions, with the same keys."""
    return blocks is others or (len(blocks) == len(others) and all(map(_same_family, blocks, others)))


def _same_family(one: LXBlock, other: LXBlock) -> bool:
    mine, others = one.keys, other.keys
    named = (one.name, one.start, one.integral, mine.labels) == (other.name, other.start, other.integral, others.labels)
    return named and mine.has_keys_of(others)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class LXProblem:
    r"""A mixed-integer linear problem as arrays, finished and validated.

    .. math::

        \min \text{ or } \max \quad & c^T x + c_0 \\
        \text{subject to} \quad & r_l \le A x \le r_u \\
        & l \le x \le u \\
        & x_j \in \mathbb{Z} \quad \text{for } j \in I

    With ``n`` variables, ``m`` constraints and ``k`` nonzeros; every array is read-only:

    Args:
        maximize: whether the objective is maximised.
        objective: ``c``, float64, shape ``(n,)``.
        offset: ``c0``.
        lower, upper: ``l`` and ``u``, float64, shape ``(n,)``; infinite where unset.
        integer: whether ``j`` is in ``I``, bool, shape ``(n,)``.
        row_starts: ``A`` in compressed sparse rows: the nonzeros of row ``i`` are at positions
            ``row_starts[i]:row_starts[i + 1]`` of ``columns`` and ``coefficients``; int32, shape ``(m + 1,)``.
        columns: the column of each nonzero, rising within a row; int32, shape ``(k,)``.
        coefficients: the value of each nonzero, never 0; float64, shape ``(k,)``.
        row_lower, row_upper: ``rl`` and ``ru``, float64, shape ``(m,)``; infinite where there is no bound.
        variables, constraints: the families, in the order of their columns and rows.
        name: the model's name.
    """

    maximize: bool
    objective: FloatArray
    offset: float
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    row_starts: IndexArray
    columns: IndexArray
    coefficients: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    variables: tuple[LXBlock, ...] = ()
    constraints: tuple[LXBlock, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        for name in ARRAYS:
            getattr(self, name).setflags(write=False)

    @property
    def num_variables(self) -> int:
        """The number of columns, ``n``."""
        return len(self.objective)

    @property
    def num_constraints(self) -> int:
        """The number of rows, ``m``."""
        return len(self.row_lower)

    @property
    def num_nonzeros(self) -> int:
        """The number of stored coefficients, ``k``."""
        return len(self.coefficients)

    @property
    def is_mip(self) -> bool:
        """Whether any variable must be an integer."""
        return bool(self.integer.any())

    def __repr__(self) -> str:
        sense = "maximize" if self.maximize else "minimize"
        size = f"{self.num_variables} variables, {self.num_constraints} constraints, {self.num_nonzeros} nonzeros"
        return f"<LXProblem {self.name!r}: {sense}, {size}>"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by field name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def has_numbers_of(self, other: LXProblem) -> bool:
        """Whether two problems have the same arrays, direction and offset, whatever they are called."""
        mine, others = self.arrays(), other.arrays()
        same = (self.maximize, self.offset) == (other.maximize, other.offset)
        return same and all(np.array_equal(mine[name], others[name]) for name in mine)

    def row_numbers(self) -> IntArray:
        """Return the row of each nonzero, shape ``(k,)``."""
        return np.repeat(np.arange(self.num_constraints), np.diff(self.row_starts))

    def by_column(self) -> tuple[IndexArray, IndexArray, FloatArray]:
        """Return ``A`` in compressed sparse columns: starts, shape ``(n + 1,)``, rows and coefficients, ``(k,)``."""
        order = stable_order(self.columns)
        starts = starts_of(self.columns, self.num_variables)
        rows = np.repeat(np.arange(self.num_constraints, dtype=np.int32), np.diff(self.row_starts))
        return starts, rows[order], self.coefficients[order]

    def activity(self, x: FloatArray) -> FloatArray:
        """Return ``A x``, shape ``(m,)``."""
        products = self.coefficients * x[self.columns]
        sums = np.bincount(self.row_numbers(), weights=products, minlength=self.num_constraints)
        return np.asarray(sums, dtype=np.float64)

    def objective_at(self, x: FloatArray) -> float:
        """Return ``c'x + c0``."""
        return float(self.objective @ x) + self.offset

    def column_name(self, column: int) -> str:
        """Return the name of a column, as ``family[key]``."""
        return block_at(self.variables, column, "x").element(column)

    def row_name(self, row: int) -> str:
        """Return the name of a row, as ``family[key]``."""
        return block_at(self.constraints, row, "row").element(row)


ARRAYS = tuple(field.name for field in fields(LXProblem) if str(field.type).endswith("Array"))
"""The fields that hold arrays."""


def block_at(blocks: tuple[LXBlock, ...], position: int, word: str = "") -> LXBlock:
    """Return the family that has a position; one of no family is by itself, called by a word and its number."""
    for block in blocks:
        if block.start <= position < block.stop:
            return block
    return LXBlock(f"{word}{position}", position, Keys.scalar())
