"""From entry points to registrations: each plugin is loaded by itself, its hooks are checked, then called.

A plugin that fails, or breaks the rules of the seam, is reported as broken, and the others live. So is each solver
whose name is registered twice, since nobody can know which of them is meant.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pluggy

from lumix_core.errors import LXPluginError, did_you_mean, listed, sentence
from lumix_core.plugins import hookspecs
from lumix_core.plugins.hookspecs import SEAM

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

    from lumix_core.plugins.hookspecs import Register

Kind = Literal["row adapter", "solver", "plugin"]
State = Literal["ready", "not installed", "broken"]

GROUP = "lumix"
VARIABLE = "LUMIX_PLUGINS"
"""The environment variable that names the entry points to load, separated by commas; where unset, all are loaded."""
HOOKS: dict[str, Kind] = {"lumix_row_adapters": "row adapter", "lumix_solvers": "solver"}


@dataclass(frozen=True)
class Plugin:
    """An entry point of the group ``lumix`` and the distribution that brings it."""

    entry_point: str
    target: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.entry_point!r} of {self.distribution} {self.version}"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One thing that a plugin registered, or the plugin itself where it could not be loaded.

    Args:
        kind: "row adapter" or "solver"; "plugin" for one that could not be loaded.
        name: what users call it.
        target: where it is, as ``"package.module:Class"``.
        requires: the top-level package that it needs.
        install: what to type where that package is missing.
        plugin: who registered it.
        state: "ready" (its package is installed), "not installed" or "broken".
        reason: why it is not ready.
    """

    kind: Kind
    name: str
    target: str
    requires: str
    install: str
    plugin: Plugin
    state: State = "ready"
    reason: str = ""

    def __str__(self) -> str:
        itself = f"plugin {self.plugin}"
        words = itself if self.kind == "plugin" else f"{self.kind} {self.name!r} of {itself}"
        return sentence(words)

    def now(self) -> Registration:
        """Return the registration with the state it has at this moment; imports nothing."""
        if self.state == "broken" or is_installed(self.requires):
            return self
        return replace(self, state="not installed", reason=f"package {self.requires!r} is missing")

    def broken(self, error: BaseException) -> Registration:
        """Return the registration of something that failed with ``error``."""
        return replace(self, state="broken", reason=in_one_line(error))


def load_plugins() -> tuple[list[Registration], LXPluginError | None]:
    """Load every plugin that LUMIX_PLUGINS allows.

    Returns:
        what they register, and what is wrong with LUMIX_PLUGINS.
    """
    found, unreadable = _entry_points()
    entries = sorted(found, key=lambda entry: (entry.name, entry.value))
    names = allowed()
    chosen = [entry for entry in entries if names is None or entry.name in names]
    registered = [*unreadable, *(registration for entry in chosen for registration in _load(entry))]
    return _without_double_names(registered), _unknown(names or (), {entry.name for entry in entries})


def allowed() -> list[str] | None:
    """Return the names in LUMIX_PLUGINS, or None where it is not set and every plugin may be loaded."""
    value = os.environ.get(VARIABLE)
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


def is_installed(package: str) -> bool:
    """Whether a top-level package can be imported; an empty folder of that name does not count."""
    if sys.modules.get(package) is not None:
        return True
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None


def in_one_line(error: BaseException) -> str:
    """Return an error as its class and its words, without a full stop; our own need no class."""
    words = " ".join(str(error).split()).removesuffix(".")
    if isinstance(error, LXPluginError):
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _entry_points() -> tuple[Iterable[EntryPoint], list[Registration]]:
    """Return the entry points of the group, and as broken the distributions whose entry points cannot be read."""
    from importlib.metadata import distributions, entry_points

    try:
        return entry_points(group=GROUP), []  # a distribution that is found twice counts once here
    except Exception:  # noqa: BLE001 - one distribution that cannot be read; which one is found out below
        found: dict[tuple[str, str], EntryPoint] = {}
        unreadable = []
    for distribution in distributions():
        try:
            found |= {(entry.name, entry.value): entry for entry in distribution.entry_points if entry.group == GROUP}
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others live
            if f"[{GROUP}]" in (distribution.read_text("entry_points.txt") or ""):
                plugin = Plugin("?", "entry_points.txt", *_name_and_version(distribution))
                itself = Registration(kind="plugin", name="?", target="", requires="", install="", plugin=plugin)
                unreadable.append(itself.broken(error))
    return found.values(), unreadable


