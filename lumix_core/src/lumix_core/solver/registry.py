"""Solvers by name: those that plugins registered, imported on use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from lumix_core.errors import LXOptionError, LXPluginError, LXSolverNotFoundError, did_you_mean, listed
from lumix_core.plugins.entry_points import Registration, in_one_line
from lumix_core.plugins.registry import REGISTRY, Registry, hindrances, imported, refuse_incomplete
from lumix_core.solver.isolation import PROCESS_OPTIONS
from lumix_core.solver.options import COMMON, KNOWN
from lumix_core.solver.solver import Solver


def load_solver(name: str, arguments: Mapping[str, object], registry: Registry = REGISTRY) -> Solver:
    """Make the solver that is registered under a name.

    Args:
        name: as in ``use_solver(name)``.
        arguments: keyword arguments of the solver's class.
        registry: the registrations; those of this process by default.

    Raises:
        LXSolverNotFoundError: it is not registered, not installed, cannot be imported, or cannot run here.
        LXOptionError: its class does not take an argument, or needs another.
        LXPluginError: another solver has the same name, or it breaks the rules of the seam.
    """
    registered = registry.registered()
    registration = _find_solver(name, registered)
    if registration.state == "broken":
        raise LXPluginError(f"Solver {name!r} cannot be used: {registration.reason}.")
    if registration.now().state == "not installed":
        raise _missing(registration, registered)
    solver = _made(registration, arguments, registered)
    if not solver.is_available():
        raise _unavailable(registration, registered)
    return solver


def _made(registration: Registration, arguments: Mapping[str, object], registered: list[Registration]) -> Solver:
    try:
        make = imported(registration)
    except LXPluginError:
        raise
    except Exception as error:
        raise _unloadable(registration, error, registered) from error
    _check_arguments(registration, make, arguments)
    try:
        solver: Solver = make(**arguments)
    except ImportError as error:
        raise _unloadable(registration, error, registered) from error
    refuse_incomplete(registration, solver, Solver, "lumix_core.solver.Solver")
    return solver


def _check_arguments(registration: Registration, make: Callable[..., Any], arguments: Mapping[str, object]) -> None:
    """Refuse arguments that a solver's class does not take, and the lack of a needed one."""
    parameters = inspect.signature(make).parameters.values()
    named = {item.name: item for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)}
    takes_any = any(item.kind is item.VAR_KEYWORD for item in parameters)
    unknown = [] if takes_any else [name for name in arguments if name not in named]
    if unknown:
        raise _unknown_argument(registration, unknown[0], list(named))
    needed = [name for name, item in named.items() if item.default is item.empty and name not in arguments]
    if needed:
        raise LXOptionError(
            f"Solver {registration.name!r} cannot be made without {listed(needed)}, which has no default. "
            f"Write use_solver({registration.name!r}, {', '.join(f'{name}=...' for name in needed)})."
        )


def _unknown_argument(registration: Registration, name: str, own: list[str]) -> LXOptionError:
    common = [*COMMON, *PROCESS_OPTIONS]
    advice = did_you_mean(name, own + common).strip() or "Options by the solver's own names go into options={...}."
    return LXOptionError(
        f"Solver {registration.name!r} takes no argument {name!r}. Its own arguments are {listed(own)}; the options "
        f"of every solver are {KNOWN}. {advice}"
    )


def _find_solver(name: str, registered: list[Registration]) -> Registration:
    solvers = {registration.name: registration for registration in registered if registration.kind == "solver"}
    if name in solvers:
        return solvers[name]
    if not solvers:
        advice = hindrances(registered) or 'Run: pip install "lumix-modeling[highs]"'
        raise LXSolverNotFoundError(f"There is no solver {name!r} here, nor any other. {advice}")
    advice = did_you_mean(name, solvers).strip() or "Name one of these, or install the distribution that brings it."
    raise LXSolverNotFoundError(f"There is no solver {name!r} here. {_choice(registered)} {advice}")


def _missing(registration: Registration, registered: list[Registration]) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"Solver {registration.name!r} needs the package {registration.requires!r}, which is not installed. "
        f"Run: {registration.install}. {_choice(registered, besides=registration)}"
    )


def _unloadable(registration: Registration, error: Exception, registered: list[Registration]) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"Solver {registration.name!r} cannot be loaded, although the package {registration.requires!r} is installed: "
        f"{in_one_line(error)}. "
        f"Repair that package: {registration.install}. {_choice(registered, besides=registration)}"
    )


def _unavailable(registration: Registration, registered: list[Registration]) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"Solver {registration.name!r} reports that it cannot run here, although the package "
        f"{registration.requires!r} is installed. "
        f"See that its program and its licence are installed. {_choice(registered, besides=registration)}"
    )


def _choice(registered: list[Registration], besides: Registration | None = None) -> str:
    """Describe which solvers can be used here, which could be installed, and what hinders others."""
    solvers = [
        registration.now() for registration in registered if registration.kind == "solver" and registration != besides
    ]
    ready = [registration.name for registration in solvers if registration.state == "ready"]
    missing = [
        f"{registration.name!r} ({registration.install})"
        for registration in solvers
        if registration.state == "not installed"
    ]
    parts = [
        f"Ready to use{' instead' if besides else ''}: {listed(ready, limit=len(ready))}.",
        f"Not installed: {', '.join(missing)}." if missing else "",
        hindrances(registered),
    ]
    return " ".join(filter(None, parts))
