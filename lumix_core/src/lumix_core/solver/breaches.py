"""Which special ordered sets, and which ends of curves, a point does not keep to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structure_text import argument_text
from lumix_core.problem.structures import FunctionKind

FEASIBILITY = 1e-6
"""How far a row or bound may be exceeded, relative to the size of what is added up in it."""


@dataclass(frozen=True)
class Breach:
    """One requirement that a point does not satisfy.

    Args:
        name: what is required: a set, or the argument of a curve.
        what: what the point has there.
        required: what it would have to be.
        value, limit: the number that is wrong, and the nearest one that is not.
    """

    name: str
    what: str
    required: str
    value: float
    limit: float


def breaches(problem: LXProblem, x: FloatArray) -> Iterator[Breach]:
    """Yield the sets and curves that a point does not keep to, by more than the tolerance."""
    if len(problem.structures.sets):
        yield from _of_sets(problem, x)
    if len(problem.structures.functions):
        yield from _of_curves(problem, x)


def _of_sets(problem: LXProblem, x: FloatArray) -> Iterator[Breach]:
    for kind, columns, _ in problem.structures.sets:
        values = x[columns]
        used = np.flatnonzero(np.abs(values) > FEASIBILITY)
        if len(used) <= 1 or (kind == 2 and used[-1] - used[0] < 2):
            continue
        far = used[(used < used[np.argmax(np.abs(values[used]))] - (kind - 1))]
        wrong = int(far[0]) if len(far) else int(used[-1])
        names = " and ".join(problem.column_name(int(columns[k])) for k in (used[0], used[-1]))
        rule = "at most one of them may be" if kind == 1 else "at most two neighbours may be"
        name = f"SOS{kind} of {problem.column_name(int(columns[0]))} ..."
        yield Breach(name, f"{names} are not 0", f"in their SOS{kind} {rule}", float(values[wrong]), 0.0)


def _of_curves(problem: LXProblem, x: FloatArray) -> Iterator[Breach]:
    functions = problem.structures.functions
    curves = np.flatnonzero(functions.kinds == FunctionKind.PIECEWISE)
    arguments = functions.starts[curves]
    values = functions.arguments_at(x)[arguments]
    first = functions.point_x[functions.point_starts[curves]]
    last = functions.point_x[functions.point_starts[curves + 1] - 1]
    nearest = np.clip(values, first, last)
    wrong = np.flatnonzero(np.abs(values - nearest) > FEASIBILITY * (1.0 + np.abs(values)))
    for k in wrong.tolist():
        text = argument_text(problem, int(arguments[k]))
        required = f"its curve goes from {first[k]:.12g} to {last[k]:.12g}"
        yield Breach(
            f"the curve of {text}", f"{text} is {values[k]:.12g}", required, float(values[k]), float(nearest[k])
        )
