"""Goals of a problem: rows that may be missed at a price, with their priorities and weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.problem.arrays import FloatArray, IndexArray


class LXGoalMode(StrEnum):
    """How goals of several priorities are traded off."""

    WEIGHTED = "weighted"
    """One objective: the model's own, and the deviations times their weights and a power of 10 for the priority."""
    SEQUENTIAL = "sequential"
    """One priority after the other: no goal is missed by more, whatever that would bring to a later one."""


def _no_index() -> IndexArray:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Goals:
    """The rows of a problem that are goals: their row bounds are targets, and a point may miss them.

    With ``g`` of them:

    Args:
        rows: rising, int32, shape ``(g,)``.
        priorities: at least 1, which is the highest; int32, shape ``(g,)``.
        weights: what a unit of deviation costs, at least 0; float64, shape ``(g,)``.
        mode: how priorities are traded off.
        families: the names of the families of constraints that are goals, those without a row among them.
    """

    rows: IndexArray = field(default_factory=_no_index)
    priorities: IndexArray = field(default_factory=_no_index)
    weights: FloatArray = field(default_factory=lambda: np.zeros(0))
    mode: LXGoalMode = LXGoalMode.WEIGHTED
    families: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.rows, self.priorities, self.weights):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.families)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, such as ``goals.rows``; none where there are no goals."""
        if not self:
            return {}
        return {"goals.rows": self.rows, "goals.priorities": self.priorities, "goals.weights": self.weights}

    def same_as(self, other: Goals) -> bool:
        """Whether both are the same goals, with the same numbers."""
        if self is other:
            return True
        mine, others = self.arrays(), other.arrays()
        same = (self.mode, self.families) == (other.mode, other.families) and mine.keys() == others.keys()
        return same and all(np.array_equal(mine[name], others[name]) for name in mine)

    def factors(self) -> FloatArray:
        """Return what the weighted mode multiplies the weight of each goal by, shape ``(g,)``.

        It is ``10 ** (p + 1 - priority)``, with the lowest priority ``p``, and 6 where that is higher: a unit of a
        goal counts ten times that of the next priority, and the last priority ten units of the objective or more.
        In the sequential mode it is 1.
        """
        if self.mode is LXGoalMode.SEQUENTIAL or not len(self):
            return np.ones(len(self))
        exponents = max(LOWEST, int(self.priorities.max())) + 1.0 - self.priorities
        return np.asarray(np.power(10.0, np.minimum(exponents, MOST)), dtype=np.float64)

    def text(self, row: int) -> str:
        """Return what a row is as a goal, such as ``(goal, priority 1, weight 2) ``; empty for one that is none."""
        place = int(np.searchsorted(self.rows, row))
        if place == len(self) or self.rows[place] != row:
            return ""
        return f"(goal, priority {self.priorities[place]}, weight {self.weights[place]:g}) "


LOWEST = 6
"""The priority whose goals count ten units of the objective, unless there are lower ones."""
MOST = 300.0
"""Exponents from here on are no floating-point numbers; the weights are refused long before."""
NO_GOALS = Goals()
