"""The rational solver that answers are held against, itself held against all vertices and all integer points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from exact import exact
from odd_problems import odd_problem

from lumix_core.testing.solvers.problems import INF, problem
from lumix_core.testing.solvers.proofs import best_integer_point, is_feasible


def test_an_optimum_is_exact() -> None:
    found = exact(problem([1.0, 1.0], [([3.0, 1.0], 1.0, INF), ([1.0, 3.0], 1.0, INF)]))

    assert (found.status, found.objective, found.x) == ("optimal", Fraction(1, 2), (Fraction(1, 4), Fraction(1, 4)))


def test_a_problem_without_a_point_is_infeasible() -> None:
    found = exact(problem([1.0], [([1.0], 3.0, INF), ([1.0], -INF, 2.0)]))

    assert found.status == "infeasible"


def test_a_problem_without_an_end_is_unbounded() -> None:
    found = exact(problem([-1.0, 0.0], [([1.0, -1.0], -INF, 1.0)]))

    assert found.status == "unbounded"


def test_whole_numbers_are_branched_on() -> None:
    found = exact(problem([-1.0], [([2.0], -INF, 3.0)], integer=True))

    assert (found.objective, found.x) == (-1, (1,))


def test_whole_numbers_without_an_end_are_unbounded() -> None:
    found = exact(problem([-1.0], [([2.0], 3.0, INF)], integer=True))

    assert found.status == "unbounded"


@pytest.mark.parametrize("seed", range(150))
def test_an_optimum_of_a_random_problem_is_feasible(seed: int) -> None:
    given = odd_problem(seed)

    found = exact(given)

    if found.status == "optimal":
        assert is_feasible(given, np.array([float(value) for value in found.x]))


@pytest.mark.parametrize("seed", range(12))
def test_an_optimum_of_integers_is_the_best_of_all_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [(rng.integers(-2, 5, 3).astype(float).tolist(), -INF, float(rng.integers(2, 9))) for _ in range(3)]
    given = problem(rng.integers(-5, 6, 3).astype(float).tolist(), rows, upper=4.0, integer=True, maximize=True)

    found = exact(given)

    assert found.objective == best_integer_point(given)
