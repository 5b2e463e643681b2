"""One run of SCIP: options set, the end and the answer read by one table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from numbers import Integral, Real
from typing import Any

from lumix_core.problem import LXProblem
from lumix_core.solver import (
    LXLimit,
    LXStatus,
    RawProgress,
    RawResult,
    SolverOptions,
    bad_native_option,
    unknown_native_option,
)
from lumix_solvers.interrupts import KeptWorkers, run_until_done
from lumix_solvers.log_tail import LogTail
from lumix_solvers.scip_errors import heard_errors, reason
from lumix_solvers.scip_model import ScipModel
from lumix_solvers.single_rows import paid_by_single_rows

STATUSES: dict[str, tuple[LXStatus, LXLimit | None]] = {
    "optimal": (LXStatus.OPTIMAL, None),
    "gaplimit": (LXStatus.OPTIMAL, None),
    "infeasible": (LXStatus.INFEASIBLE, None),
    "unbounded": (LXStatus.UNBOUNDED, None),
    "inforunbd": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "timelimit": (LXStatus.NO_SOLUTION, LXLimit.TIME),
    "nodelimit": (LXStatus.NO_SOLUTION, LXLimit.NODE),
    "totalnodelimit": (LXStatus.NO_SOLUTION, LXLimit.NODE),
    "stallnodelimit": (LXStatus.NO_SOLUTION, LXLimit.NODE),
    "sollimit": (LXStatus.NO_SOLUTION, LXLimit.SOLUTION),
    "bestsollimit": (LXStatus.NO_SOLUTION, LXLimit.SOLUTION),
    "memlimit": (LXStatus.NO_SOLUTION, LXLimit.MEMORY),
    "primallimit": (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE),
    "duallimit": (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE),
    "restartlimit": (LXStatus.NO_SOLUTION, LXLimit.OTHER),
    "userinterrupt": (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT),
    "terminate": (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT),
}
"""SCIP's ends of a run; every other one is an error. After a limit, a point makes it `FEASIBLE`."""

OPTIONS = {
    "time_limit": "limits/time",
    "mip_rel_gap": "limits/gap",
    "mip_abs_gap": "limits/absgap",
    "seed": "randomization/randomseedshift",
}
"""The common options, and what SCIP calls them. Its relative gap divides by the smaller of incumbent and bound, so that
it is never below the one that is asked for."""

ONLY_THE_LP: dict[str, Any] = {
    "presolving/maxrounds": 0,
    "propagating/maxrounds": 0,
    "propagating/maxroundsroot": 0,
    "separating/maxrounds": 0,
    "separating/maxroundsroot": 0,
    "constraints/linear/upgrade/varbound": False,
    "conflict/enable": False,
    "numerics/epsilon": 1e-13,
}
"""What leaves a linear problem as it is: so there are duals of its rows, and coefficients near whole numbers stay."""

PLAIN: dict[str, Any] = {"presolving/maxrounds": 0, "numerics/feastol": 1e-7}
"""Runs by which an answer that is doubted is checked. With tolerances below, SoPlex complains on standard error."""

WITH_SETS: dict[str, Any] = {"misc/allowweakdualreds": False}
"""Beside ordered sets, reductions that need not keep every optimum keep none of some problems (seen in 10.0)."""

DIVING = re.compile("heuristics/.*diving/freq")
"""How often each heuristic dives. With sets of kind 1, SCIP 10.0 ends there with an error on some problems."""

VALUES: tuple[tuple[type, tuple[type, ...], str], ...] = (
    (bool, (bool,), "True or False"),
    (int, (Integral,), "a whole number"),
    (float, (Real,), "a number"),
    (str, (str,), "a text"),
)
"""For each type of SCIP's parameters: what is accepted, and what to call it."""


KEPT = KeptWorkers()
"""Threads for problems that are not linear: SCIP 10 counts the threads that it derives products on, and crashes on the
65th of a process, although the others have ended."""


