"""The solver's answer checked against LumiX's own rows, bounds, integrality and objective, before anyone sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lumix_core.errors import LXVerificationError
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.breaches import FEASIBILITY, breaches
from lumix_core.solver.certificates import better_move, duality_gap, endless_column, quadratic_gap
from lumix_core.solver.linear_parts import gradient_at, restricted_at
from lumix_core.solver.row_activities import RowActivities
from lumix_core.solver.solver import RawResult, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus

ENDLESS = 1e18
"""From here on a value stands for one without an end."""
INTEGRALITY = 1e-5
"""How far an integer variable may be from a whole number before it is rounded."""
ROUNDING = 1e-12
"""How far two sums of the same numbers may differ, relative to the size of the numbers."""
OPTIMALITY = 1e-4
"""The relative gap up to which solvers call an answer optimal, where no other gap was requested."""


@dataclass(frozen=True, eq=False)
class Verifier:
    """Checks the answers of one solver to one problem.

    Args:
        solver: its name.
        problem: what it was given.
        options: of the run.
        activities: of the problem's matrix, where other points were checked before.
    """

    solver: str
    problem: LXProblem
    options: SolverOptions
    activities: RowActivities | None = None

    def checked(self, raw: RawResult) -> RawResult:
        """Return the answer with whole numbers rounded and the objective recomputed.

        Raises:
            LXVerificationError: the answer contradicts itself or the problem.
        """
        self._check_status(raw)
        if raw.x is None:
            is_cut_off = raw.limit is LXLimit.OBJECTIVE  # the bound is of what is within the limit, or the limit
            return replace(raw, best_bound=None) if is_cut_off else raw
        x = raw.x
        self._check_numbers("the point", x, self.problem.num_variables)
        self._check_size(x)
        self._check_bounds(x)
        if not self._is_near(x):
            self._check_rows(x, "the point")
        self._check_structures(x)
        self._check_objective(raw, x)
        whole = self._rounded(x)
        objective = self.problem.objective_at(whole)
        self._check_bound(raw, objective)
        self._check_start(raw, objective)
        self._check_duals(raw, whole)
        return replace(raw, x=whole, objective=objective, best_bound=self._bound(raw, whole, objective))

    def _check_status(self, raw: RawResult) -> None:
        if raw.status.has_point != (raw.x is not None):
            reported = "returned a point" if raw.x is not None else "returned no point"
            self._fail(f"reported {raw.status} and {reported}", "the two contradict each other")
        limited = raw.status in (LXStatus.FEASIBLE, LXStatus.NO_SOLUTION)
        if limited != (raw.limit is not None):
            reported = f"named the limit {str(raw.limit)!r}" if raw.limit is not None else "named no limit"
            self._fail(
                f"reported {raw.status} and {reported}", "a limit ends a run without proof, and nothing else does"
            )

    def _check_numbers(self, what: str, values: FloatArray, size: int) -> None:
        if values.shape != (size,):
            self._fail(f"returned {what} with shape {values.shape}", f"the model needs ({size},)")
        if not np.isfinite(values).all():
            self._fail(f"returned {what} with NaN or infinite values", "no such number solves a model")

    def _check_size(self, x: FloatArray) -> None:
        if len(x) and np.abs(x).max() >= ENDLESS:
            worst = int(np.argmax(np.abs(x)))
            name = self.problem.column_name(worst)
            self._fail(f"returned {name} = {x[worst]:.6g}", "solvers take numbers of that size for infinite")

    def _is_near(self, x: FloatArray) -> bool:
        """Whether no row is exceeded by more than the least that is ever allowed: then its size need not be known."""
        if self.activities is None or not self.problem.is_linear:
            return False
        problem, activity = self.problem, self.activities.activity(x)
        room = FEASIBILITY / 2
        return bool(((activity <= problem.row_upper + room) & (activity >= problem.row_lower - room)).all())

    def _check_bounds(self, x: FloatArray) -> None:
        problem = self.problem
        lower, upper = problem.bounds_at(x)
        if ((x >= lower) & (x <= upper)).all():
            return
        for bound, excess in ((lower, lower - x), (upper, x - upper)):
            scale = 1.0 + magnitudes(bound)
            worst = _worst(excess, scale)
            if worst is not None:
                name = problem.column_name(worst)
                self._fail(f"returned {name} = {x[worst]:.12g}", f"its bound is {bound[worst]:.12g}")

    def _check_rows(self, x: FloatArray, what: str) -> None:
        problem = self.problem
        activity = problem.activity(x)
        size = problem.row_sizes(x)
        lower, upper = problem.row_bounds_at(x)
        for row_bound, excess in ((lower, lower - activity), (upper, activity - upper)):
            scale = 1.0 + size + magnitudes(row_bound)
            worst = _worst(excess, scale)
            if worst is not None:
                name = problem.row_name(worst)
                self._fail(
                    f"returned a solution in which {what} gives {name} = {activity[worst]:.12g}",
                    f"its row bound is {row_bound[worst]:.12g}",
                )

    def _check_structures(self, x: FloatArray) -> None:
        """Check special ordered sets, and that arguments of curves are between their ends."""
        for breach in breaches(self.problem, x):
            self._fail(f"returned a point in which {breach.what}", breach.required)

    def _check_objective(self, raw: RawResult, x: FloatArray) -> None:
        own = self.problem.objective_at(x)
        if raw.objective is not None and abs(raw.objective - own) <= FEASIBILITY:
            return
        scale = 1.0 + self.problem.objective_size(x)
        if raw.objective is None or not abs(raw.objective - own) <= FEASIBILITY * scale:
            self._fail(f"reported the objective {raw.objective!r}", f"its own point gives {own:.12g}")

    def _rounded(self, x: FloatArray) -> FloatArray:
        integer = self.problem.integer
        if not integer.any():
            return x
        whole = np.where(integer, np.round(x), x)
        distance = np.abs(whole - x)
        if not (distance <= INTEGRALITY).all():
            worst = int(np.argmax(distance))
            self._fail(f"returned {self.problem.column_name(worst)} = {x[worst]:.12g}", "it must be a whole number")
        if distance.any():
            self._check_rows(whole, "the point, rounded to whole numbers,")
        return whole

    def _check_bound(self, raw: RawResult, objective: float) -> None:
        bound = raw.best_bound
        if bound is None:
            return
        if np.isnan(bound):
            self._fail(f"proved the bound {bound}", "a bound is a number")
        room = FEASIBILITY * (1.0 + abs(objective))
        ahead = self._ahead(bound, objective)
        if ahead < -room:
            self._fail(f"proved the bound {bound:.12g}", f"its own point is better: {objective:.12g}")
        is_optimal = raw.status is LXStatus.OPTIMAL and not self.options.is_native
        if is_optimal and ahead > self._gap(objective) + room:
            self._fail(
                f"reported optimal with the objective {objective:.12g}",
                f"its proved bound is {bound:.12g}, further away than the requested gap",
            )

    def _bound(self, raw: RawResult, x: FloatArray, objective: float) -> float | None:
        """Return the proved bound: the objective itself where they differ by rounding alone, or the point is ahead."""
        bound = raw.best_bound
        if bound is None or self._ahead(bound, objective) > ROUNDING * self.problem.objective_size(x):
            return bound
        return objective

    def _check_start(self, raw: RawResult, objective: float) -> None:
        """Check that no proof denies the start point, which satisfies the problem."""
        if self.options.start is None:
            return
        known = self.problem.objective_at(self.options.start)
        room = FEASIBILITY * (1.0 + abs(known))
        if raw.best_bound is not None and self._ahead(known, raw.best_bound) > room:
            self._fail(f"proved the bound {raw.best_bound:.12g}", f"the start point is better: {known:.12g}")
        is_optimal = raw.status is LXStatus.OPTIMAL and not self.options.is_native
        if is_optimal and self._ahead(known, objective) > self._gap(objective) + room:
            self._fail(f"reported optimal with the objective {objective:.12g}", f"the start point has {known:.12g}")

    def _ahead(self, value: float, other: float) -> float:
        """Return by how much an objective value is better than another one."""
        return value - other if self.problem.maximize else other - value

    def _gap(self, objective: float) -> float:
        """Return the distance from the best that an optimum may have."""
        requested = self.options.mip_rel_gap
        relative = OPTIMALITY if requested is None else requested
        return max(relative * abs(objective), self.options.mip_abs_gap or 0.0)

    def _check_duals(self, raw: RawResult, x: FloatArray) -> None:
        if raw.duals is not None:
            self._check_numbers("duals", raw.duals, self.problem.num_constraints)
        if raw.reduced_costs is not None:
            self._check_numbers("reduced costs", raw.reduced_costs, self.problem.num_variables)
        if raw.status is not LXStatus.OPTIMAL:
            return
        if len(self.problem.structures.functions) or len(self.problem.structures.rows_with_terms()):
            return  # whose optimum was checked where it was found, in the problem that was rewritten
        if raw.duals is not None and not self.problem.is_mip:
            self._check_optimum(x, raw.duals, raw.reduced_costs)
        elif len(x) and not self.options.is_native and not self.problem.structures.has_terms:
            self._check_moves(x)

    def _check_moves(self, x: FloatArray) -> None:
        """Check an optimum without duals: no single variable may improve it by more than the gap."""
        column, value, gain = better_move(restricted_at(self.problem, x), x)
        objective = self.problem.objective_at(x)
        terms = float(np.abs(self.problem.objective * x).sum())
        allowed = self._gap(objective) + FEASIBILITY * terms
        if gain > allowed + FEASIBILITY * float(np.abs(self.problem.objective).max()):
            name = self.problem.column_name(column)
            self._fail(
                f"reported optimal with the objective {objective:.12g}",
                f"with {name} = {value:.12g} in place of {x[column]:.12g} it is better by {gain:.6g}",
            )

    def _check_optimum(self, x: FloatArray, duals: FloatArray, reduced_costs: FloatArray | None) -> None:
        """Check an optimum of a linear problem by the bound that its duals prove."""
        linear = self.problem
        if self.problem.structures.has_terms:
            linear = gradient_at(self.problem, x)
            gap = quadratic_gap(self.problem, linear, x, duals)
        else:
            if reduced_costs is not None and not self._belong(duals, reduced_costs):
                reduced_costs = None
            gap = duality_gap(self.problem, x, duals, reduced_costs)
        if not gap.is_closed:
            self._fail(
                f"reported optimal with the objective {self.problem.objective_at(x):.12g}",
                f"its duals prove the bound {gap.bound:.12g} only"
                if np.isfinite(gap.bound)
                else f"its duals prove no bound: {self._endless(linear, duals)}",
            )

    def _endless(self, linear: LXProblem, duals: FloatArray) -> str:
        """Return which reduced cost points to where there is no bound."""
        column, reduced = endless_column(linear, duals)
        name = self.problem.column_name(column)
        side = "lower" if (reduced > 0) != self.problem.maximize else "upper"
        return f"the reduced cost of {name} is {reduced:.6g}, and {name} has no {side} bound"

    def _belong(self, duals: FloatArray, reduced_costs: FloatArray) -> bool:
        """Whether reduced costs are known to be those of the duals, without adding all coefficients up anew."""
        return self.activities is not None and self.activities.belong(self.problem.objective, duals, reduced_costs)

    def _fail(self, claim: str, contradiction: str) -> None:
        raise LXVerificationError(
            f"Solver {self.solver!r} {claim}, but {contradiction} (model {self.problem.name!r}). "
            f"No result is returned, since it would be wrong. Solve with another solver or without presolve; "
            f"where big coefficients multiply integer variables, make them smaller."
        )


def magnitudes(bounds: FloatArray) -> FloatArray:
    """Return the absolute value of each bound, 0 where it is infinite."""
    return np.asarray(np.abs(np.where(np.isfinite(bounds), bounds, 0.0)), dtype=np.float64)


def _worst(excess: FloatArray, scale: FloatArray) -> int | None:
    """Return the position of the largest relative excess above the tolerance, or None."""
    if not len(excess):
        return None
    relative = excess / scale
    worst = int(np.argmax(relative))
    return worst if relative[worst] > FEASIBILITY else None
