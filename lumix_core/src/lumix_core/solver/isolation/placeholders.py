"""Problems as another process gets them: the arrays, and placeholders for the names of rows and columns.

Names are made of keys, which may be many and of the user's own classes. So they stay, and what the other process says
of a row or column has a placeholder, in whose place the name is put here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lumix_core.problem.keys import Keys
from lumix_core.problem.problem import LXBlock, LXProblem

COLUMN, ROW = "column", "row"
PLACEHOLDER = re.compile(r"\[\x02(column|row) (\d+)\x03\]")
SENT = tuple(field.name for field in fields(LXProblem) if field.name not in ("variables", "constraints"))


@dataclass(frozen=True)
class _Position:
    kind: str
    position: int

    def __repr__(self) -> str:
        return f"\x02{self.kind} {self.position}\x03"


class _Positions(Keys):
    """Keys whose elements are placeholders."""

    def __init__(self, kind: str, size: int) -> None:
        super().__init__(((),), (np.broadcast_to(np.int64(0), (size,)),), (kind,))

    def __getitem__(self, position: Any) -> Any:
        return _Position(self.labels[0], position)


def parts_of(problem: LXProblem, held: LXProblem | None = None) -> dict[str, Any]:
    """Return what makes up a problem but its names: only what is not the very same object in the one ``held``."""
    parts = {name: getattr(problem, name) for name in SENT}
    return {name: part for name, part in parts.items() if held is None or part is not getattr(held, name)}


def problem_of(parts: Mapping[str, Any]) -> LXProblem:
    """Return the problem of all its parts, with placeholders for names."""
    columns = _Positions(COLUMN, len(parts["objective"]))
    rows = _Positions(ROW, len(parts["row_lower"]))
    return LXProblem(**parts, variables=(LXBlock("", 0, columns),), constraints=(LXBlock("", 0, rows),))


def named(value: Any, problem: LXProblem) -> Any:
    """Return plain data of another process with names in place of placeholders."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: _name(match, problem), value) if "\x02" in value else value
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(named(item, problem) for item in value)
    if isinstance(value, dict):
        return {named(key, problem): named(item, problem) for key, item in value.items()}
    return value


def _name(match: re.Match[str], problem: LXProblem) -> str:
    of = problem.column_name if match[1] == COLUMN else problem.row_name
    return of(int(match[2]))
