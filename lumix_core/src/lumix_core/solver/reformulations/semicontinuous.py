"""Semi-continuous and semi-integer columns: a binary column each, for "not 0"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import USABLE, Ranges
from lumix_core.solver.reformulations.rewriting import LXReformulation, LXWay, Native, Rewritten, family_names
from lumix_core.solver.solver import LXFeature


def rewrite_semicontinuous(problem: LXProblem, native: Native) -> Rewritten:
    """Rewrite the columns that the solver does not take: ``l z <= x <= u z``, with ``z`` binary.

    Columns whose bounds allow 0 become ordinary ones; those whose bounds cross are 0.
    """
    if not problem.structures.has_semi:
        return Rewritten(problem)
    problem = _settled(problem)
    semi = problem.structures.semi
    if not semi.any():
        return Rewritten(problem)
    lower, upper = _narrowed(problem, native)
    taken = _taken(problem, native, upper)
    steps = _steps(problem, semi & taken, LXWay.NATIVE, f"given to solver {native.solver!r} as they are")
    left = semi & ~taken
    steps += _steps(problem, left, LXWay.EXACT, "a binary variable each, 1 where it is not 0")
    made = _with_binaries(problem, left, lower, upper)
    return Rewritten(replace(made, upper=_capped(made.upper, semi & taken, upper)), steps)


def _settled(problem: LXProblem) -> LXProblem:
    """Return the problem with ordinary columns in place of those that are semi-continuous in name only."""
    semi, lower, upper = problem.structures.semi, problem.lower, problem.upper
    crossed = semi & (lower > upper)
    plain = crossed | ((lower <= 0.0) & (upper >= 0.0))
    return replace(
        problem,
        lower=np.where(crossed, 0.0, lower),
        upper=np.where(crossed, 0.0, upper),
        structures=replace(problem.structures, semi=semi & ~plain),
    )


def _narrowed(problem: LXProblem, native: Native) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of semi-continuous columns, narrowed by rows where they are too wide."""
    semi = problem.structures.semi
    most = min(USABLE, native.largest_semicontinuous)
    wide = semi & (np.maximum(np.abs(problem.lower), np.abs(problem.upper)) >= most)
    if not wide.any():
        return problem.lower, problem.upper
    ranges = Ranges.of(problem)
    lower = np.where(wide & (problem.upper < 0), np.maximum(problem.lower, ranges.lower), problem.lower)
    upper = np.where(wide & (problem.lower > 0), np.minimum(problem.upper, ranges.upper), problem.upper)
    endless = wide & (np.isinf(lower) | np.isinf(upper) | (np.maximum(np.abs(lower), np.abs(upper)) > USABLE))
    if endless.any():
        columns = np.flatnonzero(endless).astype(np.int32)
        name = family_names(problem, columns[:1])
        raise ranges.refusal(f"the semi-continuous variable {name}", columns)
    return lower, upper


def _taken(problem: LXProblem, native: Native, upper: FloatArray) -> BoolArray:
    within = (problem.lower > 0.0) & (upper <= native.largest_semicontinuous)
    continuous, whole = native.has(LXFeature.SEMICONTINUOUS), native.has(LXFeature.SEMIINTEGER)
    return np.asarray(within & np.where(problem.integer, whole, continuous), dtype=np.bool_)


def _capped(bounds: FloatArray, chosen: BoolArray, caps: FloatArray) -> FloatArray:
    capped = bounds.copy()
    capped[: len(chosen)] = np.where(chosen, caps, bounds[: len(chosen)])
    return capped


def _with_binaries(problem: LXProblem, chosen: BoolArray, lower: FloatArray, upper: FloatArray) -> LXProblem:
    columns = np.flatnonzero(chosen)
    if not len(columns):
        return problem
    grown = Extension(problem)
    used = grown.add_columns("semi-continuous, is used", len(columns), 0.0, 1.0, whole=True)
    above = grown.add_rows("semi-continuous, at most", len(columns), upper=0.0)
    below = grown.add_rows("semi-continuous, at least", len(columns), lower=0.0)
    grown.add_terms(above, columns, 1.0)
    grown.add_terms(above, used, -upper[columns])
    grown.add_terms(below, columns, 1.0)
    grown.add_terms(below, used, -lower[columns])
    grown.change("lower")[columns] = np.minimum(lower[columns], 0.0)
    grown.change("upper")[columns] = np.maximum(upper[columns], 0.0)
    return grown.finished(replace(problem.structures, semi=problem.structures.semi & ~chosen))


def _steps(problem: LXProblem, chosen: BoolArray, way: LXWay, how: str) -> tuple[LXReformulation, ...]:
    columns = np.flatnonzero(chosen)
    if not len(columns):
        return ()
    return (LXReformulation(f"semi-continuous variables of {family_names(problem, columns)}", len(columns), way, how),)
