"""Conflicts are proved, by exact arithmetic, to be conflicts, and to need all that they have."""

from __future__ import annotations

import itertools
import signal
import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples

from lumix_core.errors import LXNotInfeasibleError, LXOptionError
from lumix_core.problem.requirements import Requirements
from lumix_core.solver.infeasibility import prober as probing
from lumix_core.solver.infeasibility.diagnose import diagnose, relaxable
from lumix_core.solver.solver import LXFeature, SolverOptions
from lumix_core.solver.status import LXLimit
from lumix_core.testing.solvers.problems import INF, hard_to_find, problem
from lumix_solvers import highs_iis, interrupts
from lumix_solvers.highs import HighsSolver
from lumix_solvers.pulp import PulpSolver


class Unaided(HighsSolver):
    """HiGHS without its own search for conflicts."""

    features = HighsSolver.features - {LXFeature.CONFLICTS}


class Plain(Unaided):
    """HiGHS without that, and without duals."""

    features = Unaided.features - {LXFeature.DUALS}

    def solve(self, asked, options):
        return replace(super().solve(asked, options), duals=None, reduced_costs=None)


# The oracle: a set of requirements as inequalities a'x <= b with whole numbers, decided exactly.


def inequalities(asked, sides):
    """The sides and bounds as pairs of coefficients and right-hand side."""
    n = asked.num_variables
    matrix = np.zeros((asked.num_constraints, n))
    matrix[asked.row_numbers(), asked.columns] = asked.coefficients
    for a, lower, upper, low, high in zip(
        [*matrix, *np.eye(n)],
        [*asked.row_lower, *asked.lower],
        [*asked.row_upper, *asked.upper],
        [*sides.row_lower, *sides.lower],
        [*sides.row_upper, *sides.upper],
        strict=True,
    ):
        if low:
            yield [-Fraction(float(one)) for one in a], -Fraction(float(lower))
        if high:
            yield [Fraction(float(one)) for one in a], Fraction(float(upper))


def can_hold(asked, sides):
    """Whether a point satisfies the sides and bounds: the variables are eliminated one by one (Fourier, Motzkin)."""
    system = list(inequalities(asked, sides))
    for j in range(asked.num_variables):
        zero = [one for one in system if one[0][j] == 0]
        above = [one for one in system if one[0][j] > 0]
        below = [one for one in system if one[0][j] < 0]
        system = zero + [added(p, q, j) for p, q in itertools.product(above, below)]
    return all(b >= 0 for _, b in system)


def added(p, q, j):
    """The sum of two inequalities in which variable j cancels."""
    s, t = 1 / p[0][j], -1 / q[0][j]
    return [s * x + t * y for x, y in zip(p[0], q[0], strict=True)], s * p[1] + t * q[1]


GRID = np.array(list(itertools.product(range(-40, 41), repeat=2)), dtype=np.float64)


def can_hold_on_grid(asked, sides):
    """Whether a whole point not far from 0 satisfies the sides and bounds of a problem in two variables."""
    fits = np.ones(len(GRID), dtype=bool)
    for a, b in inequalities(asked, sides):
        fits &= GRID @ np.array(a, dtype=np.float64) <= float(b) + 1e-9
    return bool(fits.any())


def one_less(sides):
    """The requirements without each of them; integrality goes as one."""
    whole = np.flatnonzero(sides.integer) + len(sides.mask) - sides.columns
    places = [np.array([position]) for position in (sides - sides.only(whole)).places()]
    return [sides.without(position) for position in places], sides.without(whole)


def diagnosis(asked, solver):
    return diagnose(asked, solver, SolverOptions())


# Random problems with small whole numbers.

NUMBERS = st.integers(-4, 4)
LIMITS = st.integers(-6, 6).map(float)


@st.composite
def problems(draw, columns, integer=False):
    """Rows and bounds, most of which cannot hold together."""
    rows = []
    for _ in range(draw(st.integers(1, 5))):
        a = draw(st.lists(NUMBERS, min_size=columns, max_size=columns))
        side = draw(LIMITS)
        sense = draw(st.sampled_from(["<=", ">=", "=="]))
        rows.append((a, -INF if sense == "<=" else side, INF if sense == ">=" else side))
    lower = draw(st.lists(st.sampled_from([0.0, -2.0, 1.0, -INF]), min_size=columns, max_size=columns))
    width = draw(st.lists(st.sampled_from([0.0, 1.0, 3.0, INF]), min_size=columns, max_size=columns))
    upper = [low + w if np.isfinite(low) else w for low, w in zip(lower, width, strict=True)]
    if integer:
        lower = [low if np.isfinite(low) else -3.0 for low in lower]
        upper = [high if np.isfinite(high) else 5.0 for high in upper]
    return problem([1.0] * columns, rows, lower=lower, upper=upper, integer=integer)


