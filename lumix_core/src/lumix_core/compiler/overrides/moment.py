"""The moment at which a model was read: whether the user's own rows and captures are still what they were then."""

from __future__ import annotations

import copy
import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from lumix_core.compiler.overrides.changed_rows import kept_by_properties
from lumix_core.copying.protocol import ATOMIC
from lumix_core.errors import LXModelError
from lumix_core.formulas.captures import captured, unwrapped
from lumix_core.formulas.user_function import UserFunction
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.registry import adapter_for
from lumix_core.rows.sources import QuerySource, Source
from lumix_core.rows.standins import row_class_of, slots_of
from lumix_core.rows.tables import FrameTable, LazyRows, Table

State = Mapping[str, Any]
ADVICE = "An answer would mix rows of two moments. Open the model again, so that all of it is read now."


@dataclass(frozen=True, eq=False)
class LiveRows:
    """The user's own rows in one table, and the values of their attributes at one moment.

    Args:
        table: the rows.
        source: where they were read from.
        names: the attributes, where all rows are plain objects of one class; their values are read in bulk.
        states: what each row had then: the values of these attributes, or else all of its own by name.
    """

    table: Table
    source: Source
    names: tuple[str, ...]
    states: Sequence[Any]

    @classmethod
    def of(cls, table: Table, source: Source) -> LiveRows:
        """Return the rows with their values now."""
        names = _shared_names(table)
        values = _values(table.rows, names) if names else None
        if values is not None:
            return cls(table, source, names, values)
        return cls(table, source, (), list(map(_state, table.rows)))

    def check(self) -> None:
        """Refuse a row that has another value in an attribute by now.

        Raises:
            LXModelError: there is one, or a row cannot be read any more.
        """
        if self.names and _all_equal(self.states, _values(self.table.rows, self.names)):
            return
        self._load_expired()
        for position, row in enumerate(self.table.rows):
            then, now = self._state_then(position), _state(row)
            changed = _changed_attribute(then, now)
            if changed is not None:
                what = "has changed" if changed in now else "can no longer be read: it was expired, deleted or detached"
                raise LXModelError(
                    f"{type(row).__name__}.{changed} of {_described(row)} {what} since the model was read, when it was "
                    f"{then[changed]!r:.60}. {ADVICE}"
                )

    def _state_then(self, position: int) -> State:
        then = self.states[position]
        if not self.names:
            state: State = then
            return state
        return dict(zip(self.names, then if len(self.names) > 1 else (then,), strict=True))

    def _load_expired(self) -> None:
        """Read what an ORM has expired since, in one query for all rows where a query gave them."""
        adapter = None if self.table.row_type is None else adapter_for(self.table.row_type)
        if adapter is None or self.table.detached or self.names:
            return
        rows = [row for row, then in zip(self.table.rows, self.states, strict=True) if then.keys() - _state(row).keys()]
        if not rows:
            return
        names = {name for then in self.states for name in then}
        try:
            if isinstance(self.source, QuerySource):
                self.source.read(flush=False)
            adapter.load(rows, names)
        except Exception as error:
            raise LXModelError(
                f"Rows of {type(rows[0]).__name__} cannot be read any more, after the session expired them: "
                f"{type(error).__name__}: {error}. {ADVICE}"
            ) from error

    @property
    def has_all_in_states(self) -> bool:
        """Whether all that was read off the rows are attributes of their own, whose values cannot change in place."""
        names = set(self._state_then(0)) if self.states else set()
        read = [path[0] for path in self.table.columns if len(path) == 1 and path[0] in names]
        types = {one for name in read for one in self._types(name)}
        return len(read) == len(self.table.columns) and all(
            one in ATOMIC or issubclass(one, np.generic) for one in types
        )

    def _types(self, name: str) -> set[type]:
        if not self.names:
            return {type(then.get(name)) for then in self.states}
        if len(self.names) == 1:
            return set(map(type, self.states))
        return set(map(type, map(itemgetter(self.names.index(name)), self.states)))


def _shared_names(table: Table) -> tuple[str, ...]:
    """Return the attributes of plain objects of one class; none for other rows."""
    if not len(table) or len(set(map(type, table.rows))) > 1:
        return ()
    cls: type = type(table.rows[0])
    kept = kept_by_properties(cls)
    if cls in ATOMIC or issubclass(cls, tuple | dict) or row_class_of(cls) is not None or adapter_for(cls) is not None:
        return ()
    return tuple(name for name in _state(table.rows[0]) if name not in kept)


def _values(rows: Sequence[Any], names: tuple[str, ...]) -> list[Any] | None:
    """Return the values of attributes by row; None where a row lacks one."""
    try:
        return list(map(attrgetter(*names), rows))
    except AttributeError:
        return None


def _all_equal(then: Sequence[Any], now: Sequence[Any] | None) -> bool:
    """Whether rows have the same values; False also where they cannot be compared at once, as arrays."""
    try:
        return now is not None and bool(then == now)
    except Exception:  # noqa: BLE001 - each value is looked at by itself then
        return False


