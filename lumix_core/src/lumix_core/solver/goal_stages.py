"""Problems with goals as ordinary problems: one for all goals together, or one for each priority after the other.

The problems of all stages have the same columns and rows, so that a solver that keeps a problem open goes through the
stages by changes of numbers. Each stage but the last has a row for the total price of its deviations, free until the
stage is solved, and then held at the price that was reached. A price of 0 is held by the bounds of the deviations.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from lumix_core.problem.arrays import FloatArray, IntArray
from lumix_core.problem.csr import with_rows
from lumix_core.problem.goal_columns import (
    Deviations,
    deviations_of,
    refuse_wide_level,
    weighted,
    with_deviations,
)
from lumix_core.problem.goals import LXGoalMode
from lumix_core.problem.keys import Keys
from lumix_core.problem.problem import LXBlock, LXProblem
from lumix_core.problem.structures import OBJECTIVE, Structures
from lumix_core.solver.goal_stage import NOISE, LXGoalStage
from lumix_core.solver.solver import RawResult, SolverOptions
from lumix_core.solver.status import ENDLESS, LXLimit, LXStatus

HELD = (0.0, 1e-9, 1e-6)
"""By how much the price of a stage may be exceeded later, relative to 1 or to itself. The first is what is meant; the
others are for solvers that find no point with it: the rounding of a large sum, and the tolerance of a solver."""


@dataclass(frozen=True, eq=False)
class StageProblem:
    """The problem of one stage.

    Args:
        problem: without goals, to be solved as it is.
        priority: see `LXGoalStage`.
    """

    problem: LXProblem
    priority: int | None


@dataclass(eq=False)
class GoalStages:
    """The stages of one problem with goals.

    Args:
        original: the problem.

    Attributes:
        deviations: the deviation columns.
        first: the problem of the first stage; always the same object.
        priorities: of the stages; empty in the weighted mode.
    """

    original: LXProblem
    deviations: Deviations = field(init=False)
    first: StageProblem = field(init=False)
    _base: LXProblem = field(init=False)
    priorities: list[int] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.original
        self.deviations = deviations_of(problem)
        if problem.goals.mode is LXGoalMode.WEIGHTED:
            self.priorities = []
            self.first = StageProblem(weighted(problem, self.deviations), None)
            return
        levels: list[int] = np.unique(self.deviations.priorities).tolist()
        for level in levels:
            refuse_wide_level(problem, self.deviations, level)
        self.priorities = [*levels, *([0] if _has_objective(problem) or not levels else [])]
        self._base = self._with_prices()
        self.first = self._stage(0, [], HELD[0])

    @property
    def count(self) -> int:
        """How many stages there are."""
        return max(len(self.priorities), 1)

    def stage(self, number: int, prices: list[FloatArray], slack: float) -> StageProblem:
        """Return the problem of a stage.

        Args:
            number: of the stage, from 0 on.
            prices: the deviations that each stage before has reached, shape ``(d,)``.
            slack: by how much their price may be exceeded.
        """
        return self._stage(number, prices, slack) if number else self.first

    def price(self, priority: int | None, deviations: FloatArray) -> float:
        """Return what deviations cost: those of a priority, or all, as the weighted mode adds them up, for None."""
        own = self.deviations
        if priority is None:
            return float(own.weights * own.factors @ deviations)
        return float(np.where(own.priorities == priority, own.weights, 0.0) @ deviations)

    def point(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a point of a stage as one of the original problem, and the deviations there."""
        own = x[: self.original.num_variables]
        return own, self.deviations.at(self.original, own)

    def completed(self, x: FloatArray) -> FloatArray:
        """Return a point of a stage with the deviations that its other values have; as it is where some are missing."""
        own = x[: self.original.num_variables]
        return x if np.isnan(own).any() else np.concatenate([own, self.deviations.at(self.original, own)])

    def _columns(self, priority: int) -> IntArray:
        return self.original.num_variables + np.flatnonzero(self.deviations.priorities == priority)

    def _with_prices(self) -> LXProblem:
        """Return the problem with deviations, no objective, and a free row for the price of each stage but the last."""
        problem = with_deviations(self.original, self.deviations)
        held = self.priorities[:-1]
        columns = [self._columns(priority) for priority in held]
        weights = [self.deviations.weights[one - self.original.num_variables] for one in columns]
        free = np.full(len(held), np.inf)
        start = problem.num_constraints
        named = (LXBlock(f"the price of priority {one}", start + i, Keys.scalar()) for i, one in enumerate(held))
        return replace(
            problem,
            **with_rows(problem, columns, weights),
            objective=np.zeros(problem.num_variables),
            offset=0.0,
            row_lower=np.concatenate([problem.row_lower, -free]),
            row_upper=np.concatenate([problem.row_upper, free]),
            constraints=(*problem.constraints, *named),
            structures=_without_objective(problem.structures),
        )

    def _stage(self, number: int, prices: list[FloatArray], slack: float) -> StageProblem:
        base, priority = self._base, self.priorities[number]
        upper, row_upper = base.upper.copy(), base.row_upper.copy()
        for earlier, deviations in zip(self.priorities, prices, strict=False):
            columns = self._columns(earlier)
            price = self.price(earlier, deviations)
            if (deviations[columns - self.original.num_variables] <= self._noise(columns)).all():
                upper[columns] = 0.0
            else:
                row = self.original.num_constraints + self.priorities.index(earlier)
                row_upper[row] = price + slack * max(1.0, price)
        problem = replace(base, upper=upper, row_upper=row_upper)
        return StageProblem(self._with_objective(problem, priority), priority)

    def _noise(self, columns: IntArray) -> FloatArray:
        """Return up to where deviations are rounding of their targets."""
        rows = self.deviations.rows[columns - self.original.num_variables]
        signs = self.deviations.signs[columns - self.original.num_variables]
        targets = np.where(signs > 0, self.original.row_lower[rows], self.original.row_upper[rows])
        return np.asarray(NOISE * (1.0 + np.abs(targets)), dtype=np.float64)

    def _with_objective(self, problem: LXProblem, priority: int) -> LXProblem:
        original, objective = self.original, problem.objective.copy()
        if priority == 0:
            objective[: original.num_variables] = original.objective
            structures = replace(
                problem.structures, quadratics=original.structures.quadratics, functions=original.structures.functions
            )
            structures = structures if original.structures.has_terms else problem.structures
            return replace(problem, objective=objective, offset=original.offset, structures=structures)
        columns = self._columns(priority)
        weights = self.deviations.weights[columns - original.num_variables]
        objective[columns] = -weights if original.maximize else weights
        return replace(problem, objective=objective)


