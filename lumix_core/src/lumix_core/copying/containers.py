"""How containers, arrays and objects of any class are copied.

Each function takes the copier and what to copy. It returns the copy, or requests the copies of parts first. An object
that can hold itself is remembered before its parts are requested.
"""

from __future__ import annotations

import copyreg
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lumix_core.copying.protocol import ATOMIC, ActiveCopier, Copying, Request
from lumix_core.copying.reachable import bound_parts
from lumix_core.errors import LXCopyError
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.standins import new_standin, row_class_of


def copy_dict(copier: ActiveCopier, value: dict[Any, Any]) -> Copying:
    """Copy a dict, in order."""
    twin: dict[Any, Any] = copier.remember(value, {})
    pairs: list[tuple[Any, Any]] = []
    for key, item in value.items():
        label = "" if type(item) in ATOMIC else f"the item {key!r:.40} of a dict"
        pairs.append(((yield Request(key, "a key of a dict")), (yield Request(item, label))))
    copier.hashed(lambda: twin.update(pairs))
    return twin


def copy_list(copier: ActiveCopier, value: list[Any]) -> Copying:
    """Copy a list."""
    twin: list[Any] = copier.remember(value, [])
    for item in value:
        twin.append(item if type(item) in ATOMIC else (yield Request(item)))
    return twin


def copy_set(copier: ActiveCopier, value: set[Any]) -> Copying:
    """Copy a set."""
    twin: set[Any] = copier.remember(value, set())
    items = []
    for item in value:
        items.append((yield Request(item)))
    copier.hashed(lambda: twin.update(items))
    return twin


def copy_tuple(copier: ActiveCopier, value: tuple[Any, ...]) -> Copying:
    """Copy a tuple; one that holds nothing to copy is shared."""
    items = []
    for item in value:
        items.append((yield Request(item)))
    if all(item is other for item, other in zip(items, value, strict=True)):
        return copier.remember(value, value)
    return copier.remembered_or(value, lambda: tuple(items))


def copy_frozenset(copier: ActiveCopier, value: frozenset[Any]) -> Copying:
    """Copy a frozenset."""
    items = yield Request(tuple(value))
    return copier.remembered_or(value, lambda: copier.hashed(lambda: frozenset(items)))


def copy_array(copier: ActiveCopier, value: NDArray[Any]) -> Any:
    """Copy an array; a read-only one is shared."""
    if value.dtype == object:
        return _copy_items(copier, value)
    return copier.remember(value, value.copy() if value.flags.writeable or value.dtype.hasobject else value)


def _copy_items(copier: ActiveCopier, value: NDArray[Any]) -> Copying:
    twin = copier.remember(value, np.empty_like(value))
    for position, item in enumerate(value.flat):
        copied = yield Request(item)
        twin[np.unravel_index(position, twin.shape)] = copied
    return twin


def copy_standin(copier: ActiveCopier, row: Any) -> Any:
    """Copy a row that is detached already."""
    shell = copier.remember(row, new_standin(type(row)))
    copier.standins.append(shell)
    shell.__dict__.update(row.__dict__)
    return shell if ATOMIC.issuperset(map(type, row.__dict__.values())) else _parts_of_standin(row, shell)


def _parts_of_standin(row: Any, shell: Any) -> Copying:
    for name, value in row.__dict__.items():
        if type(value) not in ATOMIC:
            shell.__dict__[name] = yield Request(value, f"the attribute {name!r} of {type(row).__name__}")
    return shell


def copy_by_own_method(copier: ActiveCopier, value: Any) -> Copying:
    """Copy an object by the method of its class; the copies of rows are in the memo before that looks for them."""
    name = type(value).__name__
    for part in bound_parts(value):
        yield Request(part, f"a {name}")
    copied = value.__deepcopy__(copier.memo)
    for part in bound_parts(copied):
        if row_class_of(type(part)) is None:
            raise LXCopyError(copier.unsafe(part, f"the method __deepcopy__ of {name} leaves it in the copy"))
    return copier.remember(value, copied)


def copy_plain(copier: ActiveCopier, value: Any, copying: Copying) -> Copying:
    """Take the copy of what an adapter gave in place of a value of its ORM for the copy of that."""
    copied = yield from copying
    return copier.remember(value, copied)


def copy_by_parts(copier: ActiveCopier, value: Any) -> Copying:
    """Copy an object as pickling takes it apart and puts it together."""
    taken_apart = _taken_apart(copier, value)
    if isinstance(taken_apart, str):
        return value
    make, arguments, *rest = taken_apart
    state, items, pairs = (*rest, None, None, None)[:3]
    is_own = isinstance(value, Copyable) or type(value).__module__.startswith("lumix_core.")
    if make is copyreg.__newobj__ and all(isinstance(cls, type) for cls in arguments):  # type: ignore[attr-defined]
        twin = copier.remember(value, make(*arguments))
        if state is not None and not (items or pairs or len(arguments) > 1 or is_own):
            copier.plain.append(twin)
    else:
        parts = yield Request(tuple(arguments), f"an argument of {type(value).__name__}")
        twin = copier.remembered_or(value, lambda: make(*parts))
    if state is not None:
        yield from _restore(twin, state, type(value).__name__)
    for item in items or ():
        twin.append((yield Request(item)))
    for key, item in pairs or ():
        copied = yield Request(key)
        twin[copied] = yield Request(item)
    return twin


def _taken_apart(copier: ActiveCopier, value: Any) -> Any:
    reducer = copyreg.dispatch_table.get(type(value))
    try:
        if reducer is not None:
            return reducer(value)
        return object.__reduce_ex__(value, 4) if isinstance(value, Copyable) else value.__reduce_ex__(4)
    except TypeError as error:
        raise LXCopyError(copier.unsafe(value, str(error))) from error


def _restore(twin: Any, state: Any, name: str) -> Generator[Request, Any, None]:
    if hasattr(type(twin), "__setstate__"):
        twin.__setstate__((yield Request(state, f"the state of a {name}")))
        return
    own = type(twin).__module__.startswith(("lumix_core.", "lumix."))  # no user has heard of their attributes
    for parts, slots in zip(_attributes_and_slots(state), (False, True), strict=True):
        for key, part in parts.items():
            copied = yield Request(part, "" if own else f"the attribute {key!r} of {name}")
            _put(twin, key, copied, slots)


def restore_state(twin: Any, state: Any) -> None:
    """Give an object the state that pickling took from another one."""
    if hasattr(type(twin), "__setstate__"):
        twin.__setstate__(state)
        return
    for parts, slots in zip(_attributes_and_slots(state), (False, True), strict=True):
        for key, part in parts.items():
            _put(twin, key, part, slots)


def _attributes_and_slots(state: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    return attributes or {}, slots or {}


def _put(twin: Any, name: str, part: Any, slots: bool) -> None:
    if slots:
        object.__setattr__(twin, name, part)
    else:
        twin.__dict__[name] = part
