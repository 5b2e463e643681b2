"""Functions over many rows at once: over columns where they could be traced, else row by row.

Columns are believed only as far as they agree with the rows: a few members are computed both ways, and whatever the
columns cannot tell (an error, a value that is no number) is gone through row by row, which says where and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from lumix_core.compiler.batches import Batch
from lumix_core.compiler.conversions import (
    Listed,
    equal,
    numbers_of,
    numbers_of_rows,
    true_of,
    truth_of,
    truths_of_rows,
)
from lumix_core.compiler.function_errors import failure, wrong_number
from lumix_core.compiler.lookup_tables import LookupTables
from lumix_core.compiler.reading import Reading
from lumix_core.compiler.tracer import Tracer
from lumix_core.compiler.vectorized import Vectorized
from lumix_core.formulas.arithmetic import NotVectorizable, Value, filled
from lumix_core.formulas.lookup_table import RUNNING
from lumix_core.formulas.nodes import Tuple
from lumix_core.formulas.tracing import Trace
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.rows.columns import Column, column
from lumix_core.rows.tables import Path


@dataclass(eq=False)
class EvaluationStatistics:
    """How a function was evaluated in one compile.

    Args:
        function: the function.
        mode: "columns", "join" or "row by row".
        reason: why it was called row by row.
        count: for how many members it was evaluated.
        possible: how many there would have been without a join.
        seconds: what it took.
    """

    function: UserFunction
    mode: str
    reason: str = ""
    count: int = 0
    possible: int = 0
    seconds: float = 0.0


class Evaluator:
    """Evaluates the functions of a model, for one compile.

    Args:
        reading: the tables of this compile.

    Attributes:
        tracer: the formulas of functions.
        tables: what formulas look values up in.
        vectorized: evaluates formulas.
        statistics: how each function was evaluated.
        indices: an argument, and the index over one of its attributes once there is one.
    """

    def __init__(self, reading: Reading | None = None) -> None:
        self.reading = Reading() if reading is None else reading
        self.tracer = Tracer()
        self.tables = LookupTables(lambda parameter: parameter.lookup_table(self))
        self.vectorized = Vectorized(self.tables)
        self.statistics: dict[UserFunction, EvaluationStatistics] = {}
        self.indices: dict[tuple[int, Path], list[Any]] = {}

    def __enter__(self) -> Evaluator:
        self._token = RUNNING.set(self.tables.parameter)
        return self

    def __exit__(self, *_: object) -> None:
        RUNNING.reset(self._token)
        self.reading.loaded.release()

    def objects(self, function: UserFunction, batch: Batch, convert: Callable[[Any], Any] | None = None) -> list[Any]:
        """Return what a function returns for each member, converted if asked.

        Raises:
            LXLateBindingError: it captures a loop variable that was rebound.
            LXNumberError: it failed on a value that is NULL or no number.
            LXFunctionError: it failed for another reason.
        """
        found: list[Any] = self._either_way(function, batch, Listed(convert), list, convert)
        return found

    def values(self, function: UserFunction, batch: Batch) -> Column:
        """Return what a function returns for each member, as a column; raises as `objects` does."""
        found: Column = self._either_way(function, batch, filled, column)
        return found

    def parts(self, function: UserFunction, batch: Batch) -> tuple[tuple[Column, ...], bool]:
        """Return what a function returns for each member by parts, where it returns tuples of one length.

        Returns:
            the columns of the parts, and True; or the one column of what is no tuple, and False.
        """
        function.check_captures()
        formula = self.tracer.trace_of(function, tuple(one.table for one in batch.arguments)).formula
        if isinstance(formula, Tuple) and batch.size:
            parts = self._tuple_parts(function, formula, batch)
            if parts is not None:
                return parts, True
        values = self.values(function, batch)
        lengths = {len(value) if type(value) is tuple else 0 for value in values} if values.dtype == np.object_ else {0}
        if len(lengths) > 1 or not lengths or 0 in lengths:
            return (values,), False
        return tuple(column(list(part)) for part in zip(*values, strict=True)), True

    def _tuple_parts(self, function: UserFunction, formula: Tuple, batch: Batch) -> tuple[Column, ...] | None:
        """Return the parts of a tuple over columns; None where only the rows can tell."""
        began = perf_counter()
        try:
            parts = tuple(filled(self.vectorized.value(one, batch), batch.size) for one in formula.items)
            picks = sample(batch.size)
            alone = [function.call(*batch.rows_of(i)) for i in picks]
        except Exception:  # noqa: BLE001 - going row by row tells
            return None
        if alone != [tuple(part.item(i) for part in parts) for i in picks]:
            return None
        self.note(EvaluationStatistics(function, "columns", "", batch.size, batch.size, perf_counter() - began))
        return parts

    def truths(self, function: UserFunction, batch: Batch) -> BoolArray:
        """Return for which members a condition is true, shape ``(size,)``; raises as `objects` does."""
        found: BoolArray = self._either_way(function, batch, true_of, truths_of_rows, truth_of)
        return found

    def numbers(
        self,
        value: float | UserFunction,
        batch: Batch,
        known: dict[int, Column] | None = None,
        infinite: float | None = None,
    ) -> FloatArray:
        """Return a number for each member, float64, shape ``(size,)``.

        Args:
            value: a number, or a function of the rows.
            batch: the members.
            known: what a join has found of the function already.
            infinite: the infinite value that is allowed, ``math.inf`` or ``-math.inf``.

        Raises:
            LXNumberError: one is NULL, NaN, infinite or no number; the message names family, key and attribute.
        """
        if not isinstance(value, UserFunction):
            return np.full(batch.size, value)

        of_rows = _Numbers(value, batch, infinite)
        of_columns = partial(numbers_of, infinite=infinite)
        found: FloatArray = self._either_way(value, batch, of_columns, of_rows, known=known)
        return found

    def numbers_by_row(self, function: UserFunction, batch: Batch) -> FloatArray:
        """Return a number for each of a few members that a key has picked; raises as `numbers` does."""
        function.check_captures()
        of_rows = _Numbers(function, batch)
        found = of_rows(by_row(function, batch, of_rows=of_rows))
        self.note(EvaluationStatistics(function, "join", "", batch.size, batch.size))
        return found

    def _either_way(
        self,
        function: UserFunction,
        batch: Batch,
        of_columns: Callable[[Value, int], Any],
        of_rows: Callable[[list[Any]], Any],
        convert: Callable[[Any], Any] | None = None,
        *,
        known: dict[int, Column] | None = None,
    ) -> Any:
        """Evaluate a function over columns if that says the same as its rows, else row by row."""
        function.check_captures()
        began = perf_counter()
        tables = tuple(one.table for one in batch.arguments)
        traced = self.tracer.trace_of(function, tables)
        if traced.formula is not None:
            try:
                result = of_columns(self.vectorized.value(traced.formula, batch, known or None), batch.size)
                if self._agrees(function, batch, result, of_rows, convert):
                    way = "join" if known else "columns"
                    self.note(EvaluationStatistics(function, way, "", batch.size, batch.size, perf_counter() - began))
                    return result
                traced = Trace(None, "it returns one thing for a row and another for its columns")
            except (NotVectorizable, RecursionError):
                traced = Trace(None, "its columns hold what only the rows can tell, such as NULL or mixed types")
        result = of_rows(by_row(function, batch, convert, of_rows))
        reason = traced.reason
        if traced.formula is None:
            self.tracer.fall_back_to_rows(function, reason)
        self.note(EvaluationStatistics(function, "row by row", reason, batch.size, batch.size, perf_counter() - began))
        return result

    def _agrees(
        self,
        function: UserFunction,
        batch: Batch,
        result: Any,
        of_rows: Callable[[list[Any]], Any],
        convert: Callable[[Any], Any] | None,
    ) -> bool:
        """Whether a few members say by themselves what the columns say."""
        picks = sample(batch.size)
        try:
            values = [function.call(*batch.rows_of(i)) for i in picks]
            alone = of_rows(values if convert is None else list(map(convert, values)))
            return all(equal(result[i], one) for i, one in zip(picks, alone, strict=True))
        except Exception:  # noqa: BLE001 - the columns say otherwise; going row by row tells
            return False

    def note(self, done: EvaluationStatistics) -> None:
        """Note how a function was evaluated."""
        known = self.statistics.setdefault(done.function, done)
        if known is not done:
            known.mode = "join" if "join" in (known.mode, done.mode) else done.mode
            known.reason = done.reason or known.reason
            known.count, known.possible = max(known.count, done.count), max(known.possible, done.possible)
            known.seconds += done.seconds


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Turns what a function returned for its first members into numbers, or raises for the first that is none."""

    function: UserFunction
    batch: Batch
    infinite: float | None = None

    def __call__(self, values: list[Any]) -> FloatArray:
        found = numbers_of_rows(values, self.infinite)
        if found is None:
            raise wrong_number(self.function, self.batch, values, self.infinite)
        return found


def by_row(
    function: UserFunction,
    batch: Batch,
    convert: Callable[[Any], Any] | None = None,
    of_rows: Callable[[list[Any]], Any] = list,
) -> list[Any]:
    """Call a function for one member after the other and return what it returns, converted if asked.

    ``of_rows`` raises where a value is none that the model can hold: for a member before the one that fails, too.
    """
    call = function.call
    values: list[Any] = []
    try:
        if convert is None:
            for rows in batch.calls():
                values.append(call(*rows))
        else:
            for rows in batch.calls():
                values.append(convert(call(*rows)))
    except Exception as error:
        of_rows(values)
        raise failure(function, batch, len(values), error) from error
    return values


def agrees_on(condition: UserFunction, batch: Batch, expected: bool) -> bool:
    """Whether a condition says by itself, for the only member of a batch, what its columns say."""
    try:
        return truth_of(condition.call(*batch.rows_of(0))) is bool(expected)
    except Exception:  # noqa: BLE001 - the columns say otherwise; going row by row tells
        return False


def sample(size: int) -> list[int]:
    """Return a few places, spread over all of them."""
    return sorted({0, size // 2, size - 1}) if size else []
