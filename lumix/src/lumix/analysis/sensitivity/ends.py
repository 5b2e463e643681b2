"""How far a right-hand side or a cost may move until there is no optimum any more, each by one linear problem."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lumix_core import LXStatus
from lumix_core.problem import LXProblem
from lumix_core.solver import LXLiveSession, recession_of


def row_end(session: LXLiveSession, row: int, direction: int) -> float | None:
    """Return how far the right-hand side of a row may move until no point satisfies it; None where that is not known.

    Args:
        session: the model.
        row: the position of the row.
        direction: 1 or -1.
    """
    problem = session.problem
    bound = float((problem.row_lower if direction > 0 else problem.row_upper)[row])
    span = slice(problem.row_starts[row], problem.row_starts[row + 1])
    objective = np.zeros(problem.num_variables)
    objective[problem.columns[span]] = problem.coefficients[span]
    is_row = np.arange(problem.num_constraints) == row
    furthest = replace(
        problem,
        maximize=direction > 0,
        objective=objective,
        offset=0.0,
        row_lower=np.where(is_row, -np.inf, problem.row_lower),
        row_upper=np.where(is_row, np.inf, problem.row_upper),
    )
    reached = _optimum(session, furthest)
    return None if reached is None or not np.isfinite(bound) else max(direction * (reached - bound), 0.0)


def cost_end(session: LXLiveSession, column: int, direction: int) -> float | None:
    """Return how far the cost of a column may move until the objective has no end; None where that is not known.

    That is where a ray in which the column moves by 1 no longer costs anything.

    Args:
        session: the model, of continuous variables.
        column: the position of the column.
        direction: 1 or -1.
    """
    problem = session.problem
    step = float(direction if problem.maximize else -direction)
    bound = (problem.upper if step > 0 else problem.lower)[column]
    if np.isfinite(bound):
        return None
    cone, is_column = recession_of(problem), np.arange(problem.num_variables) == column
    rays = replace(
        cone,
        objective=np.where(is_column, 0.0, problem.objective),
        lower=np.where(is_column, step, np.where(cone.lower < 0, -np.inf, cone.lower)),
        upper=np.where(is_column, step, np.where(cone.upper > 0, np.inf, cone.upper)),
    )
    value = _optimum(session, rays)
    return None if value is None else max(direction * (-value / step - float(problem.objective[column])), 0.0)


def _optimum(session: LXLiveSession, problem: LXProblem) -> float | None:
    result = session.solve_other(problem)
    return result.objective if result.status is LXStatus.OPTIMAL else None
