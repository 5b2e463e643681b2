"""Functions over nine rows, traced and called row by row, for the tests of tracing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lumix_core import LXModel, LXVariable
from lumix_core.errors import LXFunctionError, LXNumberError
from lumix_core.formulas.tracing import trace


class Row(SimpleNamespace):
    id: int


def nine(usual: Any, odd: Any, name: str = "x") -> list[Row]:
    """Nine rows, the third of which is another."""
    return [Row(id=i, odd=i == 2, **{name: odd if i == 2 else usual}) for i in range(9)]


def reason(function: Callable[..., Any]) -> str:
    """Return why a function is not traced."""
    found = trace(function, [None])
    assert found.formula is None
    return found.reason


def is_traced(function: Callable[..., Any], rows: int = 1) -> bool:
    return trace(function, [None] * rows).formula is not None


def computed(function: Callable[..., Any], rows: list[Row]) -> list[float]:
    """Return what a model makes of a function of one row."""
    variable = LXVariable[Row, float]("x").from_data(rows).indexed_by(lambda row: row.id).bounds(lower=function)
    return LXModel("m").add_variable(variable).compile().lower.tolist()


def by_row(function: Callable[..., Any], rows: list[Row]) -> list[float]:
    return [float(function(row)) for row in rows]


def assert_fails_for(key: int, function: Callable[..., Any], rows: list[Row]) -> None:
    with pytest.raises((LXFunctionError, LXNumberError), match=f"key {key} of 'x'"):
        computed(function, rows)
