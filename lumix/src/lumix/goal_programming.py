"""Goals under the path of the comparable package: the same models, solved in a mode that is named with the solve."""

from __future__ import annotations

import copy
from typing import Any

from lumix_core import LXGoalMode, LXGoalStage, LXModel, LXOptimizer, LXSolution
from lumix_core.solver import checked_model, checked_optimizer

__all__ = ["LXGoalMode", "LXGoalProgrammingSolver", "LXGoalStage", "solve_goal_programming"]


class LXGoalProgrammingSolver:
    """Solves models with goals in one mode or the other, whatever theirs is.

    Args:
        optimizer: with a solver and options.

    Raises:
        LXModelError: it is no optimizer.
    """

    def __init__(self, optimizer: LXOptimizer) -> None:
        self.optimizer = checked_optimizer(optimizer, "LXGoalProgrammingSolver")

    def solve_sequential(self, model: LXModel, **options: Any) -> LXSolution:
        """Solve one priority after the other; the model stays as it is.

        Raises:
            LXError: as `LXOptimizer.solve`.
        """
        return self._solve(model, LXGoalMode.SEQUENTIAL, options)

    def solve_weighted(self, model: LXModel, **options: Any) -> LXSolution:
        """Solve all goals in one objective; the model stays as it is.

        Raises:
            LXError: as `LXOptimizer.solve`.
        """
        return self._solve(model, LXGoalMode.WEIGHTED, options)

    def _solve(self, model: LXModel, mode: LXGoalMode | str, options: dict[str, Any]) -> LXSolution:
        twin = copy.copy(checked_model(model, "LXGoalProgrammingSolver.solve")).set_goal_mode(mode)
        return self.optimizer.solve(twin, **options)


def solve_goal_programming(
    model: LXModel, optimizer: LXOptimizer, mode: LXGoalMode | str = LXGoalMode.WEIGHTED, **options: Any
) -> LXSolution:
    """Solve a model with goals in a mode, whatever its own is; the model stays as it is.

    Args:
        model: the model.
        optimizer: with a solver and options.
        mode: "weighted" or "sequential".
        options: of `LXOptimizer.solve`.

    Raises:
        LXModelError: there is no such mode, or the model would be wrong.
        LXError: as `LXOptimizer.solve`.
    """
    return LXGoalProgrammingSolver(optimizer)._solve(model, mode, options)
