"""Plugins: found at first use, once a process; what they register is imported when someone uses it."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lumix_core.entry_points import (
    VARIABLE,
    Registration,
    allowed,
    in_one_line,
    load_plugins,
)
from lumix_core.errors import LXOptionError, LXPluginError, LXPluginWarning, LXSolverNotFoundError, did_you_mean, listed
from lumix_core.rows import RowAdapter

if TYPE_CHECKING:
    from lumix_core.solver import Solver


class Plugins:
    """The plugins of one process, each found and made once; the functions of this module share one."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._outcome: list[Registration] | LXPluginError | None = None
        self._waiting: list[Registration] = []
        self._failed: dict[Registration, Registration] = {}
        self._adapters: tuple[RowAdapter, ...] = ()
        self._owners: WeakKeyDictionary[type, tuple[tuple[int, int], RowAdapter | None]] = WeakKeyDictionary()

    def registrations(self) -> list[Registration]:
        """Return everything that plugins registered, with its state; see `registrations`."""
        return [self._failed.get(one) or one.now() for one in self._registered()]

    def row_adapters(self) -> list[RowAdapter]:
        """Return the adapters whose ORM is imported; see `row_adapters`."""
        return list(self._adapters_in_use())

    def adapter_for(self, cls: type) -> RowAdapter | None:
        """Return the adapter that owns a class; see `adapter_for`."""
        adapters = self._adapters_in_use()
        # An answer holds until another ORM is imported, or the class is mapped later, which adds attributes.
        stamp = (len(adapters), len(vars(cls)))
        known = self._owners.get(cls)
        if known is not None and known[0] == stamp:
            return known[1]
        owner = next((one for one in adapters if one.owns(cls)), None)
        self._owners[cls] = (stamp, owner)
        return owner

    def load_solver(self, name: str, arguments: Mapping[str, object]) -> Solver:
        """Make a registered solver; see `load_solver`."""
        registered = self._registered()
        one = _find_solver(name, registered)
        if one.now().state == "not installed":
            raise _missing(one, registered)
        solver = _make_solver(one, arguments, registered)
        if not solver.is_available():
            raise _unavailable(one, registered)
        return solver

    def _registered(self) -> list[Registration]:
        outcome = self._load() if self._outcome is None else self._outcome
        if isinstance(outcome, LXPluginError):
            raise LXPluginError(*outcome.args) from outcome.__cause__
        return outcome

    def _load(self) -> list[Registration] | LXPluginError:
        with self._lock:
            if self._outcome is not None:
                return self._outcome
            outcome = _load_or_error()
            loaded = [] if isinstance(outcome, LXPluginError) else outcome
            self._waiting = [one for one in loaded if one.kind == "row adapter"]
            self._outcome = outcome
        # Warned about last: a warning that is turned into an error must not undo the loading.
        _warn_of(one for one in loaded if one.state == "broken")
        return outcome

    def _adapters_in_use(self) -> tuple[RowAdapter, ...]:
        self._registered()
        if any(one.requires in sys.modules for one in self._waiting):
            self._make_adapters()
        return self._adapters

    def _make_adapters(self) -> None:
        failed = []
        with self._lock:
            for one in [one for one in self._waiting if one.requires in sys.modules]:
                try:
                    self._adapters = (*self._adapters, _make_adapter(one))
                except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the others live
                    self._failed[one] = one.broken(error)
                    failed.append(self._failed[one])
                self._waiting = [other for other in self._waiting if other is not one]
        _warn_of(failed)


def _load_or_error() -> list[Registration] | LXPluginError:
    try:
        return load_plugins()
    except LXPluginError as error:
        return error


def _warn_of(broken: Iterable[Registration]) -> None:
    for one in broken:
        warnings.warn(
            f"{one} could not be loaded: {one.reason}. LumiX goes on without what it brings. "
            f"Repair or uninstall {one.plugin.distribution}, or leave it out with {VARIABLE}.",
            LXPluginWarning,
            stacklevel=2,
        )


