"""How a solver keeps to the seam: what it declares, what it leaves unchanged, what it repeats."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from functools import partial

import numpy as np

from lumix_core.plugins import registry as plugins
from lumix_core.solver.known_faults import KnowsFaults
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_core.testing.kit import Kit, solve
from lumix_core.testing.limits import all_within, in_thread
from lumix_core.testing.registering import not_registered
from lumix_core.testing.solvers import footprint
from lumix_core.testing.solvers.native_imports import imported_by_being_made, imports
from lumix_core.testing.solvers.problems import INF, planted, problem
from lumix_core.testing.solvers.proofs import assert_reaches


class Seam(Kit, limited=in_thread):
    """The protocol, and what holds for each run."""

    def test_is_a_solver(self, solver: Solver) -> None:
        """It has the four names of the protocol."""
        assert isinstance(solver, Solver)

    def test_is_registered(self, solver: Solver) -> None:
        """``use_solver(name)`` finds its class, among those that plugins registered."""
        found = next((one for one in plugins.registrations() if (one.kind, one.name) == ("solver", solver.name)), None)
        if found is None:
            not_registered(
                f"No solver is registered as {solver.name!r}, so that use_solver({solver.name!r}) does not find it. "
                f"{plugins.hindrances(plugins.REGISTRY.registered())}",
                "lumix_solvers",
                solver,
            )
        assert found.state == "ready", f"{found} is {found.state}: {found.reason}. Repair it, or run: {found.install}"
        made = plugins.imported(found)
        if isinstance(made, type) and not isinstance(solver, made):
            not_registered(
                f"use_solver({solver.name!r}) makes another solver: {found} is {found.target!r}, and this one is a "
                f"{type(solver).__qualname__}.",
                "lumix_solvers",
                solver,
            )

    def test_has_a_name(self, solver: Solver) -> None:
        """Its name is a word that users can write."""
        assert isinstance(solver.name, str)
        assert solver.name
        assert solver.name == solver.name.strip()

    def test_says_what_it_can_do(self, solver: Solver) -> None:
        """Its features are a frozen set of known ones."""
        assert isinstance(solver.features, frozenset)
        assert all(isinstance(feature, LXFeature) for feature in solver.features)

    def test_says_whether_it_can_run(self, solver: Solver) -> None:
        """It is available, or these tests could not run."""
        assert solver.is_available() is True

    def test_is_available_is_cheap(self, solver: Solver) -> None:
        """It only looks: it is asked of every solver whenever solvers are listed."""
        started = time.monotonic()
        for _ in range(20):
            solver.is_available()

        assert time.monotonic() - started < 2.0, "is_available() takes more than a tenth of a second"

    def test_is_available_imports_nothing_native(self, solver: Solver) -> None:
        """The library is imported by a run, so that a program that lists solvers does not load them all."""
        with imports() as imported:
            solver.is_available()
            with suppress(TypeError):  # a class may need arguments
                type(solver)()

        early = sorted({*imported, *imported_by_being_made(solver)})
        assert early == [], f"imported by the class or by is_available(): {early}. Import it within solve() or open()"

    def test_tells_of_faults_in_the_versions_that_have_them(self, solver: Solver) -> None:
        """What is known to be wrong is so in the installed version, and is avoided or says what to install."""
        known = solver.known_faults if isinstance(solver, KnowsFaults) else ()

        assert [fault for fault, version in known if not fault.is_in(version)] == []
        assert [fault for fault, _ in known if not (fault.avoided or (fault.install and fault.features))] == []

    def test_answers_with_a_raw_result(self, solver: Solver) -> None:
        """Its answer has the types that the core counts on."""
        result = solver.solve(planted(2).problem, SolverOptions())

        assert isinstance(result, RawResult)
        assert isinstance(result.status, LXStatus)
        assert isinstance(result.raw_status, str)
        assert result.raw_status.strip()
        assert json.dumps(dict(result.details)) is not None, "details are plain data"
        assert isinstance(result.objective, float)
        assert isinstance(result.x, np.ndarray)
        assert result.x.dtype == np.float64

    def test_leaves_the_problem_as_it_was(self, solver: Solver) -> None:
        """The arrays of the problem are the same after a run, and still read-only."""
        lp = planted(2).problem
        before = {name: array.tobytes() for name, array in lp.arrays().items()}

        solver.solve(lp, SolverOptions())

        assert {name: array.tobytes() for name, array in lp.arrays().items()} == before
        assert not any(array.flags.writeable for array in lp.arrays().values())

    def test_repeats_itself(self, solver: Solver) -> None:
        """Two runs on one problem give the same answer, bit for bit."""
        lp = planted(4, rows=40, columns=30, degenerate=True).problem

        first, second = (solver.solve(lp, SolverOptions()) for _ in range(2))

        np.testing.assert_array_equal(first.x, second.x)
        np.testing.assert_array_equal(first.duals, second.duals)
        assert first.objective == second.objective

    def test_runs_without_presolve(self, solver: Solver) -> None:
        """Where it is a feature, a run without presolve has the same optimum; the core repeats doubtful runs so."""
        case = planted(4, rows=40, columns=30)
        if LXFeature.PRESOLVE not in solver.features:
            return

        result = solver.solve(case.problem, SolverOptions(presolve=False))

        assert_reaches(result, case.problem, case.optimum)

    def test_owes_nothing_to_the_run_before(self, solver: Solver) -> None:
        """A run does not return the answer of an earlier run on a problem of the same shape."""
        before, after = (planted(seed, rows=8, columns=6) for seed in (1, 2))

        solve(solver, before.problem)
        result = solve(solver, after.problem)

        assert_reaches(result, after.problem, after.optimum)

    def test_infeasible_after_optimal(self, solver: Solver) -> None:
        """An infeasible problem does not inherit the point of the one before."""
        feasible, infeasible = (problem([1.0], [([1.0], least, INF)], upper=2.0) for least in (1.0, 3.0))

        solve(solver, feasible)
        result = solver.solve(infeasible, SolverOptions())

        assert result.status is LXStatus.INFEASIBLE
        assert result.x is None
        assert result.objective is None

    def test_earlier_answers_stay(self, solver: Solver) -> None:
        """A later run does not write into the arrays of an earlier answer."""
        before, after = (planted(seed, rows=8, columns=6).problem for seed in (1, 2))

        first = solver.solve(before, SolverOptions())
        kept = np.array(first.x)
        solver.solve(after, SolverOptions())

        np.testing.assert_array_equal(first.x, kept)

    def test_runs_leave_nothing_behind(self, solver: Solver) -> None:
        """Neither memory, files, threads nor processes become more with each run."""
        lp = planted(11, rows=120, columns=120, per_row=4).problem
        solver.solve(lp, SolverOptions())
        before = footprint.holding()

        assert not footprint.grows(lambda: solver.solve(lp, SolverOptions())), "each run leaves memory behind"
        assert footprint.holding().is_within(before), "runs leave open files, threads or processes behind"

    def test_runs_in_several_threads(self, solver: Solver) -> None:
        """Runs at the same time, none of them on the main thread, do not disturb each other."""
        cases = [planted(seed, rows=60, columns=50, maximize=bool(seed % 2)) for seed in range(8)]

        results = all_within(
            self.limit / 2,
            [partial(solve, solver, case.problem) for case in cases],
            "Runs at the same time do not end.",
        )

        for case, result in zip(cases, results, strict=True):
            assert_reaches(result, case.problem, case.optimum)
