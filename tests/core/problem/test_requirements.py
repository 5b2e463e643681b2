"""Parts of a problem: some of its rows and bounds."""

from __future__ import annotations

import numpy as np

from lumix_core.problem.requirements import Requirements, part_of
from lumix_core.testing.solvers.problems import INF, problem


def test_a_part_of_a_problem_has_only_what_is_meant() -> None:
    asked = problem([1, 1, 1], [([1, 2, 0], 1, 5), ([0, 3, 4], 2, 6)], upper=9.0)
    meant = Requirements.of(asked, row_upper=np.array([False, True]), lower=np.array([False, False, True]))

    part = part_of(asked, meant)

    assert part.coefficients.tolist() == [3, 4]
    assert (part.row_lower.tolist(), part.row_upper.tolist()) == ([-INF], [6])
    assert (part.lower.tolist(), part.upper.tolist()) == ([-INF, 0], [INF, INF])
