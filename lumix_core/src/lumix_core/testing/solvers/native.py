"""The solver's own model, handed to a function of the user's before each run."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.live import Live
from lumix_core.solver.native import NativeCall
from lumix_core.solver.solver import LXFeature, Solver, SolverOptions
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.problems import planted
from lumix_core.testing.solvers.proofs import assert_reaches


class OfUserError(Exception):
    """An error of the user's function."""


def fail(model: Any, problem: LXProblem) -> None:
    """Raise the user's error."""
    raise OfUserError


class NativeModels(Kit, limited=in_thread):
    """What a function of the user's is called with, and when."""

    @needs(LXFeature.NATIVE)
    def test_native_model_is_handed_over(self, solver: Solver) -> None:
        """The function is called once, with a model and the problem that is in it; the answer is what it was."""
        case, calls = planted(3), list[tuple[Any, LXProblem]]()

        result = solve(solver, case.problem, native=lambda model, problem: calls.append((model, problem)))

        assert_reaches(result, case.problem, case.optimum)
        assert len(calls) == 1, "the function is to be called once before a run"
        model, problem = calls[0]
        assert model is not None, "nothing was handed over"
        assert np.array_equal(problem.row_starts, case.problem.row_starts), "the problem is another one"

    @needs(LXFeature.NATIVE)
    def test_error_of_a_native_function_is_raised(self, solver: Solver) -> None:
        """What the function raises reaches the user, and the next run is as good as any."""
        case = planted(3)

        with pytest.raises(OfUserError):
            solve(solver, case.problem, native=NativeCall(fail))
        result = solve(solver, case.problem)

        assert_reaches(result, case.problem, case.optimum)

    @needs(LXFeature.NATIVE)
    def test_native_model_is_handed_over_before_each_live_run(self, solver: Solver) -> None:
        """The function is called once before each run of an open problem, with the problem as it is then."""
        lp, problems = planted(3).problem, list[LXProblem]()
        changed = replace(lp, offset=lp.offset + 1.0)

        with closing(Live(solver, SolverOptions(native=lambda model, problem: problems.append(problem)))) as live:
            live.solve(lp)
            live.solve(changed)

        assert [problem.offset for problem in problems] == [lp.offset, changed.offset]
