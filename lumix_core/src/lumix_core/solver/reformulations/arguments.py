"""The arguments of functions, and in which direction their values are pushed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lumix_core.problem.arrays import BoolArray, FloatArray, IntArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import OBJECTIVE, Functions
from lumix_core.solver.reformulations.ranges import Ranges


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of some arguments, which are numbered anew.

    Args:
        argument: the argument of each term.
        columns, values: the terms.
        constants: of the arguments.
    """

    argument: IntArray
    columns: IntArray
    values: FloatArray
    constants: FloatArray

    @classmethod
    def of(cls, functions: Functions, arguments: IntArray) -> Terms:
        """Return the terms of some arguments, each of which may be wanted several times."""
        lengths = np.diff(functions.argument_starts).astype(np.int64)[arguments]
        argument = np.repeat(np.arange(len(arguments)), lengths)
        skipped = functions.argument_starts[arguments] - (np.cumsum(lengths) - lengths)
        places = np.repeat(skipped, lengths) + np.arange(len(argument))
        columns = functions.argument_columns[places].astype(np.int64)
        return cls(argument, columns, functions.argument_coefficients[places], functions.argument_constants[arguments])

    def range(self, ranges: Ranges) -> tuple[FloatArray, FloatArray]:
        """Return the least and the most of each argument."""
        size = len(self.constants)
        least, most = ranges.of_terms(self.argument, self.columns.astype(np.int32), self.values, size)
        return least + self.constants, most + self.constants

    def times(self, factors: FloatArray) -> Terms:
        """Return each argument multiplied by a factor."""
        return Terms(self.argument, self.columns, self.values * factors[self.argument], self.constants * factors)


def pushed(problem: LXProblem) -> tuple[BoolArray, BoolArray]:
    """Return which functions are nowhere kept up, and which nowhere down, each shape ``(f,)``.

    A function that is minimised, or stands in rows that only its being too large can break, may take any value above
    its own without a point being lost: the least is the best.
    """
    functions = problem.structures.functions
    rows, values = functions.use_rows.astype(np.int64), functions.use_values
    in_row = rows != OBJECTIVE
    positive = np.where(in_row, values > 0, (values > 0) != problem.maximize)
    has_lower, has_upper = np.ones(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
    has_lower[in_row] = np.isfinite(problem.row_lower[rows[in_row]])
    has_upper[in_row] = np.isfinite(problem.row_upper[rows[in_row]])
    # In the objective nothing holds a function but the direction in which it is pushed.
    kept_up = np.where(in_row, np.where(positive, has_lower, has_upper), ~positive)
    kept_down = np.where(in_row, np.where(positive, has_upper, has_lower), positive)
    size = len(functions)
    ups = np.bincount(functions.use_functions, weights=kept_up, minlength=size) > 0
    downs = np.bincount(functions.use_functions, weights=kept_down, minlength=size) > 0
    return ~ups, ~downs


def kept_functions(functions: Functions, kept: BoolArray) -> Functions:
    """Return some of the functions, numbered anew, with their uses."""
    if not kept.any():
        return Functions()
    numbers = np.cumsum(kept) - 1
    chosen = np.flatnonzero(kept)
    lengths = np.diff(functions.starts).astype(np.int64)
    arguments = np.flatnonzero(np.repeat(kept, lengths))
    terms = Terms.of(functions, arguments)
    used = kept[functions.use_functions]
    points = np.repeat(kept, np.diff(functions.point_starts))
    return Functions(
        kinds=functions.kinds[chosen],
        starts=_starts(lengths[chosen]),
        argument_starts=_starts(np.bincount(terms.argument, minlength=len(arguments))),
        argument_columns=terms.columns.astype(np.int32),
        argument_coefficients=terms.values,
        argument_constants=terms.constants,
        point_starts=_starts(np.diff(functions.point_starts)[chosen]),
        point_x=functions.point_x[points],
        point_y=functions.point_y[points],
        errors=functions.errors[chosen],
        use_rows=functions.use_rows[used],
        use_functions=numbers[functions.use_functions[used]].astype(np.int32),
        use_values=functions.use_values[used],
    )


def _starts(lengths: IntArray) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
