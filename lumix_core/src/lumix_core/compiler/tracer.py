"""Every function of a model, traced once a compile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumix_core.formulas.recorder import ClassRead
from lumix_core.formulas.tracing import Trace, trace
from lumix_core.formulas.user_function import UserFunction
from lumix_core.rows.registry import adapter_for
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import LazyRows, Table


class Tracer:
    """Traces functions, and keeps their formulas.

    Attributes:
        rules: the rules of a model, as `compiler.rules` plans them.
    """

    def __init__(self) -> None:
        self.rules: dict[UserFunction, Any] = {}
        self._traces: dict[UserFunction, Trace] = {}
        self._checked: set[UserFunction] = set()
        self._classes: dict[type, RowClass | None] = {}

    def trace_of(self, function: UserFunction, tables: tuple[Table, ...]) -> Trace:
        """Return the formula of a function of rows of some tables."""
        known = self._traces.get(function)
        if known is None:
            known = self.trace_for(function, [self.mapped(table) for table in tables])
        if known.class_reads and function not in self._checked:
            self._checked.add(function)
            read = next((read for read in known.class_reads if has_own(tables[read.argument], read)), None)
            if read is not None:
                self.fall_back_to_rows(function, f"a row has its own {read.name!r}, in place of that of its class")
        return self._traces[function]

    def trace_for(self, function: UserFunction, rows: Sequence[RowClass | None]) -> Trace:
        """Trace a function of rows of which so much is known."""
        known = self._traces.get(function)
        if known is None:
            formula = getattr(function, "formula", None)
            traced = trace(function.call, rows, self.row_class) if formula is None else Trace(formula)
            known = self._traces[function] = traced
        return known

    def fall_back_to_rows(self, function: UserFunction, why: str) -> None:
        """Have a function called row by row from now on."""
        self._traces[function] = Trace(None, why)

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


def has_own(table: Table, read: ClassRead) -> bool:
    """Whether a row, or a row that it leads to, has its own of what a function reads off its class."""
    if table.detached or isinstance(table.rows, LazyRows):  # columns are all that these rows have
        return False
    try:
        rows = table.column(read.path) if read.path else table.rows
        return any(read.name in getattr(row, "__dict__", ()) for row in rows)
    except Exception:  # noqa: BLE001 - rows that do not tell; going row by row reports what is wrong
        return True
