"""Models that are not finished, or say two things at once, are refused before anything is read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lumix_core.errors import LXDuplicateNameError, LXIncompleteError, LXModelError, listed
from lumix_core.problem.problem import LXSense

if TYPE_CHECKING:
    from lumix_core.language.constraints import LXConstraint
    from lumix_core.language.model import LXModel


_SENSES = tuple(LXSense)


def check_complete(model: LXModel) -> None:
    """Refuse a model that lacks something.

    Raises:
        LXDuplicateNameError: two variables, or two constraints, have one name.
        LXIncompleteError: a constraint has no expression, sense or right-hand side; or there is nothing to optimise.
        LXModelError: a sense is not valid, or there is an objective beside costs.
    """
    _check_names(model.name, "variable", model.variables)
    _check_names(model.name, "constraint", model.constraints)
    for constraint in model.constraints:
        _check_constraint(constraint)
    _check_objective(model)


def _check_constraint(constraint: LXConstraint[Any]) -> None:
    if constraint.function is not None:
        _check_rule(constraint)
    else:
        _check_parts(constraint)


def _check_parts(constraint: LXConstraint[Any]) -> None:
    missing = {
        ".expression(expr)": constraint.lhs,
        ".le(), .ge() or .eq()": constraint.sense,
        ".rhs(value)": constraint.right_hand_side if constraint.range is None else constraint.range,
    }
    for call, value in missing.items():
        if value is None:
            raise LXIncompleteError(
                f"Constraint {constraint.name!r} is incomplete: {call} was never called, and nothing is assumed in "
                f"its place. Add {call} to the constraint."
            )
    two_sided = constraint.range is not None
    if two_sided != (constraint.sense == LXSense.BETWEEN):
        raise LXModelError(
            f"Constraint {constraint.name!r} has the sense {constraint.sense!r}, and "
            f"{'two sides' if two_sided else 'one right-hand side'}. Write .between(lower, upper) for two sides; "
            f".le(), .ge() or .eq() and .rhs(value) for one."
        )
    if constraint.sense not in _SENSES:
        raise LXModelError(
            f"Constraint {constraint.name!r} has the sense {constraint.sense!r}, which is not valid: expected "
            f"<=, >= or ==. Call .le(), .ge() or .eq()."
        )


def _check_rule(constraint: LXConstraint[Any]) -> None:
    """Refuse a rule beside an expression, a sense or a right-hand side, which would be ignored."""
    parts = (constraint.lhs, constraint.sense, constraint.right_hand_side, constraint.range)
    if any(part is not None for part in parts):
        raise LXModelError(
            f"Constraint {constraint.name!r} has a rule, and an expression, a sense or a right-hand side beside it, "
            f"which a rule says itself. Leave one of them out."
        )


def _check_names(model: str, word: str, families: list[Any]) -> None:
    """Refuse two families of one name: the list may have been edited by hand."""
    counts = Counter(family.name for family in families)
    if len(counts) < len(families):
        raise LXDuplicateNameError(
            f"Model {model!r} has {listed(name for name, count in counts.items() if count > 1)} more than once among "
            f"its {word}s: results are found by name. Give each {word} a name of its own, and add it once."
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
