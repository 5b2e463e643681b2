"""What a solver must answer: linear and integer problems of every shape, their duals and their bounds."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import Structures
from lumix_core.solver.solver import LXFeature, Solver
from lumix_core.solver.status import LXStatus
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.problems import (
    INF,
    fixed_charge,
    nondegenerate,
    once_wrong,
    planted,
    problem,
    random_integers,
)
from lumix_core.testing.solvers.proofs import (
    assert_proved_by_duality,
    assert_reaches,
    best_integer_point,
    best_vertex,
    close,
)

SENSES = pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])
SEEDS = pytest.mark.parametrize("seed", range(4))
ONCE_WRONG = once_wrong()


class LinearAnswers(Kit, limited=in_thread):
    """Linear problems, every answer held against the best of all vertices or a planted optimum."""

    def test_minimises_above_lower_sides(self, solver: Solver) -> None:
        """Rows ``>=`` hold a minimisation back."""
        lp = problem([3.0, 2.0], [([1.0, 1.0], 4.0, INF), ([1.0, 3.0], 6.0, INF)])

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_maximises_below_upper_sides(self, solver: Solver) -> None:
        """Rows ``<=`` hold a maximisation back."""
        lp = problem([3.0, 2.0], [([1.0, 1.0], -INF, 4.0), ([1.0, 3.0], -INF, 6.0)], maximize=True)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    @SENSES
    def test_meets_equations(self, solver: Solver, maximize: bool) -> None:
        """A row with equal bounds is an equation."""
        lp = problem([1.0, 2.0], [([1.0, 1.0], 3.0, 3.0)], upper=10.0, maximize=maximize)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    @SENSES
    def test_keeps_both_sides_of_a_range(self, solver: Solver, maximize: bool) -> None:
        """A row with two different bounds is held from below and from above."""
        lp = problem([1.0, 1.0], [([2.0, 1.0], -3.0, 5.0)], lower=-4.0, upper=4.0, maximize=maximize)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_last_row_counts(self, solver: Solver) -> None:
        """The row that decides is the last of many."""
        loose = [([1.0, 1.0], -INF, 100.0 + i) for i in range(20)]
        lp = problem([1.0, 1.0], [*loose, ([1.0, 2.0], -INF, 3.0)], upper=50.0, maximize=True)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(replace_rows(lp, 20, 21)))

    @SENSES
    def test_tells_lower_from_upper_bounds(self, solver: Solver, maximize: bool) -> None:
        """Lower and upper bounds are not exchanged."""
        lp = problem([1.0, -1.0, 2.0], lower=[-1.0, -7.0, 2.0], upper=[5.0, -3.0, 2.5], maximize=maximize)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_free_variables_go_below_zero(self, solver: Solver) -> None:
        """A variable without bounds is free, not nonnegative."""
        lp = problem([1.0, 2.0], [([1.0, 1.0], -5.0, INF), ([1.0, -1.0], -1.0, 1.0)], lower=-INF)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_negative_upper_bound_leaves_the_lower_one_open(self, solver: Solver) -> None:
        """A variable may have a negative upper bound and no lower one."""
        lp = problem([1.0], [([1.0], -8.0, INF)], lower=-INF, upper=-2.0)

        result = solve(solver, lp)

        assert_reaches(result, lp, -8.0)

    def test_fixed_variables_stay(self, solver: Solver) -> None:
        """A variable with equal bounds has that value."""
        lp = problem([1.0, 1.0], [([1.0, 1.0], 4.0, INF)], lower=[2.5, 0.0], upper=[2.5, INF])

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    @SENSES
    def test_objective_contains_its_constant(self, solver: Solver, maximize: bool) -> None:
        """The constant of the objective is added once, in either sense."""
        lp = problem([2.0], lower=1.0, upper=3.0, maximize=maximize, offset=100.25)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_no_objective_gives_any_feasible_point(self, solver: Solver) -> None:
        """Where all costs are 0, any feasible point is optimal."""
        lp = problem([0.0, 0.0], [([1.0, 1.0], 3.0, INF)], upper=2.0)

        result = solve(solver, lp)

        assert_reaches(result, lp, 0.0)

    @SENSES
    def test_no_rows(self, solver: Solver, maximize: bool) -> None:
        """A problem may consist of bounds alone."""
        lp = problem([1.0, -2.0], lower=-1.0, upper=4.0, maximize=maximize)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_column_in_no_row(self, solver: Solver) -> None:
        """A variable that no row mentions goes to its better bound."""
        lp = problem([1.0, -1.0, 0.0], [([1.0, 0.0, 0.0], 2.0, INF)], upper=[9.0, 7.0, 5.0])

        result = solve(solver, lp)

        assert_reaches(result, lp, -5.0)

    def test_row_without_coefficients_that_holds(self, solver: Solver) -> None:
        """A row without variables is true or false; a true one changes nothing."""
        lp = problem([1.0], [([0.0], -1.0, 1.0), ([1.0], 2.0, INF), ([0.0], -INF, 0.0)])

        result = solve(solver, lp)

        assert_reaches(result, lp, 2.0)

    def test_row_without_coefficients_that_does_not_hold(self, solver: Solver) -> None:
        """A row without variables that is false makes the problem infeasible."""
        lp = problem([1.0], [([0.0], 1.0, INF), ([1.0], 2.0, INF)])

        result = solve(solver, lp)

        assert result.status is LXStatus.INFEASIBLE

    def test_row_without_sides(self, solver: Solver) -> None:
        """A row with two infinite bounds holds nothing back, and keeps its position among the others."""
        lp = problem([1.0, 1.0], [([1.0, 0.0], -INF, INF), ([1.0, 1.0], 3.0, INF)], upper=2.0)

        result = solve(solver, lp)

        assert_reaches(result, lp, best_vertex(lp))

    def test_keeps_all_digits(self, solver: Solver) -> None:
        """Numbers are handed over and back with more digits than a printed solution has."""
        lp = problem([1.0], [([3.000000000123], 987654.321098765, INF)])

        result = solve(solver, lp)

        assert result.x is not None
        assert close(float(result.x[0]), 987654.321098765 / 3.000000000123, 1e-11)

    def test_keeps_the_digits_of_small_values(self, solver: Solver) -> None:
        """A point is handed back as it was computed, not as it is printed."""
        rows = [([3.0, 1.0], 0.7654321234, INF), ([1.0, 2.0], 0.6543212345, INF)]
        lp = problem([1.0, 1.0], rows)

        result = solve(solver, lp)

        expected = np.linalg.solve([[3.0, 1.0], [1.0, 2.0]], [0.7654321234, 0.6543212345])
        assert result.x is not None
        np.testing.assert_allclose(
            result.x, expected, rtol=0, atol=2e-9, err_msg="RawResult.x: rounded, or printed short"
        )

    @SENSES
    @SEEDS
    @pytest.mark.parametrize("degenerate", [False, True], ids=["", "degenerate"])
    def test_reaches_a_planted_optimum(self, solver: Solver, seed: int, maximize: bool, degenerate: bool) -> None:
        """Random problems, built around a point that duality proves optimal, reach its objective."""
        given = planted(seed, maximize=maximize, degenerate=degenerate)

        result = solve(solver, given.problem)

        assert_reaches(result, given.problem, given.optimum)

    def test_large_sparse_problem(self, solver: Solver) -> None:
        """Two thousand rows and columns go over in one piece."""
        given = planted(11, rows=2000, columns=2000, per_row=3)

        result = solve(solver, given.problem)

        assert_reaches(result, given.problem, given.optimum)


class DualAnswers(Kit, limited=in_thread):
    """Duals and reduced costs: present and right where they are a feature, absent where they are not."""

    @SENSES
    @SEEDS
    @pytest.mark.parametrize("degenerate", [False, True], ids=["", "degenerate"])
    def test_duals_prove_the_optimum(self, solver: Solver, seed: int, maximize: bool, degenerate: bool) -> None:
        """Point and duals are feasible and complementary, and leave no gap."""
        lp = planted(seed, maximize=maximize, degenerate=degenerate).problem

        result = solve(solver, lp)

        if LXFeature.DUALS in solver.features:
            assert_proved_by_duality(lp, result)
        else:
            assert result.duals is None
            assert result.reduced_costs is None

    @SENSES
    def test_duals_are_what_a_change_of_a_side_brings(self, solver: Solver, maximize: bool) -> None:
        """A dual is d(objective)/d(right-hand side) in the user's sense, of the row bound that is reached."""
        lp = nondegenerate(maximize=maximize)

        result = solve(solver, lp)

        if LXFeature.DUALS in solver.features:
            assert result.duals is not None
            slopes = np.array([_slope(solver, lp, "row", i) for i in range(lp.num_constraints)])
            np.testing.assert_allclose(result.duals, slopes, atol=1e-4)
        else:
            assert result.duals is None

    @SENSES
    def test_reduced_costs_are_what_a_change_of_a_bound_brings(self, solver: Solver, maximize: bool) -> None:
        """A reduced cost is d(objective)/d(bound) in the user's sense, of the bound that is reached."""
        lp = nondegenerate(maximize=maximize)

        result = solve(solver, lp)

        if LXFeature.DUALS in solver.features:
            assert result.reduced_costs is not None
            slopes = np.array([_slope(solver, lp, "column", j) for j in range(lp.num_variables)])
            np.testing.assert_allclose(result.reduced_costs, slopes, atol=1e-4)
        else:
            assert result.reduced_costs is None

    def test_duals_keep_their_digits(self, solver: Solver) -> None:
        """Duals and reduced costs are handed back as they were computed too."""
        lp = problem([1.0, 5.0], [([7.0, 11.0], 3.0, INF)])

        result = solve(solver, lp)

        if LXFeature.DUALS in solver.features:
            assert result.duals is not None
            assert result.reduced_costs is not None
            np.testing.assert_allclose(result.duals, [1 / 7], rtol=0, atol=1e-9)
            np.testing.assert_allclose(result.reduced_costs, [0.0, 5 - 11 / 7], rtol=0, atol=1e-8)

    def test_duals_without_rows(self, solver: Solver) -> None:
        """A problem of bounds alone has no duals but reduced costs: its costs."""
        lp = problem([1.0, -2.0], lower=-1.0, upper=4.0)

        result = solve(solver, lp)

        if LXFeature.DUALS in solver.features:
            assert result.duals is not None
            assert result.duals.shape == (0,)
            assert result.reduced_costs is not None
            np.testing.assert_allclose(result.reduced_costs, lp.objective)

    @needs(LXFeature.INTEGER)
    def test_integers_have_no_duals(self, solver: Solver) -> None:
        """A mixed-integer problem comes back without duals, not with those of some relaxation."""
        mip = problem([1.0], [([2.0], 3.0, INF)], upper=5.0, integer=True)

        result = solve(solver, mip)

        assert result.duals is None
        assert result.reduced_costs is None

    def test_bound_of_a_linear_problem_is_its_optimum(self, solver: Solver) -> None:
        """Where a bound comes with a solved linear problem, it is the objective."""
        given = planted(3, maximize=True)

        result = solve(solver, given.problem)

        assert result.best_bound is None or close(result.best_bound, given.optimum)


