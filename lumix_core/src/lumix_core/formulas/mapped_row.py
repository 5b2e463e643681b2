"""Symbolic rows of the classes that an ORM maps."""

from __future__ import annotations

import inspect
from functools import partial
from types import FunctionType
from typing import Any

from lumix_core.formulas.nodes import Attribute, Node
from lumix_core.formulas.recorder import Recorder, Unwatched
from lumix_core.formulas.symbolic_rows import PlainRow, Symbol
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import PRESENT

_NOTHING = object()


class MappedRow(Symbol):
    """A row of a class that an ORM maps: columns and related rows are told apart, the class's code is traced."""

    __slots__ = ("_lx_class",)
    _lx_node: Attribute
    _lx_class: RowClass

    def __init__(self, node: Node, recorder: Recorder, row_class: RowClass) -> None:
        super().__init__(node, recorder)
        object.__setattr__(self, "_lx_class", row_class)

    def __bool__(self) -> bool:
        mapped, node = self._lx_class.mapped, self._lx_node
        if not node.path or hasattr(mapped, "__bool__") or hasattr(mapped, "__len__"):
            raise self._lx_recorder.refuse(f"it asks whether a {mapped.__name__} is true")
        return self._lx_recorder.decide(Attribute(node.argument, (*node.path, PRESENT)))

    def _lx_read(self, name: str) -> Any:
        row, node, recorder = self._lx_class, self._lx_node, self._lx_recorder
        recorder.use(node)
        alias = row.aliases.get(name, ())
        name = alias[0] if len(alias) == 1 else name
        attribute = Attribute(node.argument, (*node.path, name))
        if name in row.columns:
            return Symbol(attribute, recorder)
        if name in row.related:
            related = recorder.row_class(row.related[name])
            return PlainRow(attribute, recorder) if related is None else MappedRow(attribute, recorder, related)
        if name in row.attributes or alias:
            raise recorder.refuse(f"it uses {row.mapped.__name__}.{name}, which is more than one value a row")
        return self._lx_of_class(name)

    def _lx_of_class(self, name: str) -> Any:
        """Return what the class itself has of this name: its code is traced, its constants are constants."""
        recorder, mapped = self._lx_recorder, self._lx_class.mapped
        if not recorder.watched:
            raise Unwatched
        element = next((base.__dict__[name] for base in mapped.__mro__ if name in base.__dict__), _NOTHING)
        if element is _NOTHING or any(name in subclass.__dict__ for subclass in _subclasses(mapped)):
            raise recorder.refuse(f"it uses {mapped.__name__}.{name}, which is no mapped attribute of one meaning")
        getter = getattr(element, "fget", None)  # of a property, or of an ORM's hybrid
        if isinstance(getter, FunctionType):
            return recorder.enter(getter)(self)
        if isinstance(element, FunctionType):
            return partial(recorder.enter(element), self)
        if isinstance(element, staticmethod):
            return recorder.enter(element.__func__)
        if isinstance(element, classmethod):
            return partial(recorder.enter(element.__func__), mapped)
        if hasattr(type(element), "__get__"):
            raise recorder.refuse(f"it uses {mapped.__name__}.{name}, a {type(element).__name__}")
        if not (name.isupper() or _is_declared_constant(mapped, name)):
            raise recorder.refuse(f"it uses {mapped.__name__}.{name}, of which a row may have a value of its own")
        return recorder.enter(element)


def _is_declared_constant(cls: type, name: str) -> bool:
    """Whether an attribute is annotated as one of the class, which no instance has for itself."""
    annotations = [inspect.get_annotations(base) for base in cls.__mro__]
    return any("ClassVar" in str(declared[name]) for declared in annotations if name in declared)


def _subclasses(cls: type) -> list[type]:
    """Return the classes derived from a mapped class, without those of its stand-ins."""
    subclasses: list[type] = []
    derived: type
    for derived in cls.__subclasses__():
        if "__lumix_row_class__" not in derived.__dict__:
            subclasses += [derived, *_subclasses(derived)]
    return subclasses
