"""No solver claims anything wrong of random small problems, which are solved in rational numbers beside it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from exact import exact
from licences import skip_where_missing
from odd_problems import odd_problem, verdict
from scale import IS_THOROUGH

from lumix_core.errors import LXVerificationError
from lumix_core.problem.problem import LXProblem
from lumix_core.solver import Solver
from lumix_core.solver.claims import solve
from lumix_core.solver.live import Live
from lumix_core.solver.solver import SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_solvers.cplex import CplexSolver
from lumix_solvers.glpk import GlpkSolver
from lumix_solvers.gurobi import GurobiSolver
from lumix_solvers.highs import HighsSolver
from lumix_solvers.ortools import OrToolsSolver
from lumix_solvers.pulp import PulpSolver
from lumix_solvers.scip import ScipSolver
from lumix_solvers.xpress import XpressSolver

SOLVERS: dict[str, Callable[[], Solver]] = {
    "highs": HighsSolver,
    "cbc": PulpSolver,
    "highs by pulp": lambda: PulpSolver("HiGHS"),
    "scip": ScipSolver,
    "ortools": OrToolsSolver,
    "glpk": GlpkSolver,
    "gurobi": GurobiSolver,
    "cplex": CplexSolver,
    "xpress": XpressSolver,
}
COUNTS = {
    "highs": 400,
    "cbc": 60,
    "highs by pulp": 100,
    "scip": 60,
    "ortools": 60,
    "glpk": 60,
    "gurobi": 60,
    "cplex": 60,
    "xpress": 60,
}
"""How many problems each solver is given; 5,000 where the tests are thorough."""
PARTS = 50 if IS_THOROUGH else 4
OPTIONS = SolverOptions(time_limit=20.0)
HONEST = 0.02
"""The most of all answers that may be an error."""


def parts(name: str) -> Iterator[tuple[str, range]]:
    count = 5000 if IS_THOROUGH else COUNTS[name]
    for part in range(PARTS):
        yield name, range(part * count // PARTS, (part + 1) * count // PARTS)


@pytest.mark.parametrize(("name", "seeds"), [part for name in SOLVERS for part in parts(name)])
def test_no_claim_is_wrong(name: str, seeds: range) -> None:
    skip_where_missing(SOLVERS[name])
    solver, errors, wrong = SOLVERS[name](), 0, []

    for seed in seeds:
        problem = odd_problem(seed)
        try:
            answer = solve(solver, problem, OPTIONS)
        except LXVerificationError:
            errors += 1
            continue
        found = verdict(problem, answer, exact(problem))
        errors += answer.status is LXStatus.ERROR
        wrong += [found.text] if found.is_wrong else []

    assert wrong == []
    assert errors <= max(HONEST * len(seeds), 2)


@pytest.mark.parametrize("seed", range(500 if IS_THOROUGH else 40))
def test_no_claim_from_a_hot_start_is_wrong(seed: int) -> None:
    live, wrong = Live(HighsSolver(), OPTIONS), []

    for problem in changed(odd_problem(seed), random.Random(seed)):
        try:
            answer, _, _ = live.solve(problem)
        except LXVerificationError:
            continue
        found = verdict(problem, answer, exact(problem))
        wrong += [found.text] if found.is_wrong else []
    live.close()

    assert wrong == []


def changed(problem: LXProblem, rng: random.Random) -> Iterator[LXProblem]:
    """Yield a problem, and what becomes of it when single numbers are changed one after the other."""
    yield problem
    for _ in range(8):
        array = rng.choice(("objective", "lower", "upper", "row_lower", "row_upper", "coefficients"))
        numbers = getattr(problem, array).copy()
        if not len(numbers):
            continue
        position = rng.randrange(len(numbers))
        if not np.isfinite(numbers[position]):
            continue
        if array == "coefficients":
            numbers[position] *= rng.choice((0.5, 2.0, -1.0, 4.0))
        else:
            numbers[position] += rng.choice((1.0, -1.0, 3.0, -2.0)) * (
                abs(numbers[position]) if array == "objective" else 1
            )
        problem = replace(problem, **{array: numbers})
        yield problem
