"""Absolute values, minima, maxima and curves of a model, as one set of arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from lumix_core.compiler.nonlinear.curves import Breakpoints, breakpoints
from lumix_core.compiler.nonlinear.function_arguments import FunctionArguments
from lumix_core.compiler.nonlinear.part_rows import PartRows
from lumix_core.errors import LXModelError, sentence
from lumix_core.language.nonlinear_parts import FunctionPart
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.structures import FunctionKind, Functions, Labels

if TYPE_CHECKING:
    from lumix_core.compiler.rules.nonlinear_columns import NonLinearNumbers

NAMES = {
    FunctionKind.ABS: "the absolute value",
    FunctionKind.MIN: "the minimum",
    FunctionKind.MAX: "the maximum",
    FunctionKind.PIECEWISE: "the curve",
}


@dataclass(eq=False)
class FunctionBuilder:
    """Collects the functions of the parts of a model."""

    lower: FloatArray
    upper: FloatArray
    _kinds: list[IntArray] = field(default_factory=list)
    _arguments: list[FunctionArguments] = field(default_factory=list)
    _curves: list[Breakpoints] = field(default_factory=list)
    _uses: list[tuple[IntArray, IntArray, FloatArray]] = field(default_factory=list)
    _labels: Labels = ()

    def add(self, part: FunctionPart, rows: PartRows) -> None:
        """Add the functions of one part: one for each of its rows."""
        pieces = [self._argument(part, number, rows) for number in range(len(part.arguments))]
        arguments = FunctionArguments.joined(pieces)
        counts = np.bincount(arguments.function, minlength=rows.size)
        if (counts == 0).any():
            element = rows.family.element(int(np.argmin(counts)))
            raise LXModelError(
                f"{sentence(rows.position)}, {element}: {NAMES[part.kind]} has no argument, since no element of its "
                f"families agrees with the row. Add a number, such as 0, or leave such rows out."
            )
        first = self._size
        self._uses.append((rows.rows, first + np.arange(rows.size), rows.coefficients(part)))
        self._labels += ((f"{NAMES[part.kind]} in {rows.position}", rows.size),)
        curves = breakpoints(part, rows, self._ends(arguments)) if part.curve else Breakpoints.none(rows.size)
        self._append(np.full(rows.size, int(part.kind)), arguments, curves)

    def add_of_rule(self, numbers: NonLinearNumbers, start: int, position: str) -> None:
        """Add the functions of a rule, whose first row is ``start``; that of the objective is `OBJECTIVE`."""
        self._uses.append((numbers.use_rows + start, self._size + numbers.use_functions, numbers.use_values))
        for kind, run in groupby(numbers.kinds.tolist()):
            self._labels += ((f"{NAMES[FunctionKind(kind)]} in {position}", len(list(run))),)
        self._append(numbers.kinds, numbers.arguments, Breakpoints.none(len(numbers.kinds)))

    @property
    def _size(self) -> int:
        return sum(map(len, self._kinds))

    def _append(self, kinds: IntArray, arguments: FunctionArguments, curves: Breakpoints) -> None:
        self._arguments.append(arguments.numbered(self._size))
        self._kinds.append(kinds)
        self._curves.append(curves)

    def _argument(self, part: FunctionPart, number: int, rows: PartRows) -> FunctionArguments:
        expression = part.arguments[number]
        if part.spread and part.spread[number]:
            entries, start = rows.entries(expression.terms[0])
            size = len(entries.rows)
            return FunctionArguments(
                entries.rows, np.zeros(size), np.arange(size), entries.elements + start, entries.values
            )
        matrix = rows.argument(expression)
        constants = np.full(rows.size, expression.constant)
        return FunctionArguments(np.arange(rows.size), constants, matrix.rows, matrix.columns, matrix.values)

    def _ends(self, arguments: FunctionArguments) -> tuple[FloatArray, FloatArray]:
        """Return the least and the most that the bounds of variables let each argument be; infinite without an end."""
        low, high = self.lower[arguments.columns], self.upper[arguments.columns]
        positive = arguments.values > 0
        with np.errstate(invalid="ignore"):
            least = np.where(positive, arguments.values * low, arguments.values * high)
            most = np.where(positive, arguments.values * high, arguments.values * low)
        size = len(arguments.constants)
        sums = (np.bincount(arguments.of_term, weights=ends, minlength=size) for ends in (least, most))
        low_sum, high_sum = (arguments.constants + total for total in sums)
        return low_sum, high_sum

    def finished(self) -> Functions:
        """Return all functions."""
        if not self._kinds:
            return Functions()
        arguments = FunctionArguments.joined(self._arguments)
        order = np.argsort(arguments.function, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        of_term = place[arguments.of_term]
        terms = np.argsort(of_term, kind="stable")
        count = self._size
        use_rows, use_functions, use_values = map(np.concatenate, zip(*self._uses, strict=True))
        points = [
            np.concatenate([getattr(one, name) for one in self._curves]) for name in ("x", "y", "counts", "errors")
        ]
        return Functions(
            kinds=np.concatenate(self._kinds).astype(np.int32),
            starts=_starts(np.bincount(arguments.function, minlength=count)),
            argument_starts=_starts(np.bincount(of_term, minlength=len(order))),
            argument_columns=arguments.columns[terms].astype(np.int32),
            argument_coefficients=arguments.values[terms],
            argument_constants=arguments.constants[order],
            point_starts=_starts(points[2]),
            point_x=points[0],
            point_y=points[1],
            errors=points[3],
            use_rows=use_rows.astype(np.int32),
            use_functions=use_functions.astype(np.int32),
            use_values=use_values,
            labels=self._labels,
        )


def _starts(lengths: IntArray) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
