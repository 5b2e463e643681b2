"""One run of CP-SAT: parameters set, the answer read by one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from lumix_core.errors import LXOptionError
from lumix_core.problem import LXProblem
from lumix_core.solver import (
    LXLimit,
    LXStatus,
    RawResult,
    SolverOptions,
    bad_native_option,
    unknown_native_option,
)
from lumix_solvers.cpsat_model import CpSatModel
from lumix_solvers.interrupts import run_until_done
from lumix_solvers.logs import Write
from lumix_solvers.watch import Watch, known, no_callback

STATUSES = {
    "OPTIMAL": LXStatus.OPTIMAL,
    "FEASIBLE": LXStatus.FEASIBLE,
    "INFEASIBLE": LXStatus.INFEASIBLE,
    "UNKNOWN": LXStatus.NO_SOLUTION,
}
"""CP-SAT's statuses; every other one is an error."""

OPTIONS = {
    "time_limit": "max_time_in_seconds",
    "mip_rel_gap": "relative_gap_limit",
    "mip_abs_gap": "absolute_gap_limit",
    "threads": "num_workers",
    "seed": "random_seed",
}
"""The common options, and what CP-SAT calls them."""

INFINITY = 2.0**62
"""From here on CP-SAT's objective values stand for none."""

SILENT = {"log_search_progress": False, "log_to_stdout": False, "catch_sigint_signal": False}
"""What LumiX sets itself; no user may."""


OF_LARGE = {"presolve_inclusion_work_limit": 0}
"""Leaves out the step of presolve that counts in 32 bits in OR-Tools 9.15, and so mistakes rows of large numbers."""


