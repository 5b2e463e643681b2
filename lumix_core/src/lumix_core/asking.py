"""The words of the copy protocol: what a way of copying may ask for, and what copies share with their originals."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import re
import types
import uuid
import weakref
from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

ATOMIC = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented),
        decimal.Decimal, fractions.Fraction, datetime.date, datetime.datetime, datetime.time, datetime.timedelta,
        datetime.timezone, uuid.UUID, pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath,
        pathlib.PureWindowsPath, re.Pattern, types.ModuleType, types.BuiltinFunctionType, types.CodeType,
        types.GenericAlias, types.UnionType, weakref.ref, property, TypeVar,
    }
)  # fmt: skip
"""Types whose instances a copy shares with the original, since nothing in them can change."""


class Ask(NamedTuple):
    """A request for the copy of a part, with what the part is to the whole, for messages."""

    part: Any
    label: str = ""


Copying: TypeAlias = Generator[Ask, Any, Any]
"""A way of copying that is under way: it asks for the copies of parts, and returns the copy of the whole."""
