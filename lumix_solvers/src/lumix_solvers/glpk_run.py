"""One run of GLPK: the simplex method in slices of time, the search with a function that may end it."""

from __future__ import annotations

import ctypes
import math
import time
from typing import Any

import numpy as np

from lumix_core.errors import LXSolverError
from lumix_core.problem import LXProblem
from lumix_core.solver import LXLimit, LXStatus, RawProgress, RawResult, SolverOptions
from lumix_solvers.glpk_library import BRANCHING, TURN, Environment, Search, Simplex, glpk, reset_hooks
from lumix_solvers.glpk_model import GlpkModel
from lumix_solvers.glpk_options import set_native
from lumix_solvers.interrupts import POLL, run_until_done
from lumix_solvers.logs import Write
from lumix_solvers.single_rows import reduced_costs, without_noise
from lumix_solvers.watch import Watch

STATUSES = {
    2: (LXStatus.FEASIBLE, "feasible"),
    4: (LXStatus.INFEASIBLE, "no feasible solution"),
    5: (LXStatus.OPTIMAL, "optimal"),
    6: (LXStatus.UNBOUNDED, "unbounded"),
}
"""GLPK's statuses, and what to call them; every other one is an error."""

ENDS: dict[int, LXLimit | None] = {0: None, 8: LXLimit.ITERATION, 9: LXLimit.TIME, 13: LXLimit.INTERRUPT, 14: None}
"""What GLPK's functions return, and the limit that it stands for; every other number is an error."""
TIME_IS_UP = 9
ALL, ON = 3, 1
"""How much GLPK prints: all that there is to tell, or errors alone."""
HEURISTIC = 4
"""Why the search calls: for a solution from elsewhere."""
SLICE = 0.25
"""Seconds after which the simplex method looks whether it is to go on; it keeps its basis meanwhile."""


TIGHT = {"tol_bnd": 1e-9, "tol_dj": 1e-9}
"""Tolerances of the simplex method; by its own, GLPK takes costs for 0 that are small beside the largest one."""
TIGHT_SEARCH = {"tol_int": 1e-9, "tol_obj": 1e-9}
"""Those of the search; by its own, a value may be 1e-5 away from a whole number."""
LEFT_BEHIND: list[GlpkRun] = []
"""Runs that did not heed their end."""


