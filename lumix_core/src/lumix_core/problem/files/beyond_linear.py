"""The lines of files of LP and MPS that say what is not linear, and what these formats cannot say.

The formats: CPLEX file formats reference, "LP file format" and "MPS file format"; QPS for products in MPS (Maros and
Meszaros, A repository of convex quadratic programming problems, 1999).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lumix_core.errors import LXFileError
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import OBJECTIVE, Quadratics


def check_writable(problem: LXProblem, path: Path, ending: str) -> None:
    """Refuse what a format cannot hold.

    Raises:
        LXFileError: the problem has such a thing; the message names the format that can hold it.
    """
    if problem.is_linear or ending == ".json":
        return
    held = problem.structures
    semi = held.semi if held.has_semi else np.zeros_like(problem.integer)
    two_sided = np.isfinite(problem.row_lower) & np.isfinite(problem.row_upper)
    two_sided &= problem.row_lower != problem.row_upper
    of_range = np.concatenate([held.rows_with_terms(), held.indicators.rows])
    wrong = {
        "absolute values, minima, maxima or curves": len(held.functions) > 0,
        "semi-continuous variables below 0": bool((semi & (problem.lower < 0)).any()),
        "special ordered sets, which programs write differently": ending == ".mps" and len(held.sets) > 0,
        "rows with two sides that are not linear": ending == ".mps" and bool(two_sided[of_range].any()),
    }
    for what, is_there in wrong.items():
        if is_there:
            other = ".lp or .json" if ending == ".mps" and not len(held.functions) else ".json"
            raise LXFileError(
                f"{path}: model {problem.name!r} has {what}, which files of the format {ending} cannot hold. "
                f"Write {other} instead."
            )


def lp_products(problem: LXProblem, row: int, columns: list[str]) -> str:
    """Return the products of a row (or of the objective) in brackets, as LP has them; empty without any."""
    products = _of(problem.structures.quadratics, row)
    if not len(products):
        return ""
    factor = 2.0 if row == OBJECTIVE else 1.0  # the brackets of an objective are divided by 2
    parts = []
    for left, right, value in _each(products):
        names = f"{columns[left]} ^2" if left == right else f"{columns[left]} * {columns[right]}"
        parts.append(f"{'-' if value < 0 else '+'} {abs(value * factor)!r} {names}")
    return f" + [ {' '.join(parts)} ]{' / 2' if row == OBJECTIVE else ''}"


def lp_condition(problem: LXProblem, row: int, columns: list[str]) -> str:
    """Return when a row holds, as LP has it: ``z = 1 -> ``; empty for a row that always does."""
    indicators = problem.structures.indicators
    for position in np.flatnonzero(indicators.rows == row).tolist():
        return f"{columns[int(indicators.columns[position])]} = {int(indicators.values[position])} -> "
    return ""


def lp_sections(problem: LXProblem, columns: list[str]) -> Iterator[str]:
    """Yield the sections of semi-continuous variables and of special ordered sets."""
    held = problem.structures
    if held.has_semi:
        yield "Semi-Continuous"
        yield from (f" {columns[j]}" for j in np.flatnonzero(held.semi).tolist())
    if len(held.sets):
        yield "SOS"
        for number, (kind, members, weights) in enumerate(held.sets, 1):
            pairs = zip(members.tolist(), weights.tolist(), strict=True)
            yield f" s{number}: S{kind}:: {' '.join(f'{columns[j]}:{weight!r}' for j, weight in pairs)}"


def mps_sections(problem: LXProblem, columns: list[str], rows: list[str]) -> Iterator[str]:
    """Yield the sections of products and of indicators; the objective is minimised."""
    products = problem.structures.quadratics
    own = _of(products, OBJECTIVE)
    if len(own):
        yield "QUADOBJ"  # the upper triangle of Q, where the objective has x' Q x / 2
        for left, right, value in _each(own):
            doubled = value * (2.0 if left == right else 1.0) * (-1.0 if problem.maximize else 1.0)
            yield f" {columns[left]} {columns[right]} {doubled!r}"
    for row in np.unique(products.rows[~products.of_objective]).tolist():
        yield f"QCMATRIX {rows[row]}"  # the whole of Q, where the row has x' Q x
        for left, right, value in _each(_of(products, row)):
            pairs = [(left, right)] if left == right else [(left, right), (right, left)]
            yield from (f" {columns[i]} {columns[j]} {value / len(pairs)!r}" for i, j in pairs)
    indicators = problem.structures.indicators
    if len(indicators):
        yield "INDICATORS"
        for row, column, value in zip(*(array.tolist() for array in indicators.arrays().values()), strict=True):
            yield f" IF {rows[row]} {columns[column]} {int(value)}"


def _of(products: Quadratics, row: int) -> Quadratics:
    return products.taken(products.rows == row)


def _each(products: Quadratics) -> Iterator[tuple[int, int, float]]:
    return zip(products.left.tolist(), products.right.tolist(), products.values.tolist(), strict=True)
