"""Curves by breakpoints: a row for each piece where convexity allows it, else a special ordered set of weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import Functions, SpecialSets
from lumix_core.solver.reformulations.arguments import Terms, pushed
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.rewriting import LXReformulation, LXWay, Native, Rewritten

STRAIGHT = 1e-9
"""How much two slopes may differ, relative to their size, and still count as one."""


def rewrite_piecewise(problem: LXProblem, native: Native) -> Rewritten:
    """Rewrite curves; all functions that are left must be curves."""
    functions = problem.structures.functions
    if not len(functions):
        return Rewritten(problem)
    free = _has_right_shape(problem)
    grown = Extension(problem)
    terms = Terms.of(functions, functions.starts[:-1].astype(np.int64))
    _add_pieces(grown, functions, terms, np.flatnonzero(free))
    sets = _add_weights(grown, functions, terms, np.flatnonzero(~free))
    structures = replace(problem.structures, functions=Functions(), sets=_joined(problem.structures.sets, sets))
    return Rewritten(grown.finished(structures), _steps(free))


def _steps(free: BoolArray) -> tuple[LXReformulation, ...]:
    ways = (
        (free, "a row for each piece, since the curve bends the way it is pushed"),
        (~free, "weights of the breakpoints, in an SOS2"),
    )
    return tuple(LXReformulation("curves", int(chosen.sum()), LXWay.EXACT, how) for chosen, how in ways if chosen.any())


@dataclass(frozen=True, eq=False)
class _Pieces:
    """The pieces of curves: the function, the slope and the left end of each."""

    function: IntArray
    slope: FloatArray
    left: IntArray

    @classmethod
    def of(cls, functions: Functions) -> _Pieces:
        counts = np.diff(functions.point_starts).astype(np.int64)
        of_point = np.repeat(np.arange(len(functions)), counts)
        left = np.flatnonzero(np.append(of_point[1:] == of_point[:-1], False))
        width, height = (points[left + 1] - points[left] for points in (functions.point_x, functions.point_y))
        return cls(of_point[left], height / width, left)


def _bends(functions: Functions, pieces: _Pieces) -> tuple[BoolArray, BoolArray]:
    """Return which curves bend up somewhere, and which bend down."""
    same = pieces.function[1:] == pieces.function[:-1]
    bend = np.diff(pieces.slope)
    room = STRAIGHT * (np.abs(pieces.slope[1:]) + np.abs(pieces.slope[:-1]))
    up, down = (
        np.bincount(pieces.function[1:], weights=bent, minlength=len(functions)) > 0
        for bent in (same & (bend > room), same & (bend < -room))
    )
    return up, down


def _has_right_shape(problem: LXProblem) -> BoolArray:
    """Return which curves are the largest (or smallest) of their pieces, and nowhere kept up (or down)."""
    functions = problem.structures.functions
    up, down = _bends(functions, _Pieces.of(functions))
    only_up, only_down = pushed(problem)
    return np.asarray((~down & only_up) | (~up & only_down) | ~(up | down), dtype=np.bool_)


def _add_pieces(grown: Extension, functions: Functions, terms: Terms, chosen: IntArray) -> None:
    """Add a column for each curve, above all of its pieces, or below; on its only one where it is straight."""
    if not len(chosen):
        return
    values = np.full(len(functions), -1)
    starts = functions.point_starts[chosen]
    low, high = (part.reduceat(functions.point_y, starts) for part in (np.minimum, np.maximum))
    values[chosen] = grown.add_columns("curve", len(chosen), low, high)
    pieces = _Pieces.of(functions)
    up, down = _bends(functions, pieces)
    is_first = np.insert(np.diff(pieces.function) > 0, 0, True)
    kept = np.isin(pieces.function, chosen) & (is_first | (up | down)[pieces.function])
    function, slope, left = pieces.function[kept], pieces.slope[kept], pieces.left[kept]
    height = functions.point_y[left] - slope * functions.point_x[left] + slope * terms.constants[function]
    lower, upper = np.where(down[function], -np.inf, height), np.where(up[function], np.inf, height)
    rows = grown.add_rows("curve, pieces", len(function), lower, upper)
    grown.add_terms(rows, values[function], 1.0)
    _add_arguments(grown, terms, function, rows, -slope)
    _add_domain(grown, functions, terms, chosen)
    used = values[functions.use_functions] >= 0
    grown.add_terms(functions.use_rows[used], values[functions.use_functions[used]], functions.use_values[used])


def _add_arguments(grown: Extension, terms: Terms, function: IntArray, rows: IntArray, factors: FloatArray) -> None:
    """Add the argument of a function, times a factor, to each of some rows."""
    order = np.argsort(terms.argument, kind="stable")
    counts = np.bincount(terms.argument, minlength=len(terms.constants))
    firsts = np.cumsum(counts) - counts
    lengths = counts[function]
    repeated = np.repeat(np.arange(len(rows)), lengths)
    within = np.arange(len(repeated)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    places = order[firsts[function[repeated]] + within]
    grown.add_terms(rows[repeated], terms.columns[places], terms.values[places] * factors[repeated])


def _add_domain(grown: Extension, functions: Functions, terms: Terms, chosen: IntArray) -> None:
    """Keep arguments between the ends of their curves."""
    first = functions.point_x[functions.point_starts[chosen]] - terms.constants[chosen]
    last = functions.point_x[functions.point_starts[chosen + 1] - 1] - terms.constants[chosen]
    rows = grown.add_rows("curve, ends", len(chosen), first, last)
    _add_arguments(grown, terms, chosen, rows, np.ones(len(chosen)))


def _add_weights(grown: Extension, functions: Functions, terms: Terms, chosen: IntArray) -> SpecialSets:
    """Write each curve as a mean of its breakpoints, with weights in an SOS2, which is returned."""
    if not len(chosen):
        return SpecialSets()
    points = np.flatnonzero(np.repeat(np.isin(np.arange(len(functions)), chosen), np.diff(functions.point_starts)))
    function = np.searchsorted(functions.point_starts, points, side="right") - 1
    weights = grown.add_columns("curve, weights", len(points), 0.0, 1.0)
    place = np.full(len(functions), -1)
    place[chosen] = np.arange(len(chosen))
    ones = grown.add_rows("curve, weights are 1", len(chosen), 1.0, 1.0)
    grown.add_terms(ones[place[function]], weights, 1.0)
    means = grown.add_rows("curve, argument", len(chosen), -terms.constants[chosen], -terms.constants[chosen])
    _add_arguments(grown, terms, chosen, means, np.ones(len(chosen)))
    grown.add_terms(means[place[function]], weights, -functions.point_x[points])
    _use_weights(grown, functions, function, points, weights)
    starts = np.concatenate([[0], np.cumsum(np.diff(functions.point_starts)[chosen])]).astype(np.int32)
    kinds = np.full(len(chosen), 2, dtype=np.int32)
    return SpecialSets(kinds, starts, weights.astype(np.int32), functions.point_x[points])


def _use_weights(
    grown: Extension, functions: Functions, function: IntArray, points: IntArray, weights: IntArray
) -> None:
    """Let the weights, times the heights of the breakpoints, stand where the curves stood."""
    counts = np.bincount(function, minlength=len(functions))
    firsts = np.cumsum(counts) - counts
    lengths = counts[functions.use_functions]
    use = np.repeat(np.arange(len(functions.use_rows)), lengths)
    within = np.arange(len(use)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    places = firsts[functions.use_functions[use]] + within
    heights = functions.point_y[points[places]]
    grown.add_terms(functions.use_rows[use], weights[places], functions.use_values[use] * heights)


def _joined(one: SpecialSets, other: SpecialSets) -> SpecialSets:
    if not len(one) or not len(other):
        return one if len(one) else other
    return SpecialSets(
        np.concatenate([one.kinds, other.kinds]),
        np.concatenate([one.starts, other.starts[1:] + one.starts[-1]]).astype(np.int32),
        np.concatenate([one.columns, other.columns]),
        np.concatenate([one.weights, other.weights]),
        labels=one.labels,
    )
