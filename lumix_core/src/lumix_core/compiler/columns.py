"""The columns of a problem: the families of variables, each at its position."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lumix_core.compiler.families import Family
from lumix_core.errors import LXModelError, listed, sentence

if TYPE_CHECKING:
    from lumix_core.language.variables import LXVariable


@dataclass(frozen=True, eq=False)
class Columns:
    """The families of variables, each with the position of its first column.

    ``replaced`` has the variables of a snapshot by the ``id`` of those that rules name.
    """

    variables: list[LXVariable[Any, Any]]
    families: list[Family]
    starts: list[int]
    replaced: Mapping[int, LXVariable[Any, Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of columns."""
        return self.starts[-1]

    def element(self, column: int) -> str:
        """Name a column in messages."""
        block = bisect_right(self.starts, column) - 1
        return self.families[block].element(column - self.starts[block])

    def position(self, variable: LXVariable[Any, Any], user: str) -> tuple[Family, int]:
        """Return the family of a variable and where it starts.

        Raises:
            LXModelError: the variable was never added to the model.
        """
        variable = self.replaced.get(id(variable), variable)
        for known, family, start in zip(self.variables, self.families, self.starts, strict=False):
            if known is variable:
                return family, start
        twin = any(known.name == variable.name for known in self.variables)
        hint = "another variable of that name was" if twin else f"it has {listed(one.name for one in self.variables)}"
        raise LXModelError(
            f"{sentence(user)} uses the variable {variable.name!r}, which was never added to the model "
            f"({hint}). Add it with model.add_variable(...)."
        )
