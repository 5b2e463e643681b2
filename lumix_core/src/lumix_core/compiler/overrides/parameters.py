"""What a parameter would hold with other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, SupportsFloat

import numpy as np

from lumix_core.errors import LXError, LXFunctionError, LXMissingKeyError, LXModelError
from lumix_core.formulas.lookup_table import NO_DEFAULT, LookupTable
from lumix_core.problem.numbers import checked_number
from lumix_core.rows.columns import column

Numbers = Mapping[Any, SupportsFloat] | Callable[[float], SupportsFloat]
"""New numbers by key, or a function of every number that there is."""


def changed_parameter(name: str, table: LookupTable, numbers: Numbers) -> LookupTable:
    """Return what a parameter holds with other numbers.

    Raises:
        LXMissingKeyError: a key can be none of its keys; or it has no row, and the parameter no default.
        LXNumberError: a number is none.
        LXFunctionError: the function failed.
    """
    refuse_no_numbers(name, numbers)
    if callable(numbers):
        values = [_changed(name, numbers, number) for number in table.values.tolist()]
        return table.with_values(np.array(values, dtype=np.float64))
    keys = list(numbers)
    values = [checked_number(numbers[key], f"The new value of {name!r} for key {key!r}") for key in keys]
    positions = np.array([_position(name, table, key) for key in keys], dtype=np.int64)
    known = positions >= 0
    changed = table.values.astype(np.float64)
    changed[positions[known]] = np.array(values)[known]
    added = np.flatnonzero(~known).tolist()
    if not added:
        return table.with_values(changed)
    return _with_keys(table, [keys[i] for i in added], [*changed.tolist(), *(values[i] for i in added)])


def known_keys(name: str, table: LookupTable, keys: Iterable[Any]) -> set[Any]:
    """Return those of some keys for which `changed_parameter` takes a number."""
    return {key for key in keys if _is_known(name, table, key)}


def _is_known(name: str, table: LookupTable, key: Any) -> bool:
    try:
        _position(name, table, key)
    except LXMissingKeyError:
        return False
    return True


def refuse_no_numbers(name: str, numbers: object) -> None:
    """Refuse what is neither a dict of new numbers nor a function.

    Raises:
        LXModelError: it is neither.
    """
    if not callable(numbers) and not isinstance(numbers, Mapping):
        raise LXModelError(
            f"The parameter {name!r} was to hold {numbers!r:.80}: its numbers are changed with a dict, "
            f"{{key: number}}, or with a function of the number that is there, such as lambda hours: 1.1 * hours."
        )


def refuse_no_change(call: str, name: str, numbers: object) -> None:
    """Refuse what is no new numbers, or none at all.

    Raises:
        LXModelError: it is.
    """
    refuse_no_numbers(name, numbers)
    if isinstance(numbers, Mapping) and not numbers:
        raise LXModelError(
            f"{call} was given an empty dict, so it would change nothing. Give {{key: number}}, or a function of the "
            f"number that is there."
        )


def _changed(name: str, function: Callable[[float], SupportsFloat], now: float) -> float:
    try:
        new = function(now)
    except LXError:
        raise
    except Exception as error:
        raise LXFunctionError(
            f"The new numbers of {name!r} could not be found: for {now:g} the function failed with "
            f"{type(error).__name__}: {error}. It is given each number that is there, and returns the new one: "
            f"correct it."
        ) from error
    return checked_number(new, f"What the function for {name!r} returned for {now:g}")


def _position(name: str, table: LookupTable, key: Any) -> int:
    """Return the position of a key, -1 for one that has no row but may have one."""
    parts = key if table.compound else (key,)
    try:
        fits = table.may_have(key)
        found = int(table.find([column([part]) for part in parts], 1)[0]) if fits and table.size else -1
    except TypeError:
        fits, found = False, -1
    if not fits:
        raise LXMissingKeyError(
            f"The parameter {name!r} was to hold a number for {key!r:.80}, which can be none of its keys: they are "
            f"like {table.keys().item(0)!r:.80}. Give keys of their kind, their parts in the same order."
        )
    if found < 0 and table.default is NO_DEFAULT:
        raise LXMissingKeyError(
            f"The parameter {name!r} has no row for {key!r:.80}, and no default: no function of the model asks for it, "
            f"so a number for it would change nothing. Correct the key."
        )
    return found


def _with_keys(table: LookupTable, keys: list[Any], values: list[float]) -> LookupTable:
    parts = zip(*keys, strict=True) if table.compound else (keys,)
    known = table.key or tuple(column([]) for _ in range(len(keys[0]) if table.compound else 1))
    joined = tuple(column([*old.tolist(), *new]) for old, new in zip(known, parts, strict=True))
    return LookupTable(joined, np.array(values), table.compound, table.default, table.typed)
