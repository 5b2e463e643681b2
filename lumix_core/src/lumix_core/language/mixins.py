"""What classes of the language have in common: a kind of row in brackets, declared attributes, unknown numbers."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import Any, Self

from lumix_core.errors import LXAttributeError, LXNotLinearError, did_you_mean, sentence


class Bracketed:
    """Takes a class of rows in brackets, as in ``LXModel[Product]("plan")``: for who reads it, and nothing else."""

    def __class_getitem__(cls, row: object) -> type[Self]:
        return cls


class Declared:
    """Refuses the assignment of an attribute that the class does not declare: it would be ignored."""

    _assignable: frozenset[str] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._assignable = frozenset(name for base in cls.__mro__ for name in _assignable_names(base))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._assignable and not (name.startswith("__") and name.endswith("__")):
            raise _not_assignable(self, name)
        object.__setattr__(self, name, value)


def _assignable_names(cls: type) -> set[str]:
    """Return the annotated attributes of a class, its properties with a setter, and its plain class attributes.

    A class of the user's may have others, which its own methods name.
    """
    names = set(inspect.get_annotations(cls))
    if cls.__module__.partition(".")[0] != "lumix_core":
        functions = [value for value in cls.__dict__.values() if isinstance(value, FunctionType)]
        named = {name for function in functions for name in function.__code__.co_names}
        names.update(name for name in named if not any(hasattr(base, name) for base in cls.__bases__))
    for name, value in cls.__dict__.items():
        if isinstance(value, property):
            names.discard(name)
            if value.fset is not None:
                names.add(name)
        elif not name.startswith("__") and not isinstance(value, FunctionType | classmethod | staticmethod):
            names.add(name)
    return names


def _not_assignable(owner: Any, name: str) -> LXAttributeError:
    cls = type(owner)
    title = getattr(owner, "owner", None) or repr(owner)
    known = getattr(cls, name, None)
    if callable(known):
        return LXAttributeError(
            f"{title}.{name} is a method, and cannot be replaced by a value. Call it: .{name}(...).",
        )
    if isinstance(known, property):
        return LXAttributeError(f"{title}.{name} can be read only: it follows from what was declared with its methods.")
    public = sorted(one for one in cls._assignable if not one.startswith("_"))
    methods = [one for one in dir(cls) if not one.startswith("_") and callable(getattr(cls, one))]
    return LXAttributeError(
        f"{title} has no attribute {name!r}, so assigning it would change nothing."
        f"{did_you_mean(name, public) or did_you_mean(name, methods)} "
        f"Its attributes are {', '.join(public)}."
    )


class Unknown:
    """Something that a solver determines: a variable or an expression. It is no number before the model is solved."""


def refuse_unknown(value: object, role: str, remedy: str) -> None:
    """Refuse a variable or an expression where a number or a function of rows is needed.

    Raises:
        LXNotLinearError: it is one.
    """
    if isinstance(value, Unknown):
        word = "a variable" if hasattr(value, "name") else "an expression"
        raise LXNotLinearError(
            f"{sentence(role)} is {word} ({value!r}), and no number before the model is solved. {remedy}"
        )
