"""What became of goals at a point: by how much each is missed, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.errors import LXUnknownNameError, listed
from lumix_core.language.indexed import name_of
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.goals import NO_GOALS, Goals
from lumix_core.problem.numbers import checked_number
from lumix_core.problem.problem import LXBlock, LXProblem
from lumix_core.solver.goal_stage import NOISE, LXGoalStage

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint

SHOWN_STAGES = 10
"""How many stages a summary shows."""
SATISFIED = 1e-6
"""Up to here a deviation counts as none, unless the user gives another tolerance."""


@dataclass(frozen=True, eq=False)
class GoalResults:
    """The goals of a problem at a point; with ``g`` of them:

    Args:
        goals: the goals.
        above, below: by how much each is above and below its target, whether that is a miss or not; of a row without
            a target on one side, the other target counts; float64, shape ``(g,)``.
        missed: the part of both that costs, shape ``(g,)``.
        stages: in which the goals were solved.
    """

    goals: Goals
    above: FloatArray
    below: FloatArray
    missed: FloatArray
    stages: tuple[LXGoalStage, ...] = ()

    @property
    def penalty(self) -> float:
        """The sum of what is missed, each times its weight, and in the weighted mode its factor."""
        return float(self.goals.weights * self.goals.factors() @ self.missed) + 0.0


NO_RESULTS = GoalResults(NO_GOALS, np.empty(0), np.empty(0), np.empty(0))


def goal_results(problem: LXProblem, activity: FloatArray, stages: tuple[LXGoalStage, ...]) -> GoalResults:
    """Return what became of goals.

    Args:
        problem: the problem.
        activity: of its rows at the point, without the constants of their expressions, shape ``(m,)``.
        stages: in which the goals were solved.
    """
    if not problem.goals:
        return NO_RESULTS
    rows = problem.goals.rows
    lower, upper, reached = problem.row_lower[rows], problem.row_upper[rows], activity[rows]
    top, bottom = (np.where(np.isfinite(one), one, other) for one, other in ((upper, lower), (lower, upper)))
    above, below = (_without_noise(*pair) for pair in ((reached - top, top), (bottom - reached, bottom)))
    missed = np.where(np.isfinite(upper), above, 0.0) + np.where(np.isfinite(lower), below, 0.0)
    return GoalResults(problem.goals, above, below, missed, stages)


def _without_noise(deviation: FloatArray, target: FloatArray) -> FloatArray:
    """Return what is above 0 of deviations; none of rows without a target."""
    with np.errstate(invalid="ignore"):
        counts = np.isfinite(target) & (deviation > NOISE * (1.0 + np.abs(target)))
    return np.where(counts, deviation, 0.0)


class GoalReadings:
    """What a solution tells of goals."""

    _constraints: tuple[LXBlock, ...]
    _goals: GoalResults
    if TYPE_CHECKING:

        @property
        def activity(self) -> Any:
            """The values of the constraints' expressions, by family."""

        def _point(self) -> FloatArray: ...

    @property
    def goal_penalty(self) -> float:
        """What missing goals costs in all; 0 where all are met, and in a model without goals. Not in the objective.

        It is the sum of the deviations, each times its weight; in the weighted mode also times 10 for each priority, as
        docs/goals.md says.
        """
        self._point()
        return self._goals.penalty

    @property
    def goal_stages(self) -> tuple[LXGoalStage, ...]:
        """The stages in which goals were solved, and what is proved of each; one in the weighted mode."""
        return self._goals.stages

    def get_goal_deviations(self, name: LXConstraint[Any] | str) -> Mapping[str, Mapping[Any, float]]:
        """Return by how much the rows of a goal are above (``"pos"``) and below (``"neg"``) their targets, by key.

        The side that is no miss is there too: a goal ``>= 10`` that reaches 12 has the deviation 2 above.

        Args:
            name: the goal, or its name; one without an index has the key ``()``.

        Raises:
            LXUnknownNameError: there is no such goal.
            LXNoSolutionError: there is no point.
        """
        self._point()
        block, span = self._goal(name)
        values = self.activity.family(block.name)
        sides = {"pos": self._goals.above, "neg": self._goals.below}
        return {side: replace(values, array=deviations[span]) for side, deviations in sides.items()}

    def is_goal_satisfied(self, name: LXConstraint[Any] | str, tolerance: float = SATISFIED) -> bool:
        """Whether no row of a goal is missed by more than a tolerance, in units of its right-hand side.

        Raises:
            LXUnknownNameError: there is no such goal.
            LXNoSolutionError: there is no point.
        """
        self._point()
        _, span = self._goal(name)
        return bool((self._goals.missed[span] <= checked_number(tolerance, "The tolerance")).all())

    def get_total_deviation(self, name: LXConstraint[Any] | str) -> float:
        """Return the sum of what is missed over all rows of a goal, without weights; what is no miss does not count.

        Raises:
            LXUnknownNameError: there is no such goal.
            LXNoSolutionError: there is no point.
        """
        self._point()
        _, span = self._goal(name)
        return float(self._goals.missed[span].sum())

    def _goal(self, name: Any) -> tuple[LXBlock, slice]:
        """Return the family of a goal, and where it is among the goals."""
        wanted = name_of(name)
        for block in self._constraints:
            if block.name == wanted and wanted in self._goals.goals.families:
                first, last = np.searchsorted(self._goals.goals.rows, [block.start, block.stop])
                return block, slice(int(first), int(last))
        known = listed(self._goals.goals.families, empty="none")
        raise LXUnknownNameError(
            f"The solution has no goal {wanted!r:.80}. Its goals are: {known}. Call .as_goal(priority=...) on the "
            f"constraint before the model is solved."
        )

    def _goal_lines(self) -> list[str]:
        """Return how many rows of each goal are met, and what became of the stages, as lines."""
        results = self._goals
        if not results.goals:
            return []
        met, count = int((results.missed <= SATISFIED).sum()), len(results.missed)
        lines = [f"  goals ({results.goals.mode}): {met:,} of {count:,} met, penalty {results.penalty:,.6g}"]
        told = [stage for stage in results.stages if stage.priority or (stage.priority == 0 and stage.value is None)]
        for stage in told[:SHOWN_STAGES]:
            name = f"priority {stage.priority}" if stage.priority else "objective"
            value = "" if stage.value is None else f" {stage.value:,.6g}"
            limit = f" ({stage.limit.phrase})" if stage.limit else ""
            lines.append(f"    {name}:{value} {stage.status}{limit}")
        if len(told) > SHOWN_STAGES:
            lines.append(f"    ... ({len(told) - SHOWN_STAGES:,} more priorities)")
        return lines
