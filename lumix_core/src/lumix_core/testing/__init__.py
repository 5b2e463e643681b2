"""Conformance kits: tests that the author of a solver or of a row adapter inherits; they need nothing but pytest."""

import pytest

pytest.register_assert_rewrite(
    "lumix_core.testing.kits",
    "lumix_core.testing.live_runs",
    "lumix_core.testing.proofs",
    "lumix_core.testing.row_columns",
    "lumix_core.testing.row_copies",
    "lumix_core.testing.row_forms",
    "lumix_core.testing.row_keeping",
    "lumix_core.testing.row_plans",
    "lumix_core.testing.row_reading",
    "lumix_core.testing.row_snapshots",
    "lumix_core.testing.row_transactions",
    "lumix_core.testing.row_writing",
    "lumix_core.testing.solver_answers",
    "lumix_core.testing.solver_conflicts",
    "lumix_core.testing.solver_manners",
    "lumix_core.testing.solver_options",
    "lumix_core.testing.solver_statuses",
)

from lumix_core.testing.rows import RowAdapterConformance  # noqa: E402 - their assertions are rewritten first
from lumix_core.testing.solvers import SolverConformance  # noqa: E402

__all__ = ["RowAdapterConformance", "SolverConformance"]
