"""Where a change of a whole family was made, so that it finds its index elements again in a family with other keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import IntArray
from lumix_core.problem.keys import Keys


@dataclass(frozen=True, eq=False)
class Elements:
    """The index elements of a family for which numbers were set.

    Args:
        keys: of the family then.
    """

    keys: Keys

    def positions_in(self, keys: Keys) -> IntArray:
        """Return for each key of a family its position then, -1 for one that was not there; shape ``(len(keys),)``."""
        if keys.has_keys_of(self.keys):
            return np.arange(len(keys))
        known = {key: position for position, key in enumerate(self.keys)}
        return np.array([known.get(key, -1) for key in keys], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Nonzeros:
    """The nonzeros for which numbers were set.

    Args:
        rows, columns: the families of their rows and columns.
        row, column: the position of each nonzero in its families; of one length.
    """

    rows: Elements
    columns: Elements
    row: IntArray
    column: IntArray

    def positions_of(self, others: Nonzeros) -> IntArray:
        """Return for each of other nonzeros, of the families with other keys, its position here; -1 for none."""
        if not len(self.row):
            return np.full(len(others.row), -1)
        row = self.rows.positions_in(others.rows.keys)[others.row]
        column = self.columns.positions_in(others.columns.keys)[others.column]
        width = len(self.columns.keys)
        codes, wanted = self.row * width + self.column, row * width + column
        order = np.argsort(codes, kind="stable")
        places = np.minimum(np.searchsorted(codes[order], wanted), len(codes) - 1)
        same = (codes[order][places] == wanted) & (row >= 0) & (column >= 0)
        return np.where(same, order[places], -1)
