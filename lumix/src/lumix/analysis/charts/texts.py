"""The texts of charts: numbers as people read them, and names that stay text whatever they hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from textwrap import wrap

LINE = 22
"""How many characters of a name stand in one line beside a chart; it has two lines."""
HOVER_LINE = 60
HOVER_LINES = 12


def number(value: float, sign: str = "") -> str:
    """Return a number with two decimals, or as a power of ten where these would hide it or run out of sight.

    Args:
        value: the number.
        sign: "+" for a sign before positive numbers too.
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return f"{sign}∞" if value > 0 else "-∞"
    beyond = value != 0.0 and not 0.005 <= abs(value) < 1e12
    return f"{value:{sign}.3g}" if beyond else f"{value + 0.0:{sign},.2f}"


def compact(value: float, sign: str = "") -> str:
    """Return a number as `number` does, from a million on with the letters that axes have: M, B, T."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size <= abs(value) < 1e15:
            return f"{value / size:{sign},.2f}{letter}"
    return number(value, sign)


def percent(share: float) -> str:
    """Return a share in whole percent; 100% only where all is used."""
    whole = share >= 1.0 - 1e-6
    return f"{share:.0%}" if whole else f"{min(round(share, 2), 0.99) + 0.0:.0%}"


def plain(text: str) -> str:
    """Return a text that plotly shows as it is: without markup, entities or formulas."""
    return escape(text, quote=False).replace("$", "&#36;")


def shortened(name: str, limit: int = 2 * LINE) -> str:
    """Return a name in one line, without its middle where it is longer than the limit."""
    line = " ".join(name.split())
    if len(line) <= limit:
        return line
    tail = (limit - 1) // 2
    return f"{line[: limit - 1 - tail]}…{line[-tail:]}"


def beside(name: str) -> str:
    """Return a name as it stands beside a chart: in two lines at most."""
    line = " ".join(name.split())
    lines = wrap(line, LINE, break_on_hyphens=False)
    shown = lines if len(lines) <= 2 else [lines[0], f"…{line[-LINE:].lstrip()}"]
    return "<br>".join(map(plain, shown))


def hover(lines: Iterable[str]) -> str:
    """Return what is shown at the mouse, one line after the other, wrapped and cut."""
    wrapped = [part for line in lines for part in wrap(line, HOVER_LINE)]
    shown = wrapped if len(wrapped) <= HOVER_LINES else [*wrapped[: HOVER_LINES - 1], "…"]
    return "<br>".join(map(plain, shown))


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names as they are, with a number behind those that are there before."""
    taken: dict[str, None] = {}
    for name in names:
        count, free = 2, name
        while free in taken:
            count, free = count + 1, f"{name} ({count})"
        taken[free] = None
    return list(taken)


def several(count: int, what: str) -> str:
    """Return a count with its noun: ``1 scenario``, ``2 scenarios``."""
    return f"{count} {what}{'s' * (count != 1)}"


def some(names: Sequence[str], limit: int = 8) -> str:
    """Return names with commas, cut after the limit."""
    return ", ".join(names[:limit]) + f" and {len(names) - limit} more" * (len(names) > limit)
