"""The terms of the copy protocol: what a handler may request, and what copies share with their originals."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import re
import types
import uuid
import weakref
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from lumix_core.rows.adapter import RowAdapter

T = TypeVar("T")

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


class Request(NamedTuple):
    """A request for the copy of a part, with what the part is to the whole, for messages."""

    part: Any
    label: str = ""


Copying: TypeAlias = Generator[Request, Any, Any]
"""A copy in progress: it requests the copies of parts, and returns the copy of the whole."""


class ActiveCopier(Protocol):
    """What the handlers of single types use of the running copier; see `lumix_core.copying.copier.Copier`."""

    memo: dict[int, Any]
    by_value: bool
    frozen: dict[int, frozenset[str]]
    standins: list[Any]
    plain: Any
    sources: Any

    @property
    def data(self) -> frozenset[int]:
        """The ``id`` of every object in the data of what is copied."""
        ...

    def copies_of(self, rows: list[Any], adapter: RowAdapter) -> list[Any]:
        """Return the copies of rows of a source, with what is lazy in them loaded."""
        ...

    def knows(self, part: Any) -> bool:
        """Whether there is a copy of the part that this protocol made."""
        ...

    def remember(self, part: Any, twin: T) -> T:
        """Note the copy of a part, before its own parts are requested if it can hold itself."""
        ...

    def remembered_or(self, part: Any, make: Callable[[], T]) -> T:
        """Return the copy of a part that was made meanwhile, or make it now."""
        ...

    def hashed(self, build: Callable[[], T]) -> T:
        """Build a set, or the like, of parts; rows whose hash is made of their attributes are filled for it first."""
        ...

    def unsafe(self, part: Any, why: str) -> str:
        """Return the message for a part that cannot be copied: where it is, why, and what to do."""
        ...
