"""One problem in an environment of CPLEX's: handed over, run, and the answer read by one table."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from lumix_core.problem import Requirements
from lumix_core.solver import LXLimit, LXStatus, RawConflict, RawResult
from lumix_solvers.cplex_model import hand_over
from lumix_solvers.cplex_native import configured, imported, parameters_of, send_output, translated
from lumix_solvers.cutoffs import within_cutoff
from lumix_solvers.native_run import NativeRun
from lumix_solvers.rows import crossed_row
from lumix_solvers.watch import Watch, known

NOTHING = LXStatus.NO_SOLUTION
STATUSES: dict[str, tuple[LXStatus, LXLimit | None]] = {
    "optimal": (LXStatus.OPTIMAL, None),
    "optimal_infeasible": (LXStatus.OPTIMAL, None),  # once scaling is undone; the core looks at the point
    "infeasible": (LXStatus.INFEASIBLE, None),
    "unbounded": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),  # there is a ray, and perhaps no point
    "infeasible_or_unbounded": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "num_best": (NOTHING, LXLimit.OTHER),
    "first_order": (NOTHING, LXLimit.OTHER),
    "feasible": (NOTHING, LXLimit.OTHER),
    "abort_iteration_limit": (NOTHING, LXLimit.ITERATION),
    "abort_time_limit": (NOTHING, LXLimit.TIME),
    "abort_dettime_limit": (NOTHING, LXLimit.OTHER),
    "abort_obj_limit": (NOTHING, LXLimit.OBJECTIVE),
    "abort_primal_obj_limit": (NOTHING, LXLimit.OBJECTIVE),
    "abort_dual_obj_limit": (NOTHING, LXLimit.OBJECTIVE),
    "abort_user": (NOTHING, LXLimit.INTERRUPT),
    "MIP_optimal": (LXStatus.OPTIMAL, None),
    "optimal_tolerance": (LXStatus.OPTIMAL, None),
    "MIP_optimal_infeasible": (LXStatus.OPTIMAL, None),
    "MIP_infeasible": (LXStatus.INFEASIBLE, None),
    "MIP_unbounded": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "MIP_infeasible_or_unbounded": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "relaxation_unbounded": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "MIP_feasible": (NOTHING, LXLimit.OTHER),
    "solution_limit": (NOTHING, LXLimit.SOLUTION),
    "node_limit_feasible": (NOTHING, LXLimit.NODE),
    "node_limit_infeasible": (NOTHING, LXLimit.NODE),
    "MIP_time_limit_feasible": (NOTHING, LXLimit.TIME),
    "MIP_time_limit_infeasible": (NOTHING, LXLimit.TIME),
    "MIP_dettime_limit_feasible": (NOTHING, LXLimit.OTHER),
    "MIP_dettime_limit_infeasible": (NOTHING, LXLimit.OTHER),
    "mem_limit_feasible": (NOTHING, LXLimit.MEMORY),
    "mem_limit_infeasible": (NOTHING, LXLimit.MEMORY),
    "MIP_abort_feasible": (NOTHING, LXLimit.INTERRUPT),
    "MIP_abort_infeasible": (NOTHING, LXLimit.INTERRUPT),
}
"""CPLEX's ends of a run; every other one is an error. After a limit, a point makes it `FEASIBLE`."""

CUTOFFS = ("mip.tolerances.lowercutoff", "mip.tolerances.uppercutoff")

DETAILS = {
    "nodes": "get_num_nodes_processed",
    "simplex_iterations": "get_num_iterations",
    "barrier_iterations": "get_num_barrier_iterations",
}
"""What is told besides, and what CPLEX calls it."""

INFINITE_OBJECTIVE = 1e74
"""CPLEX's objective values are not known from here on."""


