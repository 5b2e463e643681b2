"""How far a number may move before the optimum leaves its straight line, found by solving again and again.

The optimum of a linear problem is convex or concave, and piecewise linear, in any single side or cost. So the line of
the slope here and the line of the slope further out meet at the end of the first piece, or before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Solve = Callable[[float], tuple[float, float] | None]
"""Returns the optimum after a move, and its slope there; None where there is no optimum."""

FURTHEST = 1e12
"""How often the first step is gone, at the most; what is on the line there is on it without end."""
STEPS = 60
NEAR = 1e-6
"""How far a search may be from the end, relative to it, since solvers have tolerances."""


@dataclass(frozen=True, eq=False)
class Line:
    """The straight line on which the optimum is near where nothing has moved.

    Args:
        value: the optimum.
        slope: by how much it grows for each unit of a move.
        solve: solves after a move.
        end: returns how far a move may go in a direction until there is no optimum any more, found by other means; None
            where that is not known.
    """

    value: float
    slope: float
    solve: Solve
    end: Callable[[int], float | None]

    def reach(self, direction: int, first: float) -> float:
        """Return how far a move may go, at least 0; infinite where there is no end.

        Args:
            direction: 1 or -1.
            first: the size of the first step.
        """
        good, step = 0.0, first
        while step <= first * FURTHEST:
            found = self.solve(direction * step)
            if found is None:
                return self._before_the_end(direction, good, step)
            if not self._holds(direction * step, found[0]):
                return self._first_corner(direction, good, step, found)
            good, step = step, step * 100.0
        return math.inf

    def _holds(self, move: float, value: float) -> bool:
        expected = self.value + self.slope * move
        return abs(value - expected) <= 1e-8 * (1.0 + abs(self.value) + abs(self.slope * move))

    def _first_corner(self, direction: int, good: float, far: float, found: tuple[float, float]) -> float:
        """Go back to where two lines meet, until that is on the first of them."""
        for _ in range(STEPS):
            value, slope = found
            bend = direction * (slope - self.slope)
            if bend == 0.0:
                break
            meeting = (self.value - value + slope * direction * far) / bend
            if not good < meeting < far:
                break
            nearer = self.solve(direction * meeting)
            if nearer is None or self._holds(direction * meeting, nearer[0]):
                return meeting
            far, found = meeting, nearer
        return self._before_the_end(direction, good, far)

    def _before_the_end(self, direction: int, good: float, bad: float) -> float:
        """Halve the distance between what holds and what does not."""
        for _ in range(STEPS):
            middle = (good + bad) / 2
            if bad - good <= 1e-10 * bad:
                break
            found = self.solve(direction * middle)
            if found is not None and self._holds(direction * middle, found[0]):
                good = middle
            elif found is None:
                bad = middle
            else:
                return self._first_corner(direction, good, middle, found)
        return self._exact(direction, good)

    def _exact(self, direction: int, good: float) -> float:
        """Return the exact end where the search, whose digits are those of a solver's tolerance, has come to it."""
        end = self.end(direction)
        return end if end is not None and abs(end - good) <= NEAR * (1.0 + end) else good
