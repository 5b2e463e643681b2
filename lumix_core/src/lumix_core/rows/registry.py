"""The row adapters of this process: those of plugins, whose ORM is imported, and those that users gave."""

from __future__ import annotations

import sys
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from lumix_core.errors import LXPluginError, listed
from lumix_core.plugins import registry as plugins
from lumix_core.plugins.entry_points import Registration, in_one_line
from lumix_core.plugins.registry import REGISTRY, Registry, imported, refuse_incomplete
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.features import lacking


class RowAdapters:
    """The adapters of a registry, each made once, when its ORM is there.

    Args:
        registry: the registrations.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = RLock()
        self._waiting: list[Registration] | None = None
        self._adapters: tuple[RowAdapter, ...] = ()
        self._owners: WeakKeyDictionary[type, tuple[tuple[int, int], RowAdapter | None]] = WeakKeyDictionary()

    def in_use(self) -> tuple[RowAdapter, ...]:
        """Return the adapters whose ORM is imported; see `row_adapters`."""
        registered = self._registry.registered("row adapter")
        if self._waiting is None:
            self._waiting = [registration for registration in registered if registration.state != "broken"]
        if any(registration.requires in sys.modules for registration in self._waiting):
            self._make()
        return self._adapters

    def owner_of(self, cls: type) -> RowAdapter | None:
        """Return the adapter that owns a class; see `adapter_for`."""
        adapters = self.in_use()
        # An answer holds until another ORM is imported, or the class is mapped later, which adds attributes.
        stamp = (len(adapters), len(vars(cls)))
        known = self._owners.get(cls)
        if known is not None and known[0] == stamp:
            return known[1]
        owner = next((adapter for adapter in adapters if _answer(adapter, "owns", cls, False, self._registry)), None)
        self._owners[cls] = (stamp, owner)
        return owner

    def _make(self) -> None:
        failed: list[tuple[Registration, Exception]] = []
        with self._lock:
            waiting = self._waiting or []
            for registration in [registration for registration in waiting if registration.requires in sys.modules]:
                try:
                    self._adapters = (*self._adapters, _made(registration))
                except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the others live
                    failed.append((registration, error))
                self._waiting = waiting = [other for other in waiting if other is not registration]
        # Reported last: a warning that is turned into an error must not undo the rest.
        for registration, reason in failed:
            self._registry.report(registration, reason)


def _made(registration: Registration) -> RowAdapter:
    adapter: RowAdapter = imported(registration)()
    refuse_incomplete(registration, adapter, RowAdapter, "lumix_core.rows.RowAdapter")
    if names := lacking(adapter):
        raise LXPluginError(
            f"{registration.target!r} makes an object without {listed(names)}, which its features need. Add what "
            f"lumix_core.rows.LXRowFeature describes, take the features off, or upgrade "
            f"{registration.plugin.distribution}."
        )
    return adapter


def _answer(adapter: RowAdapter, method: str, asked: object, otherwise: Any, registry: Registry = REGISTRY) -> Any:
    """Return what an adapter answers about an object that may be anyone's.

    Args:
        adapter: any of those in use.
        method: of the adapter, with one argument.
        asked: the object.
        otherwise: the answer where the method fails, which is warned of.
        registry: notes that it failed.
    """
    try:
        return getattr(adapter, method)(asked)
    except Exception as error:  # noqa: BLE001 - the object may be of another ORM, or of none
        shown = asked.__name__ if isinstance(asked, type) else f"an object of class {type(asked).__name__}"
        reason = f"{method}() failed for {shown} with {in_one_line(error)}"
        registry.report_failure(str(adapter.name), reason, was_given=any(adapter is given for given in _given()))
        return otherwise


_SHARED = RowAdapters(REGISTRY)
_GIVEN: WeakValueDictionary[int, RowAdapter] = WeakValueDictionary()
"""The adapters that users gave and nobody registered, as long as they live."""
_HELD: list[RowAdapter] = []
"""Those of them whose classes have slots, and none for weak references."""


def row_adapters() -> list[RowAdapter]:
    """Return the adapters of the ORMs that this process has imported; each is made once.

    An object cannot be mapped by a library that nobody imported, so LumiX itself never imports one. An adapter that was
    given to ``from_model(adapter=...)`` is among them as long as a model holds it, so that copies know its rows.

    Raises:
        LXPluginError: LUMIX_PLUGINS names a plugin that is not installed.
    """
    return [*registered_adapters(), *_given()]


def registered_adapters() -> list[RowAdapter]:
    """Return the adapters that plugins registered, of the ORMs that this process has imported."""
    return list(_SHARED.in_use())


def adapter_for(cls: type) -> RowAdapter | None:
    """Return the adapter that owns a class, or None; found once for each class; of those given, the last.

    Raises:
        LXPluginError: LUMIX_PLUGINS names a plugin that is not installed.
    """
    owner = _SHARED.owner_of(cls)
    if owner is None and (_GIVEN or _HELD):
        owner = next((adapter for adapter in reversed(_given()) if _answer(adapter, "owns", cls, False)), None)
    return owner


def _given() -> list[RowAdapter]:
    return [*_GIVEN.values(), *_HELD]


def add_adapter(adapter: RowAdapter) -> None:
    """Let an adapter be known that a user gave to a model, after those that are registered."""
    if all(adapter is not known for known in registered_adapters()):
        try:
            _GIVEN.pop(id(adapter), None)
            _GIVEN[id(adapter)] = adapter
        except TypeError:
            _HELD.extend(() if any(adapter is known for known in _HELD) else (adapter,))


def hindrances() -> str:
    """Tell what may have kept an adapter from being registered."""
    return plugins.hindrances(REGISTRY.registered())


def is_handle(value: object) -> bool:
    """Whether the value is a session or the like of an ORM."""
    return any(_answer(adapter, "is_handle", value, False) for adapter in row_adapters())


def plain(adapter: RowAdapter, value: object) -> Any:
    """Return what a copy holds in place of a value; see `RowAdapter.plain`."""
    return _answer(adapter, "plain", value, NotImplemented)
