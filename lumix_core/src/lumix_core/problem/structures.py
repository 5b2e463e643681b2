"""What a problem may hold beyond linear rows, as arrays: semi-continuous columns, sets, indicators, curves, products.

Nothing here has columns of its own: a function stands in rows as it is, and its value follows from the point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import BoolArray, FloatArray, IndexArray

OBJECTIVE = -1
"""Stands for the objective where the number of a row is asked for."""
Labels = tuple[tuple[str, int], ...]
"""What messages call elements that follow each other, and how many there are of each name."""


class FunctionKind(IntEnum):
    """What a function computes of its arguments."""

    ABS = 0
    MIN = 1
    MAX = 2
    PIECEWISE = 3


def _no_index() -> IndexArray:
    return np.zeros(0, dtype=np.int32)


def _no_starts() -> IndexArray:
    return np.zeros(1, dtype=np.int32)


def _no_floats() -> FloatArray:
    return np.zeros(0)


def _no_flags() -> BoolArray:
    return np.zeros(0, dtype=np.bool_)


class _Arrays:
    """Read-only arrays by name."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            array.setflags(write=False)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by field name."""
        names = (field.name for field in fields(self) if str(field.type).endswith("Array"))  # type: ignore[arg-type]
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False, slots=True)
class SpecialSets(_Arrays):
    """Special ordered sets: of each, at most one column (kind 1), or two neighbours (kind 2), differ from 0.

    With ``s`` sets:

    Args:
        kinds: 1 or 2, int32, shape ``(s,)``.
        starts: where the columns of each set start, int32, shape ``(s + 1,)``.
        columns: int32, in the order of their weights within a set.
        weights: float64, rising within a set, of the length of ``columns``.
        labels: what messages call the sets.
    """

    kinds: IndexArray = field(default_factory=_no_index)
    starts: IndexArray = field(default_factory=_no_starts)
    columns: IndexArray = field(default_factory=_no_index)
    weights: FloatArray = field(default_factory=_no_floats)
    labels: Labels = ()

    def __len__(self) -> int:
        return len(self.kinds)

    def __iter__(self) -> Iterator[tuple[int, IndexArray, FloatArray]]:
        """Yield kind, columns and weights of each set."""
        for kind, start, stop in zip(self.kinds.tolist(), self.starts[:-1], self.starts[1:], strict=True):
            yield kind, self.columns[start:stop], self.weights[start:stop]


