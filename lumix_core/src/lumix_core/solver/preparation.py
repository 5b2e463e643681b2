"""What a solver is given in place of a problem: nothing degenerate, and numbers that every solver takes alike.

Columns in no row are set to their best values and rows without coefficients are left out before a solver sees them.
Small costs and small rows are multiplied by powers of 2, which rounds nothing, since the tolerances of solvers are
absolute. What solvers would change, each differently, is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lumix_core.errors import LXNumberError
from lumix_core.problem.arrays import BoolArray, FloatArray
from lumix_core.problem.csr import without_zeros
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.structures import Structures
from lumix_core.solver.breaches import FEASIBILITY
from lumix_core.solver.solver import Ranging, RawProgress, RawResult, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_core.solver.verify import INTEGRALITY

INFINITE = 1e20
"""From here on solvers take a bound or a right-hand side for infinite."""
LARGEST = 1e15
"""From here on solvers refuse coefficients."""
NEGLIGIBLE = 1e-12
"""Up to here solvers take a coefficient for 0."""
TINIEST = 1e-290
"""Numbers up to here are not scaled: the reciprocal of some is no number."""
SMALL_COST, LARGE_COST = 1e-4, 1e9
"""Objectives with coefficients outside are scaled."""
SMALL_ROW, LARGE_ROW = 1e-3, 1e6
"""Rows are scaled whose largest coefficient is below the first, or whose smallest one is above the second."""


def answer_without_solver(problem: LXProblem) -> RawResult | None:
    """Answer where single bounds, or a row without coefficients, show that there is no point; and without columns."""
    return crossed_bounds(problem) or _broken_alone(problem) or answer_without_columns(problem)


def crossed_bounds(problem: LXProblem) -> RawResult | None:
    """Answer where the bounds of a column cross, which solvers treat differently."""
    crosses = problem.lower > problem.upper
    crossed = np.flatnonzero(crosses & ~problem.structures.semi if problem.structures.has_semi else crosses)
    return _infeasible(f"the bounds of {problem.column_name(int(crossed[0]))} cross") if len(crossed) else None


def _broken_alone(problem: LXProblem) -> RawResult | None:
    held = problem.structures
    if problem.integer.any():
        none = problem.integer & (np.floor(problem.upper + INTEGRALITY) < problem.lower - INTEGRALITY)
        whole = np.flatnonzero(none & ~held.semi if held.has_semi else none)
        if len(whole):
            return _infeasible(f"no whole number is between the bounds of {problem.column_name(int(whole[0]))}")
    low, high, starts = problem.row_lower, problem.row_upper, problem.row_starts
    plain = _plain_rows(problem)
    crossed = np.flatnonzero((low > high) & plain)
    if len(crossed):
        return _infeasible(f"the row bounds of {problem.row_name(int(crossed[0]))} cross")
    if (starts[1:] > starts[:-1]).all():
        return None
    empty = np.flatnonzero((starts[1:] == starts[:-1]) & plain)
    low, high = low[empty], high[empty]
    room = FEASIBILITY * (1.0 + np.minimum(np.abs(low), np.abs(high)))
    broken = empty[(low > room) | (high < -room)]
    return (
        _infeasible(f"{problem.row_name(int(broken[0]))} has no variables and does not hold") if len(broken) else None
    )


def _plain_rows(problem: LXProblem) -> BoolArray:
    """Return which rows always hold, and have no terms but linear ones."""
    plain = np.ones(problem.num_constraints, dtype=np.bool_)
    plain[problem.structures.rows_with_terms()] = False
    plain[problem.structures.indicators.rows] = False
    return plain


def answer_without_columns(problem: LXProblem) -> RawResult | None:
    """Answer a problem without columns, which is not for solvers."""
    if problem.num_variables:
        return None
    return _broken_alone(problem) or _optimum(problem, np.empty(0), "no variables")


def _infeasible(reason: str) -> RawResult:
    return RawResult(status=LXStatus.INFEASIBLE, raw_status=reason)


def _optimum(problem: LXProblem, x: FloatArray, reason: str) -> RawResult:
    """Return the optimum of a problem in which no row holds a column back."""
    objective = problem.objective_at(x)
    return RawResult(
        status=LXStatus.OPTIMAL,
        raw_status=reason,
        x=x,
        objective=objective,
        best_bound=objective,
        duals=np.zeros(problem.num_constraints),
        reduced_costs=np.array(problem.objective),
    )


class Matrix:
    """What preparation needs to know of the matrix of a problem; computed once for all problems with that matrix.

    Attributes:
        used: whether each column has a coefficient in a row with a bound, shape ``(n,)``.
        empty: whether each row has no coefficient, shape ``(m,)``.
        scales: what to multiply each row by, shape ``(m,)``; None where all are 1.
        scaled: the coefficients of the rows that are multiplied.
    """

    def __init__(self, problem: LXProblem) -> None:
        self._problem = problem
        lengths = np.diff(problem.row_starts)
        plain = _plain_rows(problem)
        self.empty: BoolArray = (lengths == 0) & plain
        is_bounded = np.isfinite(problem.row_lower) | np.isfinite(problem.row_upper)
        columns = problem.columns if is_bounded.all() else problem.columns[np.repeat(is_bounded, lengths)]
        self.used: BoolArray = np.bincount(columns, minlength=problem.num_variables) > 0
        self.used[problem.structures.columns()] = True
        self.scales = _row_scales(problem, lengths)
        if self.scales is not None:
            self.scales = np.where(plain, self.scales, 1.0)
        self.scaled = problem.coefficients
        if self.scales is not None:
            self.scaled = problem.coefficients * np.repeat(self.scales, lengths)
        self._refuse_coefficients()

    def fits(self, problem: LXProblem) -> bool:
        """Whether a problem has this very matrix, and row bounds in the same places."""
        mine = self._problem
        same = (
            problem.coefficients is mine.coefficients
            and problem.columns is mine.columns
            and problem.row_starts is mine.row_starts
            and problem.structures is mine.structures
        )
        return same and all(
            other is own or np.array_equal(np.isinf(other), np.isinf(own))
            for other, own in ((problem.row_lower, mine.row_lower), (problem.row_upper, mine.row_upper))
        )

    def _refuse_coefficients(self) -> None:
        sizes = np.abs(self.scaled)
        if not len(sizes) or (sizes.max() < LARGEST and sizes.min() > NEGLIGIBLE):
            return
        problem = self._problem
        position = int(np.argmax(sizes))
        if sizes[position] >= LARGEST:
            raise LXNumberError(
                f"The coefficient {self._named(position)} is {problem.coefficients[position]:.6g}, too large "
                f"beside the other coefficients of its row: solvers compute with 16 digits. Use larger units for that "
                f"variable, or smaller ones for the others."
            )
        ranges = np.maximum(np.abs(problem.lower), np.abs(problem.upper))[problem.columns]
        effect = np.multiply(sizes, ranges, out=np.zeros_like(sizes), where=sizes > 0)
        heavy = np.flatnonzero((sizes <= NEGLIGIBLE) & (effect > FEASIBILITY / 10))
        if len(heavy):
            position = int(heavy[0])
            raise LXNumberError(
                f"The coefficient {self._named(position)} is {problem.coefficients[position]:.6g}, so small beside the "
                f"other ones of its row that solvers take it for 0, which it is not while that variable may be large. "
                f"Use larger units for that variable, or give it bounds."
            )
        self.scaled = np.where(sizes <= NEGLIGIBLE, 0.0, self.scaled)

    def _named(self, position: int) -> str:
        problem = self._problem
        row = int(np.searchsorted(problem.row_starts, position, side="right")) - 1
        return f"of {problem.column_name(int(problem.columns[position]))} in {problem.row_name(row)}"


def _row_scales(problem: LXProblem, lengths: FloatArray) -> FloatArray | None:
    """Return powers of 2 that bring rows of small or of large coefficients to 1; None where there are no such rows."""
    sizes = np.abs(problem.coefficients)
    if not len(sizes) or (sizes.min() >= SMALL_ROW and sizes.max() <= LARGE_ROW):
        return None
    filled = np.flatnonzero(lengths)
    firsts = problem.row_starts[:-1][filled]
    largest = np.maximum.reduceat(sizes, firsts)
    smallest = np.minimum.reduceat(np.where(sizes > 0, sizes, np.inf), firsts)
    chosen = np.where(largest < SMALL_ROW, largest, np.where(smallest > LARGE_ROW, smallest, 1.0))
    chosen = np.where((chosen > TINIEST) & np.isfinite(chosen), chosen, 1.0)
    if (chosen == 1.0).all():
        return None
    scales = np.ones(problem.num_constraints)
    scales[filled] = _power(1.0 / chosen)
    return scales


def _power(values: FloatArray) -> FloatArray:
    """Return the next power of 2 at or below each value."""
    return np.asarray(np.exp2(np.floor(np.log2(values))), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A problem as a solver is given it.

    Args:
        original: the problem.
        problem: what the solver is given; the original one where nothing is to be done.
        idle: whether each column is in no row, shape ``(n,)``; None where every column is in one.
        endless: the name of a column in no row that improves the objective without end; empty without one.
        cost_scale: what the objective was multiplied by.
        row_scales: what each row was multiplied by, shape ``(m,)``; None where all were by 1.
    """

    original: LXProblem
    problem: LXProblem
    idle: BoolArray | None = None
    endless: str = ""
    cost_scale: float = 1.0
    row_scales: FloatArray | None = None

    def options(self, options: SolverOptions) -> SolverOptions:
        """Return options for the solver, with numbers of the prepared problem: gap, start point and progress."""
        if self.idle is not None and options.start is not None:
            options = replace(options, start=np.where(self.idle, self.problem.lower, options.start))
        if self.endless and options.progress is not None:
            options = replace(options, progress=without_numbers(options.progress))
        if self.cost_scale == 1.0:
            return options
        scale, gap, report = self.cost_scale, options.mip_abs_gap, options.progress
        return replace(
            options,
            mip_abs_gap=gap * scale if gap else gap,
            progress=None if report is None else lambda progress: report(_scaled(progress, 1.0 / scale)),
        )

    def answer_without_solver(self) -> RawResult | None:
        """Return the answer where no column is in a row; None for all other problems."""
        if self.idle is None or not self.idle.all():
            return None
        return _optimum(self.problem, np.array(self.problem.lower), "no constraint has a variable")

    def answer(self, raw: RawResult) -> RawResult:
        """Return a solver's answer to the problem that it was given as one to the original problem."""
        if self.cost_scale == 1.0 and self.row_scales is None:
            return raw
        rows = 1.0 if self.row_scales is None else self.row_scales
        return replace(
            raw,
            objective=None if raw.objective is None else raw.objective / self.cost_scale,
            best_bound=None if raw.best_bound is None else raw.best_bound / self.cost_scale,
            duals=None if raw.duals is None else raw.duals * rows / self.cost_scale,
            reduced_costs=None if raw.reduced_costs is None else raw.reduced_costs / self.cost_scale,
        )

    def ranging(self, ranging: Ranging) -> Ranging:
        """Return a solver's ranges as those of the original problem."""
        if self.idle is not None:
            ranging = self._ranging_of_idle(ranging, self.idle)
        if self.cost_scale == 1.0 and self.row_scales is None:
            return ranging
        rows = 1.0 if self.row_scales is None else self.row_scales
        return replace(
            ranging,
            rhs_lower=ranging.rhs_lower / rows,
            rhs_upper=ranging.rhs_upper / rows,
            cost_lower=ranging.cost_lower / self.cost_scale,
            cost_upper=ranging.cost_upper / self.cost_scale,
        )

    def _ranging_of_idle(self, ranging: Ranging, idle: BoolArray) -> Ranging:
        """Return ranges in which the cost of a column in no row may be anything that keeps its sign."""
        costs = self.problem.objective
        return replace(
            ranging,
            cost_lower=np.where(idle, np.where(costs > 0, 0.0, -np.inf), ranging.cost_lower),
            cost_upper=np.where(idle, np.where(costs < 0, 0.0, np.inf), ranging.cost_upper),
            basic=ranging.basic & ~idle,
        )


