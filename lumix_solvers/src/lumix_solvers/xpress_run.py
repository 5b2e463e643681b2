"""One problem in a problem of Xpress's: handed over, run, and the answer read by two tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from lumix_core.problem import FloatArray, LXProblem, Requirements
from lumix_core.solver import LXLimit, LXStatus, RawConflict, RawResult, SolverOptions
from lumix_solvers.cutoffs import within_cutoff
from lumix_solvers.native_run import NativeRun
from lumix_solvers.signals import KEPT
from lumix_solvers.watch import known
from lumix_solvers.xpress_model import crossed_bounds, hand_over
from lumix_solvers.xpress_native import all_coefficients, configured, licensed, translated

COMPLETED = {
    "OPTIMAL": LXStatus.OPTIMAL,
    "INFEASIBLE": LXStatus.INFEASIBLE,
    "UNBOUNDED": LXStatus.INFEASIBLE_OR_UNBOUNDED,  # there is a ray, and perhaps no point
}
"""What Xpress knows after a run that was not stopped; everything else is an error."""

STOPPED = {
    "TIMELIMIT": LXLimit.TIME,
    "CTRLC": LXLimit.INTERRUPT,
    "USER": LXLimit.INTERRUPT,
    "NODELIMIT": LXLimit.NODE,
    "ITERLIMIT": LXLimit.ITERATION,
    "SOLLIMIT": LXLimit.SOLUTION,
    "MEMORYERROR": LXLimit.MEMORY,
    "WORKLIMIT": LXLimit.OTHER,
    "MIPSTAGE": LXLimit.OTHER,
    "NONE": LXLimit.OTHER,
}
"""What stops a run; everything else is an error. With a point it is `FEASIBLE`."""

DETAILS = {"nodes": "nodes", "simplex_iterations": "simplexiter", "barrier_iterations": "bariter"}
"""What is told besides, and what Xpress calls it."""

INFINITY = 1e20


class XpressRun(NativeRun):
    """One problem in one of Xpress's.

    Args:
        problem: what to solve.
        options: of the run.

    Raises:
        LXOptionError: Xpress has no such control, or refuses its value.
        LXSolverError: there is no licence.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        self._has_begun = self._is_stopping = False
        self._native: Any = None
        super().__init__(problem, options)

    def _open(self) -> None:
        self._module = self._opened.enter_context(licensed())
        self._opened.callback(self._release)
        self._native = configured(self._module, self._problem, self._options)
        if self._options.log is not False:
            self._native.addMessageCallback(self._hear, None, 0)
        self._native.addCheckTimeCallback(self._look, None, 0)
        with self._translated(), all_coefficients(self._native):
            hand_over(self._native, self._module, self._problem, self._set_constant())

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._module, self._problem)

    def _release(self) -> None:
        self._native = None

    def solve(self) -> RawResult:
        """Run, and read the answer; errors of Xpress's own are one."""
        crossed = crossed_bounds(self._problem)
        if crossed:
            return RawResult(status=LXStatus.INFEASIBLE, raw_status=f"the bounds of {crossed} cross")
        if self._options.start is not None:
            self._native.addMipSol(self._options.start.tolist(), None, "start")
        self._options.call_native(self._native, self._problem)
        try:
            self._watched(self._native.optimize)
        except self._module.SolverError as error:
            return RawResult(status=LXStatus.ERROR, raw_status=str(error))
        return self._answer() if self._ended else self._watch.left_behind()

    def find_conflict(self) -> RawConflict:
        """Search an irreducible infeasible set."""
        found: list[int] = []
        self._watched(lambda: found.append(int(self._native.firstIIS(1))))
        if not self._ended:
            return RawConflict(raw_status="Interrupted, and left behind", limit=LXLimit.INTERRUPT)
        word = f"the search for an IIS ended with status {found[0]}"
        return RawConflict(raw_status=word, requirements=self._requirements() if found[0] == 0 else None)

    def _watched(self, work: Callable[[], object]) -> None:
        self._has_begun = self._is_stopping = False
        super()._watched(work)

    def _stop(self) -> None:
        """End the run; Xpress does not hear of that from outside unless it is in the midst of it."""
        self._is_stopping = True
        self._native.interrupt(self._module.StopType.USER)

    def _hear(self, _native: Any, _data: Any, text: str, _kind: int) -> None:
        self._watch.write([(text or "").rstrip("\n")])  # an empty line is None

    def _look(self, native: Any, _data: Any) -> None:
        """Give Ctrl-C back to Python as soon as Xpress runs, and take incumbent and bound where they are reported."""
        if not self._has_begun:
            self._has_begun = True
            KEPT.put_back()
        if self._is_stopping:
            native.interrupt(self._module.StopType.USER)
        if self._options.progress is None or not self._problem.is_mip:
            return
        attributes = native.attributes
        incumbent = attributes.mipobjval if attributes.mipsols else INFINITY
        self._watch.note(incumbent, attributes.bestbound, infinity=INFINITY)

    def _answer(self) -> RawResult:
        attributes = self._native.attributes
        ended, found = attributes.solvestatus.name, attributes.solstatus.name
        stop = self._module.StopType(attributes.stopstatus).name
        status, limit = self._status(ended, found, stop)
        return RawResult(
            status=status,
            raw_status=f"{ended}, {found}" + ("" if stop == "NONE" else f", {stop}"),
            limit=self._watch.end if limit is LXLimit.INTERRUPT else limit,
            best_bound=self._bound(status),
            details={name: int(getattr(attributes, native)) for name, native in DETAILS.items()},
            **(self._point(status) if status.has_point else {}),
        )

    def _status(self, ended: str, found: str, stop: str) -> tuple[LXStatus, LXLimit | None]:
        if ended == "COMPLETED":
            return within_cutoff((COMPLETED.get(found, LXStatus.ERROR), None), self._options, "mipabscutoff")
        if ended != "STOPPED" or stop not in STOPPED:
            return LXStatus.ERROR, None
        has_point = found in ("OPTIMAL", "FEASIBLE") and self._branches
        return LXStatus.FEASIBLE if has_point else LXStatus.NO_SOLUTION, STOPPED[stop]

    @property
    def _branches(self) -> bool:
        """Whether the problem may be solved by branching, so that there are incumbents, and no duals."""
        return self._problem.is_mip or self._problem.structures.has_terms

    def _point(self, status: LXStatus) -> dict[str, Any]:
        problem, native, n = self._problem, self._native, self._problem.num_variables
        point = {"x": _floats(native.getSolution())[:n], "objective": native.attributes.objval + self._watch.constant}
        if status is not LXStatus.OPTIMAL or problem.is_mip or len(problem.structures.rows_with_terms()):
            return point
        rows = problem.num_constraints  # without rows Xpress has no duals at all
        try:
            duals = _floats(native.getDuals())[:rows] if rows else np.empty(0)
            return point | {"duals": duals, "reduced_costs": _floats(native.getRedCosts())[:n]}
        except self._module.ModelError:  # after a search for products that are not convex
            if not problem.structures.has_terms:
                raise
            return point

    def _bound(self, status: LXStatus) -> float | None:
        attributes = self._native.attributes
        if not self._branches:
            return attributes.objval + self._watch.constant if status is LXStatus.OPTIMAL else None
        if not status.has_point and status is not LXStatus.NO_SOLUTION:
            return None
        bound = known(attributes.bestbound, INFINITY)
        return None if bound is None else bound + self._watch.constant

    def _requirements(self) -> Requirements:
        rows, columns, senses, bounds, *_ = self._native.getIISData(1)
        chosen = Requirements.none(self._problem)
        masks = {"L": (chosen.row_upper,), "G": (chosen.row_lower,), "E": (chosen.row_lower, chosen.row_upper)}
        for row, sense in zip(rows, senses, strict=True):
            for mask in masks[sense]:
                mask[int(row)] = True
        masks = {"L": (chosen.lower,), "U": (chosen.upper,), "F": (chosen.lower, chosen.upper)}
        for column, bound in zip(columns, bounds, strict=True):
            for mask in masks[bound]:
                mask[int(column)] = True
        return chosen & Requirements.every(self._problem)


def _floats(values: Any) -> FloatArray:
    return np.array(values, dtype=np.float64) + 0.0
