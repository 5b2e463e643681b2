"""Random small problems with all that makes solvers err: degenerate, unbounded, infeasible, idle, of odd sizes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from exact import Exact, exact

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.solver import RawResult
from lumix_core.solver.status import LXStatus

INF = float("inf")
COST_UNITS = (1.0, 1.0, 1.0, 1e-9, 1e-7, 1e-4, 1e3, 1e6, 1e9, 1e12)
BIG = (1e4, 1e6, 1e8)


def odd_problem(seed: int, *, integer: bool | None = None) -> LXProblem:
    """Return the problem of a number; the same one each time.

    Args:
        seed: the number.
        integer: whether there are whole variables; without it some problems have them.
    """
    rng = random.Random(seed)
    n, m = rng.randint(1, 5), rng.randint(0, 5)
    whole = rng.random() < 0.5 if integer is None else integer
    bounds = [_bounds(rng, whole) for _ in range(n)]
    unit = rng.choice(COST_UNITS)
    costs = [rng.choice((0, 0, 1, 2, 3, 5, -1, -2, 7)) * unit for _ in range(n)]
    if rng.random() < 0.1:
        costs[rng.randrange(n)] = rng.choice((1.0, -1.0)) * rng.choice(COST_UNITS)
    rows = [_row(rng, n) for _ in range(m)]
    sides = [_side(rng) for _ in range(m)]
    if m and whole and rng.random() < 0.25:
        rows[0], sides[0] = _switch(rng, n)
    entries = [(i, j, a) for i, row in enumerate(rows) for j, a in enumerate(row) if a]
    counts = np.bincount([i for i, *_ in entries], minlength=m) if entries else np.zeros(m)
    return LXProblem(
        maximize=rng.random() < 0.5,
        objective=np.array(costs, dtype=np.float64),
        offset=rng.choice((0.0, 0.0, 1e6, -3.0)),
        lower=np.array([low for low, _ in bounds], dtype=np.float64),
        upper=np.array([high for _, high in bounds], dtype=np.float64),
        integer=np.array([whole and rng.random() < 0.7 for _ in range(n)], dtype=np.bool_),
        row_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        columns=np.array([j for _, j, _ in entries], dtype=np.int32),
        coefficients=np.array([a for *_, a in entries], dtype=np.float64),
        row_lower=np.array([low for low, _ in sides], dtype=np.float64),
        row_upper=np.array([high for _, high in sides], dtype=np.float64),
        name=f"odd {seed}",
    )


def _bounds(rng: random.Random, whole: bool) -> tuple[float, float]:
    kind = rng.random()
    if kind < 0.15:
        return -INF, INF
    if kind < 0.35:
        return 0.0, INF
    if kind < 0.42:
        return -INF, float(rng.randint(-2, 5))
    if kind < 0.5:
        value = float(rng.randint(0, 3))
        return value, value
    if kind < 0.6 and not whole:
        return 0.0, rng.choice((1e6, 1e3, 0.5))
    low = rng.choice((0, 0, 0, -3, 1))
    return float(low), float(low + rng.randint(1, 9))


def _row(rng: random.Random, n: int) -> list[float]:
    if rng.random() < 0.06:
        return [0.0] * n
    unit = rng.choice((1.0, 1.0, 1.0, 1.0, 1.0, 2.0**-20, 1e3, 0.5))  # all exact: nothing hangs on the last digit
    return [rng.choice((0, 0, 1, 1, 2, 3, -1, -1, -2, 4)) * unit for _ in range(n)]


def _side(rng: random.Random) -> tuple[float, float]:
    value = float(rng.choice((0, 0, 1, 2, 3, 5, 8, -1, -4, 20)))
    kind = rng.random()
    if kind < 0.45:
        return -INF, value
    if kind < 0.75:
        return value, INF
    if kind < 0.92:
        return value, value
    return value, value + rng.randint(1, 4)


def _switch(rng: random.Random, n: int) -> tuple[list[float], tuple[float, float]]:
    """Return a row that a big M switches: x <= M on, say."""
    row = [0.0] * n
    row[0] = 1.0
    row[-1] += -rng.choice(BIG)
    return row, (-INF, float(rng.choice((0, 0, 1, -1))))


@dataclass(frozen=True)
class Verdict:
    """What an answer is, held against the truth.

    Args:
        is_wrong: whether it claims what is not so.
        text: what it says, and what is true.
    """

    is_wrong: bool
    text: str


def verdict(
    problem: LXProblem, answer: RawResult, truth: Exact, truth_of: Callable[[LXProblem], Exact] = exact
) -> Verdict:
    """Return whether an answer claims anything wrong. An error claims nothing.

    Args:
        problem: the problem.
        answer: to it.
        truth: of it.
        truth_of: tells the truth of a problem of its class.
    """
    text = f"{problem.name}: {answer.status} {answer.objective}, truth {truth.status} {_shown(truth.objective)}"
    if truth.status == "unknown" or answer.status in CLAIM_NOTHING:
        return Verdict(False, text)
    if answer.status is LXStatus.INFEASIBLE_OR_UNBOUNDED:
        return Verdict(truth.status == "optimal", text)
    if answer.status is not LXStatus.OPTIMAL:
        return Verdict(answer.status != truth.status, text)
    if truth.objective is not None and _is_near(problem, answer, truth.objective):
        return Verdict(False, text)
    return Verdict(not _is_between(problem, answer, truth, truth_of(loosened(problem))), text)


CLAIM_NOTHING = (LXStatus.ERROR, LXStatus.NO_SOLUTION, LXStatus.FEASIBLE)
ROOM = 1e-6
"""How far a point may exceed a row or a bound, as LumiX's own checks allow."""


