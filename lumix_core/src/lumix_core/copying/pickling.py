"""Pickles of models: a detached copy, functions by value, and rows as columns, in one block of bytes.

A pickle is code: loading one runs what its author wrote. Load only what comes from someone you trust. Functions are
bytecode in it, which another Python would crash on: a line before the block names the Python that it is for.
"""

from __future__ import annotations

import io
import json
import pickle
import platform
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER
from types import CellType, CodeType, FunctionType
from typing import Any

import cloudpickle

from lumix_core.copying.containers import restore_state
from lumix_core.copying.copier import Copier
from lumix_core.copying.functions import where_defined
from lumix_core.copying.protocol import ATOMIC
from lumix_core.copying.reachable import attributes_of, is_importable, is_row
from lumix_core.errors import LXCopyError, sentence
from lumix_core.formulas.captures import contents
from lumix_core.rows import gc_pause as collector
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.registry import adapter_for, is_handle
from lumix_core.rows.standins import RowClass, new_standin, row_class_of, standin_class

DEEP = 100
"""How deep objects may lie within each other before they are pickled one by one, from a table."""
ADVICE = (
    "Read what is needed from it before the model is built, and let the function use the values: a dict, a list of "
    "rows, or a default argument."
)


def reduce_by_value(value: Any) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
    """Return what `pickle` needs of a part of a model: a function and the bytes it is to be called with."""
    with collector.Paused():
        return restore, (packed(value),)


def packed(value: Any) -> bytes:
    """Return a detached copy of a value as bytes.

    Raises:
        LXCopyError: something in it cannot be copied or pickled safely; the message names it.
    """
    copier = Copier(by_value=True)
    copied = copier.copy(value)
    groups = _grouped(copier.standins)
    linked = copier.plain[::-1] if copier.deepest > DEEP else []
    linked.sort(key=_has_parts)
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, [row for group in groups for row in group.rows], linked)
    try:
        _dump(pickler, groups, linked)
        pickler.dump(copied)
    except LXCopyError:
        raise
    except (TypeError, AttributeError, pickle.PicklingError, RecursionError) as error:
        raise LXCopyError(f"{pickler.position}: {error}. {ADVICE}") from error
    return _own_python() + buffer.getvalue() if pickler.has_code else buffer.getvalue()


def _own_python() -> bytes:
    """Return the line that names this Python, and its version of the bytecode."""
    name = f"{platform.python_implementation()} {platform.python_version()}"
    return json.dumps({"python": name, "bytecode": MAGIC_NUMBER.hex()}).encode() + b"\n"


def _refuse_other_python(line: bytes) -> None:
    """Refuse bytecode of another Python.

    Raises:
        LXCopyError: it is.
    """
    theirs, ours = json.loads(line), json.loads(_own_python())
    same_name = theirs["python"].partition(" ")[0] == ours["python"].partition(" ")[0]
    if not same_name or theirs["bytecode"] != ours["bytecode"]:
        raise LXCopyError(
            f"This pickle was made by {theirs['python']} and cannot be loaded by {ours['python']}: it holds functions "
            f"as bytecode, which differs from one minor version of Python to the next. Load it with the Python that "
            f"made it, or build the model here. Functions that are defined by name in a module, not as lambdas, are "
            f"pickled by that name, and load anywhere."
        )


def _dump(pickler: _Pickler, groups: list[_Group], linked: list[Any]) -> None:
    """Write what stands in the tables: the rows' plain values first, since hashes are made of them."""
    pickler.dump([(group.row_class, group.plain, group.others, len(group.rows)) for group in groups])
    pickler.dump([type(obj) for obj in linked])
    for group in groups:
        for name in group.plain:
            pickler.dump([row.__dict__[name] for row in group.rows])
    for obj in linked:
        pickler.dump(obj.__reduce_ex__(4)[2])
    for group in groups:
        for name in group.others:
            pickler.dump([row.__dict__[name] for row in group.rows])


def restore(block: bytes) -> Any:
    """Return the value that `packed` was given.

    Raises:
        LXCopyError: the block was made by another Python, or needs a module that cannot be imported.
    """
    buffer = io.BytesIO(block)
    if block.startswith(b"{"):
        _refuse_other_python(buffer.readline())
    with collector.Paused():
        return _restored(buffer)


def _restored(buffer: io.BytesIO) -> Any:
    unpickler = _Unpickler(buffer)
    groups = unpickler.load()
    linked = [cls.__new__(cls) for cls in unpickler.load()]
    tables = [[new_standin(standin_class(row_class)) for _ in range(count)] for row_class, _, _, count in groups]
    unpickler.objects = [*(row for rows in tables for row in rows), *linked]
    for rows, (_, plain, _, _) in zip(tables, groups, strict=True):
        columns = [unpickler.load() for _ in plain]
        for row, values in zip(rows, zip(*columns, strict=True), strict=bool(plain)):
            row.__dict__.update(zip(plain, values, strict=True))
    for obj in linked:
        restore_state(obj, unpickler.load())
    for rows, (_, _, others, _) in zip(tables, groups, strict=True):
        for name in others:
            for row, value in zip(rows, unpickler.load(), strict=True):
                row.__dict__[name] = value
    return unpickler.load()


