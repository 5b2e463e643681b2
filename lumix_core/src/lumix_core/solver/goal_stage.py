"""What became of one stage of the solve of a model with goals."""

from __future__ import annotations

from dataclasses import dataclass

from lumix_core.solver.status import LXLimit, LXStatus

NOISE = 1e-9
"""Up to here, relative to its target, a deviation is the rounding of a sum."""


@dataclass(frozen=True)
class LXGoalStage:
    """One stage of the solve of a model with goals.

    Args:
        priority: of the goals whose deviations were minimised; 0 for the model's own objective, and None in the
            weighted mode, which has one stage for all.
        value: the sum of the deviations of that priority times their weights, at the point that the stage found; the
            objective where the priority is 0, and `goal_penalty` where it is None. None without a point.
        status: of the stage: "optimal" where it is proved that no less is possible.
        limit: what ended the stage, where something did.
    """

    priority: int | None
    value: float | None
    status: LXStatus
    limit: LXLimit | None = None
