"""Special ordered sets: a binary column for each place where a set may differ from 0."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import SpecialSets
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.reformulations.rewriting import LXReformulation, LXWay, Native, Rewritten, family_names
from lumix_core.solver.solver import LXFeature

FEATURES = {1: LXFeature.SOS1, 2: LXFeature.SOS2}


def rewrite_special_sets(problem: LXProblem, native: Native) -> Rewritten:
    """Rewrite the sets that the solver does not take; those that restrict nothing are left out."""
    sets = problem.structures.sets
    if not len(sets):
        return Rewritten(problem)
    steps: tuple[LXReformulation, ...] = ()
    kept = np.zeros(len(sets), dtype=np.bool_)
    for kind, feature in FEATURES.items():
        chosen = (sets.kinds == kind) & (np.diff(sets.starts) > kind)
        if not chosen.any():
            continue
        if native.has(feature):
            kept |= chosen
            steps += (_step(kind, int(chosen.sum()), LXWay.NATIVE, f"given to {native.solver!r} as they are"),)
        else:
            problem = _with_binaries(problem, sets, chosen, kind)
            steps += (_step(kind, int(chosen.sum()), LXWay.EXACT, "a binary variable for each place"),)
    return Rewritten(replace(problem, structures=replace(problem.structures, sets=chosen_sets(sets, kept))), steps)


def _step(kind: int, count: int, way: LXWay, how: str) -> LXReformulation:
    return LXReformulation(f"SOS{kind}", count, way, how)


def chosen_sets(sets: SpecialSets, chosen: BoolArray) -> SpecialSets:
    """Return some of the sets."""
    if chosen.all():
        return sets
    lengths = np.diff(sets.starts)
    kept = np.repeat(chosen, lengths)
    starts = np.concatenate([[0], np.cumsum(lengths[chosen])]).astype(np.int32)
    return SpecialSets(sets.kinds[chosen], starts, sets.columns[kept], sets.weights[kept])


@dataclass(frozen=True, eq=False)
class _Members:
    """The places of sets of one kind.

    Args:
        set_of: the set of each.
        columns: the column.
        lower, upper: its bounds, which are finite.
    """

    set_of: IntArray
    columns: IntArray
    lower: FloatArray
    upper: FloatArray

    def taken(self, chosen: IntArray) -> _Members:
        return _Members(self.set_of[chosen], self.columns[chosen], self.lower[chosen], self.upper[chosen])


def _with_binaries(problem: LXProblem, sets: SpecialSets, chosen: BoolArray, kind: int) -> LXProblem:
    sets = chosen_sets(sets, chosen)
    set_of = np.repeat(np.arange(len(sets)), np.diff(sets.starts).astype(np.int64))
    members = _Members(set_of, sets.columns.astype(np.int64), *_bounds(problem, sets.columns, kind))
    grown = Extension(problem)
    (_one_each if kind == 1 else _two_neighbours)(grown, members)
    return grown.finished(problem.structures)


def _bounds(problem: LXProblem, columns: NDArray[np.int32], kind: int) -> tuple[FloatArray, FloatArray]:
    """Return finite bounds of the columns of sets."""
    lower, upper = problem.lower[columns], problem.upper[columns]
    if np.isfinite(lower).all() and np.isfinite(upper).all() and not problem.structures.has_semi:
        return lower, upper
    ranges = Ranges.of(problem)
    if ranges.unbounded(columns) is not None:
        raise ranges.refusal(f"SOS{kind} over {family_names(problem, columns)}", columns)
    return ranges.lower[columns], ranges.upper[columns]


def _one_each(grown: Extension, members: _Members) -> None:
    """At most one column of each set differs from 0; a binary column stands for itself."""
    integer = grown.problem.integer[members.columns]
    binary = integer & (members.lower >= 0.0) & (members.upper <= 1.0)
    chosen = members.columns.copy()
    others = np.flatnonzero(~binary)
    chosen[others] = grown.add_columns("SOS1, is chosen", len(others), 0.0, 1.0, whole=True)
    rows = grown.add_rows("SOS1, one at most", int(members.set_of[-1]) + 1, upper=1.0)
    grown.add_terms(rows[members.set_of], chosen, 1.0)
    _hold(grown, members.taken(others), np.arange(len(others)), chosen[others])


def _two_neighbours(grown: Extension, members: _Members) -> None:
    """Only the two columns at the ends of one chosen piece of each set differ from 0."""
    set_of = members.set_of
    begins = np.insert(np.diff(set_of) > 0, 0, True)
    pieces = np.flatnonzero(~np.append(begins[1:], True))  # a piece goes from a place to the next one
    binaries = grown.add_columns("SOS2, piece is chosen", len(pieces), 0.0, 1.0, whole=True)
    rows = grown.add_rows("SOS2, one piece", int(set_of[-1]) + 1, lower=1.0, upper=1.0)
    grown.add_terms(rows[set_of[pieces]], binaries, 1.0)
    _hold(grown, members, np.concatenate([pieces, pieces + 1]), np.concatenate([binaries, binaries]))


def _hold(grown: Extension, members: _Members, places: IntArray, binaries: IntArray) -> None:
    """Keep columns at 0 unless a binary is 1 that belongs to them.

    Args:
        grown: what rows are added to.
        members: the columns.
        places: the place that each binary belongs to.
        binaries: the binaries.
    """
    sides = (("upper", members.upper, members.upper > 0.0), ("lower", members.lower, members.lower < 0.0))
    for side, bounds, needed in sides:
        held = np.flatnonzero(needed)
        rows = np.full(len(needed), -1)
        rows[held] = grown.add_rows("set, held at 0", len(held), **{side: 0.0})
        grown.add_terms(rows[held], members.columns[held], 1.0)
        linked = needed[places]
        grown.add_terms(rows[places[linked]], binaries[linked], -bounds[places[linked]])