def without_numbers(report: Callable[[RawProgress], object]) -> Callable[[RawProgress], object]:
    """Return what reports that a run goes on, and not what it has found: its objective is not the user's."""
    return lambda _: report(RawProgress())


def _scaled(progress: RawProgress, factor: float) -> RawProgress:
    incumbent, bound = progress.incumbent, progress.bound
    return RawProgress(
        incumbent=None if incumbent is None else incumbent * factor, bound=None if bound is None else bound * factor
    )


class Preparation:
    """Prepares a series of problems, most of which have the same matrix."""

    def __init__(self) -> None:
        self._matrix: Matrix | None = None
        self._scale = 1.0
        self._checked: dict[str, FloatArray] = {}  # the arrays of the last problem

    def prepared(self, problem: LXProblem, options: SolverOptions) -> Prepared:
        """Return a problem as a solver is to be given it.

        Args:
            problem: with bounds that do not cross.
            options: of the run; an objective is not scaled where native options might depend on it.

        Raises:
            LXNumberError: a number is one that solvers would change.
        """
        for array in BOUNDS:
            if getattr(problem, array) is not self._checked.get(array):
                _refuse_far_bounds(problem, array)
                self._checked[array] = getattr(problem, array)
        if self._matrix is None or not self._matrix.fits(problem):
            self._matrix = Matrix(problem)
        prepared = _settle_idle(Prepared(problem, _with_matrix(problem, self._matrix)), self._matrix)
        return prepared if options.is_native else _scale_costs(prepared, self._scale_of(prepared.problem))

    def _scale_of(self, problem: LXProblem) -> float:
        if problem.structures.has_terms:
            products = problem.structures.quadratics
            return _cost_scale(np.concatenate([problem.objective, products.values[products.of_objective]]))
        if self._checked.get("objective") is not problem.objective:
            self._checked["objective"], self._scale = problem.objective, _cost_scale(problem.objective)
        return self._scale


