"""The log of a run: whole lines, of the pieces that a solver writes."""

from __future__ import annotations

from lumix_core.solver import Write, log_lines

__all__ = ["Lines", "Write", "log_lines"]


class Lines:
    """Puts the pieces in which a solver writes its log together to lines."""

    def __init__(self) -> None:
        self._rest = ""

    def add(self, text: str) -> list[str]:
        """Take a piece of text, and return the lines that it completes."""
        *lines, self._rest = (self._rest + text).split("\n")
        return lines
