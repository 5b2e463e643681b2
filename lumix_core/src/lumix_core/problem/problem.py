"""The compiled problem: what a model becomes, what solvers read, what copies reproduce."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError, listed
from lumix_core.problem.arrays import BoolArray, FloatArray, IndexArray, IntArray, stable_order, starts_of
from lumix_core.problem.goals import NO_GOALS, Goals
from lumix_core.problem.keys import Keys
from lumix_core.problem.structures import LINEAR, OBJECTIVE, Structures


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
    r"""A mixed-integer problem as arrays, finished and validated.

    .. math::

        \min \text{ or } \max \quad & c^T x + c_0 + g_0(x) \\
        \text{subject to} \quad & r_l \le A x + g(x) \le r_u \\
        & l \le x \le u \\
        & x_j \in \mathbb{Z} \quad \text{for } j \in I

    A linear problem has no more than that, and no ``g``. Others hold ``structures`` besides: products of two columns
    and functions of linear expressions, which make up ``g``; rows that hold only where a binary column has a value;
    semi-continuous columns, which may be 0 too; and special ordered sets.

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
        structures: what the problem holds beyond linear rows, bounds and integrality.
        goals: the rows that a point may miss, at a price; no solver is given any.
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
    structures: Structures = LINEAR
    goals: Goals = NO_GOALS

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
        """Whether any variable must be an integer, is semi-continuous, or there are sets or indicators."""
        held = self.structures
        return bool(self.integer.any() or held.has_semi or len(held.sets) or len(held.indicators))

    @property
    def is_linear(self) -> bool:
        """Whether there is nothing but linear rows, bounds and integrality."""
        return not self.structures

    def __repr__(self) -> str:
        sense = "maximize" if self.maximize else "minimize"
        size = f"{self.num_variables} variables, {self.num_constraints} constraints, {self.num_nonzeros} nonzeros"
        return f"<LXProblem {self.name!r}: {sense}, {size}{'' if self.is_linear else ', not linear'}>"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by field name; those of ``structures`` and ``goals``, if any, by names with a point."""
        own = {name: getattr(self, name) for name in ARRAYS}
        own = own if self.is_linear else own | self.structures.arrays()
        return own | self.goals.arrays() if self.goals else own

    def has_numbers_of(self, other: LXProblem) -> bool:
        """Whether two problems have the same arrays, direction and offset, whatever they are called."""
        mine, others = self.arrays(), other.arrays()
        same = (self.maximize, self.offset) == (other.maximize, other.offset) and self.goals.same_as(other.goals)
        same = same and mine.keys() == others.keys()
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
        """Return ``A x + g(x)``, shape ``(m,)``."""
        products = self.coefficients * x[self.columns]
        sums = _by_row(self, products)
        if self.structures.has_terms:
            sums = sums + self._terms_at(x)[0]
        return sums

    def row_sizes(self, x: FloatArray) -> FloatArray:
        """Return the sum of the absolute values of the terms of each row at a point, shape ``(m,)``."""
        sizes = np.abs(self.coefficients * x[self.columns])
        sums = _by_row(self, sizes)
        if self.structures.has_terms:
            sums = sums + self._terms_at(x, sizes=True)[0]
        return sums

    def objective_at(self, x: FloatArray) -> float:
        """Return ``c'x + c0 + g0(x)``."""
        linear = float(self.objective @ x) + self.offset
        return linear + self._terms_at(x)[1] if self.structures.has_terms else linear

    def objective_size(self, x: FloatArray) -> float:
        """Return the sum of the absolute values of the terms of the objective at a point."""
        linear = abs(self.offset) + float(np.abs(self.objective) @ np.abs(x))
        return linear + self._terms_at(x, sizes=True)[1] if self.structures.has_terms else linear

    def _terms_at(self, x: FloatArray, *, sizes: bool = False) -> tuple[FloatArray, float]:
        rows, values = self.structures.terms_at(x)
        values = np.abs(values) if sizes else values
        in_row = rows != OBJECTIVE
        sums = np.bincount(rows[in_row], weights=values[in_row], minlength=self.num_constraints)
        return sums.astype(np.float64, copy=False), float(values[~in_row].sum())

    def row_bounds_at(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``rl`` and ``ru``, infinite for rows whose indicator is off at a point."""
        if not len(self.structures.indicators):
            return self.row_lower, self.row_upper
        lower, upper, idle = self.row_lower.copy(), self.row_upper.copy(), self.structures.indicators.idle_at(x)
        lower[idle], upper[idle] = -np.inf, np.inf
        return lower, upper

    def bounds_at(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``l`` and ``u``; both are 0 for semi-continuous columns that are nearer to 0 at a point."""
        if not self.structures.has_semi:
            return self.lower, self.upper
        distance = np.maximum(self.lower - x, x - self.upper)
        at_zero = self.structures.semi & ((np.abs(x) <= distance) | (self.lower > self.upper))
        return np.where(at_zero, 0.0, self.lower), np.where(at_zero, 0.0, self.upper)

    def column_name(self, column: int) -> str:
        """Return the name of a column, as ``family[key]``."""
        return block_at(self.variables, column, "x").element(column)

    def row_name(self, row: int) -> str:
        """Return the name of a row, as ``family[key]``."""
        return block_at(self.constraints, row, "row").element(row)

    def column(self, variable: Any, key: Any = None) -> int:
        """Return the position of the column of a variable.

        Args:
            variable: the family, or its name.
            key: of the element, or its row; none where the family has no index.

        Raises:
            LXUnknownNameError: there is no such family.
            LXUnknownKeyError: the family has no such element.
        """
        return known_position(find_block(self.variables, getattr(variable, "name", variable), "variable"), key)

    def row(self, constraint: Any, key: Any = None) -> int:
        """Return the position of the row of a constraint; otherwise as `column`."""
        return known_position(find_block(self.constraints, getattr(constraint, "name", constraint), "constraint"), key)


def _by_row(problem: LXProblem, values: FloatArray) -> FloatArray:
    sums = np.bincount(problem.row_numbers(), weights=values, minlength=problem.num_constraints)
    return np.asarray(sums, dtype=np.float64)


ARRAYS = tuple(field.name for field in fields(LXProblem) if str(field.type).endswith("Array"))
"""The fields that hold arrays."""


def block_at(blocks: tuple[LXBlock, ...], position: int, word: str = "") -> LXBlock:
    """Return the family that has a position; one of no family is by itself, called by a word and its number."""
    for block in blocks:
        if block.start <= position < block.stop:
            return block
    return LXBlock(f"{word}{position}", position, Keys.scalar())


def find_block(blocks: tuple[LXBlock, ...], name: str, word: str) -> LXBlock:
    """Return a family of a problem by name.

    Raises:
        LXUnknownNameError: there is no such family.
    """
    for block in blocks:
        if block.name == name:
            return block
    raise LXUnknownNameError(f"The model has no {word} named {name!r}. It has {listed(one.name for one in blocks)}.")


def position_of(block: LXBlock, key: Any) -> int | None:
    """Return the position of the element with a key, or of a row; None where the family has no such element."""
    position = block.keys.find(key)
    if position is None:
        position = block.keys.find_row(key)
    return None if position is None else block.start + position


def known_position(block: LXBlock, key: Any) -> int:
    """Return the position of the element with a key, or of a row; of the only one for None, where there is no index.

    Raises:
        LXUnknownKeyError: the family has no such element.
    """
    position = position_of(block, () if key is None else key)
    if position is not None:
        return position
    if block.keys.is_scalar:
        raise LXUnknownKeyError(f"{block.name!r} has no key {key!r:.200}: it has no index. Leave the key out.")
    known = listed(block.keys[:3], empty="no element at all") + (", ..." if len(block.keys) > 3 else "")
    wrong = "needs a key: it has" if key is None else f"has no key {key!r:.200}: it has"
    raise LXUnknownKeyError(f"{block.name!r} {wrong} {known}. Give one of its keys, or a row of the family.")
