"""One problem in an instance of HiGHS: its arrays in one call, the answer in one table."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from contextlib import ExitStack
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.errors import LXOptionError
from lumix_core.problem import FloatArray, LXProblem
from lumix_core.solver import (
    LXLimit,
    LXStatus,
    RawConflict,
    RawResult,
    SolverOptions,
    bad_native_option,
    unknown_native_option,
)
from lumix_solvers.cutoffs import within_cutoff
from lumix_solvers.highs_iis import LEFT_BEHIND, IisSearch
from lumix_solvers.highs_native import new_highs, reset_scheduler
from lumix_solvers.interrupts import run_until_done
from lumix_solvers.logs import log_lines
from lumix_solvers.watch import Watch
from lumix_solvers.whole import integer_bounds

STATUSES: dict[str, tuple[LXStatus, LXLimit | None]] = {
    "kOptimal": (LXStatus.OPTIMAL, None),
    "kInfeasible": (LXStatus.INFEASIBLE, None),
    "kUnbounded": (LXStatus.UNBOUNDED, None),
    "kUnboundedOrInfeasible": (LXStatus.INFEASIBLE_OR_UNBOUNDED, None),
    "kTimeLimit": (LXStatus.NO_SOLUTION, LXLimit.TIME),
    "kIterationLimit": (LXStatus.NO_SOLUTION, LXLimit.ITERATION),
    "kSolutionLimit": (LXStatus.NO_SOLUTION, LXLimit.SOLUTION),
    "kMemoryLimit": (LXStatus.NO_SOLUTION, LXLimit.MEMORY),
    "kObjectiveBound": (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE),
    "kObjectiveTarget": (LXStatus.NO_SOLUTION, LXLimit.OBJECTIVE),
    "kInterrupt": (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT),
    "kHighsInterrupt": (LXStatus.NO_SOLUTION, LXLimit.INTERRUPT),
}
"""HiGHS's ends of a run; every other one is an error. After a limit, a point makes it `FEASIBLE`."""

OPTIONS = {
    "time_limit": "time_limit",
    "mip_rel_gap": "mip_rel_gap",
    "mip_abs_gap": "mip_abs_gap",
    "threads": "threads",
    "seed": "random_seed",
}
"""The common options, and what HiGHS calls them."""

LEAST = 1e-12
"""HiGHS takes a coefficient up to here for 0, whatever its options are."""

INTEGRALITY = "non-empty integrality"
"""What HiGHS complains of in every problem without integers: highspy cannot leave the array out."""

VALUES: Mapping[str, tuple[type, type, str]] = {
    "kBool": (bool, bool, "True or False"),
    "kInt": (Integral, int, "a whole number"),
    "kDouble": (Real, float, "a number"),
    "kString": (str, str, "a text"),
}
"""For each type of HiGHS's own options: what is accepted, what is passed on, and what to call it."""


FILES = frozenset(
    {
        "read_basis_file", "read_solution_file", "write_model_file", "write_model_to_file",
        "write_presolved_model_file", "write_presolved_model_to_file",
    }
)  # fmt: skip
"""Options of HiGHS's own program: given to its library, they end the run before it begins, or are ignored."""


def interrupt(highs: Any) -> None:
    """End a run of an instance of HiGHS, from another thread.

    The callbacks are subscribed only now: each call needs Python's lock.
    """
    for callback in (highs.cbSimplexInterrupt, highs.cbIpmInterrupt, highs.cbMipInterrupt):
        callback.subscribe(_request_interrupt)


def _request_interrupt(event: Any) -> None:
    event.data_in.user_interrupt = True


