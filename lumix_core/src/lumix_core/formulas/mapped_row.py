"""Symbolic rows of the classes that an ORM maps."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from types import FunctionType
from typing import Any

from lumix_core.formulas.arithmetic import required
from lumix_core.formulas.nodes import Apply, Attribute, Node
from lumix_core.formulas.recorder import ClassRead, Recorder, Unwatched
from lumix_core.formulas.symbolic_rows import PlainRow, Symbol
from lumix_core.rows.standins import RowClass
from lumix_core.rows.tables import PRESENT

_NOTHING = object()


class MappedRow(Symbol):
    """A row of a class that an ORM maps: columns and related rows are told apart, the class's code is traced.

    The row may be of any subclass. Only what each of them has from the very same definition is traced.
    """

    __slots__ = ("_lx_class",)
    _lx_node: Attribute
    _lx_class: RowClass

    def __init__(self, node: Node, recorder: Recorder, row_class: RowClass) -> None:
        super().__init__(node, recorder)
        object.__setattr__(self, "_lx_class", row_class)

    def __bool__(self) -> bool:
        mapped, node = self._lx_class.mapped, self._lx_node
        has_truth = any(_static(cls, name) is not _NOTHING for cls in _classes(mapped) for name in _TRUTH)
        if not node.path or has_truth:
            raise self._lx_recorder.refuse(f"it asks whether a {mapped.__name__} is true")
        return self._lx_recorder.decide(Attribute(node.argument, (*node.path, PRESENT)))

    def _lx_read(self, name: str) -> Any:
        row, node, recorder = self._lx_class, self._lx_node, self._lx_recorder
        recorder.use(node)
        alias = row.aliases.get(name, ())
        if alias and not self._lx_is_alias_of_all(name):
            raise recorder.refuse(f"it uses {row.mapped.__name__}.{name}, which leads elsewhere in a subclass")
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

    def _lx_is_alias_of_all(self, name: str) -> bool:
        """Whether a name leads to the same attribute in the class and in each of its subclasses."""
        _, *derived = _classes(self._lx_class.mapped)
        known = [self._lx_recorder.row_class(cls) for cls in derived]
        return all(row is not None and row.aliases.get(name) == self._lx_class.aliases[name] for row in known)

    def _lx_of_class(self, name: str) -> Any:
        """Return what the class itself has of this name: its code is traced, its constants are constants."""
        recorder, row = self._lx_recorder, self._lx_class
        if not recorder.watched:
            raise Unwatched
        element = self._lx_element(name)
        self._lx_require_row()
        getter = getattr(element, "fget", None)
        if isinstance(getter, FunctionType) and (_is_property(type(element)) or name in row.properties):
            return recorder.enter(getter)(self)
        recorder.class_reads.append(ClassRead(self._lx_node.argument, self._lx_node.path, name))
        if isinstance(element, FunctionType):
            return partial(recorder.enter(element), self)
        if type(element) is staticmethod:
            return recorder.enter(element.__func__)
        if type(element) is classmethod:
            return partial(recorder.enter(element.__func__), self._lx_only_class(name))
        if hasattr(type(element), "__get__"):
            raise recorder.refuse(f"it uses {row.mapped.__name__}.{name}, a {type(element).__name__}")
        if not (name.isupper() or _is_declared_constant(row.mapped, name)):
            raise recorder.refuse(f"it uses {row.mapped.__name__}.{name}, of which a row may have a value of its own")
        return recorder.enter(element)

    def _lx_element(self, name: str) -> Any:
        """Return the one definition that the class and each of its subclasses have of a name."""
        recorder, mapped = self._lx_recorder, self._lx_class.mapped
        first, *others = [_static(cls, name) for cls in _classes(mapped)]
        if first is _NOTHING:
            raise recorder.refuse(f"it uses {mapped.__name__}.{name}, which is no mapped attribute of one meaning")
        if any(other is not first for other in others):
            raise recorder.refuse(f"it uses {mapped.__name__}.{name}, which a subclass has another of")
        if any(_static(cls, "__getattribute__") is not _PLAIN_READING for cls in _classes(mapped)):
            raise recorder.refuse(f"it uses {mapped.__name__}.{name}, of a class that defines __getattribute__")
        return first

    def _lx_only_class(self, name: str) -> type:
        """Return the class that every row has, to which a class method is bound."""
        mapped = self._lx_class.mapped
        if len(list(_classes(mapped))) > 1:
            raise self._lx_recorder.refuse(
                f"it uses {mapped.__name__}.{name}, a class method, which takes the class of each row"
            )
        return mapped

    def _lx_require_row(self) -> None:
        """Note that a related row has to be there, whatever of its class is used."""
        node, recorder = self._lx_node, self._lx_recorder
        if node.path:
            recorder.note(Apply(required, (Attribute(node.argument, (*node.path, PRESENT)),)))


_TRUTH = ("__bool__", "__len__")
_PLAIN_READING = object.__dict__["__getattribute__"]


def _static(cls: type, name: str) -> Any:
    """Return what instances of a class have of a name, as it is defined; `_NOTHING` where the class lacks it."""
    return next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), _NOTHING)


def _is_property(cls: type) -> bool:
    """Whether a class is `property`, or a subclass that reads as it does."""
    return issubclass(cls, property) and _static(cls, "__get__") is property.__dict__["__get__"]


def _is_declared_constant(cls: type, name: str) -> bool:
    """Whether an attribute is annotated as one of the class, which no instance has for itself."""
    annotations = [inspect.get_annotations(base) for base in cls.__mro__]
    return any("ClassVar" in str(declared[name]) for declared in annotations if name in declared)


def _classes(cls: type) -> Iterator[type]:
    """Yield a mapped class and the classes derived from it, without those of their stand-ins."""
    yield cls
    derived: type
    for derived in type.__subclasses__(cls):
        if "__lumix_row_class__" not in derived.__dict__:
            yield from _classes(derived)
