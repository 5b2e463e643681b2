"""One problem in an environment of Gurobi's: handed over, run, and the answer read by one table."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from lumix_core.problem import FloatArray, LXProblem, Requirements
from lumix_core.solver import LXLimit, LXStatus, RawConflict, RawResult, SolverOptions
from lumix_solvers.gurobi_model import GurobiModel
from lumix_solvers.gurobi_native import configured_env, translated
from lumix_solvers.native_run import NativeRun
from lumix_solvers.watch import known, no_callback

STATUSES: dict[str, tuple[LXStatus, LXLimit | None]] = {
    "OPTIMAL": (LXStatus.OPTIMAL, None),
    "INFEASIBLE": (LXStatus.INFEASIBLE, None),
    "INF_OR_UNBD": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "UNBOUNDED": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),  # there is a ray, and perhaps no point
    "CUTOFF": (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE),
    "ITERATION_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.ITERATION),
    "NODE_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.NODE),
    "TIME_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.TIME),
    "SOLUTION_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.SOLUTION),
    "INTERRUPTED": (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT),
    "SUBOPTIMAL": (LXStatus.NO_SOLUTION, LXLimit.OTHER),
    "USER_OBJ_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE),
    "WORK_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.OTHER),
    "MEM_LIMIT": (LXStatus.NO_SOLUTION, LXLimit.MEMORY),
    "LOCALLY_OPTIMAL": (LXStatus.NO_SOLUTION, LXLimit.OTHER),
}
"""Gurobi's ends of a run; every other one is an error. After a limit, a point makes it `FEASIBLE`."""

DETAILS = {
    "nodes": "NodeCount",
    "simplex_iterations": "IterCount",
    "barrier_iterations": "BarIterCount",
    "work": "Work",
}
"""What is told besides, and what Gurobi calls it."""

Callback = Callable[[Any, int], object]
"""What Gurobi calls while it runs, given the model and where it is."""

INFINITY = 1e100
"""Gurobi's infinite objective values."""


