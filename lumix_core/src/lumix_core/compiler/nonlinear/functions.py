"""Absolute values, minima, maxima and curves of a model, as one set of arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lumix_core.compiler.nonlinear.curves import Breakpoints, breakpoints
from lumix_core.compiler.nonlinear.part_rows import PartRows
from lumix_core.errors import LXModelError, sentence
from lumix_core.language.nonlinear_parts import FunctionPart
from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.structures import FunctionKind, Functions, Labels

NAMES = {
    FunctionKind.ABS: "the absolute value",
    FunctionKind.MIN: "the minimum",
    FunctionKind.MAX: "the maximum",
    FunctionKind.PIECEWISE: "the curve",
}


@dataclass(frozen=True, eq=False)
class _Arguments:
    """Arguments of functions: the function of each, its constant, and terms by argument."""

    function: IntArray
    constants: FloatArray
    of_term: IntArray
    columns: IntArray
    values: FloatArray

    def shifted(self, arguments: int) -> IntArray:
        """Return the argument of each term, where so many arguments come before."""
        return self.of_term + arguments


@dataclass(eq=False)
class FunctionBuilder:
    """Collects the functions of the parts of a model."""

    lower: FloatArray
    upper: FloatArray
    _kinds: list[IntArray] = field(default_factory=list)
    _arguments: list[_Arguments] = field(default_factory=list)
    _curves: list[Breakpoints] = field(default_factory=list)
    _uses: list[tuple[IntArray, FloatArray]] = field(default_factory=list)
    _labels: Labels = ()

    def add(self, part: FunctionPart, rows: PartRows) -> None:
        """Add the functions of one part: one for each of its rows."""
        pieces = [self._argument(part, number, rows) for number in range(len(part.arguments))]
        arguments = _joined(pieces)
        counts = np.bincount(arguments.function, minlength=rows.size)
        if (counts == 0).any():
            element = rows.family.element(int(np.argmin(counts)))
            raise LXModelError(
                f"{sentence(rows.position)}, {element}: {NAMES[part.kind]} has no argument, since no element of its "
                f"families agrees with the row. Add a number, such as 0, or leave such rows out."
            )
        first = sum(map(len, self._kinds))
        self._kinds.append(np.full(rows.size, int(part.kind)))
        self._arguments.append(arguments)
        self._uses.append((rows.rows, rows.coefficients(part)))
        self._labels += ((f"{NAMES[part.kind]} in {rows.position}", rows.size),)
        self._curves.append(
            breakpoints(part, rows, self._ends(arguments)) if part.curve else Breakpoints.none(rows.size)
        )
        assert first + rows.size == sum(map(len, self._kinds))

    def _argument(self, part: FunctionPart, number: int, rows: PartRows) -> _Arguments:
        expression = part.arguments[number]
        if part.spread and part.spread[number]:
            entries, start = rows.entries(expression.terms[0])
            size = len(entries.rows)
            return _Arguments(entries.rows, np.zeros(size), np.arange(size), entries.elements + start, entries.values)
        matrix = rows.argument(expression)
        constants = np.full(rows.size, expression.constant)
        return _Arguments(np.arange(rows.size), constants, matrix.rows, matrix.columns, matrix.values)

    def _ends(self, arguments: _Arguments) -> tuple[FloatArray, FloatArray]:
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
        sizes = [len(kinds) for kinds in self._kinds]
        firsts = np.cumsum([0, *sizes[:-1]])
        numbered = [
            _Arguments(one.function + first, one.constants, one.of_term, one.columns, one.values)
            for one, first in zip(self._arguments, firsts.tolist(), strict=True)
        ]
        arguments = _joined(numbered)
        order = np.argsort(arguments.function, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        of_term = place[arguments.of_term]
        terms = np.argsort(of_term, kind="stable")
        count = sum(sizes)
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
            use_rows=np.concatenate([rows for rows, _ in self._uses]).astype(np.int32),
            use_functions=np.arange(count, dtype=np.int32),
            use_values=np.concatenate([values for _, values in self._uses]),
            labels=self._labels,
        )


def _joined(parts: list[_Arguments]) -> _Arguments:
    counts = [len(part.constants) for part in parts]
    befores = np.cumsum([0, *counts[:-1]]).tolist()
    return _Arguments(
        np.concatenate([part.function for part in parts]),
        np.concatenate([part.constants for part in parts]),
        np.concatenate([part.shifted(before) for part, before in zip(parts, befores, strict=True)]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


def _starts(lengths: IntArray) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
