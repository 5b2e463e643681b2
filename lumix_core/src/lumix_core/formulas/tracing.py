"""From functions to formulas: a function is called with symbolic rows, once for each path through its branches.

What a symbolic row would answer wrongly without noticing (``is``, ``try``, ``isinstance`` and the like) is read from
the bytecode of all code that a symbolic row is given to; such functions are not traced.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import CellType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from lumix_core.formulas.bytecode import has_no_calls, objection_to, warn_of_unknown_python
from lumix_core.formulas.captured_values import (
    ENTERED_MODULES,
    CapturedDict,
    CapturedList,
    CapturedModule,
    entered_builtin,
    overlooks_symbols,
)
from lumix_core.formulas.captures import brought, contents
from lumix_core.formulas.mapped_row import MappedRow
from lumix_core.formulas.nodes import Attribute, Choice, Failure, Node
from lumix_core.formulas.recorder import BRANCHES, TOO_LONG, ClassRead, Recorder, Untraceable, Unwatched, is_too_long
from lumix_core.formulas.symbolic_rows import Captured, PlainRow, Symbol, holds_symbol, lifted
from lumix_core.rows.standins import RowClass

OWN_CODE = str(FilePath(__file__).parents[1]) + os.sep
"""Where the code of this package is."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The result of tracing a function.

    Args:
        formula: what the function computes; None where it has to be called row by row.
        reason: why it has to be.
        class_reads: what it computes only where no row has its own in place of what its class has.
    """

    formula: Node | None
    reason: str = ""
    class_reads: frozenset[ClassRead] = frozenset()


def trace(
    function: Callable[..., Any],
    rows: Sequence[RowClass | None],
    row_class: Callable[[type], RowClass | None] = lambda cls: None,
    watched: bool = False,
) -> Trace:
    """Call a function with symbolic rows and return what it computes.

    Args:
        function: of one row an argument.
        rows: for each argument, what is known of the class of its rows; None for a class that no ORM maps.
        row_class: returns what is known of the class of a related row.
        watched: whether every call is looked at, even if the function's code calls nothing.
    """
    warn_of_unknown_python()
    try:
        tracer = FunctionTracer(function, rows, row_class, watched)
        formula = tracer.formula()
        return Trace(None, TOO_LONG) if is_too_long(formula) else Trace(formula, "", frozenset(tracer.class_reads))
    except Unwatched:
        return trace(function, rows, row_class, watched=True)
    except Untraceable as why:
        return Trace(None, str(why))


class FunctionTracer:
    """Calls a function with symbolic rows, along one path of its branches after the other.

    ``builtins`` is what the function finds as Python's own functions.
    """

    builtins: dict[str, Any]

    def __init__(
        self,
        function: Callable[..., Any],
        rows: Sequence[RowClass | None],
        row_class: Callable[[type], RowClass | None],
        watched: bool,
    ) -> None:
        self.rows = rows
        self.row_class = row_class
        self.paths = 0
        self.class_reads: set[ClassRead] = set()
        self.refusal: str | None = None
        self.entered: dict[int, tuple[Any, Any]] = {}
        self.watched = watched or not _calls_nothing(function)
        self.function = self._top(_function_of(function))

    def _top(self, function: Any) -> Any:
        enter = _ENTER.get(type(function))
        return self._enter(function) if enter is None else enter(self, function)

    def formula(self) -> Node:
        """Return one formula for all paths."""
        return self._explored(())

    def refuse(self, why: str) -> Untraceable:
        """Note why the function cannot be traced, where no row is at hand to note it."""
        self.refusal = self.refusal or why
        return Untraceable(why)

    def _explored(self, decisions: tuple[bool, ...]) -> Node:
        """Follow the branches, and return one formula for all paths that begin with the decisions."""
        self.paths += 1
        if self.paths > BRANCHES:
            raise Untraceable(f"it has more than {BRANCHES} paths through its branches")
        recorder = Recorder(decisions, self._enter, self.row_class, self.watched)
        result = self._run(recorder)
        node = recorder.completed(len(recorder.taken), result)
        for position in reversed(range(len(decisions), len(recorder.taken))):
            condition = recorder.taken[position][0]
            before = tuple(decision for _, decision in recorder.taken[:position])
            choice = Choice(condition, node, self._explored((*before, False)))
            node = recorder.completed(position, choice)
        return node

    def _run(self, recorder: Recorder) -> Node:
        symbols = [symbol_of(position, row, recorder) for position, row in enumerate(self.rows)]
        try:
            if self.watched:
                with Watch(recorder):
                    result = self.function(*symbols)
            else:
                result = self.function(*symbols)
            node = lifted(result, recorder)
            recorder.use(node)
        except (Untraceable, Unwatched):
            raise
        except Exception as error:  # noqa: BLE001 - the branch fails: its rows are evaluated row by row, and say so
            node = Failure(error)
        recorder.is_over = True
        self.class_reads.update(recorder.class_reads)
        refusal = recorder.refusal or self.refusal
        if refusal is not None:
            raise Untraceable(refusal)
        return node

    def _enter(self, value: Any) -> Any:
        """Return a value of the user's code in a form that symbolic rows can be used with."""
        enter = _ENTER.get(type(value))
        if enter is None:
            return entered_builtin(value) if isinstance(value, type) else value
        known = self.entered.get(id(value))
        if known is None:
            known = self.entered[id(value)] = (self._entered(enter, value), value)
        return known[0]

    def _entered(self, enter: Callable[[FunctionTracer, Any], Any], value: Any) -> Any:
        try:
            with _unwatched():
                return enter(self, value)
        except Untraceable:  # it stays as it is, and must not be given a symbol
            return value

    def _enter_function(self, function: FunctionType) -> FunctionType:
        around = _Around(self._enter, function.__globals__, self.builtins)
        twin = FunctionType(_prepared(function.__code__), around, function.__name__, None, _cells(function))
        self.entered[id(function)] = (twin, function)  # it may call itself
        for cell, mine in zip(function.__closure__ or (), twin.__closure__ or (), strict=True):
            for content in contents(cell):
                mine.cell_contents = self._enter(content)
        twin.__defaults__ = tuple(map(self._enter, function.__defaults__)) if function.__defaults__ else None
        if function.__kwdefaults__:
            twin.__kwdefaults__ = {name: self._enter(value) for name, value in function.__kwdefaults__.items()}
        return twin

    def _enter_method(self, method: MethodType) -> Any:
        function = self._enter(method.__func__)
        return MethodType(function, method.__self__) if callable(function) else method

    def _enter_partial(self, value: functools.partial[Any]) -> Any:
        named = {name: self._enter(value) for name, value in value.keywords.items()}
        return functools.partial(self._enter(value.func), *map(self._enter, value.args), **named)


