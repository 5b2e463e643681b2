"""Solvers that PuLP reaches: CBC, which comes with PuLP, and every other one that PuLP can call here.

CBC is run from the executable that PuLP finds (see `lumix_solvers.cbc`): PuLP itself calls
incumbents of CBC at a time limit optimal, and returns points that solve nothing. The others are run by PuLP,
always as a minimisation of rows with one row bound, and its answers are trusted where PuLP's can be.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from lumix_core.errors import LXSolverNotFoundError, LXVerificationError, listed
from lumix_core.problem import FloatArray, LXProblem
from lumix_core.solver import KnownFault, LXFeature, LXLimit, LXStatus, RawResult, SolverOptions, Verifier
from lumix_solvers.cbc import Cbc
from lumix_solvers.highs_native import new_highs
from lumix_solvers.highs_run import interrupt
from lumix_solvers.interrupts import run_until_done
from lumix_solvers.known_faults import faults_of
from lumix_solvers.logs import log_lines
from lumix_solvers.onesided import AT_LEAST, AT_MOST, EQUAL, OneSidedRows, one_sided
from lumix_solvers.whole import integer_bounds


def _nothing(native: Any) -> None:
    """Leave a run alone."""


def _by_name(pulp: Any, name: str, **keywords: Any) -> Any:
    return pulp.getSolver(name, **keywords)


def _silent_highs(pulp: Any, name: str, **keywords: Any) -> Any:
    """Return PuLP's HiGHS on an instance that does not write its banner, which no option of PuLP's can stop."""

    class SilentHighs(pulp.HiGHS):  # type: ignore[misc]  # PuLP is not typed
        def createAndConfigureSolver(self, lp: Any) -> None:  # noqa: N802 - PuLP's name
            lp.solverModel = new_highs()
            settings = {"output_flag": False, "time_limit": self.timeLimit, "mip_abs_gap": self.gapAbs}
            settings |= {"mip_rel_gap": 0.0}  # PuLP leaves the objective's constant out, to which it would be relative
            for option, value in {**settings, **self.optionsDict}.items():
                if value is not None:
                    lp.solverModel.setOptionValue(option, value)

    return SilentHighs(**keywords)


@dataclass(frozen=True)
class Reach:
    """What is known of a solver of PuLP's.

    Args:
        features: what it can do.
        keywords: the common options that PuLP passes on to it, and what PuLP calls them.
        stop: ends a run, given PuLP's ``solverModel``, from another thread.
        native: makes PuLP's object, given the module, PuLP's name and keywords.
    """

    features: frozenset[LXFeature]
    keywords: Mapping[str, str] = field(default_factory=dict)
    stop: Callable[[Any], None] = _nothing
    native: Callable[..., Any] = _by_name


CBC = Reach(
    frozenset(
        {
            LXFeature.INTEGER,
            LXFeature.DUALS,
            LXFeature.BEST_BOUND,
            LXFeature.TIME_LIMIT,
            LXFeature.MIP_REL_GAP,
            LXFeature.MIP_ABS_GAP,
            LXFeature.THREADS,
            LXFeature.SEED,
            LXFeature.LOG,
            LXFeature.NATIVE_OPTIONS,
            LXFeature.PRESOLVE,
            LXFeature.START,
            LXFeature.CANCEL,
        }
    )
)
UNKNOWN = Reach(frozenset({LXFeature.INTEGER, LXFeature.NATIVE}))
REACHES: Mapping[str, Reach] = {
    "PULP_CBC_CMD": CBC,
    "COIN_CMD": CBC,
    "HiGHS": Reach(
        frozenset(
            {
                LXFeature.INTEGER,
                LXFeature.DUALS,
                LXFeature.TIME_LIMIT,
                LXFeature.MIP_ABS_GAP,
                LXFeature.SEED,
                LXFeature.NATIVE,
            }
        ),
        keywords={"time_limit": "timeLimit", "mip_abs_gap": "gapAbs", "seed": "random_seed"},
        stop=interrupt,
        native=_silent_highs,
    ),
}
"""The solvers that were tried, by PuLP's names; every other solver is `UNKNOWN`."""

EXECUTABLES: Mapping[str, Callable[[Any], str]] = {
    "PULP_CBC_CMD": lambda pulp: str(pulp.PULP_CBC_CMD.pulp_cbc_path),
    "COIN_CMD": lambda pulp: str(pulp.COIN_CMD(msg=False).path),
}
"""Where PuLP has, or looks for, CBC."""

LIBRARIES: Mapping[str, str] = {"PULP_CBC_CMD": "pulp", "HiGHS": "highspy"}
"""The distributions that bring solvers whose faults are known."""

