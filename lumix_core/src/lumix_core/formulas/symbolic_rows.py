"""Symbolic rows: they stand for every row at once, and write down what a function does with them.

A symbol answers what it knows and raises `Untraceable` for all else; it never guesses.
"""

from __future__ import annotations

import operator
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from types import (
    BuiltinFunctionType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any, NoReturn

import numpy as np

from lumix_core.formulas.arithmetic import same_or_equal
from lumix_core.formulas.bytecode import is_condition
from lumix_core.formulas.captures import contents
from lumix_core.formulas.nodes import Apply, Attribute, Constant, Element, Lookup, Node, Tuple
from lumix_core.formulas.recorder import Getter, Method, Recorder, Untraceable


class _SymbolType(type):
    """The class of symbols: a function that compares classes must not see this one."""

    def _refuse(cls, other: object) -> bool:
        raise Untraceable("it compares the class of a value, which a column cannot answer")

    __eq__ = __ne__ = _refuse
    __hash__ = type.__hash__


class OutranksSymbols:
    """Something that does the arithmetic with symbols itself: a symbol leaves it to the other operand."""

    __slots__ = ()


def _binary(function: Callable[..., Any]) -> Callable[[Symbol, Any], Symbol]:
    def operate(self: Symbol, other: Any) -> Symbol:
        return NotImplemented if issubclass(type(other), OutranksSymbols) else applied(self, function, self, other)

    return operate


def _reflected(function: Callable[..., Any]) -> Callable[[Symbol, Any], Symbol]:
    def operate(self: Symbol, other: Any) -> Symbol:
        return NotImplemented if issubclass(type(other), OutranksSymbols) else applied(self, function, other, self)

    return operate


def _unary(function: Callable[..., Any]) -> Callable[[Symbol], Symbol]:
    return lambda self: applied(self, function, self)


def _refusal(why: str) -> Callable[..., NoReturn]:
    def refuse(self: Symbol | Captured, *_: object) -> NoReturn:
        raise self._lx_refuse(why)

    return refuse


class Symbol(metaclass=_SymbolType):
    """A value that every row has one of: an attribute, or what was computed of attributes."""

    __slots__ = ("_lx_node", "_lx_recorder")
    _lx_node: Node
    _lx_recorder: Recorder

    def __init__(self, node: Node, recorder: Recorder) -> None:
        object.__setattr__(self, "_lx_node", node)
        object.__setattr__(self, "_lx_recorder", recorder)
        recorder.note(node)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_lx_"):
            return object.__getattribute__(self, name)
        if name.startswith("__"):  # what a symbol has of its own, such as __class__, no row has
            raise self._lx_recorder.refuse(f"it reads {name}")
        return self._lx_read(name)

    def _lx_read(self, name: str) -> Any:
        return Symbol(Apply(Getter(name), (self._lx_node,)), self._lx_recorder)

    def _lx_refuse(self, why: str) -> Untraceable:
        return self._lx_recorder.refuse(why)

    def _lx_as_float(self) -> Symbol:
        return applied(self, float, self)

    def __setattr__(self, name: str, value: object) -> None:
        raise self._lx_recorder.refuse(f"it assigns to the attribute {name!r}")

    def __bool__(self) -> bool:
        node = node_of(self)
        if isinstance(node, Apply) and node.function is operator.eq and not is_condition(sys._getframe(1)):
            node.function = same_or_equal  # a tuple or a list looks for the same object first, and all() does not
        return recorder_in(self).decide(node)

    def __call__(self, *arguments: Any, **keywords: Any) -> Symbol:  # noqa: D102 - a user's call of a method
        if keywords:
            raise self._lx_recorder.refuse("it calls a method of a value with named arguments")
        owner, name = _method(self)
        return applied(self, Method(name), owner, *arguments)

    def __round__(self, digits: Any = None) -> Symbol:
        return applied(self, round, self) if digits is None else applied(self, round, self, digits)

    __add__, __radd__ = _binary(operator.add), _reflected(operator.add)
    __sub__, __rsub__ = _binary(operator.sub), _reflected(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul), _reflected(operator.mul)
    __truediv__, __rtruediv__ = _binary(operator.truediv), _reflected(operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv), _reflected(operator.floordiv)
    __mod__, __rmod__ = _binary(operator.mod), _reflected(operator.mod)
    __pow__, __rpow__ = _binary(operator.pow), _reflected(operator.pow)
    __matmul__, __rmatmul__ = _binary(operator.matmul), _reflected(operator.matmul)
    __lshift__, __rlshift__ = _binary(operator.lshift), _reflected(operator.lshift)
    __rshift__, __rrshift__ = _binary(operator.rshift), _reflected(operator.rshift)
    __and__, __rand__ = _binary(operator.and_), _reflected(operator.and_)
    __or__, __ror__ = _binary(operator.or_), _reflected(operator.or_)
    __xor__, __rxor__ = _binary(operator.xor), _reflected(operator.xor)
    __eq__ = _binary(operator.eq)  # type: ignore[assignment] # a symbol, not a bool
    __ne__ = _binary(operator.ne)  # type: ignore[assignment]
    __lt__, __le__ = _binary(operator.lt), _binary(operator.le)
    __gt__, __ge__ = _binary(operator.gt), _binary(operator.ge)
    __getitem__ = _binary(operator.getitem)
    __neg__, __pos__ = _unary(operator.neg), _unary(operator.pos)
    __abs__, __invert__ = _unary(operator.abs), _unary(operator.invert)

    __hash__ = _refusal("it looks a value of the row up in a dict or set that is not a plain one")
    __iter__ = _refusal("it goes through a collection of the row")
    __len__ = _refusal("it counts a collection of the row")
    __contains__ = _refusal("it searches a collection of the row")
    __str__ = __repr__ = __format__ = _refusal("it makes a text of a value of the row")
    __float__ = _refusal("it gives a value of the row to a function that wants a float")
    __int__ = _refusal("it gives a value of the row to a function that wants an int")
    __complex__ = _refusal("it gives a value of the row to a function that wants a number")
    __index__ = _refusal("it uses a value of the row as a position")
    __trunc__ = __floor__ = __ceil__ = _refusal("it rounds with a function that is not traced")
    __array__ = _refusal("it makes an array of a value of the row")
    __enter__ = _refusal("it opens a value of the row with 'with'")
    __setitem__ = _refusal("it assigns to an item of the row")
    __delitem__ = _refusal("it deletes an item of the row")
    __copy__ = __deepcopy__ = _refusal("it copies a row")
    __reduce_ex__ = _refusal("it pickles a row")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Symbol:
        if method != "__call__" or keywords or ufunc.nout != 1:
            raise self._lx_recorder.refuse(f"it calls numpy's {ufunc.__name__} with more than values of the row")
        if ufunc in _NOT_AS_OPERATOR and any(isinstance(value, np.generic) for value in inputs):
            raise self._lx_recorder.refuse(f"it computes {ufunc.__name__} with a number of numpy's")
        return applied(self, ufunc, *inputs)

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise self._lx_recorder.refuse(f"it calls numpy's {function.__name__}, which is no function of single values")


node_of: Callable[[Symbol], Node] = vars(Symbol)["_lx_node"].__get__
"""Returns the formula of a symbol, without `Symbol.__getattribute__`."""
recorder_in: Callable[[Symbol], Recorder] = vars(Symbol)["_lx_recorder"].__get__
"""Returns the recorder of a symbol, in the same way."""


_OF_COLLECTIONS = "it does more with a captured collection than to look things up"


class Captured:
    """A captured dict, list, tuple or set: symbols can be looked up in it, and it is never changed."""

    __slots__ = ("_lx_enter", "_lx_held", "_lx_refuse")
    _lx_held: Any
    _lx_refuse: Callable[[str], Untraceable]
    _lx_enter: Callable[[Any], Any]

    def __init__(
        self, held: Any, refuse: Callable[[str], Untraceable], enter: Callable[[Any], Any] = lambda value: value
    ) -> None:
        object.__setattr__(self, "_lx_held", held)
        object.__setattr__(self, "_lx_refuse", refuse)
        object.__setattr__(self, "_lx_enter", enter)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refusal(_OF_COLLECTIONS)
    __str__ = __repr__ = __format__ = __array__ = __copy__ = __deepcopy__ = __reduce_ex__ = _refusal(_OF_COLLECTIONS)
    __setattr__ = __setitem__ = __delitem__ = _refusal(_OF_COLLECTIONS)

    def __len__(self) -> int:
        return len(self._lx_held)

    def __iter__(self) -> Iterator[Any]:
        return map(self._lx_enter, self._lx_held)

    def __contains__(self, key: Any) -> bool:
        symbol = element_of(self._lx_held, key)
        return key in self._lx_held if symbol is None else bool(symbol)

    def __bool__(self) -> bool:
        return bool(self._lx_held)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_lx_"):
            return object.__getattribute__(self, name)
        return self._lx_read(name)

    def _lx_read(self, name: str) -> Any:
        if name not in _READING:
            raise self._lx_refuse(f"it reads .{name} of a captured {type(self._lx_held).__name__}")
        return getattr(self._lx_held, name)


_READING = ("keys", "values", "items", "index", "count", "union", "intersection", "difference", "issubset", "copy")


class PlainRow(Symbol):
    """A row of any class, or something that it leads to: attributes are read off it as they are."""

    __slots__ = ()
    _lx_node: Attribute

    def _lx_read(self, name: str) -> PlainRow:
        node, recorder = self._lx_node, recorder_in(self)
        if "." in name:
            raise recorder.refuse(f"it reads {name!r}, which is no name of one attribute")
        recorder.use(node)
        return PlainRow(Attribute(node.argument, (*node.path, name)), recorder)


_NOT_AS_OPERATOR = (np.power, np.floor_divide, np.remainder)
"""Those that may round otherwise than the operator does, which calls them for a number of numpy's on its left."""


def _method(symbol: Symbol) -> tuple[Symbol, str]:
    """Return the value whose method a symbol stands for, and the method's name."""
    node, recorder = symbol._lx_node, symbol._lx_recorder
    recorder.use(node)
    if isinstance(node, Apply) and isinstance(node.function, Getter):
        return Symbol(node.operands[0], recorder), node.function.name
    if isinstance(node, Attribute) and type(symbol) is PlainRow and node.path:
        return PlainRow(Attribute(node.argument, node.path[:-1]), recorder), node.path[-1]
    raise recorder.refuse("it calls a value of the row")


def lifted(value: Any, recorder: Recorder) -> Node:
    """Return a value of the user's code as a part of a formula."""
    if type(value) in _HOLDS_NOTHING:
        return Constant(value)
    if isinstance(value, Symbol):
        return node_of(value)
    if isinstance(value, Captured):
        value = value._lx_held
    if type(value) is tuple and any(isinstance(item, Symbol | tuple | Captured) for item in value):
        return Tuple(tuple(lifted(item, recorder) for item in value))
    if isinstance(value, np.ndarray | list | dict | set) or hasattr(type(value), "__next__") or holds_symbol(value):
        raise recorder.refuse(f"it computes with a {type(value).__name__}")
    return Constant(value)


def holds_symbol(value: Any) -> bool:
    """Whether a value is a symbol or something captured, or holds one: in a collection, a closure, an attribute."""
    waiting = deque([(value, 0)])
    for _ in range(_LOOKED_AT):
        if not waiting:
            return False
        held, depth = waiting.popleft()
        if isinstance(held, Symbol | Captured):
            return True
        if type(held) not in _HOLDS_NOTHING and depth < _DEEP:
            waiting.extend((part, depth + 1) for part in _held_by(held))
    return False


_LOOKED_AT = 1_000  # a symbol can only be in what the function has just made
_DEEP = 4


def _held_by(value: Any) -> Iterable[Any]:
    """Return what a collection, a function or an object holds."""
    for kind, held in _HOLDING:
        if issubclass(type(value), kind):
            return held(value)
    try:
        return list(object.__getattribute__(value, "__dict__").values())
    except (AttributeError, TypeError):
        return ()


_HOLDING: tuple[tuple[Any, Callable[[Any], Iterable[Any]]], ...] = (
    (type, lambda value: ()),
    (dict, lambda value: [*islice(value, _LOOKED_AT), *islice(value.values(), _LOOKED_AT)]),
    (MappingProxyType, lambda value: [*islice(value, _LOOKED_AT), *islice(value.values(), _LOOKED_AT)]),
    (tuple | list | set | frozenset | deque, lambda value: islice(value, _LOOKED_AT)),
    (FunctionType, lambda value: [content for cell in value.__closure__ or () for content in contents(cell)]),
    (partial, lambda value: [value.func, *value.args, *value.keywords.values()]),
    (MethodType, lambda value: (value.__self__,)),
    (GeneratorType, lambda value: [] if value.gi_frame is None else list(value.gi_frame.f_locals.values())),
)


_HOLDS_NOTHING = {type(None), bool, int, float, str, bytes, Decimal, date, datetime, ModuleType, BuiltinFunctionType}


def applied(symbol: Symbol, function: Callable[..., Any], *operands: Any) -> Symbol:
    """Return what a function gives for symbols and constants."""
    recorder = recorder_in(symbol)
    return Symbol(Apply(function, tuple([lifted(operand, recorder) for operand in operands])), recorder)


def recorder_of(key: Any) -> Recorder | None:
    """Return the recorder of a key that is a symbol, or holds one; None for a key of plain values."""
    parts: list[Any] = list(key) if type(key) is tuple else [key]
    return next((part._lx_recorder for part in parts if isinstance(part, Symbol)), None)


def looked_up(table: Any, key: Any, missing: Constant | None = None) -> Symbol | None:
    """Return what a table has for a symbolic key, None where the key is made of plain values."""
    recorder = recorder_of(key)
    return None if recorder is None else Symbol(Lookup(table, lifted(key, recorder), missing), recorder)


def element_of(table: Any, key: Any) -> Symbol | None:
    """Return whether a table has a symbolic key, None where the key is made of plain values."""
    recorder = recorder_of(key)
    return None if recorder is None else Symbol(Element(table, lifted(key, recorder)), recorder)
