"""Moves of right-hand sides: what a user may write, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsFloat

from lumix_core import LXModelError
from lumix_core.problem import checked_number

MOVES = ("increase", "decrease", "relax", "tighten")
"""What `LXWhatIfAnalyzer.compare_changes` may do with an amount, in words."""
MOST = 1.0
"""The largest share of a right-hand side in ``by_percent``: more was hardly meant as one."""


@dataclass(frozen=True)
class Move:
    """A move of right-hand sides: the user's call, the rows, and the direction."""

    call: str
    name: str
    key: Any
    sign: int

    def __str__(self) -> str:
        return f"{self.call}({self.name!r})"


def has_verb(change: Sequence[Any]) -> bool:
    """Whether a change names what is done with the amount, as in ``("hours", "relax", 5)``."""
    return len(change) > 2 and isinstance(change[1], str) and change[1] in MOVES


def checked_amount(call: str, word: str, value: SupportsFloat) -> float:
    """Return an amount of at least 0.

    Raises:
        LXModelError: it is below 0, or no number.
    """
    number = checked_number(value, f"{word}= of {call}()")
    if number < 0.0:
        raise LXModelError(
            f"{call}({word}={number:g}) is in the other direction. Give an amount of at least 0, or call the opposite."
        )
    return number


def check_share(move: Move, share: float) -> None:
    """Refuse a share that was meant as a percentage."""
    if abs(share) > MOST:
        raise LXModelError(
            f"{move} by_percent={abs(share):g} would be {100.0 * abs(share):g} percent: it is a share, and 0.1 is 10 "
            f"percent. Write by_percent={abs(share) / 100.0:g} for {abs(share):g} percent, or say how much with by=."
        )