class _Around(dict[str, Any]):
    """The globals of a function that is traced: read live, and entered when they are used."""

    def __init__(self, enter: Callable[[Any], Any], base: dict[str, Any], builtins: dict[str, Any]) -> None:
        super().__init__({"__builtins__": builtins, "__name__": base.get("__name__", "")})
        self._enter = enter
        self._base = base

    def __missing__(self, name: str) -> Any:
        return self._enter(self._base[name])


def _calls_nothing(function: Any) -> bool:
    """Whether no code but a function's own can be given a symbol: it calls nothing and captures nothing that acts."""
    if type(function) is not FunctionType or not has_no_calls(function.__code__):
        return False
    return not any(map(_acts, map(type, brought(function))))


@functools.lru_cache(maxsize=4096)
def _acts(cls: Any) -> bool:
    """Whether objects of a class run Python code when they are combined with a value or used in a lookup."""
    if issubclass(cls, type):
        return False
    return any(
        isinstance(element, FunctionType) and not element.__code__.co_filename.startswith(("<string>", OWN_CODE))
        for base in cls.__mro__
        for name, element in vars(base).items()
        if name in _OPERATORS
    )


_COMPUTING = "add sub mul truediv floordiv mod pow matmul lshift rshift and or xor divmod"
_ASKED = "eq ne lt le gt ge getitem contains getattr getattribute"
_OPERATORS = {f"__{name}__" for name in (*_COMPUTING.split(), *_ASKED.split())}
_OPERATORS |= {f"__r{name}__" for name in _COMPUTING.split()}


