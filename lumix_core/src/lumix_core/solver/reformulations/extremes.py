"""Absolute values, minima and maxima: a column that is at least every argument, and equals a chosen one where it must.

A minimum is the negative of the maximum of the negatives, an absolute value the maximum of a number and its negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import FunctionKind
from lumix_core.solver.reformulations.arguments import Terms, kept_functions, pushed
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.ranges import Ranges
from lumix_core.solver.reformulations.rewriting import LXReformulation, LXWay, Native, Rewritten

NAMES = {FunctionKind.ABS: "absolute values", FunctionKind.MIN: "minima", FunctionKind.MAX: "maxima"}


def rewrite_extremes(problem: LXProblem, native: Native) -> Rewritten:
    """Rewrite absolute values, minima and maxima; without a binary variable where convexity allows that."""
    functions = problem.structures.functions
    chosen = functions.kinds != FunctionKind.PIECEWISE
    if not chosen.any():
        return Rewritten(problem)
    maxima = _Maxima.of(problem, np.flatnonzero(chosen))
    made = maxima.rewritten()
    return Rewritten(made, _steps(problem, maxima))


def _steps(problem: LXProblem, maxima: _Maxima) -> tuple[LXReformulation, ...]:
    steps = []
    kinds = problem.structures.functions.kinds[maxima.functions]
    for kind, name in NAMES.items():
        for tight, how in (
            (False, "a row for each argument, since nothing keeps the value up"),
            (True, "a row and a binary variable for each argument that the value may equal"),
        ):
            count = int(((kinds == kind) & (maxima.tight == tight)).sum())
            if count:
                steps.append(LXReformulation(name, count, LXWay.EXACT, how))
    return tuple(steps)


@dataclass(frozen=True, eq=False)
class _Maxima:
    """Functions as maxima of arguments with signs.

    Args:
        problem: the problem.
        functions: their positions.
        sign: 1, or -1 where the function is the negative of the maximum; shape ``(functions,)``.
        tight: whether the maximum has to be one of its arguments, by rows.
        item_of: the function (its number among ``functions``) of each item.
        terms: the items, their signs included.
        least, most: their ranges; infinite where they have no end.
        ranges: of the columns.
    """

    problem: LXProblem
    functions: IntArray
    sign: FloatArray
    tight: BoolArray
    item_of: IntArray
    terms: Terms
    least: FloatArray
    most: FloatArray
    ranges: Ranges

    @classmethod
    def of(cls, problem: LXProblem, chosen: IntArray) -> _Maxima:
        functions, ranges = problem.structures.functions, Ranges.of(problem)
        kinds = functions.kinds[chosen]
        sign = np.where(kinds == FunctionKind.MIN, -1.0, 1.0)
        item_of, arguments, signs = _items(problem, chosen, sign)
        terms = Terms.of(functions, arguments).times(signs)
        least, most = terms.range(ranges)
        floor = np.full(len(chosen), -np.inf)
        np.maximum.at(floor, item_of, least)
        kept = _undominated(item_of, least, most, floor)
        only_up, only_down = pushed(problem)
        free = np.where(sign > 0, only_up[chosen], only_down[chosen])
        reduced = Terms.of(functions, arguments[kept]).times(signs[kept])
        return cls(problem, chosen, sign, ~free, item_of[kept], reduced, least[kept], most[kept], ranges)

    def rewritten(self) -> LXProblem:
        problem, size = self.problem, len(self.functions)
        floor, ceiling = np.full(size, -np.inf), np.full(size, -np.inf)
        np.maximum.at(floor, self.item_of, self.least)
        np.maximum.at(ceiling, self.item_of, self.most)
        grown = Extension(problem)
        values = grown.add_columns("maximum", size, floor, ceiling)
        rows = grown.add_rows("maximum, at least", len(self.item_of), lower=self.terms.constants)
        self._put(grown, rows, values)
        self._hold_down(grown, values, ceiling)
        self._use(grown, values)
        kept = problem.structures.functions.kinds == FunctionKind.PIECEWISE
        left = kept_functions(problem.structures.functions, kept)
        return grown.finished(replace(problem.structures, functions=left))

    def _put(self, grown: Extension, rows: IntArray, values: IntArray, items: IntArray | None = None) -> None:
        """Give each row the maximum less an item, whose constant is on the other side."""
        items = np.arange(len(self.item_of)) if items is None else items
        grown.add_terms(rows, values[self.item_of[items]], 1.0)
        place = np.full(len(self.item_of), -1)
        place[items] = rows
        chosen = place[self.terms.argument] >= 0
        grown.add_terms(place[self.terms.argument[chosen]], self.terms.columns[chosen], -self.terms.values[chosen])

    def _hold_down(self, grown: Extension, values: IntArray, ceiling: FloatArray) -> None:
        """Let each maximum that has to be one of its items be no more than the one that is chosen."""
        items = np.flatnonzero(self.tight[self.item_of])
        counts = np.bincount(self.item_of, minlength=len(self.functions))
        single = counts[self.item_of[items]] == 1
        self._check_ranges(items[~single], ceiling)
        rooms = np.where(single, 0.0, ceiling[self.item_of[items]] - self.least[items])
        rows = grown.add_rows("maximum, at most", len(items), upper=self.terms.constants[items] + rooms)
        self._put(grown, rows, values, items)
        several = items[~single]
        binaries = grown.add_columns("maximum, is chosen", len(several), 0.0, 1.0, whole=True)
        grown.add_terms(rows[~single], binaries, rooms[~single])
        of = np.unique(self.item_of[several])
        ones = np.full(len(self.functions), -1)
        ones[of] = grown.add_rows("maximum, one is chosen", len(of), lower=1.0, upper=1.0)
        grown.add_terms(ones[self.item_of[several]], binaries, 1.0)

    def _check_ranges(self, items: IntArray, ceiling: FloatArray) -> None:
        wrong = items[np.isinf(ceiling[self.item_of[items]]) | np.isinf(self.least[items])]
        if len(wrong):
            label = self.problem.structures.functions.label(int(self.functions[self.item_of[wrong[0]]]))
            of_function = np.flatnonzero(self.item_of == self.item_of[wrong[0]])
            columns = self.terms.columns[np.isin(self.terms.argument, of_function)]
            raise self.ranges.refusal(label, columns.astype(np.int32))

    def _use(self, grown: Extension, values: IntArray) -> None:
        """Let the columns stand where the functions stood."""
        functions = self.problem.structures.functions
        place = np.full(len(functions), -1)
        place[self.functions] = np.arange(len(self.functions))
        used = place[functions.use_functions]
        chosen = used >= 0
        coefficients = functions.use_values[chosen] * self.sign[used[chosen]]
        grown.add_terms(functions.use_rows[chosen], values[used[chosen]], coefficients)


def _items(problem: LXProblem, chosen: IntArray, sign: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the function, the argument and the sign of each item; an absolute value has two."""
    functions = problem.structures.functions
    lengths = np.diff(functions.starts).astype(np.int64)[chosen]
    item_of = np.repeat(np.arange(len(chosen)), lengths)
    skipped = functions.starts[chosen] - (np.cumsum(lengths) - lengths)
    arguments = np.repeat(skipped, lengths) + np.arange(len(item_of))
    twice = np.flatnonzero((functions.kinds[chosen] == FunctionKind.ABS)[item_of])
    signs = np.concatenate([sign[item_of], np.full(len(twice), -1.0)])
    return np.concatenate([item_of, item_of[twice]]), np.concatenate([arguments, arguments[twice]]), signs


def _undominated(item_of: IntArray, least: FloatArray, most: FloatArray, floor: FloatArray) -> IntArray:
    """Return the items that may be the largest of their function; of those that reach no higher, the first remains."""
    best = least >= floor[item_of]
    first = np.full(len(floor), len(item_of))
    np.minimum.at(first, item_of[best], np.flatnonzero(best))
    needed = most > floor[item_of]
    needed[first[first < len(item_of)]] = True
    return np.flatnonzero(needed)
