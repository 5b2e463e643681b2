"""One run of a solver: what the solver lacks refused, its answer read and checked against the problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from lumix_core.errors import LXError, LXSolverError, LXUnsupportedError
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.problem import LXProblem
from lumix_core.solver.known_faults import warn_of_faults
from lumix_core.solver.native import NativeCallError
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
    """Refuse what the solver lacks, and warn of what it is known to get wrong; raises as `run` does."""
    refuse_unsupported(solver, options)
    if problem.is_mip and LXFeature.INTEGER not in solver.features:
        raise LXUnsupportedError(
            f"Model {problem.name!r} has integer variables, which solver {solver.name!r} cannot handle. "
            f"Use another solver, or make the variables continuous."
        )
    if problem.goals:
        raise LXUnsupportedError(
            f"Model {problem.name!r} has goals, which no solver handles as they are: solver {solver.name!r} would take "
            f"them for constraints. Solve it with LXOptimizer."
        )
    wanted = {} if problem.is_linear else wanted_features(problem)
    _refuse_structures(solver, problem, wanted)
    warn_of_faults(solver, problem, frozenset({*wanted, *([LXFeature.INTEGER] if problem.is_mip else [])}))


def _refuse_structures(solver: Solver, problem: LXProblem, wanted: Mapping[LXFeature, str]) -> None:
    lacked = [words for feature, words in wanted.items() if feature not in solver.features]
    if lacked:
        raise LXUnsupportedError(
            f"Model {problem.name!r} has {' and '.join(lacked)}, which solver {solver.name!r} cannot handle as they "
            f"are. Use another solver, or solve it with LXOptimizer, which rewrites them."
        )


def wanted_features(problem: LXProblem) -> dict[LXFeature, str]:
    """Return the features that a problem needs of a solver for what is not linear in it, and what messages call that.

    Whether products are convex is not looked at: a solver with quadratic rows or objectives is taken to know.
    """
    held = problem.structures
    products, kinds = held.quadratics, held.sets.kinds
    semi = held.semi if held.has_semi else np.zeros_like(problem.integer)
    quadratic = LXFeature.QUADRATIC_INTEGER if problem.is_mip else LXFeature.QUADRATIC_OBJECTIVE
    wanted = (
        (LXFeature.SEMICONTINUOUS, "semi-continuous variables", (semi & ~problem.integer).any()),
        (LXFeature.SEMIINTEGER, "semi-integer variables", (semi & problem.integer).any()),
        (LXFeature.SOS1, "special ordered sets", (kinds == 1).any()),
        (LXFeature.SOS2, "special ordered sets of kind 2", (kinds == 2).any()),
        (LXFeature.INDICATORS, "indicators", len(held.indicators) > 0),
        (quadratic, "products in the objective", products.of_objective.any()),
        (LXFeature.QUADRATIC_ROWS, "products in constraints", (~products.of_objective).any()),
        (LXFeature.FUNCTIONS, "absolute values, minima, maxima or curves", len(held.functions) > 0),
    )
    return {feature: words for feature, words, is_wanted in wanted if is_wanted}


def answer_of(solver: Solver, problem: LXProblem, call: Callable[[], Any]) -> RawResult:
    """Return what a run of a solver answers, with the core's own types; whatever it raises is an `LXError`."""
    return guarded(solver, problem, lambda: own_result(call()))


def guarded(solver: Solver, problem: LXProblem, call: Callable[[], T]) -> T:
    """Call a solver; whatever it raises is an `LXError`, but for what functions of the user's raise."""
    try:
        return call()
    except LXError:
        raise
    except NativeCallError as failure:
        of_user = failure.error
    except Exception as error:
        raise LXSolverError(
            f"Solver {solver.name!r} failed on model {problem.name!r}: {type(error).__name__}: {error}. "
            f"Nothing is known of the model; try log=True to see what it did, or another solver."
        ) from error
    raise of_user


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
