"""One run of a solver: what the solver lacks refused, its answer read and checked against the problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from lumix_core.errors import LXError, LXSolverError, LXUnsupportedError
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.options import refuse_unsupported
from lumix_core.solver.preparation import answer_without_columns, crossed_bounds
from lumix_core.solver.solver import LXFeature, RawResult, Solver, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.solver.verify import Verifier

T = TypeVar("T")


def run(solver: Solver, problem: LXProblem, options: SolverOptions) -> RawResult:
    """Solve a compiled problem as it is and return the solver's answer, checked; see `claims.solve` for more checks.

    Raises:
        LXUnsupportedError: the problem needs what the solver lacks.
        LXOptionError: the solver cannot honour an option.
        LXSolverError: the solver failed.
        LXVerificationError: its answer does not satisfy the problem.
    """
    check_supported(solver, problem, options)
    raw = crossed_bounds(problem) or answer_without_columns(problem)
    raw = raw or answer_of(solver, problem, lambda: solver.solve(problem, options))
    return Verifier(solver.name, problem, options).checked(raw)


def check_supported(solver: Solver, problem: LXProblem, options: SolverOptions) -> None:
    """Refuse what the solver lacks; raises as `run` does."""
    refuse_unsupported(solver, options)
    if problem.is_mip and LXFeature.INTEGER not in solver.features:
        raise LXUnsupportedError(
            f"Model {problem.name!r} has integer variables, which solver {solver.name!r} cannot handle. "
            f"Use another solver, or make the variables continuous."
        )


def answer_of(solver: Solver, problem: LXProblem, call: Callable[[], Any]) -> RawResult:
    """Return what a run of a solver answers, with the core's own types; whatever it raises is an `LXError`."""
    return guarded(solver, problem, lambda: own_result(call()))


def guarded(solver: Solver, problem: LXProblem, call: Callable[[], T]) -> T:
    """Call a solver; whatever it raises is an `LXError`."""
    try:
        return call()
    except LXError:
        raise
    except Exception as error:
        raise LXSolverError(
            f"Solver {solver.name!r} failed on model {problem.name!r}: {type(error).__name__}: {error}. "
            f"Nothing is known of the model; try log=True to see what it did, or another solver."
        ) from error


def own_result(raw: Any) -> RawResult:
    """Return a solver's answer with the core's own types; raises for anything else."""
    if not isinstance(raw, RawResult):
        raise TypeError(f"its answer is {raw!r:.80}, not a RawResult")
    return replace(
        raw,
        status=LXStatus(raw.status),
        limit=None if raw.limit is None else LXLimit(raw.limit),
        x=_own_array(raw.x),
        duals=_own_array(raw.duals),
        reduced_costs=_own_array(raw.reduced_costs),
    )


def _own_array(values: Any) -> FloatArray | None:
    """Return a copy: a solver may use its arrays again."""
    return None if values is None else np.array(values, dtype=np.float64)