class GurobiRun(NativeRun):
    """One problem in an environment of its own.

    Args:
        problem: what to solve.
        options: of the run.

    Raises:
        LXOptionError: Gurobi has no such parameter, or refuses its value.
        LXSolverError: there is no licence.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        import gurobipy  # native, so imported on use only

        self._native = gurobipy
        self._of_user: Callback | None = None
        self._statuses = {
            getattr(gurobipy.GRB.Status, name): (name, *STATUSES[name])
            for name in STATUSES
            if hasattr(gurobipy.GRB.Status, name)
        }
        super().__init__(problem, options)

    def _open(self) -> None:
        env = configured_env(self._options)
        self._opened.callback(env.dispose)
        with self._translated():
            env.start()
        self._held = GurobiModel(self._native, env, self._problem, self._set_constant())
        self._model = self._held.model
        self._opened.callback(self._model.dispose)

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._problem)

    def solve(self) -> RawResult:
        """Run, and read the answer."""
        if self._options.start is not None:
            self._model.setAttr("Start", self._held.columns, self._options.start.tolist())
        self._of_user = self._call_native()
        started = time.monotonic()
        self._optimize()
        parameters = self._model.Params
        if self._ended and self._model.Status == self._native.GRB.INF_OR_UNBD and parameters.DualReductions:
            self._settle(started)
        return self._answer() if self._ended else self._watch.left_behind()

    def find_conflict(self) -> RawConflict:
        """Search an irreducible infeasible set."""
        try:
            self._watched(lambda: self._model.computeIIS(self._callback))
        except self._native.GurobiError as error:
            if error.errno != self._native.GRB.Error.IIS_NOT_INFEASIBLE:
                raise
            return RawConflict(raw_status=str(error))
        if not self._ended:
            return RawConflict(raw_status="Interrupted, and left behind", limit=LXLimit.INTERRUPT)
        return self._conflict()

    def _call_native(self) -> Callback | None:
        """Let the user set what LumiX does not know; return a callback of the user's."""
        if self._options.native is None:
            return None
        self._model.update()  # before it, Gurobi shows no rows
        callback: Callback | None = self._options.call_native(self._model, self._problem)
        if callback is None or callable(callback):
            return callback
        raise no_callback("gurobi", callback, "a callback of the arguments (model, where)")

    def _optimize(self) -> None:
        needed = self._options.log is not False or self._options.progress is not None or self._of_user is not None
        self._watched(lambda: self._model.optimize(self._callback if needed else None))

    def _settle(self, started: float) -> None:
        """Run again so that Gurobi tells infeasible from unbounded."""
        limit = self._options.time_limit
        if limit is not None:
            self._model.Params.TimeLimit = max(limit - (time.monotonic() - started), 1e-3)
        self._model.Params.DualReductions = 0
        self._optimize()
        if self._ended:
            self._model.Params.DualReductions = 1
            if limit is not None:
                self._model.Params.TimeLimit = limit

    def _stop(self) -> None:
        self._model.terminate()

    def _callback(self, model: Any, where: int) -> None:
        at = self._native.GRB.Callback
        if where == at.MESSAGE:
            self._watch.hear(model.cbGet(at.MSG_STRING))
        elif where == at.MIP:
            self._watch.note(model.cbGet(at.MIP_OBJBST), model.cbGet(at.MIP_OBJBND), infinity=INFINITY)
        if self._of_user is not None:
            self._watch.call_user(self._of_user, model, where)

    def _answer(self) -> RawResult:
        word, status, limit = self._statuses.get(
            self._model.Status, (f"status {self._model.Status}", LXStatus.ERROR, None)
        )
        if limit is not None and self._model.SolCount > 0:
            status = LXStatus.FEASIBLE
        if limit is LXLimit.INTERRUPT:
            limit = self._watch.end
        return RawResult(
            status=status,
            raw_status=word,
            limit=limit,
            best_bound=self._bound(status),
            details={name: self._model.getAttr(native) for name, native in DETAILS.items()},
            **(self._point(status) if status.has_point else {}),
        )

    def _point(self, status: LXStatus) -> dict[str, Any]:
        x = np.array(self._model.getAttr("X", self._held.columns))
        point = {"x": x, "objective": self._model.ObjVal + self._watch.constant}
        if status is not LXStatus.OPTIMAL or self._is_global:
            return point
        duals = self._floats("Pi", self._held.rows)
        reduced_costs = self._floats("RC", self._held.columns)
        return point if duals is None else point | {"duals": duals, "reduced_costs": reduced_costs}

    def _floats(self, attribute: str, of: list[Any]) -> FloatArray | None:
        """Return an attribute of rows or columns; None where there is none, as after nonconvex problems."""
        try:
            return np.array(self._model.getAttr(attribute, of), dtype=np.float64) + 0.0
        except self._native.GurobiError as error:
            if error.errno != self._native.GRB.Error.DATA_NOT_AVAILABLE:
                raise
            return None

    @property
    def _is_global(self) -> bool:
        """Whether the problem is solved by branching, or has rows that Gurobi gives no duals for."""
        return self._problem.is_mip or bool(len(self._problem.structures.rows_with_terms()))

    def _bound(self, status: LXStatus) -> float | None:
        if not self._problem.is_mip and self._problem.is_linear:
            return self._model.ObjVal + self._watch.constant if status is LXStatus.OPTIMAL else None
        if not status.has_point and status is not LXStatus.NO_SOLUTION:
            return None
        bound = known(self._model.ObjBound, INFINITY)
        return None if bound is None else bound + self._watch.constant

    def _conflict(self) -> RawConflict:
        problem, held = self._problem, self._held
        lower, upper = (np.array(self._model.getAttr(name, held.columns), dtype=np.bool_) for name in IIS_BOUNDS)
        in_set = np.array(self._model.getAttr("IISConstr", held.rows), dtype=np.bool_)
        below, above = (np.isfinite(bound) & in_set for bound in (problem.row_lower, problem.row_upper))
        for rows, name in zip((below, above), IIS_BOUNDS, strict=True):
            rows[held.ranged] = np.array(self._model.getAttr(name, held.slacks), dtype=np.bool_)
        requirements = Requirements.of(problem, row_lower=below, row_upper=above, lower=lower, upper=upper)
        word = "MINIMAL" if self._model.IISMinimal else "NOT_MINIMAL"
        return RawConflict(raw_status=word, requirements=requirements)


IIS_BOUNDS = ("IISLB", "IISUB")
"""Whether the lower, and the upper bound of a column is in the set."""
