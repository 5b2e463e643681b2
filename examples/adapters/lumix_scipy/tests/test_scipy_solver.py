"""SciPy against the conformance kit."""

from typing import ClassVar

import pytest

from lumix_core.testing import SolverConformance
from lumix_scipy.solver import ScipySolver

DEAF = "SciPy hears Ctrl-C only when milp() has returned"


class TestScipySolver(SolverConformance):
    written_for = "0.1"
    expected_failures: ClassVar = {
        "test_ctrl_c_ends_a_run": DEAF,
        "test_ctrl_c_leaves_the_solver_usable": DEAF,
        "test_ctrl_c_ends_a_live_run": DEAF,
    }

    @pytest.fixture
    def solver(self) -> ScipySolver:
        return ScipySolver()