def _function_of(function: Callable[..., Any]) -> Any:
    """Return the method behind a callable object, so that it is traced like a function."""
    if type(function) in _ENTER or isinstance(function, type | operator.attrgetter | operator.itemgetter):
        return function
    call = getattr(type(function), "__call__", None)  # noqa: B004 - the class's own, as Python calls it
    return MethodType(call, function) if isinstance(call, FunctionType) else function


def symbol_of(position: int, row: RowClass | None, recorder: Recorder) -> Symbol:
    """Return the symbolic row that is an argument of a function."""
    node = Attribute(position, ())
    return PlainRow(node, recorder) if row is None else MappedRow(node, recorder, row)


def _cells(function: FunctionType) -> tuple[CellType, ...] | None:
    return tuple(CellType() for _ in function.__closure__) if function.__closure__ else None


_ENTER: dict[type, Callable[[FunctionTracer, Any], Any]] = {
    FunctionType: lambda tracer, value: tracer._enter_function(value),
    MethodType: FunctionTracer._enter_method,
    functools.partial: FunctionTracer._enter_partial,
    dict: lambda tracer, value: CapturedDict(value, tracer.refuse, tracer._enter),
    set: lambda tracer, value: Captured(value, tracer.refuse, tracer._enter),
    frozenset: lambda tracer, value: Captured(value, tracer.refuse, tracer._enter),
    list: lambda tracer, value: CapturedList(value, tracer.refuse, tracer._enter),
    tuple: lambda tracer, value: CapturedList(value, tracer.refuse, tracer._enter),
    ModuleType: lambda tracer, value: CapturedModule(value, tracer._enter) if value in ENTERED_MODULES else value,
    type(math.sqrt): lambda _, value: entered_builtin(value),
}
BUILTINS = {name: entered_builtin(value) for name, value in vars(builtins).items()}
"""Python's own functions, in a form that symbolic rows can be given to."""
FunctionTracer.builtins = BUILTINS


@functools.lru_cache(maxsize=4096)
def _prepared(code: CodeType) -> CodeType:
    """Return the code with its constant sets made so that symbols can be searched in them.

    Raises:
        Untraceable: the code holds what a symbolic row would answer wrongly.
    """
    objection = objection_to(code)
    if objection is not None:
        raise Untraceable(objection)
    constants = tuple(_prepared_constant(constant) for constant in code.co_consts)
    changed = any(prepared is not constant for prepared, constant in zip(constants, code.co_consts, strict=True))
    return code.replace(co_consts=constants) if changed else code


def _prepared_constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _prepared(value)
    return Captured(value, Untraceable) if type(value) is frozenset else value


@contextmanager
def _unwatched() -> Iterator[None]:
    """Let tracing itself call what it needs to."""
    installed: list[tuple[Any, Any]] = [(sys.getprofile(), sys.setprofile), (sys.gettrace(), sys.settrace)]
    watching = [(watch, install) for watch, install in installed if isinstance(getattr(watch, "__self__", None), Watch)]
    for _, install in watching:
        install(None)
    try:
        yield
    finally:
        for watch, install in watching:
            install(watch)


class Watch:
    """Looks at every call while a function is traced: code that is given a symbol must be code that can be traced."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        if sys.getprofile() is None:
            self._install: Callable[[Any], None] = sys.setprofile
        elif sys.gettrace() is None:  # a profiler that runs could not be put back, so it is left in place
            self._install = sys.settrace
        else:
            raise Untraceable("both a profiler and a debugger run, so that nothing can watch it")
        self._install(self._seen)

    def __exit__(self, *_: object) -> None:
        self._install(None)

    def _seen(self, frame: FrameType, event: str, function: Any) -> None:
        code = frame.f_code
        if event not in ("call", "c_call") or code.co_filename.startswith(OWN_CODE):
            return
        if event == "call" and any(type(constant) is Captured for constant in code.co_consts):
            return  # prepared for symbols already
        if event == "call":
            objection = objection_to(code)
        else:
            objection = f"it calls {function.__name__}()" if overlooks_symbols(function) else None
        if objection is not None and _holds_symbol(frame):
            raise self._recorder.refuse(objection)


def _holds_symbol(frame: FrameType) -> bool:
    return any(map(holds_symbol, frame.f_locals.values()))
