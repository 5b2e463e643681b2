"""One run of a solver through MathOpt: messages go in, the answer is read by two tables."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, NamedTuple

from lumix_core.problem import LXProblem
from lumix_core.solver import LXLimit, LXStatus, RawResult, SolverOptions, bad_native_option, unknown_native_option
from lumix_solvers.interrupts import run_until_done
from lumix_solvers.logs import Write
from lumix_solvers.mathopt_model import dense, mathopt_model, start_hint
from lumix_solvers.scip_errors import heard_errors, reason
from lumix_solvers.watch import Watch
from lumix_solvers.whole import bounds_cross

STATUSES = {
    "OPTIMAL": LXStatus.OPTIMAL,
    "INFEASIBLE": LXStatus.INFEASIBLE,
    "UNBOUNDED": LXStatus.UNBOUNDED,
    "INFEASIBLE_OR_UNBOUNDED": LXStatus.INFEASIBLE_OR_UNBOUNDED,
    "FEASIBLE": LXStatus.FEASIBLE,
    "NO_SOLUTION_FOUND": LXStatus.NO_SOLUTION,
}
"""MathOpt's ends of a run; every other one is an error."""

LIMITS = {
    "TIME": LXLimit.TIME,
    "NODE": LXLimit.NODE,
    "ITERATION": LXLimit.ITERATION,
    "SOLUTION": LXLimit.SOLUTION,
    "MEMORY": LXLimit.MEMORY,
    "CUTOFF": LXLimit.OBJECTIVE,
    "OBJECTIVE": LXLimit.OBJECTIVE,
    "INTERRUPTED": LXLimit.INTERRUPT,
}
"""What ended a run that ended early; every other reason of MathOpt's is `OTHER`."""

OPTIONS = {
    "mip_rel_gap": "relative_gap_tolerance",
    "mip_abs_gap": "absolute_gap_tolerance",
    "threads": "threads",
    "seed": "random_seed",
}
"""The common options, and what MathOpt calls them; ``time_limit`` is a duration."""

OWN = {"GLOP": "glop", "PDLP": "pdlp", "GSCIP": "gscip"}
"""Where MathOpt keeps the parameters of each solver."""

ENDLESS = "inf; invalid PrimalSolutionProto.objective_value"
"""How MathOpt refuses SCIP's answer where the objective of a problem with integers has no end."""

INVALID_ARGUMENT = 3
"""The code of MathOpt's errors that are about what it was given."""

TIGHT = {"eps_optimal_absolute": 1e-9, "eps_optimal_relative": 1e-9}
"""PDLP's tolerances, by which its points satisfy a problem as those of others do; its own are 1e-6."""

COUNTS = {
    "nodes": "node_count",
    "simplex_iterations": "simplex_iterations",
    "barrier_iterations": "barrier_iterations",
    "first_order_iterations": "first_order_iterations",
}
"""What ``details`` hold, and what MathOpt calls it."""


class MathOptNative(NamedTuple):
    """The messages of MathOpt's that a run is started with, as the user's function is given them.

    Args:
        model: the ``ModelProto``.
        parameters: the ``SolveParametersProto``.
        model_parameters: the ``ModelSolveParametersProto``.
    """

    model: Any
    parameters: Any
    model_parameters: Any