BOUNDS = {
    "lower": "lower bound",
    "upper": "upper bound",
    "row_lower": "right-hand side",
    "row_upper": "right-hand side",
}
"""The arrays of bounds, and what users call them."""


def _refuse_far_bounds(problem: LXProblem, array: str) -> None:
    bounds = getattr(problem, array)
    sizes = np.abs(bounds)
    far = np.flatnonzero((sizes >= INFINITE) & (sizes < np.inf))
    if not len(far):
        return
    position = int(far[0])
    name = problem.row_name(position) if array.startswith("row") else problem.column_name(position)
    raise LXNumberError(
        f"The {BOUNDS[array]} of {name} is {bounds[position]:.6g}, and solvers take numbers from {INFINITE:.0e} on for "
        f"infinite, each in its own way. Where there is no limit, leave the bound or the constraint out; otherwise use "
        f"larger units."
    )


def _with_matrix(problem: LXProblem, matrix: Matrix) -> LXProblem:
    """Return the problem with scaled coefficients, and without bounds of rows that are empty."""
    if matrix.scales is None and not matrix.empty.any() and matrix.scaled is problem.coefficients:
        return problem
    scales = 1.0 if matrix.scales is None else matrix.scales
    changed = replace(
        problem,
        coefficients=matrix.scaled,
        row_lower=_taken_for_infinite(np.where(matrix.empty, -np.inf, problem.row_lower * scales)),
        row_upper=_taken_for_infinite(np.where(matrix.empty, np.inf, problem.row_upper * scales)),
    )
    return changed if matrix.scaled.all() else replace(changed, **without_zeros(changed))