def _name_and_version(distribution: Distribution | None) -> tuple[str, str]:
    """Return name and version; what its metadata lacks has a word in its place."""
    metadata: Any = {} if distribution is None else distribution.metadata
    return metadata.get("Name") or "an unnamed distribution", metadata.get("Version") or "?"


def _load(entry: EntryPoint) -> list[Registration]:
    """Return what one plugin registers, or the plugin itself as broken."""
    plugin = _plugin(entry)
    try:
        found = entry.load()
        # Asked first: what breaks the rules of this version may keep those of another.
        if mismatch := _other_seam(plugin, getattr(found, "lumix_seam", None)):
            return [_itself(entry, plugin).broken(LXPluginError(mismatch))]
        return _ask(plugin, found)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises, the others live
        return [_itself(entry, plugin).broken(error)]


def _itself(entry: EntryPoint, plugin: Plugin) -> Registration:
    return Registration(kind="plugin", name=entry.name, target=entry.value, requires="", install="", plugin=plugin)


def _other_seam(plugin: Plugin, stated: object) -> str | None:
    """Return why a plugin cannot be used with this version of the seams; None where it can, or states no version."""
    if stated is None:
        return None
    major = re.fullmatch(r"(\d+)\.\d+", stated) if isinstance(stated, str) else None
    if major is None:
        return (
            f"it states lumix_seam = {stated!r}, which is not a version of the seams. "
            f"Write the version that it was written for, such as lumix_seam = {SEAM!r}, in {plugin.target!r}"
        )
    own = int(SEAM.partition(".")[0])
    if int(major[1]) == own:
        return None
    outdated = "lumix-core" if int(major[1]) > own else plugin.distribution
    return (
        f"it is written for version {stated} of the seams, and the installed lumix-core has version "
        f"{SEAM}. Run: pip install --upgrade {outdated}"
    )


def _plugin(entry: EntryPoint) -> Plugin:
    return Plugin(entry.name, entry.value, *_name_and_version(entry.dist))


def _ask(plugin: Plugin, found: Any) -> list[Registration]:
    """Check a plugin's hooks and call them."""
    # One manager a plugin: what fails or wraps hooks in one of them cannot touch another.
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    _refuse_unmarked(plugin, found, manager)
    _join(plugin, found, manager)
    registered: list[Registration] = []
    for hook, kind in HOOKS.items():
        getattr(manager.hook, hook)(register=_register_into(registered, plugin, kind))
    return registered


def _join(plugin: Plugin, found: Any, manager: pluggy.PluginManager) -> None:
    try:
        manager.register(found, plugin.entry_point)
    except pluggy.PluginValidationError as error:
        raise _wrong_hook(plugin, error) from error
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _unknown_hook(plugin, _pending(found, manager)) from error
    if not manager.get_hookcallers(found):
        raise _no_hooks(plugin)


def _pending(found: Any, manager: pluggy.PluginManager) -> str:
    """Return the name of the hook that `check_pending` stumbled over."""
    unknown = (hook for hook in manager.get_hookcallers(found) or () if not hook.has_spec())
    return next(hook.name for hook in unknown if not all(one.optionalhook for one in hook.get_hookimpls()))


def _register_into(registered: list[Registration], plugin: Plugin, kind: Kind) -> Register:
    def register(name: str, target: str, *, requires: str, install: str) -> None:
        one = Registration(kind=kind, name=name, target=target, requires=requires, install=install, plugin=plugin)
        _refuse_malformed(one)
        registered.append(one)

    return register


