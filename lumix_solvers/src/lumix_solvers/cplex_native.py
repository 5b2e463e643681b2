"""Environments of CPLEX: silent, with the options of one run; and CPLEX's errors in our words."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from numbers import Integral, Real
from typing import Any

from lumix_core.errors import LXOptionError
from lumix_core.problem import LXProblem
from lumix_core.solver import SolverOptions, bad_native_option, unknown_native_option
from lumix_solvers.watch import too_large

OPTIONS = {
    "time_limit": "timelimit",
    "mip_rel_gap": "mip.tolerances.mipgap",
    "mip_abs_gap": "mip.tolerances.absmipgap",
    "threads": "threads",
    "seed": "randomseed",
}
"""The common options, and what CPLEX calls them."""

LARGEST_SEED = 2_100_000_000

ALWAYS = {"mip.tolerances.integrality": 1e-7}
"""Whole numbers may be 1e-6 away from one."""

CAREFUL = {
    "preprocessing.presolve": 0,
    "mip.tolerances.integrality": 1e-9,
    "simplex.tolerances.feasibility": 1e-9,
    "simplex.tolerances.optimality": 1e-9,
}
"""For runs without presolve."""

VALUES: Mapping[type, tuple[type, Callable[[Any], Any], str]] = {
    int: (Integral, int, "a whole number"),
    float: (Real, float, "a number"),
    str: (str, str, "a text"),
}
"""For each type of CPLEX's parameters: what is accepted, what is passed on, and what to call it."""

TOO_LARGE = 1016
"""CPLEX's number of an error."""
NO_SIGNALS = "CPLEX_PY_DISABLE_SIGHANDLER"


@cache
def imported() -> Any:
    """Return the module cplex.

    It takes Ctrl-C for itself while it solves, and gives it back in the wrong order where two threads solve at once,
    unless it is asked not to before it is imported.
    """
    before = os.environ.get(NO_SIGNALS)
    os.environ[NO_SIGNALS] = "1"
    try:
        import cplex  # native, so imported on use only
    finally:
        if before is None:
            del os.environ[NO_SIGNALS]
        else:
            os.environ[NO_SIGNALS] = before
    return cplex


def configured(options: SolverOptions) -> Any:
    """Return an instance that writes nothing, with the options, the native ones last.

    Raises:
        LXOptionError: CPLEX has no such parameter, or refuses its value.
    """
    native = imported().Cplex()
    try:
        send_output(native, None)
        parameters = parameters_of(native)
        for name, value in (ALWAYS if options.presolve else ALWAYS | CAREFUL).items():
            parameters[name].set(value)
        _set_common(parameters, options)
        for name, value in options.options.items():
            _set_native(parameters, name, value)
    except BaseException:
        native.end()
        raise
    return native


def send_output(native: Any, stream: Any) -> None:
    """Send all that an instance writes to a stream, or nowhere."""
    for send in (
        native.set_results_stream,
        native.set_log_stream,
        native.set_warning_stream,
        native.set_error_stream,
    ):
        send(stream)


def parameters_of(native: Any) -> dict[str, Any]:
    """Return the parameters of an instance by their names, such as ``mip.tolerances.mipgap``."""
    return {repr(parameter).removeprefix("parameters."): parameter for parameter, _ in native.parameters.get_all()}


@contextmanager
def translated(problem: LXProblem) -> Iterator[None]:
    """Raise LXSolverError for errors of CPLEX's that are about its licence."""
    errors = imported().exceptions
    try:
        yield
    except errors.CplexSolverError as error:
        if error.args[-1] != TOO_LARGE:
            raise
        limits = "the edition that comes with the wheel allows 1,000 of each"
        advice = "Install a full CPLEX (its own setup.py, or docplex config --upgrade, makes the module use it)"
        raise too_large("cplex", problem, limits, advice, error.args[0].rstrip(".")) from error


def _set_common(parameters: dict[str, Any], options: SolverOptions) -> None:
    for name, native in OPTIONS.items():
        value = getattr(options, name)
        if value is None:
            continue
        try:
            parameters[native].set(value % LARGEST_SEED if name == "seed" else value)
        except (imported().exceptions.CplexError, TypeError, ValueError, OverflowError) as error:
            raise LXOptionError(
                f"Solver 'cplex' refuses {name}={value!r}: {_reason(error)}. Give a value that it allows."
            ) from error


def _set_native(parameters: dict[str, Any], name: str, value: object) -> None:
    if name not in parameters:
        raise unknown_native_option("cplex", name, list(parameters))
    accepted, passed_on, word = VALUES[parameters[name].type()]
    if not isinstance(value, accepted) or isinstance(value, bool):
        raise bad_native_option("cplex", name, value, f"it takes {word}")
    try:
        parameters[name].set(passed_on(value))
    except (imported().exceptions.CplexError, TypeError, ValueError, OverflowError) as error:
        raise bad_native_option("cplex", name, value, _reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error.args[0]).rstrip(".")