class CplexRun(NativeRun):
    """One problem in an environment of its own.

    Args:
        problem: what to solve.
        options: of the run.

    Raises:
        LXOptionError: CPLEX has no such parameter, or refuses its value.
    """

    def _open(self) -> None:
        self._module = imported()
        self._native = configured(self._options)
        self._opened.callback(self._native.end)
        self._aborter = self._native.use_aborter(self._module.Aborter())
        self._opened.callback(self._aborter.end)
        if self._options.log is not False:
            send_output(self._native, _Log(self._watch))
        with self._translated():
            hand_over(self._native, self._problem, self._set_constant())
        if self._options.progress is not None and self._problem.is_mip:
            contexts = self._module.callbacks.Context.id
            self._native.set_callback(_Progress(self._module, self._watch), contexts.global_progress)

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._problem)

    def solve(self) -> RawResult:
        """Run, and read the answer; errors of CPLEX's own are one."""
        crossed = crossed_row(self._problem)
        if crossed is not None:
            word = f"the bounds of {self._problem.row_name(crossed)} cross"
            return RawResult(status=LXStatus.INFEASIBLE, raw_status=word)
        try:
            return self._solved()
        except self._module.exceptions.CplexSolverError as error:
            return RawResult(status=LXStatus.ERROR, raw_status=str(error.args[0]))

    def _solved(self) -> RawResult:
        if self._options.start is not None:
            self._add_start(self._options.start.tolist())
        self._options.call_native(self._native, self._problem)
        started = time.monotonic()
        self._optimize()
        if self._ended and self._status()[1] is LXStatus.INFEASIBLE_OR_UNBOUNDED:
            self._settle(started)
        return self._answer() if self._ended else self._watch.left_behind()

    def find_conflict(self) -> RawConflict:
        """Search requirements that cannot hold together."""
        conflict = self._native.conflict
        self._watched(lambda: conflict.refine(conflict.all_constraints()))
        if not self._ended:
            return RawConflict(raw_status="Interrupted, and left behind", limit=LXLimit.INTERRUPT)
        status, word = self._native.solution.get_status(), self._native.solution.get_status_string()
        if status == self._native.solution.status.conflict_abort_user:
            return RawConflict(raw_status=word, limit=self._watch.end)
        if status != self._native.solution.status.conflict_minimal:
            return RawConflict(raw_status=word)
        return RawConflict(raw_status=word, requirements=self._requirements())

    def _optimize(self) -> None:
        self._watched(self._native.solve)

    def _watched(self, work: Callable[[], object]) -> None:
        self._aborter.clear()
        super()._watched(work)

    def _settle(self, started: float) -> None:
        """Run again, without presolve, so that CPLEX tells infeasible from unbounded."""
        parameters, limit = parameters_of(self._native), self._options.time_limit
        presolve = parameters["preprocessing.presolve"]
        if not presolve.get():
            return
        if limit is not None:
            parameters["timelimit"].set(max(limit - (time.monotonic() - started), 1e-3))
        presolve.set(0)
        self._optimize()
        if self._ended:
            presolve.set(1)
            if limit is not None:
                parameters["timelimit"].set(limit)

    def _stop(self) -> None:
        self._aborter.abort()

    def _add_start(self, x: list[float]) -> None:
        starts = self._native.MIP_starts
        starts.add([list(range(len(x))), x], starts.effort_level.auto)

    def _status(self) -> tuple[str, LXStatus, LXLimit | None]:
        solution = self._native.solution
        name = solution.status[solution.get_status()]
        status, limit = within_cutoff(STATUSES.get(name, (LXStatus.ERROR, None)), self._options, *CUTOFFS)
        if limit is not None and solution.is_primal_feasible():
            status = LXStatus.FEASIBLE
        if limit is LXLimit.INTERRUPT:
            limit = self._watch.end if self._aborter.is_aborted() else LXLimit.OBJECTIVE
        return solution.get_status_string(), status, limit

    def _answer(self) -> RawResult:
        word, status, limit = self._status()
        progress = self._native.solution.progress
        return RawResult(
            status=status,
            raw_status=word,
            limit=limit,
            best_bound=self._bound(status),
            details={name: int(getattr(progress, native)()) for name, native in DETAILS.items()},
            **(self._point(status) if status.has_point else {}),
        )

    def _point(self, status: LXStatus) -> dict[str, Any]:
        solution, n, m = self._native.solution, self._problem.num_variables, self._problem.num_constraints
        point = {"x": np.array(solution.get_values())[:n], "objective": self._objective()}
        if status is not LXStatus.OPTIMAL or self._problem.is_mip or len(self._problem.structures.rows_with_terms()):
            return point
        return point | {
            "duals": np.array(solution.get_dual_values(), dtype=np.float64)[:m] + 0.0,
            "reduced_costs": np.array(solution.get_reduced_costs(), dtype=np.float64)[:n] + 0.0,
        }

    def _objective(self) -> float:
        return float(self._native.solution.get_objective_value()) + self._watch.constant

    def _bound(self, status: LXStatus) -> float | None:
        if not self._problem.is_mip:
            return self._objective() if status is LXStatus.OPTIMAL else None
        if not status.has_point and status is not LXStatus.NO_SOLUTION:
            return None
        bound = known(self._native.solution.MIP.get_best_objective(), INFINITE_OBJECTIVE)
        return None if bound is None else bound + self._watch.constant

    def _requirements(self) -> Requirements:
        problem, conflict = self._problem, self._native.conflict
        kinds, member = conflict.constraint_type, conflict.group_status.member
        every = Requirements.every(problem)
        masks = {
            kinds.lower_bound: (np.zeros_like(every.lower),),
            kinds.upper_bound: (np.zeros_like(every.upper),),
            kinds.linear: (np.zeros_like(every.row_lower), np.zeros_like(every.row_upper)),
        }
        for status, (_, parts) in zip(conflict.get(), conflict.get_groups(), strict=True):
            for kind, position in parts if status == member else ():
                for mask in masks[kind]:
                    mask[position] = True
        (lower,), (upper,), (row_lower, row_upper) = masks.values()
        return every & Requirements.of(problem, row_lower=row_lower, row_upper=row_upper, lower=lower, upper=upper)


class _Log:
    """A stream, as CPLEX wants one."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def write(self, text: str) -> None:
        """Take a piece of the log."""
        self._watch.hear(text)

    def flush(self) -> None:
        """Do nothing: lines are passed on as they come."""


class _Progress:
    """A callback for incumbent and bound."""

    def __init__(self, module: Any, watch: Watch) -> None:
        self._info = module.callbacks.Context.info
        self._watch = watch

    def invoke(self, context: Any) -> None:
        """Take incumbent and bound."""
        incumbent, bound = (context.get_double_info(info) for info in (self._info.best_solution, self._info.best_bound))
        self._watch.note(incumbent, bound, infinity=INFINITE_OBJECTIVE)
