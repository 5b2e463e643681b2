"""Linear problems that tell something of one that is not linear: what all its points satisfy, and those near one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import LINEAR, OBJECTIVE, Functions, Indicators, SpecialSets
from lumix_core.solver.reformulations.extension import Extension
from lumix_core.solver.reformulations.indicators import rewrite_indicators
from lumix_core.solver.reformulations.ranges import hull
from lumix_core.solver.reformulations.rewriting import Native


def linear_relaxation(problem: LXProblem) -> LXProblem:
    """Return a linear problem that every point satisfies: without integrality, choices, and rows that are not so."""
    if problem.is_linear:
        return replace(problem, integer=np.zeros_like(problem.integer)) if problem.integer.any() else problem
    lower, upper = hull(problem)
    row_lower, row_upper = problem.row_lower.copy(), problem.row_upper.copy()
    held = problem.structures
    for rows in (held.rows_with_terms(), held.indicators.rows):
        row_lower[rows], row_upper[rows] = -np.inf, np.inf
    return replace(
        problem,
        integer=np.zeros_like(problem.integer),
        lower=lower,
        upper=upper,
        row_lower=row_lower,
        row_upper=row_upper,
        structures=LINEAR,
    )


def restricted_at(problem: LXProblem, x: FloatArray) -> LXProblem:
    """Return the part of a problem that makes the same choices as a point: semi-continuous, sets and indicators.

    Products and functions are left out of the rows and the objective: their values are not linear.
    """
    if problem.is_linear:
        return problem
    held = problem.structures
    lower, upper = (np.array(bounds) for bounds in problem.bounds_at(x))
    idle = held.sets.columns[np.abs(x[held.sets.columns]) <= NOTHING]
    lower[idle], upper[idle] = 0.0, 0.0
    chosen = held.indicators.columns
    lower[chosen] = upper[chosen] = np.round(x[chosen])
    row_lower, row_upper = problem.row_bounds_at(x)
    return replace(problem, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper, structures=LINEAR)


def with_choices_of(problem: LXProblem, x: FloatArray) -> LXProblem:
    """Return a problem whose choices are those of a point; products and functions stay as they are."""
    held = replace(problem.structures, semi=np.empty(0, dtype=np.bool_), sets=SpecialSets(), indicators=Indicators())
    return replace(restricted_at(problem, x), structures=held)


def without_choices(problem: LXProblem) -> LXProblem:
    """Return a problem relaxed: semi-continuous columns anywhere up to 0, no sets, and indicators by what they bind.

    Products and functions stay as they are.
    """
    if problem.is_linear:
        return problem
    lower, upper = hull(problem)
    made = rewrite_indicators(replace(problem, lower=lower, upper=upper), Native("", frozenset())).problem
    held = replace(made.structures, semi=np.empty(0, dtype=np.bool_), sets=SpecialSets())
    return replace(made, structures=held)


NOTHING = 1e-6
"""Up to here a value in a special ordered set counts as 0."""


def without_objective(problem: LXProblem) -> LXProblem:
    """Return the problem of finding any point."""
    name = f"{problem.name}, without an objective"
    held = problem.structures
    if held.has_terms:
        functions = held.functions
        used = functions.use_rows != OBJECTIVE
        uses = {part: getattr(functions, part)[used] for part in ("use_rows", "use_functions", "use_values")}
        functions = replace(functions, **uses) if len(functions) else Functions()
        held = replace(held, quadratics=held.quadratics.taken(~held.quadratics.of_objective), functions=functions)
    return replace(problem, objective=np.zeros(problem.num_variables), offset=0.0, name=name, structures=held)


def flat_directions(problem: LXProblem, restricted: LXProblem) -> LXProblem:
    """Return a restricted problem with a row ``Q x`` for each column in a product of the objective.

    Along a direction of which all these rows are 0, the objective grows as its linear part does.
    """
    products = problem.structures.quadratics
    own = products.taken(products.of_objective)
    if not len(own):
        return restricted
    columns = np.unique(np.concatenate([own.left, own.right])).astype(np.int64)
    grown = Extension(restricted)
    rows = np.full(problem.num_variables, -1)
    rows[columns] = grown.add_rows("flat directions", len(columns), 0.0, 0.0)
    grown.add_terms(rows[own.left], own.right.astype(np.int64), own.values)
    grown.add_terms(rows[own.right], own.left.astype(np.int64), own.values)
    return grown.finished(LINEAR)


def gradient_at(problem: LXProblem, x: FloatArray) -> LXProblem:
    """Return the problem with the linear objective that a quadratic one is like at a point, with the same value there.

    A point of a convex problem is the best if and only if it is the best of this linear one (first-order condition).
    """
    products = problem.structures.quadratics
    own = products.taken(products.of_objective)
    slopes = problem.objective.copy()
    np.add.at(slopes, own.left, own.values * x[own.right])
    np.add.at(slopes, own.right, own.values * x[own.left])
    offset = problem.objective_at(x) - float(slopes @ x)
    held = replace(problem.structures, quadratics=products.taken(~products.of_objective))
    return replace(problem, objective=slopes, offset=offset, structures=held)
