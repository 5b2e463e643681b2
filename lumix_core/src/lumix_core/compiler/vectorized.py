"""Formulas over columns: the value for all index elements of a batch at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.lookup_tables import LookupTables
from lumix_core.formulas import arithmetic
from lumix_core.formulas.arithmetic import NotVectorizable, Value, filled
from lumix_core.formulas.lookup_table import NO_DEFAULT, LookupTable, check_hashed_as_compared
from lumix_core.formulas.nodes import (
    After,
    Apply,
    Attribute,
    Choice,
    Computed,
    Constant,
    Element,
    Failure,
    Lookup,
    Node,
    Tuple,
)
from lumix_core.formulas.operators import operator_of
from lumix_core.problem.arrays import IntArray
from lumix_core.rows.columns import Column, object_column, together


class Vectorized:
    """Evaluates formulas.

    Args:
        tables: what they look values up in.
    """

    def __init__(self, tables: LookupTables) -> None:
        self._tables = tables

    def value(self, node: Node, batch: Batch, known: dict[Node, Column] | None = None) -> Value:
        """Return the value of a formula for each element: a column, or one value for all.

        Args:
            node: the formula.
            batch: the elements.
            known: values of parts of the formula that were computed before.

        Raises:
            NotVectorizable: a row would raise.
        """
        if known is not None and node in known:
            return known[node]
        if isinstance(node, Failure) and batch.size:
            raise NotVectorizable
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Attribute):
            return self._attribute(node, batch.arguments[node.argument])
        if isinstance(node, Computed):
            computed: Column = node.column(batch)
            return computed
        argument = _only(node.uses)
        if argument is not None and batch.size > len(batch.arguments[argument].table):
            column = self._by_table(node, argument, batch)
            if column is not None:
                return column
        return _EVALUATE[type(node)](self, node, batch, known)

    def _by_table(self, node: Node, position: int, batch: Batch) -> Column | None:
        """Evaluate what reads a single argument once for each row of its table; None where that fails."""
        argument = batch.arguments[position]
        rows = tuple(Argument.whole(other.table) if i == position else other for i, other in enumerate(batch.arguments))
        try:
            values = _EVALUATE[type(node)](self, node, Batch(rows, len(argument.table), batch.element), None)
        except NotVectorizable:
            return None
        return filled(values, len(argument.table))[argument.positions]

    def _attribute(self, node: Attribute, argument: Argument) -> Column:
        try:
            values = argument.column(node.path)
        except Exception as error:
            raise NotVectorizable from error
        return arithmetic.present(values)

    def _apply(self, node: Apply, batch: Batch, known: dict[Node, Column] | None) -> Value:
        operands = tuple([self.value(operand, batch, known) for operand in node.operands])
        return operator_of(node.function).over_columns(node.function, operands, batch.size)

    def _choice(self, node: Choice, batch: Batch, known: dict[Node, Column] | None) -> Column:
        mask = arithmetic.truth(self.value(node.condition, batch, known), batch.size)
        if isinstance(node.then, Constant) and isinstance(node.otherwise, Constant):
            then, otherwise = node.then.value, node.otherwise.value
            if type(then) is type(otherwise) and type(then) in (float, bool):
                chosen: Column = np.where(mask, then, otherwise)
                return chosen
        if mask.all() or not mask.any():
            branch = node.then if batch.size and mask[0] else node.otherwise
            return filled(self.value(branch, batch, known), batch.size) if batch.size else object_column([])
        return arithmetic.merged(
            mask,
            self._branch(node.then, batch, np.flatnonzero(mask), known),
            self._branch(node.otherwise, batch, np.flatnonzero(~mask), known),
        )

    def _branch(self, node: Node, batch: Batch, picks: IntArray, known: dict[Node, Column] | None) -> Column:
        if isinstance(node, Constant):
            return filled(node.value, len(picks))
        within = None if known is None else {part: values[picks] for part, values in known.items()}
        return filled(self.value(node, batch.take(picks), within), len(picks))

    def _after(self, node: After, batch: Batch, known: dict[Node, Column] | None) -> Value:
        computed = {effect: filled(self.value(effect, batch, known), batch.size) for effect in node.effects}
        return self.value(node.result, batch, computed if known is None else {**known, **computed})

    def _lookup(self, node: Lookup, batch: Batch, known: dict[Node, Column] | None) -> Column:
        table = self._tables.table(node.table, node.key)
        positions = self._positions(table, node.key, batch, known)
        default = table.default if node.missing is None else node.missing.value
        missing = positions < 0
        if not missing.any():
            return table.values[positions]
        if default is NO_DEFAULT:
            raise NotVectorizable
        return arithmetic.merged(~missing, table.values[positions[~missing]], filled(default, int(missing.sum())))

    def _element(self, node: Element, batch: Batch, known: dict[Node, Column] | None) -> Column:
        if isinstance(node.table, list | tuple):  # searched by ==, not by hash
            for part in key_parts(node.key):
                check_hashed_as_compared(filled(self.value(part, batch, known), batch.size))
        contained: Column = self._positions(self._tables.table(node.table, node.key), node.key, batch, known) >= 0
        return contained

    def _positions(self, table: LookupTable, key: Node, batch: Batch, known: dict[Node, Column] | None) -> IntArray:
        parts = [self.value(part, batch, known) for part in key_parts(key)]
        try:
            return table.find(parts, batch.size)
        except Exception as error:
            raise NotVectorizable from error

    def _tuple(self, node: Tuple, batch: Batch, known: dict[Node, Column] | None) -> Column:
        return together([filled(self.value(item, batch, known), batch.size) for item in node.items])


def key_parts(key: Node) -> tuple[Node, ...]:
    """Return the parts of a key that is looked up."""
    return key.items if isinstance(key, Tuple) else (key,)


def _only(uses: int) -> int | None:
    """Return the one argument that a formula reads, None where it reads none or several."""
    return uses.bit_length() - 1 if uses and not uses & (uses - 1) else None


_EVALUATE: dict[type, Callable[..., Value]] = {
    Failure: lambda *_: object_column([]),
    Apply: Vectorized._apply,
    Choice: Vectorized._choice,
    After: Vectorized._after,
    Lookup: Vectorized._lookup,
    Element: Vectorized._element,
    Tuple: Vectorized._tuple,
}
