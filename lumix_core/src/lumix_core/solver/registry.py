"""Solvers by name: those that plugins registered, imported when one is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from lumix_core.errors import LXOptionError, LXPluginError, LXSolverNotFoundError, did_you_mean, listed
from lumix_core.plugins.entry_points import Registration, in_one_line
from lumix_core.plugins.registry import REGISTRY, Registry, hindrances, imported, refuse_incomplete
from lumix_core.solver.solver import Solver, SolverOptions


def load_solver(name: str, arguments: Mapping[str, object], registry: Registry = REGISTRY) -> Solver:
    """Make the solver that is registered under a name.

    Args:
        name: as in ``use_solver(name)``.
        arguments: keyword arguments of the solver's class.
        registry: the registrations; those of this process by default.

    Raises:
        LXSolverNotFoundError: it is not registered, not installed, cannot be imported, or cannot run here.
        LXOptionError: its class does not take one of the arguments, or needs one more.
        LXPluginError: another solver has the same name, or it breaks the rules of the seam.
    """
    registered = registry.registered()
    one = _find_solver(name, registered)
    if one.state == "broken":
        raise LXPluginError(f"Solver {name!r} cannot be used: {one.reason}.")
    if one.now().state == "not installed":
        raise _missing(one, registered)
    solver = _made(one, arguments, registered)
    if not solver.is_available():
        raise _unavailable(one, registered)
    return solver


def _made(one: Registration, arguments: Mapping[str, object], registered: list[Registration]) -> Solver:
    try:
        make = imported(one)
    except LXPluginError:
        raise
    except Exception as error:
        raise _unloadable(one, error, registered) from error
    _check_arguments(one, make, arguments)
    try:
        solver: Solver = make(**arguments)
    except ImportError as error:
        raise _unloadable(one, error, registered) from error
    refuse_incomplete(one, solver, Solver, "lumix_core.solver.Solver")
    return solver


def _check_arguments(one: Registration, make: Callable[..., Any], arguments: Mapping[str, object]) -> None:
    """Refuse arguments that a solver's class does not take, and the lack of one that it needs."""
    parameters = inspect.signature(make).parameters.values()
    named = {item.name: item for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)}
    takes_any = any(item.kind is item.VAR_KEYWORD for item in parameters)
    unknown = [] if takes_any else [name for name in arguments if name not in named]
    if unknown:
        raise _unknown_argument(one, unknown[0], list(named))
    needed = [name for name, item in named.items() if item.default is item.empty and name not in arguments]
    if needed:
        raise LXOptionError(
            f"Solver {one.name!r} cannot be made without {listed(needed)}, which has no default. "
            f"Write use_solver({one.name!r}, {', '.join(f'{name}=...' for name in needed)})."
        )


def _unknown_argument(one: Registration, name: str, own: list[str]) -> LXOptionError:
    common = [item.name for item in fields(SolverOptions)]
    advice = did_you_mean(name, own + common).strip() or "Options by the solver's own names go into options={...}."
    return LXOptionError(
        f"Solver {one.name!r} takes no argument {name!r}. Its own arguments are {listed(own)}; the options "
        f"of every solver are {listed(common)}. {advice}"
    )


def _find_solver(name: str, registered: list[Registration]) -> Registration:
    solvers = {one.name: one for one in registered if one.kind == "solver"}
    if name in solvers:
        return solvers[name]
    if not solvers:
        advice = hindrances(registered) or 'Run: pip install "lumix-modeling[highs]"'
        raise LXSolverNotFoundError(f"There is no solver {name!r} here, nor any other. {advice}")
    advice = did_you_mean(name, solvers).strip() or "Name one of these, or install the distribution that brings it."
    raise LXSolverNotFoundError(f"There is no solver {name!r} here. {_choice(registered)} {advice}")


def _missing(one: Registration, registered: list[Registration]) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"Solver {one.name!r} needs the package {one.requires!r}, which is not installed. "
        f"Run: {one.install}. {_choice(registered, besides=one)}"
    )


def _unloadable(one: Registration, error: Exception, registered: list[Registration]) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"Solver {one.name!r} cannot be loaded, although the package {one.requires!r} is installed: "
        f"{in_one_line(error)}. "
        f"Repair that package: {one.install}. {_choice(registered, besides=one)}"
    )


def _unavailable(one: Registration, registered: list[Registration]) -> LXSolverNotFoundError:
    return LXSolverNotFoundError(
        f"Solver {one.name!r} says that it cannot run here, although the package {one.requires!r} is "
        f"installed. See that its program and its licence are in place. {_choice(registered, besides=one)}"
    )


def _choice(registered: list[Registration], besides: Registration | None = None) -> str:
    """Tell which solvers can be used here, which could be installed, and what keeps others away."""
    solvers = [one.now() for one in registered if one.kind == "solver" and one != besides]
    ready = [one.name for one in solvers if one.state == "ready"]
    missing = [f"{one.name!r} ({one.install})" for one in solvers if one.state == "not installed"]
    parts = [
        f"Ready to use{' instead' if besides else ''}: {listed(ready)}.",
        f"Not installed: {', '.join(missing)}." if missing else "",
        hindrances(registered),
    ]
    return " ".join(filter(None, parts))
