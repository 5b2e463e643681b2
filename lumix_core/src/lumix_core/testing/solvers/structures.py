"""What is not linear, given to a solver as it is where it has the feature, and rewritten where it has not."""

from __future__ import annotations

import pytest

from lumix_core.solver.reformulations import LXWay
from lumix_core.solver.solver import LXFeature, Solver
from lumix_core.solver.status import LXStatus
from lumix_core.testing.kit import Kit, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.constructs import CONSTRUCTS, Construct, optimum_of, way_of
from lumix_core.testing.solvers.proofs import close

EACH = pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.name)
BEYOND = frozenset().union(*(construct.features for construct in CONSTRUCTS))
"""All features that let a solver take something that is not linear."""


class StructuredAnswers(Kit, limited=in_thread):
    """Problems that are not linear, with known optima."""

    @EACH
    def test_takes_as_it_is_what_it_has_the_feature_for(self, solver: Solver, construct: Construct) -> None:
        """What the features name is solved without a rewriting; what they do not name is refused."""
        if not construct.features <= solver.features:
            assert way_of(solver, construct.problem) != LXWay.NATIVE
            return
        if LXFeature.FUNCTIONS in construct.features:
            return  # which are always rewritten

        result = solve(solver, construct.problem)

        assert result.status is LXStatus.OPTIMAL
        assert result.objective is not None
        assert close(result.objective, construct.optimum, 1e-5)

    @EACH
    def test_reaches_the_optimum_of_what_is_rewritten(self, solver: Solver, construct: Construct) -> None:
        """What a solver lacks is rewritten into what it has; a relaxation proves a bound."""
        if LXFeature.INTEGER not in solver.features:
            return

        objective, bound = optimum_of(solver, construct)

        assert objective is not None
        if way_of(solver, construct.problem) == LXWay.RELAXATION:
            ahead = 1.0 if construct.problem.maximize else -1.0
            assert bound is None or ahead * (bound - construct.optimum) > -1e-5
            assert ahead * (construct.optimum - objective) > -0.5
        else:
            assert close(objective, construct.optimum, 1e-5)
