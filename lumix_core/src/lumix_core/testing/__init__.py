"""Conformance kits: tests that the author of a solver inherits. They need pytest, and no plugin of their own."""

import pytest

pytest.register_assert_rewrite(
    "lumix_core.testing.kits",
    "lumix_core.testing.proofs",
    "lumix_core.testing.solver_answers",
    "lumix_core.testing.solver_manners",
    "lumix_core.testing.solver_options",
    "lumix_core.testing.solver_statuses",
)

from lumix_core.testing.solvers import SolverConformance  # noqa: E402 - its assertions are rewritten first

__all__ = ["SolverConformance"]