class _Group:
    """Detached rows of one class that have the same attributes loaded."""

    def __init__(self, row_class: RowClass) -> None:
        self.row_class = row_class
        self.plain: tuple[str, ...] = ()
        self.others: tuple[str, ...] = ()
        self.rows: list[Any] = []

    def sort(self) -> None:
        """Tell the attributes that hold plain values in every row from the others."""
        names = tuple(self.rows[0].__dict__)
        self.plain = tuple(name for name in names if ATOMIC.issuperset({type(row.__dict__[name]) for row in self.rows}))
        self.others = tuple(name for name in names if name not in self.plain)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Pickles functions by value, and every object that stands in a table as its number there.

    Attributes:
        has_code: whether bytecode was pickled.
    """

    def __init__(self, buffer: io.BytesIO, rows: list[Any], linked: list[Any]) -> None:
        super().__init__(buffer, protocol=5)
        self._numbers = {id(obj): number for number, obj in enumerate([*rows, *linked])}
        self._linked = set(map(type, linked))
        self._function = "the model"
        self.has_code = False

    @property
    def position(self) -> str:
        """Where the pickler is, for messages."""
        return f"{sentence(self._function)} cannot be pickled"

    def persistent_id(self, value: Any) -> int | None:
        """Return the number of an object that stands in a table, None for anything else."""
        cls = type(value)
        return self._numbers.get(id(value)) if cls in self._linked or row_class_of(cls) is not None else None

    def reducer_override(self, value: Any) -> Any:
        """Take apart what the standard pickle would not, or not safely."""
        self.has_code = self.has_code or isinstance(value, CodeType)
        if isinstance(value, Copyable):
            return object.__reduce_ex__(value, 4)
        if isinstance(value, type):
            by_reference = adapter_for(value) is not None  # a mapped class cannot be made twice
            return NotImplemented if by_reference else super().reducer_override(value)
        if isinstance(value, FunctionType) and not is_importable(value):
            self._function = where_defined(value)
        if is_handle(value) or is_row(value):
            raise LXCopyError(
                f"{self.position}: it uses a {type(value).__name__} ({value!r:.80}) through a global name, "
                f"which is bound to a database. {ADVICE}"
            )
        if isinstance(value, CellType):
            return _empty_cell, (), contents(value), None, None, _fill_cell
        return _with_own_cells(value, super().reducer_override(value))


def _with_own_cells(value: Any, reduced: Any) -> Any:
    """Let functions that share a variable go on sharing it: cloudpickle gives each one cells of its own."""
    if isinstance(value, FunctionType) and value.__closure__ and isinstance(reduced, tuple):
        make, (code, around, name, defaults, _), *rest = reduced
        return make, (code, around, name, defaults, value.__closure__), *rest
    return reduced


def _empty_cell() -> CellType:
    return CellType()


def _fill_cell(cell: CellType, contents: tuple[Any, ...]) -> None:
    for value in contents:
        cell.cell_contents = value


def _has_parts(value: Any) -> bool:
    """Whether an object holds more than plain values; what holds no more is restored first, as it may be a key."""
    return not ATOMIC.issuperset(map(type, attributes_of(value)))


class _Unpickler(pickle.Unpickler):
    """Loads what `_Pickler` wrote."""

    def __init__(self, buffer: io.BytesIO) -> None:
        super().__init__(buffer)
        self.objects: list[Any] = []

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function that the pickle names.

        Raises:
            LXCopyError: its module cannot be imported in this process; the message names it.
        """
        try:
            return super().find_class(module, name)
        except Exception as error:
            raise LXCopyError(
                f"This pickle cannot be loaded here: it needs {module}.{name}, and importing that failed with "
                f"{type(error).__name__}: {sentence(str(error)).rstrip('.')}. Let this process do first what that "
                f"module needs: have it on the import path, and set its framework up."
            ) from error

    def persistent_load(self, number: int) -> Any:
        """Return an object by its number."""
        return self.objects[number]


def _grouped(rows: list[Any]) -> list[_Group]:
    groups: dict[tuple[type, tuple[str, ...]], _Group] = {}
    for row in rows:
        key = (type(row), tuple(row.__dict__))
        group = groups.get(key)
        if group is None:
            row_class = row_class_of(type(row))
            assert row_class is not None
            group = groups[key] = _Group(row_class)
        group.rows.append(row)
    for group in groups.values():
        group.sort()
    return list(groups.values())
