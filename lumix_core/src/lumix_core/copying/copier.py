"""The copy protocol: independent copies that hold no session, for ``deepcopy`` and for pickling.

One walk over what an object holds, with one memo and a stack of its own, so that nothing is too deep for it. Rows of an
ORM become stand-ins, loaded in batches; functions are rebuilt with copies of what they capture; sessions and the like
are refused by name.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar

import numpy as np

from lumix_core.copying import containers as objects
from lumix_core.copying.functions import FUNCTION_HANDLERS
from lumix_core.copying.protocol import ATOMIC, Copying, Request
from lumix_core.copying.reachable import bound_parts, data_of
from lumix_core.copying.sources import DATA, SOURCE_HANDLERS, Sources, read_waiting
from lumix_core.errors import LXCopyError, LXNotLoadedError, sentence
from lumix_core.rows import gc_pause as collector
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.loading import Loaded
from lumix_core.rows.registry import adapter_for, is_handle, plain, row_adapters
from lumix_core.rows.standins import new_standin, row_class_of, standin_class

T = TypeVar("T")
Handler: TypeAlias = Callable[[Any], Any]
"""How objects of one class are copied: returns the copy, or a generator that requests the copies of parts first."""


def deep_copy(value: T, memo: dict[int, Any] | None = None) -> T:
    """Return an independent copy that holds no session.

    Args:
        value: anything: a model, a part of one, a row, a function, or a container of these.
        memo: of `copy.deepcopy`; filled and honoured, so that what is copied together stays together.

    Raises:
        LXCopyError: something cannot be copied safely; the message names it.
    """
    with collector.Paused():
        copied: T = Copier(memo).copy(value)
    return copied


class Copier:
    """One walk over everything that is copied together.

    Args:
        memo: what has been copied already, by ``id``, as in `copy.deepcopy`.
        load: whether lazy attributes of an ORM's rows are loaded first, in bulk.
        by_value: whether functions take along what they use of their module.
    """

    def __init__(self, memo: dict[int, Any] | None = None, load: bool = True, by_value: bool = False) -> None:
        self.memo: dict[int, Any] = {} if memo is None else memo
        self.load = load
        self.by_value = by_value
        self.frozen: dict[int, frozenset[str]] = {}
        self.deepest = 0
        made: _Made = self.memo.setdefault(id(_Made), _Made())
        self.standins, self.plain, self.sources, self._made = made.standins, made.plain, made.sources, made.copies
        self._kept: list[Any] = self.memo.setdefault(id(self.memo), [])
        self._waiting: dict[RowAdapter, list[tuple[Any, Any]]] = {}
        self._loaded = Loaded()
        self._handlers: dict[type, Handler | None] = dict.fromkeys(ATOMIC)
        self._stack: list[tuple[Copying, str]] = []
        self._label = ""
        self._root: Any = None

    def copy(self, value: Any) -> Any:
        """Return the copy of a value, with all that it holds filled in."""
        self._root = value
        try:
            result = self._run(value)
            self._fill_waiting()
            read_waiting(self)
        finally:
            self._loaded.release()
        return result

    def copies_of(self, rows: list[Any], adapter: RowAdapter) -> list[Any]:
        """Return the copies of rows of a source, with what is lazy in them loaded."""
        before = [row for row in rows if self.knows(row)]
        shells: list[Any] = self._run(rows)
        self._fill_waiting()
        pairs = [(row, self._made[id(row)]) for row in before]
        self._fill(adapter, [(row, shell) for row, shell in pairs if _lacks_columns(shell)], self.load)
        return shells

    def _fill_waiting(self) -> None:
        load = self.load
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            for adapter, pairs in waiting.items():
                self._fill(adapter, pairs, load)
            load = False  # what the rows lead to is copied as far as it is loaded

    @cached_property
    def data(self) -> frozenset[int]:
        """The ``id`` of every object in the data of what is copied."""
        return data_of(self._root)

    def knows(self, part: Any) -> bool:
        """Whether there is a copy of the part that this protocol made."""
        return id(part) in self._made

    def remember(self, part: Any, twin: T) -> T:
        """Note the copy of a part, before its own parts are requested if it can hold itself."""
        self.memo[id(part)] = self._made[id(part)] = twin
        self._kept.append(part)  # an id is good only as long as its object lives
        return twin

    def remembered_or(self, part: Any, make: Callable[[], T]) -> T:
        """Return the copy of a part that was made meanwhile, or make it now."""
        if id(part) not in self._made:
            return self.remember(part, make())
        known: T = self._made[id(part)]
        return known

    def hashed(self, build: Callable[[], T]) -> T:
        """Build a set, or the like, of parts; rows whose hash is made of their attributes are filled for it first."""
        try:
            return build()
        except LXNotLoadedError:
            self._preview()
            return build()

    def unsafe(self, part: Any, why: str) -> str:
        """Return the message for a part that cannot be copied: where it is, why, and what to do."""
        path = [label for label in (*(label for _, label in self._stack), self._label) if label]
        path = [label for label, after in zip(path, [*path[1:], ""], strict=True) if label != after]
        held = ": ".join([*path, f"{_article(type(part).__name__)} ({part!r:.80})"])
        advice = _ADVICE_ON_DATA if path and path[-1] == DATA else _ADVICE
        return f"{sentence(held)}. It cannot be copied: {why}. {advice}"

    def _run(self, value: Any) -> Any:
        """Copy with a stack of generators, each of which requests the copies of its parts."""
        base = len(self._stack)
        result = self._begin(Request(value))
        while len(self._stack) > base:
            try:
                request = self._stack[-1][0].send(result)
            except StopIteration as finished:
                self._stack.pop()
                result = finished.value
                continue
            result = self._begin(request)
        return result

    def _begin(self, request: Request) -> Any:
        """Return the copy of a part if it is there at once; else start on it and return None."""
        part = request.part
        cls = type(part)
        handler = self._handlers[cls] if cls in self._handlers else self._find_handler(cls, part)
        if handler is None:
            return part
        known = self._made.get(id(part), self)
        if known is not self:
            return known
        if id(part) in self.memo and not _holds_live(self.memo[id(part)]):
            return self.memo[id(part)]  # copied by others: by copy.deepcopy, or by a __deepcopy__ of its class
        self._label = request.label
        made = handler(part)
        if type(made) is not types.GeneratorType:
            return made
        self._stack.append((made, request.label or _name_of(part)))
        self.deepest = max(self.deepest, len(self._stack))
        return None

    def _find_handler(self, cls: type, part: Any) -> Handler | None:
        handler = self._handlers[cls] = self._handler_of(cls, part)
        return handler

    def _handler_of(self, cls: type, part: Any) -> Handler | None:
        if cls in _HANDLERS:
            return partial(_HANDLERS[cls], self)
        if isinstance(part, type | enum.Enum) or cls.__module__ == "typing":
            return None
        if row_class_of(cls) is not None:
            return partial(objects.copy_standin, self)
        adapter = adapter_for(cls)
        if adapter is not None:
            return self._handler_of_rows(adapter, cls)
        return self._refuse_handle if is_handle(part) else self._handler_of_others(cls, part)

    def _handler_of_others(self, cls: type, part: Any) -> Handler | None:
        for adapter in row_adapters():
            held = plain(adapter, part)
            if held is not NotImplemented:
                return None if held is part else self._handler_of_plain(adapter)
        own = hasattr(cls, "__deepcopy__") and not issubclass(cls, Copyable)
        return partial(objects.copy_by_own_method if own else objects.copy_by_parts, self)

    def _handler_of_plain(self, adapter: RowAdapter) -> Handler:
        def copy(value: Any) -> Copying:
            held = adapter.plain(value)
            handler: Callable[[Copier, Any], Any] = _HANDLERS.get(type(held), objects.copy_by_parts)
            return objects.copy_plain(self, value, handler(self, held))

        return copy

    def _handler_of_rows(self, adapter: RowAdapter, cls: type) -> Handler:
        """Return how the rows of one mapped class are copied: a shell now, its values when the batch is loaded."""
        standin = standin_class(adapter.row_class(cls))
        hash_of: Any = cls.__hash__
        own_hash = hash_of is not object.__hash__

        def row_to_shell(row: Any) -> Any:
            shell = self.remember(row, new_standin(standin))
            self.standins.append(shell)
            if own_hash:
                shell.__dict__.update(adapter.values(row))  # for sets and dicts that are made before the row is filled
            self._waiting.setdefault(adapter, []).append((row, shell))
            return shell

        return row_to_shell

    def _fill(self, adapter: RowAdapter, pairs: list[tuple[Any, Any]], load: bool) -> None:
        """Load what is lazy in a whole batch, then copy the values of every row."""
        if load:
            self._loaded.load(adapter, [row for row, _ in pairs])
        for row, shell in pairs:
            values = adapter.values(row)
            shell.__dict__.update(values)
            if not ATOMIC.issuperset(map(type, values.values())):
                for name, value in values.items():
                    if type(value) not in ATOMIC:
                        label = f"the attribute {name!r} of {type(row).__name__}"
                        shell.__dict__[name] = self._run_within(label, value)

    def _preview(self) -> None:
        """Load the rows that wait to be filled, so that they can be hashed."""
        for adapter, pairs in self._waiting.items():
            if self.load:
                self._loaded.load(adapter, [row for row, _ in pairs])
            for row, shell in pairs:
                shell.__dict__.update(adapter.values(row))

    def _run_within(self, label: str, value: Any) -> Any:
        self._stack.append((_nothing(), label))
        copied = self._run(value)
        self._stack.pop()
        return copied

    def _refuse_handle(self, handle: Any) -> Any:
        raise LXCopyError(self.unsafe(handle, "it is bound to a database, and a copy must not be"))


class _Made:
    """What the protocol has made for one memo, however many copiers were at work."""

    def __init__(self) -> None:
        self.copies: dict[int, Any] = {}
        self.standins: list[Any] = []
        self.plain: list[Any] = []
        self.sources = Sources()


def _lacks_columns(shell: Any) -> bool:
    row_class = row_class_of(type(shell))
    return row_class is not None and not row_class.columns <= shell.__dict__.keys()


def _holds_live(value: Any) -> bool:
    """Whether a copy that others made leads to rows or sessions that are still an ORM's."""
    return any(row_class_of(type(part)) is None for part in bound_parts(value))


