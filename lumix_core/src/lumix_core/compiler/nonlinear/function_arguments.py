"""The arguments of functions as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class FunctionArguments:
    """Linear arguments of functions.

    With ``g`` arguments and ``t`` terms of all of them:

    Args:
        function: the function of each argument, shape ``(g,)``.
        constants: of each argument, shape ``(g,)``.
        of_term: the argument of each term, shape ``(t,)``.
        columns, values: the terms, shape ``(t,)``.
    """

    function: IntArray
    constants: FloatArray
    of_term: IntArray
    columns: IntArray
    values: FloatArray

    @classmethod
    def joined(cls, parts: Sequence[FunctionArguments]) -> FunctionArguments:
        """Return the arguments of several parts as one, whose functions are numbered alike."""
        befores = np.cumsum([0, *(len(part.constants) for part in parts)]).tolist()
        none: IntArray = np.empty(0, dtype=np.int64)
        return cls(
            np.concatenate([none, *(part.function for part in parts)]),
            np.concatenate([np.empty(0), *(part.constants for part in parts)]),
            np.concatenate([none, *(part.of_term + before for part, before in zip(parts, befores, strict=False))]),
            np.concatenate([none, *(part.columns for part in parts)]),
            np.concatenate([np.empty(0), *(part.values for part in parts)]),
        )

    def numbered(self, first: int) -> FunctionArguments:
        """Return the same for functions whose numbers begin at ``first``."""
        return FunctionArguments(self.function + first, self.constants, self.of_term, self.columns, self.values)

    def of(self, functions: IntArray, count: int) -> FunctionArguments:
        """Return the arguments of some functions, which are numbered anew.

        Args:
            functions: which, in rising order.
            count: how many functions there are.
        """
        number = np.full(count, -1)
        number[functions] = np.arange(len(functions))
        kept = number[self.function] >= 0
        place = np.cumsum(kept) - 1
        with_terms = kept[self.of_term]
        return FunctionArguments(
            number[self.function[kept]],
            self.constants[kept],
            place[self.of_term[with_terms]],
            self.columns[with_terms],
            self.values[with_terms],
        )
