"""Environments of Gurobi: silent, with the options of one run; and Gurobi's errors in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

from lumix_core.errors import LXOptionError
from lumix_core.problem import LXProblem
from lumix_core.solver import SolverOptions, bad_native_option, unknown_native_option
from lumix_solvers.watch import no_licence, too_large

OPTIONS = {
    "time_limit": "TimeLimit",
    "mip_rel_gap": "MIPGap",
    "mip_abs_gap": "MIPGapAbs",
    "threads": "Threads",
    "seed": "Seed",
}
"""The common options, and what Gurobi calls them."""

ALWAYS = {"MIPGap": 0.0, "IntFeasTol": 1e-7}
"""Products that are not convex have a gap too; whole numbers may be 1e-6 away from one."""

CAREFUL = {"Presolve": 0, "FeasibilityTol": 1e-9, "OptimalityTol": 1e-9, "IntFeasTol": 1e-9}
"""For runs without presolve."""

VALUES: Mapping[type, tuple[type, Callable[[Any], Any], str]] = {
    int: (Integral, int, "a whole number"),
    float: (Real, float, "a number"),
    str: (str, str, "a text"),
}
"""For each type of Gurobi's parameters: what is accepted, what is passed on, and what to call it."""

NO_LICENCE, TOO_LARGE = 10009, 10010
"""Gurobi's numbers of errors."""


def configured_env(options: SolverOptions) -> Any:
    """Return an environment that is not started: it has the options, the native ones last, and no licence yet.

    Raises:
        LXOptionError: Gurobi has no such parameter, or refuses its value.
    """
    import gurobipy  # native, so imported on use only

    env = gurobipy.Env(empty=True)
    try:
        _set_quiet(env, options)
        for name, value in (ALWAYS if options.presolve else ALWAYS | CAREFUL).items():
            env.setParam(name, value)
        _set_common(gurobipy, env, options)
        for name, value in options.options.items():
            _set_native(gurobipy, env, name, value)
    except BaseException:
        env.dispose()
        raise
    return env


@contextmanager
def translated(problem: LXProblem) -> Iterator[None]:
    """Raise LXSolverError for errors of Gurobi's that are about its licence."""
    import gurobipy

    try:
        yield
    except gurobipy.GurobiError as error:
        advice = "Install a full licence (Gurobi looks for gurobi.lic, and in GRB_LICENSE_FILE)"
        if error.errno == TOO_LARGE:
            limits = (
                "the licence that comes with gurobipy allows 2,000 of each, a variable more for each constraint with "
                "two bounds, and 200 variables where there are products"
            )
            raise too_large("gurobi", problem, limits, advice, error) from error
        if error.errno == NO_LICENCE:
            raise no_licence("gurobi", advice, error) from error
        raise


def _set_quiet(env: Any, options: SolverOptions) -> None:
    """Keep everything from the console, the lines about the licence included; the log comes by a callback."""
    writes_file = any(name.lower() == "logfile" for name in options.options)
    env.setParam("LogToConsole", 0)
    env.setParam("OutputFlag", int(options.log is not False or writes_file))


def _set_common(gurobipy: Any, env: Any, options: SolverOptions) -> None:
    for name, native in OPTIONS.items():
        value = getattr(options, name)
        if value is None:
            continue
        try:
            env.setParam(native, value)
        except (gurobipy.GurobiError, OverflowError) as error:
            raise LXOptionError(
                f"Solver 'gurobi' refuses {name}={value!r}: {error}. Give a value that it allows."
            ) from error


def _set_native(gurobipy: Any, env: Any, name: str, value: object) -> None:
    known = {parameter.lower(): parameter for parameter in dir(gurobipy.GRB.Param) if not parameter.startswith("_")}
    if name.lower() not in known:  # Gurobi itself takes wildcards too
        raise unknown_native_option("gurobi", name, list(known.values()))
    accepted, passed_on, word = VALUES[type(env.getParam(known[name.lower()]))]
    if not isinstance(value, accepted) or isinstance(value, bool):
        raise bad_native_option("gurobi", name, value, f"it takes {word}")
    try:
        env.setParam(known[name.lower()], passed_on(value))
    except (gurobipy.GurobiError, OverflowError) as error:
        raise bad_native_option("gurobi", name, value, str(error)) from error