class HighsRun:
    """One problem in an instance of HiGHS of its own.

    Args:
        problem: what to solve.
        options: of the run, which `set_options` hands over; its log is open as long as the run.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions) -> None:
        import highspy  # native, so imported on use only

        self._native = highspy
        self._problem = problem
        self._options = options
        self._log = ExitStack()
        self._watch = Watch(options, self._log.enter_context(log_lines(options.log)))
        self._complaints: list[str] = []
        self._incumbent: FloatArray | None = None
        self._changed = ""  # HiGHS's own words on changes that it made to the problem
        self._statuses = {
            int(native): STATUSES[name]
            for name, native in highspy.HighsModelStatus.__members__.items()
            if name in STATUSES
        }
        self._ended = True
        self._highs = new_highs()
        self._highs.cbLogging.subscribe(self._hear)
        self._highs.cbMipImprovingSolution.subscribe(self._keep)

    def set_options(self) -> None:
        """Set the common options, then the native ones, which win."""
        options = self._options
        if options.progress is not None:
            self._highs.cbMipLogging.subscribe(self._note)
        for name, native in OPTIONS.items():
            value = getattr(options, name)
            if value is not None and not self._set(native, value):
                raise LXOptionError(
                    f"Solver 'highs' refuses {name}={value!r}: {self._complaint()}. Give a value that it allows."
                )
        # Made strictly convex, which is the default, an endless quadratic problem has an optimum far out.
        self._set("qp_regularization_value", 0.0)
        if not options.presolve:
            self._set("presolve", "off")
        if not options.presolve or self._problem.structures.has_semi:
            self._set("mip_feasibility_tolerance", 1e-9)  # HiGHS lets a semi-continuous column slip by it
        for name, value in options.options.items():
            if not self._set(name, self._native_value(name, value)):
                raise bad_native_option("highs", name, value, self._complaint())

    def solve(self) -> RawResult:
        """Hand the problem over, run, and read the answer."""
        return self._hand_over() or self._run()

    def _hand_over(self) -> RawResult | None:
        """Give HiGHS the problem; returns an answer only where it refuses it."""
        self._complaints.clear()
        self._take_small_coefficients()
        passed = self._pass_problem()
        if passed != self._native.HighsStatus.kError and self._pass_products() == self._native.HighsStatus.kError:
            passed = self._native.HighsStatus.kError
        complaint = "; ".join(self._complaints) or "HiGHS gives no reason"
        if passed == self._native.HighsStatus.kError:
            return RawResult(status=LXStatus.ERROR, raw_status=f"Model refused: {complaint}")
        self._changed = complaint if self._drops_coefficients() else ""
        if self._options.start is not None:
            self._pass_start(self._options.start)
        return None

    def _run(self) -> RawResult:
        self._incumbent = None
        self._watch.raise_failure()  # of the log, while the problem was handed over
        self._watch.reset()
        self._options.call_native(self._highs, self._problem)
        self._ended = False
        self._ended = self._run_until_done()
        if not self._ended:
            return self._answer_without_highs()
        self._watch.raise_failure()
        return self._answer()

    def find_conflict(self) -> RawConflict:
        """Hand the problem over, search, and read the conflict."""
        search = IisSearch(self._native, self._highs)
        search.configure(self._options.time_limit)
        self.set_options()
        self._pass_problem(as_written=True)
        self._ended = False
        self._ended = run_until_done(search.run, self._stop)
        self._watch.raise_failure()
        return search.answer(self._problem) if self._ended else LEFT_BEHIND

    def _run_until_done(self) -> bool:
        return run_until_done(self._run_once, self._stop, self._watch.is_cancelled)

    def close(self) -> None:
        """Release HiGHS, unless it was left behind running; and the log."""
        with self._log:
            for callback in self._highs.callbacks if self._ended else ():
                callback.clear()

    def _run_once(self) -> None:
        self._highs.run()
        reset_scheduler()

    def _pass_problem(self, *, as_written: bool = False) -> Any:
        problem = self._problem
        lower, upper = (problem.lower, problem.upper) if as_written else integer_bounds(problem)
        sense = self._native.ObjSense.kMaximize if problem.maximize else self._native.ObjSense.kMinimize
        starts, rows, coefficients = problem.by_column()  # HiGHS takes rows several times slower than columns
        return self._highs.passModel(
            problem.num_variables,
            problem.num_constraints,
            problem.num_nonzeros,
            int(self._native.MatrixFormat.kColwise),
            int(sense),
            problem.offset,
            problem.objective,
            lower,
            upper,
            problem.row_lower,
            problem.row_upper,
            starts,
            rows,
            coefficients,
            variable_types(problem),
        )

    def _pass_start(self, x: FloatArray) -> None:
        solution = self._native.HighsSolution()
        solution.col_value = x.tolist()
        self._highs.setSolution(solution)

    def _pass_products(self) -> Any:
        """Give HiGHS the products of the objective, as the lower triangle of ``Q`` in ``x' Q x / 2``, by columns."""
        products = self._problem.structures.quadratics
        if not len(products):
            return self._native.HighsStatus.kOk
        n = self._problem.num_variables
        starts = np.zeros(n + 1, dtype=np.int32)
        np.cumsum(np.bincount(products.left, minlength=n), out=starts[1:])
        values = np.where(products.left == products.right, 2.0 * products.values, products.values)
        form = int(self._native.HessianFormat.kTriangular)
        return self._highs.passHessian(n, len(products), form, starts, products.right, values)

    def _answer(self) -> RawResult:
        native = self._highs.getModelStatus()
        word = self._highs.modelStatusToString(native)
        info = self._highs.getInfo()
        end = self._statuses.get(int(native), (LXStatus.ERROR, None))
        status, limit = within_cutoff(end, self._options, "objective_bound")
        if limit is not None and info.primal_solution_status == self._native.kSolutionStatusFeasible:
            status = LXStatus.FEASIBLE
        if self._changed and limit is None and not status.has_point:
            return RawResult(status=LXStatus.ERROR, raw_status=f"{word}, but of a changed model: {self._changed}")
        return RawResult(
            status=status,
            raw_status=word,
            limit=self._limit(limit, info),
            best_bound=self._bound(status, info),
            **(self._point(status, info) if status.has_point else {}),
        )

    def _point(self, status: LXStatus, info: Any) -> dict[str, Any]:
        n, m, solution = self._problem.num_variables, self._problem.num_constraints, self._highs.getSolution()
        point = {"x": floats(solution.col_value)[:n], "objective": float(info.objective_function_value)}
        if status is not LXStatus.OPTIMAL or self._problem.is_mip or not solution.dual_valid:
            return point
        duals, reduced_costs = floats(solution.row_dual)[:m], floats(solution.col_dual)[:n]
        return point | {"duals": duals + 0.0, "reduced_costs": reduced_costs + 0.0}

    def _bound(self, status: LXStatus, info: Any) -> float | None:
        if not self._problem.is_mip:
            return float(info.objective_function_value) if status is LXStatus.OPTIMAL else None
        bound = float(info.mip_dual_bound)
        return bound if math.isfinite(bound) and (status.has_point or status is LXStatus.NO_SOLUTION) else None

    def _limit(self, limit: LXLimit | None, info: Any) -> LXLimit | None:
        if limit is LXLimit.INTERRUPT:
            return self._watch.end
        return LXLimit.NODE if limit is LXLimit.SOLUTION and self._has_all_nodes(info) else limit

    def _has_all_nodes(self, info: Any) -> bool:
        """Whether the limit on nodes is reached: HiGHS reports limits on leaves and solutions by the same status."""
        _, most = self._highs.getOptionValue("mip_max_nodes")
        return bool(info.mip_node_count >= most)

    def _take_small_coefficients(self) -> None:
        """Let HiGHS take the least coefficients that it allows, where the problem has such.

        By the same option it drops what its factorisation leaves, and with a least one it loses its way more often.
        """
        _, usual = self._highs.getOptionValue("small_matrix_value")
        if (np.abs(self._problem.coefficients) <= usual).any():
            self._highs.setOptionValue("small_matrix_value", LEAST)

    def _drops_coefficients(self) -> bool:
        return bool((np.abs(self._problem.coefficients) <= LEAST).any())

    def _answer_without_highs(self) -> RawResult:
        """Answer for a run that did not heed its end and goes on alone: HiGHS must not be used any more."""
        has_point = self._incumbent is not None
        return RawResult(
            status=LXStatus.FEASIBLE if has_point else LXStatus.NO_SOLUTION,
            raw_status="Interrupted, and left behind",
            limit=self._watch.end,
            x=self._incumbent,
            objective=self._problem.objective_at(self._incumbent) if self._incumbent is not None else None,
        )

    def _set(self, name: str, value: object) -> bool:
        return bool(self._highs.setOptionValue(name, value) == self._native.HighsStatus.kOk)

    def _native_value(self, name: str, value: object) -> object:
        if name in FILES and value:
            raise LXOptionError(
                f"Solver 'highs' cannot honour {name}={value!r} (given in options={{...}}): it reads or writes a file "
                f"in place of solving the model, or is ignored. Leave it out."
            )
        status, kind = self._highs.getOptionType(name)
        if status != self._native.HighsStatus.kOk:
            known = [option for option in dir(self._highs.getOptions()) if not option.startswith("_")]
            raise unknown_native_option("highs", name, known)
        accepted, passed_on, word = VALUES[kind.name]
        if not isinstance(value, accepted) or (isinstance(value, bool) and accepted is not bool):
            raise bad_native_option("highs", name, value, f"it takes {word}")
        return passed_on(value)

    def _hear(self, event: Any) -> None:
        """Take a piece of the log."""
        if INTEGRALITY in event.message:
            return
        if event.data_out.log_type in (self._native.HighsLogType.kWarning, self._native.HighsLogType.kError):
            self._complaints.append(event.message.removeprefix("WARNING:").removeprefix("ERROR:").strip())
        self._watch.hear(event.message)

    def _keep(self, event: Any) -> None:
        self._incumbent = np.array(event.data_out.mip_solution)
        self._note(event)

    def _note(self, event: Any) -> None:
        """Take incumbent and bound; the thread that waits reports them."""
        self._watch.note(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound, infinity=math.inf)

    def _stop(self) -> None:
        interrupt(self._highs)

    def _complaint(self) -> str:
        return self._complaints[-1] if self._complaints else "it gives no reason"


def variable_types(problem: LXProblem) -> NDArray[np.int32]:
    """Return HiGHS's numbers: 0 for continuous columns, 1 for whole ones, 2 and 3 for those that may be 0 besides."""
    types = problem.integer.astype(np.int32)
    return types + 2 * problem.structures.semi.astype(np.int32) if problem.structures.has_semi else types


def floats(values: list[float]) -> FloatArray:
    """Return a list of HiGHS's as an array; it takes half the time of ``np.array(values)``."""
    return np.array(array("d", values))
