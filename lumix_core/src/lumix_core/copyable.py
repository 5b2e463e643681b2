"""What every part of a model has in common: it is copied and pickled by the copy protocol."""

from __future__ import annotations

from typing import Any, Self


class Copyable:
    """A part of a model: ``deepcopy`` and pickling give an independent copy that holds no session.

    ``copy.copy`` gives another object with the same parts: it shares the rows, the functions and the session.
    """

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        from lumix_core.copying import deep_copy

        return deep_copy(self, memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        from lumix_core.pickling import reduce_by_value

        return reduce_by_value(self)
