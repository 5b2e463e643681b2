"""What the numbers of a problem prove of a point."""

from __future__ import annotations

import numpy as np
import pytest

from lumix_core.solver.certificates import better_move, proves_unbounded
from lumix_core.testing.solvers.problems import INF, problem


@pytest.mark.parametrize(("big_m", "least"), [(1e9, 1.0), (1e8, 0.1), (1e6, 1e-4), (1e12, 40.0)])
def test_a_switch_with_a_big_m_is_not_turned_off_by_a_step_that_is_nearly_whole(big_m: float, least: float) -> None:
    """``x <= M used``: turning ``used`` off would break the row by ``x``, which is small beside ``M`` alone."""
    asked = problem(
        [1.0, 10.0],
        [([1.0, -big_m], -INF, 0.0)],
        lower=[least, 0.0],
        upper=[INF, 1.0],
        integer=[False, True],
    )

    _, _, gain = better_move(asked, np.array([least, 1.0]))

    assert gain == 0.0


def test_a_whole_step_within_the_rows_is_found() -> None:
    asked = problem([-1.0, 0.0], [([1.0, 1.0], -INF, 4.0)], lower=[0.0, 0.0], upper=[INF, 1.0], integer=[True, True])

    position, value, gain = better_move(asked, np.array([2.0, 1.0]))

    assert (position, value, gain) == (0, 3.0, 1.0)


@pytest.mark.parametrize("ray", [[1.0 + 2.0**-52, 1.0], [1.0, -1.0 - 2.0**-52], [1.0, 1.0], [1.0, -1e-17]])
def test_a_ray_that_misses_a_bound_by_the_last_digit_is_a_proof(ray: list[float]) -> None:
    """The first variable has no end, and the second one is free: nothing holds them back."""
    asked = problem([-1.0, 0.0], [([1.0, 0.0], 2.0, INF)], lower=[0.0, -INF], upper=[INF, INF])

    assert proves_unbounded(asked, np.array(ray))


def test_a_ray_against_a_bound_is_no_proof() -> None:
    asked = problem([1.0, 0.0], [([1.0, 1.0], -INF, 2.0)], lower=[0.0, -INF], upper=[INF, INF])

    assert not proves_unbounded(asked, np.array([-1.0, 0.0]))