def _name_of(part: Any) -> str:
    """Name a part of the model in messages."""
    return str(getattr(part, "owner", "")) if isinstance(part, Copyable) else ""


_ADVICE_ON_DATA = (
    "Write .from_model(query, session), or .from_model(query) where the query knows its database, or read the rows "
    "first: .from_data(list(rows))."
)
_ADVICE = (
    "Read what is needed from it before the model is built, and give the function the values instead: a dict, a list "
    "of rows, or a default argument such as lambda p, rate=rate: ..."
)


def _article(noun: str) -> str:
    return f"{'an' if noun[:1].upper() in 'AEIOU' else 'a'} {noun}"


def _nothing() -> Copying:
    """Stand on the stack for a row, to name it in messages."""
    yield from ()


_HANDLERS: dict[type, Callable[[Copier, Any], Any]] = {
    dict: objects.copy_dict,
    list: objects.copy_list,
    set: objects.copy_set,
    tuple: objects.copy_tuple,
    frozenset: objects.copy_frozenset,
    np.ndarray: objects.copy_array,
    **FUNCTION_HANDLERS,
    **SOURCE_HANDLERS,
}


def detach_orm_object(obj: T) -> T:
    """Return a plain object in place of an ORM's instance, with the relationships that are loaded.

    Anything else, a detached object and None included, is returned as it is.
    """
    if row_class_of(type(obj)) is not None or adapter_for(type(obj)) is None:
        return obj
    copied: T = Copier(load=False).copy(obj)
    return copied


def materialize_and_detach_list(items: Iterable[T] | None, memo: dict[int, Any]) -> list[T] | None:
    """Return a new list of independent copies, in which an ORM's instances are detached; None for None.

    Lazy relationships are loaded first, in bulk.
    """
    return None if items is None else deep_copy(list(items), memo)


def copy_function_detaching_closure(func: Callable[..., Any], memo: dict[int, Any]) -> Callable[..., Any]:
    """Return a function with detached copies of what it captures; the same one where it captures nothing."""
    return deep_copy(func, memo)
