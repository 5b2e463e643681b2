"""What every part of a model has in common: it is copied and pickled by the copy protocol."""

from __future__ import annotations

from typing import Any, Self


def deep_copy(part: Any, memo: dict[int, Any]) -> Any:
    """Return an independent copy; see `lumix_core.copying.copier.deep_copy`."""
    from lumix_core.copying import copier

    return copier.deep_copy(part, memo)


def reduce_by_value(part: Any) -> Any:
    """Return what pickles an object by value; see `lumix_core.copying.pickling.reduce_by_value`.

    A program that pickles nothing does not load cloudpickle.
    """
    from lumix_core.copying import pickling

    return pickling.reduce_by_value(part)


class Copyable:
    """A part of a model: ``deepcopy`` and pickling give an independent copy that holds no session.

    ``copy.copy`` gives another object with the same parts: it shares the rows, the functions and the session.
    """

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return deep_copy(self, memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return reduce_by_value(self)
