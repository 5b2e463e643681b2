"""How a left-hand side is held against its right-hand side."""

from __future__ import annotations

from enum import StrEnum


class LXSense(StrEnum):
    """How the left-hand side is held against the right-hand side."""

    LE = "<="
    GE = ">="
    EQ = "=="
