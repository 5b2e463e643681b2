"""Parameters: sparse tables of numbers, read from rows, that functions look up by key."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, TypeVar

from lumix_core.errors import (
    LXFunctionError,
    LXIndexKeyError,
    LXMissingKeyError,
)
from lumix_core.formulas.lookup_table import NO_DEFAULT, RUNNING, LookupTable
from lumix_core.formulas.nodes import attribute_paths
from lumix_core.formulas.symbolic_rows import element_of, looked_up
from lumix_core.formulas.tracing import trace
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.indexed import Indexed, side_text
from lumix_core.language.linear_forms import RULE
from lumix_core.problem.numbers import real_number
from lumix_core.problem.text import html_lines, html_table
from lumix_core.rows.sources import QuerySource, mapped_key

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

    value_of: UserFunction | None
    default_value: float | None
    _mapping: Mapping[Any, Any] | None
    _cached: tuple[tuple[Any, ...], LookupTable] | None = None
    _named: tuple[UserFunction, tuple[str, ...], bool] | None = None

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.value_of = None
        self.default_value = None
        self._mapping = None

    @property
    def mapping(self) -> Mapping[Any, Any] | None:
        """The dict that the numbers were given as; None where they are read from rows."""
        return self._mapping if self.source is None else None

    def from_data(self, data: Iterable[Row] | Mapping[Any, Any] | Any) -> Self:
        """Take the numbers from a dict ``{key: number}``, or from rows: a list of objects or a DataFrame.

        A pandas Series is taken as a dict of its index, with tuples as the keys of several levels, as it is now.

        Raises:
            LXSourceError: ``data`` is no collection of rows.
            LXIndexKeyError: an index of a Series has a label twice.
        """
        data = _by_label(data, self.owner) if _is_labelled(data) else data
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
        from lumix_core.compiler.instances import parameter_instances

        return parameter_instances(self)

    def _repr_html_(self) -> str:
        """Return what was declared as a table, for notebooks; reads no rows."""
        held = self.mapping
        rows = self.described if held is None else f"a {type(held).__name__} of {len(held):,} keys"
        default = "none: a missing key is an error" if self.default_value is None else f"{self.default_value:g}"
        value = [] if self.value_of is None else [("value", side_text(self.value_of))]
        lines = [("rows", rows), *value, ("default", default)]
        return html_lines(self.owner) + html_table(("", ""), lines)

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
        symbol = element_of(self, key)
        return self._find(key) is not None if symbol is None else bool(symbol)

    def __iter__(self) -> Iterator[Any]:
        """Go through the keys that have a number."""
        rule = RULE.get()
        return iter(self._table().keys().tolist()) if rule is None else rule.rows(self)

    def __len__(self) -> int:
        """Return how many keys have a number."""
        rule = RULE.get()
        return self._table().size if rule is None else rule.count(self)

    def __bool__(self) -> bool:
        return True

    def lookup_table(self, evaluator: Any) -> LookupTable:
        """Read the rows, with the evaluator of a compile, and return keys and numbers as columns.

        Raises:
            LXIndexKeyError: a key is repeated, NULL or cannot be hashed.
            LXNumberError: a value is no finite number.
            LXIncompleteError: nothing says where the rows come from, or which number of theirs to take.
        """
        from lumix_core.compiler.parameter_tables import read_parameter

        found = read_parameter(self, evaluator)
        self._cached = self._declaration, found
        return found

    @property
    def missing(self) -> Any:
        """What looking up a key without a row gives: the default, or `NO_DEFAULT` where it is an error."""
        return NO_DEFAULT if self.default_value is None else self.default_value

    @property
    def _declaration(self) -> tuple[Any, ...]:
        """All parts of the declaration: what was read is valid as long as they are the same."""
        return (self.source, self._mapping, self.key, self.value_of, self.default_value, *self.filters)

    def _ordered(self, named: dict[str, Any]) -> tuple[Any, ...]:
        names = self._names()[0]
        if set(names) != set(named) or len(set(names)) < len(names):
            known = f"its parts are {', '.join(names)}" if names else "its key function does more than read attributes"
            raise LXFunctionError(
                f"{self.owner} was looked up with {', '.join(named)}, but {known}. "
                f"Name every part of the key, or give them in order."
            )
        return tuple(named[name] for name in names)

    def _is_compound(self) -> bool:
        """Whether a key is a tuple even if it has one part."""
        return self._names()[1]

    def _names(self) -> tuple[tuple[str, ...], bool]:
        """Return what the parts of a key are called, none where they have no names; and whether it is a tuple."""
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
                f"{self.owner} was looked up with {key!r:.80}, which cannot be hashed ({error}). "
                f"Look up a key: {self.name}[row.id]."
            ) from error
        if found is None and not table.may_have(key):
            known = table.keys().item(0)
            raise LXMissingKeyError(
                f"{self.owner} was looked up with {key!r:.80}, which cannot be one of its keys: they are like "
                f"{known!r:.80}. Look up a key of their kind, its parts in the same order."
            )
        return found

    def _table(self) -> LookupTable:
        """Return what the compile that is running reads, or what was read last."""
        read = RUNNING.get()
        if read is not None:
            return read(self)
        declaration = self._declaration
        if (
            self._cached is not None
            and len(declaration) == len(self._cached[0])
            and all(map(operator.is_, declaration, self._cached[0]))
        ):
            return self._cached[1]
        from lumix_core.compiler.instances import parameter_table

        return parameter_table(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name not in ("_cached", "_named")}


def _is_labelled(data: Any) -> bool:
    """Whether data is a pandas Series: numbers, each with a label."""
    return not isinstance(data, Mapping) and all(hasattr(data, name) for name in ("index", "to_dict", "is_unique"))


def _by_label(series: Any, owner: str) -> dict[Any, Any]:
    """Return a Series as a dict of its labels."""
    labels = series.index.tolist()
    values = dict(zip(labels, series.tolist(), strict=True))
    if len(values) < len(labels):
        repeated = next(label for label in labels if labels.count(label) > 1)
        raise LXIndexKeyError(
            f"{owner}.from_data() got a Series with the label {repeated!r} {labels.count(repeated)} times: a key has "
            f"one number. Add them up (series.groupby(level=...).sum()), or drop the others."
        )
    return values