class IntegerAnswers(Kit, limited=in_thread):
    """Problems with integers, small enough to try all points."""

    @needs(LXFeature.INTEGER)
    @SENSES
    @SEEDS
    def test_reaches_the_best_integer_point(self, solver: Solver, seed: int, maximize: bool) -> None:
        """No integer point of the box is better."""
        mip = random_integers(seed, maximize=maximize)

        result = solve(solver, mip)

        assert_reaches(result, mip, best_integer_point(mip))

    @needs(LXFeature.INTEGER)
    @SENSES
    @SEEDS
    def test_bound_holds_for_every_integer_point(self, solver: Solver, seed: int, maximize: bool) -> None:
        """A proved bound is no worse than the best point, and as near as the gap says."""
        mip = random_integers(seed, maximize=maximize)

        result = solve(solver, mip)

        if LXFeature.BEST_BOUND in solver.features:
            assert result.best_bound is not None
            assert close(result.best_bound, best_integer_point(mip), 1e-3)
        else:
            assert result.best_bound is None

    @needs(LXFeature.INTEGER)
    def test_integers_are_whole(self, solver: Solver) -> None:
        """The optimum of the relaxation, which is better and fractional, is not the answer."""
        mip = problem([5.0, 4.0], [([6.0, 4.0], -INF, 24.0), ([1.0, 2.0], -INF, 6.0)], maximize=True)
        whole = replace(mip, integer=np.array([True, True]))
        boxed = replace(whole, upper=np.array([9.0, 9.0]))

        result = solve(solver, whole)

        assert_reaches(result, whole, best_integer_point(boxed))
        assert best_integer_point(boxed) < best_vertex(mip) - 0.5

    @needs(LXFeature.INTEGER)
    @pytest.mark.parametrize("name", ONCE_WRONG)
    def test_problems_that_a_release_got_wrong(self, solver: Solver, name: str) -> None:
        """What was wrong in one solver is tried in all."""
        mip, optimum = ONCE_WRONG[name]

        result = solve(solver, mip)

        assert_reaches(result, mip, optimum)

    @needs(LXFeature.INTEGER, LXFeature.SEMICONTINUOUS)
    def test_semicontinuous_variables_beside_integers(self, solver: Solver) -> None:
        """Of two rows with whole variables, a semi-continuous one takes the least amount that it may."""
        rows = [([9.0, 7.0, 0.0], 13.0, INF), ([1.0, -1.0, -1.0], 0.0, 0.0)]
        integer = [False, True, True]
        base = problem([1.0, 0.0, 0.0], rows, lower=[1.0, -INF, -INF], upper=[3.0, 1.0, INF], integer=integer)
        asked = replace(base, structures=Structures(semi=np.array([True, False, False])))

        result = solve(solver, asked)

        assert_reaches(result, asked, 1.0)

    @needs(LXFeature.INTEGER)
    def test_integers_between_fractional_bounds(self, solver: Solver) -> None:
        """Bounds need not be whole where the variable is."""
        mip = problem([1.0, -1.0], lower=[-2.5, -2.5], upper=[2.5, 2.5], integer=True)

        result = solve(solver, mip)

        assert_reaches(result, mip, -4.0)

    @needs(LXFeature.INTEGER)
    def test_binaries_between_fractional_bounds(self, solver: Solver) -> None:
        """Within 0.5 and 1 a whole variable is 1, and the rows hold with it."""
        rows = [([1.0, 2.0, -2.0], -INF, 5.0), ([0.0, 2.0, 3.0], 5.0, INF), ([1.0, -2.0, 1.0], -INF, 1.0)]
        mip = problem([3.0, 5.0, -2.0], rows, lower=[0.0, 0.0, 0.5], upper=1.0, integer=True, maximize=True)

        result = solve(solver, mip)

        assert_reaches(result, mip, 6.0)

    @needs(LXFeature.INTEGER)
    def test_no_integer_between_fractional_bounds(self, solver: Solver) -> None:
        """Within 0.2 and 0.8 there is no whole number."""
        mip = problem([1.0, 1.0], lower=[0.2, 0.0], upper=[0.8, 1.0], integer=True)

        result = solve(solver, mip)

        assert result.status is LXStatus.INFEASIBLE

    @needs(LXFeature.INTEGER)
    def test_integers_need_not_be_binary(self, solver: Solver) -> None:
        """An integer variable without an upper bound is not taken for a binary one."""
        mip = problem([1.0], [([1.0], 41.5, INF)], integer=True)

        result = solve(solver, mip)

        assert_reaches(result, mip, 42.0)

    @needs(LXFeature.INTEGER)
    @SENSES
    def test_integers_and_continuous_variables(self, solver: Solver, maximize: bool) -> None:
        """With both kinds, the answer is the best of all fixings of the integers."""
        mip = fixed_charge(maximize=maximize)

        result = solve(solver, mip)

        assert_reaches(result, mip, _best_fixing(solver, mip))


