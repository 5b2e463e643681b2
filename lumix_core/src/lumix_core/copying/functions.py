"""How functions are copied: with copies of what they capture, so that no session and no live row comes along.

Cells are copied, not only what they hold: functions that share a variable go on sharing it. Globals stay live, but for
an ORM's rows and loop variables, which are laid over them.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Generator, Iterable
from typing import Any

from lumix_core.copying.protocol import ATOMIC, ActiveCopier, Copying, Request
from lumix_core.copying.reachable import is_bound, is_importable, reached
from lumix_core.formulas.bytecode import globals_used
from lumix_core.formulas.captures import unwrapped
from lumix_core.formulas.user_function import UserFunction
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.registry import is_handle


class GlobalsOverlay(dict[str, Any]):
    """The globals of a copied function: a few names of its own, the rest read live from the module."""

    def __init__(self, base: dict[str, Any], own: dict[str, Any]) -> None:
        super().__init__(own)
        self.base = base
        for name in ("__name__", "__builtins__", "__package__", "__file__", "__path__", "__doc__"):
            if name in base:
                self.setdefault(name, base[name])

    def __missing__(self, name: str) -> Any:
        return self.base[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.base


def copy_user_function(copier: ActiveCopier, value: UserFunction) -> Copying:
    """Copy a function of the model; a loop variable that it captures is bound to what it is now."""
    value.check_captures()
    twin = copier.remember(value, UserFunction.__new__(UserFunction))
    inner = unwrapped(value.call)
    loops = (capture for capture in value.captures if isinstance(capture.holder, dict))
    copier.frozen[id(inner)] = frozenset(capture.name for capture in loops)
    call = yield Request(value.call, value.role)
    for name, part in (("call", call), ("role", value.role), ("captures", ())):
        object.__setattr__(twin, name, part)
    return twin


def copy_function(copier: ActiveCopier, value: types.FunctionType) -> Copying:
    """Copy a function with what it captures; one that captures nothing is shared."""
    own = _own_globals(copier, value)
    if not own and not any((value.__closure__, value.__defaults__, value.__kwdefaults__, value.__dict__)):
        return copier.remember(value, value)
    cells = value.__closure__ or ()
    fresh = {id(cell) for cell in cells if not copier.knows(cell)}
    shared = tuple(copier.remembered_or(cell, types.CellType) for cell in cells)
    around = _laid_over(value.__globals__) if own else value.__globals__
    twin = copier.remember(value, types.FunctionType(value.__code__, around, value.__name__, None, shared or None))
    for name in own:
        around[name] = yield Request(value.__globals__[name], f"{where_defined(value)} uses the global {name!r}")
    for name, cell, copied in zip(value.__code__.co_freevars, cells, shared, strict=True):
        if id(cell) in fresh and not _is_empty(cell):
            copied.cell_contents = yield Request(cell.cell_contents, f"{where_defined(value)} captures {name!r}")
    yield from _copy_attributes(value, twin)
    return twin


def copy_method(copier: ActiveCopier, value: types.MethodType) -> Copying:
    """Copy a bound method: the object that it is bound to is copied."""
    owner = yield Request(value.__self__, f"the object that {value.__name__}() is bound to")
    function = yield Request(value.__func__)
    return copier.remembered_or(value, lambda: types.MethodType(function, owner))


def _copy_attributes(value: types.FunctionType, twin: types.FunctionType) -> Generator[Request, Any, None]:
    defaults = []
    for name, default in _named_defaults(value):
        defaults.append((yield Request(default, f"{where_defined(value)} has the default argument {name!r}")))
    twin.__defaults__ = None if value.__defaults__ is None else tuple(defaults)
    twin.__kwdefaults__ = yield Request(value.__kwdefaults__, f"{where_defined(value)} has a keyword default")
    twin.__dict__.update((yield Request(value.__dict__, f"{where_defined(value)} has an attribute")))
    for name in ("__qualname__", "__module__", "__doc__", "__annotations__", "__type_params__"):
        if hasattr(value, name):
            setattr(twin, name, getattr(value, name))


def where_defined(function: types.FunctionType) -> str:
    """Name a function in messages: by file and line."""
    return f"the function at {function.__code__.co_filename}:{function.__code__.co_firstlineno}"


def _named_defaults(function: types.FunctionType) -> Iterable[tuple[str, Any]]:
    defaults = function.__defaults__ or ()
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return zip(names[len(names) - len(defaults) :], defaults, strict=True)


def _is_empty(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading it is the test
    except ValueError:  # not assigned yet
        return True
    return False


def _laid_over(around: dict[str, Any]) -> GlobalsOverlay:
    """Return globals of a copy's own, over a module's or over those of a function that is a copy itself."""
    return GlobalsOverlay(around.base, around) if isinstance(around, GlobalsOverlay) else GlobalsOverlay(around, {})


def _own_globals(copier: ActiveCopier, value: types.FunctionType) -> list[str]:
    """Return the globals that a function uses and that no copy may share.

    These are rows and what leads to them, sessions (which are refused), and loop variables; in a pickle, whatever a
    function takes along that cannot be imported.
    """
    frozen = copier.frozen.get(id(value), frozenset())
    taken = copier.by_value and not is_importable(value)
    return [
        name
        for name in sorted(globals_used(value.__code__))
        if name in value.__globals__ and (name in frozen or _is_own(copier, value, name, taken))
    ]


def _is_own(copier: ActiveCopier, function: types.FunctionType, name: str, taken: bool) -> bool:
    held = function.__globals__[name]
    if held is function or type(held) in ATOMIC or isinstance(held, type):
        return False
    if taken and not (isinstance(held, types.FunctionType) and is_importable(held)):
        return True
    if any(map(is_handle, reached(held, function.__globals__, depth=3))):
        return True
    parts = reached(held, function.__globals__, depth=8)  # of sessions, only those nearby: a live global may lead on
    return any(id(part) in copier.data or _is_of_model(part) for part in parts)


def _is_of_model(part: Any) -> bool:
    """Whether a part is a row, or a part of a model: a parameter that functions look up, a variable of a rule."""
    return isinstance(part, Copyable) or (is_bound(part) and not is_handle(part))


FUNCTION_HANDLERS: dict[type, Callable[[ActiveCopier, Any], Any]] = {
    types.FunctionType: copy_function,
    types.MethodType: copy_method,
    UserFunction: copy_user_function,
}
