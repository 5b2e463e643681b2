"""The conformance kit for solvers."""

from __future__ import annotations

import pytest

from lumix_core.solver.solver import Solver
from lumix_core.testing.solvers.answers import DualAnswers, IntegerAnswers, LinearAnswers
from lumix_core.testing.solvers.conflicts import Conflicts
from lumix_core.testing.solvers.isolated import Isolated, IsolatedInterrupts
from lumix_core.testing.solvers.live_options import LiveInterrupts, LiveOptions
from lumix_core.testing.solvers.live_runs import LiveRuns
from lumix_core.testing.solvers.native import NativeModels
from lumix_core.testing.solvers.options import Options, Silence
from lumix_core.testing.solvers.progress import Cancelling, Progress
from lumix_core.testing.solvers.protocol import Seam
from lumix_core.testing.solvers.ranges import Ranges
from lumix_core.testing.solvers.starts import Starts
from lumix_core.testing.solvers.statuses import Interrupts, Limits, Statuses
from lumix_core.testing.solvers.structures import StructuredAnswers


class SolverConformance(
    # pytest runs the tests of the last base first: an author meets simple ones before others.
    IsolatedInterrupts,
    Isolated,
    Ranges,
    LiveInterrupts,
    LiveOptions,
    LiveRuns,
    NativeModels,
    Conflicts,
    Cancelling,
    Progress,
    Starts,
    StructuredAnswers,
    Interrupts,
    Limits,
    Silence,
    Options,
    IntegerAnswers,
    Statuses,
    DualAnswers,
    LinearAnswers,
    Seam,
):
    """Everything that LumiX counts on in a solver, as tests to inherit.

    The whole test module of a solver::

        import pytest

        from lumix_core.testing import SolverConformance
        from my_solver import MySolver


        class TestMySolver(SolverConformance):
            expected_failures = {
                "test_keeps_all_digits": "its solution files have eight digits",
            }

            @pytest.fixture
            def solver(self):
                return MySolver()

    No plugin and no configuration of pytest is needed. What the solver lacks in its ``features`` is tested for
    being refused. A deviation stands in `expected_failures` with its reason, and fails the day it passes.
    Solvers are run through the core (`lumix_core.solver.run.run`), so that an answer that the core's own checks
    reject fails too. Time limits and Ctrl-C are tried on problems that take hours; the kit takes about fifteen seconds.
    A test runs in a thread of its own, those of Ctrl-C on the main thread; one that takes longer than ``limit`` seconds
    fails. Native code that never gives back Python's global lock is the one thing that the kit cannot end.
    """

    limit = 30.0

    @pytest.fixture
    def solver(self) -> Solver:
        """Override: return the solver to be tested."""
        raise NotImplementedError("override the fixture 'solver' so that it returns the solver to be tested")
