"""Which constraints, bounds and whole numbers a given plan violates, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lumix_core.errors import LXNumberError
from lumix_core.language.indexed import Indexed, name_of
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.goal_columns import hard_part
from lumix_core.problem.problem import LXBlock, LXProblem, LXSense, block_at
from lumix_core.problem.text import lines_text, number_text, short_name
from lumix_core.solver.breaches import FEASIBILITY, breaches
from lumix_core.solver.goal_results import goal_results
from lumix_core.solver.points import point_of
from lumix_core.solver.verify import INTEGRALITY, magnitudes

SHOWN_VIOLATIONS = 20
"""How many violations are written."""

Kind = Literal["constraint", "bound", "integrality", "structure", "goal"]


@dataclass(frozen=True)
class LXViolation:
    """One requirement that a plan violates.

    Args:
        kind: "constraint", "bound" of a variable, "integrality" of one, "structure": a special ordered set, or the
            ends of a curve; or "goal" in `LXPlanCheck.missed_goals`.
        family: the name of the constraint's or the variable's family; of a structure, what it is.
        key: its key; ``()`` in a family without an index.
        value: of the left-hand side without its constant, or of the variable.
        sense: what is required: ``<=``, ``>=`` or ``==``; ``==`` for integrality.
        limit: the number on the right: the right-hand side less the constant of the expression, the bound, or the
            nearest whole number.
        amount: the distance of the two, above 0.
    """

    kind: Kind
    family: str
    key: Any
    value: float
    sense: LXSense
    limit: float
    amount: float

    @property
    def name(self) -> str:
        """The name, as ``family[key]``."""
        return self.family if self.key == () else f"{self.family}[{self.key!r}]"

    def __str__(self) -> str:
        label = f"bound of {short_name(self.name)}" if self.kind == "bound" else short_name(self.name)
        value, amount = number_text(self.value), number_text(self.amount)
        if self.kind == "integrality":
            return f"{label}: {value} is no whole number, {amount} away from one"
        if self.kind == "structure":
            return f"{label}: {value} stands where only {number_text(self.limit)} may"
        direction = "too much" if self.value > self.limit else "too little"
        return f"{label}: {value}, and {self.sense} {number_text(self.limit)} is required: {amount} {direction}"


@dataclass(frozen=True)
class LXPlanCheck:
    """What a plan violates; true where it is feasible: ``if model.check(plan): ...``.

    Args:
        model: the model's name.
        objective_value: the objective at the plan, in the user's sense.
        violations: what the plan violates by more than the tolerances, the largest amount first.
        missed_goals: the goals that it misses by more than the tolerances, which is no violation.
        goal_penalty: what missing them costs, as `LXSolution.goal_penalty`.
    """

    model: str
    objective_value: float
    violations: tuple[LXViolation, ...]
    missed_goals: tuple[LXViolation, ...] = ()
    goal_penalty: float = 0.0

    @property
    def is_feasible(self) -> bool:
        """Whether the plan violates nothing."""
        return not self.violations

    def __bool__(self) -> bool:
        return self.is_feasible

    def of(self, family: Indexed[Any] | str) -> tuple[LXViolation, ...]:
        """Return the violations of a variable or a constraint (or of the name of one), the largest amount first."""
        name = name_of(family)
        return tuple(violation for violation in self.violations if violation.family == name)

    def __str__(self) -> str:
        objective = number_text(self.objective_value)
        title = f"The plan is feasible in model {self.model!r}, with the objective {objective}."
        if not self.is_feasible:
            count = len(self.violations)
            title = f"The plan has {count:,} violation{'' if count == 1 else 's'} in model {self.model!r}:"
        lines = [title, *lines_text(self.violations, SHOWN_VIOLATIONS)]
        if self.missed_goals:
            lines.append(f"It misses goals, at a penalty of {number_text(self.goal_penalty)}:")
        return "\n".join([*lines, *lines_text(self.missed_goals, SHOWN_VIOLATIONS)])


def plan_check(problem: LXProblem, values: Any, default: float | None) -> LXPlanCheck:
    """Hold a plan against a problem, with the tolerances with which the points of solvers are checked.

    Args:
        problem: the problem.
        values: the plan, as `point_of` takes it.
        default: the value of variables that are left out; None where none may be.

    Raises:
        LXError: as `point_of`.
        LXNumberError: a sum is too large for floating point.
    """
    return point_check(problem, point_of(problem, values, default))


def point_check(problem: LXProblem, x: FloatArray) -> LXPlanCheck:
    """Hold a point, shape ``(n,)``, against a problem; see `plan_check`.

    Raises:
        LXNumberError: a sum is too large for floating point.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        activity, sizes, objective = problem.activity(x), problem.row_sizes(x), problem.objective_at(x)
    _refuse_overflow(problem, sizes, objective)
    violations = [
        *_outside("bound", problem.variables, x, problem.bounds_at(x), np.zeros(len(x))),
        *_outside("constraint", problem.constraints, activity, hard_part(problem).row_bounds_at(x), sizes),
        *_fractional(problem, x),
        *_structures(problem, x),
    ]
    violations.sort(key=lambda violation: -violation.amount)
    missed = _missed_goals(problem, activity, sizes) if problem.goals else []
    penalty = goal_results(problem, activity, ()).penalty
    return LXPlanCheck(problem.name, objective + 0.0, tuple(violations), tuple(missed), penalty)


