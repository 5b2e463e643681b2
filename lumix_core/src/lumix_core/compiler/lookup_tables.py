"""What formulas look values up in: parameters, and the dicts and collections that functions capture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lumix_core.errors import LXModelError
from lumix_core.formulas.arithmetic import NotVectorizable
from lumix_core.formulas.lookup_table import LookupTable, table_of
from lumix_core.formulas.nodes import Node, Tuple


class LookupTables:
    """The tables of one compile, each made once.

    Args:
        read: reads what a parameter holds.
    """

    def __init__(self, read: Callable[[Any], LookupTable]) -> None:
        self.parameters: dict[Any, LookupTable] = {}
        self._read = read
        self._captured: dict[tuple[int, int], tuple[LookupTable, Any]] = {}
        self._opened: set[Any] = set()

    def table(self, held: Any, key: Node) -> LookupTable:
        """Return what a formula looks values up in, as columns.

        Raises:
            NotVectorizable: the key has other parts than the keys of the table.
        """
        parts = len(key.items) if isinstance(key, Tuple) else 0
        table = self.parameter(held) if hasattr(held, "lookup_table") else self._of_captured(held, parts)
        if table.size and (table.compound, len(table.key)) != (bool(parts), max(parts, 1)):
            raise NotVectorizable
        return table

    def parameter(self, parameter: Any) -> LookupTable:
        """Return what a parameter holds.

        Raises:
            LXModelError: it looks itself up.
        """
        known = self.parameters.get(parameter)
        if known is not None:
            return known
        if parameter in self._opened:
            raise LXModelError(
                f"{parameter.owner} looks itself up: a function of its own rows asks for one of its numbers, which are "
                f"not known before. Give the function another parameter, or a dict."
            )
        self._opened.add(parameter)
        try:
            table = self.parameters[parameter] = self._read(parameter)
        finally:
            self._opened.discard(parameter)
        return table

    def _of_captured(self, held: Any, parts: int) -> LookupTable:
        """Return a dict or a collection that a function captures, as a table."""
        known = self._captured.get((id(held), parts))
        if known is None:
            known = self._captured[id(held), parts] = (table_of(held, parts), held)
        return known[0]
