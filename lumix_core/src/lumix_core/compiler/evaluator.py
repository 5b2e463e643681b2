"""Functions over many rows at once: over columns where they could be traced, else row by row.

Columns are believed only as far as they agree with the rows: a few members are computed both ways, and whatever the
columns cannot tell (an error, a value that is no number) is gone through row by row, which says where and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from lumix_core.compiler.batches import Argument, Batch
from lumix_core.compiler.conversions import (
    Listed,
    equal,
    numbers_of,
    numbers_of_rows,
    true_of,
    truth_of,
    truths_of_rows,
)
from lumix_core.compiler.failures import failure, wrong_number
from lumix_core.compiler.reading import Reading
from lumix_core.errors import LXModelError
from lumix_core.formulas import arithmetic
from lumix_core.formulas.arithmetic import Unlike, Value, filled
from lumix_core.formulas.lookup_table import NO_DEFAULT, RUNNING, LookupTable, check_hashed_as_compared, table_of
from lumix_core.formulas.nodes import After, Apply, Attribute, Choice, Constant, Failure, Lookup, Member, Node, Tuple
from lumix_core.formulas.tracing import Trace, trace
from lumix_core.formulas.user_function import UserFunction
from lumix_core.problem.keys import IntArray
from lumix_core.problem.problem import BoolArray, FloatArray
from lumix_core.rows.columns import Column, column, object_column, together
from lumix_core.rows.registry import adapter_for
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import Path, Table


@dataclass(eq=False)
class Account:
    """How a function was evaluated in one compile.

    Args:
        function: the function.
        way: "columns", "join" or "row by row".
        reason: why it was called row by row.
        count: for how many members it was evaluated.
        possible: how many there would have been without a join.
        seconds: what it took.
    """

    function: UserFunction
    way: str
    reason: str = ""
    count: int = 0
    possible: int = 0
    seconds: float = 0.0


@dataclass(eq=False)
class Evaluator:
    """Evaluates the functions of a model, for one compile.

    Args:
        reading: the tables of this compile.
        accounts: how each function was evaluated, by its ``id``.
        indices: an argument, and the index over one of its attributes once there is one.
    """

    reading: Reading = field(default_factory=Reading)
    accounts: dict[int, Account] = field(default_factory=dict)
    indices: dict[tuple[int, Path], list[Any]] = field(default_factory=dict)
    _traces: dict[int, tuple[Trace, UserFunction]] = field(default_factory=dict)
    _classes: dict[type, RowClass | None] = field(default_factory=dict)
    _tables: dict[tuple[int, int], tuple[LookupTable, Any]] = field(default_factory=dict)
    _opened: set[int] = field(default_factory=set)

    def __enter__(self) -> Evaluator:
        self._token = RUNNING.set(self.parameter)
        return self

    def __exit__(self, *_: object) -> None:
        RUNNING.reset(self._token)
        self.reading.loaded.release()

    def trace_of(self, function: UserFunction, tables: tuple[Table, ...]) -> Trace:
        """Return the formula of a function of rows of some tables, traced once a compile."""
        known = self._traces.get(id(function))
        return self.trace_for(function, [self.mapped(table) for table in tables]) if known is None else known[0]

    def trace_for(self, function: UserFunction, rows: Sequence[RowClass | None]) -> Trace:
        """Trace a function of rows of which so much is known."""
        known = self._traces.get(id(function))
        if known is None:
            found = trace(function.call, rows, self.row_class)
            known = self._traces[id(function)] = (found, function)
        return known[0]

    def mapped(self, table: Table) -> RowClass | None:
        """Return what is known of the class of a table's rows, where an ORM maps it."""
        if table.detached:
            return table.row_class
        return None if table.row_type is None else self.row_class(table.row_type)

    def row_class(self, cls: type) -> RowClass | None:
        """Return what is known of a class that an ORM maps, None for any other."""
        if cls not in self._classes:
            adapter = adapter_for(cls)
            self._classes[cls] = None if adapter is None else adapter.row_class(cls)
        return self._classes[cls]

    def distrust(self, function: UserFunction, why: str) -> None:
        """Have a function called row by row from now on."""
        self._traces[id(function)] = (Trace(None, why), function)

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
        formula = self.trace_of(function, tuple(one.table for one in batch.arguments)).formula
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
            parts = tuple(filled(self.value(one, batch), batch.size) for one in formula.items)
            picks = sample(batch.size)
            alone = [function.call(*batch.rows_of(i)) for i in picks]
        except Exception:  # noqa: BLE001 - going row by row tells
            return None
        if alone != [tuple(part.item(i) for part in parts) for i in picks]:
            return None
        self.account(Account(function, "columns", "", batch.size, batch.size, perf_counter() - began))
        return parts

    def truths(self, function: UserFunction, batch: Batch) -> BoolArray:
        """Return for which members a condition is true, shape ``(size,)``; raises as `objects` does."""
        found: BoolArray = self._either_way(function, batch, true_of, truths_of_rows, truth_of)
        return found

    def numbers(self, value: float | UserFunction, batch: Batch, known: dict[int, Column] | None = None) -> FloatArray:
        """Return a number for each member, float64, shape ``(size,)``.

        Args:
            value: a number, or a function of the rows.
            batch: the members.
            known: what a join has found of the function already.

        Raises:
            LXNumberError: one is NULL, NaN, infinite or no number; the message names family, key and attribute.
        """
        if not isinstance(value, UserFunction):
            return np.full(batch.size, value)

        of_rows = _Numbers(value, batch)
        found: FloatArray = self._either_way(value, batch, numbers_of, of_rows, known=known)
        return found

    def numbers_by_row(self, function: UserFunction, batch: Batch) -> FloatArray:
        """Return a number for each of a few members that a key has picked; raises as `numbers` does."""
        function.check_captures()
        of_rows = _Numbers(function, batch)
        found = of_rows(by_row(function, batch, of_rows=of_rows))
        self.account(Account(function, "join", "", batch.size, batch.size))
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
        traced = self.trace_of(function, tables)
        if traced.formula is not None:
            try:
                result = of_columns(self.value(traced.formula, batch, known or None), batch.size)
                if self._agrees(function, batch, result, of_rows, convert):
                    way = "join" if known else "columns"
                    self.account(Account(function, way, "", batch.size, batch.size, perf_counter() - began))
                    return result
                traced = Trace(None, "it returns one thing for a row and another for its columns")
            except (Unlike, RecursionError):
                traced = Trace(None, "its columns hold what only the rows can tell, such as NULL or mixed types")
        result = of_rows(by_row(function, batch, convert, of_rows))
        if traced.formula is None:
            self.distrust(function, traced.reason)
        reason = self._traces[id(function)][0].reason
        self.account(Account(function, "row by row", reason, batch.size, batch.size, perf_counter() - began))
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

    def account(self, done: Account) -> None:
        """Note how a function was evaluated."""
        known = self.accounts.setdefault(id(done.function), done)
        if known is not done:
            known.way = "join" if "join" in (known.way, done.way) else done.way
            known.reason = done.reason or known.reason
            known.count, known.possible = max(known.count, done.count), max(known.possible, done.possible)
            known.seconds += done.seconds

    def value(self, node: Node, batch: Batch, known: dict[int, Column] | None = None) -> Value:
        """Return the value of a formula for each member: a column, or one value for all.

        Args:
            node: the formula.
            batch: the members.
            known: values of parts of the formula that were found before, by ``id``.

        Raises:
            Unlike: a row would raise.
        """
        if known is not None and id(node) in known:
            return known[id(node)]
        if isinstance(node, Failure) and batch.size:
            raise Unlike
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Attribute):
            return self._attribute(node, batch.arguments[node.argument])
        one = _only(node.uses)
        if one is not None and batch.size > len(batch.arguments[one].table):
            found = self._by_table(node, one, batch)
            if found is not None:
                return found
        return _EVALUATE[type(node)](self, node, batch, known)

    def _by_table(self, node: Node, place: int, batch: Batch) -> Column | None:
        """Evaluate what reads a single argument once for each row of its table; None where that cannot tell."""
        argument = batch.arguments[place]
        rows = tuple(Argument.whole(one.table) if i == place else one for i, one in enumerate(batch.arguments))
        try:
            found = _EVALUATE[type(node)](self, node, Batch(rows, len(argument.table), batch.member), None)
        except Unlike:
            return None
        return filled(found, len(argument.table))[argument.positions]

    def _attribute(self, node: Attribute, argument: Argument) -> Column:
        try:
            values = argument.column(node.path)
        except Exception as error:
            raise Unlike from error
        return arithmetic.present(values)

    def _apply(self, node: Apply, batch: Batch, known: dict[int, Column] | None) -> Value:
        operands = tuple([self.value(one, batch, known) for one in node.operands])
        return arithmetic.apply(node.function, operands, batch.size)

    def _choice(self, node: Choice, batch: Batch, known: dict[int, Column] | None) -> Column:
        mask = arithmetic.truth(self.value(node.condition, batch, known), batch.size)
        if isinstance(node.then, Constant) and isinstance(node.otherwise, Constant):
            one, other = node.then.value, node.otherwise.value
            if type(one) is type(other) and type(one) in (float, bool):
                chosen: Column = np.where(mask, one, other)
                return chosen
        if mask.all() or not mask.any():
            branch = node.then if batch.size and mask[0] else node.otherwise
            return filled(self.value(branch, batch, known), batch.size) if batch.size else object_column([])
        return arithmetic.merged(
            mask,
            self._branch(node.then, batch, np.flatnonzero(mask), known),
            self._branch(node.otherwise, batch, np.flatnonzero(~mask), known),
        )

    def _branch(self, node: Node, batch: Batch, picks: IntArray, known: dict[int, Column] | None) -> Column:
        if isinstance(node, Constant):
            return filled(node.value, len(picks))
        within = None if known is None else {name: values[picks] for name, values in known.items()}
        return filled(self.value(node, batch.take(picks), within), len(picks))

    def _after(self, node: After, batch: Batch, known: dict[int, Column] | None) -> Value:
        found = {id(one): filled(self.value(one, batch, known), batch.size) for one in node.effects}
        return self.value(node.result, batch, found if known is None else {**known, **found})

    def _lookup(self, node: Lookup, batch: Batch, known: dict[int, Column] | None) -> Column:
        table = self.table(node.table, node.key)
        places = self._places(table, node.key, batch, known)
        default = table.default if node.missing is None else node.missing.value
        missing = places < 0
        if not missing.any():
            return table.values[places]
        if default is NO_DEFAULT:
            raise Unlike
        return arithmetic.merged(~missing, table.values[places[~missing]], filled(default, int(missing.sum())))

    def _member(self, node: Member, batch: Batch, known: dict[int, Column] | None) -> Column:
        if isinstance(node.table, list | tuple):  # searched by ==, not by hash
            for part in key_parts(node.key):
                check_hashed_as_compared(filled(self.value(part, batch, known), batch.size))
        found: Column = self._places(self.table(node.table, node.key), node.key, batch, known) >= 0
        return found

    def _places(self, table: LookupTable, key: Node, batch: Batch, known: dict[int, Column] | None) -> IntArray:
        parts = [self.value(one, batch, known) for one in key_parts(key)]
        try:
            return table.find(parts, batch.size)
        except Exception as error:
            raise Unlike from error

    def _tuple(self, node: Tuple, batch: Batch, known: dict[int, Column] | None) -> Column:
        return together([filled(self.value(one, batch, known), batch.size) for one in node.items])

    def table(self, held: Any, key: Node) -> LookupTable:
        """Return what a formula looks values up in, as columns: made once a compile."""
        parts = len(key.items) if isinstance(key, Tuple) else 0
        found = self.parameter(held) if hasattr(held, "lookup_table") else self._captured(held, parts)
        if found.size and (found.compound, len(found.key)) != (bool(parts), max(parts, 1)):
            raise Unlike
        return found

    def parameter(self, parameter: Any) -> LookupTable:
        """Return what a parameter holds, read once a compile."""
        known = self._tables.get((id(parameter), -1))
        if known is None:
            known = self._tables[id(parameter), -1] = (self._read(parameter), parameter)
        return known[0]

    def tables_of_parameters(self) -> list[tuple[Any, LookupTable]]:
        """Return the parameters that were read, each with what it holds."""
        return [(held, table) for (_, parts), (table, held) in self._tables.items() if parts == -1]

    def give(self, parameter: Any, table: LookupTable) -> None:
        """Have a parameter hold this table, whatever its rows say."""
        self._tables[id(parameter), -1] = (table, parameter)

    def _read(self, parameter: Any) -> LookupTable:
        if id(parameter) in self._opened:
            raise LXModelError(
                f"{parameter.owner} looks itself up: a function of its own rows asks for one of its numbers, which are "
                f"not known before. Give the function another parameter, or a dict."
            )
        self._opened.add(id(parameter))
        try:
            found: LookupTable = parameter.lookup_table(self)
        finally:
            self._opened.discard(id(parameter))
        return found

    def _captured(self, held: Any, parts: int) -> LookupTable:
        """Return a dict or a collection that a function captures, as a table."""
        known = self._tables.get((id(held), parts))
        if known is None:
            known = self._tables[id(held), parts] = (table_of(held, parts), held)
        return known[0]


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Turns what a function returned for its first members into numbers, or raises for the first that is none."""

    function: UserFunction
    batch: Batch

    def __call__(self, values: list[Any]) -> FloatArray:
        found = numbers_of_rows(values)
        if found is None:
            raise wrong_number(self.function, self.batch, values)
        return found


def key_parts(key: Node) -> tuple[Node, ...]:
    """Return the parts of a key that is looked up."""
    return key.items if isinstance(key, Tuple) else (key,)


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


def _only(uses: int) -> int | None:
    """Return the one argument that a formula reads, None where it reads none or several."""
    return uses.bit_length() - 1 if uses and not uses & (uses - 1) else None


_EVALUATE: dict[type, Callable[..., Value]] = {
    Failure: lambda *_: object_column([]),
    Apply: Evaluator._apply,
    Choice: Evaluator._choice,
    After: Evaluator._after,
    Lookup: Evaluator._lookup,
    Member: Evaluator._member,
    Tuple: Evaluator._tuple,
}