class MathOptRun:
    """One problem for one solver.

    Args:
        problem: what to solve.
        options: of the run.
        solvers: MathOpt's names of the solvers whose parameters may be given; the first one runs.
        write: is given the lines of the log.
    """

    def __init__(self, problem: LXProblem, options: SolverOptions, solvers: tuple[str, ...], write: Write) -> None:
        from ortools.math_opt.core.python import solver  # native, so imported on use only

        self._native: Any = solver
        self._problem = problem
        self._options = options
        self._solver = solvers[0]
        self._with_duals = False
        self._interrupter = _new_interrupter(solver)
        self._watch = Watch(options, write)
        self._parameters = self._made_parameters(solvers)
        self._result: Any = None

    def solve(self, *, with_duals: bool) -> RawResult:
        """Run, and read the answer, with duals where there are some."""
        self._with_duals = with_duals
        if self._options.is_cancelled:
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="not begun", limit=LXLimit.CANCELLED)
        if bounds_cross(self._problem):
            return RawResult(status=LXStatus.INFEASIBLE, raw_status="bounds cross")  # such a model is refused
        native = self._made_native()
        self._options.call_native(native, self._problem)
        ended = run_until_done(lambda: self._run(native), self._interrupter.interrupt, self._watch.is_cancelled)
        self._watch.raise_failure()
        return self._answer() if ended else self._watch.left_behind()

    def _made_native(self) -> MathOptNative:
        from ortools.math_opt import model_parameters_pb2

        of_model = model_parameters_pb2.ModelSolveParametersProto()
        if self._options.start is not None:
            start_hint(of_model, self._options.start)
        return MathOptNative(mathopt_model(self._problem), self._parameters, of_model)

    def _run(self, native: MathOptNative) -> None:
        from ortools.math_opt import callback_pb2, parameters_pb2

        with heard_errors(self._native) as errors:
            try:
                self._result = self._native.solve(
                    native.model,
                    parameters_pb2.SolverTypeProto.Value(f"SOLVER_TYPE_{self._solver}"),
                    parameters_pb2.SolverInitializerProto(),
                    native.parameters,
                    native.model_parameters,
                    self._watch.write if self._options.log is not False else None,
                    callback_pb2.CallbackRegistrationProto(),
                    None,
                    self._interrupter,
                )
            except Exception as error:
                if ENDLESS not in str(error):
                    raise self._refusal(error, reason(errors)) from error

    def _refusal(self, error: Exception, words: str) -> Exception:
        """Return what to raise for an error of MathOpt's: where a solver's own parameter is named in it, that."""
        text = f"{words} {error}"
        if getattr(error, "code", None) == INVALID_ARGUMENT:
            for name, value in self._options.options.items():
                if name in text and name not in OWN.values():
                    return bad_native_option("ortools", name, value, str(error).partition(" [")[0].rstrip("."))
        own = self._options.options.get(OWN[self._solver], {})
        for group in own.values() if isinstance(own, dict) else ():
            for name, value in group.items() if isinstance(group, dict) else ():
                if name in text or "param" in text.lower():
                    return bad_native_option("ortools", name, value, words if name in words else str(error))
        return error

    def _answer(self) -> RawResult:
        from ortools.math_opt import result_pb2

        if self._result is None:
            return RawResult(status=LXStatus.INFEASIBLE_OR_UNBOUNDED, raw_status=f"{self._solver}: no finite optimum")
        end = self._result.termination
        word = result_pb2.TerminationReasonProto.Name(end.reason).removeprefix("TERMINATION_REASON_")
        status = STATUSES.get(word, LXStatus.ERROR)
        limit = None
        if status in (LXStatus.FEASIBLE, LXStatus.NO_SOLUTION):
            limit = self._limit(result_pb2.LimitProto.Name(end.limit).removeprefix("LIMIT_"))
        stats = self._result.solve_stats
        return RawResult(
            status=status,
            raw_status=f"{self._solver} {word}{f': {end.detail}' if status is LXStatus.ERROR else ''}",
            limit=limit,
            best_bound=self._bound(status, end.objective_bounds.dual_bound),
            details={"solver": self._solver, **{name: int(getattr(stats, of)) for name, of in COUNTS.items()}},
            **(self._point() if status.has_point else {}),
        )

    def _limit(self, word: str) -> LXLimit:
        limit = LIMITS.get(word, LXLimit.OTHER)
        return self._watch.end if limit is LXLimit.INTERRUPT else limit

    def _bound(self, status: LXStatus, bound: float) -> float | None:
        if not math.isfinite(bound) or not (status.has_point or status is LXStatus.NO_SOLUTION):
            return None
        return float(bound) if self._is_branched or status is LXStatus.OPTIMAL else None

    @property
    def _is_branched(self) -> bool:
        return self._problem.is_mip or not self._problem.is_linear

    def _point(self) -> dict[str, Any]:
        problem, solution = self._problem, self._result.solutions[0]
        x = dense(solution.primal_solution.variable_values, problem.num_variables)
        point: dict[str, Any] = {"x": x, "objective": problem.objective_at(x)}
        if self._is_branched or not self._with_duals or not solution.HasField("dual_solution"):
            return point
        dual = solution.dual_solution
        return point | {
            "duals": dense(dual.dual_values, problem.num_constraints) + 0.0,
            "reduced_costs": dense(dual.reduced_costs, problem.num_variables) + 0.0,
        }

    def _made_parameters(self, solvers: tuple[str, ...]) -> Any:
        """Return MathOpt's parameters: the common options, then the native ones, which win."""
        from ortools.math_opt import parameters_pb2

        parameters = parameters_pb2.SolveParametersProto()
        if self._options.time_limit is not None:
            parameters.time_limit.FromTimedelta(timedelta(seconds=self._options.time_limit))
        for name, native in OPTIONS.items():
            value = getattr(self._options, name)
            if value is not None:
                setattr(parameters, native, value)
        if len(self._problem.structures.sets):  # as `lumix_solvers.scip_run` says
            parameters.gscip.bool_params["misc/allowweakdualreds"] = False
        if not self._options.presolve:
            parameters.presolve = parameters_pb2.EMPHASIS_OFF
        for name, value in TIGHT.items():
            setattr(parameters.pdlp.termination_criteria.simple_optimality_criteria, name, value)
        for name, value in self._options.options.items():
            self._add_native(parameters, name, value, solvers)
        return parameters

    def _add_native(self, parameters: Any, name: str, value: object, solvers: tuple[str, ...]) -> None:
        from google.protobuf import json_format

        foreign = {"gurobi", "cp_sat", "osqp", "glpk", "highs", "xpress", *OWN.values()} - {
            OWN[solver] for solver in solvers
        }
        known = [field.name for field in parameters.DESCRIPTOR.fields if field.name not in foreign]
        if name not in known or name == "enable_output":
            raise unknown_native_option("ortools", name, [name for name in known if name != "enable_output"])
        try:
            json_format.ParseDict({name: value}, parameters)
        except json_format.ParseError as error:
            raise bad_native_option("ortools", name, value, str(error).splitlines()[0].rstrip(".")) from error


def _new_interrupter(solver: Any) -> Any:
    """Return what ends a run; it is in a module of its own since OR-Tools 9.15."""
    if hasattr(solver, "SolveInterrupter"):
        return solver.SolveInterrupter()
    from ortools.util.python import pybind_solve_interrupter

    return pybind_solve_interrupter.PySolveInterrupter()
