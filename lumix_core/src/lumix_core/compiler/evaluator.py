"""Functions over many rows at once: over columns where they could be traced, else row by row.

Columns are used only as far as they agree with the rows: a few elements are computed both ways, and whatever the
columns do not determine (an error, a value that is no number) is evaluated row by row, which says where and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.conversions import (
    Listed,
    equal,
    numbers_of,
    numbers_of_rows,
    single_value,
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
from lumix_core.formulas.nodes import Node, Tuple
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
        count: for how many elements it was evaluated.
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
        indices: the index over an attribute of an argument, in a list that is empty before the index is made.
    """

    def __init__(self, reading: Reading | None = None) -> None:
        self.reading = Reading() if reading is None else reading
        self.tracer = Tracer()
        self.tables = LookupTables(lambda parameter: parameter.lookup_table(self))
        self.vectorized = Vectorized(self.tables)
        self.statistics: dict[UserFunction, EvaluationStatistics] = {}
        self.indices: dict[tuple[Argument, Path], list[Any]] = {}

    def __enter__(self) -> Evaluator:
        self._token = RUNNING.set(self.tables.parameter)
        return self

    def __exit__(self, *_: object) -> None:
        RUNNING.reset(self._token)
        self.reading.loaded.release()

    def objects(self, function: UserFunction, batch: Batch, convert: Callable[[Any], Any] | None = None) -> list[Any]:
        """Return what a function returns for each element, converted where a conversion is given.

        Raises:
            LXLateBindingError: it captures a loop variable that was rebound.
            LXNumberError: it failed on a value that is NULL or no number.
            LXFunctionError: it failed for another reason.
        """
        objects: list[Any] = self._evaluated(function, batch, Listed(convert), list, convert)
        return objects

    def values(self, function: UserFunction, batch: Batch) -> Column:
        """Return what a function returns for each element, as a column; raises as `objects` does."""
        values: Column = self._evaluated(function, batch, filled, column)
        return values

    def parts(self, function: UserFunction, batch: Batch) -> tuple[tuple[Column, ...], bool]:
        """Return what a function returns for each element by parts, where it returns tuples of one length.

        Returns:
            the columns of the parts, and True; or the one column of what is no tuple, and False.
        """
        function.check_captures()
        formula = self.tracer.trace_of(function, tuple(argument.table for argument in batch.arguments)).formula
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
        """Return the parts of a tuple over columns; None where only going row by row shows them."""
        began = perf_counter()
        try:
            parts = tuple(filled(self.vectorized.value(item, batch), batch.size) for item in formula.items)
            picks = sample(batch.size)
            alone = [function.call(*batch.rows_of(i)) for i in picks]
        except Exception:  # noqa: BLE001 - going row by row reports it
            return None
        if alone != [tuple(part.item(i) for part in parts) for i in picks]:
            return None
        self.note(EvaluationStatistics(function, "columns", "", batch.size, batch.size, perf_counter() - began))
        return parts

    def truths(self, function: UserFunction, batch: Batch) -> BoolArray:
        """Return for which elements a condition is true, shape ``(size,)``; raises as `objects` does."""
        truths: BoolArray = self._evaluated(function, batch, true_of, truths_of_rows, truth_of)
        return truths

    def numbers(
        self,
        value: float | UserFunction,
        batch: Batch,
        known: dict[Node, Column] | None = None,
        infinite: float | None = None,
    ) -> FloatArray:
        """Return a number for each element, float64, shape ``(size,)``.

        Args:
            value: a number, or a function of the rows.
            batch: the elements.
            known: what a join has computed for the function already.
            infinite: the infinite value that is allowed, ``math.inf`` or ``-math.inf``.

        Raises:
            LXNumberError: one is NULL, NaN, infinite or no number; the message names family, key and attribute.
        """
        if not isinstance(value, UserFunction):
            return np.full(batch.size, value)

        of_rows = _Numbers(value, batch, infinite)
        of_columns = partial(numbers_of, infinite=infinite)
        numbers: FloatArray = self._evaluated(value, batch, of_columns, of_rows, known=known)
        return numbers

    def numbers_by_row(self, function: UserFunction, batch: Batch) -> FloatArray:
        """Return a number for each of a few elements that a key has picked; raises as `numbers` does."""
        function.check_captures()
        of_rows = _Numbers(function, batch)
        numbers = of_rows(by_row(function, batch, of_rows=of_rows))
        self.note(EvaluationStatistics(function, "join", "", batch.size, batch.size))
        return numbers

    def _evaluated(
        self,
        function: UserFunction,
        batch: Batch,
        of_columns: Callable[[Value, int], Any],
        of_rows: Callable[[list[Any]], Any],
        convert: Callable[[Any], Any] | None = None,
        *,
        known: dict[Node, Column] | None = None,
    ) -> Any:
        """Evaluate a function over columns if that says the same as its rows, else row by row."""
        function.check_captures()
        began = perf_counter()
        tables = tuple(argument.table for argument in batch.arguments)
        traced = self.tracer.trace_of(function, tables)
        if traced.formula is not None:
            try:
                result = of_columns(self.vectorized.value(traced.formula, batch, known or None), batch.size)
                if self._agrees(function, batch, result, of_rows, convert):
                    mode = "join" if known else "columns"
                    self.note(EvaluationStatistics(function, mode, "", batch.size, batch.size, perf_counter() - began))
                    return result
                traced = Trace(None, "it returns one thing for a row and another for its columns")
            except (NotVectorizable, RecursionError):
                traced = Trace(None, "its columns hold what only the rows show, such as NULL or mixed types")
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
        """Whether the rows of a few elements give what the columns give."""
        picks = sample(batch.size)
        try:
            values = [function.call(*batch.rows_of(i)) for i in picks]
            alone = of_rows(values if convert is None else list(map(convert, values)))
            return all(equal(result[i], value) for i, value in zip(picks, alone, strict=True))
        except Exception:  # noqa: BLE001 - the columns say otherwise; going row by row reports it
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
    """Turns what a function returned for its first elements into numbers, or raises for the first that is none."""

    function: UserFunction
    batch: Batch
    infinite: float | None = None

    def __call__(self, values: list[Any]) -> FloatArray:
        numbers = numbers_of_rows(values, self.infinite)
        if numbers is None:
            raise wrong_number(self.function, self.batch, list(map(single_value, values)), self.infinite)
        return numbers


def by_row(
    function: UserFunction,
    batch: Batch,
    convert: Callable[[Any], Any] | None = None,
    of_rows: Callable[[list[Any]], Any] = list,
) -> list[Any]:
    """Call a function for one element after the other and return what it returns, converted if ``convert`` is given.

    ``of_rows`` raises where a value is none that the model can hold: for an element before the one that fails, too.
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
    """Whether a condition gives for the rows of a batch of one what its columns give."""
    try:
        return truth_of(condition.call(*batch.rows_of(0))) is bool(expected)
    except Exception:  # noqa: BLE001 - the columns say otherwise; going row by row reports it
        return False


def sample(size: int) -> list[int]:
    """Return a few positions, spread over all of them."""
    return sorted({0, size // 2, size - 1}) if size else []
