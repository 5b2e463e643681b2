"""Parameters: sparse tables of numbers, read from rows, that functions look up by key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Self, SupportsFloat

import numpy as np

from lumix_core.columns import column
from lumix_core.errors import (
    LXFunctionError,
    LXIncompleteError,
    LXIndexKeyError,
    LXMissingKeyError,
    LXModelError,
    LXNumberError,
)
from lumix_core.evaluating import CURRENT, Evaluator
from lumix_core.families import KeyReader, check_keys, read_rows, together
from lumix_core.formulas import attribute_paths
from lumix_core.functions import UserFunction
from lumix_core.indexing import Indexed, Row
from lumix_core.lookups import NO_DEFAULT, LookupTable
from lumix_core.numbers import flaw, real_number, remedy
from lumix_core.symbols import looked_up, member_of
from lumix_core.tracing import trace


class LXParameter(Indexed[Row]):
    """A sparse table of numbers: ``hours[product.id, machine.id]``, one number a row of its source.

    Inside a coefficient, a bound or a condition a lookup is a join, never a scan. Elsewhere it is a plain number; the
    rows are read at the first lookup, and again by every compile that uses the parameter.

    Args:
        name: for messages.
    """

    _found: LookupTable | None = None

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.value_of: UserFunction | None = None
        self.default_value: float | None = None
        self.mapping: Mapping[Any, Any] | None = None

    def from_data(self, data: Iterable[Row] | Mapping[Any, Any] | Any) -> Self:
        """Take the numbers from a dict ``{key: number}``, or from rows: a list of objects or a DataFrame.

        Raises:
            LXSourceError: ``data`` is no collection of rows.
        """
        if not isinstance(data, Mapping):
            return super().from_data(data)
        self.mapping, self.source = data, None
        return self

    def value(self, value: Callable[[Row], SupportsFloat]) -> Self:
        """Set which number of a row the table holds."""
        self.value_of = UserFunction.of(value, f"the value of {self.name!r}")
        return self

    def default(self, value: SupportsFloat) -> Self:
        """Set the number of every key that has no row; without it, looking one up is an error."""
        self.default_value = real_number(value, f"the default of {self.name!r}")
        return self

    def __getitem__(self, key: Any) -> float:
        symbol: Any = looked_up(self, key)
        return self._number(key) if symbol is None else symbol

    def __call__(self, *key: Any, **named: Any) -> float:
        """Look up a key given by its parts, in order or by the names of the attributes that make it."""
        parts = self._ordered(named) if named and not key else key
        if (named and key) or not parts:
            raise LXFunctionError(
                f"{self.owner} was called with {len(key)} values and {len(named)} named ones: a key is given either in "
                f"order or by name. Write {self.name}(1, 2), or name every part."
            )
        return self[parts[0] if len(parts) == 1 and not self._is_compound() else parts]

    def __contains__(self, key: Any) -> bool:
        symbol = member_of(self, key)
        return self._table().get(key) is not None if symbol is None else bool(symbol)

    __iter__ = None  # a table that is asked by key is no collection of rows

    def lookup_table(self, evaluator: Evaluator) -> LookupTable:
        """Read the rows and return keys and numbers as columns.

        Raises:
            LXIndexKeyError: a key is repeated, NULL or cannot be hashed.
            LXNumberError: a value is no finite number.
            LXIncompleteError: nothing says where the rows come from, or which number of theirs to take.
        """
        found = self._of_mapping() if self.mapping is not None else self._of_rows(evaluator)
        self._found = found
        return found

    def _of_rows(self, evaluator: Evaluator) -> LookupTable:
        if self.value_of is None:
            raise LXIncompleteError(
                f"{self.owner} has no value: nothing says which number of a row it holds. "
                f"Add .value(lambda row: row.hours)."
            )
        rows = read_rows(self, evaluator, self.owner)
        for function in (self.key, self.value_of):
            if function is not None:
                function.arity(1, with_row=False)
        reader = KeyReader(self.key, rows.arguments[0].table.primary_key)
        parts, compound = reader.parts(rows, evaluator)
        values = evaluator.numbers(self.value_of, rows)
        found = LookupTable(parts, values, compound, self._default)
        self._check(found, own=reader.reads_own_key)
        return found

    def _of_mapping(self) -> LookupTable:
        if self.key is not None or self.value_of is not None or self.filters:
            raise LXModelError(
                f"{self.owner} has a dict, which holds keys and numbers already, and functions of rows beside it. "
                f"Leave out .indexed_by(), .value() and .where(), or give rows."
            )
        assert self.mapping is not None
        for key, value in self.mapping.items():
            wrong = flaw(value)
            if wrong is not None:
                raise LXNumberError(f"The value of {self.name!r} {wrong} for the key {key!r}. {remedy('a value')}")
        keys = list(self.mapping)
        lengths = {len(key) if type(key) is tuple else 0 for key in keys}
        length = lengths.pop() if len(lengths) == 1 else 0
        numbers = np.array(list(map(float, self.mapping.values())), dtype=np.float64)
        if not length:
            return LookupTable((column(keys),), numbers, compound=False, default=self._default)
        parts = tuple(column(list(part)) for part in zip(*keys, strict=True))
        return LookupTable(parts, numbers, compound=True, default=self._default)

    @property
    def _default(self) -> Any:
        return NO_DEFAULT if self.default_value is None else self.default_value

    def _check(self, found: LookupTable, own: bool) -> None:
        """Refuse keys that are repeated or NULL."""
        if not found.size:
            return
        typed = all(part.dtype.kind in "ib" or set(map(type, part)) <= {str, int} for part in found.key)
        if not typed or found.index.repeated() is not None:
            check_keys(together(found.key) if found.compound else found.key[0], self.owner, own)

    def _ordered(self, named: dict[str, Any]) -> tuple[Any, ...]:
        names = self._names()
        if names is None or set(names) != set(named):
            known = f"its parts are {', '.join(names)}" if names else "its key function does more than read attributes"
            raise LXFunctionError(
                f"{self.owner} was asked for {', '.join(named)}, but {known}. "
                f"Name every part of the key, or give them in order."
            )
        return tuple(named[name] for name in names)

    def _names(self) -> tuple[str, ...] | None:
        """Return the attributes that make the key."""
        if self.key is None:
            return None
        traced = attribute_paths(trace(self.key.call, [None]).formula)
        return None if traced is None else tuple(path[-1] for path in traced[0])

    def _is_compound(self) -> bool:
        """Whether a key is a tuple even if it has one part."""
        if self.key is None:
            return False
        traced = attribute_paths(trace(self.key.call, [None]).formula)
        return traced is not None and traced[1]

    def _number(self, key: Hashable) -> float:
        table = self._table()
        try:
            found = table.get(key)
        except TypeError as error:
            raise LXIndexKeyError(
                f"{self.owner} was asked for {key!r:.80}, which cannot be hashed ({error}). "
                f"Ask for a key: {self.name}[row.id]."
            ) from error
        if found is not None:
            number: float = found
            return number
        if self.default_value is None:
            raise LXMissingKeyError(
                f"{self.owner} has no value for the key {key!r}: none of its {table.size:,} rows has it, and there is "
                f"no default. Add the row, or give a default: .default(0.0)."
            )
        return self.default_value

    def _table(self) -> LookupTable:
        """Return what the compile that is running reads, or what was read last."""
        evaluator = CURRENT.get()
        if evaluator is not None:
            return evaluator.parameter(self)
        return Evaluator().parameter(self) if self._found is None else self._found

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name != "_found"}