@pytest.mark.parametrize("solver", [HighsSolver(), Unaided(), Plain()], ids=["its own search", "prices", "elastic"])
@settings(max_examples=examples(150))
@given(asked=problems(3))
def test_a_conflict_cannot_hold_and_needs_all_it_has(solver, asked):
    if can_hold(asked, Requirements.every(asked)):
        with pytest.raises(LXNotInfeasibleError):
            diagnosis(asked, solver)
        return

    found = diagnosis(asked, solver)

    assert found.is_irreducible
    assert not can_hold(asked, found.conflict)
    assert all(can_hold(asked, rest) for rest in one_less(found.conflict)[0])


@settings(max_examples=examples(15))
@given(asked=problems(2))
def test_cbc_finds_conflicts(asked):
    if can_hold(asked, Requirements.every(asked)):
        with pytest.raises(LXNotInfeasibleError):
            diagnosis(asked, PulpSolver())
        return

    found = diagnosis(asked, PulpSolver())

    assert found.is_irreducible
    assert not can_hold(asked, found.conflict)
    assert all(can_hold(asked, rest) for rest in one_less(found.conflict)[0])


def check_whole(asked, solver):
    if can_hold_on_grid(asked, Requirements.every(asked)):
        with pytest.raises(LXNotInfeasibleError):
            diagnosis(asked, solver)
        return

    found = diagnosis(asked, solver)

    rests, relaxed = one_less(found.conflict)
    if not found.conflict.integer.any():
        assert not can_hold(asked, found.conflict)
        assert all(can_hold(asked, rest) for rest in rests)
        return
    assert not can_hold_on_grid(asked, found.conflict)
    assert can_hold(asked, relaxed)
    if found.is_irreducible:
        assert all(can_hold_on_grid(asked, rest) for rest in rests)


@settings(max_examples=examples(100))
@given(asked=problems(2, integer=True))
def test_a_conflict_of_whole_variables_cannot_hold_and_needs_all_it_has(asked):
    check_whole(asked, HighsSolver())


@settings(max_examples=examples(10))
@given(asked=problems(2, integer=True))
def test_cbc_finds_conflicts_of_whole_variables(asked):
    check_whole(asked, PulpSolver())


@settings(max_examples=examples(100))
@given(asked=problems(2, integer=True))
def test_the_relaxation_is_the_least_total(asked):
    if can_hold_on_grid(asked, Requirements.every(asked)):
        return

    found = diagnosis(asked, HighsSolver())

    assert found.relaxation.is_least
    assert found.relaxation.amounts.sum() == pytest.approx(least_on_grid(asked), abs=1e-5)
    assert (found.relaxation.amounts[~relaxable(asked).mask[: -asked.num_variables]] == 0).all()


def least_on_grid(asked):
    """The least total miss of what may give way, of all points on the grid that keep the rest."""
    soft = relaxable(asked)
    total = np.zeros(len(GRID))
    for a, b in inequalities(asked, soft):
        total += np.maximum(GRID @ np.array(a, dtype=np.float64) - float(b), 0.0)
    for a, b in inequalities(asked, Requirements.every(asked) - soft):
        total[GRID @ np.array(a, dtype=np.float64) > float(b)] = np.inf
    total[((GRID < 0) & (asked.lower > 0) | (GRID > 0) & (asked.upper < 0)).any(axis=1)] = np.inf
    return total.min()


def test_a_search_without_an_end_is_given_up(monkeypatch):
    monkeypatch.setattr(probing, "PATIENCE", 0.3)
    rows = [([2.0, 4.0, 1.0], 3.0, 3.0), ([1.0, 1.0, 0.0], -INF, 90.0)]
    parity = problem([1.0] * 3, rows, upper=[60.0, 60.0, 0.5], integer=[True, True, False])

    found = diagnosis(parity, PulpSolver())

    assert not found.is_irreducible
    assert found.limit is None
    assert np.flatnonzero(found.conflict.row_lower | found.conflict.row_upper).tolist() == [0]
    assert found.conflict.integer.tolist() == [True, True, False]


def test_a_time_limit_is_for_the_whole_analysis():
    asked = hard_to_find()

    with pytest.raises(LXNotInfeasibleError, match="ended by the time limit"):
        diagnose(asked, HighsSolver(), SolverOptions(time_limit=0.5))


def test_ctrl_c_ends_the_search_of_highs(monkeypatch):
    """A search that does not heed it is left behind."""
    monkeypatch.setattr(interrupts, "GRACE", 0.05)
    monkeypatch.setattr(highs_iis.IisSearch, "run", lambda _: interrupted())
    released = threading.Event()

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        released.wait(5)

    found = HighsSolver().find_conflict(problem([1.0], [([1.0], 3.0, INF)], upper=2.0), SolverOptions())
    released.set()

    assert (found.requirements, found.limit) == (None, LXLimit.INTERRUPT)


def test_highs_finds_no_conflict_where_there_is_none():
    found = HighsSolver().find_conflict(problem([1.0], [([1.0], 1.0, INF)], upper=2.0), SolverOptions())

    assert (found.requirements, found.limit) == (None, None)


def test_highs_is_asked_with_the_options_of_the_run():
    with pytest.raises(LXOptionError, match="has no option 'preslove'"):
        HighsSolver().find_conflict(problem([1.0], upper=2.0), SolverOptions(options={"preslove": "off"}))