def _make_adapter(one: Registration) -> RowAdapter:
    adapter: RowAdapter = _import(one)()
    _refuse_incomplete(one, adapter, RowAdapter)
    return adapter


def _make_solver(one: Registration, arguments: Mapping[str, object], registered: list[Registration]) -> Solver:
    from lumix_core.solver import Solver

    try:
        make = _import(one)
    except LXPluginError:
        raise
    except Exception as error:
        raise _unloadable(one, error, registered) from error
    _check_arguments(one, make, arguments)
    try:
        solver: Solver = make(**arguments)
    except ImportError as error:
        raise _unloadable(one, error, registered) from error
    _refuse_incomplete(one, solver, Solver)
    return solver


def _import(one: Registration) -> Callable[..., Any]:
    """Import what a registration names.

    Raises:
        LXPluginError: there is no such module, or no such name in it.
        Exception: whatever the module raises when it is imported.
    """
    module, _, path = one.target.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise _wrong_target(one, error) from error
    try:
        made: Callable[..., Any] = attrgetter(path)(found)
    except AttributeError as error:
        raise _wrong_target(one, error) from error
    return made


def _wrong_target(one: Registration, error: Exception) -> LXPluginError:
    return LXPluginError(
        f"There is no {one.target!r}, where the {one.kind} {one.name!r} is said to be: {error}. "
        f"Correct what {one.plugin.target!r} registers, or reinstall {one.plugin.distribution}."
    )


def _refuse_incomplete(one: Registration, made: object, seam: type) -> None:
    lacking = [name for name in vars(seam) if not name.startswith("_") and not hasattr(made, name)]
    if lacking:
        raise LXPluginError(
            f"{one.target!r} makes an object without {listed(lacking)}, which every {one.kind} needs. "
            f"Add what {seam.__module__}.{seam.__name__} describes, or upgrade {one.plugin.distribution}."
        )


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
    from lumix_core.solver import SolverOptions

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
        advice = _hindrances(registered) or 'Run: pip install "lumix[highs]"'
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
    beats = [
        f"Ready to use{' instead' if besides else ''}: {listed(ready)}.",
        f"Not installed: {', '.join(missing)}." if missing else "",
        _hindrances(registered),
    ]
    return " ".join(filter(None, beats))


def _hindrances(registered: list[Registration]) -> str:
    """Tell what may have kept a solver from being registered."""
    beats = [f"{one} could not be loaded: {one.reason}." for one in registered if one.kind == "plugin"]
    if VARIABLE in os.environ:
        names = listed(allowed() or [], empty="no plugin")
        beats.append(f"The environment variable {VARIABLE} allows {names}: unset it to load every plugin.")
    return " ".join(beats)


_SHARED = Plugins()


def row_adapters() -> list[RowAdapter]:
    """Return the adapters of the ORMs that this process has imported; each is made once.

    An object cannot be mapped by a library that nobody imported, so LumiX itself never imports one.

    Raises:
        LXPluginError: a plugin breaks the rules of the seam.
    """
    return _SHARED.row_adapters()


def adapter_for(cls: type) -> RowAdapter | None:
    """Return the adapter that owns a class, or None; the adapters are asked once for each class.

    Raises:
        LXPluginError: a plugin breaks the rules of the seam.
    """
    return _SHARED.adapter_for(cls)


def load_solver(name: str, arguments: Mapping[str, object]) -> Solver:
    """Make the solver that is registered under a name.

    Args:
        name: as in ``use_solver(name)``.
        arguments: keyword arguments of the solver's class.

    Raises:
        LXSolverNotFoundError: it is not registered, not installed, cannot be imported, or cannot run here.
        LXOptionError: its class does not take one of the arguments, or needs one more.
        LXPluginError: a plugin breaks the rules of the seam.
    """
    return _SHARED.load_solver(name, arguments)


def registrations() -> list[Registration]:
    """Return every row adapter and solver that plugins registered, with its state, and every broken plugin.

    Imports the plugins, but nothing that they register.

    Raises:
        LXPluginError: a plugin breaks the rules of the seam.
    """
    return _SHARED.registrations()