def replace_rows(problem: LXProblem, start: int, stop: int) -> LXProblem:
    """Return the problem with some of its rows alone."""
    nonzeros = slice(problem.row_starts[start], problem.row_starts[stop])
    return replace(
        problem,
        row_starts=problem.row_starts[start : stop + 1] - problem.row_starts[start],
        columns=problem.columns[nonzeros].copy(),
        coefficients=problem.coefficients[nonzeros].copy(),
        row_lower=problem.row_lower[start:stop].copy(),
        row_upper=problem.row_upper[start:stop].copy(),
    )


def _slope(solver: Solver, problem: LXProblem, what: str, position: int, step: float = 1e-3) -> float:
    """Return how the objective follows the limits of one row or column, which are moved together."""
    fields = {"row": ("row_lower", "row_upper"), "column": ("lower", "upper")}[what]
    values = [_moved(solver, problem, fields, position, change) for change in (-step, step)]
    return (values[1] - values[0]) / (2 * step)


def _moved(solver: Solver, problem: LXProblem, fields: tuple[str, ...], position: int, change: float) -> float:
    unit: FloatArray = np.eye(len(getattr(problem, fields[0])))[position]
    moved = {name: getattr(problem, name) + change * unit for name in fields}
    objective = solve(solver, replace(problem, **moved)).objective
    assert objective is not None
    return objective


def _best_fixing(solver: Solver, problem: LXProblem) -> float:
    whole = np.flatnonzero(problem.integer)
    relaxed = replace(problem, integer=np.zeros_like(problem.integer))
    values = []
    for fixing in itertools.product([0.0, 1.0], repeat=len(whole)):
        lower, upper = relaxed.lower.copy(), relaxed.upper.copy()
        lower[whole] = upper[whole] = fixing
        values.append(solve(solver, replace(relaxed, lower=lower, upper=upper)).objective)
    found = [value for value in values if value is not None]
    return max(found) if problem.maximize else min(found)
