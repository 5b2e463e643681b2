"""The values of a solution for the families of a problem that was compiled at another time: by name and key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lumix_core.errors import LXModelError, listed
from lumix_core.problem.arrays import FloatArray
from lumix_core.problem.edit_positions import Elements
from lumix_core.problem.problem import LXBlock


class Values(Protocol):
    """Numbers of all families, such as the variables of a solution."""

    @property
    def blocks(self) -> tuple[LXBlock, ...]:
        """The families."""
        ...

    @property
    def array(self) -> FloatArray:
        """Their numbers, in the order of the families."""
        ...


def aligned_values(block: LXBlock, values: Values, subject: str) -> FloatArray:
    """Return the values of a family in the order of its own keys.

    Args:
        block: the family.
        values: of a solution.
        subject: what messages call the solution.

    Raises:
        LXModelError: the solution lacks the family, or has other keys.
    """
    for given in values.blocks:
        if given.name == block.name:
            positions = Elements(given.keys).positions_in(block.keys)
            if (positions < 0).any():
                raise _other_keys(block, f"{subject} has no value for", block.keys, given.keys)
            if len(given.keys) > len(block.keys):
                raise _other_keys(block, f"{subject} has values, which the model has not, for", given.keys, block.keys)
            return values.array[given.span][positions]
    raise LXModelError(
        f"{subject} has no variable named {block.name!r}; it has {listed(given.name for given in values.blocks)}. "
        f"Use a solution of a model with the same families and keys."
    )


def _other_keys(block: LXBlock, differs: str, keys: Iterable[object], others: Iterable[object]) -> LXModelError:
    known = set(others)
    return LXModelError(
        f"{differs} {listed((key for key in keys if key not in known), limit=3)} of {block.name!r}: its rows were "
        f"others. Solve the model with its rows as they are now, and use that solution."
    )
