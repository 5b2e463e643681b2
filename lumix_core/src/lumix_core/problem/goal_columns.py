r"""Goals as ordinary columns: a problem in which each goal is a row that deviations make hold.

.. math:: r_l \le a_i x + d^-_i - d^+_i \le r_u, \quad d^-_i, d^+_i \ge 0

with a ``d`` for each finite row bound, ``d-`` below the target and ``d+`` above it. A goal of weight 0 has none, and
its row is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lumix_core.errors import LXNumberError
from lumix_core.problem.arrays import BoolArray, FloatArray, IndexArray, IntArray
from lumix_core.problem.goals import NO_GOALS
from lumix_core.problem.keys import Keys
from lumix_core.problem.problem import LXBlock, LXProblem

WIDEST = 1e9
"""The largest quotient of two coefficients of one objective that solvers tell apart: their tolerances are 1e-7 of a
unit, and they scale objectives whose coefficients are larger than this."""


@dataclass(frozen=True, eq=False)
class Deviations:
    """The deviation columns of a problem with goals, behind its own columns.

    Args:
        rows: the row that each column makes hold, int64, shape ``(d,)``.
        signs: 1 for ``d-`` below the target, -1 for ``d+`` above it; float64, shape ``(d,)``.
        priorities: of the goals, shape ``(d,)``.
        weights: of the goals, above 0, shape ``(d,)``.
        factors: what the weighted mode multiplies the weights by, shape ``(d,)``.
        blocks: the columns by goal and side.
    """

    rows: IntArray
    signs: FloatArray
    priorities: IndexArray
    weights: FloatArray
    factors: FloatArray
    blocks: tuple[LXBlock, ...]

    def at(self, problem: LXProblem, x: FloatArray) -> FloatArray:
        """Return the least deviations with which a point of the problem, shape ``(n,)``, meets its goals."""
        activity = problem.activity(x)[self.rows]
        target = np.where(self.signs > 0, problem.row_lower[self.rows], problem.row_upper[self.rows])
        return np.asarray(np.maximum((target - activity) * self.signs, 0.0) + 0.0, dtype=np.float64)


def deviations_of(problem: LXProblem) -> Deviations:
    """Return the deviation columns that the goals of a problem need."""
    parts = list(_parts(problem))
    chosen = np.concatenate([np.empty(0, dtype=np.int64), *(goals for goals, _, _ in parts)])
    goals = problem.goals
    return Deviations(
        rows=goals.rows[chosen].astype(np.int64),
        signs=np.concatenate([np.empty(0), *(np.full(len(goals), sign) for goals, sign, _ in parts)]),
        priorities=goals.priorities[chosen],
        weights=goals.weights[chosen],
        factors=goals.factors()[chosen],
        blocks=tuple(block for _, _, block in parts),
    )


def _parts(problem: LXProblem) -> Iterator[tuple[IntArray, float, LXBlock]]:
    """Yield the goals of each family that have a target on one side, which side, and the family of the deviations."""
    goals, start = problem.goals, problem.num_variables
    sides = ((1.0, "below", problem.row_lower), (-1.0, "above", problem.row_upper))
    for block in problem.constraints:
        if block.name not in goals.families:
            continue
        first, last = np.searchsorted(goals.rows, [block.start, block.stop])
        for sign, word, bounds in sides:
            counts = np.isfinite(bounds[goals.rows[first:last]]) & (goals.weights[first:last] > 0)
            chosen = first + np.flatnonzero(counts)
            if len(chosen):
                keys = _taken(block.keys, goals.rows[chosen] - block.start)
                yield chosen, sign, LXBlock(f"{block.name} {word} target", start, keys)
                start += len(chosen)


def _taken(keys: Keys, positions: IntArray) -> Keys:
    if len(positions) == len(keys):
        return keys
    return Keys(keys.levels, tuple(code[positions] for code in keys.codes), keys.labels, keys.row_keys)


def with_deviations(problem: LXProblem, deviations: Deviations) -> LXProblem:
    """Return the problem with deviation columns, which cost nothing so far, and without goals."""
    count = len(deviations.rows)
    semi = problem.structures.semi
    structures = problem.structures
    if structures.has_semi:
        structures = replace(structures, semi=np.concatenate([semi, np.zeros(count, dtype=np.bool_)]))
    free = problem.goals.rows[problem.goals.weights == 0]
    starts, columns, coefficients = _with_columns(problem, deviations)
    return replace(
        problem,
        objective=np.concatenate([problem.objective, np.zeros(count)]),
        lower=np.concatenate([problem.lower, np.zeros(count)]),
        upper=np.concatenate([problem.upper, np.full(count, np.inf)]),
        integer=np.concatenate([problem.integer, np.zeros(count, dtype=np.bool_)]),
        row_starts=starts,
        columns=columns,
        coefficients=coefficients,
        row_lower=_freed(problem.row_lower, free, -np.inf),
        row_upper=_freed(problem.row_upper, free, np.inf),
        variables=(*problem.variables, *deviations.blocks),
        structures=structures,
        goals=NO_GOALS,
    )


def _freed(bounds: FloatArray, rows: IndexArray, infinite: float) -> FloatArray:
    if not len(rows):
        return bounds
    freed = bounds.copy()
    freed[rows] = infinite
    return freed


def _with_columns(problem: LXProblem, deviations: Deviations) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return the matrix with a nonzero of each deviation at the end of its row."""
    count, size = len(deviations.rows), problem.num_nonzeros
    order = np.argsort(deviations.rows, kind="stable")
    more = np.concatenate([[0], np.cumsum(np.bincount(deviations.rows, minlength=problem.num_constraints))])
    starts = (problem.row_starts + more).astype(np.int32)
    added = problem.row_starts[deviations.rows[order] + 1] + np.arange(count)
    own: BoolArray = np.ones(size + count, dtype=np.bool_)
    own[added] = False
    columns, coefficients = np.empty(size + count, dtype=np.int32), np.empty(size + count)
    columns[own], coefficients[own] = problem.columns, problem.coefficients
    columns[added], coefficients[added] = problem.num_variables + order, deviations.signs[order]
    return starts, columns, coefficients