def _taken_for_infinite(bounds: FloatArray) -> FloatArray:
    """Return scaled row bounds; those that no point reaches, since variables are smaller, are infinite."""
    return np.where(np.abs(bounds) >= INFINITE, np.copysign(np.inf, bounds), bounds)


def _settle_idle(prepared: Prepared, matrix: Matrix) -> Prepared:
    """Fix the columns that are in no row at their best values."""
    if matrix.used.all():
        return replace(prepared, row_scales=matrix.scales)
    problem, idle = prepared.problem, ~matrix.used
    costs = -problem.objective if problem.maximize else problem.objective
    lower, upper = _whole_bounds(problem)
    best = np.where(costs > 0, lower, np.where(costs < 0, upper, np.clip(0.0, lower, upper)))
    endless = np.flatnonzero(idle & np.isinf(best))
    values = np.where(np.isinf(best), np.clip(0.0, lower, upper), best)
    return Prepared(
        prepared.original,
        replace(
            problem,
            lower=np.where(idle, values, problem.lower),
            upper=np.where(idle, values, problem.upper),
            objective=np.zeros_like(costs) if len(endless) else problem.objective,
        ),
        idle=idle,
        endless=problem.column_name(int(endless[0])) if len(endless) else "",
        row_scales=matrix.scales,
    )


def _whole_bounds(problem: LXProblem) -> tuple[FloatArray, FloatArray]:
    integer = problem.integer
    lower = np.where(integer, np.ceil(problem.lower - FEASIBILITY), problem.lower)
    return lower, np.maximum(lower, np.where(integer, np.floor(problem.upper + FEASIBILITY), problem.upper))


def _cost_scale(objective: FloatArray) -> float:
    """Return a power of 2 that brings the coefficients of an objective to sizes that suit tolerances of 1e-7.

    The smallest one comes above `SMALL_COST` where the largest one allows that.
    """
    costs = np.abs(objective)
    costs = costs[costs > 0]
    if not len(costs):
        return 1.0
    smallest, largest = max(float(costs.min()), TINIEST), max(float(costs.max()), TINIEST)
    if smallest >= SMALL_COST and largest <= LARGE_COST:
        return 1.0
    wanted = min(max(16.0 * SMALL_COST / smallest, 1024.0 / largest), LARGE_COST / largest)
    return float(_power(np.array([wanted]))[0])


def _scale_costs(prepared: Prepared, scale: float) -> Prepared:
    if scale == 1.0 or prepared.endless:
        return prepared
    problem = prepared.problem
    scaled = replace(
        problem,
        objective=problem.objective * scale,
        offset=problem.offset * scale,
        structures=_scaled_products(problem.structures, scale),
    )
    return replace(prepared, problem=scaled, cost_scale=scale)


def _scaled_products(structures: Structures, scale: float) -> Structures:
    """Return structures whose products in the objective are scaled as it is."""
    products = structures.quadratics
    if not products.of_objective.any():
        return structures
    values = np.where(products.of_objective, products.values * scale, products.values)
    return replace(structures, quadratics=replace(products, values=values))
