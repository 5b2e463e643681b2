"""Parameters: sparse tables of numbers, read from rows, that functions look up by key."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, TypeVar

import numpy as np

from lumix_core.batches import Batch
from lumix_core.columns import Column, column
from lumix_core.errors import (
    LXFunctionError,
    LXIncompleteError,
    LXIndexKeyError,
    LXMissingKeyError,
    LXModelError,
    LXNumberError,
)
from lumix_core.evaluating import CURRENT, Evaluator
from lumix_core.families import KeyReader, check_keys, read_rows, warn_empty
from lumix_core.formulas import attribute_paths
from lumix_core.functions import UserFunction
from lumix_core.indexing import Indexed
from lumix_core.lookups import NO_DEFAULT, LookupTable
from lumix_core.numbers import flaw, real_number
from lumix_core.planning import plan_parameter
from lumix_core.rows import QuerySource, mapped_key
from lumix_core.symbols import looked_up, member_of
from lumix_core.tracing import trace

if TYPE_CHECKING:
    from typing_extensions import TypeVar as OptionalTypeVar  # every type checker knows it, installed or not

    Row = OptionalTypeVar("Row", default=Any)
else:
    Row = TypeVar("Row")


class LXParameter(Indexed[Row]):
    """A sparse table of numbers: ``hours[product.id, machine.id]``, one number a row of its source.

    In functions of rows it stands for a join, never a scan. Elsewhere a lookup is a plain number: the rows are read at
    the first one, and again by every compile that uses the parameter.

    Args:
        name: for messages.
    """

    _found: tuple[tuple[Any, ...], LookupTable] | None = None
    _named: tuple[UserFunction, tuple[str, ...], bool] | None = None

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.value_of: UserFunction | None = None
        self.default_value: float | None = None
        self._mapping: Mapping[Any, Any] | None = None

    @property
    def mapping(self) -> Mapping[Any, Any] | None:
        """The dict that the numbers were given as; None where they are read from rows."""
        return self._mapping if self.source is None else None

    def from_data(self, data: Iterable[Row] | Mapping[Any, Any] | Any) -> Self:
        """Take the numbers from a dict ``{key: number}``, or from rows: a list of objects or a DataFrame.

        Raises:
            LXSourceError: ``data`` is no collection of rows.
        """
        if not isinstance(data, Mapping):
            return super().from_data(data)
        self._mapping, self.source = data, None
        return self

    def value(self, value: Callable[[Row], SupportsFloat]) -> Self:
        """Set which number of a row the table holds."""
        self.value_of = UserFunction.of(value, f"the value of {self.name!r}")
        return self

    def default(self, value: SupportsFloat) -> Self:
        """Set the number of every key that has no row; without it, looking one up is an error."""
        self.default_value = real_number(value, f"the default of {self.name!r}")
        return self

    def get_instances(self) -> list[Any]:
        """Read the rows now and return those that the numbers are taken from (pairs of key and number of a dict)."""
        if self.mapping is not None:
            return list(self.mapping.items())
        with Evaluator() as evaluator:
            return list(read_rows(self, evaluator, self.owner).arguments[0].rows())

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
        if len(parts) == 1 and (type(parts[0]) is tuple or not self._is_compound()):
            return self[parts[0]]
        return self[parts]

    def __contains__(self, key: Any) -> bool:
        symbol = member_of(self, key)
        return self._find(key) is not None if symbol is None else bool(symbol)

    __iter__ = None  # a table that is asked by key is no collection of rows

    def lookup_table(self, evaluator: Evaluator) -> LookupTable:
        """Read the rows and return keys and numbers as columns.

        Raises:
            LXIndexKeyError: a key is repeated, NULL or cannot be hashed.
            LXNumberError: a value is no finite number.
            LXIncompleteError: nothing says where the rows come from, or which number of theirs to take.
        """
        found = self._of_mapping() if self.mapping is not None else self._of_rows(evaluator)
        self._found = self._said, found
        return found

    def _of_rows(self, evaluator: Evaluator) -> LookupTable:
        if self.value_of is None:
            raise LXIncompleteError(
                f"{self.owner} has no value: nothing says which number of a row it holds. "
                f"Add .value(lambda row: row.hours)."
            )
        plan_parameter(self, evaluator)
        rows = read_rows(self, evaluator, self.owner)
        for function in (self.key, self.value_of):
            if function is not None:
                function.arity(1, with_row=False)
        reader = KeyReader(self.key, rows.arguments[0].table.primary_key)
        parts, compound = reader.parts(rows, evaluator)
        values = evaluator.numbers(self.value_of, Batch(rows.arguments, rows.size, self._namer(parts, compound)))
        found = LookupTable(parts, values, compound, self._default, typed=True)
        self._check(found, own=reader.reads_own_key)
        return found

    def _namer(self, parts: tuple[Column, ...], compound: bool) -> Callable[[int], str]:
        def member(i: int) -> str:
            key = tuple(part.item(i) for part in parts)
            return f"key {key if compound else key[0]!r} of {self.name!r}"

        return member

    def _of_mapping(self) -> LookupTable:
        if self.key is not None or self.value_of is not None or self.filters:
            raise LXModelError(
                f"{self.owner} has a dict, which holds keys and numbers already, and functions of rows beside it. "
                f"Leave out .indexed_by(), .value() and .where(), or give rows."
            )
        assert self.mapping is not None
        keys, values = list(self.mapping), list(self.mapping.values())
        if not keys:
            warn_empty(self.owner, "dict given to from_data")
        for key, value in zip(keys, values, strict=True):
            wrong = flaw(value)
            if wrong is not None:
                raise LXNumberError(
                    f"The value of {self.name!r} {wrong} for key {key!r}. Give a finite number, or leave the key out."
                )
        lengths = {len(key) if type(key) is tuple else 0 for key in keys}
        compound = len(lengths) == 1 and 0 not in lengths
        parts = tuple(column(list(part)) for part in zip(*keys, strict=True)) if compound else (column(keys),)
        found = LookupTable(parts, np.array(list(map(float, values))), compound, self._default, typed=True)
        self._check(found, own=False)
        return found

    @property
    def _default(self) -> Any:
        return NO_DEFAULT if self.default_value is None else self.default_value

    @property
    def _said(self) -> tuple[Any, ...]:
        """All that was said of the parameter: what was read holds as long as this is the same."""
        return (self.source, self._mapping, self.key, self.value_of, self.default_value, *self.filters)

    def _check(self, found: LookupTable, own: bool) -> None:
        """Refuse keys that are repeated or NULL."""
        if not found.size:
            return
        plain = all(part.dtype.kind in "ib" or set(map(type, part)) <= {str, int} for part in found.key)
        if not plain or _is_repeated(found):
            check_keys(found.keys(), self.owner, own)

    def _ordered(self, named: dict[str, Any]) -> tuple[Any, ...]:
        names = self._names()[0]
        if set(names) != set(named) or len(set(names)) < len(names):
            known = f"its parts are {', '.join(names)}" if names else "its key function does more than read attributes"
            raise LXFunctionError(
                f"{self.owner} was asked for {', '.join(named)}, but {known}. "
                f"Name every part of the key, or give them in order."
            )
        return tuple(named[name] for name in names)

    def _is_compound(self) -> bool:
        """Whether a key is a tuple even if it has one part."""
        return self._names()[1]

    def _names(self) -> tuple[tuple[str, ...], bool]:
        """Return what the parts of a key are called, none where nobody can tell; and whether it is a tuple."""
        if self.key is None:
            row_type = self.source.query.row_type if isinstance(self.source, QuerySource) else self.declared_type
            names = (None if row_type is None else mapped_key(row_type)) or ()
            return names, len(names) > 1
        if self._named is None or self._named[0] is not self.key:
            paths, compound = attribute_paths(trace(self.key.call, [None]).formula) or ((), False)
            self._named = self.key, tuple("_".join(path) for path in paths), compound
        return self._named[1:]

    def _number(self, key: Hashable) -> float:
        found = self._find(key)
        number: float | None = self.default_value if found is None else found
        if number is None:
            raise LXMissingKeyError(
                f"{self.owner} has no value for the key {key!r:.80}: none of its {self._table().size:,} rows has it, "
                f"and there is no default. Add the row, or give a default: .default(0.0)."
            )
        return number

    def _find(self, key: Any) -> Any:
        """Return the number of a key, None where no row has it."""
        table = self._table()
        try:
            found = table.get(key)
        except TypeError as error:
            raise LXIndexKeyError(
                f"{self.owner} was asked for {key!r:.80}, which cannot be hashed ({error}). "
                f"Ask for a key: {self.name}[row.id]."
            ) from error
        if found is None and not table.may_have(key):
            known = table.keys().item(0)
            raise LXMissingKeyError(
                f"{self.owner} was asked for {key!r:.80}, which can be none of its keys: they are like {known!r:.80}. "
                f"Ask for a key of their kind, its parts in the same order."
            )
        return found

    def _table(self) -> LookupTable:
        """Return what the compile that is running reads, or what was read last."""
        evaluator = CURRENT.get()
        if evaluator is not None:
            return evaluator.parameter(self)
        said = self._said
        if (
            self._found is not None
            and len(said) == len(self._found[0])
            and all(map(operator.is_, said, self._found[0]))
        ):
            return self._found[1]
        with Evaluator() as evaluator:
            return evaluator.parameter(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name not in ("_found", "_named")}


def _is_repeated(found: LookupTable) -> bool:
    try:
        return found.index.repeated() is not None
    except OverflowError:  # keys that cannot be numbered
        return True