def loosened(problem: LXProblem) -> LXProblem:
    """Return a problem with the room of the tolerance around rows and bounds."""
    return replace(
        problem,
        lower=problem.lower - np.where(problem.integer, 0.0, ROOM * (1.0 + np.abs(problem.lower))),
        upper=problem.upper + np.where(problem.integer, 0.0, ROOM * (1.0 + np.abs(problem.upper))),
        row_lower=problem.row_lower - ROOM * (1.0 + np.abs(problem.row_lower)),
        row_upper=problem.row_upper + ROOM * (1.0 + np.abs(problem.row_upper)),
    )


def _is_near(problem: LXProblem, answer: RawResult, optimum: Fraction) -> bool:
    """Whether the objective is the optimum, up to a millionth of its terms."""
    assert answer.objective is not None
    assert answer.x is not None
    own = optimum - Fraction(problem.offset)
    given = Fraction(answer.objective) - Fraction(problem.offset)
    products = problem.structures.quadratics
    of_products = np.abs(products.products_at(answer.x)[products.of_objective])
    terms = float(np.abs(problem.objective * answer.x).sum() + of_products.sum())
    rounding = 1e-15 * abs(problem.offset) + 1e-9 * float(np.abs(problem.objective).max(initial=0.0))
    return abs(float(given - own)) <= 3e-6 * max(terms, abs(float(own))) + rounding


def _is_between(problem: LXProblem, answer: RawResult, truth: Exact, loose: Exact) -> bool:
    """Whether the objective is no better than with all the room, and no worse than without: then room explains it."""
    assert answer.objective is not None
    if truth.status == "unbounded" or loose.status == "infeasible":
        return False
    sign = -1 if problem.maximize else 1
    given = sign * Fraction(answer.objective)
    rounding = abs(given) / 10**12
    no_better = loose.objective is None or given >= sign * loose.objective - rounding
    no_worse = truth.objective is None or given <= sign * truth.objective + rounding
    return no_better and no_worse


def _shown(value: Fraction | None) -> str:
    return "" if value is None else f"{float(value):.12g}"