def _unknown(names: Iterable[str], known: Iterable[str]) -> LXPluginError | None:
    unknown = [name for name in names if name not in known]
    if not unknown:
        return None
    return LXPluginError(
        f"{VARIABLE} names {listed(unknown)}, but no installed distribution brings such a plugin. "
        f"The plugins installed here are {listed(sorted(known))}. "
        f"Correct {VARIABLE}, or unset it to load them all."
    )


def _without_double_names(registered: Sequence[Registration]) -> list[Registration]:
    """Return registrations in which those are broken whose name does not identify them.

    A solver is chosen by its name. An adapter is found by its classes: the first one stays, since rows that no adapter
    knows would be copied with their sessions.
    """
    groups: dict[tuple[Kind, str], list[Registration]] = {}
    for registration in registered:
        groups.setdefault((registration.kind, registration.name), []).append(registration)
    checked = []
    for registration in registered:
        same = groups[registration.kind, registration.name]
        is_kept = registration.kind == "row adapter" and registration is same[0]
        is_double = registration.kind != "plugin" and len(same) > 1 and not is_kept
        checked.append(replace(registration, state="broken", reason=_double(same)) if is_double else registration)
    return checked


def _double(same: Sequence[Registration]) -> str:
    plugins = " and ".join(f"plugin {registration.plugin}" for registration in same)
    return (
        f"its name {same[0].name!r} is registered by {plugins}, so that nobody can know which of them is meant; "
        f"uninstall all but one, or set {VARIABLE} to the plugins that should be loaded"
    )


def _refuse_unmarked(plugin: Plugin, found: Any, manager: pluggy.PluginManager) -> None:
    for hook in HOOKS:
        is_function = inspect.isroutine(inspect.getattr_static(found, hook, None))
        if is_function and manager.parse_hookimpl_opts(found, hook) is None:
            raise LXPluginError(
                f"it has a function {hook}() that is not marked as a hook, "
                f"so LumiX would never call it. Mark it with @hookimpl from lumix_core.plugins."
            )


def _refuse_malformed(one: Registration) -> None:
    """Refuse a registration whose words cannot mean anything."""
    module, _, path = one.target.partition(":")
    rules = {
        "name": (bool(one.name), "a name, such as 'highs'"),
        "target": (_is_dotted(module) and _is_dotted(path), "where it is, as 'package.module:Class'"),
        "requires": (one.requires.isidentifier(), "a top-level package, such as 'highspy'"),
        "install": (bool(one.install), "what to type, such as 'pip install highspy'"),
    }
    for word, (holds, expected) in rules.items():
        if not holds:
            raise LXPluginError(
                f"it registers the {one.kind} {one.name!r} with "
                f"{word}={getattr(one, word)!r}, which LumiX cannot use. "
                f"Give {expected}, in the call of register() in {one.plugin.target!r}."
            )


def _is_dotted(path: str) -> bool:
    return all(part.isidentifier() for part in path.split("."))


def _wrong_hook(plugin: Plugin, error: pluggy.PluginValidationError) -> LXPluginError:
    problem = "; ".join(str(error).splitlines()[1:])
    return LXPluginError(
        f"it has a hook that LumiX cannot call: {problem}. "
        f"LumiX gives a hook one argument, by the name register. "
        f"Write it with that one, as in: def lumix_solvers(register)"
    )


def _unknown_hook(plugin: Plugin, name: str) -> LXPluginError:
    advice = did_you_mean(name, HOOKS).strip() or "Rename it to the one that is meant."
    return LXPluginError(
        f"it has the hook {name!r}, which does not exist, so LumiX would never call it. "
        f"The hooks are {listed(HOOKS)}. {advice}"
    )


def _no_hooks(plugin: Plugin) -> LXPluginError:
    return LXPluginError(
        f"it has no hooks: nothing in {plugin.target!r} is marked with @hookimpl, so it "
        f"brings nothing. Write one of the hooks {listed(HOOKS)} there, or correct the entry point to name "
        f"the module that has them."
    )
