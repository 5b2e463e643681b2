"""Whether a model is still written as it was: its parts and what was set on them, not its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel

Parts = dict[str, tuple[Any, ...]]
PLAIN = (int, float, str, bool, bytes)
"""Types of values that are compared; all others are the same if they are one object."""
CACHES = frozenset({"_found", "_named"})
"""Attributes in which a part keeps what it was asked for."""


class Definition:
    """What a model is made of at one moment.

    Args:
        model: the model.
    """

    def __init__(self, model: LXModel) -> None:
        self._parts = _parts(model)

    def changed_part(self, model: LXModel) -> str | None:
        """Name a part of the model that was added, removed or set otherwise since; None where there is none."""
        now = _parts(model)
        names = [*self._parts, *(name for name in now if name not in self._parts)]
        return next((name for name in names if not _same(self._parts.get(name), now.get(name))), None)


def _parts(model: LXModel) -> Parts:
    families = [*model.variables, *model.constraints]
    named = {f"{type(family).__name__} {family.name!r}": _flat(family, is_part=True) for family in families}
    return {**named, "the objective": (model.maximizing, _flat(model.objective, is_part=True))}


def _flat(value: Any, *, is_part: bool = False) -> Any:
    """Return a part of a model as nested tuples; a family that it uses stays one object."""
    if isinstance(value, list | tuple):
        return tuple(map(_flat, value))
    if is_part or type(value).__name__ in ("LXLinearExpression", "LXIndexDimension"):
        held = getattr(value, "__dict__", {})
        return (value, *(_flat(held[name]) for name in sorted(held) if name not in CACHES))
    return value


def _same(then: Any, now: Any) -> bool:
    if then is now:
        return True
    if isinstance(then, tuple) and isinstance(now, tuple):
        return len(then) == len(now) and all(map(_same, then, now))
    return type(then) is type(now) and isinstance(then, PLAIN) and bool(then == now)
