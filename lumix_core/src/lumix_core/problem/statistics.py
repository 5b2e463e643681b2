"""Sizes of a problem, ranges of its numbers by family, and what is badly scaled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXBlock, LXProblem
from lumix_core.problem.structure_text import domain_text
from lumix_core.problem.text import counted, short_name, size_text

WIDE_ROW = 1e6
"""Within a constraint, from this ratio on the smallest term is lost in the tolerance of 1e-6 of solvers."""
WIDE_PROBLEM = 1e9
"""From this ratio on numbers of different families need more digits than solvers keep."""
LARGE = 1e9
"""From here on the rounding of a number of 16 digits comes near the tolerance of 1e-6 of solvers."""


@dataclass(frozen=True)
class LXRange:
    """The smallest and the largest magnitude of numbers, leaving out 0 and infinite ones.

    Args:
        smallest, largest: both above 0 and finite.
    """

    smallest: float
    largest: float

    @property
    def ratio(self) -> float:
        """The largest divided by the smallest; infinite where no float is that large."""
        with np.errstate(over="ignore"):
            return float(np.float64(self.largest) / np.float64(self.smallest))

    def __str__(self) -> str:
        smallest, largest = f"{self.smallest:.4g}", f"{self.largest:.4g}"
        return smallest if smallest == largest else f"{smallest} to {largest}"


@dataclass(frozen=True)
class LXVariableStatistics:
    """The numbers of one family of variables.

    Args:
        name: of the family.
        size: how many variables.
        domain: "continuous", "integer", "binary", "semi-continuous" or "semi-integer".
        nonzeros: how many coefficients they have in constraints.
        coefficients: of these; None where there is no number other than 0.
        bounds: of finite bounds, 0 left out; None where there are none.
        costs: of coefficients in the objective; None where there are none.
    """

    name: str
    size: int
    domain: str
    nonzeros: int
    coefficients: LXRange | None
    bounds: LXRange | None
    costs: LXRange | None

    def __str__(self) -> str:
        parts = [f"{self.size:,} {self.domain}", counted(self.nonzeros, "nonzero")]
        parts += _ranges(coefficients=self.coefficients, bounds=self.bounds, costs=self.costs)
        return f"{short_name(self.name)}: {', '.join(parts)}"


@dataclass(frozen=True)
class LXConstraintStatistics:
    """The numbers of one family of constraints.

    Args:
        name: of the family.
        size: how many constraints.
        nonzeros: how many coefficients they have.
        coefficients: of these; None where there are none.
        right_hand_sides: of finite row bounds, 0 left out; None where there are none.
    """

    name: str
    size: int
    nonzeros: int
    coefficients: LXRange | None
    right_hand_sides: LXRange | None

    def __str__(self) -> str:
        parts = [f"{self.size:,}", counted(self.nonzeros, "nonzero")]
        parts += _ranges(coefficients=self.coefficients, right_hand_sides=self.right_hand_sides)
        return f"{short_name(self.name)}: {', '.join(parts)}"


@dataclass(frozen=True, repr=False)
class LXModelStatistics:
    """Sizes of a compiled model, ranges of its numbers, and what looks badly scaled; print it.

    Args:
        model: the model's name.
        sizes: the sizes in words.
        num_variables, num_constraints, num_nonzeros: the sizes.
        num_integers: how many variables are whole, binary ones included.
        variables, constraints: the numbers by family.
        coefficients, bounds, right_hand_sides, costs: ranges over all families; None where there is no number.
        badly_scaled: what solvers may lose in rounding, a sentence each; empty where nothing stands out.
    """

    model: str
    sizes: str
    num_variables: int
    num_constraints: int
    num_nonzeros: int
    num_integers: int
    variables: tuple[LXVariableStatistics, ...]
    constraints: tuple[LXConstraintStatistics, ...]
    coefficients: LXRange | None
    bounds: LXRange | None
    right_hand_sides: LXRange | None
    costs: LXRange | None
    badly_scaled: tuple[str, ...]

    def __str__(self) -> str:
        ranges = _ranges(
            coefficients=self.coefficients,
            bounds=self.bounds,
            right_hand_sides=self.right_hand_sides,
            costs=self.costs,
        )
        lines = [f"Model {self.model!r}: {self.sizes}", *(f"  {text}" for text in ranges)]
        for title, families in (("variables", self.variables), ("constraints", self.constraints)):
            lines += [f"{title}:", *(f"  {family}" for family in families)] if families else [f"no {title}"]
        if not self.badly_scaled:
            return "\n".join([*lines, "nothing looks badly scaled"])
        return "\n".join([*lines, "badly scaled:", *(f"  {sentence}" for sentence in self.badly_scaled)])

    def __repr__(self) -> str:
        scaling = f", {len(self.badly_scaled)} badly scaled" if self.badly_scaled else ""
        return f"<LXModelStatistics {self.model!r}: {self.sizes}{scaling}>"


def _ranges(**ranges: LXRange | None) -> list[str]:
    words = {name: name.replace("right_hand_sides", "right-hand sides") for name in ranges}
    return [f"{words[name]} {one}" for name, one in ranges.items() if one is not None]


def statistics_of(problem: LXProblem) -> LXModelStatistics:
    """Return the statistics of a problem; a few passes over its arrays."""
    bounds = np.concatenate([problem.lower, problem.upper])
    right_hand_sides = np.concatenate([problem.row_lower, problem.row_upper])
    return LXModelStatistics(
        model=problem.name,
        sizes=size_text(problem),
        num_variables=problem.num_variables,
        num_constraints=problem.num_constraints,
        num_nonzeros=problem.num_nonzeros,
        num_integers=int(np.count_nonzero(problem.integer)),
        variables=tuple(_variables(problem)),
        constraints=tuple(_constraint(problem, block) for block in problem.constraints),
        coefficients=range_of(problem.coefficients),
        bounds=range_of(bounds),
        right_hand_sides=range_of(right_hand_sides),
        costs=range_of(problem.objective),
        badly_scaled=tuple(_badly_scaled(problem)),
    )


def range_of(numbers: FloatArray) -> LXRange | None:
    """Return the range of magnitudes of numbers; None where all are 0 or infinite."""
    sizes = np.abs(numbers)
    sizes = sizes[(sizes > 0) & (sizes < np.inf)]
    return LXRange(float(sizes.min()), float(sizes.max())) if len(sizes) else None


def _variables(problem: LXProblem) -> Iterator[LXVariableStatistics]:
    counts = np.bincount(problem.columns, minlength=problem.num_variables)
    least, most = _by_column(problem)
    for block in problem.variables:
        span = block.span
        yield LXVariableStatistics(
            name=block.name,
            size=len(block.keys),
            domain=domain_text(problem, block),
            nonzeros=int(counts[span].sum()),
            coefficients=range_of(np.concatenate([least[span], most[span]])),
            bounds=range_of(np.concatenate([problem.lower[span], problem.upper[span]])),
            costs=range_of(problem.objective[span]),
        )


def _by_column(problem: LXProblem) -> tuple[FloatArray, FloatArray]:
    """Return the smallest and the largest magnitude in each column: infinite and 0 in one without coefficients."""
    sizes = np.abs(problem.coefficients)
    least, most = np.full(problem.num_variables, np.inf), np.zeros(problem.num_variables)
    np.minimum.at(least, problem.columns, sizes)
    np.maximum.at(most, problem.columns, sizes)
    return least, most


def _constraint(problem: LXProblem, block: LXBlock) -> LXConstraintStatistics:
    span = block.span
    first, last = int(problem.row_starts[block.start]), int(problem.row_starts[block.stop])
    return LXConstraintStatistics(
        name=block.name,
        size=len(block.keys),
        nonzeros=last - first,
        coefficients=range_of(problem.coefficients[first:last]),
        right_hand_sides=range_of(np.concatenate([problem.row_lower[span], problem.row_upper[span]])),
    )


def _badly_scaled(problem: LXProblem) -> Iterator[str]:
    yield from _wide_rows(problem)
    products = problem.structures.quadratics.values
    named = {"coefficients": problem.coefficients, "costs": problem.objective, "coefficients of products": products}
    for word, numbers in named.items():
        ends = range_of(numbers)
        if ends is not None and ends.ratio >= WIDE_PROBLEM:
            yield (
                f"{word} of the model range from {ends}: use units in which the families have numbers of similar size."
            )
    yield from _large(problem)


def _wide_rows(problem: LXProblem) -> Iterator[str]:
    """Yield a sentence for each family with a constraint of wide range: how many, and the widest."""
    starts = problem.row_starts
    filled = np.flatnonzero(np.diff(starts))
    if not len(filled):
        return
    sizes = np.abs(problem.coefficients)
    ratios = np.ones(problem.num_constraints)
    with np.errstate(over="ignore"):
        most, least = (part.reduceat(sizes, starts[filled]) for part in (np.maximum, np.minimum))
        ratios[filled] = most / least
    for block in problem.constraints:
        wide = ratios[block.span] >= WIDE_ROW
        if wide.any():
            widest = block.start + int(np.argmax(ratios[block.span]))
            yield _wide_row(problem, block, widest, int(wide.sum()))


def _wide_row(problem: LXProblem, block: LXBlock, row: int, count: int) -> str:
    first = int(problem.row_starts[row])
    sizes = np.abs(problem.coefficients[first : problem.row_starts[row + 1]])
    least, most = (first + int(position) for position in (np.argmin(sizes), np.argmax(sizes)))
    ends = [f"{problem.coefficients[at]:.4g} ({_column(problem, at)})" for at in (least, most)]
    others = "" if count == 1 else f" (and {count - 1:,} more of {short_name(block.name)!r})"
    whole = bool(problem.integer[problem.columns[most]])
    remedy = (
        "make the factor of the whole variable as small as the data allow"
        if whole
        else "use units in which both have a similar size"
    )
    return f"{short_name(block.element(row))}{others} has coefficients from {ends[0]} to {ends[1]}: {remedy}."


def _column(problem: LXProblem, nonzero: int) -> str:
    return short_name(problem.column_name(int(problem.columns[nonzero])))


def _large(problem: LXProblem) -> Iterator[str]:
    """Yield a sentence for each family with bounds or right-hand sides that are too large for the tolerances."""
    groups: list[tuple[str, tuple[LXBlock, ...], tuple[FloatArray, FloatArray]]] = [
        ("bound", problem.variables, (problem.lower, problem.upper)),
        ("right-hand side", problem.constraints, (problem.row_lower, problem.row_upper)),
    ]
    for word, blocks, (lower, upper) in groups:
        for block in blocks:
            sizes = np.maximum(_finite(lower[block.span]), _finite(upper[block.span]))
            if len(sizes) and sizes.max() >= LARGE:
                largest = int(np.argmax(sizes))
                yield (
                    f"{short_name(block.element(block.start + largest))} has a {word} of {sizes[largest]:.4g}: "
                    f"leave it out if it limits nothing, or use a larger unit."
                )


def _finite(numbers: NDArray[Any]) -> FloatArray:
    """Return the magnitude of finite numbers, and 0 for others."""
    return np.where(np.isfinite(numbers), np.abs(numbers), 0.0)
