"""What the ranges of a live run must be: those of the optimal basis, held against a computation of their own.

Ranges are optional: a run whose `ranging` returns None passes.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.live import Live
from lumix_core.solver.solver import LXFeature, Ranging, Solver, SolverOptions
from lumix_core.testing.kit import Kit, needs, solve
from lumix_core.testing.limits import in_thread
from lumix_core.testing.solvers.problems import nondegenerate, one_vertex, random_integers
from lumix_core.testing.solvers.proofs import close

SENSES = pytest.mark.parametrize("maximize", [False, True], ids=["min", "max"])
NEAR = 1e-7
"""How far a value must be from its bounds at least to be basic."""


class Ranges(Kit, limited=in_thread):
    """Ranges of costs and right-hand sides, and what is basic."""

    @SENSES
    def test_ranges_are_those_within_which_duals_hold(self, solver: Solver, maximize: bool) -> None:
        """At both ends of the range of a right-hand side the objective is what the dual says; beyond it, no more."""
        lp = nondegenerate(maximize=maximize)
        with closing(Live(solver, SolverOptions())) as live:
            result, _, _ = live.solve(lp)
            ranging = live.ranging()
        if ranging is None:
            return
        assert result.duals is not None
        assert result.objective is not None

        for row in np.flatnonzero(~np.isnan(ranging.rhs_lower)).tolist():
            for end in (ranging.rhs_lower[row], ranging.rhs_upper[row]):
                if np.isfinite(end):
                    move = end - _active_bound(lp, row)
                    there = solve(solver, _with_bound(lp, row, move))
                    beyond = solve(solver, _with_bound(lp, row, move * 1.1))

                    expected = result.objective + result.duals[row] * move
                    assert close(there.objective, expected)
                    assert beyond.objective is None or not close(
                        beyond.objective, result.objective + result.duals[row] * move * 1.1
                    )

    @SENSES
    def test_ranges_are_those_of_the_basis(self, solver: Solver, maximize: bool) -> None:
        """With every kind of row and bound; an end is infinite where the basis stays optimal for ever."""
        lp = nondegenerate(maximize=maximize)
        with closing(Live(solver, SolverOptions())) as live:
            live.solve(lp)
            ranging = live.ranging()

        if ranging is not None:
            assert_ranges(lp, np.array([2.0, 1.0, 3.0, 0.0, 5.0]), ranging)

    @SENSES
    @pytest.mark.parametrize("seed", range(3))
    def test_ranges_follow_changes(self, solver: Solver, seed: int, maximize: bool) -> None:
        """They are those of the problem as it was solved last."""
        lp = one_vertex(seed, maximize=maximize)
        changed = replace(lp, objective=lp.objective[::-1].copy(), row_upper=lp.row_upper * 1.5)
        with closing(Live(solver, SolverOptions())) as live:
            for step in (lp, changed):
                result, _, _ = live.solve(step)
                ranging = live.ranging()

                assert result.x is not None
                if ranging is not None:
                    assert_ranges(step, result.x, ranging)

    @needs(LXFeature.INTEGER)
    def test_integers_have_no_ranges(self, solver: Solver) -> None:
        """A mixed-integer problem has no basis to speak of; ranges of some relaxation would be taken for its own."""
        mip = random_integers(3, maximize=False)
        with closing(Live(solver, SolverOptions())) as live:
            live.solve(mip)

            assert live.ranging() is None


class Basis(NamedTuple):
    """A basis of ``A x - r = 0``, the variables of a problem and its rows together.

    Args:
        basic: whether each is basic, shape ``(n + m,)``.
        at_lower, at_upper: at which of its bounds each is.
        tableau: ``B^-1 N``, shape ``(m, n + m)``.
        reduced_costs: of a minimisation, shape ``(n + m,)``.
        values, lower, upper: of variables and rows, shape ``(n + m,)``.
    """

    basic: BoolArray
    at_lower: BoolArray
    at_upper: BoolArray
    tableau: FloatArray
    reduced_costs: FloatArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray


def basis_at(problem: LXProblem, x: FloatArray) -> Basis:
    """Return the basis of a point that is a vertex of exactly n bounds of variables and rows."""
    n, m = problem.num_variables, problem.num_constraints
    matrix = np.zeros((m, n + m))
    matrix[problem.row_numbers(), problem.columns] = problem.coefficients
    matrix[:, n:] = -np.eye(m)
    values = np.concatenate([x, problem.activity(x)])
    lower = np.concatenate([problem.lower, problem.row_lower])
    upper = np.concatenate([problem.upper, problem.row_upper])
    at_lower, at_upper = values - lower < NEAR, upper - values < NEAR
    basic = ~(at_lower | at_upper)
    assert basic.sum() == m, "the problem of this test has a degenerate optimum"
    sign = -1.0 if problem.maximize else 1.0
    costs = sign * np.concatenate([problem.objective, np.zeros(m)])
    tableau = np.asarray(np.linalg.solve(matrix[:, basic], matrix), dtype=np.float64)
    reduced_costs = np.asarray(costs - costs[basic] @ tableau, dtype=np.float64)
    return Basis(basic, at_lower, at_upper, tableau, reduced_costs, values, lower, upper)


def cost_ranges(problem: LXProblem, basis: Basis) -> tuple[FloatArray, FloatArray]:
    """Return how far each cost may go until another basis is optimal."""
    room = np.array([_room_of_cost(basis, column) for column in range(problem.num_variables)])
    down, up = room.T if not problem.maximize else -room.T[::-1]
    return problem.objective + down, problem.objective + up


def _room_of_cost(basis: Basis, column: int) -> tuple[float, float]:
    """Return how far a cost of a minimisation may fall, and rise."""
    fixed = basis.at_lower & basis.at_upper
    if not basis.basic[column]:
        if fixed[column]:
            return -np.inf, np.inf
        room = float(basis.reduced_costs[column])
        return (-room, np.inf) if basis.at_lower[column] else (-np.inf, -room)
    row = basis.tableau[np.flatnonzero(np.flatnonzero(basis.basic) == column)[0]]
    others = ~basis.basic & ~fixed & (np.abs(row) > NEAR)
    ends = basis.reduced_costs[others] / row[others]  # where a reduced cost becomes 0
    return float(max(ends[ends <= 0], default=-np.inf)), float(min(ends[ends >= 0], default=np.inf))


def rhs_ranges(problem: LXProblem, basis: Basis) -> tuple[FloatArray, FloatArray]:
    """Return how far the bound that holds each row may go until a value meets another bound; NaN for other rows."""
    n, m = problem.num_variables, problem.num_constraints
    lower, upper = np.full(m, np.nan), np.full(m, np.nan)
    values, below, above = (part[basis.basic] for part in (basis.values, basis.lower, basis.upper))
    for row in np.flatnonzero(~basis.basic[n:]):
        rate = -basis.tableau[:, n + row]  # of the basic values, for one unit of the bound
        moving = np.abs(rate) > NEAR
        limits = np.where(rate > 0, above, below), np.where(rate > 0, below, above)
        up, down = (((limit - values)[moving] / rate[moving]) for limit in limits)
        held = basis.values[n + row]
        lower[row], upper[row] = held + max(down, default=-np.inf), held + min(up, default=np.inf)
        if not basis.at_upper[n + row]:
            upper[row] = min(upper[row], problem.row_upper[row])  # beyond it the two bounds of the row cross
        if not basis.at_lower[n + row]:
            lower[row] = max(lower[row], problem.row_lower[row])
    return lower, upper


def assert_ranges(problem: LXProblem, x: FloatArray, ranging: Ranging) -> None:
    """Assert that ranges are those of the basis at ``x``, the only optimum of the problem."""
    basis = basis_at(problem, x)
    n = problem.num_variables
    assert ranging.basic.dtype == np.bool_
    assert ranging.basic.tolist() == basis.basic[:n].tolist(), "basic: which columns are"
    expected = (*cost_ranges(problem, basis), *rhs_ranges(problem, basis))
    names = ("cost_lower", "cost_upper", "rhs_lower", "rhs_upper")
    for name, right in zip(names, expected, strict=True):
        values: FloatArray = getattr(ranging, name)
        np.testing.assert_allclose(values, right, rtol=1e-6, atol=1e-6, err_msg=f"Ranging.{name} (see its docstring)")


def _active_bound(problem: LXProblem, row: int) -> float:
    """Return the bound at which the known optimum of `nondegenerate` holds a row."""
    return [3.0, 9.0, 7.0, 2.0][row]


def _with_bound(problem: LXProblem, row: int, move: float) -> LXProblem:
    lower, upper = problem.row_lower.copy(), problem.row_upper.copy()
    active = _active_bound(problem, row)
    if lower[row] == active:
        lower[row] += move
    if upper[row] == active:
        upper[row] += move
    return replace(problem, row_lower=lower, row_upper=upper)