def parameters(options: SolverOptions, careful: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Return CP-SAT's parameters: the careful ones, the common options, then the native ones, which win.

    Raises:
        LXOptionError: CP-SAT has no such native option, or refuses the value of an option.
    """
    from google.protobuf import json_format
    from ortools.sat import sat_parameters_pb2  # native, so imported on use only

    made = sat_parameters_pb2.SatParameters()
    for name, value in {**SILENT, **careful}.items():
        setattr(made, name, value)
    made.log_search_progress = options.log is not False
    if options.seed is not None and options.threads is None:
        made.num_workers = 1  # workers side by side do not repeat themselves
    if not options.presolve:
        made.cp_model_presolve = False
    for name, native in OPTIONS.items():
        if getattr(options, name) is not None:
            setattr(made, native, getattr(options, name))
    known = [field.name for field in made.DESCRIPTOR.fields if field.name not in SILENT]
    for name, value in options.options.items():
        if name not in known:
            raise unknown_native_option("cpsat", name, known)
        try:
            json_format.ParseDict({name: value}, made)
        except json_format.ParseError as error:
            raise bad_native_option("cpsat", name, value, str(error).splitlines()[0].rstrip(".")) from error
    return made


class CpSatNative(NamedTuple):
    """What CP-SAT runs with, as the user's function is given it.

    Args:
        model: the ``CpModel``.
        solver: the ``CpSolver``.
    """

    model: Any
    solver: Any


class CpSatRun:
    """One problem in an instance of CP-SAT of its own."""

    def __init__(self, problem: LXProblem, options: SolverOptions, max_denom: int | None, write: Write) -> None:
        from ortools.sat.python import cp_model  # native, so imported on use only

        self._problem = problem
        self._options = options
        self._watch = Watch(options, write)
        self._interrupted = False
        self._status: Any = None
        self._native: Any = cp_model.CpSolver()
        self._model = CpSatModel(problem, max_denom)
        _set(self._native.parameters, parameters(options, OF_LARGE if self._model.is_large else {}))

    def solve(self) -> RawResult:
        """Run, and read the answer."""
        if self._options.is_cancelled:
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="not begun", limit=LXLimit.CANCELLED)
        if self._options.start is not None:
            self._model.add_start(self._options.start)
        if self._options.log is not False:
            self._native.log_callback = self._hear
        if self._options.progress is not None:
            self._native.best_bound_callback = self._note_bound
        callback = self._call_native()
        ended = run_until_done(lambda: self._run(callback), self._stop, self._watch.is_cancelled)
        self._watch.raise_failure()
        return self._answer() if ended else self._watch.left_behind()

    def _call_native(self) -> Any:
        """Let the user set what LumiX does not know; return a callback of the user's, or None."""
        from ortools.sat.python import cp_model  # native, so imported on use only

        returned = self._options.call_native(CpSatNative(self._model.native, self._native), self._problem)
        if returned is None or isinstance(returned, cp_model.CpSolverSolutionCallback):
            return returned
        raise no_callback("cpsat", returned, "a CpSolverSolutionCallback")

    def _run(self, callback: Any) -> None:
        if callback is None and self._options.progress is not None:
            callback = _listener()(self._note_incumbent)
        self._status = self._native.solve(self._model.native, callback)

    def _stop(self) -> None:
        self._interrupted = True
        self._native.stop_search()

    def _note_incumbent(self, incumbent: float, bound: float) -> None:
        self._watch.note(incumbent, bound, infinity=INFINITY)

    def _note_bound(self, bound: float) -> None:
        self._watch.newest = replace(self._watch.newest, bound=known(bound, INFINITY))

    def _hear(self, text: str) -> None:
        self._watch.hear(f"{text}\n")

    def _answer(self) -> RawResult:
        word, native = str(self._native.status_name(self._status)), self._native
        if word == "MODEL_INVALID":
            return self._invalid()
        status = STATUSES.get(word, LXStatus.ERROR)
        has_limit = status in (LXStatus.FEASIBLE, LXStatus.NO_SOLUTION)
        return RawResult(
            status=status,
            raw_status=word,
            limit=self._limit() if has_limit else None,
            best_bound=self._proved(status) if status.has_point or has_limit else None,
            details={
                "branches": int(native.num_branches),
                "conflicts": int(native.num_conflicts),
            },
            **(self._point() if status.has_point else {}),
        )

    def _invalid(self) -> RawResult:
        """Answer where CP-SAT refuses the model; raise where it refuses a parameter."""
        reason = str(self._native.response_proto.solution_info).strip()
        for name, value in self._options.options.items():
            if name in reason:
                raise bad_native_option("cpsat", name, value, reason)
        if self._options.options and not self._model.native.validate():
            raise LXOptionError(f"Solver 'cpsat' refuses options={dict(self._options.options)!r}: {reason}.")
        return RawResult(status=LXStatus.ERROR, raw_status=f"MODEL_INVALID: {self._model.native.validate() or reason}")

    def _limit(self) -> LXLimit:
        """Return what ended the run; CP-SAT itself does not tell."""
        if self._interrupted:
            return self._watch.end
        if not self._options.is_native:
            return LXLimit.OTHER if self._options.time_limit is None else LXLimit.TIME
        most = self._native.parameters.max_time_in_seconds
        return LXLimit.TIME if self._native.wall_time > 0.95 * most else LXLimit.OTHER

    def _proved(self, status: LXStatus) -> float | None:
        """Return the bound; before CP-SAT has a point, its 0 may only mean that it has not looked for one yet."""
        bound = float(self._native.best_objective_bound)
        if not status.has_point and bound == 0.0:
            return None
        return known(bound, INFINITY)

    def _point(self) -> dict[str, Any]:
        solution = list(self._native.response_proto.solution)[: self._problem.num_variables]
        x = np.array(solution, dtype=np.float64)
        return {"x": x, "objective": self._problem.objective_at(x)}


def _set(parameters: Any, made: Any) -> None:
    """Hand parameters over: before OR-Tools 9.15 they are a message of protobuf's."""
    if hasattr(parameters, "CopyFrom"):
        parameters.CopyFrom(made)
    else:
        parameters.merge_text_format(str(made))


@cache
def _listener() -> type[Any]:
    from ortools.sat.python import cp_model  # native, so imported on use only

    class Listener(cp_model.CpSolverSolutionCallback):  # type: ignore[misc, unused-ignore]  # where it is not typed
        """Tells of each solution."""

        def __init__(self, note: Any) -> None:
            super().__init__()
            self._note = note

        def on_solution_callback(self) -> None:
            self._note(float(self.objective_value), float(self.best_objective_bound))

    return Listener
