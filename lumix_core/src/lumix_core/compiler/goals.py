"""The goals of a model: priorities and weights by row, and the goals that are part of the objective."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.families import Family
from lumix_core.compiler.matrices import element_numbers
from lumix_core.errors import LXModelError, LXNumberError
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.goals import LAST
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.goals import NO_GOALS, Goals
from lumix_core.problem.problem import LXSense

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.model import LXModel


def read_goals(model: LXModel, families: list[Family], starts: list[int], evaluator: Evaluator) -> Goals:
    """Return the goals of a model.

    Raises:
        LXModelError: a priority is no whole number of at least 1.
        LXNumberError: a weight is below 0, or no number.
    """
    parts = [
        (family.name, start + family.elements, *_numbers(constraint, family, evaluator))
        for constraint, family, start in zip(model.constraints, families, starts, strict=False)
        if constraint.is_goal()
    ]
    if not parts:
        return NO_GOALS
    names, rows, priorities, weights = zip(*parts, strict=True)
    return Goals(
        np.concatenate(rows).astype(np.int32),
        np.concatenate(priorities).astype(np.int32),
        np.concatenate(weights).astype(np.float64),
        model.goal_mode,
        names,
    )


def _numbers(constraint: LXConstraint[Any], family: Family, evaluator: Evaluator) -> tuple[FloatArray, FloatArray]:
    priority, weight = constraint.goal_functions
    priorities, weights = (_by_row(given, family, evaluator) for given in (priority, weight))
    wrong = np.flatnonzero((priorities < 1) | (priorities > LAST) | (priorities != np.round(priorities)))
    if len(wrong):
        row = int(wrong[0])
        raise LXModelError(
            f"The priority of goal {constraint.name!r} is {priorities[row]:g} for {family.element(row)}. Give a whole "
            f"number: 1 for the goals that come first, 2 for the next, and so on."
        )
    wrong = np.flatnonzero(weights < 0)
    if len(wrong):
        row = int(wrong[0])
        raise LXNumberError(
            f"The weight of goal {constraint.name!r} is {weights[row]:g} for {family.element(row)}. A weight is the "
            f"price of missing the goal by a unit. Give a number above 0, or 0 for rows that do not count."
        )
    return priorities, weights


def _by_row(given: float | UserFunction | None, family: Family, evaluator: Evaluator) -> FloatArray:
    if isinstance(given, UserFunction):
        return element_numbers(given, family, evaluator)
    assert given is not None
    return np.full(family.size, float(given))


def with_goal_objective(model: LXModel) -> LXModel:
    """Return the model with its goals of priority 0 in its objective; itself where there is none.

    Raises:
        LXModelError: such a goal has no direction, or the objective cannot be added to.
    """
    own = [constraint for constraint in model.constraints if constraint.is_goal() and constraint.goal_priority == 0]
    if not own:
        return model
    for constraint in own:
        _check_direction(constraint)
    whole = copy.copy(model)
    whole.constraints = [constraint for constraint in model.constraints if constraint not in own]
    if model.maximizing is None:
        whole.maximizing = all(constraint.sense is LXSense.GE for constraint in own)
    objective = _objective(model, own[0])
    for constraint in own:
        assert constraint.lhs is not None
        is_same = (constraint.sense is LXSense.GE) == whole.maximizing
        weight = constraint.goal_weight
        assert not callable(weight)
        objective = objective + constraint.lhs * (weight if is_same else -weight)
    whole.objective = objective
    return whole


def _check_direction(constraint: LXConstraint[Any]) -> None:
    advice = "Write the expression into model.maximize(...) or model.minimize(...)."
    if constraint.function is not None or constraint.lhs is None:
        raise LXModelError(
            f"Goal {constraint.name!r} has priority 0, the model's objective, and no expression. {advice}"
        )
    if not constraint.is_scalar or callable(constraint.goal_weight):
        raise LXModelError(
            f"Goal {constraint.name!r} has priority 0, the model's objective, and one row for each of several. {advice}"
        )
    if constraint.sense not in (LXSense.GE, LXSense.LE):
        raise LXModelError(
            f"Goal {constraint.name!r} has priority 0, the model's objective, and its sense is {constraint.sense}, "
            f"neither >= (to be maximised) nor <= (to be minimised). {advice}"
        )


def _objective(model: LXModel, goal: LXConstraint[Any]) -> LXLinearExpression:
    """Return the model's objective as an expression to add to."""
    given = model.objective
    priced = [variable.name for variable in model.variables if variable.costs]
    if isinstance(given, UserFunction) or priced:
        held = "costs of variables" if priced else "a rule"
        raise LXModelError(
            f"Goal {goal.name!r} has priority 0, so its expression is part of the objective, and the objective of "
            f"model {model.name!r} is {held}. Write one expression for both into model.maximize(...) or .minimize(...)."
        )
    return LXLinearExpression() if given is None else given
