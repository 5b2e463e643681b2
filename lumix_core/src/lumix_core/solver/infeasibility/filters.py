"""Filters that leave, of all that an infeasible problem requires, a set of which nothing can be left out.

The elastic filter and the deletion filter are those of J. W. Chinneck, "Feasibility and Infeasibility in
Optimization" (Springer, 2008), chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import BoolArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements, part_of
from lumix_core.solver.infeasibility.elastic import elastic, missed
from lumix_core.solver.infeasibility.prober import NO_POINT, Prober

ROUNDS = 500
"""How many problems the elastic filter may solve."""
PRICE = 1e-9
"""What counts as a price, where missing a side by 1 costs 1."""


def priced_conflict(problem: LXProblem, prober: Prober) -> Requirements | None:
    """Return the requirements that have a price where all of them may be missed; None without duals.

    In a problem without integers the duals of the elastic problem combine these requirements to one that no point
    satisfies (the lemma of Farkas).
    """
    soft = Requirements.every(problem)
    result = None if problem.is_mip else prober.solve(elastic(problem, soft))
    if result is None or result.duals is None or not len(soft):
        return None
    prices = result.duals[-len(soft) :]
    return soft.only(soft.places()[np.abs(prices) > PRICE])


def elastic_filter(problem: LXProblem, prober: Prober) -> Requirements | None:
    """Return a small set of requirements that cannot hold together, or None where the solver does not find any.

    What a point of least total misses is made hard, until no point is left: then the hard ones contradict each
    other. With integers the bounds are hard from the start, so that the search has an end.
    """
    every = Requirements.every(problem)
    bounds = every - every.of_rows
    hard = bounds if problem.is_mip else Requirements.none(problem)
    for _ in range(ROUNDS):
        result = prober.solve_soon(elastic(problem, every.of_rows | every.of_bounds - hard))
        if result is not None and result.status in NO_POINT:
            return hard
        if result is None or result.x is None:
            return None
        stretched = missed(problem, result.x[: problem.num_variables]) & every - hard
        if not len(stretched):  # what the point misses is within the tolerance
            return None
        hard |= stretched
    return None


@dataclass
class DeletionFilter:
    """Leaves out one requirement after the other, as long as the rest still cannot hold together.

    Attributes:
        kept: what is left; it cannot hold together at any time.
        proved: whether every requirement that is left was seen to be needed.
    """

    problem: LXProblem
    prober: Prober
    kept: Requirements
    proved: bool = True

    def run(self) -> Requirements:
        """Try all: integrality by family, rows by side, then bounds.

        The bounds of all variables in the rows take part from the start: with a bound such as ``x >= 0`` a row
        can often be left out, and a conflict of fewer rows is easier to read.
        """
        for group in self._integrality():
            self._try(group, split=False)
        added = self._bounds_of_rows() - self.kept
        self.kept |= added
        for position in self.kept.of_rows.places():
            self._try(np.array([position]))
        self._drop_bounds_of_no_row()
        self._try((self.kept & added).places())
        bounds = self.kept.of_bounds.places()
        together = len(bounds) if self.kept.integer.any() else 1  # of those of integers most can go at once
        for start in range(0, len(bounds), max(together, 1)):
            self._try(bounds[start : start + together])
        return self.kept

    def _integrality(self) -> Iterator[IntArray]:
        """Yield the places of the integrality of each family."""
        start = len(self.kept.mask) - self.kept.columns
        for span in [block.span for block in self.problem.variables] or [slice(None)]:
            columns = np.arange(self.kept.columns)[span]
            yield start + columns[self.kept.integer[columns]]

    def _try(self, group: IntArray, *, split: bool = True) -> None:
        """Leave out a group; where the rest can hold then, try its halves."""
        if not len(group):
            return
        rest = self.kept.without(group)
        answer = self.prober.infeasible_soon(part_of(self.problem, rest))
        if answer:
            self.kept = rest
        elif len(group) > 1 and split:
            for half in np.array_split(group, 2):
                self._try(half)
        elif answer is None:
            self.proved = False

    def _bounds_of_rows(self) -> Requirements:
        """Return the bounds of the columns in the rows that are left."""
        used = self._used_columns()
        return Requirements.every(self.problem) & Requirements.of(self.problem, lower=used, upper=used)

    def _drop_bounds_of_no_row(self) -> None:
        """Leave out bounds and integrality of columns in no row that is left: alone they contradict nothing."""
        unused = ~self._used_columns()
        self.kept -= Requirements.of(self.problem, lower=unused, upper=unused, integer=unused)

    def _used_columns(self) -> BoolArray:
        rows = np.repeat(self.kept.row_lower | self.kept.row_upper, np.diff(self.problem.row_starts))
        used = np.zeros(self.problem.num_variables, dtype=np.bool_)
        used[self.problem.columns[rows]] = True
        return used
