"""The rows that an iteration of a rule goes through, as arguments of functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family, read_rows
from lumix_core.compiler.joins.axes import Axes
from lumix_core.language.indexed import LXIndexDimension
from lumix_core.language.parameters import LXParameter
from lumix_core.problem.arrays import IntArray
from lumix_core.rows.tables import Kind, Table

if TYPE_CHECKING:
    from lumix_core.compiler.columns import Columns

NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
NO_BATCH = Batch((), 1, lambda i: "every row")
"""What reads no row is computed for."""


@dataclass(frozen=True, eq=False)
class ScopeRows:
    """The rows that an iteration goes through.

    Args:
        batch: the rows.
        kinds: what kind of row each dimension has.
        family: the family of a variable; None for a parameter and a dimension.
    """

    batch: Batch
    kinds: tuple[Kind, ...]
    family: Family | None


def scope_rows(family: Any, columns: Columns, evaluator: Evaluator, position: str) -> ScopeRows:
    """Return the rows of a variable or a dimension, or the keys of a parameter, as arguments of functions."""
    if isinstance(family, LXIndexDimension):
        batch = read_rows(family, evaluator, family.owner)
        return ScopeRows(batch, (batch.arguments[0].table.kind(family.declared_type),), None)
    if not isinstance(family, LXParameter):
        compiled, _ = columns.position(family, position)
        return ScopeRows(compiled.batch(), compiled.kinds, compiled)
    table = evaluator.tables.parameter(family)
    parts = [Table(part.tolist(), _type_of(part.tolist()), columns={(): part}) for part in table.key]
    batch = Batch(tuple(map(Argument.whole, parts)), table.size, lambda i: f"key {i} of {family.name!r}")
    return ScopeRows(batch, tuple(part.kind(None) for part in parts), None)


def _type_of(values: list[Any]) -> type | None:
    types = set(map(type, values))
    return types.pop() if len(types) == 1 else None


def axes_of(batches: Sequence[Batch]) -> Axes:
    """Return the axes for functions that take all rows of each batch, one batch after the other."""
    return Axes(tuple(batches), tuple((a, i) for a, batch in enumerate(batches) for i in range(len(batch.arguments))))