def _missed_goals(problem: LXProblem, activity: FloatArray, sizes: FloatArray) -> list[LXViolation]:
    """Return the goals that are missed, the largest amount first."""
    lower, upper = np.full(len(activity), -np.inf), np.full(len(activity), np.inf)
    rows = problem.goals.rows
    lower[rows], upper[rows] = problem.row_lower[rows], problem.row_upper[rows]
    missed = _outside("goal", problem.constraints, activity, (lower, upper), sizes)
    return sorted(missed, key=lambda violation: -violation.amount)


def _refuse_overflow(problem: LXProblem, sizes: FloatArray, objective: float) -> None:
    if not np.isfinite(sizes).all():
        name = problem.row_name(int(np.argmin(np.isfinite(sizes))))
        raise LXNumberError(f"At this plan the terms of {name} are too large for floating point. Use larger units.")
    if not np.isfinite(objective):
        raise LXNumberError("At this plan the objective is too large for floating point. Use larger units.")


def _outside(
    kind: Kind,
    blocks: tuple[LXBlock, ...],
    values: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    sizes: FloatArray,
) -> Iterator[LXViolation]:
    """Yield what is outside of its bounds by more than the tolerance for its size."""
    lower, upper = bounds
    ends = ((LXSense.GE, lower, lower - values), (LXSense.LE, upper, values - upper))
    for sense, limits, excess in ends:
        allowed = FEASIBILITY * (1.0 + sizes + magnitudes(limits))
        for position in np.flatnonzero(excess > allowed).tolist():
            block = block_at(blocks, position)
            required = LXSense.EQ if lower[position] == upper[position] else sense
            numbers = float(values[position]), required, float(limits[position]), float(excess[position])
            yield LXViolation(kind, block.name, block.key(position), *numbers)


def _fractional(problem: LXProblem, x: FloatArray) -> Iterator[LXViolation]:
    """Yield the whole variables that have a fraction."""
    whole = np.round(x)
    distances = np.abs(x - whole)
    for column in np.flatnonzero(problem.integer & (distances > INTEGRALITY)).tolist():
        block = block_at(problem.variables, column)
        numbers = float(x[column]), LXSense.EQ, float(whole[column]) + 0.0, float(distances[column])
        yield LXViolation("integrality", block.name, block.key(column), *numbers)


def _structures(problem: LXProblem, x: FloatArray) -> Iterator[LXViolation]:
    """Yield special ordered sets with too many values, and arguments beyond the ends of their curves."""
    for breach in breaches(problem, x):
        amount = abs(breach.value - breach.limit)
        yield LXViolation("structure", breach.name, (), breach.value, LXSense.EQ, breach.limit, amount)
