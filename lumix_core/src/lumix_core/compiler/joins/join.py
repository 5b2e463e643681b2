"""Which combinations of rows satisfy a condition: by joins of what is equal or in order, else by blocks.

A join never looks at the combinations that it leaves out, so it is used only for formulas that raise for none of them.
All others are evaluated over blocks of the full product, in order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from lumix_core.compiler.conversions import true_of
from lumix_core.compiler.evaluator import EvaluationStatistics, Evaluator, agrees_on, sample
from lumix_core.compiler.joins.axes import Axes, Combinations
from lumix_core.compiler.joins.conditions import Equal, Has, Need, Order, conjuncts, exact_need, needs
from lumix_core.compiler.joins.value_ranges import AxisValues, Ranges, default_of
from lumix_core.compiler.joins.windows import Bound, Groups, Windows, comparable, share, windows
from lumix_core.compiler.vectorized import key_parts
from lumix_core.formulas.arithmetic import NotVectorizable, filled
from lumix_core.formulas.nodes import Constant, Lookup, Node, nodes, same
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import MANY, BoolArray, IntArray, Tuples, sorted_together, taken
from lumix_core.rows.columns import Column, has_nan
from lumix_core.rows.key_index import KeyIndex

BLOCK = 1 << 18
"""How many combinations of rows are looked at in one go."""
SELECTIVE = 4
"""An order joins where it leaves out all but a part of the combinations: one in so many."""
SHORT = 32
"""With so few elements of an axis, all combinations are looked at as fast as an order is searched."""
_NOT_JOINABLE = (NotVectorizable, TypeError, OverflowError, RecursionError)
"""What is raised where values cannot be hashed, or a condition might raise."""


def matching(
    evaluator: Evaluator,
    axes: Axes,
    conditions: Sequence[UserFunction] = (),
    coefficient: float | UserFunction = 1.0,
) -> Combinations:
    """Return the combinations that satisfy every condition, in lexicographic order.

    Combinations whose coefficient is sure to be zero may be left out. At most `BLOCK` combinations are held at once,
    beside the ones that match.

    Args:
        evaluator: of this compile.
        axes: what is combined.
        conditions: functions of the rows of all axes.
        coefficient: of the combinations, to be evaluated later.
    """
    for condition in conditions:
        condition.check_captures()
    began = perf_counter()
    try:
        join = _Join(evaluator, axes, conditions, coefficient)
        combinations = join.combinations()
    except _NOT_JOINABLE:
        return _by_blocks(evaluator, axes, conditions)
    alone = len(conditions) == 1 and not join.drops_zeros
    for condition in conditions:
        if not _agrees(condition, axes, combinations, alone=alone):
            evaluator.tracer.fall_back_to_rows(condition, "it returns one thing for a row and another for its columns")
            return _by_blocks(evaluator, axes, conditions)
    functions = [function for function in (*conditions, coefficient) if isinstance(function, UserFunction)]
    for function in functions if combinations.joined else conditions:
        took = (perf_counter() - began) / len(functions)
        count, possible = len(combinations.picks[0]), math.prod(axes.shape)
        evaluator.note(EvaluationStatistics(function, combinations.mode, "", count, possible, took))
    return combinations


def _by_blocks(evaluator: Evaluator, axes: Axes, conditions: Sequence[UserFunction]) -> Combinations:
    """Evaluate the conditions over all combinations, block by block."""
    shape = axes.shape
    kept: list[tuple[IntArray, ...]] = []
    for start in range(0, math.prod(shape), BLOCK):
        flat = np.arange(start, min(start + BLOCK, math.prod(shape)))
        picks = tuple(np.unravel_index(flat, shape))
        for condition in conditions:
            mask = evaluator.truths(condition, axes.batch(picks))
            picks = tuple(pick[mask] for pick in picks)
        kept.append(picks)
    return Combinations(tuple(_stacked([picks[axis] for picks in kept]) for axis in range(len(shape))))


def _stacked(arrays: list[IntArray]) -> IntArray:
    return np.concatenate(arrays).astype(np.int64) if arrays else np.empty(0, dtype=np.int64)


def _agrees(condition: UserFunction, axes: Axes, combinations: Combinations, *, alone: bool) -> bool:
    """Whether the rows of a few combinations, found and not found, give what the join gives.

    ``alone`` says that nothing else can have left a combination out: no other condition, and no coefficient of 0.
    """
    shape = axes.shape
    count = math.prod(shape)
    codes = axes.codes(combinations.picks)
    for code in {*sample(count), *(int(codes[i]) for i in sample(len(codes)))}:
        picks = tuple(np.array([pick]) for pick in np.unravel_index(code, shape))
        position = int(np.searchsorted(codes, code))
        expected = position < len(codes) and codes[position] == code
        if not (expected or alone):
            continue
        if not agrees_on(condition, axes.batch(picks), expected):
            return False
    return True


@dataclass(frozen=True, eq=False)
class _Edge:
    """Columns of two axes that must be equal."""

    axes: tuple[int, int]
    columns: tuple[Column, Column]

    def between(self, axis: int, bound: dict[int, IntArray]) -> tuple[Column, Column] | None:
        """Return the column of the axis, and that of the combinations so far, if the edge leads from one to them."""
        for here, there in ((0, 1), (1, 0)):
            if self.axes[here] == axis and self.axes[there] in bound:
                return self.columns[here], taken(self.columns[there], bound[self.axes[there]])
        return None


@dataclass(frozen=True, eq=False)
class _Band:
    """Columns of two axes of which the first must be smaller."""

    need: Order
    axes: tuple[int, int]
    columns: tuple[Column, Column]

    def bound_of(self, axis: int, picks: dict[int, IntArray]) -> Bound | None:
        """Return the bound that the combinations so far set for the axis, if they set one."""
        for here, there in ((0, 1), (1, 0)):
            if self.axes[here] == axis and self.axes[there] in picks:
                return Bound(self.columns[there][picks[self.axes[there]]], is_lower=bool(here), strict=self.need.strict)
        return None

    def own(self, axis: int) -> tuple[Node, Column]:
        """Return the formula that is bound, and its values."""
        here = self.axes.index(axis)
        return (self.need.smaller, self.need.larger)[here], self.columns[here]

    def binds(self, axis: int, node: Node, dtype: np.dtype[Any]) -> bool:
        """Whether it is a formula of the axis, with values of one type, that is bound."""
        own, column = self.own(axis)
        return column.dtype == dtype and same(own, node)


@dataclass(frozen=True, eq=False)
class _Window:
    """What bands leave of an axis, and the needs that are met thereby."""

    axis: int
    spans: Windows
    needs: tuple[Order, ...]


def _is_ready(condition: Node, axes: Axes, bound: dict[int, IntArray]) -> bool:
    """Whether all axes that a condition reads are joined."""
    return all(axis in bound for axis in range(len(axes.shape)) if condition.uses & axes.mask(axis))


def _is_same_order(left: Order, right: Order) -> bool:
    return left.smaller is right.smaller and left.larger is right.larger and left.strict == right.strict


def _is_met(condition: Node, needs: Sequence[Order]) -> bool:
    """Whether a condition says no more than one of these needs."""
    exact = exact_need(condition)
    return isinstance(exact, Order) and any(_is_same_order(exact, need) for need in needs)


@dataclass(eq=False)
class _Join:
    """Finds the combinations that satisfy conditions, joining one axis after the other.

    Tables that formulas look up are axes of their own, behind those of the rows.
    """

    evaluator: Evaluator
    axes: Axes
    conditions: Sequence[UserFunction]
    coefficient: float | UserFunction
    sizes: list[int] = field(init=False)
    edges: list[_Edge] = field(default_factory=list)
    filters: dict[int, BoolArray] = field(default_factory=dict)
    residual: list[Node] = field(default_factory=list)
    bands: list[_Band] = field(default_factory=list)
    lookups: dict[int, Has] = field(default_factory=dict)
    bound: dict[int, IntArray] = field(default_factory=dict)
    ordered: bool = False
    drops_zeros: bool = False

    def combinations(self) -> Combinations:
        """Return the combinations; raises `NotVectorizable` where a formula might raise for one that is left out."""
        self.sizes = list(self.axes.shape)
        if not all(self.sizes):
            raise NotVectorizable
        self.values = AxisValues(self.evaluator, self.axes)
        self.ranges = Ranges(self.evaluator, self.axes, self.values)
        for condition in self.conditions:
            self._plan(self._formula(condition))
        weight = self._weight()
        if weight is not None:
            self.drops_zeros = self._plan_needs(weight)
        self._start()
        while len(self.bound) < len(self.sizes):
            self._extend()
        return self._ordered(weight)

    def _formula(self, function: UserFunction) -> Node:
        tables = tuple(self.axes.batches[axis].arguments[position].table for axis, position in self.axes.positions)
        traced = self.evaluator.tracer.trace_of(function, tables)
        if traced.formula is None:
            raise NotVectorizable
        return traced.formula

    def _weight(self) -> Node | None:
        """Return the formula of the coefficient if it is a finite number for every combination."""
        if not isinstance(self.coefficient, UserFunction):
            return None
        try:
            formula = self._formula(self.coefficient)
            found = self.ranges.of(formula)
        except _NOT_JOINABLE:
            return None
        return formula if found.is_number and math.isfinite(found.largest) else None

    def _plan(self, formula: Node) -> None:
        """Sort the parts of a condition: filters of one axis, joins, and what is left to be evaluated."""
        self.ranges.of(formula)
        for part in conjuncts(formula):
            axis = self.axes.axis_of(part)
            need = exact_need(part)
            if axis is not None:
                kept = true_of(self.values.of(part, axis), self.sizes[axis])
                self.filters[axis] = kept & self.filters[axis] if axis in self.filters else kept
            elif need is None or not self._joins(need):
                self.residual.append(part)
                self._plan_needs(part)

    def _plan_needs(self, formula: Node) -> bool:
        """Join by what a formula needs to be other than 0 or false; return whether it needs anything."""
        found = list(needs(formula, lambda lookup: default_of(self.evaluator, lookup)))
        for need in found:
            self._joins(need)
        return bool(found)

    def _joins(self, need: Need) -> bool:
        """Take a need as edges between axes, if it can be."""
        if isinstance(need, Order):
            return self._joins_order(need)
        return self._joins_equal(need) if isinstance(need, Equal) else self._joins_table(need)

    def _joins_order(self, need: Order) -> bool:
        """Note an order of two axes. It stays to be evaluated, since it may not be what finds the combinations."""
        smaller, larger = self.axes.axis_of(need.smaller), self.axes.axis_of(need.larger)
        if smaller is None or larger is None or any(_is_same_order(need, band.need) for band in self.bands):
            return False
        columns = comparable(self.values.of(need.smaller, smaller), self.values.of(need.larger, larger))
        if columns is not None:
            self.bands.append(_Band(need, (smaller, larger), columns))
        return False

    def _joins_equal(self, need: Equal) -> bool:
        here, there = self.axes.axis_of(need.left), self.axes.axis_of(need.right)
        if here is None or there is None or here == there:
            return False
        columns = (self.values.of(need.left, here), self.values.of(need.right, there))
        if need.held and all(map(has_nan, columns)):
            raise NotVectorizable
        self.edges.append(_Edge((here, there), columns))
        return True

    def _joins_table(self, need: Has) -> bool:
        parts = key_parts(need.key)
        part_axes = [self.axes.axis_of(part) for part in parts]
        if any(axis is None and not isinstance(part, Constant) for axis, part in zip(part_axes, parts, strict=True)):
            return False
        table, position = self.evaluator.tables.table(need.table, need.key), len(self.sizes)
        if any(known.table is need.table and same(known.key, need.key) for known in self.lookups.values()):
            return True
        if not table.size or set(part_axes) == {None}:
            return False
        self.sizes.append(table.size)
        self.lookups[position] = need
        for i, (part, axis, column) in enumerate(zip(parts, part_axes, table.key, strict=True)):
            if axis is not None:
                self.edges.append(_Edge((position, axis), (column, self.values.of(part, axis))))
                table.check(i, self.edges[-1].columns[1])
            elif isinstance(part, Constant):
                table.check(i, part.value)
                kept = KeyIndex([filled(part.value, 1)]).positions([column], table.size) >= 0
                self.filters[position] = kept & self.filters[position] if position in self.filters else kept
        return True

    def _elements(self, axis: int) -> IntArray:
        return np.flatnonzero(self.filters[axis]) if axis in self.filters else np.arange(self.sizes[axis])

    def _kept(self, axis: int, column: Column) -> Column:
        """Return the values of the elements of an axis that are not filtered out."""
        return column[self.filters[axis]] if axis in self.filters else column

    def _start(self) -> None:
        """Begin with a table if one is looked up, else with the smallest axis that joins another.

        Where nothing but an order joins, begin with the axis whose combinations with another one are the fewest.
        """
        joined = {axis for edge in self.edges for axis in edge.axes}
        first = min(self.lookups, default=min(joined, key=lambda axis: self.sizes[axis], default=-1))
        if first < 0:
            windows = {axis: self._narrowest({axis: self._elements(axis)}) for band in self.bands for axis in band.axes}
            totals = {axis: window.spans.total for axis, window in windows.items() if window is not None}
            first = min(totals, key=lambda axis: totals[axis], default=0)
        self._take({first: self._elements(first)})

    def _take(self, bound: dict[int, IntArray]) -> None:
        """Go on with these combinations, less those that a condition leaves out."""
        self.bound = bound
        ready = [condition for condition in self.residual if _is_ready(condition, self.axes, bound)]
        self.residual = [condition for condition in self.residual if condition not in ready]
        for condition in ready:
            kept = np.flatnonzero(self._truths(condition, bound))
            self.bound = bound = {axis: pick[kept] for axis, pick in bound.items()}

    def _truths(self, condition: Node, bound: dict[int, IntArray]) -> BoolArray:
        batch = self.axes.batch(self._picks(bound))
        return true_of(self.evaluator.vectorized.value(condition, batch, self._known(condition, bound)), batch.size)

    def _picks(self, bound: dict[int, IntArray]) -> list[IntArray]:
        count = len(next(iter(bound.values())))
        nothing = np.zeros(count, dtype=np.int64)
        return [bound.get(axis, nothing) for axis in range(len(self.axes.shape))]

    def _known(self, formula: Node, bound: dict[int, IntArray]) -> dict[Node, Column] | None:
        """Return the values of the lookups that the join has computed."""
        if not self.lookups:
            return None
        known: dict[Node, Column] = {}
        for node in nodes(formula):
            if isinstance(node, Lookup) and (position := self._place_of(node)) in bound:
                known[node] = taken(self.evaluator.tables.table(node.table, node.key).values, bound[position])
        return known or None

    def _place_of(self, lookup: Lookup) -> int:
        """Return the axis that stands for the table of a lookup, -1 where none does."""
        positions = (position for position, need in self.lookups.items() if need.table is lookup.table)
        return next((position for position in positions if same(self.lookups[position].key, lookup.key)), -1)

    def _extend(self) -> None:
        """Join one more axis: one that is tied to the combinations so far, or else all of its elements."""
        left = [axis for axis in range(len(self.sizes)) if axis not in self.bound]
        for axis in left:
            ties = [tie for edge in self.edges if (tie := edge.between(axis, self.bound)) is not None]
            if ties:
                window = self._narrowest_of(axis, ties)
                if window is not None:
                    return self._take_window(window)
                return self._take_blocks(axis, self._joined(axis, ties))
        window = self._narrowest(self.bound)
        if window is not None:
            return self._take_window(window)
        axis = next(axis for axis in left if axis not in self.lookups)
        return self._take_blocks(axis, self._crossed(axis))

    def _take_blocks(self, axis: int, blocks: Iterator[dict[int, IntArray]]) -> None:
        """Go on with these combinations, less those of each block that a condition leaves out."""
        pending, parts = self.residual, []
        for block in blocks:
            self.residual = pending
            self._take(block)
            parts.append(self.bound)
        self.bound = parts[0] if len(parts) == 1 else {key: _stacked([part[key] for part in parts]) for key in parts[0]}

    def _joined(self, axis: int, ties: list[tuple[Column, Column]]) -> Iterator[dict[int, IntArray]]:
        """Yield the combinations with the elements of an axis that have the same values."""
        elements, before = self._elements(axis), self.bound
        mine = [self._kept(axis, column) for column, _ in ties]
        others = [column for _, column in ties]
        count = len(others[0])
        if not len(elements) or not count:
            yield {**{bound_axis: pick[:0] for bound_axis, pick in before.items()}, axis: elements[:0]}
            return
        swapped = len(elements) > count
        index, values, size = (KeyIndex(others), mine, len(elements)) if swapped else (KeyIndex(mine), others, count)
        for start, end in self._spans(axis, index, values, size):
            found, at = index.matches([column[start:end] for column in values], end - start)
            found = None if found is None else found + start
            here, there = (at, found) if swapped else (found, at)
            is_whole = len(elements) == self.sizes[axis]
            joined = elements if there is None else there if is_whole else elements[there]
            yield {**{key: pick if here is None else pick[here] for key, pick in before.items()}, axis: joined}

    def _narrowest(self, bound: dict[int, IntArray]) -> _Window | None:
        """Return the axis, and what an order leaves of it, with the fewest combinations; None where it leaves most."""
        count = len(next(iter(bound.values())))
        axes = {axis for band in self.bands for axis in band.axes if axis not in bound and count}
        windows = [window for axis in axes for window in self._windows(axis, bound)]
        best = min(windows, key=lambda window: window.spans.total, default=None)
        if best is None or SELECTIVE * best.spans.total > count * len(self._elements(best.axis)):
            return None
        return best

    def _narrowest_of(self, axis: int, ties: list[tuple[Column, Column]]) -> _Window | None:
        """Return what an order leaves of the elements with the same values; None where it leaves most of them."""
        if not any(axis in band.axes and band.bound_of(axis, self.bound) for band in self.bands):
            return None
        index, others = KeyIndex([self._kept(axis, column) for column, _ in ties]), [column for _, column in ties]
        if index.is_unique:
            return None
        groups = Groups(index.codes, index.encode(others, len(others[0])), index.span)
        best = min(self._windows(axis, self.bound, groups), key=lambda window: window.spans.total, default=None)
        total = int(index.counts(others, len(others[0])).sum())
        return best if best is not None and SELECTIVE * best.spans.total <= total else None

    def _windows(self, axis: int, bound: dict[int, IntArray], groups: Groups | None = None) -> Iterator[_Window]:
        """Yield what the orders leave of an axis, for each of its formulas that they bind."""
        elements, count = self._elements(axis), len(next(iter(bound.values())))
        if min(len(elements), count) < SHORT:
            return
        bands = [(band, at) for band in self.bands if axis in band.axes and (at := band.bound_of(axis, bound))]
        while bands:
            node, column = bands[0][0].own(axis)
            alike = [(band, at) for band, at in bands if band.binds(axis, node, column.dtype)]
            bands = [(band, at) for band, at in bands if not band.binds(axis, node, column.dtype)]
            values, bounds = self._kept(axis, column), [at for _, at in alike]
            if SELECTIVE * share(values, bounds) <= 1:
                yield _Window(axis, windows(values, bounds, groups), tuple(band.need for band, _ in alike))

    def _take_window(self, window: _Window) -> None:
        """Go on with the combinations that an order leaves; what it says need not be evaluated for them."""
        self.residual = [condition for condition in self.residual if not _is_met(condition, window.needs)]
        self.ordered = True
        self._take_blocks(window.axis, self._within(window))

    def _within(self, window: _Window) -> Iterator[dict[int, IntArray]]:
        """Yield the combinations with the elements of an axis that lie within their bounds."""
        elements, before = self._elements(window.axis), self.bound
        count = max(window.spans.total, 1)
        for here, there in window.spans.pairs(BLOCK if self._is_condition_ready(window.axis) else count):
            yield {**{key: pick[here] for key, pick in before.items()}, window.axis: elements[there]}

    def _spans(self, axis: int, index: KeyIndex, values: list[Column], size: int) -> list[tuple[int, int]]:
        """Return the spans of values to be joined in one go: of a block each where a condition then leaves some out."""
        if index.is_unique or not self._is_condition_ready(axis):
            return [(0, size)]
        blocks = np.cumsum(index.counts(values, size)) // BLOCK
        starts = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist()]
        return list(zip(starts, [*starts[1:], size], strict=True))

    def _is_condition_ready(self, axis: int) -> bool:
        """Whether there is something to leave out as soon as an axis is joined."""
        bound = {**self.bound, axis: np.empty(0, dtype=np.int64)}
        return any(_is_ready(condition, self.axes, bound) for condition in self.residual)

    def _crossed(self, axis: int) -> Iterator[dict[int, IntArray]]:
        """Yield all with all elements of an axis, a block at a time where a condition then leaves some out."""
        elements, before = self._elements(axis), self.bound
        count = len(next(iter(before.values())))
        ready = self._is_condition_ready(axis)
        step = max(BLOCK // max(len(elements), 1), 1) if ready else max(count, 1)
        for start in range(0, max(count, 1), step):
            some = {key: np.repeat(pick[start : start + step], len(elements)) for key, pick in before.items()}
            yield {**some, axis: np.tile(elements, min(step, count - start))}

    def _ordered(self, weight: Node | None) -> Combinations:
        shape = self.axes.shape
        if math.prod(shape) > MANY:
            raise OverflowError("these are more combinations than can be numbered")
        known = {} if weight is None else self._known(weight, self.bound) or {}
        bound, self.bound = self._picks(self.bound), {}
        order, in_order = sorted_together([Tuples(bound, [0] * len(bound))], shape)
        if order is not None:
            known = {lookup: values[order] for lookup, values in known.items()}
        return Combinations(tuple(in_order), known, bool(self.edges) or self.ordered)
