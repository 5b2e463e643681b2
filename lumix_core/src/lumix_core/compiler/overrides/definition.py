"""Whether a model is still written as it was: its parts and what was set on them, not its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel

Parts = dict[str, tuple[Any, ...]]
PLAIN = (int, float, str, bool, bytes)
"""Types of values that are compared; all others are the same if they are one object."""


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
        return next((name for name in names if not same_parts(self._parts.get(name), now.get(name))), None)


def _parts(model: LXModel) -> Parts:
    families = [*model.variables, *model.constraints]
    named = {f"{type(family).__name__} {family.name!r}": parts_of(family) for family in families}
    return {**named, "the objective": (model.maximizing, parts_of(model.objective))}


def parts_of(part: Any) -> tuple[Any, ...]:
    """Return what was set on a part of a model, as nested tuples; a family that it uses stays one object."""
    state = part.__getstate__()  # without what the part keeps of earlier reading
    held = state if isinstance(state, dict) else {}
    return (part, *(_flat(held[name]) for name in sorted(held)))


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_flat, value))
    return parts_of(value) if type(value).__name__ in ("LXLinearExpression", "LXIndexDimension") else value


def same_parts(then: Any, now: Any) -> bool:
    """Whether nested tuples of this kind hold the same."""
    if then is now:
        return True
    if isinstance(then, tuple) and isinstance(now, tuple):
        return len(then) == len(now) and all(map(same_parts, then, now))
    return type(then) is type(now) and isinstance(then, PLAIN) and bool(then == now)
