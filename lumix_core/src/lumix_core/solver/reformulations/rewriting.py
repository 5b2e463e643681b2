"""What a rewriting is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.problem import LXProblem, block_at
from lumix_core.problem.structures import Quadratics
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.solver import LimitsSemicontinuous, LXFeature, Solver


class LXWay(StrEnum):
    """How a solver is given something that is not linear."""

    NATIVE = "native"
    """As it is: the solver has it."""
    EXACT = "exact"
    """Rewritten into linear rows and whole variables that mean the same."""
    RELAXATION = "relaxation"
    """Replaced by linear rows that every point of the model satisfies, and others too: see ``solution.relaxation``."""


@dataclass(frozen=True)
class LXReformulation:
    """How one kind of thing in a model was given to a solver.

    Args:
        construct: what it is, with the families that it is in.
        count: how many there are.
        way: native, exact or relaxation.
        how: what it was rewritten into.
    """

    construct: str
    count: int
    way: LXWay
    how: str

    def __str__(self) -> str:
        return f"{self.construct} ({self.count:,}): {self.way}, {self.how}"


@dataclass(frozen=True)
class Native:
    """What a solver takes as it is.

    Args:
        solver: its name.
        features: what it has.
        largest_semicontinuous: the largest upper bound of a semi-continuous column that it takes.
        segments: into how many parts a factor of a relaxed product is cut.
        points: where tangents of convex sums of products touch these, besides a few places that are always there.
    """

    solver: str
    features: frozenset[LXFeature]
    largest_semicontinuous: float = np.inf
    segments: int = 1
    points: tuple[FloatArray, ...] = ()
    _ranges: list[Ranges] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, solver: Solver, segments: int = 1, points: tuple[FloatArray, ...] = ()) -> Native:
        """Return what a solver takes."""
        largest = solver.largest_semicontinuous if isinstance(solver, LimitsSemicontinuous) else np.inf
        return cls(solver.name, frozenset(solver.features), float(largest), segments, points)

    def ranges_of(self, problem: LXProblem) -> Ranges:
        """Return the ranges of the columns of a problem; they are derived once for a series of rewritings."""
        if not self._ranges:
            self._ranges.append(Ranges.of(problem))
        return self._ranges[0].extended(problem)

    def has(self, feature: LXFeature) -> bool:
        """Whether the solver has a feature."""
        return feature in self.features


@dataclass(frozen=True, eq=False)
class Product:
    """A product of two columns that was replaced by a column which need not equal it.

    Args:
        left, right: the columns.
        column: what stands for their product.
    """

    left: int
    right: int
    column: int


@dataclass(frozen=True, eq=False)
class Tangents:
    """A sum of products that columns stand for, each for a part of it, which are on the outer side of its tangents.

    Args:
        products: of one row, or of the objective, divided by ``scale``.
        columns: what stands for the parts of their sum.
        sign: 1 where the sum is convex, and each column at least every tangent; -1 where it is concave.
        scale: what the row, or the objective, has the columns times.
    """

    products: Quadratics
    columns: IntArray
    sign: float
    scale: float

    def gap_at(self, x: FloatArray) -> float:
        """Return by how much the sum passes the columns that stand for it, relative to its terms and 1.

        Beside small products that 1 is their size, since what they bring may be all that there is.
        """
        terms = self.products.products_at(x)
        passed = self.sign * (float(terms.sum()) - float(x[self.columns].sum()))
        return passed / (min(1.0, 1.0 / self.scale) + float(np.abs(terms).sum()))


@dataclass(frozen=True, eq=False)
class Rewritten:
    """What a rewriting returns.

    Args:
        problem: the new problem; the columns and rows of the old one come first.
        steps: what was done.
        products: products that are relaxed.
        tangents: convex sums of products that are kept by tangents.
    """

    problem: LXProblem
    steps: tuple[LXReformulation, ...] = ()
    products: tuple[Product, ...] = ()
    tangents: tuple[Tangents, ...] = ()


Rewriting = Callable[[LXProblem, Native], Rewritten]


def family_names(problem: LXProblem, columns: NDArray[np.int32] | NDArray[np.int64]) -> str:
    """Return the names of the families that some columns belong to, for messages."""
    blocks = dict.fromkeys(block_at(problem.variables, int(column), "x").name for column in _firsts(problem, columns))
    names = [repr(name) for name in blocks]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _firsts(problem: LXProblem, columns: NDArray[np.int32] | NDArray[np.int64]) -> list[int]:
    """Return one of some columns for each family that has any."""
    starts = np.array([block.start for block in problem.variables], dtype=np.int64)
    _, firsts = np.unique(np.searchsorted(starts, columns, side="right"), return_index=True)
    return [int(columns[position]) for position in np.sort(firsts)]
