"""What live runs must be: any sequence of changes, solved from where the solver is, is the problem solved from scratch.

Solvers that keep no problem open pass the same tests: the core solves every change from scratch for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lumix_core.problem.problem import LXProblem
from lumix_core.solver.live import Live
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import ENDLESS, LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.problems import INF, fixed_charge, nondegenerate, planted, problem, random_integers
from lumix_core.testing.solvers.proofs import (
    assert_proved_by_duality,
    assert_reaches,
    best_integer_point,
    best_vertex,
    close,
)

SEEDS = pytest.mark.parametrize("seed", range(4))
SENSES = pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])


def two_rows(**changed: Any) -> LXProblem:
    """Return a small problem whose numbers can be changed one by one; its optimum is a vertex."""
    lp = problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], upper=10.0, maximize=True)
    arrays: dict[str, Any] = {name: np.array(values, dtype=np.float64) for name, values in changed.items()}
    return replace(lp, **arrays)


CHANGES = {
    "a side": {"row_upper": [3.0, 6.0]},
    "the other side": {"row_lower": [-INF, 5.0]},
    "an equation": {"row_lower": [-INF, 6.0]},
    "an upper bound": {"upper": [1.5, 10.0]},
    "a lower bound": {"lower": [0.0, 1.5]},
    "a free variable": {"lower": [0.0, -INF]},
    "a fixed variable": {"lower": [1.0, 0.0], "upper": [1.0, 10.0]},
    "a cost": {"objective": [3.0, 20.0]},
    "a cost that goes": {"objective": [0.0, 2.0]},
    "a coefficient": {"coefficients": [1.0, 1.0, 5.0, 3.0]},
    "everything": {
        "row_upper": [5.0, 9.0],
        "lower": [0.5, 0.0],
        "objective": [1.0, 4.0],
        "coefficients": [2.0, 1.0, 1.0, 2.0],
    },
}
"""What can be changed, by name."""
WRONG = "from where the solver was"
"""How the core says that it opened a problem anew since the answer after a change was none, or a wrong one."""


class LiveRuns(Kit, limited=in_thread):
    """Problems that stay open."""

    @pytest.fixture
    def live(self, solver: Solver) -> Iterator[Live]:
        """Return the solver, with nothing open so far."""
        with closing(Live(solver, SolverOptions())) as live:
            yield live

    @pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
    def test_live_runs_follow_changes(self, live: Live, changed: dict[str, list[float]]) -> None:
        """After a change, and after it was taken back, the answer is that of the problem as it is then."""
        before, after = two_rows(), two_rows(**changed)

        for lp in (before, after, before):
            assert_reaches(solved(live, lp), lp, best_vertex(lp))

    def test_live_runs_follow_the_constant(self, live: Live) -> None:
        """The constant of the objective may change."""
        before = two_rows()
        after = replace(before, offset=100.0)

        solved(live, before)
        result = solved(live, after)

        assert close(result.objective, best_vertex(before) + 100.0)

    @SEEDS
    @SENSES
    def test_live_runs_are_what_runs_from_scratch_are(self, solver: Solver, seed: int, maximize: bool) -> None:
        """A sequence of random changes gives the optima that each problem has by itself."""
        random = np.random.default_rng(seed)
        lp = planted(seed, rows=15, columns=12, maximize=maximize).problem

        with closing(Live(solver, SolverOptions())) as live:
            for _ in range(8):
                lp = _shaken(random, lp)
                result, _, _ = live.solve(lp)

                alone = solve(solver, lp)
                assert _agree(result.status, alone.status)
                assert result.objective is None or close(result.objective, alone.objective or 0.0)

    @SEEDS
    @SENSES
    @pytest.mark.parametrize("degenerate", [False, True], ids=["", "degenerate"])
    def test_live_runs_that_rewind_forget_what_came_between(
        self, solver: Solver, seed: int, maximize: bool, degenerate: bool
    ) -> None:
        """After going back, the answer to a changed problem is the same, bit for bit, whatever was solved before."""
        random = np.random.default_rng(seed)
        first = planted(seed, rows=15, columns=12, maximize=maximize, degenerate=degenerate).problem
        changed = [_shaken(random, first) for _ in range(4)]

        with closing(Live(solver, SolverOptions())) as live:
            live.solve(first)
            once = [_after_rewinding(live, first, change) for change in changed]
            again = [_after_rewinding(live, first, change) for change in reversed(changed)]

        assert again[::-1] == once

    @SENSES
    def test_live_runs_that_rewind_find_the_same_of_several_optima(self, solver: Solver, maximize: bool) -> None:
        """Where many points are optimal, which of them is the answer does not depend on what was solved before."""
        sign = 1.0 if maximize else -1.0
        first = problem([sign] * 6, [([1.0] * 6, -INF, 10.0)], upper=4.0, maximize=maximize)
        tied = replace(first, row_upper=np.array([9.0]))
        others = [replace(first, objective=sign * (1.0 + np.eye(6)[k] + np.eye(6)[k - 1])) for k in range(6)]

        with closing(Live(solver, SolverOptions())) as live:
            live.solve(first)
            expected = _after_rewinding(live, first, tied)
            for other in others:
                _after_rewinding(live, first, other)

                assert _after_rewinding(live, first, tied) == expected, "rewind() left something of a later run behind"

    def test_live_runs_prove_their_answers(self, solver: Solver) -> None:
        """The duals after a change belong to the changed problem."""
        lp = nondegenerate(maximize=False)
        moved = replace(
            lp,
            row_upper=lp.row_upper + np.array([0.5, 0.25, 0.0, 0.0]),
            objective=lp.objective + np.array([0.125, 0.0, 0.25, 0.0, 0.0]),
        )

        with closing(Live(solver, SolverOptions())) as live:
            solved(live, lp)
            result = solved(live, moved)

        if LXFeature.DUALS in solver.features:
            assert_proved_by_duality(moved, result)
        else:
            assert result.duals is None

    def test_live_runs_find_their_way_back_from_infeasible(self, live: Live) -> None:
        """An infeasible change leaves nothing behind."""
        before, infeasible = two_rows(), two_rows(row_lower=[-INF, 100.0])

        solved(live, before)
        between = solved(live, replace(infeasible, row_upper=np.array([4.0, 200.0])))
        result = solved(live, before)

        assert between.status is LXStatus.INFEASIBLE
        assert between.x is None
        assert_reaches(result, before, best_vertex(before))

    def test_live_runs_find_their_way_back_from_unbounded(self, live: Live) -> None:
        """An unbounded change leaves nothing behind."""
        before = two_rows()
        unbounded = two_rows(row_upper=[INF, INF], upper=[INF, INF])

        solved(live, before)
        between = solved(live, unbounded)
        result = solved(live, before)

        assert between.status in (LXStatus.UNBOUNDED, LXStatus.INFEASIBLE_OR_UNBOUNDED)
        assert_reaches(result, before, best_vertex(before))

    def test_live_runs_answer_crossed_bounds(self, live: Live) -> None:
        """Bounds that cross make the problem infeasible for a while."""
        before = two_rows()

        solved(live, before)
        crossed = solved(live, two_rows(lower=[5.0, 0.0], upper=[4.0, 10.0]))
        result = solved(live, before)

        assert crossed.status is LXStatus.INFEASIBLE
        assert_reaches(result, before, best_vertex(before))

    def test_live_runs_take_other_nonzeros(self, live: Live) -> None:
        """Coefficients may come and go."""
        before = two_rows()
        after = problem([3.0, 2.0], [([0.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], upper=10.0, maximize=True)

        for lp in (before, after, before):
            result = solved(live, lp)

            assert_reaches(result, lp, best_vertex(lp))

    def test_live_runs_take_another_shape(self, live: Live) -> None:
        """Rows and columns may come and go."""
        before = two_rows()
        after = problem([3.0, 2.0, 1.0], [([1.0, 1.0, 1.0], -INF, 4.0)], upper=3.0, maximize=True)

        for lp in (before, after, before):
            result = solved(live, lp)

            assert_reaches(result, lp, best_vertex(lp))

    def test_live_runs_without_a_change(self, live: Live) -> None:
        """The same problem once more has the same answer."""
        lp = two_rows()

        first = solved(live, lp)
        again = solved(live, lp)

        assert close(again.objective, first.objective or 0.0)

    @needs(LXFeature.INTEGER)
    @SENSES
    def test_live_runs_over_integers(self, solver: Solver, maximize: bool) -> None:
        """Problems over integers are solved anew after each change."""
        mip = random_integers(3, maximize=maximize)
        moved = replace(mip, upper=mip.upper - (mip.upper > mip.lower + 1))

        with closing(Live(solver, SolverOptions())) as live:
            for step in (mip, moved, mip):
                if _has_points(step):
                    assert_reaches(solved(live, step), step, best_integer_point(step))

    @needs(LXFeature.INTEGER)
    def test_live_runs_with_fractional_bounds_of_integers(self, solver: Solver) -> None:
        """A bound of a whole variable may become one that is not whole, after other changes too."""
        rows = [([1.0, 2.0, -2.0], -INF, 5.0), ([0.0, 2.0, 3.0], 5.0, INF), ([1.0, -2.0, 1.0], -INF, 1.0)]
        mip = problem([3.0, 5.0, -2.0], rows, upper=1.0, integer=True, maximize=True)
        limits = [[5.0, INF, 3.5], [4.0, INF, 1.0], [6.0, INF, 1.0]]
        moved = [replace(mip, row_upper=np.array(limit)) for limit in limits]

        with closing(Live(solver, SolverOptions())) as live:
            for step in (mip, *moved, replace(mip, lower=np.array([0.0, 0.0, 0.5])), mip):
                assert_reaches(solved(live, step), step, 6.0)

    @needs(LXFeature.INTEGER)
    def test_live_runs_with_binaries(self, solver: Solver) -> None:
        """A demand that grows opens another machine."""
        mip = fixed_charge()
        grown = replace(mip, row_lower=np.array([15.5, *mip.row_lower[1:]]))

        with closing(Live(solver, SolverOptions())) as live:
            for step in (mip, grown):
                result = solved(live, step)

                assert_reaches(result, step, solve(solver, step).objective or 0.0)

    @needs(LXFeature.TIME_LIMIT)
    def test_time_limit_counts_anew_for_each_live_run(self, solver: Solver) -> None:
        """The limit is that of one run, not of all of them."""
        lp = planted(5, rows=200, columns=150, per_row=6).problem
        random = np.random.default_rng(0)

        with closing(Live(solver, SolverOptions(time_limit=2.0))) as live:
            for _ in range(3):
                costs = lp.objective + random.uniform(-0.1, 0.1, lp.num_variables)
                result, _, _ = live.solve(replace(lp, objective=costs))

                assert result.limit is None


def solved(live: Live, problem: LXProblem) -> RawResult:
    """Return the answer to a problem; a run may refuse a change, and may not take it over and then answer wrongly."""
    result, _, reason = live.solve(problem)
    assert WRONG not in reason, f"update() returned True, but {reason}"
    return result


def _shaken(random: np.random.Generator, problem: LXProblem) -> LXProblem:
    """Return a problem with some numbers changed."""

    def moved(values: Any, size: float) -> Any:
        picks = random.random(len(values)) < 0.3
        return np.where(picks, values + random.uniform(-size, size, len(values)), values)

    slid, row_slid = moved(np.zeros(problem.num_variables), 0.5), moved(np.zeros(problem.num_constraints), 0.5)
    return replace(
        problem,
        objective=moved(problem.objective, 0.5),
        lower=problem.lower + slid,
        upper=problem.upper + slid,
        row_lower=problem.row_lower + row_slid,
        row_upper=problem.row_upper + row_slid,
        coefficients=moved(problem.coefficients, 0.05),
    )


def _agree(first: LXStatus, second: LXStatus) -> bool:
    """Whether two statuses may be those of one problem: some solvers stop before they know which."""
    either = LXStatus.INFEASIBLE_OR_UNBOUNDED
    return first is second or (either in (first, second) and {first, second} <= {LXStatus.INFEASIBLE, *ENDLESS})


def _has_points(problem: LXProblem) -> bool:
    try:
        best_integer_point(problem)
    except ValueError:
        return False
    return True


def _after_rewinding(live: Live, first: LXProblem, problem: LXProblem) -> tuple[LXStatus, bytes | None]:
    live.rewind(first)
    result, _, _ = live.solve(problem)
    return result.status, None if result.x is None else result.x.tobytes()
