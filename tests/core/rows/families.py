"""Families over rows of any kind, and their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lumix_core import LXModel, LXVariable


def variable_over(data: Any, key: Callable[[Any], Any] | None = None) -> LXVariable[Any, float]:
    variable = LXVariable[Any, float]("x").from_data(data)
    return variable if key is None else variable.indexed_by(key)


def keys_of(*variables: LXVariable[Any, Any]) -> list[Any]:
    problem = LXModel("m").add_variables(*variables).compile()
    return [list(block.keys) for block in problem.variables]


def of_id(row: Any) -> Any:
    return row.id
