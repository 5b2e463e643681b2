"""The breakpoints of curves: as they were given, read from rows, or chosen on a function, whose error is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lumix_core.compiler.nonlinear.part_rows import PartRows
from lumix_core.errors import LXFunctionError, LXNumberError, sentence
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.nonlinear import checked_points
from lumix_core.language.nonlinear_parts import Curve, FunctionPart
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.numbers import flaw

PROBES = 16
"""At how many places within a piece the function is compared with it."""


@dataclass(frozen=True, eq=False)
class Breakpoints:
    """The breakpoints of some functions, one after the other.

    Args:
        x, y: the breakpoints.
        counts: how many each function has.
        errors: the largest error of each.
    """

    x: FloatArray
    y: FloatArray
    counts: IntArray
    errors: FloatArray

    @classmethod
    def none(cls, size: int) -> Breakpoints:
        """Return no breakpoints, for functions that are no curves."""
        return cls(np.empty(0), np.empty(0), np.zeros(size, dtype=np.int64), np.zeros(size))


def breakpoints(part: FunctionPart, rows: PartRows, ends: tuple[FloatArray, FloatArray]) -> Breakpoints:
    """Return the breakpoints of the curve of a part, for each of its rows.

    Args:
        part: the part.
        rows: what it is made for.
        ends: the least and the most of the argument in each row.

    Raises:
        LXNumberError: an end is needed, and not known; or the function gives no number.
        LXFunctionError: the function failed.
    """
    curve = part.curve
    assert curve is not None
    if isinstance(curve.points, UserFunction):
        return _of_rows(curve, curve.points, rows)
    if curve.points is not None:
        return _repeated(_one(curve, list(curve.points)), rows.size)
    least, most = _given_ends(curve, rows, ends)
    if rows.size and (least == least[0]).all() and (most == most[0]).all():
        return _repeated(_one(curve, _spread(curve, least[0], most[0])), rows.size)
    return _stacked([_one(curve, _spread(curve, *pair)) for pair in zip(least, most, strict=True)])


def _given_ends(curve: Curve, rows: PartRows, ends: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    least = ends[0] if curve.least is None else np.full(rows.size, curve.least)
    most = ends[1] if curve.most is None else np.full(rows.size, curve.most)
    open_ended = ~(np.isfinite(least) & np.isfinite(most))
    if open_ended.any():
        element = rows.family.element(int(np.argmax(open_ended)))
        raise LXNumberError(
            f"{sentence(rows.position)}, {element}: the argument of the curve has no bounds, so that nobody knows "
            f"where the curve begins and ends. Give x_min= and x_max=, or bounds to the variables."
        )
    return least, np.maximum(most, np.nextafter(least, np.inf))


def _spread(curve: Curve, least: float, most: float) -> list[float]:
    return [float(x) for x in np.linspace(least, most, curve.segments + 1)]


def _one(curve: Curve, points: list[Any]) -> Breakpoints:
    if curve.function is None:
        x, y = (np.array(values, dtype=np.float64) for values in zip(*points, strict=True))
        return Breakpoints(x, y, np.array([len(x)]), np.zeros(1))
    x = np.array(points, dtype=np.float64)
    y = np.array([_height(curve.function, value) for value in x.tolist()])
    return Breakpoints(x, y, np.array([len(x)]), np.array([_largest_error(curve.function, x, y)]))


def _largest_error(function: UserFunction, x: FloatArray, y: FloatArray) -> float:
    """Return how far the function is from its pieces at most, at places within each."""
    shares = np.arange(1, PROBES) / PROBES
    between = (x[:-1, None] + np.diff(x)[:, None] * shares).ravel()
    true = np.array([_height(function, value) for value in between.tolist()])
    error = float(np.abs(true - np.interp(between, x, y)).max(initial=0.0))
    noise = 1e-12 * (1.0 + float(np.abs(y).max()))
    return error if error > noise else 0.0


def _height(function: UserFunction, x: float) -> float:
    call: Callable[[float], Any] = function.call
    try:
        value = call(x)
    except Exception as error:
        raise LXFunctionError(
            f"{function.title} failed for {x:.10g}: {type(error).__name__}: {error}. Give x_min= and x_max= between "
            f"which it has values."
        ) from error
    wrong = flaw(value)
    if wrong is not None:
        raise LXNumberError(
            f"{function.title} {wrong} for {x:.10g}. Give x_min= and x_max= between which it is finite."
        )
    return float(value)


def _of_rows(curve: Curve, points: UserFunction, rows: PartRows) -> Breakpoints:
    """Return the breakpoints that a function gives for the rows of each element."""
    points.arity(len(rows.family.arguments))
    role = f"the breakpoints in {rows.position}"
    lists = rows.evaluator.objects(points, rows.family.batch(), list)
    return _stacked(
        [
            _one(curve, list(checked_points(given, curve.function is not None, f"{role}, {rows.family.element(i)},")))
            for i, given in enumerate(lists)
        ]
    )


def _stacked(curves: list[Breakpoints]) -> Breakpoints:
    if not curves:
        return Breakpoints.none(0)
    return Breakpoints(
        np.concatenate([one.x for one in curves]),
        np.concatenate([one.y for one in curves]),
        np.concatenate([one.counts for one in curves]),
        np.concatenate([one.errors for one in curves]),
    )


def _repeated(one: Breakpoints, size: int) -> Breakpoints:
    return _stacked([one] * size) if size else Breakpoints.none(0)
