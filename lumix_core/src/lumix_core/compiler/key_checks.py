"""Keys that identify nothing are refused, and sources without rows are warned of."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from dataclasses import is_dataclass
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import numpy as np

from lumix_core.errors import LXEmptySourceWarning, LXFunctionError, LXIndexKeyError, caller_level
from lumix_core.rows.columns import Column
from lumix_core.rows.key_index import KeyIndex


def check_keys(column: Column, owner: str, own: bool) -> None:
    """Refuse keys that identify nothing.

    Args:
        column: one key a row.
        owner: whose keys they are, for messages.
        own: whether each row is its own key.

    Raises:
        LXIndexKeyError: a key is repeated, NULL or cannot be hashed.
    """
    if column.dtype == np.int64 and KeyIndex([column]).is_unique:
        return
    keys = column.tolist()
    try:
        distinct = len(set(keys))
    except TypeError as error:
        raise LXIndexKeyError(
            f"{owner}: a {'row, which is its own key,' if own else 'key'} cannot be hashed ({error}). "
            f"Give a key with .indexed_by(lambda row: row.id)."
        ) from error
    if distinct < len(keys):
        raise LXIndexKeyError(_repeated_text(keys, owner))
    if all(one in (int, str) or is_dataclass(one) for one in set(map(type, keys))):
        return
    for key in keys:
        if _is_null(key) and not (own and isinstance(key, tuple)):  # a row that is a tuple may lack a value
            raise LXIndexKeyError(
                f"{owner}: the key {key!r} is NULL or NaN, so nothing identifies its row. "
                f"Give a key that every row has, or leave such rows out with .where()."
            )
        if isinstance(key, MethodType | BuiltinMethodType | FunctionType):
            raise LXIndexKeyError(
                f"{owner}: the key {key!r:.80} is a method, not what it returns. "
                f"Call it: lambda row: row.{key.__name__}()."
            )


def _repeated_text(keys: list[Hashable], owner: str) -> str:
    seen: dict[Hashable, int] = {}
    for position, key in enumerate(keys):
        if key in seen:
            return (
                f"{owner}: the key {key!r} is repeated (rows {seen[key]} and {position}): every row needs a key of its "
                f"own. Correct the data, or make the key of more attributes: lambda row: (row.a, row.b)."
            )
        seen[key] = position
    raise LXFunctionError(f"{owner}: keys that compare equal at one time and not at another: {keys!r:.200}")


def _is_null(key: Any) -> bool:
    if isinstance(key, tuple):
        return any(map(_is_null, key))
    try:
        return key is None or bool(key != key)  # noqa: PLR0124 - what differs from itself is some kind of NaN
    except (TypeError, ValueError, ArithmeticError):  # and so is what cannot be compared
        return True


def warn_empty(owner: str, source: str) -> None:
    """Warn of a source without rows."""
    warnings.warn(
        f"{owner} has no rows: its source is empty ({source}). "
        f"The model is built without it; check the query or the data if that is not meant.",
        LXEmptySourceWarning,
        stacklevel=caller_level(),
    )