STATUSES = {
    0: LXStatus.NO_SOLUTION,
    1: LXStatus.OPTIMAL,
    -1: LXStatus.INFEASIBLE,
    -2: LXStatus.UNBOUNDED,
}
"""PuLP's statuses; every other one is an error."""

SOLVED = 1
"""PuLP's solution status of an optimum that is one: its status is 1 for incumbents too."""


class PulpSolver:
    """A solver that PuLP reaches; needs ``pip install "lumix-solvers[pulp]"``.

    What it can do depends on the solver: `REACHES` holds those that were tried; of others LumiX assumes only
    that they solve problems with integers, as PuLP's own model holds them.

    Args:
        solver: PuLP's name for it, as ``pulp.listSolvers(onlyAvailable=True)`` shows it.
    """

    name = "pulp"

    def __init__(self, solver: str = "PULP_CBC_CMD") -> None:
        self.solver = solver

    @property
    def features(self) -> frozenset[LXFeature]:
        """What the solver behind PuLP can do."""
        return self._reach.features

    @property
    def known_faults(self) -> Sequence[tuple[KnownFault, str]]:
        """See `lumix_core.solver.KnowsFaults`."""
        return faults_of(LIBRARIES[self.solver]) if self.solver in LIBRARIES else ()

    def is_available(self) -> bool:
        """Whether PuLP is installed; it is not imported."""
        return find_spec("pulp") is not None

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXSolverNotFoundError: PuLP knows no such solver, or cannot run it here.
            LXOptionError: the solver has no such native option, or refuses the value of an option.
        """
        import pulp  # it imports highspy and others where they are installed, so on use only

        if self.solver not in EXECUTABLES:
            return _Run(self._native(pulp, options), self._reach, problem, options).solve()
        with log_lines(options.log) as write:
            return Cbc(self._executable(pulp), self.name).solve(problem, options, write)

    @property
    def _reach(self) -> Reach:
        return REACHES.get(self.solver, UNKNOWN)

    def _executable(self, pulp: Any) -> str:
        path = shutil.which(EXECUTABLES[self.solver](pulp)) if hasattr(pulp, self.solver) else None
        if path is None:
            raise self._not_found(pulp)
        return path

    def _native(self, pulp: Any, options: SolverOptions) -> Any:
        given = {keyword: getattr(options, name) for name, keyword in self._reach.keywords.items()}
        try:
            native = self._reach.native(
                pulp, self.solver, msg=False, **{name: value for name, value in given.items() if value is not None}
            )
        except pulp.PulpSolverError as error:
            raise self._not_found(pulp) from error
        if not native.available():
            raise self._not_found(pulp)
        return native

    def _not_found(self, pulp: Any) -> LXSolverNotFoundError:
        return LXSolverNotFoundError(
            f"PuLP cannot run a solver named {self.solver!r} here. "
            f"It can run {listed(pulp.listSolvers(onlyAvailable=True))}. "
            f'Name one of them in use_solver("pulp", solver=...), or install the one that you want.'
        )


class _Run:
    """One problem, solved by PuLP."""

    def __init__(self, native: Any, reach: Reach, problem: LXProblem, options: SolverOptions) -> None:
        self._native = native
        self._reach = reach
        self._problem = problem
        self._options = options
        self._sign = -1.0 if problem.maximize else 1.0
        self._rows = one_sided(problem)
        self._model, self._variables, self._constraints = _in_pulp(problem, self._rows, self._sign)
        self._interrupted = False

    def solve(self) -> RawResult:
        """Run PuLP's solver, and read the answer."""
        self._model.setSolver(self._native)
        self._options.call_native(self._model, self._problem)
        started = time.monotonic()
        if not self._ended():
            return RawResult(status=LXStatus.NO_SOLUTION, raw_status="Interrupted", limit=LXLimit.INTERRUPT)
        return self._answer(self._limit(time.monotonic() - started))

    def _ended(self) -> bool:
        try:
            return run_until_done(self._model.solve, self._stop)
        except Exception:
            if self._interrupted:  # and PuLP does not expect that
                return False
            raise

    def _stop(self) -> None:
        self._interrupted = True
        self._reach.stop(self._model.solverModel)

    def _limit(self, seconds: float) -> LXLimit:
        """Guess which limit ended the run, if one did: PuLP does not report it."""
        if self._interrupted:
            return LXLimit.INTERRUPT
        limit = self._options.time_limit
        return LXLimit.TIME if limit is not None and seconds > 0.9 * limit else LXLimit.OTHER

    def _answer(self, limit: LXLimit) -> RawResult:
        status = STATUSES.get(self._model.status, LXStatus.ERROR)
        if status is LXStatus.OPTIMAL and self._model.sol_status != SOLVED:
            return self._stopped(limit)
        if status is LXStatus.OPTIMAL:
            return self._optimal()
        if status is LXStatus.NO_SOLUTION and limit is LXLimit.OTHER:
            status = LXStatus.ERROR
        status = _certain(status, self._problem)
        return RawResult(
            status=status, raw_status=self._word(), limit=limit if status is LXStatus.NO_SOLUTION else None
        )

    def _optimal(self) -> RawResult:
        x = self._values(self._variables, "varValue")
        optimum = RawResult(
            status=LXStatus.OPTIMAL, raw_status=self._word(), x=x, objective=self._problem.objective_at(x)
        )
        if self._problem.is_mip:
            return optimum
        optimum = replace(optimum, best_bound=optimum.objective)
        if LXFeature.DUALS not in self._reach.features:
            return optimum
        duals = self._rows.merged(self._values(self._constraints, "pi"), self._problem.num_constraints)
        reduced_costs = self._values(self._variables, "dj")
        return replace(optimum, duals=self._sign * duals + 0.0, reduced_costs=self._sign * reduced_costs + 0.0)

    def _stopped(self, limit: LXLimit) -> RawResult:
        """Answer for a run that a limit ended; PuLP's point is kept only if it solves the problem."""
        x = self._values(self._variables, "varValue")
        incumbent = RawResult(
            status=LXStatus.FEASIBLE,
            raw_status=self._word(),
            limit=limit,
            x=x,
            objective=self._problem.objective_at(x),
        )
        try:
            return Verifier("pulp", self._problem, self._options).checked(incumbent)
        except LXVerificationError:
            return replace(incumbent, status=LXStatus.NO_SOLUTION, x=None, objective=None)

    def _word(self) -> str:
        import pulp

        return str(pulp.LpSolution.get(self._model.sol_status, self._model.sol_status))

    @staticmethod
    def _values(elements: list[Any], attribute: str) -> FloatArray:
        values = (getattr(element, attribute) for element in elements)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _in_pulp(problem: LXProblem, rows: OneSidedRows, sign: float) -> tuple[Any, list[Any], list[Any]]:
    """Return PuLP's model, and its variables and constraints in order; the objective's constant is left out."""
    import pulp

    model = pulp.LpProblem("lumix", pulp.LpMinimize)
    category = {True: pulp.LpInteger, False: pulp.LpContinuous}
    bounds = zip(*map(_finite, integer_bounds(problem)), problem.integer.tolist(), strict=True)
    new_variable = getattr(model, "add_variable", pulp.LpVariable)  # before 3.3 there is the class alone
    variables = [
        new_variable(f"x{j}", lower, upper, category[integer]) for j, (lower, upper, integer) in enumerate(bounds)
    ]
    costs = (sign * problem.objective).tolist()
    # Every variable, with a cost of 0 too: PuLP forgets those that are in no expression.
    model.setObjective(pulp.LpAffineExpression(list(zip(variables, costs, strict=True))))
    constraints = list(_constraints(pulp, problem, rows, variables))
    for i, constraint in enumerate(constraints):
        model.addConstraint(constraint, f"c{i}")
    return model, variables, constraints