class ScipRun:
    """One problem in an instance of SCIP of its own."""

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        from pyscipopt import scip  # native, so imported on use only

        self._problem = problem
        self._options = options
        self._newest = RawProgress()
        self._scip: Any = scip
        with heard_errors(self._scip):
            self._model = ScipModel(problem)
        self._native = self._model.native
        self._set_options()

    @property
    def _is_linear(self) -> bool:
        """Whether it is a linear problem without anything that SCIP would branch for."""
        return self._problem.is_linear and not self._problem.is_mip

    def solve(self, log: LogTail | None) -> RawResult:
        """Run, and read the answer."""
        if self._options.is_cancelled:
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="not begun", limit=LXLimit.CANCELLED)
        if log is not None:
            self._native.setLogfile(str(log.path))
        if self._options.start is not None:
            self._model.add_start(self._options.start)
        if self._options.progress is not None:
            self._listen(self._options.progress)
        self._options.call_native(self._native, self._problem)
        run = run_until_done if self._problem.is_linear else KEPT.run
        ended = run(self._run, self._native.interruptSolve, lambda: self._is_cancelled(log))
        if not ended:
            return self._left_behind()
        if log is not None:
            self._native.setLogfile(None)
        return self._answer()

    def _left_behind(self) -> RawResult:
        """Answer for a run that did not heed its end and goes on alone: SCIP must not be used any more."""
        limit = LXLimit.CANCELLED if self._options.is_cancelled else LXLimit.INTERRUPT
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="Interrupted, and left behind", limit=limit)

    def _run(self) -> None:
        with heard_errors(self._scip):
            self._native.optimizeNogil()

    def _is_cancelled(self, log: LogTail | None) -> bool:
        """Report what was found so far, and hand over the log; return whether the run is to end."""
        if log is not None:
            log.read()
        if self._options.progress is not None:
            self._options.progress(self._newest)
        return self._options.is_cancelled

    def _listen(self, report: Callable[[RawProgress], object]) -> None:
        self._native.includeEventhdlr(_listener()(self._note), "lumix", "keeps incumbent and bound")

    def _note(self) -> None:
        """Take incumbent and bound; the thread that waits reports them."""
        native = self._native
        incumbent = _known(native.getPrimalbound()) if native.getNSols() else None
        self._newest = RawProgress(incumbent=incumbent, bound=_known(native.getDualbound()))

    def _answer(self) -> RawResult:
        word = str(self._native.getStatus())
        status, limit = STATUSES.get(word, (LXStatus.ERROR, None))
        if limit is not None and self._native.getNSols():
            status = LXStatus.FEASIBLE
        if limit is LXLimit.INTERRUPT and self._options.is_cancelled:
            limit = LXLimit.CANCELLED
        return RawResult(
            status=status,
            raw_status=word,
            limit=limit,
            best_bound=self._bound(status),
            details={
                "nodes": int(self._native.getNTotalNodes()),
                "lp_iterations": int(self._native.getNLPIterations()),
            },
            **(self._point(status) if status.has_point else {}),
        )

    def _point(self, status: LXStatus) -> dict[str, Any]:
        x = self._model.point()
        point: dict[str, Any] = {"x": x, "objective": self._problem.objective_at(x)}
        if status is not LXStatus.OPTIMAL or not self._is_linear:
            return point
        duals, reduced_costs = paid_by_single_rows(self._problem, x, self._model.duals())
        return point | {"duals": duals, "reduced_costs": reduced_costs}

    def _bound(self, status: LXStatus) -> float | None:
        if not status.has_point and status is not LXStatus.NO_SOLUTION:
            return None
        return _known(self._native.getDualbound()) if status is LXStatus.OPTIMAL or not self._is_linear else None

    def _set_options(self) -> None:
        """Set the common options, then the native ones, which win."""
        from pyscipopt import SCIP_PARAMSETTING  # native, so imported on use only

        self._native.setParam("misc/catchctrlc", False)
        if self._is_linear:
            self._set_all(ONLY_THE_LP)
            self._native.setHeuristics(SCIP_PARAMSETTING.OFF)
        if (self._problem.structures.sets.kinds == 1).any():
            self._set_all(dict.fromkeys(filter(DIVING.fullmatch, self._native.getParams()), -1))
        if len(self._problem.structures.sets):
            self._set_all(WITH_SETS)
        if not self._options.presolve:
            self._set_all(PLAIN)
        for name, native in OPTIONS.items():
            value = getattr(self._options, name)
            if value is not None:
                self._native.setParam(native, value)
        if self._options.options:
            self._set_native()

    def _set_all(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._native.setParam(name, value)

    def _set_native(self) -> None:
        known = self._native.getParams()
        for name, value in self._options.options.items():
            if name not in known:
                raise unknown_native_option("scip", name, list(known))
            kind, accepted, word = next(kind for kind in VALUES if isinstance(known[name], kind[0]))
            if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
                raise bad_native_option("scip", name, value, f"it takes {word}")
            with heard_errors(self._scip) as errors:
                try:
                    self._native.setParam(name, value)
                except Exception as error:
                    raise bad_native_option("scip", name, value, reason(errors)) from error


def _known(value: float) -> float | None:
    """Return a number of SCIP's; None where it is infinite for SCIP, and so not known."""
    return float(value) if math.isfinite(value) and abs(value) < 1e20 else None


@cache
def _listener() -> type[Any]:
    from pyscipopt import SCIP_EVENTTYPE, Eventhdlr  # native, so imported on use only

    events = (SCIP_EVENTTYPE.BESTSOLFOUND, SCIP_EVENTTYPE.NODEFOCUSED, SCIP_EVENTTYPE.NODESOLVED)

    class Listener(Eventhdlr):  # type: ignore[misc]  # PySCIPOpt is not typed
        """Tells that incumbent or bound may have changed."""

        def __init__(self, note: Callable[[], None]) -> None:
            self._note = note

        def eventinit(self) -> None:
            for event in events:
                self.model.catchEvent(event, self)

        def eventexit(self) -> None:
            for event in events:
                self.model.dropEvent(event, self)

        def eventexec(self, event: Any) -> None:
            self._note()

    return Listener
