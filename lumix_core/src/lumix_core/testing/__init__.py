"""Conformance kits: tests that the author of a solver or of a row adapter inherits; they need nothing but pytest."""

import pytest

pytest.register_assert_rewrite("lumix_core.testing.kit", "lumix_core.testing.rows", "lumix_core.testing.solvers")

from lumix_core.testing.rows.conformance import RowAdapterConformance  # noqa: E402 - their assertions are rewritten first
from lumix_core.testing.rows.world import PlanningWorld, RowWorld  # noqa: E402
from lumix_core.testing.solvers.conformance import SolverConformance  # noqa: E402
from lumix_core.testing.solvers.constructs import ways_table, without_bounds  # noqa: E402
from lumix_core.testing.solvers.tables import features_table  # noqa: E402
from lumix_core.testing.versions import LXNewTestWarning  # noqa: E402

__all__ = [
    "LXNewTestWarning",
    "PlanningWorld",
    "RowAdapterConformance",
    "RowWorld",
    "SolverConformance",
    "features_table",
    "ways_table",
    "without_bounds",
]