def _has_objective(problem: LXProblem) -> bool:
    held = problem.structures
    terms = np.concatenate([held.quadratics.rows, held.functions.use_rows])
    return bool(problem.objective.any() or (terms == OBJECTIVE).any())


def _without_objective(structures: Structures) -> Structures:
    """Return structures without what they add to the objective."""
    if not structures.has_terms:
        return structures
    products, functions = structures.quadratics, structures.functions
    kept = functions.use_rows != OBJECTIVE
    functions = replace(
        functions,
        use_rows=functions.use_rows[kept],
        use_functions=functions.use_functions[kept],
        use_values=functions.use_values[kept],
    )
    return replace(structures, quadratics=products.taken(~products.of_objective), functions=functions)


Run = Callable[[StageProblem, "FloatArray | None", "float | None"], RawResult]
"""Solves the problem of a stage and checks the answer; given a point that satisfies it, and the seconds left."""


def solve_goals(stages: GoalStages, options: SolverOptions, run: Run) -> RawResult:
    """Solve a problem with goals, and return the answer as one to the problem itself.

    Args:
        stages: of the problem.
        options: for all runs together.
        run: solves the problem of a stage.

    Raises:
        LXSolverError: the solver failed, or its answer does not satisfy the problem of a stage.
    """
    return _Series(stages, options, run).answer()


