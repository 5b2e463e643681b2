"""What a copy of a model's rows is: the class of the plain objects, without anything that would query a database."""

from __future__ import annotations

from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from lumix_core.errors import LXDetachedError
from lumix_core.rows import RowClass, not_loaded, row_class_of
from lumix_django.attributes import Names, column_names, key_names, names_of, neighbours, related_models
from lumix_django.derived import derived_attributes
from lumix_django.sets import DetachedSet

ADVICE = (
    'Load it with the rows, as in {cls}.objects.select_related("{name}") or prefetch_related("{name}"), without '
    "defer() and only(), or touch it once before the copy."
)
ASKING = (
    "save", "save_base", "asave", "delete", "adelete", "refresh_from_db", "arefresh_from_db", "validate_unique",
    "validate_constraints",
)  # fmt: skip
"""The methods of every model that query a database."""


class Refused:
    """Stands for a method that queries a database."""

    def __init__(self, cls: str, name: str) -> None:
        self.cls = cls
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Refused:
        return self

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse; every method stands for one that queries a database."""
        raise LXDetachedError(
            f"{self.cls}.{self.name}() asks the database, and a detached row has none: it is a copy, of a model that "
            f"may be solved where there is no database. Call it on the row that {self.cls}.objects reads."
        )


class NoManager:
    """Stands for a manager of the class, so that a row's own methods cannot query through ``type(self)``."""

    def __init__(self, cls: str, name: str) -> None:
        self.cls = cls
        self.name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        if instance is not None:
            raise AttributeError(f"Managers, such as {self.name!r}, belong to the class {self.cls}, not to its rows")
        raise LXDetachedError(
            f"The class of detached rows of {self.cls} has no {self.name!r}: it is bound to no database. "
            f"Query with {self.cls}.{self.name} before the copy, and give the functions what it returns."
        )


class DetachedState:
    """What a detached row has in place of Django's ``_state``.

    Attributes:
        adding: whether the row was never saved.
    """

    __slots__ = ("adding",)
    adding: bool

    def __init__(self, adding: bool) -> None:
        object.__setattr__(self, "adding", adding)

    def __reduce__(self) -> tuple[Any, ...]:
        return DetachedState, (self.adding,)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise LXDetachedError(f"_state.{name} of a detached row cannot be set: the row is bound to no database.")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise LXDetachedError(
            f"A detached row has no _state.{name}: it is bound to no database. Use the row that a queryset reads, "
            f"found by its primary key, to save it or to relate other rows to it."
        )


SAVED, UNSAVED = DetachedState(False), DetachedState(True)


class OneRow:
    """Leads to the row that refers to this one, and raises what Django does where there is none."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        row_class = row_class_of(owner)
        assert row_class is not None
        mapped: Any = row_class.mapped
        if instance is None:
            return getattr(mapped, self.name)
        if self.name not in instance.__dict__:
            raise not_loaded(self.name, row_class)
        related = instance.__dict__[self.name]
        if related is None:
            raise getattr(mapped, self.name).RelatedObjectDoesNotExist(f"{mapped.__name__} has no {self.name}.")
        return related

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value


def set_attribute(row: Any, name: str, value: Any) -> None:
    """Set an attribute of a detached row; a foreign key and the row that it leads to go together, as in Django."""
    row_class = row_class_of(type(row))
    assert row_class is not None
    mapped: Any = row_class.mapped
    names = names_of(mapped)
    if name in names.to_many and not isinstance(value, DetachedSet):
        value = DetachedSet(f"{mapped.__name__}.{name}", list(value), ordered=True)
    mapped.__setattr__(row, name, value)
    if name in names.forward:
        _follow(row, names.forward[name], value)
    elif name in names.fields:
        _forget(row, name, names)


def _follow(row: Any, field: Any, related: Any) -> None:
    """Let a foreign key be that of the row that it leads to now."""
    for own, remote in field.related_fields:
        row.__dict__[own.attname] = None if related is None else getattr(related, remote.attname)


def _forget(row: Any, name: str, names: Names) -> None:
    """Let no attribute lead to a row any more that the foreign key does not name."""
    for relation, field in names.forward.items():
        related = row.__dict__.get(relation)
        for own, remote in field.related_fields:
            led = own.attname == name and relation in row.__dict__
            if led and row.__dict__[name] != getattr(related, remote.attname, None):
                del row.__dict__[relation]


_ROW_CLASSES: WeakKeyDictionary[type, tuple[Names, RowClass]] = WeakKeyDictionary()


def row_class(cls: Any) -> RowClass:
    """Return the attributes of a model, as plain data; found once for each."""
    names, known = names_of(cls), _ROW_CLASSES.get(cls)
    if known is None or known[0] is not names:
        known = _ROW_CLASSES[cls] = (names, _found_row_class(cls, names))
    return known[1]


def _found_row_class(cls: Any, names: Names) -> RowClass:
    attributes = (*sorted(names.fields), *sorted(names.relationships))
    key = key_names(cls)
    aliases = {"pk": key} if len(key) == 1 and key[0] != "pk" else {}
    columns, related = column_names(cls), related_models(cls)
    elements = _elements(cls, names)
    derived = derived_attributes(cls, names)
    return RowClass(cls, attributes, key, aliases, ADVICE, columns, related, elements, derived=derived)


def _elements(cls: Any, names: Names) -> dict[str, Any]:
    own = cls.__name__
    return {
        "_state": SAVED,
        "__setattr__": set_attribute,
        **{name: Refused(own, name) for name in (*ASKING, *sorted(neighbours(cls))) if hasattr(cls, name)},
        **{name: NoManager(own, name) for name in sorted(names.managers)},
        **{name: OneRow(name) for name in names.reverse_one},
    }