def weighted(problem: LXProblem, deviations: Deviations | None = None) -> LXProblem:
    """Return a problem with goals as one ordinary problem: what the goals of the weighted mode mean.

    Raises:
        LXNumberError: a weight would be lost to rounding beside another one, or beside the objective.
    """
    deviations = deviations or deviations_of(problem)
    relaxed = with_deviations(problem, deviations)
    objective = relaxed.objective.copy()
    costs = deviations.weights * deviations.factors
    _refuse_wide(problem, deviations, costs)
    objective[problem.num_variables :] = -costs if problem.maximize else costs
    return replace(relaxed, objective=objective)


def _refuse_wide(problem: LXProblem, deviations: Deviations, costs: FloatArray) -> None:
    if not len(costs):
        return
    heavy, light = int(np.argmax(costs)), int(np.argmin(costs))
    dear, cheap = (f"a unit of goal {_goal(problem, deviations, one)} costs {costs[one]:g}" for one in (heavy, light))
    products = problem.structures.quadratics
    own = np.abs(np.concatenate([problem.objective, products.values[products.of_objective]]))
    own = own[own > 0.0] if own.any() else costs
    least, most = (f"the objective has a coefficient of {number:g}" for number in (own.min(), own.max()))
    pairs = [(costs.max(), costs.min(), dear, cheap), (costs.max(), own.min(), dear, least)]
    for large, small, one, other in [*pairs, (own.max(), costs.min(), most, cheap)]:
        if large > WIDEST * small:
            raise LXNumberError(
                f"The weights of the goals of model {problem.name!r} cannot be added up in one objective: {one} there, "
                f"and {other}. A solver loses the smaller one to rounding, from a quotient of {WIDEST:g} on. Write "
                f'model.set_goal_mode("sequential"), which takes one priority after the other, or choose priorities '
                f"and weights that are nearer to each other."
            )


def _goal(problem: LXProblem, deviations: Deviations, position: int) -> str:
    return problem.row_name(int(deviations.rows[position]))


def refuse_wide_level(problem: LXProblem, deviations: Deviations, priority: int) -> None:
    """Refuse weights of one priority that a solver cannot tell apart in one objective.

    Raises:
        LXNumberError: one would be lost to rounding beside another one.
    """
    chosen = np.flatnonzero(deviations.priorities == priority)
    weights = deviations.weights[chosen]
    if weights.max() <= WIDEST * weights.min():
        return
    heavy, light = chosen[int(np.argmax(weights))], chosen[int(np.argmin(weights))]
    names = [_goal(problem, deviations, int(one)) for one in (heavy, light)]
    raise LXNumberError(
        f"The goals of priority {priority} of model {problem.name!r} have weights from {weights.min():g} ({names[1]}) "
        f"to {weights.max():g} ({names[0]}). A solver loses the smaller one to rounding, from a quotient of "
        f"{WIDEST:g} on. Give the goals different priorities, or weights that are nearer to each other."
    )


def hard_part(problem: LXProblem) -> LXProblem:
    """Return a problem without its goals: their rows are free."""
    if not problem.goals:
        return problem
    rows = problem.goals.rows
    return replace(
        problem,
        row_lower=_freed(problem.row_lower, rows, -np.inf),
        row_upper=_freed(problem.row_upper, rows, np.inf),
        goals=NO_GOALS,
    )
