"""Tables of results as text, and what they say of differences."""

from __future__ import annotations

import math


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        f"{first:<{widths[0]}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        for first, *rest in [head, *rows]
    ]


def percentage(delta: float, original: float) -> float:
    """Return a difference in percent of the original's size; infinite where that is 0 and the difference is not."""
    if original == 0.0:
        return math.copysign(math.inf, delta) if delta else 0.0
    return 100.0 * delta / abs(original)