def _constraints(pulp: Any, problem: LXProblem, rows: OneSidedRows, variables: list[Any]) -> Iterator[Any]:
    senses = {EQUAL: pulp.LpConstraintEQ, AT_LEAST: pulp.LpConstraintGE, AT_MOST: pulp.LpConstraintLE}
    row_of, column_of, coefficients = rows.entries(problem)
    starts = np.searchsorted(row_of, np.arange(len(rows) + 1)).tolist()
    terms = [(variables[j], a) for j, a in zip(column_of.tolist(), coefficients.tolist(), strict=True)]
    for i, (sense, rhs) in enumerate(zip(rows.senses.tolist(), rows.rhs.tolist(), strict=True)):
        expression = pulp.LpAffineExpression(terms[starts[i] : starts[i + 1]])
        yield pulp.LpConstraint(expression, senses[sense], f"c{i}", rhs)


def _finite(bounds: FloatArray) -> list[float | None]:
    return [bound if np.isfinite(bound) else None for bound in bounds.tolist()]


def _certain(status: LXStatus, problem: LXProblem) -> LXStatus:
    """Return what is certain of a status: PuLP reports unbounded problems as infeasible, and vice versa."""
    if status is LXStatus.INFEASIBLE and not _is_bounded(problem):
        return LXStatus.INFEASIBLE_OR_UNBOUNDED
    if status is LXStatus.UNBOUNDED and problem.is_mip:
        return LXStatus.INFEASIBLE_OR_UNBOUNDED
    return status


def _is_bounded(problem: LXProblem) -> bool:
    """Whether the bounds of the columns alone keep the objective from improving without end."""
    improves_upwards = (problem.objective > 0) == problem.maximize
    bound = np.where(improves_upwards, problem.upper, problem.lower)
    return bool(np.isfinite(bound[problem.objective != 0]).all())