class GlpkRun:
    """One problem in GLPK, on a thread of its own."""

    def __init__(self, problem: LXProblem, options: SolverOptions, write: Write) -> None:
        self._problem = problem
        self._options = options
        self._watch = Watch(options, write)
        self._deadline = math.inf
        self._incumbent: float | None = None
        self._bound: float | None = None
        self._nodes = 0
        self._is_stopped = False
        self._is_within_gap = False
        self._has_started = False
        self._is_dead = False
        self._is_idle = False
        self._raw: RawResult | None = None
        self._glpk: Any = glpk()

    def solve(self) -> RawResult:
        """Run, and read the answer."""
        if self._options.is_cancelled:
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="not begun", limit=LXLimit.CANCELLED)
        if self._options.time_limit is not None:
            self._deadline = time.monotonic() + self._options.time_limit
        try:
            missed = self._wait_for_turn()
        except KeyboardInterrupt:
            missed = LXLimit.INTERRUPT
        if missed is not None:
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="not begun", limit=missed)
        return self._solve_in_turn()

    def _wait_for_turn(self) -> LXLimit | None:
        """Wait until no other run uses GLPK; return what ended the waiting before that."""
        while not TURN.acquire(timeout=POLL):
            if self._watch.is_cancelled():
                return LXLimit.CANCELLED
            if time.monotonic() > self._deadline:
                return LXLimit.TIME
            if LEFT_BEHIND:
                raise LXSolverError(
                    "An earlier run of solver 'glpk' did not heed its end and goes on, and GLPK can do one thing at a "
                    "time. Solve with it in another process, or use another solver."
                )
        return None

    def _solve_in_turn(self) -> RawResult:
        ended = False
        try:
            ended = run_until_done(self._run, self._stop, self._watch.is_cancelled)
        finally:
            if self._is_dead:
                reset_hooks()
            if ended or self._is_dead or self._is_idle:
                TURN.release()
            else:
                LEFT_BEHIND.append(self)
        self._watch.raise_failure()
        return self._watch.left_behind() if not ended or self._raw is None else self._raw

    def _run(self) -> None:
        try:
            with Environment(self._watch.hear, self._die):
                model = GlpkModel(self._problem)
                try:
                    self._options.call_native(model.swig, self._problem)
                    self._raw = self._solved(model)
                finally:
                    model.delete()
        finally:
            self._is_idle = True

    def _solved(self, model: GlpkModel) -> RawResult:
        parameters = Simplex()
        self._glpk.glp_init_smcp(ctypes.byref(parameters))
        parameters.msg_lev = ALL if self._options.log is not False else ON
        _set(parameters, TIGHT)
        set_native(parameters, self._options.options)
        end = self._relaxed(model, parameters)
        status, word = self._status(self._glpk.glp_get_status(model.native))
        if end not in ENDS:
            return RawResult(status=LXStatus.ERROR, raw_status=f"the simplex method failed with code {end}")
        if ENDS[end] is not None or self._is_stopped:
            return self._stopped(ENDS[end])
        if not self._problem.is_mip or status is not LXStatus.OPTIMAL:
            return self._of_linear(model, status, word)
        return self._searched(model)

    def _relaxed(self, model: GlpkModel, parameters: Simplex) -> int:
        """Solve the problem without integrality, a slice of time after the other; return how it ended."""
        allowed = int(parameters.it_lim)
        while True:
            left = self._deadline - time.monotonic()
            parameters.tm_lim = max(1, int(1000 * min(SLICE, left)))
            before = int(self._glpk.glp_get_it_cnt(model.native))
            end = int(self._glpk.glp_simplex(model.native, ctypes.byref(parameters)))
            allowed -= int(self._glpk.glp_get_it_cnt(model.native)) - before
            parameters.it_lim = max(0, allowed)
            if end != TIME_IS_UP or self._is_stopped or time.monotonic() >= self._deadline:
                return end

    def _searched(self, model: GlpkModel) -> RawResult:
        parameters = Search()
        self._glpk.glp_init_iocp(ctypes.byref(parameters))
        parameters.msg_lev = ALL if self._options.log is not False else ON
        parameters.mip_gap = self._options.mip_rel_gap or 0.0
        if math.isfinite(self._deadline):
            parameters.tm_lim = max(1, int(1000 * (self._deadline - time.monotonic())))
        _set(parameters, TIGHT_SEARCH)
        set_native(parameters, self._options.options)
        called = BRANCHING(lambda tree, _: self._look(tree))
        parameters.cb_func = called
        end = int(self._glpk.glp_intopt(model.native, ctypes.byref(parameters)))
        if end not in ENDS:
            return RawResult(status=LXStatus.ERROR, raw_status=f"the search failed with code {end}")
        status, word = self._status(self._glpk.glp_mip_status(model.native))
        limit = ENDS[end]
        if status is LXStatus.FEASIBLE and (limit is None or self._is_within_gap):
            status, word, limit = LXStatus.OPTIMAL, "optimal within the gap", None
        if limit is not None and status is not LXStatus.FEASIBLE:
            return self._stopped(limit)
        return self._of_search(model, status, word, limit)

    def _of_linear(self, model: GlpkModel, status: LXStatus, word: str) -> RawResult:
        if status is LXStatus.UNBOUNDED and self._problem.is_mip:
            status = LXStatus.INFEASIBLE_OR_UNBOUNDED  # only the relaxation is known
        details = {"simplex_iterations": int(self._glpk.glp_get_it_cnt(model.native))}
        if status is not LXStatus.OPTIMAL:
            return RawResult(status=status, raw_status=word, details=details)
        x = model.columns_by(self._glpk.glp_get_col_prim)
        objective = self._problem.objective_at(x)
        duals = without_noise(model.rows_by(self._glpk.glp_get_row_dual))
        return RawResult(
            status=status,
            raw_status=word,
            x=x,
            objective=objective,
            best_bound=objective,
            duals=duals + 0.0,
            reduced_costs=without_noise(reduced_costs(self._problem, duals)) + 0.0,
            details=details,
        )

    def _of_search(self, model: GlpkModel, status: LXStatus, word: str, limit: LXLimit | None) -> RawResult:
        raw = RawResult(
            status=status,
            raw_status=word,
            limit=self._watch.end if limit is LXLimit.INTERRUPT else limit,
            details={"nodes": self._nodes, "simplex_iterations": int(self._glpk.glp_get_it_cnt(model.native))},
        )
        if not status.has_point:
            return raw
        x = model.columns_by(self._glpk.glp_mip_col_val)
        objective = self._problem.objective_at(x)
        is_proved = word == STATUSES[5][1]
        point = {"x": x, "objective": objective, "best_bound": objective if is_proved else self._bound}
        return RawResult(**{**vars(raw), **point})

    def _stopped(self, limit: LXLimit | None) -> RawResult:
        return RawResult(
            status=LXStatus.NO_SOLUTION,
            raw_status="stopped",
            limit=self._watch.end if self._is_stopped or limit is None else limit,
            best_bound=self._bound,
            details={"nodes": self._nodes},
        )

    @staticmethod
    def _status(native: int) -> tuple[LXStatus, str]:
        return STATUSES.get(native, (LXStatus.ERROR, f"status {native}"))

    def _look(self, tree: int) -> None:
        """Look at the search while it goes on; GLPK must not see an exception."""
        try:
            self._note(tree)
            if self._options.start is not None and not self._has_started:
                self._begin(tree, self._options.start)
        except Exception as failure:  # noqa: BLE001
            self._fail(failure)
        if self._is_stopped or self._watch.failure is not None or self._is_within_gap:
            self._glpk.glp_ios_terminate(tree)

    def _note(self, tree: int) -> None:
        """Take incumbent and bound; the thread that waits reports them."""
        model = self._glpk.glp_ios_get_prob(tree)
        counts = [ctypes.c_int() for _ in range(3)]
        self._glpk.glp_ios_tree_size(tree, *map(ctypes.byref, counts))
        self._nodes = counts[2].value
        node = self._glpk.glp_ios_best_node(tree)
        bound = float(self._glpk.glp_ios_node_bound(tree, node)) if node else math.inf
        self._bound = bound if abs(bound) < 1e300 else self._bound
        if self._glpk.glp_mip_status(model) == 2:
            self._incumbent = float(self._glpk.glp_mip_obj_val(model))
        self._watch.newest = RawProgress(incumbent=self._incumbent, bound=self._bound)
        gap = self._options.mip_abs_gap
        if gap and self._incumbent is not None and self._bound is not None:
            self._is_within_gap = abs(self._incumbent - self._bound) <= gap

    def _begin(self, tree: int, start: Any) -> None:
        if self._glpk.glp_ios_reason(tree) == HEURISTIC:
            self._has_started = True
            if self._glpk.glp_get_num_cols(self._glpk.glp_ios_get_prob(tree)) != len(start):
                return  # the user has added columns, whose values are not known
            point = np.concatenate([[0.0], start])
            self._glpk.glp_ios_heur_sol(tree, point.ctypes.data)

    def _stop(self) -> None:
        self._is_stopped = True

    def _fail(self, failure: Exception) -> None:
        self._watch.failure = self._watch.failure or failure

    def _die(self, words: str) -> None:
        self._is_dead = True
        self._fail(
            LXSolverError(
                f"Solver 'glpk' ended with a fatal error: {words}. Nothing is known of the model; use another solver."
            )
        )


def _set(parameters: Any, values: dict[str, float]) -> None:
    for name, value in values.items():
        setattr(parameters, name, value)
