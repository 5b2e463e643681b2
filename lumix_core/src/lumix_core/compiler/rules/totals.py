"""Sums of numbers within a rule: what Python's ``sum`` gives for each row around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.joins.axes import Axes
from lumix_core.compiler.joins.join import matching
from lumix_core.compiler.rules.formula_functions import FormulaFunction
from lumix_core.problem.arrays import IntArray
from lumix_core.rows.columns import Column, column

if TYPE_CHECKING:
    from lumix_core.compiler.evaluator import Evaluator
    from lumix_core.compiler.rules.runs import Scope

Rows = Callable[[Any], list[tuple[Any, ...]]]
"""Returns the rows of a family, as tuples of one a dimension."""


@dataclass(eq=False)
class TotalContents:
    """What a sum of numbers adds up.

    Args:
        outer: which of the rows around it it depends on, by their position among these.
        arguments: the numbers of these rows in the rule.
        scopes: what it goes through.
        parts: where it adds something, and what; functions of the outer rows and those of the scopes.
        evaluator: of the compile.
        batch_of: returns the rows of a scope.
        rows_of: returns the same one by one.
    """

    outer: tuple[int, ...]
    arguments: tuple[int, ...]
    scopes: tuple[Scope, ...]
    parts: list[tuple[FormulaFunction | None, FormulaFunction]]
    evaluator: Evaluator | None = None
    batch_of: Callable[[Scope], Batch] | None = None
    rows_of: Rows | None = field(default=None)

    def column(self, batch: Batch, arguments: tuple[int, ...]) -> Column:
        """Return the sum for each element of a batch, of which these arguments are the outer rows."""
        assert self.evaluator is not None
        assert self.batch_of is not None
        if not arguments:
            return self._repeated(batch.size)
        outer = Batch(tuple(batch.arguments[i] for i in arguments), batch.size, batch.element)
        return self._summed(outer, [outer, *map(self.batch_of, self.scopes)])

    def _repeated(self, size: int) -> Column:
        assert self.batch_of is not None
        alone = Batch((), 1, lambda i: "one of its elements")
        return self._summed(alone, [alone, *map(self.batch_of, self.scopes)])[np.zeros(size, dtype=np.int64)]

    def _summed(self, outer: Batch, batches: list[Batch]) -> Column:
        """Add up in the order in which Python would."""
        assert self.evaluator is not None
        positions = tuple((axis, i) for axis, batch in enumerate(batches) for i in range(len(batch.arguments)))
        axes = Axes(tuple(batches), positions)
        codes, values = [], []
        for order, (condition, number) in enumerate(self.parts):
            found = matching(self.evaluator, axes, [] if condition is None else [condition], number)
            batch = axes.batch(found.picks)
            codes.append(np.array([*found.picks, np.full(batch.size, order)]).reshape(len(batches) + 1, batch.size))
            values += self.evaluator.objects(number, batch)
        picks = np.concatenate(codes, axis=1) if codes else np.empty((1, 0), dtype=np.int64)
        return column(_sums(picks, values, outer.size))

    def value(self, *outer: Any) -> Any:
        """Return the sum for single rows around it."""
        assert self.rows_of is not None
        values: list[Any] = []
        self._add(values, outer, 0)
        return sum(values)

    def _add(self, values: list[Any], rows: tuple[Any, ...], depth: int) -> None:
        assert self.rows_of is not None
        if depth < len(self.scopes):
            for row in self.rows_of(self.scopes[depth].family):
                self._add(values, (*rows, *row), depth + 1)
            return
        for condition, number in self.parts:
            if condition is None or condition.call(*rows):
                values.append(number.call(*rows))


def _sums(picks: IntArray, values: list[Any], size: int) -> list[Any]:
    """Return the sum for each outer row, 0 where nothing is added."""
    order = np.lexsort(picks[::-1])
    starts = np.searchsorted(picks[0][order], np.arange(size + 1)).tolist()
    ordered = [values[i] for i in order.tolist()]
    return [sum(ordered[start:end]) for start, end in pairwise(starts)]