class _Series:
    """The runs of the stages of one problem."""

    def __init__(self, stages: GoalStages, options: SolverOptions, run: Run) -> None:
        self._stages = stages
        self._run = run
        self._options = options
        self._end = None if options.time_limit is None else time.monotonic() + options.time_limit
        self._done: list[LXGoalStage] = []
        self._prices: list[FloatArray] = []
        self._last: RawResult | None = None

    def answer(self) -> RawResult:
        """Return the answer to the original problem."""
        for number in range(self._stages.count):
            limit = self._limit() if number else None
            raw = None if limit else self._stage(number)
            if raw is None:
                return self._unfinished(limit or LXLimit.OTHER, "not begun")
            if not raw.status.has_point:
                return self._without_point(raw)
            self._keep(raw)
            if raw.status is not LXStatus.OPTIMAL:
                break
        assert self._last is not None
        return self._as_original(self._last)

    def _limit(self) -> LXLimit | None:
        if self._options.is_cancelled:
            return LXLimit.CANCELLED
        return LXLimit.TIME if self._end is not None and time.monotonic() >= self._end else None

    def _stage(self, number: int) -> RawResult:
        """Return the answer to a stage; where there is none though the one before has a point, a second one."""
        for slack in HELD:
            made = self._stages.stage(number, self._prices, slack)
            self._priority = made.priority
            left = None if self._end is None else max(self._end - time.monotonic(), 1e-3)
            raw = self._run(made, self._start(), left)
            if not number or raw.status not in (LXStatus.INFEASIBLE, LXStatus.ERROR):
                break
        return raw

    def _start(self) -> FloatArray | None:
        """Return the point of the stage before."""
        if self._last is None or self._last.x is None:
            return None
        own, deviations = self._stages.point(self._last.x)
        return np.concatenate([own, deviations])

    def _keep(self, raw: RawResult) -> None:
        assert raw.x is not None
        own, deviations = self._stages.point(raw.x)
        value = self._stages.original.objective_at(own)
        if self._priority != 0:
            value = self._stages.price(self._priority, deviations)
        self._done.append(LXGoalStage(self._priority, value + 0.0, raw.status, raw.limit))
        self._prices.append(deviations)
        self._last = raw

    def _without_point(self, raw: RawResult) -> RawResult:
        if self._last is None or raw.status in ENDLESS:
            return replace(raw, goal_stages=(LXGoalStage(self._priority, None, raw.status, raw.limit),))
        return self._unfinished(raw.limit or LXLimit.OTHER, raw.raw_status)

    def _unfinished(self, limit: LXLimit, reason: str) -> RawResult:
        """Return the point of the last stage that has one: what comes after it is not proved."""
        assert self._last is not None
        name = "the objective" if self._next == 0 else f"goals of priority {self._next}"
        raw_status = f"{name}: {reason}"
        self._done.append(LXGoalStage(self._next, None, LXStatus.NO_SOLUTION, limit))
        return self._as_original(
            replace(self._last, status=LXStatus.FEASIBLE, limit=limit, raw_status=raw_status, best_bound=None)
        )

    @property
    def _next(self) -> int | None:
        """The priority of the stage after those with a point."""
        return self._stages.priorities[len(self._done)]

    def _as_original(self, raw: RawResult) -> RawResult:
        assert raw.x is not None
        original = self._stages.original
        own, _ = self._stages.point(raw.x)
        is_of_objective = self._done[-1].priority == 0
        return replace(
            raw,
            x=np.array(own),
            objective=original.objective_at(own),
            best_bound=raw.best_bound if is_of_objective else None,
            duals=None,
            reduced_costs=None,
            goal_stages=tuple(self._done),
        )
