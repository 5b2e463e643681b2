"""Goals as users write them: constraints that may be missed at a price, and how a model trades them off."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, SupportsIndex

from lumix_core.errors import LXModelError, LXNumberError, listed
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.indexed import side_text
from lumix_core.language.mixins import refuse_unknown
from lumix_core.problem.goals import LXGoalMode
from lumix_core.problem.numbers import real_number


class GoalMethods:
    """What makes a constraint a goal."""

    name: str
    _priority: int | UserFunction | None
    _weight: float | UserFunction
    if TYPE_CHECKING:

        @property
        def owner(self) -> str:
            """How messages call it."""

    def _made_goal(self, priority: Any, weight: Any) -> Self:
        """Take note of priority and weight; see `LXConstraint.as_goal`."""
        ranked, weighted = _priority(self, priority), _weight(self, weight)
        known = (self._priority, self._weight)
        if known[0] is not None and not all(map(_is_same, known, (ranked, weighted))):
            raise LXModelError(
                f"{self.owner} is a goal already, of priority {side_text(known[0])} and weight "
                f"{side_text(known[1])}: a second .as_goal() would replace that. Call it once; assign "
                f"constraint.goal_priority or constraint.goal_weight to change it."
            )
        self.__dict__.update(_priority=ranked, _weight=weighted)
        return self

    def is_goal(self) -> bool:
        """Whether the constraint may be missed: `as_goal` was called."""
        return self._priority is not None

    @property
    def goal_priority(self) -> int | Callable[..., SupportsIndex] | None:
        """The priority, as it was given to `as_goal`; None for what is no goal. Assigning it changes the model."""
        return self._priority.call if isinstance(self._priority, UserFunction) else self._priority

    @goal_priority.setter
    def goal_priority(self, priority: SupportsIndex | Callable[..., SupportsIndex] | None) -> None:
        self.__dict__["_priority"] = None if priority is None else _priority(self, priority)

    @property
    def goal_weight(self) -> float | Callable[..., SupportsFloat]:
        """The weight, as it was given to `as_goal`; assigning it changes the model."""
        return self._weight.call if isinstance(self._weight, UserFunction) else self._weight

    @goal_weight.setter
    def goal_weight(self, weight: SupportsFloat | Callable[..., SupportsFloat]) -> None:
        self.__dict__["_weight"] = _weight(self, weight)

    @property
    def goal_functions(self) -> tuple[int | float | UserFunction | None, ...]:
        """Priority and weight, as numbers or functions with their roles."""
        return self._priority, self._weight

    @property
    def goal_text(self) -> str:
        """What texts add to the constraint; empty where it is no goal."""
        if self._priority is None:
            return ""
        return f"goal, priority {side_text(self._priority)}, weight {side_text(self._weight)}"


def _priority(constraint: Any, priority: Any) -> int | UserFunction:
    role = f"the priority of goal {constraint.name!r}"
    refuse_unknown(priority, role, "Give a whole number of at least 1, or a function of the row.")
    if callable(priority):
        return UserFunction.of(priority, role)
    number = None if isinstance(priority, bool) or not hasattr(priority, "__index__") else operator.index(priority)
    if number is None or not 0 <= number <= LAST:
        raise LXModelError(
            f"{constraint.owner}.as_goal() got priority={priority!r:.80}. Give a whole number: 1 for the goals that "
            f"come first, 2 for the next, and so on; 0 stands for the model's own objective."
        )
    return number


def _weight(constraint: Any, weight: Any) -> float | UserFunction:
    role = f"the weight of goal {constraint.name!r}"
    refuse_unknown(weight, role, "Give a number above 0, or a function of the row.")
    if callable(weight):
        return UserFunction.of(weight, role)
    number = real_number(weight, role)
    if number <= 0.0:
        raise LXNumberError(
            f"{constraint.owner}.as_goal() got weight={weight!r:.80}. A weight is the price of missing the goal by a "
            f"unit. Give a number above 0, or leave the constraint out."
        )
    return number


LAST = 1_000_000
"""The largest number of a priority."""


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, UserFunction) or isinstance(other, UserFunction):
        return isinstance(one, UserFunction) and isinstance(other, UserFunction) and one.call is other.call
    return bool(one == other)


class GoalModel:
    """How a model trades its goals off."""

    name: str
    constraints: list[Any]
    _goal_mode: LXGoalMode

    @property
    def goal_mode(self) -> LXGoalMode:
        """How goals of several priorities are traded off; assigning it is `set_goal_mode`."""
        return self._goal_mode

    @goal_mode.setter
    def goal_mode(self, mode: LXGoalMode | str) -> None:
        self.set_goal_mode(mode)

    def set_goal_mode(self, mode: LXGoalMode | str) -> Self:
        """Set how goals of several priorities are traded off.

        Args:
            mode: "weighted", which is what a model does unless it is told otherwise: deviations are added to the
                objective, at their weights and a power of 10 for the priority. "sequential": one priority after the
                other, and the objective last; a later one never worsens an earlier one.

        Raises:
            LXModelError: it is neither.
        """
        word = getattr(mode, "value", mode)
        if not isinstance(word, str) or word.lower() not in list(LXGoalMode):
            raise LXModelError(
                f"Model {self.name!r}: set_goal_mode() got {mode!r:.80}. Give one of {listed(map(str, LXGoalMode))}."
            )
        self.__dict__["_goal_mode"] = LXGoalMode(word.lower())
        return self

    def prepare_goal_programming(self) -> Self:
        """Do nothing: goals are prepared when the model is compiled. Models written elsewhere may call it."""
        return self

    def has_goals(self) -> bool:
        """Whether any constraint is a goal."""
        return any(constraint.is_goal() for constraint in self.constraints)