@dataclass(frozen=True, eq=False, slots=True)
class Indicators(_Arrays):
    """Rows that need to hold only where a binary column has a value; with ``p`` of them:

    Args:
        rows: int32, rising, shape ``(p,)``.
        columns: of the binary variables, int32, shape ``(p,)``.
        values: whether the row holds where the column is 1, or else where it is 0; bool, shape ``(p,)``.
    """

    rows: IndexArray = field(default_factory=_no_index)
    columns: IndexArray = field(default_factory=_no_index)
    values: BoolArray = field(default_factory=_no_flags)

    def __len__(self) -> int:
        return len(self.rows)

    def idle_at(self, x: FloatArray) -> IndexArray:
        """Return the rows that need not hold at a point."""
        return np.asarray(self.rows[(x[self.columns] > 0.5) != self.values], dtype=np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Quadratics(_Arrays):
    """Products of two columns, each with a coefficient in a row or in the objective; with ``q`` of them:

    Args:
        rows: `OBJECTIVE` or a row, rising; int32, shape ``(q,)``.
        left, right: the columns, ``left <= right``, no pair twice in a row; int32, shape ``(q,)``.
        values: the coefficients: ``3.0`` for ``3 x_i x_j``; never 0; float64, shape ``(q,)``.
    """

    rows: IndexArray = field(default_factory=_no_index)
    left: IndexArray = field(default_factory=_no_index)
    right: IndexArray = field(default_factory=_no_index)
    values: FloatArray = field(default_factory=_no_floats)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def of_objective(self) -> BoolArray:
        """Whether each product is in the objective, shape ``(q,)``."""
        return np.asarray(self.rows == OBJECTIVE, dtype=np.bool_)

    def products_at(self, x: FloatArray) -> FloatArray:
        """Return each product times its coefficient at a point, shape ``(q,)``."""
        return np.asarray(self.values * x[self.left] * x[self.right], dtype=np.float64)

    def taken(self, chosen: NDArray[Any]) -> Quadratics:
        """Return some of the products, by a mask or their positions."""
        return Quadratics(self.rows[chosen], self.left[chosen], self.right[chosen], self.values[chosen])

    @classmethod
    def of(cls, rows: NDArray[Any], left: NDArray[Any], right: NDArray[Any], values: FloatArray) -> Quadratics:
        """Return products in order, those of one pair in one row added up."""
        low, high = np.minimum(left, right), np.maximum(left, right)
        order = np.lexsort((high, low, rows))
        rows, low, high, values = rows[order], low[order], high[order], values[order]
        if len(rows):
            same = (np.diff(rows) == 0) & (np.diff(low) == 0) & (np.diff(high) == 0)
            firsts = np.flatnonzero(np.concatenate([[True], ~same]))
            rows, low, high = rows[firsts], low[firsts], high[firsts]
            values = np.add.reduceat(values, firsts)
        kept = values != 0.0
        rows, low, high = (part[kept].astype(np.int32) for part in (rows, low, high))
        return cls(rows, low, high, values[kept].astype(np.float64))


@dataclass(frozen=True, eq=False, slots=True)
class Functions(_Arrays):
    """Functions of linear expressions, each with coefficients in rows and in the objective.

    With ``f`` functions, ``g`` arguments of all of them and ``u`` uses:

    Args:
        kinds: of `FunctionKind`, int32, shape ``(f,)``.
        starts: where the arguments of each function start, int32, shape ``(f + 1,)``.
        argument_starts: where the terms of each argument start, int32, shape ``(g + 1,)``.
        argument_columns, argument_coefficients: the terms of the arguments.
        argument_constants: float64, shape ``(g,)``.
        point_starts: where the breakpoints of each function start; none but for `PIECEWISE`; int32, shape ``(f + 1,)``.
        point_x, point_y: the breakpoints, ``x`` rising. Arguments stay between the first and the last.
        errors: how far the curve that the breakpoints stand for is from them at most; 0 where they are exact;
            float64, shape ``(f,)``.
        use_rows: `OBJECTIVE` or a row, int32, shape ``(u,)``.
        use_functions: the function, int32, shape ``(u,)``.
        use_values: the coefficient, float64, shape ``(u,)``.
        labels: what messages call the functions.
    """

    kinds: IndexArray = field(default_factory=_no_index)
    starts: IndexArray = field(default_factory=_no_starts)
    argument_starts: IndexArray = field(default_factory=_no_starts)
    argument_columns: IndexArray = field(default_factory=_no_index)
    argument_coefficients: FloatArray = field(default_factory=_no_floats)
    argument_constants: FloatArray = field(default_factory=_no_floats)
    point_starts: IndexArray = field(default_factory=_no_starts)
    point_x: FloatArray = field(default_factory=_no_floats)
    point_y: FloatArray = field(default_factory=_no_floats)
    errors: FloatArray = field(default_factory=_no_floats)
    use_rows: IndexArray = field(default_factory=_no_index)
    use_functions: IndexArray = field(default_factory=_no_index)
    use_values: FloatArray = field(default_factory=_no_floats)
    labels: Labels = ()

    def __len__(self) -> int:
        return len(self.kinds)

    def argument_numbers(self) -> NDArray[np.int64]:
        """Return the argument of each term."""
        return np.repeat(np.arange(len(self.argument_constants)), np.diff(self.argument_starts))

    def arguments_at(self, x: FloatArray) -> FloatArray:
        """Return the arguments at a point, shape ``(g,)``."""
        terms = self.argument_coefficients * x[self.argument_columns]
        sums = np.bincount(self.argument_numbers(), weights=terms, minlength=len(self.argument_constants))
        return np.asarray(sums + self.argument_constants, dtype=np.float64)

    def points(self, function: int) -> tuple[FloatArray, FloatArray]:
        """Return the breakpoints of a function."""
        span = slice(int(self.point_starts[function]), int(self.point_starts[function + 1]))
        return self.point_x[span], self.point_y[span]

    def values_at(self, x: FloatArray) -> FloatArray:
        """Return the functions at a point, shape ``(f,)``; a curve goes on beyond its ends as it does at them."""
        arguments = self.arguments_at(x)
        if not len(self):
            return np.empty(0)
        firsts = self.starts[:-1]
        values = np.where(self.kinds == FunctionKind.MIN, np.minimum.reduceat(arguments, firsts), 0.0)
        values = np.where(self.kinds == FunctionKind.MAX, np.maximum.reduceat(arguments, firsts), values)
        values = np.where(self.kinds == FunctionKind.ABS, np.abs(arguments[firsts]), values)
        curved = self.kinds == FunctionKind.PIECEWISE
        if curved.any():
            values[curved] = self._curves_at(arguments[firsts])[curved]
        return np.asarray(values, dtype=np.float64)

    def _curves_at(self, x: FloatArray) -> FloatArray:
        """Return the curve of each function at its own argument; 0 for functions without breakpoints."""
        counts = np.diff(self.point_starts)
        of_point = np.repeat(np.arange(len(self)), counts)
        passed = np.bincount(of_point, weights=self.point_x < x[of_point], minlength=len(self)).astype(np.int64)
        curves = np.flatnonzero(counts > 1)
        left = self.point_starts[curves] + np.clip(passed[curves] - 1, 0, counts[curves] - 2)
        width, height = (points[left + 1] - points[left] for points in (self.point_x, self.point_y))
        values = np.zeros(len(self))
        nearer = left + (x[curves] - self.point_x[left] > self.point_x[left + 1] - x[curves])
        values[curves] = self.point_y[nearer] + height / width * (x[curves] - self.point_x[nearer])
        return values

    def label(self, function: int) -> str:
        """Return what messages call a function."""
        return label_at(self.labels, function)


def label_at(labels: Labels, position: int) -> str:
    """Return what an element at a position is called."""
    for name, count in labels:
        if position < count:
            return name
        position -= count
    return f"number {position}"


@dataclass(frozen=True, eq=False, slots=True)
class Structures:
    """All that a problem holds beyond linear rows, bounds and integrality.

    Args:
        semi: the columns that are 0 or within their bounds, bool, shape ``(n,)``; shape ``(0,)`` where none is.
        sets: special ordered sets.
        indicators: rows that hold only where a binary column has a value.
        quadratics: products of two columns, in rows and in the objective.
        functions: absolute values, minima, maxima and curves, in rows and in the objective.
    """

    semi: BoolArray = field(default_factory=_no_flags)
    sets: SpecialSets = SpecialSets()
    indicators: Indicators = Indicators()
    quadratics: Quadratics = Quadratics()
    functions: Functions = Functions()

    def __post_init__(self) -> None:
        self.semi.setflags(write=False)

    def __bool__(self) -> bool:
        return bool(self.has_semi or len(self.sets) or len(self.indicators) or self.has_terms)

    @property
    def has_semi(self) -> bool:
        """Whether any column is semi-continuous or semi-integer."""
        return bool(self.semi.any())

    @property
    def has_terms(self) -> bool:
        """Whether rows, or the objective, have terms that are not linear."""
        return bool(len(self.quadratics) or len(self.functions.use_rows))

    @property
    def has_choices(self) -> bool:
        """Whether there is anything that only branching decides, as integrality is."""
        return bool(self.has_semi or len(self.sets) or len(self.indicators) or len(self.functions))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, such as ``sets.columns``; none of parts that are empty."""
        arrays: dict[str, NDArray[Any]] = {"semi": self.semi} if self.has_semi else {}
        for name in PARTS:
            part = getattr(self, name)
            if len(part):
                arrays |= {f"{name}.{key}": array for key, array in part.arrays().items()}
        return arrays

    def same_as(self, other: Structures) -> bool:
        """Whether two problems hold the same of everything."""
        mine, others = self.arrays(), other.arrays()
        return self is other or (
            mine.keys() == others.keys() and all(np.array_equal(mine[name], others[name]) for name in mine)
        )

    def terms_at(self, x: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
        """Return the rows (or `OBJECTIVE`) and the values at a point of all terms that are not linear."""
        functions = self.functions
        values = functions.use_values * functions.values_at(x)[functions.use_functions]
        rows = np.concatenate([self.quadratics.rows, functions.use_rows]).astype(np.int64)
        return rows, np.concatenate([self.quadratics.products_at(x), values])

    def rows_with_terms(self) -> NDArray[np.int64]:
        """Return the rows with a term that is not linear, each once."""
        rows = np.unique(np.concatenate([self.quadratics.rows, self.functions.use_rows]))
        return np.asarray(rows[rows != OBJECTIVE], dtype=np.int64)

    def columns(self) -> NDArray[np.int64]:
        """Return the columns that anything here refers to, each once."""
        functions, products = self.functions, self.quadratics
        parts = (
            np.flatnonzero(self.semi),
            self.sets.columns,
            self.indicators.columns,
            products.left,
            products.right,
            functions.argument_columns,
        )
        return np.unique(np.concatenate(parts)).astype(np.int64)


PARTS = ("sets", "indicators", "quadratics", "functions")
LINEAR = Structures()
"""The structures of a linear problem: none."""
