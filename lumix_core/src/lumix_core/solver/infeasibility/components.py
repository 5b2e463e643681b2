"""Parts of a problem that have no variable in common: each can be feasible, or not, by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lumix_core.problem.arrays import BoolArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.requirements import Requirements


def component_of_columns(problem: LXProblem) -> IntArray:
    """Return the number of the component of each column: the first column that it is joined to; shape ``(n,)``.

    Two columns are joined by a row that has both. Labels spread along rows, and jump to the label of their label, so
    that few rounds suffice for long chains too.
    """
    labels = np.arange(problem.num_variables)
    rows, columns = problem.row_numbers(), problem.columns
    while True:
        least = np.full(problem.num_constraints, problem.num_variables)
        np.minimum.at(least, rows, labels[columns])
        spread = labels.copy()
        np.minimum.at(spread, columns, least[rows])
        spread = spread[spread]
        if np.array_equal(spread, labels):
            return labels
        labels = spread


def infeasible_components(
    problem: LXProblem, is_infeasible: Callable[[Requirements], bool | None]
) -> Requirements | None:
    """Return the requirements of a component that has no point, or None where none was found.

    Components are asked for together, then by halves: of some thousands a dozen questions or two find one.

    Args:
        problem: a problem without a point.
        is_infeasible: whether a part of it has none; None where that is not known.
    """
    labels = component_of_columns(problem)
    sizes = np.bincount(labels, minlength=problem.num_variables)
    candidates = np.flatnonzero(sizes)
    candidates = candidates[np.argsort(sizes[candidates], kind="stable")]
    found: Requirements | None = None
    while len(candidates) > 1:
        halves = np.array_split(candidates, 2)
        parts = [_requirements(problem, np.isin(labels, half)) for half in halves]
        chosen = next((i for i, part in enumerate(parts) if len(part) and is_infeasible(part)), None)
        if chosen is None:
            return found
        found, candidates = parts[chosen], halves[chosen]
    return found


def _requirements(problem: LXProblem, columns: BoolArray) -> Requirements:
    """Return what a problem requires of some columns, which are whole components, and of their rows."""
    rows = np.zeros(problem.num_constraints, dtype=np.bool_)
    rows[problem.row_numbers()[columns[problem.columns]]] = True
    every = Requirements.every(problem)
    return every & Requirements.of(
        problem, row_lower=rows, row_upper=rows, lower=columns, upper=columns, integer=columns
    )
