"""What plugins registered: found at first use, once a process, and imported when someone uses it."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import attrgetter
from threading import RLock
from typing import Any

from lumix_core.errors import LXPluginError, LXPluginWarning, listed
from lumix_core.plugins.entry_points import VARIABLE, Kind, Registration, allowed, load_plugins


class Registry:
    """The registrations of one process; plugins are loaded once, when the first of them is asked for."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._outcome: tuple[list[Registration], LXPluginError | None] | None = None
        self._failed: dict[Registration, Registration] = {}
        self._reported: set[str] = set()

    def registrations(self) -> list[Registration]:
        """Return everything that plugins registered, with its state; see `registrations`."""
        return self._with_states(self.registered())

    def listing(self) -> tuple[list[Registration], LXPluginError | None]:
        """Return what `registrations` returns, and in place of raising an error that error."""
        registered, error = self._load() if self._outcome is None else self._outcome
        return self._with_states(registered), error

    def registered(self, kind: Kind | None = None) -> list[Registration]:
        """Return what plugins registered, of one kind or of all, as they registered it.

        Raises:
            LXPluginError: LUMIX_PLUGINS names a plugin that is not installed.
        """
        registered, error = self._load() if self._outcome is None else self._outcome
        if error is not None:
            raise LXPluginError(*error.args)
        return [one for one in registered if kind in (None, one.kind)]

    def _with_states(self, registered: Iterable[Registration]) -> list[Registration]:
        return [self._failed.get(one) or one.now() for one in registered]

    def report(self, one: Registration, error: BaseException) -> None:
        """Note that what was registered could not be made, and warn of it."""
        self._failed[one] = one.broken(error)
        _warn_of([self._failed[one]])

    def report_failure(self, name: str, reason: str, was_given: bool) -> None:
        """Note that a row adapter failed while it was used, and warn of it once.

        Args:
            name: of the adapter.
            reason: what it failed at.
            was_given: whether a user gave it, so that no plugin is to blame.
        """
        if name in self._reported:
            return
        self._reported.add(name)
        one = next((one for one in self.registered("row adapter") if one.name == name and not was_given), None)
        whose, cure = f"The row adapter {name!r} that was given to from_model()", "Repair it."
        if one is not None:
            self._failed[one] = replace(one, state="broken", reason=reason)
            whose = str(one)
            cure = f"Repair or uninstall {one.plugin.distribution}, or leave it out with {VARIABLE}."
        warnings.warn(
            f"{whose} does not keep to the rules: {reason}. LumiX goes on as if it knew nothing of that. {cure}",
            LXPluginWarning,
            stacklevel=2,
        )

    def _load(self) -> tuple[list[Registration], LXPluginError | None]:
        with self._lock:
            if self._outcome is not None:
                return self._outcome
            outcome = self._outcome = load_plugins()
        # Warned about last: a warning that is turned into an error must not undo the loading.
        _warn_of(one for one in outcome[0] if one.state == "broken")
        return outcome


REGISTRY = Registry()
"""The registrations of this process."""


def registrations() -> list[Registration]:
    """Return every row adapter and solver that plugins registered, with its state, and every broken plugin.

    Imports the plugins, but nothing that they register.

    Raises:
        LXPluginError: LUMIX_PLUGINS names a plugin that is not installed.
    """
    return REGISTRY.registrations()


def listing() -> tuple[list[Registration], LXPluginError | None]:
    """Return what `registrations` returns, and in place of raising an error that error."""
    return REGISTRY.listing()


def imported(one: Registration) -> Callable[..., Any]:
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


def refuse_incomplete(one: Registration, made: object, seam: type, described: str) -> None:
    """Refuse an object that lacks a name of its seam.

    Args:
        one: what was registered.
        made: the object that it makes.
        seam: the protocol.
        described: where the protocol is documented.

    Raises:
        LXPluginError: a name is lacking.
    """
    lacking = [name for name in vars(seam) if not name.startswith("_") and not hasattr(made, name)]
    if lacking:
        raise LXPluginError(
            f"{one.target!r} makes an object without {listed(lacking)}, which every {one.kind} needs. "
            f"Add what {described} describes, or upgrade {one.plugin.distribution}."
        )


def hindrances(registered: list[Registration]) -> str:
    """Tell what may have kept something from being registered."""
    parts = [f"{one} could not be loaded: {one.reason}." for one in registered if one.state == "broken"]
    if VARIABLE in os.environ:
        names = listed(allowed() or [], empty="no plugin")
        parts.append(f"The environment variable {VARIABLE} allows {names}: unset it to load every plugin.")
    return " ".join(parts)


def _warn_of(broken: Iterable[Registration]) -> None:
    for one in broken:
        reason = one.reason if one.reason.endswith("?") else f"{one.reason}."
        warnings.warn(
            f"{one} could not be loaded: {reason} LumiX goes on without what it brings. "
            f"Repair or uninstall {one.plugin.distribution}, or leave it out with {VARIABLE}.",
            LXPluginWarning,
            stacklevel=2,
        )


def _wrong_target(one: Registration, error: Exception) -> LXPluginError:
    return LXPluginError(
        f"There is no {one.target!r}, where the {one.kind} {one.name!r} is said to be: {error}. "
        f"Correct what {one.plugin.target!r} registers, or reinstall {one.plugin.distribution}."
    )
