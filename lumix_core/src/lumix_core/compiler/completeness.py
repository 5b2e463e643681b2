"""Models that are not finished, or say two things at once, are refused before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lumix_core.errors import LXIncompleteError, LXModelError, listed
from lumix_core.problem.problem import LXSense

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.model import LXModel


def check_complete(model: LXModel) -> None:
    """Refuse a model that lacks something.

    Raises:
        LXIncompleteError: a constraint has no expression, sense or right-hand side; or there is nothing to optimise.
        LXModelError: a sense is not valid, or there is an objective beside costs.
    """
    for constraint in model.constraints:
        _check_constraint(constraint)
    _check_objective(model)


def _check_constraint(constraint: LXConstraint[Any]) -> None:
    missing = {
        ".expression(expr)": constraint.lhs,
        ".le(), .ge() or .eq()": constraint.sense,
        ".rhs(value)": constraint.right_hand_side,
    }
    for call, value in missing.items():
        if value is None:
            raise LXIncompleteError(
                f"Constraint {constraint.name!r} is incomplete: {call} was never called, and nothing is assumed in "
                f"its place. Add {call} to the constraint."
            )
    if constraint.sense not in tuple(LXSense):
        raise LXModelError(
            f"Constraint {constraint.name!r} has the sense {constraint.sense!r}, which is not valid: expected "
            f"{', '.join(LXSense)}. Call .le(), .ge() or .eq()."
        )


def _check_objective(model: LXModel) -> None:
    priced = [variable.name for variable in model.variables if variable.costs]
    if model.objective is not None and priced:
        raise LXModelError(
            f"Model {model.name!r} has an objective expression, and costs on {listed(priced)} that are not in it. "
            f"Put the costs into the expression, or call minimize() or maximize() without an argument."
        )
    if model.maximizing is None and priced:
        raise LXIncompleteError(
            f"Model {model.name!r} has costs on {listed(priced)}, but no direction: they would be ignored. "
            f"Call model.minimize() or model.maximize()."
        )
    if model.maximizing is not None and model.objective is None and not priced:
        raise LXIncompleteError(
            f"Model {model.name!r} is to be optimised, but has no objective: no expression was given and no variable "
            f"has a cost. Give an expression, or costs with variable.cost(...)."
        )
