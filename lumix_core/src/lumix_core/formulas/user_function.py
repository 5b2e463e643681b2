"""Functions that users write: how many arguments they take, where they are, and the loop-variable trap."""

from __future__ import annotations

import copy
import datetime
import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from inspect import CO_VARARGS
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Any

from lumix_core.errors import LXFunctionError, LXLateBindingError, sentence
from lumix_core.formulas.captures import Capture, unwrapped, watched


@dataclass(frozen=True, eq=False)
class UserFunction:
    """A function of rows, with what it is for, as written into the model.

    Args:
        call: the user's callable.
        role: what it computes, for messages: "the coefficient of 'production'".
        captures: the loop variables that it looked at when it was written into the model.
    """

    call: Callable[..., Any]
    role: str
    captures: tuple[Capture, ...] = ()

    @classmethod
    def of(cls, function: Callable[..., Any], role: str) -> UserFunction:
        """Take note of a function as it is now.

        Raises:
            LXFunctionError: it cannot be called.
        """
        if not callable(function):
            raise LXFunctionError(
                f"{sentence(role)} is {function!r}, which is no function. "
                f"Give a function of the row, such as lambda row: row.price."
            )
        return cls(function, role, watched(function))

    def check_captures(self) -> None:
        """Raise LXLateBindingError where a captured loop variable has been rebound since the function was made."""
        capture = next((capture for capture in self.captures if capture.is_rebound()), None)
        if capture is None:
            return
        seen = "may have" if capture.overtaken else "has"
        instead = "" if capture.overtaken else f", not {_short(capture.value)}"
        raise LXLateBindingError(
            f"{self.title} captures the loop variable "
            f"{capture.name!r}, which {seen} been rebound since: every function of that loop would see its last value, "
            f"{_short(capture.current())}{instead}. "
            f"Bind it when the function is made: lambda ..., {capture.name}={capture.name}: ..."
        )

    def arity(self, dimensions: int, rows: int = 0) -> int:
        """Return how many rows to give: one a dimension, and those of the constraint if it takes them.

        Args:
            dimensions: of the family that it is a function of.
            rows: how many rows of the constraint it may take beside.

        Raises:
            LXFunctionError: it takes another number of arguments.
        """
        required, allowed = positional_arguments(self.call)
        choices = (dimensions, dimensions + rows) if rows else (dimensions,)
        for count in choices:
            if required <= count <= allowed:
                return count
        if choices == (0,):
            raise LXFunctionError(
                f"{sentence(self.role)} is a function (at {self.location}), but there are no rows to give to it. "
                f"Say where the rows come from with .from_data(rows) or .from_model(Row, session), or give a number."
            )
        wanted = " or ".join(map(str, choices))
        last = "the last one is the constraint's row" if rows == 1 else f"the last {rows} are the constraint's rows"
        extra = f" ({last})" if rows else ""
        raise LXFunctionError(
            f"{self.title} takes {required} argument(s), but it is "
            f"given {wanted}{extra}: one row for each dimension of the family. "
            f"Write a function of {wanted} argument(s)."
        )

    @property
    def title(self) -> str:
        """What a message about the function begins with: its role, and where it is."""
        return f"{sentence(self.role)} (the function at {self.location})"

    @property
    def location(self) -> str:
        """Where the function was written: file and line."""
        code = code_of(self.call)
        if code is None:
            return repr(self.call)
        return f"{code.co_filename}:{code.co_firstlineno}"

    @property
    def place(self) -> str:
        """The same, with the name of the file alone."""
        path, _, line = self.location.rpartition(":")
        return f"{Path(path).name}:{line}" if path else self.location


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def code_of(function: Any) -> CodeType | None:
    """Return the code of a Python function, or None for a builtin or a callable object."""
    plain = unwrapped(function)
    return plain.__code__ if isinstance(plain, FunctionType) else None


_ANY_NUMBER = 1_000_000


def positional_arguments(function: Callable[..., Any]) -> tuple[int, int]:
    """Return how many positional arguments a function needs and how many it takes; defaults are captures."""
    if type(function) is FunctionType and not function.__dict__ and not function.__code__.co_flags & CO_VARARGS:
        count = function.__code__.co_argcount
        return count - len(function.__defaults__ or ()), count
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature takes what it is given
        return 0, _ANY_NUMBER
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty for p in positional)
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return required, _ANY_NUMBER if open_ended else len(positional)


def frozen(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the function with a copy of what it captures, for a result to hold; None unless that is plain data."""
    if isinstance(function, operator.attrgetter | operator.itemgetter):
        return function
    if not isinstance(function, FunctionType) or function.__dict__:
        return None
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    if not all(map(_is_plain_data, (*held, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()))):
        return None
    cells = tuple(CellType(copy.deepcopy(value)) for value in held)
    defaults = copy.deepcopy(function.__defaults__)
    twin = FunctionType(function.__code__, function.__globals__, function.__name__, defaults, cells or None)
    twin.__kwdefaults__ = copy.deepcopy(function.__kwdefaults__)
    return twin


def _is_plain_data(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain_data, value)) and all(map(_is_plain_data, value.values()))
    if type(value) in (list, tuple, set, frozenset):
        return all(map(_is_plain_data, value))
    return value is None or isinstance(value, str | bytes | int | float | Decimal | datetime.date | Enum)