class Moment:
    """What the rows and captures of a model were when it was read.

    Args:
        tables: the rows by source.
        sources: where they were read from.
        functions: of the model, each with whether it was evaluated over columns alone.
    """

    def __init__(
        self,
        tables: Mapping[Hashable, Table],
        sources: Mapping[Hashable, Source],
        functions: Mapping[UserFunction, bool],
    ) -> None:
        live = {name: table for name, table in tables.items() if not isinstance(table.rows, LazyRows)}
        self._live = [LiveRows.of(table, sources[name]) for name, table in live.items() if name in sources]
        self._functions = list(functions)
        self._captures = [list(map(_kept, _captures(function.call))) for function in self._functions]
        self.is_complete = (
            all(functions.values())
            and all(rows.has_all_in_states for rows in self._live)
            and all(_is_constant(value) for function in self._functions for value in _captures(function.call))
            and not any(isinstance(table, FrameTable) and table.may_change for table in tables.values())
        )
        """Whether `check` notices every change that a compile would; else the model has to be compiled to know."""

    def check(self) -> None:
        """Refuse rows and captures that are others by now.

        Raises:
            LXModelError: they are.
        """
        for rows in self._live:
            rows.check()
        for function, then in zip(self._functions, self._captures, strict=True):
            if not _all_same(then, list(_captures(function.call))):
                raise LXModelError(
                    f"{function.role} uses a variable that has another value than when the model was read. {ADVICE}"
                )


def read_again(tables: Mapping[Hashable, Table], sources: Mapping[Hashable, Source]) -> dict[Hashable, Table]:
    """Return tables as they are now: of rows of the user's own without what was read off them."""
    return {name: _read_again(table, sources.get(name)) for name, table in tables.items()}


def _read_again(table: Table, source: Source | None) -> Table:
    if isinstance(table, FrameTable) and table.may_change:
        return table if source is None else source.read()
    if isinstance(table.rows, LazyRows):
        return table
    return Table(table.rows, table.row_type, table.primary_key, table.tuples, table.detached, {}, table.row_class)


def _described(row: Any) -> str:
    """Return how a row is written in messages; that of a row which cannot even be read names its class alone."""
    try:
        return f"{row!r:.80}"
    except Exception:  # noqa: BLE001 - the message is about just that
        return f"a {type(row).__name__}"


def _state(row: Any) -> State:
    cls: type = type(row)
    if cls in ATOMIC or isinstance(row, tuple):
        return {}
    if isinstance(row, dict):
        return dict(row)
    adapter = None if row_class_of(cls) is not None else adapter_for(cls)
    if adapter is not None:
        return adapter.values(row)
    own = dict(getattr(row, "__dict__", ()))
    return own | {name: getattr(row, name) for name in slots_of(cls) if hasattr(row, name)}


def _changed_attribute(then: State, now: State) -> str | None:
    return next((name for name, value in then.items() if name not in now or not _same(value, now[name])), None)


def _all_same(then: Sequence[Any], now: Sequence[Any]) -> bool:
    return len(then) == len(now) and all(map(_same, then, now))


def _same(then: Any, now: Any) -> bool:
    if then is now:
        return True
    try:
        return type(then) is type(now) and bool(then == now)
    except Exception:  # noqa: BLE001 - what cannot be compared, such as an array, is another object
        return False


def _captures(call: Any) -> Iterable[Any]:
    """Yield what a function sees of the code around it, and what the functions see that it calls."""
    waiting, seen = [call], set[int]()
    while waiting:
        function = unwrapped(waiting.pop())
        if not isinstance(function, FunctionType):
            yield function  # a callable object, whose attributes nobody knows
            continue
        if id(function) in seen:
            continue
        seen.add(id(function))
        defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
        for value in (*(value for _, (value, _) in captured(function)), *defaults):
            if isinstance(value, FunctionType):
                waiting.append(value)
            else:
                yield value


def _kept(value: Any) -> Any:
    """Return a captured value as it is kept for comparison: of a plain collection a copy."""
    return copy.copy(value) if type(value) in _COLLECTIONS and _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    """Whether a value is a number, a text or the like, or a collection of such values alone, none a collection that
    can change.
    """
    if type(value) not in _COLLECTIONS:
        return type(value) in ATOMIC or (type(value) is tuple and all(map(_is_plain, value)))
    items = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    types = set(map(type, items))
    return types <= ATOMIC or (types <= ATOMIC | {tuple} and all(map(_is_plain, items)))


def _is_constant(value: Any) -> bool:
    """Whether a captured value cannot change without notice: in itself, or since it is compared with a copy of it, or
    looked after elsewhere, as a parameter is.
    """
    if isinstance(value, type | ModuleType):
        name = value.__module__ if isinstance(value, type) else value.__name__
        return name.partition(".")[0] in _UNCHANGING
    return _is_plain(value) or isinstance(value, Copyable | BuiltinFunctionType)


_COLLECTIONS = (dict, list, set)
_UNCHANGING = sys.stdlib_module_names | {"numpy"}
"""The libraries whose classes and modules nobody changes; others may hold settings."""
