"""Small random problems of every class that solvers are given, by the class and a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from odd_problems import odd_problem
from structured_problems import structured_problem

from lumix_core.problem import OBJECTIVE, LXProblem, Quadratics

FAR = 50.0
"""The bounds of whole variables that have none, where a class has bounded ones alone."""


def bounded(problem: LXProblem) -> LXProblem:
    """Return a problem with whole variables alone, each with bounds."""
    lower, upper = (np.where(np.isinf(ends), np.sign(ends) * FAR, ends) for ends in (problem.lower, problem.upper))
    return replace(problem, integer=np.ones_like(problem.integer), lower=lower, upper=upper)


def continuous(problem: LXProblem) -> LXProblem:
    """Return a problem with no whole variables but those of indicators."""
    whole = np.zeros_like(problem.integer)
    whole[problem.structures.indicators.columns] = True
    return replace(problem, integer=whole)


def opened(problem: LXProblem, seed: int) -> LXProblem:
    """Return a problem in which some bounds of columns are left out."""
    drawn = np.random.default_rng(seed).random((2, problem.num_variables)) < 0.3
    lower, upper = np.where(drawn[0], -np.inf, problem.lower), np.where(drawn[1], np.inf, problem.upper)
    return replace(problem, lower=lower, upper=upper)


def convex(problem: LXProblem) -> LXProblem:
    """Return a problem with a square of a sum, or of a difference, in place of each product.

    Those that would not be convex where they stand are in the objective.
    """
    products = problem.structures.quadratics
    one_sided = np.append(np.isinf(problem.row_lower) != np.isinf(problem.row_upper), False)  # the last: the objective
    rows = np.where(one_sided[products.rows], products.rows, OBJECTIVE)
    signs = np.where(np.append(np.isinf(problem.row_lower), not problem.maximize)[rows], 1.0, -1.0)
    left, right, values = products.left, products.right, products.values
    squares = signs * np.abs(values)
    sums = Quadratics.of(
        np.concatenate([rows, rows, rows]),
        np.concatenate([left, right, left]),
        np.concatenate([left, right, right]),
        np.concatenate([squares, squares, 2.0 * signs * values]),
    )
    return replace(problem, structures=replace(problem.structures, quadratics=sums))


def _of_both_kinds(*kinds: str) -> Callable[[int], LXProblem]:
    """Return what makes problems with structures, every other one of continuous variables."""

    def made(seed: int) -> LXProblem:
        problem = structured_problem(seed, *kinds)
        return continuous(problem) if seed % 2 else problem

    return made


def _convex(seed: int) -> LXProblem:
    """Return a convex problem: of whole variables; of continuous ones, with bounds or with some."""
    problem = convex(structured_problem(seed, "quadratics"))
    if seed % 2 == 0:
        return problem
    problem = continuous(problem)
    return problem if seed % 4 == 1 else opened(problem, seed)


CLASSES: dict[str, Callable[[int], LXProblem]] = {
    "linear": lambda seed: odd_problem(seed, integer=False),
    "integer": lambda seed: odd_problem(seed, integer=True),
    "bounded integer": lambda seed: bounded(odd_problem(seed, integer=True)),
    "semi-continuous, semi-integer": _of_both_kinds("semi"),
    "SOS1, SOS2": _of_both_kinds("sets"),
    "indicators": _of_both_kinds("indicators"),
    "abs, min, max, curves": lambda seed: structured_problem(seed, "functions"),
    "convex quadratic": _convex,
    "products": _of_both_kinds("quadratics"),
    "several structures": structured_problem,
}
"""What makes the problem of a number, by the class. Those of a number are the same each time."""
